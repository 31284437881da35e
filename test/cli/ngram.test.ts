import { readdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { Folder, jsonLines, TINY } from '../support/cli.js';
import { sentences } from '../support/sentences.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli n-grams');

const folder = new Folder();
process.on('exit', () => folder.remove());

const lines = sentences(1500, 200).trimEnd().split('\n');
const part = (from: number, to: number): string => `${lines.slice(from, to).join('\n')}\n`;
folder.write('train.txt', part(0, 1300));
folder.write('valid.txt', part(1300, 1400));
folder.write('test.txt', part(1400, 1500));

const ok = async (...args: string[]): Promise<{ stdout: string; stderr: string }> => {
  const { code, stdout, stderr } = await folder.run(args);
  assert.is(code, 0, stderr);
  return { stdout, stderr };
};
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  jsonLines((await ok(...args, '--json')).stdout).at(-1)!;
const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
  const { code, stderr } = await folder.run(args);
  assert.is(code, 2, stderr);
  assert.match(stderr, message);
  assert.match(stderr, /^(text .*\n)?error: .*\n$/);
};

const NGRAM = ['train', 'lm', '--model', 'ngram', '--level', 'word', '--input', 'train.txt'];
const made = await folder.run([...NGRAM, '--order', '3', '--split', '1', '--out', 'kn.arpa']);
if (made.code !== 0) throw new Error(made.stderr);
await ok(...NGRAM, '--order', '2', '--valid', 'valid.txt', '--out', 'two.safetensors');
await ok('train', 'lm', '--level', 'word', '--input', 'train.txt', '--valid', 'valid.txt', ...TINY, '--steps', '20', '--out', 'net.safetensors'); // biome-ignore format: one line

test('a text becomes an ARPA file or a model file, and the plan is told', async () => {
  assert.match(made.stderr, /^text {7}train\.txt: [\d,]+ words\n/);
  assert.match(made.stderr, /n-grams of orders 1 to 3, modified-kneser-ney: .* bytes each; /);
  assert.match(folder.read('kn.arpa').toString('utf8', 0, 20), /^\\data\\\nngram 1=/);
  const report = await json(...NGRAM, '--order', '2', '--valid', 'valid.txt', '--smoothing', 'add-k', '--k', '0.1', '--out', 'add.safetensors'); // biome-ignore format: one line
  assert.equal([report['type'], report['smoothing'], report['order']], ['ngram', 'add-k', 2]);
  assert.ok((report['perplexity'] as number) > 1);
});

test('eval counts every word of every line, and says so', async () => {
  const report = await json('eval', 'kn.arpa', '--input', 'test.txt');
  const words = part(1400, 1500).split(/\s+/).filter(Boolean).length + 100;
  assert.equal(
    [report['kind'], report['tokens'], report['state']],
    ['lm.ngram', words, 'sentence'],
  );
  const network = await json('eval', 'net.safetensors', '--input', 'test.txt');
  assert.equal([network['tokens'], network['state']], [words - 1, 'carried']);
  assert.equal(Object.keys(report), Object.keys(network));
  const bits = (report['bitsPerToken'] as number) * words;
  const perCharacter = bits / part(1400, 1500).length;
  assert.ok(Math.abs((report['bitsPerCharacter'] as number) / perCharacter - 1) < 1e-9);
  await refused(/--parts 4: a model of kind lm\.ngram reads one stream/, 'eval', 'kn.arpa', '--input', 'test.txt', '--parts', '4'); // biome-ignore format: one line
});

test('compare puts models side by side', async () => {
  const { stdout } = await ok('compare', 'kn.arpa', 'two.safetensors', 'net.safetensors', '--input', 'test.txt'); // biome-ignore format: one line
  assert.match(stdout, /^model +perplexity +nats +bits\/char +size +per second +state\n/);
  assert.match(stdout, /\nkn\.arpa +\d+\.\d+ .* sentence\n/);
  assert.match(stdout, /\nnet\.safetensors +\d+\.\d+ .* carried\n/);
  const { stdout: lines } = await ok('compare', 'kn.arpa', 'net.safetensors', '--input', 'test.txt', '--json'); // biome-ignore format: one line
  assert.equal(jsonLines(lines).map(({ type, model }) => [type, model]), [['compare', 'kn.arpa'], ['compare', 'net.safetensors']]); // biome-ignore format: one line
});

test('interpolate makes a mix that is a model', async () => {
  const { weights } = await json('interpolate', 'kn.arpa', 'two.safetensors', 'net.safetensors', '--valid', 'valid.txt', '--out', 'mix.safetensors'); // biome-ignore format: one line
  assert.ok(Math.abs((weights as number[]).reduce((sum, weight) => sum + weight) - 1) < 1e-9);
  const loss = async (model: string): Promise<number> =>
    (await json('eval', model, '--input', 'valid.txt'))['loss'] as number;
  const single = [await loss('kn.arpa'), await loss('two.safetensors')];
  assert.ok((await loss('mix.safetensors')) < Math.min(...single));
  const { stdout } = await ok('sample', 'mix.safetensors', '--length', '8', '--prompt', 'w1');
  assert.match(stdout, /^w1/);
  folder.write('other.txt', 'entirely different words\nof another text\n');
  await ok('train', 'lm', '--model', 'ngram', '--order', '2', '--level', 'word', '--input', 'other.txt', '--split', '1', '--out', 'other.safetensors'); // biome-ignore format: one line
  await refused(/model 2 has another vocabulary: it lacks \d+ of the first one's/, 'interpolate', 'kn.arpa', 'other.safetensors', '--valid', 'valid.txt'); // biome-ignore format: one line
});

test('a cache and learning at test time, by command', async () => {
  const { caches, weights } = await json('interpolate', 'kn.arpa', 'net.safetensors', '--cache', '50', '--valid', 'valid.txt', '--out', 'cached.safetensors'); // biome-ignore format: one line
  assert.is((caches as unknown[])[0], null);
  assert.is((caches as { size: number }[])[1]!.size, 50);
  assert.is((weights as unknown[]).length, 2);
  const mixed = await json('eval', 'cached.safetensors', '--input', 'test.txt');
  assert.is(mixed['kind'], 'lm.mix');
  await json('interpolate', 'net.safetensors', '--cache', '50', '--valid', 'valid.txt', '--out', 'one.safetensors'); // biome-ignore format: one line
  const one = await json('eval', 'one.safetensors', '--input', 'test.txt');
  const net = await json('eval', 'net.safetensors', '--input', 'test.txt');
  assert.is(one['kind'], 'lm.cache');
  assert.ok((one['loss'] as number) < (net['loss'] as number) + 0.02);
  const moving = await json('eval', 'net.safetensors', '--input', 'test.txt', '--dynamic', '0.5');
  assert.ok((moving['loss'] as number) < (net['loss'] as number));
  assert.is(moving['dynamic'], 0.5);
  await refused(/--dynamic 1: a recurrent model learns from one stream/, 'eval', 'kn.arpa', '--input', 'test.txt', '--dynamic', '1'); // biome-ignore format: one line
  await refused(/--cache 9: none of kn\.arpa, two\.safetensors is a recurrent model/, 'interpolate', 'kn.arpa', 'two.safetensors', '--valid', 'valid.txt', '--cache', '9'); // biome-ignore format: one line
});

test('convert writes ARPA and model files, quantize a smaller one', async () => {
  const loss = async (model: string): Promise<unknown> =>
    (await json('eval', model, '--input', 'test.txt'))['loss'];
  await ok('convert', 'kn.arpa', 'kn.safetensors');
  await ok('convert', 'kn.safetensors', 'again.arpa');
  assert.is(await loss('kn.safetensors'), await loss('kn.arpa'));
  assert.is(await loss('again.arpa'), await loss('kn.arpa'));
  await ok('quantize', 'kn.safetensors', '--out', 'small.safetensors');
  assert.ok(folder.read('small.safetensors').length < folder.read('kn.safetensors').length);
  await refused(/net\.safetensors: holds a model of kind "lm\.recurrent"; ARPA is for n-gram/, 'convert', 'net.safetensors', 'net.arpa'); // biome-ignore format: one line
});

test('plot draws sparsity, and the curves of runs', async () => {
  const { stdout } = await ok('plot', 'sparsity', 'kn.arpa', '--input', 'test.txt');
  assert.match(stdout, /^order 1 +\d+\.\d % never seen {2}\(\d+ of \d+\)\norder 2 /);
  assert.match(folder.read('sparsity.svg').toString(), /^<svg /);
  const log = await ok('train', 'lm', '--input', 'train.txt', ...TINY, '--steps', '20', '--report-every', '5', '--out', 'c.safetensors', '--json'); // biome-ignore format: one line
  folder.write('lstm.jsonl', log.stdout);
  folder.write('resumed.jsonl', log.stdout + log.stdout);
  await ok(
    'plot',
    'curves',
    'lstm.jsonl',
    'resumed.jsonl',
    '--over',
    'seconds',
    '--out',
    'two.svg',
  );
  assert.match(folder.read('two.svg').toString(), />lstm, training</);
  folder.write('broken.jsonl', '{"type":"step"\n');
  await refused(/broken\.jsonl: line 1 is not JSON/, 'plot', 'curves', 'broken.jsonl');
  folder.write('none.jsonl', '{"type":"eval"}\n');
  await refused(/none\.jsonl: has no reports of steps/, 'plot', 'curves', 'none.jsonl');
  await refused(/net\.safetensors: is a model of kind lm\.recurrent; name an n-gram/, 'plot', 'sparsity', 'net.safetensors', '--input', 'test.txt'); // biome-ignore format: one line
});

test('bad input is one sentence, and nothing is left behind', async () => {
  const before = readdirSync(folder.path).length;
  await refused(/--hidden, --epochs: not for --model ngram; leave them out/, ...NGRAM, '--hidden', '9', '--epochs', '2'); // biome-ignore format: one line
  await refused(/--order: not for --model recurrent; leave it out, or give --model ngram/, 'train', 'lm', '--input', 'train.txt', '--order', '3'); // biome-ignore format: one line
  await refused(/--order is 9, expected 1 to 8/, ...NGRAM, '--order', '9');
  await refused(/--prune is 1,0, expected at most 5 numbers/, ...NGRAM, '--prune', '1,0');
  folder.write('tiny.txt', 'a b\n');
  await refused(/tiny\.txt: the text has no n-grams of order 5/, 'train', 'lm', '--model', 'ngram', '--order', '8', '--level', 'word', '--split', '1', '--input', 'tiny.txt'); // biome-ignore format: one line
  folder.write('damaged.arpa', folder.read('kn.arpa').toString().replace('\\2-grams:', '\\2-gram'));
  await refused(/damaged\.arpa: (arpa: )?line \d+: expected \\2-grams:/, 'eval', 'damaged.arpa', '--input', 'test.txt'); // biome-ignore format: one line
  assert.is(readdirSync(folder.path).length, before + 2);
});

run();
