/** Activations computed again in the backward pass: the same step in less memory. */
import * as assert from 'uvu/assert';
import { init, io, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/recompute');

await init({ deterministic: true });

const letters = 'abcdefgh\n';
const random = new TestRandom(1);
const corpus = Array.from({ length: 3000 }, () => letters[random.int(letters.length)]).join('');
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const ids = vocab.encode(corpus);

/** Bytes that training steps have taken beside what lasts, at most, so far in this process. */
const peak = (): number => {
  const { total, persistent } = runtimeInfo().memory;
  return total - persistent;
};

test('a step with recomputed segments takes less than half the memory', async () => {
  const model = new lm.RecurrentLM({ vocab, hiddenSize: 128, embeddingSize: 16, layers: 2 });
  const step = async (recompute: object): Promise<number> => {
    const trainer = new train.Trainer(model, {
      optimizer: new optim.SGD(model.namedParameters(), { lr: 0.1 }),
      bptt: 64,
      steps: 2,
      ...recompute,
    });
    for await (const _ of trainer.run(text.columns(ids, { batchSize: 16 }))) void _;
    const bytes = peak();
    trainer.dispose();
    return bytes;
  };
  const segments = await step({ recompute: 8 }); // first: the memory never shrinks
  const whole = await step({});
  assert.ok(segments < whole / 2, `${segments} bytes with recomputed segments, ${whole} without`);
  model.dispose();
});

const lines = corpus
  .split('\n')
  .filter(line => line.length > 1)
  .map(line => vocab.encode(line));
for (const [name, data, options] of [
  ['columns with documents', text.columns(ids, { batchSize: 5, documents: [7, 650, 1300] }), {}],
  ['BPTT(h; h′)', text.columns(ids, { batchSize: 5 }), { bptt: 7, horizon: 19 }],
  ['sequences of several lengths', text.sequences(lines, { batchSize: 6, bucket: 3 }), {}],
] as const) {
  for (const cell of ['lstm', 'gru', 'rnn'] as const) {
    test(`${cell} on ${name}: training comes to the same weights and carried state`, async () => {
      const trained = async (
        recompute: object,
      ): Promise<{ values: Map<string, Float32Array>; loss: number }> => {
        const model = new lm.RecurrentLM({
          vocab,
          cell,
          hiddenSize: 9,
          embeddingSize: 5,
          layers: 2,
          seed: 4,
        });
        const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.5 });
        const trainer = new train.Trainer(model, {
          optimizer,
          bptt: 12,
          steps: 7,
          reportEvery: 7,
          ...options,
          ...recompute,
        });
        let loss = NaN;
        for await (const report of trainer.run(data))
          if (report.type === 'step') ({ loss } = report);
        const { tensors } = io.readSafetensors(trainer.save());
        const values = new Map(
          [...tensors]
            .filter(([, { dtype }]) => dtype === 'F32')
            .map(([name, { data }]) => [name, data as Float32Array]),
        );
        trainer.dispose();
        model.dispose();
        return { values, loss };
      };
      const plain = await trained({});
      const recomputed = await trained({ recompute: 5 });
      near([recomputed.loss], [plain.loss], 1e-5, 'loss');
      assert.equal([...recomputed.values.keys()], [...plain.values.keys()]);
      for (const [what, values] of plain.values) {
        notZero(values, what);
        near(recomputed.values.get(what)!, values, 1e-5, what);
      }
    });
  }
}

test('a resumed run must have the same recompute', async () => {
  const make = (recompute: number): [lm.RecurrentLM, train.Trainer<text.SequenceBatch>] => {
    const model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
    return [
      model,
      new train.Trainer(model, {
        optimizer: new optim.SGD(model.namedParameters(), { lr: 0.1 }),
        steps: 3,
        recompute,
      }),
    ];
  };
  const [model, trainer] = make(5);
  for await (const _ of trainer.run(text.columns(ids, { batchSize: 5 }))) void _;
  const [other, resumed] = make(6);
  assert.throws(() => resumed.restore(trainer.save()), /^resume: recompute was 5, and is 6 now/);
  for (const each of [trainer, resumed, model, other]) each.dispose();
});

run();
