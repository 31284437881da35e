import { init, ops, Random, scope, tensor, zeros } from '../../src/index.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('dropout');

/** The mask (0 or 1/(1 − p)) that a seed gives to n ones. */
function mask(n: number, p: number, seed: number): Float32Array {
  return scope(() =>
    ops.dropout(tensor(new Float32Array(n).fill(1)), p, new Random(seed)).toArray(),
  );
}

test('elements are dropped with probability p and the others scaled, so that the expectation stays', () => {
  const n = 100_000;
  for (const p of [0.1, 0.5, 0.9]) {
    const kept = mask(n, p, 3);
    const dropped = kept.filter(v => v === 0).length / n;
    const sigma = Math.sqrt((p * (1 - p)) / n);
    if (Math.abs(dropped - p) > 5 * sigma)
      throw new Error(`${dropped} dropped, expected ${p} ± ${5 * sigma}`);
    for (const value of kept)
      if (value !== 0 && Math.abs(value * (1 - p) - 1) > 1e-6)
        throw new Error(`kept as ${value}, expected 0 or ${1 / (1 - p)}`);
    const mean = kept.reduce((a, b) => a + b, 0) / n;
    if (Math.abs(mean - 1) > (5 * sigma) / (1 - p)) throw new Error(`mean ${mean}, expected 1`);
  }
});

test('neighbours are dropped independently of one another', () => {
  const n = 100_000;
  const kept = mask(n, 0.5, 4);
  for (const lag of [1, 2, 3, 4, 8, 64]) {
    let both = 0;
    for (let i = lag; i < n; i++) if (kept[i] === 0 && kept[i - lag] === 0) both++;
    if (Math.abs(both / n - 0.25) > 0.01)
      throw new Error(`at distance ${lag} both are dropped in ${both / n}, expected 0.25`);
  }
});

test('the same seed gives the same mask, another seed and the next call another', () => {
  near(mask(1000, 0.5, 7), mask(1000, 0.5, 7), 0, 'same seed');
  const same = (a: Float32Array, b: Float32Array) => a.every((value, i) => value === b[i]);
  if (same(mask(1000, 0.5, 7), mask(1000, 0.5, 8)))
    throw new Error('another seed gives the same mask');
  const random = new Random(7);
  scope(() => {
    const x = tensor(new Float32Array(1000).fill(1));
    if (same(ops.dropout(x, 0.5, random).toArray(), ops.dropout(x, 0.5, random).toArray()))
      throw new Error('the next call gives the same mask');
  });
});

test('the gradient goes through the same mask and scale, and is added', () => {
  const test = new TestRandom(5);
  for (const [shape, locked] of [
    [[17], false],
    [[3, 5], false],
    [[4, 2, 5], true],
    [[1, 3], true],
  ] as const) {
    const size = (shape as readonly number[]).reduce((a, b) => a * b, 1);
    const [values, probe] = [test.array(size).map(v => v + 2), test.array(size)];
    scope(() => {
      const x = tensor(values, { shape, requiresGrad: true });
      const y = ops.dropout(x, 0.4, new Random(size), { locked });
      const factor = y.toArray().map((v, i) => v / values[i]!);
      ops.add(ops.sum(ops.mul(y, tensor(probe, { shape }))), ops.sum(x)).backward();
      near(
        x.grad!,
        probe.map((d, i) => d * factor[i]! + 1),
        1e-6,
        `dx [${shape}]`,
      );
      if (!factor.includes(0) || factor.every(v => v === 0))
        throw new Error(`mask ${factor}: nothing or everything dropped`);
    });
  }
});

test('locked dropout has one mask for all time steps', () => {
  scope(() => {
    const y = ops
      .dropout(tensor(new Float32Array(6 * 20).fill(1), { shape: [6, 4, 5] }), 0.5, new Random(1), {
        locked: true,
      })
      .toArray();
    for (let i = 20; i < y.length; i++)
      if (y[i] !== y[i - 20])
        throw new Error(`step ${Math.floor(i / 20)} differs from the one before at ${i % 20}`);
    if (new Set(y).size !== 2) throw new Error('nothing or everything dropped');
  });
});

test('p = 0 is the identity and draws nothing', () => {
  const random = new Random(2);
  const before = String(random.state);
  scope(() => near(ops.dropout(tensor([1, 2, 3]), 0, random).toArray(), [1, 2, 3], 0, 'y'));
  if (String(random.state) !== before) throw new Error('the generator moved');
});

test('a probability outside [0, 1) is refused', () => {
  scope(() => {
    for (const p of [1, -0.1, NaN, 2])
      throws(
        () => ops.dropout(zeros([2]), p, new Random(1)),
        RangeError,
        new RegExp(`^dropout: p is ${p}, expected 0 ≤ p < 1`),
      );
  });
});

run();
