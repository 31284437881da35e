import * as assert from 'uvu/assert';
import { bceLogits, bceLogitsBackward, mse, mseBackward } from '../reference/loss.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/loss');
const random = new TestRandom(5);

const weighted = (y: Float64Array, dy: Float64Array): number =>
  y.reduce((sum, v, i) => sum + v * dy[i]!, 0);
/** n targets in (0, 1) */
const targets = (n: number): Float64Array => random.array(n).map(v => Math.fround((v + 1) / 2));

test('the reference gradients of both losses are those of central differences', () => {
  const [a, b, dy] = [random.array(8), random.array(8), random.array(8)];
  const [da, db, dx] = [new Float64Array(8), new Float64Array(8), new Float64Array(8)];
  mseBackward(da, db, dy, a, b);
  gradcheck(() => weighted(mse(a, b), dy), { a, b }, { a: da, b: db });
  const x = random.array(8, 4);
  const t = targets(8);
  bceLogitsBackward(dx, dy, x, t);
  gradcheck(() => weighted(bceLogits(x, t), dy), { x }, { x: dx });
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  test(`mse writes (a − b)² and adds both gradients, or the one that is wanted (${build})`, () => {
    for (const n of SIZES) {
      bench.reset();
      const [a, b, dy, before] = [
        random.array(n),
        random.array(n),
        random.array(n),
        random.array(n),
      ];
      const [da, db] = [before.slice(), before.slice()];
      const [aAt, bAt, dyAt, y] = [
        bench.f32(n, a),
        bench.f32(n, b),
        bench.f32(n, dy),
        bench.f32(n, undefined, 'y'),
      ];
      kernels.mse_forward(y, aAt, bAt, n);
      near(bench.read(y, n), mse(a, b), 3e-7, `y, n = ${n}`);
      const [daAt, dbAt] = [bench.f32(n, before, 'da'), bench.f32(n, before, 'db')];
      kernels.mse_backward(daAt, 0, dyAt, aAt, bAt, n);
      kernels.mse_backward(0, dbAt, dyAt, aAt, bAt, n);
      mseBackward(da, db, dy, a, b);
      near(bench.read(daAt, n), da, 3e-7, `da, n = ${n}`);
      near(bench.read(dbAt, n), db, 3e-7, `db, n = ${n}`);
      notZero(
        da.map((v, i) => v - before[i]!),
        'the gradient of a',
      );
      const [both, other] = [bench.f32(n, before, 'da'), bench.f32(n, before, 'db')];
      kernels.mse_backward(both, other, dyAt, aAt, bAt, n);
      assert.equal(bench.read(both, n), bench.read(daAt, n));
      assert.equal(bench.read(other, n), bench.read(dbAt, n));
      bench.checkCanaries();
    }
  });

  test(`bce_logits writes y and adds dx as the reference does (${build})`, () => {
    for (const n of SIZES) {
      bench.reset();
      const [x, t, dy, dx] = [random.array(n, 6), targets(n), random.array(n), random.array(n)];
      const before = dx.slice();
      const [xAt, tAt, y] = [bench.f32(n, x), bench.f32(n, t), bench.f32(n, undefined, 'y')];
      kernels.bce_logits_forward(y, xAt, tAt, n);
      near(bench.read(y, n), bceLogits(x, t), 4e-7, `y, n = ${n}`);
      const dxAt = bench.f32(n, dx, 'dx');
      kernels.bce_logits_backward(dxAt, bench.f32(n, dy), xAt, tAt, n);
      bceLogitsBackward(dx, dy, x, t);
      near(bench.read(dxAt, n), dx, 5e-7, `dx, n = ${n}`);
      notZero(
        dx.map((v, i) => v - before[i]!),
        'the gradient of x',
      );
      bench.checkCanaries();
    }
  });

  test(`bce_logits is accurate for a confident right answer and finite for a wrong one (${build})`, () => {
    bench.reset();
    const x = [20, -20, 60, 1000, -1000, 3e38];
    const t = [1, 0, 1, 0, 1, 0];
    const y = bench.f32(6);
    kernels.bce_logits_forward(y, bench.f32(6, x), bench.f32(6, t), 6);
    const loss = bench.read(y, 6);
    for (const [i, expected] of [
      Math.exp(-20),
      Math.exp(-20),
      Math.exp(-60),
      1000,
      1000,
      Math.fround(3e38),
    ].entries())
      near([loss[i]!], [expected], 4e-7, `y[${i}]`);
  });
}

run();
