import * as assert from 'uvu/assert';
import { Random } from '../../src/runtime/random.js';
import {
  columns,
  IGNORED,
  type SequenceBatch,
  sequences,
  split,
  type Windows,
} from '../../src/text/batch.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('batch');

const count = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
const rows = ({ T, B }: SequenceBatch, array: ArrayLike<number>) =>
  Array.from({ length: B }, (_, b) => Array.from({ length: T }, (_, t) => array[t * B + b]!));
const refuses = (body: () => unknown, message: RegExp, kind: new () => Error = RangeError) =>
  assert.throws(
    body,
    (e: unknown) => e instanceof kind && message.test(e.message),
    String(message),
  );

/** What each batch must fulfil, whoever made it. */
function check(batch: SequenceBatch): void {
  const { inputs, targets, T, B, lengths, resets, lossFrom, tokens } = batch;
  assert.is(inputs.length, T * B);
  assert.is(targets.length, T * B);
  assert.is(
    tokens,
    targets.reduce((sum, target) => sum + (target === IGNORED ? 0 : 1), 0),
  );
  assert.ok(T >= 1 && B >= 1 && lossFrom >= 0 && lossFrom < T);
  if (resets) assert.ok(resets.length === T * B && resets.some(reset => reset === 1));
  if (lengths) assert.is(lengths.length, B);
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) if (t < lossFrom) assert.is(targets[t * B + b], IGNORED);
}

function all(windows: Windows): SequenceBatch[] {
  const batches = [...windows];
  assert.is(batches.length, windows.length);
  batches.forEach(check);
  return batches;
}

test('columns are contiguous, targets one unit later, the last window shorter', () => {
  const data = columns(count(11), { batchSize: 2 });
  assert.is(data.steps, 4);
  const batches = all(data.windows({ bptt: 3 }));
  assert.equal(
    batches.map(batch => [rows(batch, batch.inputs), rows(batch, batch.targets)]),
    [
      [
        [
          [0, 1, 2],
          [5, 6, 7],
        ],
        [
          [1, 2, 3],
          [6, 7, 8],
        ],
      ],
      [
        [[3], [8]],
        [[4], [9]],
      ],
    ],
  );
  assert.equal(
    batches.map(batch => batch.first),
    [true, false],
  );
  assert.equal(
    batches.map(({ lossFrom, carryAt, tokens }) => [lossFrom, carryAt, tokens]),
    [
      [0, 3, 6],
      [0, 1, 2],
    ],
  );
  assert.equal([...batches[0]!.inputs], [0, 5, 1, 6, 2, 7]);
  assert.is(batches[0]!.resets, undefined);
  assert.is(batches[0]!.lengths, undefined);
});

test('every transition within a column is a target exactly once, whatever the sizes', () => {
  for (const B of [1, 3, 4]) {
    for (const [bptt, horizon] of [
      [1, 1],
      [1, 4],
      [3, 3],
      [3, 5],
      [4, 13],
      [100, 100],
    ] as const) {
      for (const n of [2 * B, 2 * B + 1, 29, 64]) {
        const data = columns(count(n), { batchSize: B });
        const seen: number[] = [];
        for (const batch of all(data.windows({ bptt, horizon }))) {
          batch.targets.forEach((target, i) => {
            if (target === IGNORED) return;
            assert.is(target, batch.inputs[i]! + 1);
            seen.push(target);
          });
        }
        const height = Math.floor(n / B);
        const expected = [...count(height * B)].filter(i => i % height !== 0);
        assert.equal(
          seen.sort((x, y) => x - y),
          expected,
        );
      }
    }
  }
});

test('136 units in 4 columns with bptt 9 are 15 full windows, as in the recorded PyTorch run', () => {
  const batches = all(columns(count(4 * 136), { batchSize: 4 }).windows({ bptt: 9 }));
  assert.is(batches.length, 15);
  batches.forEach((batch, k) => {
    assert.is(batch.T, 9);
    assert.is(batch.first, k === 0);
    assert.equal(
      rows(batch, batch.inputs),
      Array.from({ length: 4 }, (_, b) => Array.from({ length: 9 }, (_, t) => b * 136 + 9 * k + t)),
    );
  });
});

test('1,003,854 characters in 32 columns with bptt 64 are 491 windows an epoch', () => {
  const data = columns(new Int32Array(1_003_854), { batchSize: 32 });
  assert.is(data.steps, 31_369);
  const windows = data.windows({ bptt: 64 });
  assert.is(windows.length, 491);
  windows.position = 490;
  const { T, B, first, tokens } = windows.next().value!;
  assert.equal({ T, B, first, tokens }, { T: 9, B: 32, first: false, tokens: 288 });
});

test('a window runs the steps before it again, as far as the horizon and the epoch reach', () => {
  const batches = all(columns(count(9), { batchSize: 1 }).windows({ bptt: 2, horizon: 5 }));
  assert.equal(
    batches.map(batch => [...batch.inputs]),
    [
      [0, 1],
      [0, 1, 2, 3],
      [1, 2, 3, 4, 5],
      [3, 4, 5, 6, 7],
    ],
  );
  assert.equal(
    batches.map(batch => batch.lossFrom),
    [0, 2, 3, 3],
  );
  assert.equal(
    batches.map(batch => batch.first),
    [true, true, false, false],
  );
  assert.equal([...batches[2]!.targets], [IGNORED, IGNORED, IGNORED, 5, 6]);
});

test('the state carried from carryAt is that of the step before the next window', () => {
  for (const [bptt, horizon] of [
    [1, 1],
    [2, 5],
    [3, 4],
    [1, 6],
    [5, 12],
  ] as const) {
    let state = -1; // the last unit a row has read: −1 is the zero state
    for (const { inputs, first, carryAt } of all(
      columns(count(40), { batchSize: 1 }).windows({ bptt, horizon }),
    )) {
      if (first) state = -1;
      const before = [state, ...inputs]; // before[t]: the last unit read before step t
      assert.is(inputs[0], state + 1);
      state = before[carryAt]!;
    }
  }
});

test('documents zero the state of their row, and no document announces the next', () => {
  // columns 0 1 2 3 4 5 | 6 7 8 9 10 11; documents start at 0, 2, 8, 9 and at 11, which is never an
  // input
  const batches = all(
    columns(count(12), { batchSize: 2, documents: [0, 2, 8, 9, 11] }).windows({ bptt: 2 }),
  );
  assert.equal(
    batches.map(batch => batch.resets && rows(batch, batch.resets)),
    [
      [
        [1, 0],
        [0, 0],
      ],
      [
        [1, 0],
        [1, 1],
      ],
      undefined,
    ],
  );
  const X = IGNORED;
  assert.equal(
    batches.map(batch => rows(batch, batch.targets)),
    [
      [
        [1, X],
        [7, X],
      ],
      [
        [3, 4],
        [X, 10],
      ],
      [[5], [X]],
    ],
  );
  assert.equal(
    batches.map(batch => batch.tokens),
    [2, 3, 1],
  );
});

test('documents reset steps that are run again, too', () => {
  const batches = all(
    columns(count(9), { batchSize: 1, documents: [3] }).windows({ bptt: 2, horizon: 5 }),
  );
  assert.equal(
    batches.map(batch => batch.resets && [...batch.resets]),
    [undefined, [0, 0, 0, 1], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]],
  );
  assert.equal(
    batches.map(batch => batch.tokens),
    [2, 1, 2, 2],
  );
});

test('one document after another is what independent sequences are', () => {
  const documents = [
    [1, 2, 3],
    [4, 5],
    [6, 7, 8, 9],
  ];
  const pairs = (batches: SequenceBatch[]) =>
    batches
      .flatMap(batch =>
        Array.from(batch.inputs, (input, i) => [input, batch.targets[i]!] as const).filter(
          ([, target]) => target !== IGNORED,
        ),
      )
      .sort(([x], [y]) => x - y);
  const flat = columns(documents.flat(), { batchSize: 1, documents: [0, 3, 5] }).windows({
    bptt: 4,
  });
  assert.equal(pairs(all(flat)), pairs(all(sequences(documents, { batchSize: 2 }).windows())));
});

test('random lengths vary around bptt, halve now and then, and cover the text', () => {
  const data = columns(count(100_000), { batchSize: 1 });
  const batches = all(data.windows({ bptt: 70, randomLength: true, random: new Random(1) }));
  assert.equal(
    batches.flatMap(batch => [...batch.inputs]),
    [...count(99_999)],
  );
  const lengths = batches.slice(0, -1).map(batch => batch.T);
  assert.ok(lengths.every(T => T >= 5 && T <= 100));
  const short = lengths.filter(T => T < 52);
  assert.ok(
    short.length > 0.02 * lengths.length && short.length < 0.09 * lengths.length,
    `${short.length} of ${lengths.length} are short`,
  );
  const long = lengths.filter(T => T >= 52);
  const mean = long.reduce((sum, T) => sum + T, 0) / long.length;
  const deviation = Math.sqrt(long.reduce((sum, T) => sum + (T - mean) ** 2, 0) / long.length);
  assert.ok(
    Math.abs(mean - 69.5) < 0.6 && Math.abs(deviation - 5) < 0.5,
    `mean ${mean}, standard deviation ${deviation}`,
  );
});

test('random lengths are at least 5 and go with a horizon', () => {
  const batches = all(
    columns(count(500), { batchSize: 2 }).windows({
      bptt: 6,
      horizon: 20,
      randomLength: true,
      random: new Random(2),
    }),
  );
  for (const batch of batches.slice(0, -1)) assert.ok(batch.T - batch.lossFrom >= 5);
  assert.ok(batches.at(-1)!.lossFrom === 14);
  assert.ok(new Set(batches.map(batch => batch.T)).size > 3);
});

test('an epoch resumes in the middle from the random state and the position', () => {
  const text = columns(count(3000), { batchSize: 3 });
  const list = Array.from({ length: 50 }, (_, i) => count(2 + (i % 9)));
  const makers = [
    () => text.windows({ bptt: 7 }),
    (random: Random) => text.windows({ bptt: 10, horizon: 25, randomLength: true, random }),
    (random: Random) => sequences(list, { batchSize: 4, bucket: 3 }).windows({ random }),
  ];
  for (const make of makers) {
    const random = new Random(5);
    const state = random.state;
    const windows = make(random);
    const later: SequenceBatch[] = [];
    for (const batch of windows) if (windows.position > 6) later.push(batch);
    const resumed = make(Random.fromState(state));
    resumed.position = 6;
    assert.equal([...resumed], later);
    resumed.position = 0;
    assert.is([...resumed].length, windows.length);
    assert.equal(resumed.next(), { done: true, value: undefined });
    for (const position of [-1, windows.length + 1, 0.5, NaN])
      refuses(() => (resumed.position = position), RegExp(`position: ${position} is not`));
  }
});

test('sequences are padded at their ends, longest first', () => {
  const [batch] = all(
    sequences(
      [
        [1, 2],
        [3, 4, 5, 6],
        [7, 8, 9],
      ],
      { batchSize: 3 },
    ).windows(),
  );
  const X = IGNORED;
  assert.equal(rows(batch!, batch!.inputs), [
    [3, 4, 5],
    [7, 8, 0],
    [1, 0, 0],
  ]);
  assert.equal(rows(batch!, batch!.targets), [
    [4, 5, 6],
    [8, 9, X],
    [2, X, X],
  ]);
  assert.equal([...batch!.lengths!], [3, 2, 1]);
  const { first, lossFrom, carryAt, tokens } = batch!;
  assert.equal(
    { first, lossFrom, carryAt, tokens },
    { first: true, lossFrom: 0, carryAt: 3, tokens: 6 },
  );
});

test('every sequence comes once an epoch, in another order the next', () => {
  const list = Array.from({ length: 37 }, (_, i) => Int32Array.of(i, ...count(1 + (i % 6))));
  const data = sequences(list, { batchSize: 5, bucket: 2 });
  assert.is(
    data.steps,
    list.reduce((sum, ids) => sum + ids.length - 1, 0),
  );
  const random = new Random(3);
  const epochs = [1, 2].map(() =>
    all(data.windows({ random })).flatMap(({ B, inputs }) => [...inputs.subarray(0, B)]),
  );
  for (const epoch of epochs)
    assert.equal(
      [...epoch].sort((x, y) => x - y),
      [...count(37)],
    );
  assert.not.equal(epochs[0], epochs[1]);
});

test('chance decides who shares a batch and which batch comes first', () => {
  const same = sequences(
    Array.from({ length: 40 }, (_, i) => [i, 0]),
    { batchSize: 4 },
  );
  const members = all(same.windows({ random: new Random(6) })).map(({ B, inputs }) => [
    ...inputs.subarray(0, B),
  ]);
  assert.ok(
    members.some(batch => Math.max(...batch) - Math.min(...batch) > 10),
    JSON.stringify(members),
  );
  const apart = sequences(
    Array.from({ length: 40 }, (_, i) => count(2 + i)),
    { batchSize: 4 },
  );
  const lengths = all(apart.windows({ random: new Random(6) })).map(({ T }) => T);
  assert.not.equal(
    lengths,
    [...lengths].sort((x, y) => y - x),
  ); // the order in which they were bucketed
});

test('buckets leave little padding', () => {
  const random = new Random(4);
  const list = Array.from({ length: 1000 }, () => new Int32Array(2 + random.int(60)));
  const padding = (bucket: number) =>
    all(sequences(list, { batchSize: 10, bucket }).windows({ random })).reduce(
      (sum, { T, B, tokens }) => sum + T * B - tokens,
      0,
    );
  assert.ok(
    padding(100) < 0.05 * padding(1),
    `${padding(100)} padded steps with buckets, ${padding(1)} without`,
  );
});

test('without buckets or random the list keeps its order, batch by batch', () => {
  const list = [
    [1, 0, 0],
    [2, 0],
    [3, 0, 0, 0],
    [4, 0],
    [5, 0],
  ];
  const firsts = all(sequences(list, { batchSize: 2, bucket: 1 }).windows()).map(
    ({ B, inputs }) => [...inputs.subarray(0, B)],
  );
  assert.equal(firsts, [[1, 2], [3, 4], [5]]);
});

test('split gives the first part and the rest', () => {
  const [train, rest] = split(count(1_115_394), 0.9);
  assert.equal([train.length, rest.length, rest[0]], [1_003_854, 111_540, 1_003_854]);
  assert.equal(
    split(count(3), 0).map(part => part.length),
    [0, 3],
  );
  assert.equal(
    split(count(3), 1).map(part => part.length),
    [3, 0],
  );
  for (const fraction of [-0.1, 1.1, NaN])
    refuses(() => split(count(3), fraction), RegExp(`fraction is ${fraction},`));
});

test('a text too short for one window is refused', () => {
  refuses(
    () => columns(count(7), { batchSize: 4 }),
    /the text has 7 units, at least 8 are needed for batchSize 4/,
  );
  assert.is(columns(count(8), { batchSize: 4 }).steps, 1);
  refuses(() => columns([], { batchSize: 1 }), /0 units/);
  refuses(() => sequences([], { batchSize: 1 }), /0 sequences/);
  refuses(() => sequences([[1, 2], [1]], { batchSize: 1 }), /sequence 1 has 1 units/);
});

test('sizes that are not whole numbers from 1 are refused', () => {
  const data = columns(count(10), { batchSize: 1 });
  for (const size of [0, -1, 1.5, NaN, Infinity]) {
    refuses(() => columns(count(10), { batchSize: size }), RegExp(`batchSize is ${size},`));
    refuses(() => data.windows({ bptt: size }), RegExp(`bptt is ${size},`));
    refuses(() => data.windows({ bptt: 1, horizon: size }), RegExp(`horizon is ${size},`));
    refuses(() => sequences([[1, 2]], { batchSize: size }), RegExp(`batchSize is ${size},`));
    refuses(
      () => sequences([[1, 2]], { batchSize: 1, bucket: size }),
      RegExp(`bucket is ${size},`),
    );
  }
  refuses(() => data.windows({ bptt: 4, horizon: 3 }), /horizon is 3, below bptt 4/);
  refuses(() => data.windows({ bptt: 4, randomLength: true }), /without random/, TypeError);
});

test('ids and documents that are not whole numbers in range are refused', () => {
  for (const id of [0.5, -1, NaN, 2 ** 31, undefined as unknown as number]) {
    refuses(() => columns([0, id, 0], { batchSize: 1 }), RegExp(`columns: id 1 is ${id},`));
    refuses(
      () =>
        sequences(
          [
            [0, 1],
            [0, 0, id],
          ],
          { batchSize: 1 },
        ),
      RegExp(`sequence 1: id 2 is ${id},`),
    );
  }
  refuses(() => columns(Int32Array.of(0, -100), { batchSize: 1 }), /id 1 is -100/);
  for (const offset of [-1, 10, 0.5])
    refuses(
      () => columns(count(10), { batchSize: 1, documents: [offset] }),
      RegExp(`document 0 starts at ${offset}, expected`),
    );
  refuses(
    () => columns(count(10), { batchSize: 1, documents: [3, 3] }),
    /document 1 starts at 3, not after 3/,
  );
});

run();
