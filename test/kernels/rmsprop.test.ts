import { type RmspropOptions, rmspropStep } from '../reference/rmsprop.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/rmsprop');

const cases: Named<RmspropOptions & { centered?: boolean }>[] = [
  { name: 'RMSprop', golden: 'optim_rmsprop', lr: 0.01 },
  { name: 'centered RMSprop with momentum', golden: 'optim_rmsprop_centered', lr: 0.01, centered: true, momentum: 0.9 },
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
      bench.kernels.rmsprop_step(p, g, square, mean, buffer, n, lr, alpha, eps, weightDecay, momentum);
    },
  });
}

tests.run();
