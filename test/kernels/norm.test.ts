import { layerNorm, layerNormBackward } from '../reference/norm.js';
import { added, inner } from '../support/added.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/norm');
const EPS = 1e-5;

tests.test('the gradients of the reference are those of central differences', () => {
  const random = new TestRandom(1);
  const [N, C] = [3, 5];
  const [x, w, b, dy] = [
    random.array(N * C, 2),
    random.array(C),
    random.array(C),
    random.array(N * C),
  ];
  const { dx, dw, db } = layerNormBackward(dy, x, layerNorm(x, w, b, N, C, EPS), w, N, C);
  gradcheck(() => inner(layerNorm(x, w, b, N, C, EPS).y, dy), { x, w, b }, { x: dx, w: dw, b: db });
  const plain = layerNormBackward(
    dy,
    x,
    layerNorm(x, undefined, undefined, N, C, EPS),
    undefined,
    N,
    C,
  );
  gradcheck(
    () => inner(layerNorm(x, undefined, undefined, N, C, EPS).y, dy),
    { x },
    { x: plain.dx },
  );
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  tests.test(
    `layer normalisation agrees with the reference, forward and backward (${build})`,
    () => {
      for (const C of [...SIZES, 200]) {
        for (const N of [1, 3]) {
          for (const affine of [true, false]) {
            for (const empty of [true, false]) {
              bench.reset();
              const random = new TestRandom(C * 10 + N);
              const n = N * C;
              const [x, dy] = [random.array(n, 3), random.array(n)];
              const [w, b] = affine ? [random.array(C), random.array(C)] : [];
              const fill = (size: number) => (empty ? new Float64Array(size) : random.array(size));
              const before = { dx: fill(n), dw: fill(C), db: fill(C) };
              const at = {
                y: bench.f32(n, undefined, 'y'),
                mean: bench.f32(N, undefined, 'mean'),
                rstd: bench.f32(N, undefined, 'rstd'),
                x: bench.f32(n, x, 'x'),
                dy: bench.f32(n, dy, 'dy'),
                w: w ? bench.f32(C, w, 'w') : 0,
                b: b ? bench.f32(C, b, 'b') : 0,
                dx: bench.f32(n, before.dx, 'dx'),
                dw: affine ? bench.f32(C, before.dw, 'dw') : 0,
                db: affine ? bench.f32(C, before.db, 'db') : 0,
              };
              const what = `[${N}, ${C}]${affine ? ' affine' : ''}`;
              kernels.layer_norm_forward(at.y, at.mean, at.rstd, at.x, at.w, at.b, N, C, EPS);
              const expected = layerNorm(x, w, b, N, C, EPS);
              near(bench.read(at.mean, N), expected.mean, 1e-6, `mean ${what}`);
              near(bench.read(at.rstd, N), expected.rstd, 1e-6, `rstd ${what}`);
              // a single element is its own mean: its y is b exactly
              near(bench.read(at.y, n), expected.y, 1e-6, `y ${what}`);
              kernels.layer_norm_backward(
                at.dx,
                at.dw,
                at.db,
                at.dy,
                at.x,
                at.mean,
                at.rstd,
                at.w,
                N,
                C,
              );
              const gradient = layerNormBackward(dy, x, expected, w, N, C);
              if (C > 1) {
                near(bench.read(at.dx, n), added(before.dx, gradient.dx), 5e-6, `dx ${what}`);
                notZero(gradient.dx, 'dx');
              }
              if (affine) {
                near(bench.read(at.dw, C), added(before.dw, gradient.dw), 2e-6, `dw ${what}`);
                near(bench.read(at.db, C), added(before.db, gradient.db), 1e-6, `db ${what}`);
              }
              bench.checkCanaries();
            }
          }
        }
      }
    },
  );

  tests.test(`gradients that are not wanted are not computed (${build})`, () => {
    bench.reset();
    const random = new TestRandom(3);
    const [N, C] = [2, 6];
    const [x, dy, w] = [random.array(12), random.array(12), random.array(C)];
    const saved = layerNorm(x, w, undefined, N, C, EPS);
    const { dx, dw, db } = layerNormBackward(dy, x, saved, w, N, C);
    const inputs = [
      bench.f32(12, dy),
      bench.f32(12, x),
      bench.f32(N, saved.mean),
      bench.f32(N, saved.rstd),
      bench.f32(C, w),
    ] as const;
    const zeros = (n: number) => bench.f32(n, new Float64Array(n));
    const [dxAt, dwAt, dbAt] = [zeros(12), zeros(C), zeros(C)];
    kernels.layer_norm_backward(dxAt, 0, 0, ...inputs, N, C);
    kernels.layer_norm_backward(0, dwAt, 0, ...inputs, N, C);
    kernels.layer_norm_backward(0, 0, dbAt, ...inputs, N, C);
    near(bench.read(dxAt, 12), dx, 2e-6, 'dx');
    near(bench.read(dwAt, C), dw, 2e-6, 'dw');
    near(bench.read(dbAt, C), db, 1e-6, 'db');
    bench.checkCanaries();
  });

  tests.test(
    `a mean a thousand times the spread costs no accuracy of the variance (${build})`,
    () => {
      bench.reset();
      const C = 64;
      const x = new TestRandom(8).array(C).map(v => Math.fround(1000 + v));
      const [y, mean, rstd] = [bench.f32(C), bench.f32(1), bench.f32(1)];
      kernels.layer_norm_forward(y, mean, rstd, bench.f32(C, x), 0, 0, 1, C, EPS);
      near(bench.read(rstd, 1), layerNorm(x, undefined, undefined, 1, C, EPS).rstd, 1e-6, 'rstd');
    },
  );
}

tests.run();
