/** What trainings met in practice: frozen layers, empty windows, broken weights, changed plans. */
import * as assert from 'uvu/assert';
import { init, io, lm, nn, ops, optim, Parameter, Random, text, train } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/faults');

await init({ deterministic: true });

const TEXT = 'the river is slow where the valley is wide; it carries the snow to the sea.\n'.repeat(
  9,
);
const vocab = text.Vocab.fromText(TEXT, { level: 'char' });
const ids = vocab.encode(TEXT);
const data = text.columns(ids, { batchSize: 4 });

function setUp(options: Partial<train.TrainerOptions> = {}, config: object = {}) {
  const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6, ...config });
  const optimizer = options.optimizer ?? new optim.Adam(model.namedParameters(), { lr: 0.01 });
  const trainer = new train.Trainer(model, { bptt: 16, steps: 12, ...options, optimizer });
  return { model, trainer, dispose: () => (trainer.dispose(), model.dispose()) };
}

async function drain(
  trainer: train.Trainer<text.SequenceBatch>,
  run: train.RunOptions = {},
  from: train.TrainData<text.SequenceBatch> = data,
): Promise<train.Report[]> {
  const reports: train.Report[] = [];
  for await (const report of trainer.run(from, run)) reports.push(report);
  return reports;
}

const message = (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  );

test('checkpoints come every so many steps in all epochs, also without validation', async () => {
  const { trainer, dispose } = setUp({ steps: 40 });
  const at: number[] = [];
  await drain(trainer, { checkpointEvery: 3, checkpoint: () => void at.push(trainer.step) });
  assert.equal(at, [...Array.from({ length: 13 }, (_, i) => 3 * (i + 1)), 40]);
  dispose();
});

test('checkpoints by the clock come when they are due, and at the end, whatever validations there are', async () => {
  const validate = async () => ({ loss: 1, tokens: 1 });
  for (const [seconds, expected] of [
    [1e-9, 12],
    [1e6, 1],
  ] as const) {
    const { trainer, dispose } = setUp({ steps: 12, validEvery: 3 });
    const at = new Set<number>();
    let saves = 0;
    await drain(trainer, {
      validate,
      checkpointEvery: { seconds },
      checkpoint: () => void (at.add(trainer.step), saves++),
    });
    // where saving takes more than a fiftieth of the time there are fewer
    assert.ok(seconds > 1 ? saves === 1 : at.size >= 2 && at.size <= expected, `${saves} saves`);
    assert.ok(at.has(12), 'the last one is of the end');
    dispose();
  }
  const { trainer, dispose } = setUp();
  assert.match(
    await message(() => drain(trainer, { checkpointEvery: { seconds: 0 } })),
    /^Trainer\.run: checkpointEvery\.seconds is 0, expected a number > 0$/,
  );
  dispose();
});

test('the norm is of what is trained: layers that the optimizer was not given do not pile up', async () => {
  const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6 });
  const head = new optim.SGD(model.head.namedParameters(), { lr: 1e-6 });
  const trainer = new train.Trainer(model, {
    optimizer: head,
    bptt: 16,
    steps: 30,
    reportEvery: 1,
  });
  const norms = (await drain(trainer)).flatMap(r => (r.type === 'step' ? [r.gradNorm] : []));
  assert.ok(Math.max(...norms) < 2 * norms[0]!, `from ${norms[0]} to ${Math.max(...norms)}`);
  const frozen = model.embedding.weight.grad!;
  assert.ok(
    frozen.some(d => d !== 0),
    'the last step’s gradient alone',
  );
  trainer.dispose();
  model.dispose();
});

test('a window without targets is passed over: nothing is updated, the state goes on', async () => {
  const { trainer, dispose } = setUp({ steps: 3, bptt: 4, reportEvery: 1 });
  const made = [
    ...iterate(data.windows({ bptt: 4, horizon: 4, randomLength: false, random: new Random(1) })),
  ];
  const windows = made.slice(0, 3);
  windows[1] = { ...windows[1]!, targets: windows[1]!.targets.map(() => -100), tokens: 0 };
  const seen: Float32Array[] = [];
  const reports = await drain(
    trainer,
    {
      checkpointEvery: 1,
      checkpoint: bytes => void seen.push(io.readModel(bytes).state.get('@carry.0')!.data),
    },
    listed(windows),
  );
  assert.equal(
    reports.map(r => [r.type, 'step' in r && r.step]),
    [
      ['step', 1],
      ['step', 3],
      ['end', 3],
    ],
  );
  assert.not.equal(seen[1], seen[0], 'the state is that of the window without targets');
  assert.ok(seen[1]!.every(Number.isFinite));
  dispose();
});

function* iterate<B>(windows: train.Batches<B>): Generator<B> {
  for (let next = windows.next(); !next.done; next = windows.next()) yield next.value;
}

/** Data of these batches alone. */
function listed<B>(batches: readonly B[], fingerprint = 'listed'): train.TrainData<B> {
  return {
    fingerprint,
    windows: () => ({
      length: batches.length,
      position: 0,
      next() {
        const value = batches[this.position++];
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
    }),
  };
}

test('weights that are not finite are neither measured, nor called the best, nor saved', async () => {
  const { model, trainer, dispose } = setUp(
    { steps: 1, schedule: optim.constant() },
    { cell: 'rnn' },
  );
  trainer.optimizer.dispose();
  const wild = new optim.RMSprop(model.namedParameters(), { lr: 1e38 });
  const broken = new train.Trainer(model, { optimizer: wild, bptt: 16, steps: 1 });
  let measured = 0;
  let saved = 0;
  const said = await message(() =>
    drain(broken, {
      validate: async () => ({ loss: ++measured, tokens: 1 }),
      checkpoint: () => void saved++,
    }),
  );
  assert.match(
    said,
    /^train: step 1: "[\w.]+" is (NaN|-?Infinity) at element \d+; nothing is written/,
  );
  assert.equal([measured, saved, broken.bestMetric], [0, 0, null]);
  assert.match(await message(() => drain(broken)), /^train: step 1: /, 'and not by another run');
  wild.dispose();
  dispose();
});

test('a validation that is NaN is never the best, and counts as one without improvement', async () => {
  const { trainer, dispose } = setUp({ steps: 40, validEvery: 2, patience: 3 });
  const losses = [NaN, 2, NaN, NaN, NaN];
  const reports = await drain(trainer, {
    validate: async () => ({ loss: losses.shift()!, tokens: 1 }),
  });
  assert.is(trainer.bestMetric, 2);
  const end = reports.at(-1)!;
  assert.ok(end.type === 'end' && end.reason === 'early' && end.step === 10, JSON.stringify(end));
  dispose();
});

test('weights that are not finite are not sampled from; tiny temperatures take the most probable', async () => {
  const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6 });
  const write = async (options: lm.SampleOptions): Promise<string> => {
    let all = '';
    for await (const piece of model.sample({ prompt: 'the ', length: 20, ...options }))
      all += piece;
    return all;
  };
  assert.is(await write({ temperature: 1e-38 }), await write({ temperature: 0 }));
  assert.is(await write({ temperature: 1e-6 }), await write({ temperature: 0 }));
  for (const value of [NaN, Infinity]) {
    model.head.parameters()[1]!.set(new Float32Array(vocab.size).fill(value, 2, 3));
    for (const temperature of [0, 1])
      assert.match(
        await message(() => write({ temperature })),
        /^sample: the model gives logits that are not finite; its weights are broken/,
      );
  }
  model.dispose();
});

test('a second trainer on the same optimizer starts at the rate it was made with', async () => {
  const { model, trainer } = setUp({ schedule: optim.cosine(), steps: 10, reportEvery: 1 });
  const rates = (reports: train.Report[]) =>
    reports.flatMap(r => (r.type === 'step' ? [r.lr] : []));
  const first = rates(await drain(trainer));
  assert.is(trainer.optimizer.lr, 0.01);
  const second = new train.Trainer(model, {
    optimizer: trainer.optimizer,
    schedule: optim.cosine(),
    bptt: 16,
    steps: 10,
    reportEvery: 1,
  });
  assert.equal(rates(await drain(second)), first);
  trainer.dispose();
  model.dispose();
});

test('a trained model goes on with other data in a new trainer', async () => {
  const { model, trainer } = setUp();
  await drain(trainer);
  const other = text.columns(vocab.encode(TEXT.slice(100)), { batchSize: 2 });
  assert.match(
    await message(() => drain(trainer, {}, other)),
    /this is not the data that training began with; .*, or train the model on other data with a new Trainer/,
  );
  trainer.dispose();
  const tuned = new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 1e-3 }),
    bptt: 16,
    steps: 5,
  });
  const end = (await drain(tuned, {}, other)).at(-1)!;
  assert.ok(end.type === 'end' && end.step === 5);
  tuned.dispose();
  model.dispose();
});

test('data without batches is refused', async () => {
  const { trainer, dispose } = setUp();
  assert.match(
    await message(() => drain(trainer, {}, listed<text.SequenceBatch>([]))),
    /^Trainer\.run: the data has no batches/,
  );
  dispose();
});

test('windows of random length end with the last epoch, exactly', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const options = { steps: undefined, epochs: 3, randomLength: true, seed } as object;
    const { trainer, dispose } = setUp({ ...options, schedule: optim.oneCycle(), reportEvery: 1 });
    const reports = await drain(trainer);
    const last = reports.filter(r => r.type === 'step').at(-1)!;
    assert.is(last.epoch, 3);
    assert.is(last.tokens, 3 * 4 * (Math.floor(ids.length / 4) - 1));
    assert.ok(reports.every(r => r.type !== 'step' || (r.lr >= 0 && Number.isFinite(r.lr))));
    const end = reports.at(-1)!;
    assert.ok(end.type === 'end' && end.reason === 'finished');
    dispose();
  }
});

test('a batch of another height does not silently forget the state that is carried', async () => {
  const { trainer, dispose } = setUp();
  const plan = { bptt: 16, horizon: 16, randomLength: false, random: new Random(1) };
  const [a] = iterate(data.windows(plan));
  const [b] = iterate(text.columns(ids, { batchSize: 2 }).windows(plan));
  const mixed = listed([a!, { ...b!, first: false }]);
  assert.match(
    await message(() => drain(trainer, {}, mixed)),
    /^CarriedState\.prepare: a batch of 2 rows follows one of 4, whose state is carried on/,
  );
  dispose();
});

test('a resumed training has the optimizer, its options, the schedule and the build it began with', async () => {
  const make = (
    optimizer: (model: lm.RecurrentLM) => train.TrainerOptions['optimizer'],
    schedule = optim.cosine(),
  ) => {
    const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6 });
    const trainer = new train.Trainer(model, {
      optimizer: optimizer(model),
      schedule,
      bptt: 16,
      steps: 12,
    });
    return { model, trainer, dispose: () => (trainer.dispose(), model.dispose()) };
  };
  const adam = (model: lm.RecurrentLM) => new optim.Adam(model.namedParameters(), { lr: 1e-2 });
  const first = make(adam);
  await drain(first.trainer, { steps: 5 });
  const bytes = first.trainer.save();

  const others: [RegExp, string, ReturnType<typeof make>][] = [
    [
      /^resume: optimizer was .*"Adam".*, and is .*"AdamW"/,
      'optimizer',
      make(m => new optim.AdamW(m.namedParameters(), { lr: 1e-2 })),
    ],
    [
      /^resume: optimizer was .*"lr":0.01.*, and is .*"lr":0.5/,
      'optimizer',
      make(m => new optim.Adam(m.namedParameters(), { lr: 0.5 })),
    ],
    [
      /^resume: optimizer was .*"eps":1e-8.*, and is .*"eps":0.001/,
      'optimizer',
      make(m => new optim.Adam(m.namedParameters(), { lr: 1e-2, eps: 1e-3 })),
    ],
    [
      /^resume: schedule was \{"kind":"cosine".*, and is \{"kind":"constant"\} now; .*accept: \['schedule'\]/,
      'schedule',
      make(adam, optim.constant()),
    ],
    [
      /^resume: schedule was .*, and is \{"kind":"reduceOnPlateau"/,
      'schedule',
      make(adam, optim.reduceOnPlateau()),
    ],
  ];
  for (const [expected, word, { model, trainer, dispose }] of others) {
    const before = model.save();
    assert.throws(
      () => trainer.restore(bytes),
      (error: Error) => expected.test(error.message) || assert.unreachable(error.message),
    );
    assert.equal(model.save(), before, 'nothing changed');
    trainer.restore(bytes, { accept: [word] });
    assert.is(trainer.step, 5);
    await drain(trainer, { steps: 2 });
    dispose();
  }
  const same = make(adam);
  same.trainer.restore(bytes);
  await drain(same.trainer);
  await drain(first.trainer);
  assert.equal(same.trainer.save(), first.trainer.save());
  same.dispose();
  first.dispose();
});

test('a schedule is asked before anything changes, and put back where something else does not fit', async () => {
  const make = () => {
    const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6 });
    const schedule = optim.reduceOnPlateau({ patience: 0 });
    const trainer = new train.Trainer(model, {
      optimizer: new optim.SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 }),
      schedule,
      bptt: 16,
      steps: 20,
      validEvery: 2,
    });
    return { model, schedule, trainer, dispose: () => (trainer.dispose(), model.dispose()) };
  };
  const a = make();
  await drain(a.trainer, { steps: 9, validate: async () => ({ loss: 1, tokens: 1 }) });
  const bytes = a.trainer.save();
  const { tensors, metadata } = io.readSafetensors(bytes);
  const spoilt = (change: (trainer: { schedule: unknown }) => void, drop?: string): Uint8Array => {
    const state = JSON.parse(metadata.trainer!) as { own: { schedule: unknown } };
    change(state.own);
    const kept = [...tensors].filter(([name]) => name !== drop);
    return io.writeSafetensors({
      tensors: kept,
      metadata: { ...metadata, trainer: JSON.stringify(state) },
    });
  };
  for (const bad of [
    spoilt(state => (state.schedule = { best: 1 })),
    spoilt(() => {}, '@optimizer.momentum_buffer.head.bias'),
  ]) {
    const b = make();
    const before = [b.model.save(), JSON.stringify(b.schedule.state!())];
    assert.throws(() => b.trainer.restore(bad));
    assert.equal([b.model.save(), JSON.stringify(b.schedule.state!())], before);
    b.dispose();
  }
  a.dispose();
});

test('damaged metadata is one sentence, whichever field is missing or of another kind', async () => {
  const { trainer, dispose } = setUp();
  await drain(trainer, { steps: 3 });
  const { tensors, metadata } = io.readSafetensors(trainer.save());
  const whole = JSON.parse(metadata.trainer!) as Record<string, unknown>;
  const cases: [string, unknown][] = [
    ['', null],
    ['', 7],
    ['', []],
  ];
  for (const [name, value] of Object.entries(whole)) {
    if (name === 'note') continue;
    cases.push([name, undefined], [name, 'x'.repeat(3)]);
    if (name === 'progress' || name === 'own')
      for (const [field, inner] of Object.entries(value as object)) {
        const path = `${name}.${field}`;
        cases.push([path, undefined], [path, 'text']);
        if (field === 'optimizer')
          for (const part of ['step', 'lr'])
            cases.push([`${path}.${part}`, undefined], [`${path}.${part}`, inner]);
      }
  }
  for (const [path, value] of cases) {
    if (path === 'fingerprint' && typeof value === 'string') continue; // another text's
    const damaged = structuredClone(whole);
    const names = path.split('.');
    const last = names.pop()!;
    if (path !== '') names.reduce((o, n) => o[n] as Record<string, unknown>, damaged)[last] = value;
    const bytes = io.writeSafetensors({
      tensors: [...tensors],
      metadata: { ...metadata, trainer: JSON.stringify(path === '' ? value : damaged) },
    });
    assert.throws(
      () => trainer.restore(bytes),
      (error: Error) =>
        /^(resume|Adam\.loadStateDict): /.test(error.message) ||
        assert.unreachable(`${path}: ${error.message}`),
    );
  }
  dispose();
});

test('a model may call its fields best, carry and optimizer', async () => {
  class Odd extends nn.Module implements train.Trainable<text.SequenceBatch> {
    readonly best = new nn.Embedding(vocab.size, vocab.size);
    readonly carry = [new Parameter([1])];
    readonly optimizer = { exp_avg: new Parameter([vocab.size]) };
    loss({ inputs, targets }: text.SequenceBatch): train.LossResult {
      const logits = ops.add(this.best.forward(inputs), this.optimizer.exp_avg);
      return { loss: ops.crossEntropy(ops.add(logits, this.carry[0]!), targets), state: undefined };
    }
  }
  const make = () => {
    const model = new Odd();
    const optimizer = new optim.Adam(model.namedParameters());
    return {
      model,
      trainer: new train.Trainer(model, { optimizer, bptt: 16, steps: 12, validEvery: 4 }),
    };
  };
  const validate = async () => ({ loss: 1, tokens: 1 });
  const a = make();
  await drain(a.trainer, { validate, steps: 6 });
  const b = make();
  for (const p of b.model.parameters()) p.set(new Float32Array(p.size).fill(3));
  b.trainer.restore(a.trainer.save());
  for (const { trainer } of [a, b]) await drain(trainer, { validate });
  assert.equal(a.trainer.save(), b.trainer.save());
  for (const { model, trainer } of [a, b]) for (const each of [trainer, model]) each.dispose();
});

test('a state that the model carries without saying its shapes is refused', async () => {
  class Forgetful extends nn.Module implements train.Trainable<text.SequenceBatch> {
    readonly table = new nn.Embedding(vocab.size, vocab.size);
    readonly gru = new nn.GRU(vocab.size, vocab.size);
    loss({ inputs, targets, T, B }: text.SequenceBatch, { state }: train.LossContext) {
      const x = this.table.forward(inputs, [T, B]);
      const { output, state: last } = this.gru.forward(x, { state });
      return { loss: ops.crossEntropy(output, targets), state: last };
    }
  }
  const model = new Forgetful();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
  const trainer = new train.Trainer(model, { optimizer, bptt: 16, steps: 2 });
  assert.match(
    await message(() => drain(trainer)),
    /^CarriedState.keep: a state of 1 tensors, stateShapes gives 0; give the shape of each/,
  );
  for (const each of [trainer, model]) each.dispose();
});

test('a parameter that the walk over the fields does not find stops the first step', async () => {
  class Hidden extends nn.Module implements train.Trainable<text.SequenceBatch> {
    readonly table = new nn.Embedding(vocab.size, vocab.size);
    readonly #bias = new Parameter([vocab.size]);
    get bias(): Parameter {
      return this.#bias;
    }
    loss({ inputs, targets }: text.SequenceBatch): train.LossResult {
      const logits = ops.add(this.table.forward(inputs), this.#bias);
      return { loss: ops.crossEntropy(logits, targets), state: undefined };
    }
  }
  const model = new Hidden();
  const trainer = new train.Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 1 }),
    bptt: 16,
    steps: 2,
  });
  assert.match(
    await message(() => drain(trainer)),
    new RegExp(
      `^Trainer: the loss depends on a Parameter \\[${vocab.size}\\] that is in no field of the model`,
    ),
  );
  model.bias.requiresGrad = false;
  await drain(trainer);
  trainer.dispose();
  model.bias.dispose();
  model.dispose();
});

test('options that do not exist are refused', async () => {
  const model = new lm.RecurrentLM({ vocab, embeddingSize: 5, hiddenSize: 6 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
  assert.throws(
    () => new train.Trainer(model, { optimizer, clip: 1 } as train.TrainerOptions),
    /^Trainer: unknown option "clip"/,
  );
  const trainer = new train.Trainer(model, { optimizer });
  assert.match(
    await message(() => drain(trainer, { maxSecs: 1 } as train.RunOptions)),
    /^Trainer\.run: unknown option "maxSecs"/,
  );
  trainer.dispose();
  model.dispose();
});

run();
