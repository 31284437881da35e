/**
 * WikiText-2 in one table: `node build/bench/table.js --data FOLDER [--folder FOLDER] [--seconds N]
 * [--threads N] [--rows a,b,…]` trains each row for at most N seconds in all (default: 3600), goes
 * on where an earlier call has stopped, and prints Markdown. A row that was not run is not there.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { command, type Trained, train } from './trained.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    folder: { type: 'string', default: 'wikitext-2' },
    seconds: { type: 'string', default: '3600' },
    threads: { type: 'string', default: '1' },
    rows: { type: 'string' },
  },
});
const { data, folder } = values;
if (data === undefined) throw new Error('table: --data is missing: train.txt, valid.txt, test.txt');
const part = (name: string): string => join(data, `${name}.txt`);
const [train_, valid, test] = [part('train'), part('valid'), part('test')];
const budget = { seconds: Number(values.seconds), threads: Number(values.threads) };

const counted = (order: number): string[] => ['--model', 'ngram', '--order', String(order), '--level', 'word', '--input', train_, '--split', '1']; // biome-ignore format: one line
const texts = ['--input', train_, '--valid', valid];
/** A recipe of PyTorch's, with Adam where its rate of 20 is none. */
const adam = (cell: string): string[] => ['--recipe', 'pytorch-wlm-tied', ...texts, '--cell', cell, '--optimizer', 'adam', '--lr', '2e-3', '--schedule', 'cosine', '--clip-norm', '1']; // biome-ignore format: one line

/** A row: what it is called, how it is trained, what others have published of it. */
interface Row {
  title: string;
  /** Arguments of `train lm`. */
  args?: readonly string[];
  /** Made of these rows, by `interpolate`; with a cache where a number is given. */
  of?: readonly string[];
  cache?: number;
  /** Learns on at this rate while it is measured. */
  dynamic?: number;
  published?: string;
}

const ROWS: Record<string, Row> = {
  unigram: { title: 'unigram', args: counted(1) },
  kn5: { title: '5-gram, modified Kneser–Ney', args: counted(5), published: '220.14 (KenLM)' },
  feedforward: {
    title: 'feed-forward, 5 words → 256',
    args: ['--model', 'feedforward', '--level', 'word', '--softmax', 'adaptive', '--context', '5', '--hidden', '256', '--embedding', '128', '--direct', '--dropout', '0.2', '--bptt', '32', '--lr', '1e-3', '--epochs', '5', ...texts], // biome-ignore format: one line
  },
  rnn: { title: 'RNN 2×200, tied, Adam', args: adam('rnn') },
  lstm: { title: 'LSTM 2×200', args: ['--recipe', 'pytorch-wlm', ...texts], published: '142.07 (PyTorch, 6 epochs)' }, // biome-ignore format: one line
  tied: { title: 'LSTM 2×200, tied', args: ['--recipe', 'pytorch-wlm-tied', ...texts], published: '130.32 (PyTorch, 6 epochs)' }, // biome-ignore format: one line
  mingru: { title: 'minGRU, 2 blocks of 200, tied, Adam', args: adam('mingru') },
  rglru: { title: 'RG-LRU, 2 blocks of 200, tied, Adam', args: adam('rglru') },
  awd: {
    title: 'AWD-LSTM 200 / 600',
    args: ['--recipe', 'awd-lstm', '--hidden', '200', '--embedding', '200', '--width', '600', ...texts], // biome-ignore format: one line
    published: '80.67 (GluonNLP, AWD 600)',
  },
  dynamic: { title: 'LSTM tied, dynamic evaluation at 0.1', of: ['tied'], dynamic: 0.1 },
  cache: { title: 'LSTM tied + cache of 2000', of: ['tied'], cache: 2000 },
  'feedforward+kn5': { title: 'feed-forward + 5-gram', of: ['feedforward', 'kn5'] },
  'tied+kn5': { title: 'LSTM tied + 5-gram', of: ['tied', 'kn5'] },
  'tied+kn5+cache': { title: 'LSTM tied + 5-gram + cache', of: ['tied', 'kn5'], cache: 2000 },
  'awd+kn5+cache': { title: 'AWD-LSTM + 5-gram + cache', of: ['awd', 'kn5'], cache: 2000 },
};

const wanted = values.rows?.split(',') ?? Object.keys(ROWS);
const unknown = wanted.find(name => !Object.hasOwn(ROWS, name));
if (unknown !== undefined)
  throw new Error(`table: --rows ${unknown}: there are ${Object.keys(ROWS).join(', ')}`);

/** What `eval --json` says; kept until the model is another. */
async function measured(
  name: string,
  model: string,
  text: string,
  more: readonly string[] = [],
): Promise<{ perplexity: number; tokens: number }> {
  // biome-ignore format: one line
  const file = join(folder, `${name}.${text === test ? 'test' : 'valid'}.json`);
  const { mtimeMs, size } = statSync(model);
  const stamp = JSON.stringify([mtimeMs, size, more]);
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    if (kept.stamp === stamp) return kept;
  }
  const result = JSON.parse(await command(['eval', model, '--input', text, '--json', ...more]));
  writeFileSync(file, JSON.stringify({ ...result, stamp }));
  return result;
}

mkdirSync(folder, { recursive: true });
const models = new Map<string, string>();
const lines: string[] = [];
for (const name of wanted) {
  const { title, args, of = [], cache, dynamic, published = '' } = ROWS[name]!;
  let model = join(folder, `${name}.safetensors`);
  let how = '';
  if (args?.includes('ngram')) {
    // an n-gram model is counted in seconds, in one go
    if (!existsSync(model)) {
      const began = performance.now();
      await command(['train', 'lm', ...args, '--out', model]);
      writeFileSync(`${model}.seconds`, String((performance.now() - began) / 1000));
    }
    how = `${Number(readFileSync(`${model}.seconds`, 'utf8')).toFixed(0)} s`;
  } else if (args) {
    const trained: Trained = await train(folder, name, args, budget);
    const { seconds, epochs, finished } = trained;
    how = `${finished ? '' : 'stopped after '}${epochs.toFixed(1)} epochs, ${(seconds / 60).toFixed(0)} min`; // biome-ignore format: one line
  } else {
    const parts = of.map(part => models.get(part));
    if (parts.includes(undefined)) continue; // a part was not asked for
    if (dynamic !== undefined) model = parts[0]!;
    else {
      const newest = Math.max(...parts.map(part => statSync(part!).mtimeMs));
      if (!existsSync(model) || statSync(model).mtimeMs < newest)
        await command(['interpolate', ...(parts as string[]), '--valid', valid, '--out', model, ...(cache === undefined ? [] : ['--cache', String(cache)])]); // biome-ignore format: one line
    }
  }
  models.set(name, model);
  const more = dynamic === undefined ? [] : ['--dynamic', String(dynamic)];
  const { perplexity } = await measured(name, model, test, more);
  lines.push(`| ${title} | ${how} | ${(statSync(model).size / 1e6).toFixed(1)} | ${perplexity.toPrecision(5)} | ${published} |`); // biome-ignore format: one line
}
console.log('| WikiText-2 | training | MB | test perplexity | published |');
console.log('|---|---|---|---|---|');
for (const line of lines) console.log(line);
