import * as assert from 'uvu/assert';
import { init, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/slices');

await init({ deterministic: true });

const SLICES = 100;
const STEPS = 3;

const letters = new TestRandom(4);
const corpus = Array.from(
  { length: 2500 },
  (_, i) => 'time flies like an arrow '[i % 25 < 20 ? i % 25 : letters.int(25)]!,
).join('');
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const ids = vocab.encode(corpus);

interface Case {
  name: string;
  optimizer: (model: lm.RecurrentLM) => train.TrainerOptions['optimizer'];
  options: Partial<train.TrainerOptions>;
  data: train.TrainData<text.SequenceBatch>;
}

const cases: Case[] = [
  {
    name: 'Adam, a cosine, dropout, windows of random length',
    optimizer: model => new optim.Adam(model.namedParameters(), { lr: 0.01 }),
    options: { schedule: optim.cosine({ min: 1e-4 }), clipNorm: 1, bptt: 8, randomLength: true },
    data: text.columns(ids, { batchSize: 4 }),
  },
  {
    name: 'SGD with momentum, a warm-up, shuffled sequences',
    optimizer: model => new optim.SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 }),
    options: { schedule: optim.warmup(20, optim.constant()), clipNorm: 1 },
    data: text.sequences(
      Array.from({ length: 60 }, (_, i) => ids.subarray(i * 40, i * 40 + 10 + (i % 17))),
      { batchSize: 4 },
    ),
  },
];

for (const { name, optimizer, options, data } of cases) {
  const make = (model: lm.RecurrentLM) =>
    new train.Trainer(model, {
      optimizer: optimizer(model),
      steps: SLICES * STEPS,
      seed: 6,
      ...options,
    });
  const begin = () =>
    make(
      new lm.RecurrentLM({
        vocab,
        embeddingSize: 5,
        hiddenSize: 9,
        layers: 2,
        dropout: 0.2,
        seed: 8,
      }),
    );
  const load = (bytes: Uint8Array) =>
    train.Trainer.load(bytes, file => make(lm.RecurrentLM.from(file)));
  const advance = async (
    trainer: ReturnType<typeof begin>,
    steps?: number,
  ): Promise<Uint8Array> => {
    for await (const report of trainer.run(data, { steps }))
      if (report.type === 'end')
        assert.is(report.reason, trainer.step === SLICES * STEPS ? 'finished' : 'budget');
    const bytes = trainer.save();
    trainer.dispose();
    trainer.model.dispose();
    return bytes;
  };

  test(`a hundred slices end in the bytes of one run: ${name}`, async () => {
    const before = runtimeInfo().memory.persistent;
    const whole = await advance(begin());
    let bytes = await advance(begin(), STEPS);
    const held = runtimeInfo().memory;
    for (let slice = 1; slice < SLICES; slice++) bytes = await advance(load(bytes), STEPS);
    assert.is(Buffer.compare(bytes, whole), 0, 'the bytes differ');
    assert.is(runtimeInfo().memory.persistent, before, 'persistent memory is left');
    assert.is(runtimeInfo().memory.total, held.total, 'the memory grew');
  });
}

test('a deadline ends a slice, and the next one goes on', async () => {
  const { optimizer, options, data } = cases[0]!;
  const model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
  const trainer = new train.Trainer(model, { optimizer: optimizer(model), steps: 5, ...options });
  for await (const report of trainer.run(data, { maxSeconds: 1e-9 }))
    assert.equal(report.type === 'end' && report.reason, 'budget');
  assert.ok(trainer.step < 5);
  for await (const report of trainer.run(data))
    if (report.type === 'end') assert.is(report.reason, 'finished');
  assert.is(trainer.step, 5);
});

test('a checkpoint that does not fit leaves nothing behind', async () => {
  const { optimizer, options } = cases[0]!;
  const make = (model: lm.RecurrentLM, more = {}) =>
    new train.Trainer(model, { optimizer: optimizer(model), ...options, ...more });
  const trainer = make(new lm.RecurrentLM({ vocab, hiddenSize: 8 }));
  const bytes = trainer.save();
  const before = runtimeInfo().memory.persistent;
  assert.throws(
    () => train.Trainer.load(bytes, file => make(lm.RecurrentLM.from(file), { bptt: 9 })),
    /bptt was 8, and is 9 now/,
  );
  assert.throws(
    () => train.Trainer.load(trainer.model.save(), file => make(lm.RecurrentLM.from(file))),
    /this is a model file, not a checkpoint/,
  );
  assert.throws(
    () => train.Trainer.load(bytes.subarray(0, 100), file => make(lm.RecurrentLM.from(file))),
    RangeError,
  );
  assert.is(runtimeInfo().memory.persistent, before);
});

run();
