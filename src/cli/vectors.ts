/** `throughtime nearest`, `analogy` and `convert`, and word vectors for `eval`. */
import { open, readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Command, Option } from 'commander';
import { readModel } from '../io/model.js';
import { readFileBytes, readText } from '../node/files.js';
import { readVectors } from '../node/vectors.js';
import { init } from '../runtime/init.js';
import {
  analogies,
  parseAnalogies,
  parsePairs,
  type SimilarityResult,
  wordSimilarity,
} from '../words/evaluate.js';
import { Glove } from '../words/glove.js';
import { type Neighbour, Vectors } from '../words/vectors.js';
import { Word2Vec } from '../words/word2vec.js';
import { Refusal, refusing } from './errors.js';
import { count, plural } from './format.js';
import { oneOf, whole } from './options.js';
import { complain, print, printJSON, printTable } from './output.js';

/** The vectors of a file, or of a checkpoint of a training. Call `init` first for these. */
export async function loadVectors(path: string, limit?: number): Promise<Vectors> {
  return refusing(path, async () => {
    if (await isSafetensors(path)) {
      const file = readModel(await readFileBytes(path, 'the vectors'));
      if (file.kind === Word2Vec.kind) {
        using model = await Word2Vec.load(file);
        return model.vectors();
      }
      if (file.kind === Glove.kind) {
        using model = await Glove.load(file);
        return model.vectors();
      }
    }
    const { duplicates, ...content } = await readVectors(path, limit ? { limit } : {});
    if (duplicates > 0)
      complain(`${path}: ${plural(duplicates, 'word')} stood there twice; the first was taken`);
    return new Vectors(content);
  });
}

async function isSafetensors(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false; // the reader says why
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(9), 0, 9, 0);
    return bytesRead === 9 && buffer[8] === 0x7b && buffer[4] === 0 && buffer[7] === 0;
  } finally {
    await file.close();
  }
}

/** Refuses words that have no vector, each with words that are spelled almost like it. */
export function checkWords(path: string, vectors: Vectors, asked: readonly string[]): void {
  const unknown = asked.filter(word => !vectors.has(word));
  if (unknown.length === 0) return;
  const near = unknown.flatMap(word => similarlySpelled(word, vectors.words)).slice(0, 5);
  throw new Refusal(
    `${path}: no vector for ${unknown.map(word => `"${word}"`).join(', ')}` +
      (near.length > 0 ? `; there are ${near.map(word => `"${word}"`).join(', ')}` : ''),
  );
}

/** The first words that differ by one letter, or in case alone. */
function similarlySpelled(word: string, words: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const close = (other: string): boolean => {
    if (Math.abs(other.length - wanted.length) > 1) return false;
    let from = 0;
    while (from < Math.min(other.length, wanted.length) && other[from] === wanted[from]) from++;
    const [a, b] = [other.slice(from), wanted.slice(from)];
    return a === b || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
  };
  const found: string[] = [];
  for (const other of words) {
    if (close(other.toLowerCase())) found.push(other);
    if (found.length === 3) break;
  }
  return found;
}

function printNeighbours(neighbours: readonly Neighbour[]): void {
  printTable(neighbours.map(({ word, similarity }) => [similarity.toFixed(4), word]));
}

const top = (): Option => new Option('--top <n>', 'how many').argParser(whole()).default(10);
export const limitOption = (): Option =>
  new Option('--limit <n>', 'read only the first n words of the file').argParser(whole());

export function nearestCommand(): Command {
  return new Command('nearest')
    .description('Show the words nearest to words.')
    .argument('<vectors>', 'file of word vectors')
    .argument('<word...>', 'words, each with a list of its own')
    .addOption(top())
    .addOption(limitOption())
    .option('--sum', 'one list, for all words added')
    .option('--without <word...>', 'with --sum: words to subtract')
    .option('--json', 'print one JSON object a list on stdout')
    .addHelpText(
      'after',
      `
Examples:
  Show the neighbours of two words:
    $ throughtime nearest vectors.safetensors king queen

  Add and subtract:
    $ throughtime nearest vectors.bin paris germany --sum --without france`,
    )
    .action(async (path: string, asked: string[], options: NearestFlags) => {
      if (options.without && !options.sum)
        throw new Refusal('--without goes with --sum; give both, or leave it out');
      await init();
      const vectors = await loadVectors(path, options.limit);
      checkWords(path, vectors, [...asked, ...(options.without ?? [])]);
      const queries = options.sum
        ? [{ positive: asked, negative: options.without ?? [] }]
        : asked.map(word => ({ positive: [word], negative: [] as string[] }));
      const found = await vectors.nearestAll(queries, { top: options.top });
      found.forEach((neighbours, i) => {
        if (options.json) printJSON({ type: 'nearest', ...queries[i]!, neighbours });
        else {
          if (found.length > 1) print(`${i > 0 ? '\n' : ''}${asked[i]}\n`);
          printNeighbours(neighbours);
        }
      });
    });
}

interface NearestFlags {
  top: number;
  limit?: number;
  sum?: boolean;
  without?: string[];
  json?: boolean;
}

export function analogyCommand(): Command {
  return new Command('analogy')
    .description('Answer: a is to b as c is to …')
    .argument('<vectors>', 'file of word vectors')
    .argument('<a>')
    .argument('<b>')
    .argument('<c>')
    .addOption(top())
    .addOption(limitOption())
    .addOption(
      new Option('--method <name>', 'add (b − a + c) or mul (3CosMul)')
        .argParser(oneOf(['add', 'mul']))
        .default('add'),
    )
    .option('--json', 'print one JSON object on stdout')
    .addHelpText(
      'after',
      `
Example:
  $ throughtime analogy vectors.safetensors man king woman`,
    )
    .action(
      async (
        path: string,
        a: string,
        b: string,
        c: string,
        options: { top: number; limit?: number; method: 'add' | 'mul'; json?: boolean },
      ) => {
        await init();
        const vectors = await loadVectors(path, options.limit);
        checkWords(path, vectors, [a, b, c]);
        const answers = await vectors.analogy(a, b, c, {
          top: options.top,
          method: options.method,
        });
        if (options.json) printJSON({ type: 'analogy', a, b, c, answers });
        else printNeighbours(answers);
      },
    );
}

/** What `eval` prints of vectors. */
export async function evaluateVectors(
  path: string,
  options: { similarity?: string; analogies?: string; restrict?: number; json?: boolean },
): Promise<void> {
  await init();
  const sets = options.similarity === undefined ? [] : await pairFiles(options.similarity);
  const questions =
    options.analogies === undefined
      ? null
      : await refusing(null, async () =>
          parseAnalogies(await readText(options.analogies!, 'the analogies')),
        );
  const vectors = await loadVectors(path);
  const similarity: ({ name: string } & Omit<SimilarityResult, 'points'>)[] = [];
  for (const file of sets) {
    const pairs = await refusing(file, async () => parsePairs(await readText(file, 'the pairs')));
    const { points: _, ...result } = wordSimilarity(vectors, pairs);
    similarity.push({ name: basename(file, extname(file)), ...result });
  }
  const known = similarity.flatMap(({ spearman }) => (spearman === null ? [] : [spearman]));
  const meanSpearman =
    known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  const { restrict } = options;
  const analogy = questions && (await analogies(vectors, questions, restrict ? { restrict } : {}));
  if (options.json) {
    printJSON({ type: 'eval', kind: 'vectors', similarity, meanSpearman, analogy });
    return;
  }
  const percent = (share: number | null): string =>
    share === null ? 'none covered' : `${(100 * share).toFixed(1)} %`;
  const rows: [string, string][] = [
    ['vectors', `${path}: ${count(vectors.length)} words of ${vectors.size} numbers`],
    ...similarity.map(({ name, pairs, found, spearman }): [string, string] => [
      name,
      `${spearman === null ? 'no correlation' : spearman.toFixed(3)}  (${found} of ${pairs} pairs)`,
    ]),
  ];
  if (similarity.length > 1 && meanSpearman !== null) rows.push(['mean', meanSpearman.toFixed(3)]);
  if (analogy) {
    rows.push(
      [
        'analogies',
        `${percent(analogy.accuracy)}  (${count(analogy.covered)} of ${count(analogy.total)} questions` +
          `${restrict ? `, among the first ${count(restrict)} words` : ''})`,
      ],
      ['semantic', percent(analogy.semantic)],
      ['syntactic', percent(analogy.syntactic)],
    );
  }
  printTable(rows);
}

/** A file of pairs, or all text files of a folder. */
async function pairFiles(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return [path];
  const files = names.filter(name => /\.(txt|tsv|csv)$/.test(name)).sort();
  if (files.length === 0)
    throw new Refusal(
      `${path}: has no .txt, .tsv or .csv files; name a folder with pairs of words`,
    );
  return files.map(name => join(path, name));
}
