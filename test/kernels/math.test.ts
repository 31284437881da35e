/** core/math.ts through the kernels that apply it: errors over all f32, special values. */
import * as assert from 'uvu/assert';
import { Bench, type Build, builds } from '../support/kernels.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/math');

const MIN_NORMAL = 2 ** -126;
const BATCH = 1 << 16;

/**
 * Distance between neighbouring f32 at the magnitude of v; that of the smallest normal number below
 * it.
 */
const ulp = (v: number): number =>
  2 ** (Math.floor(Math.log2(Math.max(Math.abs(v), MIN_NORMAL))) - 23);

interface Case {
  apply(bench: Bench, y: number, x: number, n: number): void;
  f(x: number): number;
  /** Largest error in ULP, as stated beside each function. */
  bound: Record<Build, number>;
  /** Where that bound holds. */
  within(x: number): boolean;
}

const cases: Record<string, Case> = {
  exp: {
    apply: ({ kernels }, y, x, n) => kernels.exp_forward(y, x, n),
    f: Math.exp,
    bound: { simd: 2.4, relaxed: 2.1 },
    within: x => x > -86.98 && x < 88.72283,
  },
  log: {
    apply: ({ kernels }, y, x, n) => kernels.log_forward(y, x, n),
    f: Math.log,
    bound: { simd: 0.9, relaxed: 0.9 },
    within: x => x > 0 && x < Infinity,
  },
  tanh: {
    apply: ({ kernels }, y, x, n) => kernels.tanh_forward(y, x, n),
    f: Math.tanh,
    bound: { simd: 6.9, relaxed: 5.4 },
    within: x => x === x,
  },
  sigmoid: {
    apply: ({ kernels }, y, x, n) => kernels.sigmoid_forward(y, x, n),
    f: x => 1 / (1 + Math.exp(-x)),
    bound: { simd: 3.6, relaxed: 3.5 },
    within: x => x > -87,
  },
  log1pExp: {
    apply({ kernels }, y, x, n) {
      const zeros = x + 4 * BATCH; // targets: at x ≤ 0 the loss is then ln(1 + eˣ) itself
      kernels.bce_logits_forward(y, x, zeros, n);
    },
    f: x => Math.log1p(Math.exp(x)),
    bound: { simd: 4.1, relaxed: 4.1 },
    within: x => x <= 0 && x > -86.98,
  },
};

/**
 * One f32 in 4099, and one in 61 of those whose magnitude is in [2⁻⁴, 2⁷), where the errors are.
 */
function* sweep(): Generator<Uint32Array<ArrayBuffer>> {
  const bits = new Uint32Array(BATCH);
  let n = 0;
  for (let b = 0; b < 2 ** 32; ) {
    bits[n++] = b;
    const magnitude = b & 0x7fffffff;
    b += magnitude >= 0x3d800000 && magnitude < 0x43000000 ? 61 : 4099;
    if (n < BATCH && b < 2 ** 32) continue;
    yield bits.subarray(0, n);
    n = 0;
  }
}

for (const build of builds) {
  for (const [name, { apply, f, bound, within }] of Object.entries(cases)) {
    test(`${name} errs by at most ${bound[build]} ULP over all f32 (${build})`, () => {
      const bench = new Bench(build);
      const xs = bench.f32(2 * BATCH, new Float32Array(2 * BATCH));
      const ys = bench.f32(BATCH);
      const x = new Float32Array(bench.kernels.memory.buffer, xs, BATCH);
      const y = new Float32Array(bench.kernels.memory.buffer, ys, BATCH);
      let worst = 0;
      let where = NaN;
      for (const bits of sweep()) {
        new Uint32Array(x.buffer, xs, BATCH).set(bits);
        apply(bench, ys, xs, bits.length);
        for (let i = 0; i < bits.length; i++) {
          const v = x[i]!;
          if (!within(v)) {
            if (Number.isNaN(v)) assert.ok(Number.isNaN(y[i]), `${name}(NaN) is ${y[i]}`);
            continue;
          }
          const expected = f(v);
          const error = Math.abs(y[i]! - expected) / ulp(expected);
          if (error <= worst) continue;
          worst = error;
          where = v;
        }
      }
      assert.ok(worst <= bound[build], `${worst} ULP at ${where}`);
      assert.ok(worst > 0.7 * bound[build], `the stated bound is loose: ${worst} ULP at ${where}`);
    });
  }

  const values = (name: 'exp' | 'log' | 'tanh' | 'sigmoid', x: number[]): number[] => {
    const bench = new Bench(build);
    const y = bench.f32(x.length);
    bench.kernels[`${name}_forward`](y, bench.f32(x.length, x), x.length);
    return [...bench.read(y, x.length)];
  };

  test(`exp overflows to ∞, and gives 0 for what would be subnormal (${build})`, () => {
    const [zero, low, negative, one, most, above, infinite] = values('exp', [
      -Infinity,
      -1e30,
      -87.1,
      0,
      88.72283,
      89,
      Infinity,
    ]) as number[];
    assert.equal([zero, low, negative, one], [0, 0, 0, 1]);
    assert.ok(most! > 3.4e38 && Number.isFinite(most));
    assert.equal([above, infinite], [Infinity, Infinity]);
  });

  test(`log of 0 is −∞, of ∞ is ∞, of a negative is NaN (${build})`, () => {
    assert.equal(values('log', [0, -0, Infinity, 1]), [-Infinity, -Infinity, Infinity, 0]);
    assert.ok(values('log', [-1, -Infinity, -1e-40, NaN]).every(Number.isNaN));
  });

  test(`tanh saturates at ±1, is never beyond, and keeps the sign of 0 (${build})`, () => {
    assert.equal(values('tanh', [-Infinity, -9, 0, 9, Infinity]), [-1, -1, 0, 1, 1]);
    assert.ok(Object.is(values('tanh', [-0])[0], -0));
    const line = Array.from({ length: 40000 }, (_, i) => i / 4000);
    assert.ok(values('tanh', line).every(y => y <= 1));
  });

  test(`sigmoid stays in (0, 1] and is never subnormal (${build})`, () => {
    const [least, low, half, one, top] = values('sigmoid', [
      -Infinity,
      -90,
      0,
      90,
      Infinity,
    ]) as number[];
    assert.ok(least! >= MIN_NORMAL && least! < 1.3e-38);
    assert.equal([low, half, one, top], [least, 0.5, 1, 1]);
  });
}

run();
