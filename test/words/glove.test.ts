import * as assert from 'uvu/assert';
import { init, runtimeInfo, text, type train, words } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { rejects } from '../support/throws.js';

const { test, run } = suite('words/glove');
const { CountedPairs, Glove, GloveTrainer } = words;

await init();

const random = new TestRandom(4);
const SUBJECTS = [
  ['sea', 'ship', 'sail', 'wave', 'port'],
  ['oven', 'bread', 'flour', 'salt', 'cook'],
  ['chord', 'song', 'violin', 'note', 'choir'],
];
const corpus = Array.from({ length: 3000 }, () => {
  const subject = SUBJECTS[random.int(3)]!;
  // now and then a word of another subject: pairs that never occur teach nothing
  const word = (): string => (random.int(8) === 0 ? SUBJECTS[random.int(3)]! : subject)[random.int(5)]!; // biome-ignore format: one line
  return Array.from({ length: 6 }, word).join(' ');
}).join('\n');
const vocab = text.Vocab.fromText(corpus, { level: 'word' });
const counts = words.cooccurrence(new words.WordCorpus(vocab.encode(corpus)), { vocab, window: 4 });
const pairs = new CountedPairs(counts);

async function trained(
  trainer: words.GloveTrainer,
  options: train.RunOptions = {},
): Promise<train.Report[]> {
  const reports: train.Report[] = [];
  for await (const report of trainer.run(pairs, options)) reports.push(report);
  return reports;
}

test('every pair is there once, and blocks of a round share no row', () => {
  assert.is(pairs.length, counts.matrix.nonzeros);
  const seen = new Set<string>();
  for (let round = 0; round < 4; round++)
    for (let p = 0; p < 4; p++)
      for (let i = pairs.blocks[4 * round + p]!; i < pairs.blocks[4 * round + p + 1]!; i++) {
        const [row, column] = pairs.list.subarray(4 * i, 4 * i + 2) as unknown as [number, number];
        assert.equal([row % 4, column % 4], [p, (p + round) % 4]);
        seen.add(`${row} ${column}`);
      }
  assert.is(seen.size, pairs.length);
});

test('words of one subject come together, and the loss falls', async () => {
  const model = await Glove.create({ words: counts.words, counts: counts.counts, size: 10 });
  const trainer = new GloveTrainer(model, { epochs: 60, reportEvery: 4 });
  const losses = (await trained(trainer)).flatMap(each =>
    each.type === 'step' ? [each.loss] : [],
  );
  assert.ok(losses.at(-1)! < 0.1 * losses[0]!, `from ${losses[0]} to ${losses.at(-1)}`);
  const vectors = model.vectors();
  const mean = (pairs: (readonly [string, string])[]): number =>
    pairs.reduce((sum, [a, b]) => sum + vectors.similarity(a, b), 0) / pairs.length;
  const all = SUBJECTS.flat().flatMap(a => SUBJECTS.flat().map(b => [a, b] as const));
  const same = ([a, b]: readonly [string, string]): boolean =>
    SUBJECTS.some(subject => subject.includes(a) && subject.includes(b));
  const within = mean(all.filter(pair => same(pair) && pair[0] !== pair[1]));
  const across = mean(all.filter(pair => !same(pair)));
  assert.ok(within > across + 0.3, `within subjects ${within}, across ${across}`);
  trainer.dispose();
  model.dispose();
});

test('a run that is resumed ends in the bits of one that was not; a file gives the model back', async () => {
  const make = async () => {
    const model = await Glove.create({ words: counts.words, size: 6 });
    return { model, trainer: new GloveTrainer(model, { epochs: 3, chunk: 20 }) };
  };
  const [whole, first, second] = [await make(), await make(), await make()];
  await trained(whole.trainer);
  await trained(first.trainer, { steps: 5 });
  second.trainer.restore(first.trainer.save());
  await trained(second.trainer);
  assert.equal(second.model.stateDict(), whole.model.stateDict());
  const again = await Glove.load(whole.model.save());
  assert.equal(again.stateDict(), whole.model.stateDict());
  again.dispose();
  for (const { model, trainer } of [whole, first, second]) {
    trainer.dispose();
    model.dispose();
  }
});

test('memory is given back, and what cannot be is refused in a sentence', async () => {
  const before = runtimeInfo().memory.persistent;
  const model = await Glove.create({ words: ['a', 'b'], size: 3 });
  assert.throws(() => new GloveTrainer(model, { lr: 0 }), /lr is 0/);
  assert.throws(() => new GloveTrainer(model, { chunk: 0 }), /chunk is 0/);
  assert.throws(() => model.loadStateDict(new Map()), /"word.vector" is missing, expected \[2,3\]/);
  model.dispose();
  assert.is(runtimeInfo().memory.persistent, before);
  await rejects(() => Glove.create({ words: ['a'] }), /1 words, expected at least 2/);
  await rejects(() => Glove.create({ words: ['a', 'b'], size: 0 }), /size is 0/);
  assert.throws(() => new CountedPairs(counts, { xMax: 0 }), /xMax is 0/);
  const none = words.SparseMatrix.fromEntries([2, 2], { rows: [], columns: [], values: [] });
  assert.throws(() => new CountedPairs({ ...counts, matrix: none }), /no two words occur together/);
});

run();
