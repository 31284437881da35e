import { type SgdOptions, sgdStep } from '../reference/sgd.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/sgd');

const cases: Named<SgdOptions>[] = [
  { name: 'SGD', golden: 'optim_sgd', lr: 0.1 },
  {
    name: 'SGD with momentum',
    golden: 'optim_sgd_momentum',
    lr: 0.1,
    momentum: 0.9,
    weightDecay: 0.01,
  },
  {
    name: 'SGD with Nesterov momentum',
    golden: 'optim_sgd_nesterov',
    lr: 0.1,
    momentum: 0.9,
    nesterov: true,
  },
  { name: 'SGD with dampening', lr: 0.05, momentum: 0.8, dampening: 0.3 },
  { name: 'SGD with weight decay alone', lr: 0.1, weightDecay: 0.1 },
];

for (const { name, golden, ...options } of cases) {
  const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
  optimizerTests(tests, {
    name,
    states: momentum ? 1 : 0,
    golden,
    reference: (p, g, [buffer], t) => sgdStep(p, g, buffer, { ...options, first: t === 1 }),
    kernel: (bench, p, g, [buffer = 0], n, t) =>
      bench.kernels.sgd_step(
        p,
        g,
        buffer,
        n,
        lr,
        momentum,
        dampening,
        weightDecay,
        nesterov,
        t === 1,
      ),
  });
}

tests.run();
