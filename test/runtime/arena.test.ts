import {
  infer,
  init,
  nn,
  ops,
  Parameter,
  runtimeInfo,
  scope,
  tensor,
  zeros,
} from '../../src/index.js';
import * as arena from '../../src/runtime/arena.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('memory');

const memory = () => runtimeInfo().memory;
const KIB = 1024;
/** A persistent tensor of so many KiB. */
const block = (kib: number) => zeros([(kib * KIB) / 4]);

test('persistent blocks are aligned to 16 bytes and lie above the kernels’ static tables', () => {
  const tensors = [1, 3, 4, 5, 17].map(n => zeros([n]));
  for (const x of tensors)
    if (x.ptr % 16 !== 0 || x.ptr < 1024) throw new Error(`address ${x.ptr}`);
  const sorted = tensors.map(x => x.ptr);
  if (String(sorted) !== String([...sorted].sort((a, b) => a - b)))
    throw new Error(`addresses ${sorted} overlap`);
  for (const x of tensors) x.dispose();
});

test('a disposed block is used again, and cleared', () => {
  const keep = [block(1)];
  const first = block(64);
  keep.push(block(1));
  const { total, persistent } = memory();
  const address = first.ptr;
  first.set(new Float32Array(first.size).fill(7));
  for (let i = 0; i < 100; i++) {
    first.dispose();
    const again = block(64);
    if (again.ptr !== address || again.toArray().some(v => v !== 0))
      throw new Error(`at ${again.ptr} instead of ${address}, or not cleared`);
    again.dispose();
  }
  if (memory().persistent !== persistent - 64 * KIB || memory().total !== total)
    throw new Error(JSON.stringify(memory()));
  for (const x of keep) x.dispose();
});

test('holes side by side are joined, in every order of disposal', () => {
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const low = block(1);
    const parts = [block(8), block(16), block(8)];
    const high = block(1);
    const address = parts[0]!.ptr;
    for (const i of order) parts[i]!.dispose();
    const whole = block(32);
    if (whole.ptr !== address)
      throw new Error(
        `disposed in the order ${order}: 32 KiB at ${whole.ptr} instead of ${address}`,
      );
    for (const x of [whole, low, high]) x.dispose();
  }
});

test('the smallest hole that fits is taken, and its rest stays a hole', () => {
  const blocks = [block(16), block(1), block(4), block(1), block(8), block(1)];
  const [large, , small, , middle] = blocks;
  const addresses = [large!.ptr, small!.ptr, middle!.ptr];
  for (const x of [large, small, middle]) x!.dispose();
  const five = block(5);
  const four = block(4);
  if (five.ptr !== addresses[2] || four.ptr !== addresses[1])
    throw new Error(`5 KiB at ${five.ptr}, 4 KiB at ${four.ptr}; holes ${addresses}`);
  const rest = block(3);
  if (rest.ptr !== addresses[2]! + 5 * KIB)
    throw new Error(`3 KiB at ${rest.ptr}, expected behind the 5`);
  for (const x of [five, four, rest, blocks[1]!, blocks[3]!, blocks[5]!]) x.dispose();
});

test('blocks never overlap, whatever is disposed in between', () => {
  let state = 1;
  const random = (n: number) => (state = (state * 48271) % 2147483647) % n;
  const { persistent } = memory();
  const live: { x: ReturnType<typeof zeros>; mark: number }[] = [];
  for (let i = 0; i < 2000; i++) {
    if (live.length < 30 && (live.length === 0 || random(2) === 0)) {
      const x = zeros([1 + random(300)]);
      x.set(new Float32Array(x.size).fill(i));
      live.push({ x, mark: i });
    } else {
      const [{ x, mark }] = live.splice(random(live.length), 1) as [(typeof live)[number]];
      if (x.toArray().some(v => v !== mark)) throw new Error(`block ${mark} was overwritten`);
      x.dispose();
    }
  }
  for (const { x } of live) x.dispose();
  if (memory().persistent !== persistent)
    throw new Error(`${memory().persistent - persistent} bytes are lost`);
});

test('ten thousand training steps do not grow the memory after the first', () => {
  const model = new nn.Sequential(new nn.Linear(8, 16), ops.tanh, new nn.Linear(16, 4));
  const targets = Int32Array.of(0, 1, 2, 3);
  const step = () =>
    scope(() => {
      const x = tensor(new Float32Array(32).fill(0.5), { shape: [4, 8] });
      ops.crossEntropy(model.forward(x), targets).backward();
    });
  step();
  const { total, persistent } = memory();
  for (let i = 0; i < 10_000; i++) step();
  const after = memory();
  if (after.total !== total || after.persistent !== persistent || after.borrowed !== 0)
    throw new Error(JSON.stringify(after));
  model.dispose();
});

test('a disposed model’s memory is used by the next', () => {
  const live = () => {
    const model = new nn.LSTM(32, 64, { layers: 2 });
    infer(() => model.forward(zeros([3, 2, 32])).output.toArray());
    model.dispose();
  };
  live();
  const { total, persistent } = memory();
  for (let i = 0; i < 20; i++) live();
  if (memory().persistent !== persistent || memory().total !== total)
    throw new Error(JSON.stringify(memory()));
});

test('tensors survive growth of the memory, which detaches every view', () => {
  const x = tensor([1, 2, 3]);
  const p = new Parameter([3]);
  p.set([4, 5, 6]);
  const { total } = memory();
  scope(() => {
    const y = ops.mul(x, p);
    zeros([(total + 2 ** 20) / 4]);
    if (!(memory().total > total)) throw new Error('the memory did not grow');
    ops.sum(y).backward();
    near(y.toArray(), [4, 10, 18], 0, 'y');
  });
  near(p.grad!, [1, 2, 3], 0, 'dp');
  x.dispose();
  p.dispose();
});

test('what does not fit gets one sentence, inside and outside scopes, and everything stays usable', () => {
  const p = new Parameter([3]);
  p.set([1, 2, 3]);
  const before = memory();
  const sentence =
    /^memory: 4096\.0 MiB more do not fit, \d+\.\d MiB of 4095\.9 MiB are in use; use a smaller model, batch or window, or dispose\(\) what is no longer needed$/;
  const fourGiB = [2 ** 30];
  throws(() => zeros(fourGiB), RangeError, sentence);
  throws(() => new Parameter(fourGiB), RangeError, sentence);
  throws(() => scope(() => zeros(fourGiB)), RangeError, sentence);
  throws(
    () => infer(() => ops.expand(p, [2 ** 30 / 3 + 1, 3].map(Math.floor))),
    RangeError,
    /^memory: \d+\.\d MiB more do not fit/,
  );
  const after = memory();
  if (
    after.total !== before.total ||
    after.persistent !== before.persistent ||
    after.borrowed !== 0
  )
    throw new Error(JSON.stringify(after));
  scope(() => ops.sum(ops.mul(p, p)).backward());
  near(p.grad!, [2, 4, 6], 0, 'a step afterwards');
  p.dispose();
});

test('a parameter whose gradient no longer fits leaves no half behind', () => {
  const { grow } = WebAssembly.Memory.prototype;
  const { persistent, free } = memory();
  WebAssembly.Memory.prototype.grow = () => {
    throw new RangeError('as an engine without memory does');
  };
  try {
    throws(
      () => new Parameter([Math.floor((0.6 * free) / 4)]),
      RangeError,
      /^memory: \d+\.\d MiB more do not fit/,
    );
  } finally {
    WebAssembly.Memory.prototype.grow = grow;
  }
  if (memory().persistent !== persistent)
    throw new Error(`${memory().persistent - persistent} bytes are lost`);
});

test('sizes that are not whole or negative are refused before any memory is taken', () => {
  const { persistent } = memory();
  throws(() => new Parameter([2.5]), RangeError, /^Parameter: shape \[2.5\]/);
  throws(() => new Parameter([-3]), RangeError, /^Parameter: shape \[-3\]/);
  throws(
    () => new nn.Linear(0, 3),
    RangeError,
    /^Linear: inputSize is 0, expected a whole number ≥ 1/,
  );
  throws(() => new nn.LSTM(3, -1), RangeError, /^LSTM: hiddenSize is -1/);
  throws(() => new nn.GRU(3, 2, { layers: 1.5 }), RangeError, /^GRU: layers is 1.5/);
  throws(() => new nn.RNN(3, 2, { dropout: 1 }), RangeError, /^RNN: dropout is 1/);
  throws(
    () => new nn.Embedding(3, 2, { paddingIndex: 3 }),
    RangeError,
    /^Embedding: paddingIndex 3 of 3 rows/,
  );
  throws(() => new nn.LayerNorm(0), RangeError, /^LayerNorm: size is 0/);
  if (memory().persistent !== persistent) throw new Error('memory was taken');
});

test('borrowed blocks that are given back are borrowed again while their scope lasts, and are forgotten after it', () => {
  const kib = (n: number) => arena.borrow(n * KIB);
  scope(() => {
    const [a, b] = [kib(8), kib(4)];
    arena.giveBack(a, 8 * KIB);
    const inner = infer(() => {
      const [own, same] = [kib(2), kib(8)];
      arena.giveBack(own, 2 * KIB);
      return [own, same];
    });
    if (inner[1] !== a) throw new Error(`8 KiB at ${inner[1]} instead of ${a}`);
    if (kib(2) !== inner[0]) throw new Error('what an inner scope borrowed is not free after it');
    if (kib(8) <= b) throw new Error('a block was lent twice');
    const before = memory().borrowed;
    arena.giveBack(kib(16), 16 * KIB);
    if (memory().borrowed !== before) throw new Error('the last block did not go back to the heap');
  });
  scope(() => {
    const [a, b] = [kib(8), kib(8)];
    if (b !== a + 8 * KIB) throw new Error(`a block of a closed scope, at ${b}`);
  });
});

run();
