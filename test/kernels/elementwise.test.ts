import * as assert from 'uvu/assert';
import { binary, divBackward, forward, mulBackward } from '../reference/elementwise.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/elementwise');
const random = new TestRandom(2);

/** n divisors: magnitudes in (0.5, 1.5), either sign. */
const divisors = (n: number): Float64Array =>
  random.array(n).map(v => Math.fround(v + Math.sign(v || 1) / 2));
const weighted = (y: Float64Array, dy: Float64Array): number =>
  y.reduce((sum, v, i) => sum + v * dy[i]!, 0);

for (const [name, f, backward] of [
  ['product', binary.mul, mulBackward],
  ['quotient', binary.div, divBackward],
] as const) {
  test(`the reference gradients of a ${name} are those of central differences`, () => {
    const a = random.array(9);
    const b = divisors(9);
    const dy = random.array(9);
    const da = new Float64Array(9);
    const db = new Float64Array(9);
    backward(da, db, dy, a, b);
    gradcheck(() => weighted(forward(f, a, b), dy), { a, b }, { a: da, b: db });
  });
}

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  /** Runs `body` for every size, with the canaries checked after each. */
  const sizes = (body: (n: number) => void): void => {
    for (const n of SIZES) {
      bench.reset();
      body(n);
      bench.checkCanaries();
    }
  };

  for (const name of ['add', 'sub', 'mul', 'div'] as const) {
    test(`${name} is correctly rounded (${build})`, () =>
      sizes(n => {
        const a = random.array(n);
        const b = divisors(n);
        const y = bench.f32(n, undefined, 'y');
        kernels[name](y, bench.f32(n, a), bench.f32(n, b), n);
        assert.equal(bench.read(y, n), Float32Array.from(forward(binary[name], a, b)));
      }));
  }

  test(`affine is scale·x + shift, rounded twice (${build})`, () =>
    sizes(n => {
      const x = random.array(n);
      const y = bench.f32(n, undefined, 'y');
      kernels.affine(y, bench.f32(n, x), n, -2.7, 0.3);
      const [scale, shift] = [Math.fround(-2.7), Math.fround(0.3)];
      assert.equal(
        bench.read(y, n),
        Float32Array.from(x, v => Math.fround(scale * v) + shift),
      );
    }));

  test(`fill writes n values and no more (${build})`, () =>
    sizes(n => {
      const y = bench.f32(n, undefined, 'y');
      kernels.fill(y, n, 0.1);
      assert.equal(bench.read(y, n), new Float32Array(n).fill(0.1));
    }));

  test(`copy writes n values and no more (${build})`, () =>
    sizes(n => {
      const x = random.array(n);
      const y = bench.f32(n, undefined, 'y');
      kernels.copy(y, bench.f32(n, x), n);
      assert.equal(bench.read(y, n), Float32Array.from(x));
    }));

  test(`add_to, axpy and mul_add add to what is there (${build})`, () =>
    sizes(n => {
      const dst = random.array(n);
      const a = random.array(n);
      const b = random.array(n);
      const aAt = bench.f32(n, a);
      const bAt = bench.f32(n, b);
      const at = bench.f32(n, dst, 'dst');
      kernels.add_to(at, aAt, n);
      near(
        bench.read(at, n),
        dst.map((v, i) => v + a[i]!),
        1e-6,
        'add_to',
      );
      kernels.axpy(at, bAt, n, -0.7);
      near(
        bench.read(at, n),
        dst.map((v, i) => v + a[i]! - 0.7 * b[i]!),
        1e-6,
        'axpy',
      );
      const da = bench.f32(n, dst, 'da');
      kernels.mul_add(da, aAt, bAt, n);
      const expected = dst.slice();
      mulBackward(expected, new Float64Array(n), a, a, b);
      near(bench.read(da, n), expected, 1e-6, 'mul_add');
    }));

  test(`div_backward adds both gradients, or the one that is wanted (${build})`, () =>
    sizes(n => {
      const a = random.array(n);
      const b = divisors(n);
      const dy = random.array(n);
      const before = random.array(n);
      const da = before.slice();
      const db = before.slice();
      divBackward(da, db, dy, a, b);
      const [bAt, dyAt, yAt] = [bench.f32(n, b), bench.f32(n, dy), bench.f32(n)];
      kernels.div(yAt, bench.f32(n, a), bAt, n);
      const [both, other] = [bench.f32(n, before, 'da'), bench.f32(n, before, 'db')];
      kernels.div_backward(both, other, dyAt, bAt, yAt, n);
      near(bench.read(both, n), da, 1e-6, 'da');
      near(bench.read(other, n), db, 1e-6, 'db');
      notZero(
        da.map((v, i) => v - before[i]!),
        'the gradient of a',
      );
      notZero(
        db.map((v, i) => v - before[i]!),
        'the gradient of b',
      );
      const [onlyA, onlyB] = [bench.f32(n, before, 'da'), bench.f32(n, before, 'db')];
      kernels.div_backward(onlyA, 0, dyAt, bAt, yAt, n);
      kernels.div_backward(0, onlyB, dyAt, bAt, yAt, n);
      assert.equal(bench.read(onlyA, n), bench.read(both, n));
      assert.equal(bench.read(onlyB, n), bench.read(other, n));
    }));

  test(`x / x has no gradient, with both added to one array (${build})`, () => {
    bench.reset();
    const x = bench.f32(7, divisors(7));
    const [y, dx] = [bench.f32(7), bench.f32(7, new Float64Array(7))];
    kernels.div(y, x, x, 7);
    kernels.div_backward(dx, dx, bench.f32(7, random.array(7)), x, y, 7);
    assert.equal(bench.read(dx, 7), new Float32Array(7));
  });

  test(`select takes a where the mask is not 0, else b; masked_add adds where it holds or not (${build})`, () =>
    sizes(n => {
      const mask = Uint8Array.from({ length: n }, (_, i) => [0, 1, 255][i % 3]!);
      const flags = bench.bytes(n, 'mask');
      bench.write(flags, mask);
      const [a, b, dst] = [random.array(n), random.array(n), random.array(n)].map(values =>
        Float32Array.from(values),
      ) as [Float32Array, Float32Array, Float32Array];
      const y = bench.f32(n, undefined, 'y');
      const [aAt, bAt] = [bench.f32(n, a), bench.f32(n, b)];
      kernels.select(y, flags, aAt, bAt, n);
      assert.equal(
        bench.read(y, n),
        a.map((x, i) => (mask[i] ? x : b[i]!)),
      );
      for (const not of [0, 1]) {
        const to = bench.f32(n, dst, 'dst');
        kernels.masked_add(to, aAt, flags, n, not);
        assert.equal(
          bench.read(to, n),
          dst.map((x, i) => ((mask[i] !== 0) === (not === 0) ? x + a[i]! : x)),
        );
      }
    }));
}

run();
