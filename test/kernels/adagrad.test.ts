import { type AdagradOptions, adagradStep } from '../reference/adagrad.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/adagrad');

const cases: Named<AdagradOptions>[] = [
  { name: 'Adagrad', golden: 'optim_adagrad', lr: 0.1 },
  { name: 'Adagrad with weight decay', lr: 0.1, weightDecay: 0.05, eps: 1e-3 },
];

for (const { name, golden, ...options } of cases) {
  const { lr, weightDecay = 0, eps = 1e-10 } = options;
  optimizerTests(tests, {
    name,
    states: 1,
    golden,
    reference: (p, g, [sum], _) => adagradStep(p, g, sum!, options),
    kernel: (bench, p, g, [sum], n) =>
      bench.kernels.adagrad_step(p, g, sum!, n, lr, weightDecay, eps),
  });
}

tests.run();
