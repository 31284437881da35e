/**
 * Builds everything, in order:
 *   assembly/ → dist/kernels/{simd,relaxed}.wasm      AssemblyScript, two builds of one source
 *             → dist/kernels/binary.js                both, deflated, as base64: the inline default of `#binary`
 *   src/      → dist/*.d.ts, dist/{index,node,cli}.js types by tsc, bundles by esbuild, shared chunks
 *   src/ test/ bench/ examples/ → build/              plain JavaScript, file by file, for tests and benches
 *
 * `node build.mjs --kernels` stops after the kernels.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';

const root = fileURLToPath(new URL('.', import.meta.url));
const run = (file, ...args) => execFileSync(process.execPath, [root + 'node_modules/' + file, ...args], { cwd: root, stdio: 'inherit' });

function kernels() {
  mkdirSync(root + 'dist/kernels', { recursive: true });
  let binary = '';
  let types = '';
  for (const target of ['simd', 'relaxed']) {
    run('assemblyscript/bin/asc.js', '--target', target);
    rmSync(root + `dist/kernels/${target}.js`); // asc's glue: @assemblyscript/loader instantiates instead
    const bytes = readFileSync(root + `dist/kernels/${target}.wasm`);
    binary += `export const ${target} = '${deflateRawSync(bytes, { level: 9 }).toString('base64')}';\n`;
    types += `/** The ${target} build: base64 of its deflated bytes, or a compiled module. */\nexport declare const ${target}: string | WebAssembly.Module;\n`;
  }
  writeFileSync(root + 'dist/kernels/binary.js', binary);
  writeFileSync(root + 'dist/kernels/binary.d.ts', types);
}

function scripts() {
  rmSync(root + 'build', { recursive: true, force: true });
  run('typescript/bin/tsc');
}

/**
 * CommonJS packages `require` built-in modules, which an ES module cannot: they get static imports, so that only bundles
 * that need a built-in module name it.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const pattern = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);
    onResolve({ filter: pattern }, ({ path, kind }) => {
      const name = path.replace(/^(node:)?/, 'node:');
      return kind === 'require-call' ? { path: name, namespace: 'builtins' } : { path: name, external: true };
    });
    onLoad({ filter: /./, namespace: 'builtins' }, ({ path }) => ({ contents: `import value from '${path}'; module.exports = value;` }));
  },
};

/** The licences of the packages whose code is in the bundles. */
function licences(inputs) {
  const folders = new Set(Object.keys(inputs).flatMap(file => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  return [...folders].sort().map(folder => {
    const { name, version, license, homepage } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'));
    const file = readdirSync(root + folder).find(file => /^licen[cs]e/i.test(file));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(`${root}${folder}/${file}`, 'utf8').trim() : homepage}\n`;
  }).join(`\n${'-'.repeat(80)}\n\n`);
}

async function bundles() {
  rmSync(root + 'dist/chunks', { recursive: true, force: true }); // names are hashes: old ones would stay
  run('typescript/bin/tsc', '--project', 'tsconfig.dist.json');
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: 'src/index.ts', node: 'src/node/index.ts', cli: 'src/cli/index.ts' },
    outdir: 'dist', chunkNames: 'chunks/[hash]',
    bundle: true, splitting: true, format: 'esm', target: 'es2022', platform: 'neutral', minifySyntax: true,
    mainFields: ['module', 'main'], conditions: ['node'],
    external: ['#binary'],
    plugins: [builtins],
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(root + 'dist/licences.txt', licences(metafile.inputs));
  chmodSync(root + 'dist/cli.js', 0o755); // a rewritten file loses its executable bit
}

kernels();
if (!process.argv.includes('--kernels')) {
  scripts();
  await bundles();
}
