/** Bundles of apps that use the built package, as a user's bundler makes them. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Bundle {
  code: string;
  /** Files of the package that are in it, relative to dist/. */
  files: string[];
  /** Bytes of the gzipped code. */
  gzip: number;
}

/** An app's source, bundled and minified, with `throughtime` resolved as in any dependent. */
export async function bundle(
  source: string,
  { format = 'esm' as 'esm' | 'cjs', conditions = [] as string[] } = {},
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format,
    conditions,
    platform: 'neutral',
    external: ['*.wasm', '*.wasm?module', 'node:*'],
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const code = outputFiles[0]!.text;
  const inputs = Object.values(metafile.outputs).flatMap(output => Object.entries(output.inputs));
  const files = inputs
    .filter(([file, { bytesInOutput }]) => file.startsWith('dist/') && bytesInOutput > 0)
    .map(([file]) => file.slice('dist/'.length));
  return { code, files, gzip: gzipSync(code, { level: 9 }).length };
}
