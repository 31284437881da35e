import * as assert from 'uvu/assert';
import { gemvInt8 } from '../reference/int8.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/int8');

/** Columns around the 16 of a step, and where the sums would not fit in 32 bits any more. */
const COLUMNS = [...SIZES, 15, 16, 31, 33, 2048, 5000];

interface Input {
  y: Float64Array;
  q: Float64Array;
  scale: Float64Array;
  x: Float64Array;
}

/** One product by kernel. Behind q lie the 15 bytes that it may read, with sevens. */
function product(bench: Bench, { y, q, scale, x }: Input): Float32Array {
  const [N, K] = [y.length, x.length];
  bench.reset();
  const bytes = Int8Array.from({ length: (N * K + 15 + 3) & ~3 }, (_, i) => q[i] ?? 7);
  const at = bench.f32(N, y, 'y');
  bench.kernels.gemv_int8(
    at,
    bench.i32(new Int32Array(bytes.buffer), 'q'),
    bench.f32(N, scale, 'scale'),
    bench.f32(K, x, 'x'),
    bench.bytes(2 * K + 32, 'scratch'),
    N,
    K,
  );
  bench.checkCanaries();
  return bench.read(at, N);
}

const draw = (random: TestRandom, N: number, K: number): Input => ({
  y: random.array(N),
  scale: random.array(N, 0.01),
  x: random.array(K),
  q: random.array(N * K).map(v => Math.round(127 * v)),
});

for (const build of builds) {
  const bench = new Bench(build);

  test(`${build}: gemv_int8 adds the reference's product, x rounded to 16 bits`, () => {
    for (const N of [...SIZES, 9]) {
      for (const K of COLUMNS) {
        const input = draw(new TestRandom(100 * N + K), N, K);
        near(
          product(bench, input),
          gemvInt8(input.y, input.q, input.scale, input.x),
          K > 2048 ? 2e-4 : 3e-5,
          `N ${N}, K ${K}`,
        );
      }
    }
  });

  test(`${build}: gemv_int8 is exact where x is whole and its largest element 32767`, () => {
    for (const K of [1, 4, 17, 33, 2000]) {
      const random = new TestRandom(K);
      const input = draw(random, 7, K);
      input.x = input.x.map((_, k) => (k === K - 1 ? -32767 : random.int(65535) - 32767));
      near(product(bench, input), gemvInt8(input.y, input.q, input.scale, input.x), 3e-7, `K ${K}`);
    }
  });

  test(`${build}: gemv_int8 does not overflow with the largest weights and elements`, () => {
    for (const K of [2047, 2063, 2064, 70_000]) {
      const input = {
        y: new Float64Array(5),
        q: new Float64Array(5 * K).fill(-127),
        scale: new Float64Array(5).fill(1),
        x: new Float64Array(K).fill(3),
      };
      near(product(bench, input), gemvInt8(input.y, input.q, input.scale, input.x), 1e-6, `K ${K}`);
    }
  });

  test(`${build}: gemv_int8 leaves y as it is where x is zero, and hands NaN on`, () => {
    const input = draw(new TestRandom(1), 5, 9);
    assert.equal(product(bench, { ...input, x: new Float64Array(9) }), Float32Array.from(input.y));
    input.x[4] = NaN;
    assert.ok(product(bench, input).every(Number.isNaN));
  });
}

test('gemv_int8 gives the same bits in each build', () => {
  const [first, ...others] = builds.map(build =>
    product(new Bench(build), draw(new TestRandom(3), 37, 131)),
  );
  for (const other of others) assert.equal(other, first);
});

run();
