import * as assert from 'uvu/assert';
import { max, maxBackward, type Shape, sum } from '../reference/reduce.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/reduce');
const random = new TestRandom(4);

const SIZES = [1, 3, 4, 5, 8, 17];
const shapes: Shape[] = [1, 3].flatMap(outer =>
  SIZES.flatMap(n => SIZES.map(inner => ({ outer, n, inner }))),
);
const text = ({ outer, n, inner }: Shape): string => `[${outer}, ${n}, ${inner}]`;

test('the reference gradient of the maximum is that of its central differences', () => {
  const shape = { outer: 2, n: 5, inner: 3 };
  const x = random.array(30);
  const dy = random.array(6);
  const dx = new Float64Array(30);
  maxBackward(dx, dy, max(x, shape).index, shape);
  gradcheck(() => max(x, shape).y.reduce((total, v, i) => total + v * dy[i]!, 0), { x }, { x: dx });
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  test(`sum_forward is the reference rounded once (${build})`, () => {
    for (const shape of shapes) {
      bench.reset();
      const { outer, n, inner } = shape;
      const x = random.array(outer * n * inner);
      const y = bench.f32(outer * inner, undefined, 'y');
      kernels.sum_forward(y, bench.f32(x.length, x), outer, n, inner);
      near(bench.read(y, outer * inner), sum(x, shape), 6e-8, `y ${text(shape)}`);
      bench.checkCanaries();
    }
  });

  test(`sum_forward stays accurate for a hundred thousand terms that nearly cancel (${build})`, () => {
    for (const inner of [1, 6]) {
      bench.reset();
      const shape = { outer: 1, n: 100_000, inner };
      const x = random.array(shape.n * inner, 1000);
      const y = bench.f32(inner, undefined, 'y');
      kernels.sum_forward(y, bench.f32(x.length, x), 1, shape.n, inner);
      near(bench.read(y, inner), sum(x, shape), 1e-7, `y, inner = ${inner}`);
    }
  });

  test(`max_forward finds the first maximum (${build})`, () => {
    for (const shape of shapes) {
      bench.reset();
      const { outer, n, inner } = shape;
      // ties, and no positive number
      const x = Float64Array.from({ length: outer * n * inner }, () => random.int(4) - 5);
      const xAt = bench.f32(x.length, x);
      const y = bench.f32(outer * inner, undefined, 'y');
      const index = bench.i32(new Int32Array(outer * inner).fill(-1), 'index');
      kernels.max_forward(y, index, xAt, outer, n, inner);
      const expected = max(x, shape);
      assert.equal(bench.readI32(index, outer * inner), expected.index, text(shape));
      assert.equal(bench.read(y, outer * inner), Float32Array.from(expected.y), text(shape));
      bench.checkCanaries();
    }
  });

  test(`max_forward gives the first NaN, −∞ for a column of −∞, and only the outputs that are wanted (${build})`, () => {
    for (const inner of [1, 5]) {
      bench.reset();
      const shape = { outer: 4, n: 6, inner };
      const x = random.array(24 * inner);
      for (let i = 0; i < inner; i++) {
        x[(0 + 2) * inner + i] = x[(0 + 4) * inner + i] = NaN; // two, in the middle
        x[(6 + 0) * inner + i] = NaN; // at the start
        for (let k = 0; k < 6; k++) x[(12 + k) * inner + i] = -Infinity;
        x[(18 + 5) * inner + i] = Infinity;
      }
      const xAt = bench.f32(x.length, x);
      const y = bench.f32(4 * inner, undefined, 'y');
      const index = bench.i32(new Int32Array(4 * inner).fill(-1), 'index');
      kernels.max_forward(y, 0, xAt, 4, 6, inner);
      kernels.max_forward(0, index, xAt, 4, 6, inner);
      const expected = max(x, shape);
      assert.equal(bench.readI32(index, 4 * inner), expected.index);
      assert.equal([...bench.read(y, 4 * inner)], [...Float32Array.from(expected.y)]);
      assert.is(expected.index[0], 2);
      bench.checkCanaries();
    }
  });

  test(`max_backward adds to the maximum alone (${build})`, () => {
    for (const shape of shapes) {
      bench.reset();
      const { outer, n, inner } = shape;
      const x = random.array(outer * n * inner);
      const dy = random.array(outer * inner);
      const dx = random.array(x.length);
      const before = dx.slice();
      const { index } = max(x, shape);
      const dxAt = bench.f32(x.length, dx, 'dx');
      kernels.max_backward(dxAt, bench.f32(dy.length, dy), bench.i32(index), outer, n, inner);
      maxBackward(dx, dy, index, shape);
      assert.equal(bench.read(dxAt, x.length), Float32Array.from(dx), text(shape));
      notZero(
        dx.map((v, i) => v - before[i]!),
        'the gradient of x',
      );
      bench.checkCanaries();
    }
  });
}

run();
