import { type AdadeltaOptions, adadeltaStep } from '../reference/adadelta.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/adadelta');

const cases: Named<AdadeltaOptions>[] = [
  { name: 'Adadelta', golden: 'optim_adadelta', lr: 1 },
  { name: 'Adadelta with weight decay', lr: 0.5, rho: 0.8, eps: 1e-4, weightDecay: 0.1 },
];

for (const { name, golden, ...options } of cases) {
  const { lr, rho = 0.9, eps = 1e-6, weightDecay = 0 } = options;
  optimizerTests(tests, {
    name,
    states: 2,
    golden,
    reference: (p, g, [square, delta]) => adadeltaStep(p, g, square!, delta!, options),
    kernel: (bench, p, g, [square, delta], n) =>
      bench.kernels.adadelta_step(p, g, square!, delta!, n, lr, rho, eps, weightDecay),
  });
}

tests.run();
