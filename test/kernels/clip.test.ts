import { Bench, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/clip');
const sizes = [0, 2, ...SIZES, 7, 15, 16, 31, 32, 33, 1000];
const equal = (actual: number, expected: number, what: string) => {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${actual}, expected ${expected}`);
};

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  tests.test(`sums of squares and powers are those of f64 (${build})`, () => {
    for (const n of sizes) {
      bench.reset();
      const x = new TestRandom(n + 1).array(n, 3);
      const at = bench.f32(n, x);
      near(
        [kernels.sum_squares(at, n)],
        [x.reduce((sum, v) => sum + v * v, 0)],
        1e-14,
        `Σx² of ${n}`,
      );
      for (const p of [1, 2, 2.5, 3, 0.5]) {
        near(
          [kernels.sum_powers(at, n, p)],
          [x.reduce((sum, v) => sum + Math.abs(v) ** p, 0)],
          1e-14,
          `Σ|x|^${p} of ${n}`,
        );
      }
      near(bench.read(at, n), x, 0, 'x');
      bench.checkCanaries();
    }
  });

  tests.test(
    `a sum of squares survives values whose squares leave the range of f32 (${build})`,
    () => {
      bench.reset();
      near(
        [kernels.sum_squares(bench.f32(5, [1e30, 1, 1, 1, 1e30]), 5)],
        [2 * Math.fround(1e30) ** 2],
        1e-14,
        'large',
      );
      near(
        [kernels.sum_squares(bench.f32(5, [1e-30, 0, 0, 0, 1e-30]), 5)],
        [2 * Math.fround(1e-30) ** 2],
        1e-14,
        'small',
      );
    },
  );

  tests.test(`norms are PyTorch's (${build})`, () => {
    for (const [stem, norm] of [
      [
        'clip_norm_1',
        (sum: (f: (at: number, n: number) => number) => number) =>
          sum((at, n) => kernels.sum_powers(at, n, 1)),
      ],
      ['clip_norm_2', sum => Math.sqrt(sum((at, n) => kernels.sum_squares(at, n)))],
    ] as [string, (sum: (f: (at: number, n: number) => number) => number) => number][]) {
      bench.reset();
      const file = golden(stem);
      const gradients = ['g0', 'g1'].map(name => {
        const values = file.values(`in.${name}`);
        return { name, n: values.length, at: bench.f32(values.length, values) };
      });
      const total = norm(f => gradients.reduce((sum, { at, n }) => sum + f(at, n), 0));
      near([total], file.values('out.norm'), 1e-7, 'norm');
      for (const { name, n, at } of gradients) {
        kernels.scale(at, n, Math.min(1, 1.5 / (total + 1e-6)));
        near(bench.read(at, n), file.values(`out.${name}`), 1e-6, name);
      }
    }
    const file = golden('clip_norm_inf');
    const largest = ['in.g0', 'in.g1'].map(name =>
      kernels.max_abs(
        bench.f32(file.values(name).length, file.values(name)),
        file.values(name).length,
      ),
    );
    near([Math.max(...largest)], file.values('out.norm'), 1e-7, 'norm');
  });

  tests.test(`the largest magnitude is found in every place, and NaN wins (${build})`, () => {
    for (const n of sizes) {
      bench.reset();
      const x = new TestRandom(n + 1).array(n);
      equal(
        kernels.max_abs(bench.f32(n, x), n),
        x.reduce((m, v) => Math.max(m, Math.abs(v)), 0),
        `max of ${n}`,
      );
      for (let i = 0; i < n; i++) {
        equal(kernels.max_abs(bench.f32(n, x.with(i, -7)), n), 7, `−7 at ${i} of ${n}`);
        equal(kernels.max_abs(bench.f32(n, x.with(i, NaN)), n), NaN, `NaN at ${i} of ${n}`);
      }
      bench.checkCanaries();
    }
  });

  tests.test(
    `scale multiplies and clamp limits every element, and NaN stays NaN (${build})`,
    () => {
      for (const n of sizes) {
        bench.reset();
        const x = new TestRandom(n + 1).array(n, 2);
        if (n > 3) x[n - 2] = NaN;
        if (n > 8) x[3] = -Infinity;
        const [scaled, clamped] = [bench.f32(n, x), bench.f32(n, x)];
        kernels.scale(scaled, n, 0.3);
        kernels.clamp(clamped, n, 0.75);
        bench
          .read(scaled, n)
          .forEach((v, i) => equal(v, Math.fround(x[i]! * Math.fround(0.3)), `scaled [${i}]`));
        bench
          .read(clamped, n)
          .forEach((v, i) => equal(v, Math.min(Math.max(x[i]!, -0.75), 0.75), `clamped [${i}]`));
        bench.checkCanaries();
      }
    },
  );

  tests.test(`the first element that is not finite is found in every place (${build})`, () => {
    for (const n of sizes) {
      bench.reset();
      const x = new TestRandom(n + 1).array(n, 3e38);
      equal(kernels.first_nonfinite(bench.f32(n, x), n), -1, `finite [${n}]`);
      for (let i = 0; i < n; i++) {
        for (const bad of [NaN, Infinity, -Infinity])
          equal(
            kernels.first_nonfinite(bench.f32(n, x.with(n - 1, NaN).with(i, bad)), n),
            i,
            `${bad} at ${i} of ${n}`,
          );
      }
    }
  });
}

tests.run();
