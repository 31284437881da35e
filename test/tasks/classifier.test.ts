import * as assert from 'uvu/assert';
import { init, optim, Random, scope, tasks, text, train } from '../../src/index.js';
import { gradientsAlong } from '../support/along.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('tasks/classifier');
const { Classifier } = tasks;

await init({ deterministic: true });

/** The class is that of the one word that matters, wherever it stands. */
function examples(n: number, seed: number): tasks.ClassifierExample[] {
  const random = new TestRandom(seed);
  return Array.from({ length: n }, () => {
    const label = ['sea', 'bread', 'king'][random.int(3)]!;
    const words = Array.from({ length: 1 + random.int(9) }, () => `w${random.int(20)}`);
    words[random.int(words.length)] = label.toUpperCase();
    return { text: words.join(' '), label };
  });
}
const TRAIN = examples(300, 3);
const TEST = examples(60, 4);
const vocab = Classifier.vocab(
  TRAIN.map(({ text }) => text),
  { lowercase: true },
);
const labels = text.Labels.of(TRAIN.map(({ label }) => [label as string]));
const SMALL = { vocab, labels, lowercase: true, embeddingSize: 8, hiddenSize: 9 };

async function trained(
  model: tasks.Classifier,
  data: readonly tasks.ClassifierExample[] = TRAIN,
  epochs = 6,
): Promise<tasks.Classifier> {
  const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.02 });
  const trainer = new train.BatchTrainer(model, { optimizer, epochs });
  for await (const _ of trainer.run(model.data(data, { batchSize: 16, fingerprint: 'few' })));
  trainer.dispose();
  return model;
}

for (const pooling of ['last', 'max', 'mean', 'attention'] as const)
  for (const cell of ['rnn', 'lstm', 'gru'] as const)
    test(`${cell}, ${pooling}: gradients of the loss are its central differences`, () => {
      using model = new Classifier({ ...SMALL, pooling, cell, bidirectional: cell !== 'rnn' });
      const batch = model.data(TRAIN.slice(0, 5), { batchSize: 5, fingerprint: '' }).batches(new Random(5)).next().value!; // biome-ignore format: one line
      const context = { state: undefined, random: undefined };
      // so short a step that no maximum changes place
      gradientsAlong(model, () => model.loss(batch, context).loss, 3e-4);
    });

test('it learns the word that matters, explains by it, and is the same after its file', async () => {
  using model = await trained(new Classifier({ ...SMALL, dropout: 0.2, wordDropout: 0.25 }));
  const { accuracy, macroF1, confusion, examples: n } = model.evaluate(TEST);
  assert.ok(accuracy > 0.95 && macroF1 > 0.95, `${accuracy} ${macroF1}`);
  assert.is(n, 60);
  assert.is(
    confusion!.counts.reduce((a, b) => a + b),
    60,
  );
  assert.equal(confusion!.labels, ['bread', 'king', 'sea']);
  assert.is(
    confusion!.counts[0]! + confusion!.counts[4]! + confusion!.counts[8]!,
    Math.round(accuracy * 60),
  );
  const { label, units } = model.explain('w3 Sea w5\nw7');
  assert.is(label, 'sea');
  assert.equal(
    units.map(({ text, offset }) => [text, offset]),
    [['w3', 0], ['Sea', 3], ['w5', 7], ['w7', 10]], // biome-ignore format: one line
  );
  assert.is(Math.max(...units.map(({ score }) => score)), units[1]!.score);
  assert.ok(model.parameters().every(parameter => parameter.requiresGrad));
  using again = Classifier.load(model.save());
  assert.equal(again.save(), model.save());
  assert.equal(again.classify('the SEA'), model.classify('the SEA'));
  assert.is(again.classify('the SEA')[0]!.label, 'sea');
  throws(() => model.explain('a', 'ship'), RangeError, /^explain: "ship" is none of the classes/);
});

test('an explanation is the derivative of the logit along the embedding', () => {
  using model = new Classifier({ ...SMALL, pooling: 'mean' });
  const words = 'w1 sea w2 w4';
  const { units, label } = model.explain(words);
  const id = labels.idOf(label);
  const weight = model.embedding.weight.toArray();
  const E = 8;
  const logit = (): number => {
    const p = model.probabilities([words])[0]!;
    // logits differ by the logarithms of shares, the mean of which is taken away by a fixed head
    return Math.log(p[id]!) - Math.log(p[(id + 1) % 3]!);
  };
  const other = model.explain(words, labels.labelOf((id + 1) % 3)).units;
  units.forEach(({ text, score }, t) => {
    const row = vocab.idOf(text);
    const scaled = (factor: number): number => {
      const values = weight.slice();
      for (let k = row * E; k < (row + 1) * E; k++) values[k]! *= factor;
      model.embedding.weight.set(values);
      return logit();
    };
    const expected = (scaled(1.01) - scaled(0.99)) / 0.02;
    near([score - other[t]!.score], [expected], 2e-2, text);
  });
  model.embedding.weight.set(weight);
});

test('texts side by side are classified as one by one, long, empty and unknown ones too', () => {
  using model = new Classifier({ ...SMALL, pooling: 'attention' });
  const texts = [...TEST.map(({ text }) => text), '', ' \n', 'never seen', 'w1 '.repeat(3000)];
  const together = model.probabilities(texts);
  texts.forEach((each, i) => {
    const alone = model.classify(each);
    near(
      together[i]!,
      labels.toJSON().map(label => alone.find(each => each.label === label)!.p),
      1e-5,
      `text ${i}`,
    );
  });
  assert.equal(model.classify(''), model.classify(' \n'));
  assert.is(model.embed('w1').length, 18);
});

test('several classes of a text are decided one by one', async () => {
  const data = TRAIN.map(({ text, label }, i) => ({
    text: i % 3 === 0 ? text.replace(/[A-Z]+/, 'none') : text,
    label: i % 3 === 0 ? [] : label === 'king' ? ['king', 'sea'] : [label as string],
  }));
  using model = await trained(new Classifier({ ...SMALL, several: true }), data, 10);
  const { accuracy, confusion } = model.evaluate(data);
  assert.ok(accuracy > 0.9, String(accuracy));
  assert.is(confusion, null);
  const [first, second, third] = model.classify('w1 KING w2');
  assert.ok(first!.p > 0.5 && second!.p > 0.5 && third!.p < 0.5);
});

test('class weights weigh the mean of the losses', () => {
  const classWeights = [1, 5, 0.5];
  using weighted = new Classifier({ ...SMALL, classWeights });
  using plain = new Classifier(SMALL);
  const mean = (model: tasks.Classifier, rows: readonly tasks.ClassifierExample[]): number => {
    const batch = model.data(rows, { batchSize: rows.length, fingerprint: '' }).batches(new Random(5)).next().value!; // biome-ignore format: one line
    return scope(() => model.loss(batch, { state: undefined, random: undefined }).loss.item());
  };
  const rows = TRAIN.slice(0, 7);
  const weights = rows.map(({ label }) => classWeights[labels.idOf(label as string)]!);
  const losses = rows.map(row => mean(plain, [row]));
  const expected =
    losses.reduce((sum, loss, i) => sum + loss * weights[i]!, 0) / weights.reduce((a, b) => a + b);
  near([mean(weighted, rows)], [expected], 1e-5, 'loss');
});

test('words begin with their vectors, and stay there when frozen', async () => {
  const vectors = { words: ['sea', 'bread'], size: 8, data: Float32Array.from({ length: 16 }, (_, i) => i / 16) }; // biome-ignore format: one line
  using model = new Classifier({ ...SMALL, vectors, frozen: true });
  const row = (): Float32Array => {
    const id = vocab.idOf('bread');
    return model.embedding.weight.toArray().slice(id * 8, id * 8 + 8);
  };
  near(row(), vectors.data.slice(8), 0, 'bread');
  await trained(model, TRAIN, 1);
  near(row(), vectors.data.slice(8), 0, 'bread after training');
  using loaded = Classifier.load(model.save());
  assert.is(loaded.embedding.weight.requiresGrad, false);
  throws(() => new Classifier({ ...SMALL, vectors: { ...vectors, words: ['x', 'y'] } }), RangeError, /none of the words has a vector$/); // biome-ignore format: one line
});

test('the same seed gives the same bytes, and a resumed run those of one in one go', async () => {
  const make = () => new Classifier({ ...SMALL, dropout: 0.3, wordDropout: 0.25, seed: 4 });
  const trainer = (model: tasks.Classifier) =>
    new train.BatchTrainer(model, {
      optimizer: new optim.Adam(model.namedParameters(), { lr: 0.02 }),
      epochs: 2,
    });
  const data = (model: tasks.Classifier) => model.data(TRAIN, { batchSize: 16, fingerprint: 'x' });
  using whole = make();
  for await (const _ of trainer(whole).run(data(whole)));
  using first = make();
  const half = trainer(first);
  for await (const _ of half.run(data(first), { steps: 23 }));
  using second = make();
  const rest = trainer(second);
  rest.restore(half.save());
  for await (const _ of rest.run(data(second)));
  assert.equal(second.save(), whole.save());
});

test('what does not fit is refused', () => {
  const refused = (options: object, message: RegExp): void =>
    throws(() => new Classifier({ ...SMALL, ...options }), RangeError, message);
  refused({ cell: 'cnn' }, /cell "cnn", expected rnn, lstm or gru$/);
  refused({ pooling: 'sum' }, /pooling "sum"/);
  refused({ classWeights: [1] }, /1 classWeights for 3 classes$/);
  refused({ labels: new text.Labels(['a']) }, /one class, "a"; expected at least 2$/);
  refused({ vocab: text.Vocab.fromText('ab', { level: 'char' }) }, /no id for unknown characters/);
  using model = new Classifier(SMALL);
  throws(
    () => model.evaluate([{ text: 'a', label: 'ship' }]),
    RangeError,
    /"ship" at 0 is none of/,
  );
  throws(() => model.evaluate([{ text: 'a', label: ['sea', 'king'] }]), RangeError, /"a" has 2 classes, expected 1/); // biome-ignore format: one line
  throws(() => model.evaluate([]), RangeError, /^evaluate: /);
});

run();
