/** Averaged SGD: its steps, its trigger, and trainings that go on from a checkpoint. */
import * as assert from 'uvu/assert';
import { init, io, lm, optim, text, train } from '../../src/index.js';
import * as arena from '../../src/runtime/arena.js';
import { Parameter } from '../../src/tensor/tensor.js';
import { corpus } from '../support/cli.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('optim/averaged');

await init({ deterministic: true });

for (const n of [1, 3, 4, 5, 8, 17])
  test(`${n} elements: steps and averages are those of loops in f64`, () => {
    const random = new TestRandom(n);
    const p = new Parameter([n]);
    p.set(random.array(n));
    const w = Float64Array.from(p.toArray());
    using sgd = new optim.AveragedSGD([p], { lr: 0.3, weightDecay: 0.1, nonmonotone: 1 });
    const ax = new Float64Array(n);
    let k = 0;
    for (let step = 1; step <= 9; step++) {
      const g = random.array(n);
      arena.f32(p.gradPtr, n).set(g);
      sgd.step();
      for (let i = 0; i < n; i++) w[i]! -= 0.3 * (Math.fround(g[i]!) + 0.1 * w[i]!);
      if (step > 4) {
        k++;
        for (let i = 0; i < n; i++) ax[i]! += (w[i]! - ax[i]!) / k;
      }
      near(p.toArray(), w, 1e-5, `weights of step ${step}`);
      assert.is(sgd.averaged, k);
      if (step === 2) sgd.observe(1);
      if (step === 3) sgd.observe(0.5);
      if (step === 4) sgd.observe(1.5);
    }
    const weights = p.toArray();
    const putBack = sgd.average();
    near(p.toArray(), ax, 1e-5, 'averages');
    assert.not.equal(p.toArray(), weights);
    putBack();
    assert.equal(p.toArray(), weights);
    p.dispose();
  });

test('averaging begins where a loss is above the smallest before the last n, and goes on', () => {
  const begins = (losses: number[], nonmonotone: number): number => {
    const p = new Parameter([1]);
    using sgd = new optim.AveragedSGD([p], { lr: 1, nonmonotone });
    const at = losses.findIndex(loss => {
      sgd.step();
      sgd.observe(loss);
      const before = sgd.steps;
      sgd.step();
      return sgd.averaged > 0 && sgd.averaged === sgd.steps - before;
    });
    p.dispose();
    return at;
  };
  assert.is(begins([5, 4, 3, 2, 1], 2), -1);
  assert.is(begins([5, 4, 6, 7, 4.5, 3], 2), 3); // 7 > min(5, 4 without the last 2: 5)
  assert.is(begins([5, 6, 7, 8, 9, 9, 9, 9], 5), 6);
  assert.is(begins([5, NaN, 4], 1), -1);
  assert.is(begins([5, 4, NaN], 1), 2);
});

test('what cannot be averaged is refused', () => {
  const sparse = new Parameter([3, 2], { sparse: true });
  throws(() => new optim.AveragedSGD([sparse], { lr: 1 }), RangeError, /row-sparse; make it dense/);
  const p = new Parameter([2]);
  throws(() => new optim.AveragedSGD([p], { lr: 1, nonmonotone: 0 }), RangeError, /nonmonotone/);
  throws(() => new optim.AveragedSGD([{ parameters: [p], nonmonotone: 3 }], { lr: 1 }), RangeError, /a group's nonmonotone is 3, the optimizer's 5/); // biome-ignore format: one line
  using sgd = new optim.AveragedSGD([p], { lr: 1 });
  const { tensors, ...state } = sgd.stateDict();
  throws(() => sgd.loadStateDict({ ...state, tensors: { 'optimizer.ax.0': new Float32Array(2) } }), Error, /"optimizer.history" is missing/); // biome-ignore format: one line
  const later = { ...tensors, 'optimizer.history': Float32Array.of(0, 3) };
  throws(() => sgd.loadStateDict({ ...state, tensors: later }), Error, /begins with 0, 3/);
  for (const each of [sparse, p]) each.dispose();
});

const written = corpus(900);
const vocab = text.Vocab.fromText(written, { level: 'char' });
const ids = vocab.encode(written);
const data = text.columns(ids, { batchSize: 3 });

function make(): { model: lm.RecurrentLM; trainer: train.Trainer<text.SequenceBatch> } {
  const model = new lm.RecurrentLM({
    vocab,
    cell: lm.awd({ weightDrop: 0.3, hiddenDropout: 0.2, embeddingDropout: 0.1, ar: 1, tar: 1 }),
    hiddenSize: 8,
    layers: 2,
    tie: true,
  });
  const trainer = new train.Trainer(model, {
    optimizer: new optim.AveragedSGD(model.parameters(), { lr: 2, nonmonotone: 1 }),
    clipNorm: 0.25,
    bptt: 9,
    randomLength: true,
    steps: 24,
    validEvery: 4,
  });
  return { model, trainer };
}

/** Losses that begin the averages after step 12. */
const LOSSES = [5, 4, 6, 3, 3.5, 2];
const validate =
  (model: lm.RecurrentLM, seen: Float32Array[]) => async (): Promise<{ loss: number }> => {
    seen.push(model.parameters()[1]!.toArray());
    return { loss: LOSSES[seen.length - 1]! };
  };

const straight = await (async () => {
  const { model, trainer } = make();
  const seen: Float32Array[] = [];
  const own: Float32Array[] = [];
  for await (const report of trainer.run(data, { validate: validate(model, seen) }))
    if (report.type === 'valid') own.push(model.parameters()[1]!.toArray());
  const bytes = trainer.save();
  trainer.loadBest();
  const best = model.parameters()[1]!.toArray();
  trainer.dispose();
  model.dispose();
  return { bytes, seen, own, best };
})();

test('validations measure the averages once there are some, and the best weights are those', () => {
  const { seen, own, best } = straight;
  assert.equal(seen.slice(0, 3), own.slice(0, 3));
  for (const i of [3, 4, 5]) assert.not.equal(seen[i], own[i]);
  assert.equal(best, seen[5]);
});

for (const cut of [3, 4, 8, 11, 12, 13, 16, 19, 23])
  test(`a run cut after step ${cut} goes on to the same bytes`, async () => {
    const first = make();
    const seen: Float32Array[] = [];
    for await (const _ of first.trainer.run(data, {
      steps: cut,
      validate: validate(first.model, seen),
    }))
      void _;
    const bytes = first.trainer.save();
    first.trainer.dispose();
    first.model.dispose();
    const second = make();
    second.trainer.restore(bytes);
    for await (const _ of second.trainer.run(data, { validate: validate(second.model, seen) }))
      void _;
    assert.equal(second.trainer.save(), straight.bytes);
    second.trainer.dispose();
    second.model.dispose();
  });

test('a run is refused that would go on with another trigger', () => {
  const { trainer, model } = make();
  using other = new train.Trainer(model, {
    optimizer: new optim.AveragedSGD(model.parameters(), { lr: 2, nonmonotone: 2 }),
    clipNorm: 0.25,
    bptt: 9,
    randomLength: true,
    steps: 24,
  });
  throws(() => other.restore(straight.bytes), RangeError, /optimizer was .*nonmonotone/);
  assert.ok(io.readModel(straight.bytes).state.has('@optimizer.history'));
  trainer.dispose();
  model.dispose();
});

run();
