import * as assert from 'uvu/assert';
import { readVectors } from '../../src/io/vectors.js';
import { Folder, jsonLines } from '../support/cli.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli vectors');

const folder = new Folder();
process.on('exit', () => folder.remove());

const SUBJECTS = [
  ['sea', 'ship', 'sail', 'wave', 'port'],
  ['oven', 'bread', 'flour', 'salt', 'cook'],
];
const random = new TestRandom(8);
folder.write(
  'text.txt',
  Array.from({ length: 30_000 }, () => {
    const subject = SUBJECTS[random.int(2)]!;
    return Array.from({ length: 6 }, () => subject[random.int(5)]).join(' ');
  }).join('\n'),
);
const TRAIN = ['train', 'vectors', '--input', 'text.txt', '--size', '12', '--sample', '0'];
const made = await folder.run([
  ...TRAIN,
  '--epochs',
  '2',
  '--lr',
  '0.05',
  '--out',
  'v.safetensors',
]);
if (made.code !== 0) throw new Error(made.stderr);

const ok = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await folder.run(args);
  assert.is(code, 0, stderr);
  return stdout;
};
const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
  const { code, stderr } = await folder.run(args);
  assert.is(code, 2, stderr);
  assert.match(stderr, message);
  assert.is(stderr.trim().split('\n').length, 1);
};

test('training reports words a second and writes vectors with counts', () => {
  assert.match(made.stderr, /text {7}text.txt: 180,000 words\n/);
  assert.match(made.stderr, /10 words of 12 numbers; skipgram, window 5, 5 negatives/);
  assert.match(made.stderr, /step \d+\/\d+ {2}epoch .* words\/s/);
  assert.not.match(made.stderr, /gradient/);
  const { words, size, counts } = readVectors(folder.read('v.safetensors'));
  assert.equal([words.length, size], [10, 12]);
  assert.is(
    counts!.reduce((sum, count) => sum + count),
    180_000,
  );
});

test('neighbours are of one subject, for one word, several, and sums', async () => {
  const top = ['--top', '4', '--json'];
  const lists = jsonLines(await ok('nearest', 'v.safetensors', 'ship', 'bread', ...top));
  const names = lists.map(list => (list as { neighbours: { word: string }[] }).neighbours.map(({ word }) => word).sort()); // biome-ignore format: one line
  assert.equal(names, [
    ['port', 'sail', 'sea', 'wave'],
    ['cook', 'flour', 'oven', 'salt'],
  ]);
  const text = await ok('nearest', 'v.safetensors', 'sea', 'sail', '--sum', '--top', '1');
  assert.match(text, /^0\.\d{4} {2}(ship|wave|port)\n$/);
  await ok('analogy', 'v.safetensors', 'sea', 'ship', 'oven', '--json');
});

test('a run that is resumed writes the bytes of one that was not', async () => {
  const whole = [...TRAIN, '--epochs', '4', '--shards', '2'];
  await ok(...whole, '--out', 'whole.bin');
  await ok(...whole, '--out', 'cut.bin', '--slice', '1', '--threads', '2');
  await ok('train', 'vectors', '--resume', 'cut.checkpoint.bin');
  assert.equal(folder.read('cut.bin'), folder.read('whole.bin'));
});

test('glove counts pairs, trains, and goes on from a checkpoint', async () => {
  const glove = [...TRAIN.filter(arg => !/sample|^0$/.test(arg)), '--algorithm', 'glove', '--epochs', '8']; // biome-ignore format: one line
  const whole = await folder.run([...glove, '--out', 'g.bin']);
  assert.is(whole.code, 0, whole.stderr);
  assert.match(whole.stderr, /10 words of 12 numbers; glove, window 10, \d+ pairs/);
  assert.match(whole.stderr, /pairs\/s/);
  await ok(...glove, '--out', 'h.bin', '--slice', '9', '--threads', '2');
  await ok('nearest', 'h.checkpoint.bin', 'sea');
  await ok('train', 'vectors', '--resume', 'h.checkpoint.bin');
  assert.equal(folder.read('h.bin'), folder.read('g.bin'));
  await refused(/--sample goes with --algorithm skipgram or cbow, not glove/, ...TRAIN, '--algorithm', 'glove'); // biome-ignore format: one call
});

test('a checkpoint has vectors too, and is not one of a language model', async () => {
  await ok(...TRAIN, '--out', 'part.bin', '--slice', '1', '--checkpoint', 'part.ckpt');
  await ok('nearest', 'part.ckpt', 'sea');
  await refused(/is the checkpoint of a model of kind "words.word2vec"/, 'train', 'lm', '--resume', 'part.ckpt'); // biome-ignore format: one call
});

test('formats are converted into each other by name', async () => {
  for (const name of ['a.bin', 'a.vec', 'a.txt', 'a.glove', 'a.safetensors'])
    await ok('convert', 'v.safetensors', name);
  const { data } = readVectors(folder.read('v.safetensors'));
  for (const name of ['a.bin', 'a.vec', 'a.glove', 'a.safetensors'])
    assert.equal(readVectors(folder.read(name)).data, data, name);
  assert.equal(folder.read('a.vec'), folder.read('a.txt'));
  assert.match(await ok('convert', 'a.vec', 'b.any', '--to', 'glove', '--limit', '3'), /3 words of 12/); // biome-ignore format: one call
});

test('eval measures similarity and analogies', async () => {
  folder.write('pairs.txt', 'sea ship 9\nsea bread 1\noven salt 8\nsail car 3\n');
  folder.write('questions.txt', ': subjects\nsea ship oven bread\nsea ship oven car\n');
  const args = ['eval', 'v.safetensors', '--similarity', 'pairs.txt', '--analogies', 'questions.txt']; // biome-ignore format: one line
  const [result] = jsonLines(await ok(...args, '--json')) as [Record<string, unknown>];
  assert.equal(
    [result['type'], result['kind'], Object.keys(result)],
    ['eval', 'vectors', ['type', 'kind', 'similarity', 'meanSpearman', 'analogy']],
  );
  const [pairs] = result['similarity'] as { name: string; pairs: number; found: number }[];
  assert.equal([pairs!.name, pairs!.pairs, pairs!.found], ['pairs', 4, 3]);
  const { total, covered } = result['analogy'] as { total: number; covered: number };
  assert.equal([total, covered], [2, 1]);
  assert.match(await ok(...args), /analogies {2}[\d.]+ % {2}\(1 of 2 questions\)/);
});

test('what cannot be done is refused in one sentence', async () => {
  await refused(/no vector for "shipp"; there are "ship"/, 'nearest', 'v.safetensors', 'shipp');
  await refused(/there is no such file/, 'nearest', 'none.bin', 'x');
  folder.write('rubbish.bin', new Uint8Array(1000).fill(200));
  await refused(/rubbish.bin: /, 'nearest', 'rubbish.bin', 'x');
  folder.write('lie.txt', '9 2\na 1 2\n');
  await refused(/ends after 1 words, its header promises 9/, 'nearest', 'lie.txt', 'a');
  await refused(/--input is missing: name the text to train on/, 'train', 'vectors');
  await refused(/--gradient goes with --algorithm cbow/, ...TRAIN, '--gradient', 'mean');
  await refused(/--negative and --hierarchical are two ways/, ...TRAIN, '--negative', '3', '--hierarchical'); // biome-ignore format: one call
  await refused(/text.txt: the vocabulary has no words that occur; lower minCount/, ...TRAIN, '--min-count', '99999'); // biome-ignore format: one call
  await refused(/--input is missing: name the text to predict; for word vectors/, 'eval', 'v.safetensors'); // biome-ignore format: one call
  await refused(
    /v.safetensors: is the file to read too; name another file/,
    'convert',
    'v.safetensors',
    'v.safetensors',
  );
  folder.write('empty.txt', '');
  await refused(/empty.txt is empty/, 'train', 'vectors', '--input', 'empty.txt');
});

test('latent semantic analysis tells documents of two subjects apart, and names its topics', async () => {
  const text = await ok('train', 'vectors', '--input', 'text.txt', '--algorithm', 'lsa', '--size', '2', '--min-count', '1', '--out', 'lsa.txt', '--json'); // biome-ignore format: one line
  const [report] = jsonLines(text) as { words: number; passes: number; topics: string[][] }[];
  assert.is(report!.words, 10);
  assert.ok(report!.passes >= 1);
  assert.equal(report!.topics.map(topic => topic.slice(0, 5).sort()).sort(), SUBJECTS.map(each => [...each].sort()).sort().reverse().sort()); // biome-ignore format: one line
  const [near] = jsonLines(await ok('nearest', 'lsa.txt', 'ship', '--top', '4', '--json'));
  const names = (near as { neighbours: { word: string }[] }).neighbours.map(({ word }) => word);
  assert.equal(names.sort(), ['port', 'sail', 'sea', 'wave']);
});

test('PPMI and SVD: the words of one subject are near, also from one long line', async () => {
  const line = new TextDecoder().decode(folder.read('text.txt')).split('\n').sort((a, b) => Number(/oven|bread|flour|salt|cook/.test(a)) - Number(/oven|bread|flour|salt|cook/.test(b))).join(' '); // biome-ignore format: one line
  folder.write('line.txt', line);
  const train = ['train', 'vectors', '--input', 'line.txt', '--size', '3'];
  const { code, stderr } = await folder.run([...train, '--algorithm', 'ppmi', '--out', 'p.bin']);
  assert.is(code, 0, stderr);
  assert.match(stderr, /10 words beside each other within 5, weighted by PPMI/);
  assert.match(stderr, /3 dimensions in \d+ passes and /);
  const [near] = jsonLines(await ok('nearest', 'p.bin', 'bread', '--top', '4', '--json'));
  const names = (near as { neighbours: { word: string }[] }).neighbours.map(({ word }) => word);
  assert.equal(names.sort(), ['cook', 'flour', 'oven', 'salt']);
  const cut = await folder.run([...train, '--algorithm', 'lsa', '--document', '50', '--out', 'l.bin']); // biome-ignore format: one line
  assert.match(cut.stderr, /10 words in 3,600 documents, weighted by TF-IDF/);
  await refused(/the text is one document; put each on a line/, ...train, '--algorithm', 'lsa', '--document', '1000000'); // biome-ignore format: one line
  await refused(/--epochs goes with --algorithm skipgram, cbow or glove, not lsa/, ...train, '--algorithm', 'lsa', '--epochs', '2'); // biome-ignore format: one line
  await refused(/--size 11: the matrix has 10 documents|--size 11: the matrix has 10 words/, ...train, '--algorithm', 'ppmi', '--size', '11'); // biome-ignore format: one line
  await refused(
    /--power goes with --algorithm lsa or ppmi, not skipgram/,
    ...train,
    '--power',
    '1',
  );
});

/** The words of a picture's labels. */
const labelsOf = (name: string): string[] =>
  [...new TextDecoder().decode(folder.read(name)).matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(
    ([, text]) => text!,
  );

test('plot vectors draws the words asked for, those around a word, or the most frequent', async () => {
  const text = await ok('plot', 'vectors', 'v.safetensors', '--words', 'sea', 'ship', 'oven');
  assert.match(
    text,
    /map {6}3 words, by two principal components, which have \d+ % of the variance/,
  );
  assert.equal(labelsOf('map.svg'), ['sea', 'ship', 'oven']);
  const around = ['--around', 'bread', '--top', '5', '--method', 'tsne', '--out', 'around.svg'];
  assert.match(await ok('plot', 'vectors', 'v.safetensors', ...around), 't-SNE');
  assert.equal(labelsOf('around.svg').sort(), ['bread', 'cook', 'flour', 'oven', 'salt']);
  await ok('plot', 'vectors', 'v.safetensors', '--title', 'A & B', '--width', '700');
  assert.equal(labelsOf('map.svg').length, 11, 'title and ten words');
  const plot = ['plot', 'vectors', 'v.safetensors'];
  await refused(/no vector for "bred"; there are "bread"/, ...plot, '--words', 'bred', 'sea');
  await refused(/--words names the words itself/, ...plot, '--words', 'sea', '--top', '9');
  await refused(/--out v.safetensors: is the vectors too/, ...plot, '--out', 'v.safetensors');
});

test('plot correlation draws pairs that have vectors, and names those that fit least', async () => {
  folder.write('pairs.txt', 'sea ship 9\nsea oven 1\nbread flour 8\nport salt 2\nking queen 5\n');
  const plot = ['plot', 'correlation', 'v.safetensors', '--similarity', 'pairs.txt'];
  const text = await ok(...plot, '--labels', '2');
  assert.match(text, /pairs {5}4 of 5 have vectors/);
  const labels = labelsOf('correlation.svg');
  assert.match(labels[0]!, /^pairs: Spearman’s ρ (0|1)\.\d{3}$/);
  assert.is(labels.filter(label => label.includes('–')).length, 2);
  folder.write('others.txt', 'king queen 5\n');
  await refused(/has vectors for none of the pairs/, 'plot', 'correlation', 'v.safetensors', '--similarity', 'others.txt'); // biome-ignore format: one line
});

test('plot cooccurrence draws the counts of the sentences everyone begins with', async () => {
  folder.write('deep.txt', 'I like deep learning .\nI like NLP .\nI enjoy flying .\n');
  const plot = ['plot', 'cooccurrence', '--input', 'deep.txt', '--window', '1'];
  await ok(...plot, '--words', 'I', 'like', 'enjoy');
  const svg = new TextDecoder().decode(folder.read('cooccurrence.svg'));
  const cells = [...svg.matchAll(/<title>(\w+, \w+: [^<]+)<\/title>/g)].map(([, text]) => text);
  assert.equal(
    cells.filter(text => !text!.endsWith(': 0')),
    ['I, like: 2', 'I, enjoy: 1', 'like, I: 2', 'enjoy, I: 1'],
  );
  await ok(...plot, '--ppmi', '--top', '4', '--out', 'ppmi.svg');
  assert.ok(labelsOf('ppmi.svg').includes('like'));
  await refused(/--words: the text does not have "king"/, ...plot, '--words', 'king');
});

run();
