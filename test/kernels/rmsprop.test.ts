import { ok } from 'uvu/assert';
import { type RmspropOptions, rmspropStep } from '../reference/rmsprop.js';
import { Bench, builds } from '../support/kernels.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/rmsprop');

const cases: Named<RmspropOptions & { centered?: boolean }>[] = [
  { name: 'RMSprop', golden: 'optim_rmsprop', lr: 0.01 },
  {
    name: 'centered RMSprop with momentum',
    golden: 'optim_rmsprop_centered',
    lr: 0.01,
    centered: true,
    momentum: 0.9,
  },
  { name: 'centered RMSprop', lr: 0.01, centered: true, alpha: 0.95, eps: 1e-4 },
  { name: 'RMSprop with momentum and weight decay', lr: 0.01, momentum: 0.5, weightDecay: 0.1 },
];

for (const { name, golden, centered = false, ...options } of cases) {
  const { lr, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = options;
  const split = <A>(states: A[]): [A, A | undefined, A | undefined] => [
    states[0]!,
    centered ? states[1] : undefined,
    momentum ? states[centered ? 2 : 1] : undefined,
  ];
  optimizerTests(tests, {
    name,
    states: 1 + Number(centered) + Number(momentum > 0),
    golden,
    reference: (p, g, states) => rmspropStep(p, g, ...split(states), options),
    kernel: (bench, p, g, states, n) => {
      const [square, mean = 0, buffer = 0] = split(states);
      bench.kernels.rmsprop_step(
        p,
        g,
        square,
        mean,
        buffer,
        n,
        lr,
        alpha,
        eps,
        weightDecay,
        momentum,
      );
    },
  });
}

/**
 * Of a gradient that stays the same s − a² is 0, and where rounding makes it less than 0 its root
 * is not a number.
 */
for (const build of builds) {
  tests.test(`${build}: a variance that rounds below 0 counts as 0`, () => {
    const bench = new Bench(build);
    const n = 512,
      gradient = Float64Array.from({ length: n }, (_, i) => (i + 1) / 7);
    let below = 0;
    for (const alpha of [0.5, 0.8, 0.9, 0.97, 0.99]) {
      bench.reset();
      const [p, square, mean] = ['p', 'square', 'mean'].map(name =>
        bench.f32(n, new Float64Array(n), name),
      ) as [number, number, number];
      const g = bench.f32(n, gradient, 'g');
      for (let step = 0; step < 300; step++) {
        bench.kernels.rmsprop_step(p, g, square, mean, 0, n, 1e-3, alpha, 1e-8, 0, 0);
        const s = bench.read(square, n),
          a = bench.read(mean, n);
        below += s.filter((x, i) => Math.fround(x - Math.fround(a[i]! * a[i]!)) < 0).length;
      }
      ok(bench.read(p, n).every(Number.isFinite), 'a parameter is not a number');
    }
    ok(below > 0, 'no variance was below 0');
  });
}

tests.run();
