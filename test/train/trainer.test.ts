import * as assert from 'uvu/assert';
import { init, io, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/trainer');

await init({ deterministic: true });

/** Text with something to learn: words of a small vocabulary in a noisy order. */
function makeText(length: number): string {
  const random = new TestRandom(3);
  const words = ['time ', 'flies ', 'like ', 'an ', 'arrow ', 'fruit ', 'a ', 'banana.\n'];
  let out = '';
  for (
    let word = 0;
    out.length < length;
    word = random.next() < 0.7 ? (word + 1) % words.length : random.int(words.length)
  )
    out += words[word];
  return out.slice(0, length);
}

const corpus = makeText(3000);
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const ids = vocab.encode(corpus);
const [trainIds, validIds] = text.split(ids, 0.9);

interface Setup {
  cell?: 'rnn' | 'lstm' | 'gru';
  trainer?: Partial<train.TrainerOptions>;
}

function setUp({ cell = 'lstm', trainer = {} }: Setup = {}): {
  model: lm.RecurrentLM;
  trainer: train.Trainer<text.SequenceBatch>;
  dispose: () => void;
} {
  const model = new lm.RecurrentLM({
    vocab,
    cell,
    embeddingSize: 7,
    hiddenSize: 10,
    layers: 2,
    dropout: 0.2,
    seed: 5,
  });
  const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.01 });
  const made = new train.Trainer(model, {
    optimizer,
    schedule: optim.cosine({ min: 1e-4 }),
    clipNorm: 1,
    bptt: 16,
    steps: 40,
    seed: 9,
    reportEvery: 7,
    validEvery: 13,
    ...trainer,
  });
  return { model, trainer: made, dispose: () => (made.dispose(), model.dispose()) };
}

const data = text.columns(trainIds, { batchSize: 8 });

async function drain(
  trainer: train.Trainer<text.SequenceBatch>,
  model: lm.RecurrentLM,
  options: train.RunOptions = {},
): Promise<train.Report[]> {
  const reports: train.Report[] = [];
  for await (const report of trainer.run(data, {
    validate: () => model.evaluate(validIds),
    ...options,
  }))
    reports.push(report);
  return reports;
}

test('a language model learns, and reports what it does', async () => {
  const { model, trainer, dispose } = setUp({ trainer: { steps: 600, validEvery: 200 } });
  const reports = await drain(trainer, model);
  const steps = reports.filter(report => report.type === 'step');
  const valid = reports.filter(report => report.type === 'valid');
  assert.is(steps.length, Math.ceil(600 / 7));
  assert.equal(
    valid.map(report => report.step),
    [200, 400, 600],
  );
  assert.ok(steps[0]!.loss > 2.2, `first loss ${steps[0]!.loss}`);
  assert.ok(valid[2]!.metrics['loss']! < 1.3, `last validation ${valid[2]!.metrics['loss']}`);
  assert.is(valid[0]!.metrics['tokens'], validIds.length - 1);
  assert.is(valid[0]!.metrics['perplexity'], Math.exp(valid[0]!.metrics['loss']!));
  const end = reports.at(-1)!;
  assert.ok(
    end.type === 'end' &&
      end.reason === 'finished' &&
      end.step === 600 &&
      end.best === Math.min(...valid.map(report => report.metrics['loss']!)),
  );
  assert.ok(steps.every(report => report.gradNorm > 0 && report.lr > 0 && report.lr <= 0.01));
  dispose();
});

test('the same seed gives the same bytes', async () => {
  const first = setUp();
  await drain(first.trainer, first.model);
  const second = setUp();
  await drain(second.trainer, second.model);
  assert.equal(first.trainer.save(), second.trainer.save());
  const third = setUp({ trainer: { seed: 10 } });
  await drain(third.trainer, third.model);
  assert.not.equal(first.model.save(), third.model.save());
  for (const { dispose } of [first, second, third]) dispose();
});

for (const [name, options, batches] of [
  ['columns, dropout, cosine', {}, data],
  ['BPTT(h; h′)', { horizon: 24, bptt: 8 }, data],
  ['windows of random length', { randomLength: true }, data],
  [
    'reduce on plateau, early stopping',
    { schedule: optim.reduceOnPlateau({ patience: 0 }), patience: 3, validEvery: 5 },
    data,
  ],
  [
    'shuffled sequences',
    {},
    text.sequences(
      corpus
        .split('\n')
        .filter(line => line.length > 1)
        .map(line => vocab.encode(line)),
      { batchSize: 4, bucket: 2 },
    ),
  ],
] as const) {
  test(`resuming at any step ends in the same bytes: ${name}`, async () => {
    const fresh = (): ReturnType<typeof setUp> => {
      const schedule = name.startsWith('reduce')
        ? { schedule: optim.reduceOnPlateau({ patience: 0 }) }
        : {};
      return setUp({ trainer: { ...options, ...schedule } });
    };
    const go = async (job: ReturnType<typeof setUp>, steps?: number): Promise<train.Report[]> => {
      const reports: train.Report[] = [];
      for await (const report of job.trainer.run(batches, {
        validate: () => job.model.evaluate(validIds),
        steps,
      }))
        reports.push(report);
      return reports;
    };
    const whole = fresh();
    const end = (await go(whole)).at(-1)!;
    const expected = whole.trainer.save();
    whole.dispose();
    for (const cut of [1, 12, 13, 14, 26, 39]) {
      const before = fresh();
      await go(before, cut);
      const bytes = before.trainer.save();
      before.dispose();
      const after = fresh();
      after.trainer.restore(bytes);
      const resumed = (await go(after)).at(-1)!;
      assert.ok(end.type === 'end' && resumed.type === 'end');
      assert.is(resumed.reason, end.reason);
      assert.equal(after.trainer.save(), expected, `cut at ${cut}`);
      after.dispose();
    }
  });
}

test('an abort ends the run after the present step, with a checkpoint', async () => {
  const { model, trainer, dispose } = setUp();
  const controller = new AbortController();
  const reports: train.Report[] = [];
  let saved = 0;
  for await (const report of trainer.run(data, {
    signal: controller.signal,
    checkpoint: () => void saved++,
    validate: () => model.evaluate(validIds),
  })) {
    reports.push(report);
    if (report.type === 'step' && report.step === 7) controller.abort();
  }
  const end = reports.at(-1)!;
  assert.ok(end.type === 'end' && end.reason === 'aborted' && end.step === 7);
  assert.is(saved, 1);
  dispose();
});

test('a budget of steps ends the run with reason budget', async () => {
  const { model, trainer, dispose } = setUp();
  const end = (await drain(trainer, model, { steps: 5 })).at(-1)!;
  assert.ok(end.type === 'end' && end.reason === 'budget' && end.step === 5);
  dispose();
});

test('early stopping keeps the best weights', async () => {
  const { model, trainer, dispose } = setUp({
    trainer: { patience: 2, validEvery: 2, steps: 500 },
  });
  let calls = 0;
  let best: Uint8Array | null = null;
  const losses = [3, 2, 2.5, 2.1];
  const reports: train.Report[] = [];
  for await (const report of trainer.run(data, {
    validate: async () => {
      if (losses[calls] === 2) best = model.save();
      return { loss: losses[calls++]!, tokens: 1 };
    },
  }))
    reports.push(report);
  const end = reports.at(-1)!;
  assert.ok(
    end.type === 'end' && end.reason === 'early' && end.best === 2 && end.metrics?.['loss'] === 2.1,
  );
  assert.not.equal(model.save(), best);
  trainer.loadBest();
  assert.equal(model.save(), best);
  dispose();
});

test('a gradient that is not finite stops training and names step and parameter', async () => {
  const { model, trainer, dispose } = setUp({ trainer: { reportEvery: 1 } });
  let saved: Uint8Array | null = null;
  let before: Uint8Array = new Uint8Array(0);
  let message = '';
  try {
    for await (const report of trainer.run(data, {
      checkpoint: bytes => void (saved = bytes),
      checkpointEvery: 2,
    })) {
      if (report.type !== 'step' || report.step !== 3) continue;
      const bias = model.namedParameters().get('head.bias')!;
      bias.set(bias.toArray().fill(NaN, 2, 3));
      before = model.save();
    }
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /step 4: loss NaN, the value of "head.bias" is NaN at element 2/);
  assert.equal(model.save(), before, 'the weights are those before the step');
  const again = setUp();
  again.trainer.restore(saved!);
  assert.is(again.trainer.step, 2, 'the last good checkpoint is there');
  again.dispose();
  dispose();
});

test('a checkpoint of another model, data or recipe is refused, and changes nothing', async () => {
  const first = setUp();
  await drain(first.trainer, first.model, { steps: 5 });
  const bytes = first.trainer.save();
  const other = setUp({ cell: 'gru' });
  const before = other.trainer.save();
  assert.throws(
    () => other.trainer.restore(bytes),
    /resume: the checkpoint's config is .*"cell":"lstm"/,
  );
  assert.throws(() => other.trainer.restore(first.model.save()), /model file, not a checkpoint/);
  assert.equal(other.trainer.save(), before);
  const shorter = setUp({ trainer: { bptt: 8 } });
  assert.throws(() => shorter.trainer.restore(bytes), /bptt was 16, and is 8 now/);
  const elsewhere = setUp();
  elsewhere.trainer.restore(bytes);
  let message = '';
  try {
    for await (const report of elsewhere.trainer.run(
      text.columns(trainIds.subarray(1), { batchSize: 8 }),
    ))
      void report;
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /not the data that training began with/);
  for (const cut of [0, 7, 8, 200, bytes.length - 4000, bytes.length - 1])
    assert.throws(() => elsewhere.trainer.restore(bytes.subarray(0, cut)), /^readSafetensors: /);
  for (const job of [first, other, shorter, elsewhere]) job.dispose();
});

test('a model file gives the same model back', async () => {
  const { model, trainer, dispose } = setUp();
  await drain(trainer, model, { steps: 3 });
  const copy = lm.RecurrentLM.load(model.save());
  assert.equal(copy.save(), model.save());
  const file = io.readModel(trainer.save());
  assert.is(file.kind, 'lm.recurrent');
  const fromCheckpoint = lm.RecurrentLM.load(trainer.save());
  assert.equal(fromCheckpoint.save(), model.save());
  copy.dispose();
  fromCheckpoint.dispose();
  dispose();
});

test("a checkpoint calls the optimizer's state by the model's names", () => {
  const model = new lm.RecurrentLM({ vocab, hiddenSize: 4 });
  const byPosition = new train.Trainer(model, { optimizer: new optim.Adam(model.parameters()) });
  const byName = new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters()) });
  assert.equal(byPosition.save(), byName.save());
  assert.ok(io.readModel(byPosition.save()).state.has('@optimizer.exp_avg.rnn.weight_hh_l0'));
  byPosition.restore(byName.save());
  for (const job of [byPosition, byName, model]) job.dispose();
});

test('memory stops growing after the first steps, and what is disposed is used again', async () => {
  const { trainer, dispose } = setUp({ trainer: { steps: 10_000, reportEvery: 1000, bptt: 4 } });
  const tiny = text.columns(trainIds.subarray(0, 400), { batchSize: 2 });
  const totals: number[] = [];
  for await (const report of trainer.run(tiny))
    if (report.type === 'step') totals.push(runtimeInfo().memory.total);
  assert.is(new Set(totals).size, 1, `bytes of memory after each thousand steps: ${totals}`);
  dispose();
  const { persistent } = runtimeInfo().memory;
  for (let i = 0; i < 50; i++) setUp().dispose();
  assert.is(runtimeInfo().memory.persistent, persistent);
  assert.is(runtimeInfo().memory.total, totals[0]);
});

run();
