import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from '../reference/softmax.js';
import { added, inner } from '../support/added.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/softmax');
const sizes = [...SIZES, 15, 16, 31, 33, 1000, 33_278];

tests.test('the gradients of the references are those of central differences', () => {
  const random = new TestRandom(1);
  const [N, C] = [3, 5];
  const [x, dy] = [random.array(N * C, 2), random.array(N * C)];
  gradcheck(
    () => inner(softmax(x, N, C), dy),
    { x },
    { x: softmaxBackward(dy, softmax(x, N, C), N, C) },
  );
  gradcheck(
    () => inner(logSoftmax(x, N, C), dy),
    { x },
    { x: logSoftmaxBackward(dy, logSoftmax(x, N, C), N, C) },
  );
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  tests.test(
    `softmax and log-softmax agree with the reference, forward and backward (${build})`,
    () => {
      for (const C of sizes) {
        for (const N of C < 100 ? [1, 3] : [2]) {
          for (const scale of [3, 50]) {
            bench.reset();
            const random = new TestRandom(C + N);
            const n = N * C;
            const [x, dy, before] = [random.array(n, scale), random.array(n), random.array(n)];
            const at = {
              x: bench.f32(n, x, 'x'),
              dy: bench.f32(n, dy, 'dy'),
              y: bench.f32(n, undefined, 'y'),
              dx: bench.f32(n, before, 'dx'),
            };
            const what = `[${N}, ${C}] × ${scale}`;

            kernels.softmax_forward(at.y, at.x, N, C);
            near(bench.read(at.y, n), softmax(x, N, C), 1e-6, `softmax ${what}`);
            const y = bench.read(at.y, n);
            kernels.softmax_backward(at.dx, at.dy, at.y, N, C);
            const gradient = softmaxBackward(dy, y, N, C);
            near(bench.read(at.dx, n), added(before, gradient), 1e-6, `softmax dx ${what}`);

            const logAt = {
              y: bench.f32(n, undefined, 'log y'),
              dx: bench.f32(n, before, 'log dx'),
            };
            kernels.log_softmax_forward(logAt.y, at.x, N, C);
            near(bench.read(logAt.y, n), logSoftmax(x, N, C), 1e-6, `log-softmax ${what}`);
            kernels.log_softmax_backward(logAt.dx, at.dy, logAt.y, N, C);
            const logGradient = logSoftmaxBackward(dy, bench.read(logAt.y, n), N, C);
            near(
              bench.read(logAt.dx, n),
              added(before, logGradient),
              2e-6,
              `log-softmax dx ${what}`,
            );
            if (C > 1) {
              notZero(gradient, 'softmax dx');
              notZero(logGradient, 'log-softmax dx');
            }
            bench.checkCanaries();
          }
        }
      }
    },
  );

  tests.test(`gradients alone, into zeroed buffers, agree with the reference (${build})`, () => {
    bench.reset();
    const random = new TestRandom(5);
    const [N, C] = [3, 18];
    const n = N * C;
    const [x, dy] = [random.array(n, 2), random.array(n)];
    const at = {
      x: bench.f32(n, x),
      dy: bench.f32(n, dy),
      y: bench.f32(n),
      l: bench.f32(n),
      dx: bench.f32(n, new Float64Array(n)),
      dl: bench.f32(n, new Float64Array(n)),
    };
    kernels.softmax_forward(at.y, at.x, N, C);
    kernels.softmax_backward(at.dx, at.dy, at.y, N, C);
    kernels.log_softmax_forward(at.l, at.x, N, C);
    kernels.log_softmax_backward(at.dl, at.dy, at.l, N, C);
    near(bench.read(at.dx, n), softmaxBackward(dy, softmax(x, N, C), N, C), 1e-6, 'softmax dx');
    near(
      bench.read(at.dl, n),
      logSoftmaxBackward(dy, logSoftmax(x, N, C), N, C),
      1e-6,
      'log-softmax dx',
    );
  });

  tests.test(`softmax may overwrite its input (${build})`, () => {
    bench.reset();
    const x = new TestRandom(2).array(2 * 21, 4);
    const at = bench.f32(42, x);
    kernels.softmax_forward(at, at, 2, 21);
    near(bench.read(at, 42), softmax(x, 2, 21), 1e-6, 'y');
    const log = bench.f32(42, x);
    kernels.log_softmax_forward(log, log, 2, 21);
    near(bench.read(log, 42), logSoftmax(x, 2, 21), 1e-6, 'log y');
  });

  tests.test(
    `logits of ±1e4 and masks of −∞ give finite probabilities that sum to 1 (${build})`,
    () => {
      for (const x of [
        [1e4, -1e4, 9999, 0, 1e4 - 1],
        [-1e4, -1e4, -1e4],
        [-Infinity, 3, -Infinity, 1, 0, -Infinity],
        [88, 200, -300, 0],
      ]) {
        bench.reset();
        const C = x.length;
        const y = bench.f32(C);
        kernels.softmax_forward(y, bench.f32(C, x), 1, C);
        near(bench.read(y, C), softmax(x, 1, C), 1e-6, `softmax of ${x}`);
        near([bench.read(y, C).reduce((a, b) => a + b)], [1], 1e-6, 'sum');
      }
    },
  );

  tests.test(`a NaN makes its whole row NaN and no other (${build})`, () => {
    bench.reset();
    const C = 21;
    for (const bad of [0, 4, 17, 20]) {
      const x = new TestRandom(2).array(3 * C).with(C + bad, NaN);
      for (const forward of [kernels.softmax_forward, kernels.log_softmax_forward]) {
        const y = bench.f32(3 * C, new Float64Array(3 * C));
        forward(y, bench.f32(3 * C, x), 3, C);
        bench.read(y, 3 * C).forEach((v, i) => {
          if (Number.isNaN(v) !== (i >= C && i < 2 * C))
            throw new Error(`y[${i}] is ${v} with NaN at ${C + bad}`);
        });
      }
    }
  });
}

tests.run();
