import * as assert from 'uvu/assert';
import { init, text, type train, words } from '../../src/index.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { rejects } from '../support/throws.js';

const { test, run } = suite('words/word2vec');
const { Word2Vec, Word2VecTrainer, WordCorpus } = words;

/** Sentences about one of three subjects each: words of a subject have the same neighbours. */
function sentences(n = 3000): string {
  const random = new TestRandom(4);
  const subjects = [
    ['sea', 'ship', 'sail', 'wave', 'port'],
    ['oven', 'bread', 'flour', 'salt', 'cook'],
    ['chord', 'song', 'violin', 'note', 'choir'],
  ];
  const common = ['the', 'a', 'of', 'and'];
  return Array.from({ length: n }, () => {
    const subject = subjects[random.int(3)]!;
    return Array.from({ length: 6 }, (_, i) =>
      i % 3 === 2 ? common[random.int(4)] : subject[random.int(5)],
    ).join(' ');
  }).join('\n');
}

const corpus = sentences();
const vocab = text.Vocab.fromText(corpus, { level: 'word' });
const ids = vocab.encode(corpus);

/** Trains and gives the reports. */
async function train_(
  trainer: words.Word2VecTrainer,
  options: train.RunOptions = {},
): Promise<train.Report[]> {
  const reports: train.Report[] = [];
  for await (const report of trainer.run(new WordCorpus(ids), options)) reports.push(report);
  return reports;
}

await init();

const ALGORITHMS: Partial<words.Word2VecOptions>[] = [
  {},
  { shared: false },
  { hierarchical: true },
  { algorithm: 'cbow' },
  { algorithm: 'cbow', gradient: 'mean' },
  { algorithm: 'cbow', hierarchical: true },
  { subwords: { min: 2, max: 3, buckets: 5000 } },
  { algorithm: 'cbow', subwords: { min: 2, max: 3, buckets: 5000 } },
];

for (const given of ALGORITHMS)
  test(`words of one subject come together: ${JSON.stringify(given)}`, async () => {
    const model = await Word2Vec.create({ vocab, size: 12, window: 3, sample: 0, ...given });
    const trainer = new Word2VecTrainer(model, { epochs: 8, chunk: 5000, lr: 0.1, reportEvery: 1 });
    const reports = await train_(trainer);
    const losses = reports.flatMap(report => (report.type === 'step' ? [report.loss] : []));
    assert.ok(losses.at(-1)! < 0.94 * losses[0]!, `from ${losses[0]} to ${losses.at(-1)}`);
    const vectors = model.vectors();
    assert.not.ok(vectors.has('<eos>') || vectors.has('<unk>'));
    for (const [word, subject] of [
      ['ship', ['sea', 'sail', 'wave', 'port']],
      ['bread', ['oven', 'flour', 'salt', 'cook']],
    ] as const) {
      const found = (await vectors.nearest(word, { top: 4 })).map(each => each.word);
      assert.equal(found.sort(), [...subject].sort(), word);
    }
    vectors.dispose();
    trainer.dispose();
    model.dispose();
  });

test('the loss before anything is learnt is (1 + negative)·ln 2', async () => {
  const model = await Word2Vec.create({ vocab, size: 8, negative: 3 });
  const trainer = new Word2VecTrainer(model, { epochs: 1, lr: 1e-9, chunk: 1000, reportEvery: 1 });
  const [first] = await train_(trainer, { steps: 1 });
  assert.ok(first?.type === 'step' && Math.abs(first.loss - 4 * Math.LN2) < 1e-5);
  trainer.dispose();
  model.dispose();
});

for (const shards of [1, 2])
  test(`a run that is resumed ends in the bits of one that was not (${shards} shards)`, async () => {
    const make = async () => {
      const model = await Word2Vec.create({ vocab, size: 10, sample: 1e-2 });
      const options = { epochs: 3, shards, chunk: 1500, reportEvery: 1000 };
      return { model, trainer: new Word2VecTrainer(model, options) };
    };
    const whole = await make();
    await train_(whole.trainer);
    const first = await make();
    await train_(first.trainer, { steps: 7 });
    const bytes = first.trainer.save();
    const second = await make();
    second.trainer.restore(bytes);
    await train_(second.trainer);
    assert.equal(second.model.stateDict(), whole.model.stateDict());
    await train_(first.trainer);
    assert.equal(first.model.stateDict(), whole.model.stateDict());
    for (const { model, trainer } of [whole, first, second]) {
      trainer.dispose();
      model.dispose();
    }
  });

test('a checkpoint of another recipe or model is refused', async () => {
  const model = await Word2Vec.create({ vocab, size: 10 });
  const bytes = new Word2VecTrainer(model, { lr: 0.05 }).save();
  assert.throws(
    () => new Word2VecTrainer(model).restore(bytes),
    /resume: lr was 0.05, and is 0.025/,
  );
  const other = await Word2Vec.create({ vocab, size: 10, window: 2 });
  assert.throws(() => new Word2VecTrainer(other).restore(bytes), /the checkpoint's config is/);
  for (const each of [model, other]) each.dispose();
});

test('a file gives the same model back, whatever its size', async () => {
  for (const size of [3, 8]) {
    const model = await Word2Vec.create({ vocab, size, subwords: { buckets: 999 }, seed: 5 });
    const again = await Word2Vec.load(model.save());
    assert.equal(again.stateDict(), model.stateDict());
    assert.equal(again.config, model.config);
    assert.equal(again.vectorOf('ships'), model.vectorOf('ships'));
    again.dispose();
    model.dispose();
  }
});

test('a word that was not seen has the mean of the n-grams that it shares', async () => {
  const model = await Word2Vec.create({
    vocab,
    size: 6,
    subwords: { min: 3, max: 4, buckets: 1e6 },
  });
  const vectors = model.vectors();
  near(vectors.get('sail')!, model.vectorOf('sail'), 1e-6, 'a known word');
  assert.ok(model.vectorOf('sails').some(value => value !== 0));
  await rejects(async () => model.vectorOf('xyz'), /"xyz" is not in the vocabulary, and shares no/);
  model.dispose();
});

test('memory is given back', async () => {
  const { runtimeInfo } = await import('../../src/index.js');
  const before = runtimeInfo().memory.persistent;
  const model = await Word2Vec.create({ vocab, size: 10, hierarchical: true });
  const trainer = new Word2VecTrainer(model, { shards: 2, chunk: 1000 });
  await train_(trainer, { steps: 2 });
  trainer.dispose();
  model.dispose();
  assert.is(runtimeInfo().memory.persistent, before);
});

test('what cannot be is refused in a sentence', async () => {
  const make = (options: object) => () =>
    Word2Vec.create({ vocab, ...options } as words.Word2VecOptions);
  await rejects(make({ size: 0 }), /size is 0, expected a whole number from 1/);
  await rejects(make({ window: 1.5 }), /window is 1.5/);
  await rejects(make({ algorithm: 'glove' }), /algorithm "glove", expected skipgram or cbow/);
  await rejects(make({ sample: -1 }), /sample is -1/);
  await rejects(make({ learningRate: 1 }), /unknown option "learningRate"/);
  await rejects(make({ subwords: { min: 5, max: 3 } }), /subwords of 5 to 3 characters/);
  const chars = text.Vocab.fromText('abc', { level: 'char' });
  await rejects(make({ vocab: chars }), /of level "char"; expected words that were counted/);
  const one = text.Vocab.fromText('word word', { level: 'word' });
  await rejects(make({ vocab: one }), /the vocabulary has one word that occur/);
  assert.throws(() => new WordCorpus(new Int32Array(0)), /0 words, expected at least 2/);
  const model = await Word2Vec.create({ vocab, size: 4 });
  assert.throws(() => new Word2VecTrainer(model, { lr: 0 }), /lr is 0, expected a number > 0/);
  assert.throws(() => new Word2VecTrainer(model, { shards: 0 }), /shards is 0/);
  const strange = new Word2VecTrainer(model);
  await rejects(async () => {
    for await (const _ of strange.run(new WordCorpus(Int32Array.of(1, 999))));
  }, /id 999 at 1, expected one below/);
  strange.dispose();
  model.dispose();
});

run();
