/** One loop, several clients: plain batches, kernels without a tape, metrics with a direction. */
import * as assert from 'uvu/assert';
import {
  init,
  io,
  nn,
  ops,
  optim,
  Random,
  scope,
  type Tensor,
  tensor,
  train,
} from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/loop');

await init({ deterministic: true });

/** Two classes of points, apart by the sign of x₀ + x₁. */
const POINTS = 60;
const random = new Random(7);
const points = Float32Array.from({ length: 2 * POINTS }, () => random.uniform(-1, 1));
const classOf = (i: number): number => Number(points[2 * i]! + points[2 * i + 1]! > 0);

const data = train.batches({ length: POINTS, batchSize: 8, fingerprint: 'points' }, rows => ({
  rows: rows.slice(),
  tokens: rows.length,
}));
type Points = ReturnType<typeof data.batches> extends train.Batches<infer B> ? B : never;

class Classifier extends nn.Module implements train.Trainable<Points> {
  readonly hidden = new nn.Linear(2, 8, { random: new Random(1) });
  readonly head = new nn.Linear(8, 2, { random: new Random(2) });

  logits(rows: Int32Array): Tensor {
    const values = Array.from(rows, i => [points[2 * i]!, points[2 * i + 1]!]).flat();
    const x = tensor(values, { shape: [rows.length, 2] });
    return this.head.forward(ops.tanh(this.hidden.forward(x)));
  }

  loss({ rows }: Points): train.LossResult {
    return { loss: ops.crossEntropy(this.logits(rows), Int32Array.from(rows, classOf)) };
  }
}

const all = Int32Array.from({ length: POINTS }, (_, i) => i);

function classifier(options: Partial<train.BatchTrainerOptions> = {}) {
  const model = new Classifier();
  const trainer = new train.BatchTrainer<Points>(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 0.03 }),
    epochs: 12,
    seed: 3,
    ...options,
  });
  return { model, trainer, dispose: () => (trainer.dispose(), model.dispose()) };
}

async function drain<B, D extends { fingerprint: string }>(
  loop: train.Loop<B, D>,
  from: D,
  options: train.RunOptions = {},
): Promise<train.Report[]> {
  const reports: train.Report[] = [];
  for await (const report of loop.run(from, options)) reports.push(report);
  return reports;
}

test('a classifier of plain batches learns, without time steps or carried state', async () => {
  const { model, trainer, dispose } = classifier();
  const end = (await drain(trainer, data)).at(-1)!;
  assert.ok(end.type === 'end' && end.reason === 'finished' && end.step === 12 * 8);
  let right = 0;
  scope(() => {
    const logits = model.logits(all).toArray();
    for (const i of all)
      right += Number(Number(logits[2 * i + 1]! > logits[2 * i]!) === classOf(i));
  });
  assert.ok(right > 55, `${right} of ${POINTS}`);
  dispose();
});

test('each epoch has every example once, in an order of its own', () => {
  const order = (seed: number): number[] => {
    const batches = data.batches(new Random(seed));
    const rows: number[] = [];
    for (let next = batches.next(); !next.done; next = batches.next())
      rows.push(...next.value.rows);
    return rows;
  };
  assert.equal(order(1), order(1));
  assert.not.equal(order(1), order(2));
  assert.equal(
    order(1).sort((a, b) => a - b),
    [...all],
  );
  assert.throws(
    () => train.batches({ length: 0, batchSize: 1, fingerprint: '' }, rows => rows),
    /length is 0/,
  );
});

test('plain batches resume exactly: interrupted anywhere, the same bytes', async () => {
  const whole = classifier();
  await drain(whole.trainer, data);
  const expected = whole.trainer.save();
  whole.dispose();
  for (const steps of [1, 8, 13]) {
    const first = classifier();
    await drain(first.trainer, data, { steps });
    const bytes = first.trainer.save();
    first.dispose();
    const second = classifier();
    second.trainer.restore(bytes);
    await drain(second.trainer, data);
    assert.equal(second.trainer.save(), expected, `after ${steps} steps`);
    second.dispose();
  }
});

test('the best is by the metric that is named, in its direction', async () => {
  const accuracies = [0.5, 0.9, 0.7, NaN, 0.8];
  const { model, trainer, dispose } = classifier({
    validEvery: 2,
    patience: 3,
    metric: { name: 'accuracy', better: 'higher' },
  });
  const weights: Float32Array[] = [];
  const reports = await drain(trainer, data, {
    validate: async () => {
      weights.push(model.head.weight.toArray());
      return { accuracy: accuracies[weights.length - 1]!, loss: weights.length, note: 'no number' };
    },
  });
  const valid = reports.filter(r => r.type === 'valid');
  assert.equal(
    valid.map(r => r.best),
    [true, true, false, false, false],
  );
  assert.equal(valid[1]!.metrics, { accuracy: 0.9, loss: 2 });
  const end = reports.at(-1)!;
  assert.ok(end.type === 'end' && end.reason === 'early' && end.best === 0.9);
  assert.is(trainer.bestMetric, 0.9);
  trainer.loadBest();
  assert.equal(model.head.weight.toArray(), weights[1]);
  dispose();
});

test('a metric that validate does not give, or another one than the run began with, is refused', async () => {
  const a = classifier({ validEvery: 1, metric: { name: 'f1', better: 'higher' } });
  await drain(a.trainer, data, { steps: 1, validate: async () => ({ loss: 1 }) }).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'Trainer.run: validate gave loss, expected "f1"'),
  );
  const bytes = a.trainer.save();
  const b = classifier();
  assert.throws(() => b.trainer.restore(bytes), /^resume: metric was .*"f1"/);
  assert.throws(
    () => b.trainer.restore(bytes, { accept: ['metrics'] }),
    /^resume: accept: "metrics" is none of .*metric/,
  );
  b.trainer.restore(bytes, { accept: ['metric'] });
  assert.is(b.trainer.bestMetric, null);
  assert.throws(
    () => classifier({ metric: { name: 'f1', better: 'up' as 'lower' } }),
    /metric\.better is "up", expected "lower" or "higher"/,
  );
  a.dispose();
  b.dispose();
});

/** Fits y = w·x by plain arithmetic: a client that has no tape, no optimizer and no Module. */
class Slope implements train.Learned {
  w = new Float32Array(1);
  stateDict() {
    return new Map([['w', { shape: [1], data: this.w.slice() }]]);
  }
  loadStateDict(state: ReadonlyMap<string, { data: Float32Array }>) {
    const entry = state.get('w');
    if (entry === undefined) throw new RangeError('missing "w"');
    this.w.set(entry.data);
  }
  dispose() {}
}

class SlopeTrainer extends train.Loop<Points, train.BatchData<Points>, Slope> {
  private momentum = 0;
  protected open(from: train.BatchData<Points>, seeded: Random) {
    return from.batches(seeded);
  }
  protected trainStep({ rows }: Points): train.StepResult {
    const { w } = this.model;
    let gradient = 0;
    let loss = 0;
    for (const i of rows) {
      const error = w[0]! * points[2 * i]! - 3 * points[2 * i]!;
      gradient += (2 * error * points[2 * i]!) / rows.length;
      loss += (error * error) / rows.length;
    }
    this.momentum = 0.5 * this.momentum + gradient;
    w[0]! -= 0.1 * this.momentum + 1e-3 * (this.random.float() - 0.5);
    return { loss, tokens: rows.length, lr: 0.1, gradNorm: Math.abs(gradient) };
  }
  protected nonfinite() {
    const value = this.model.w[0]!;
    return Number.isFinite(value) ? undefined : { name: 'w', index: 0, value };
  }
  protected ownState(): train.OwnState {
    return { values: { momentum: this.momentum }, tensors: new Map() };
  }
  protected adopt({ values }: train.OwnState) {
    this.momentum = values['momentum'] as number;
  }
  protected recipe() {
    return { rate: 0.1 };
  }
  dispose() {}
}

test('a client without a tape has the same loop: it learns, and resumes in the same bytes', async () => {
  const make = () => new SlopeTrainer(new Slope(), { epochs: 10, seed: 5, reportEvery: 4 });
  const whole = make();
  const saves: Uint8Array[] = [];
  const validate = async () => ({ loss: Math.abs(whole.model.w[0]! - 3) });
  const reports = await drain(whole, data, {
    validate,
    checkpointEvery: 7,
    checkpoint: bytes => void saves.push(bytes),
  });
  assert.ok(Math.abs(whole.model.w[0]! - 3) < 0.01, `${whole.model.w[0]}`);
  assert.is(reports.filter(r => r.type === 'valid').length, 10);
  for (const bytes of [saves[0]!, saves[3]!, saves.at(-2)!]) {
    const loop = make();
    loop.restore(bytes);
    await drain(loop, data, { validate: async () => ({ loss: Math.abs(loop.model.w[0]! - 3) }) });
    assert.equal(loop.save(), whole.save());
  }
  assert.is(io.readModel(whole.save()).state.get('w')!.data[0], whole.model.w[0]);
  whole.model.w[0] = NaN;
  const broken = make();
  broken.model.w[0] = Infinity;
  const said = await drain(broken, data, { steps: 1 }).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(said, /^train: step 1: "w" is (NaN|-?Infinity) at element 0/);
});

run();
