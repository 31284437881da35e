import { type AdamOptions, adamStep } from '../reference/adam.js';
import { type Named, optimizerTests } from '../support/optimizer.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/adam');

const cases: Named<AdamOptions & { amsgrad?: boolean }>[] = [
  { name: 'Adam', golden: 'optim_adam', lr: 0.01 },
  {
    name: 'AMSGrad with weight decay',
    golden: 'optim_adam_amsgrad_wd',
    lr: 0.01,
    amsgrad: true,
    weightDecay: 0.01,
  },
  { name: 'AdamW', golden: 'optim_adamw', lr: 0.01, decoupled: true, weightDecay: 0.1 },
  {
    name: 'AdamW with AMSGrad',
    lr: 0.02,
    amsgrad: true,
    decoupled: true,
    weightDecay: 0.05,
    beta1: 0.8,
    beta2: 0.95,
    eps: 1e-3,
  },
];

for (const { name, golden, amsgrad = false, ...options } of cases) {
  const {
    lr,
    beta1 = 0.9,
    beta2 = 0.999,
    eps = 1e-8,
    weightDecay = 0,
    decoupled = false,
  } = options;
  optimizerTests(tests, {
    name,
    states: amsgrad ? 3 : 2,
    golden,
    reference: (p, g, [m, v, vmax], t) => adamStep(p, g, m!, v!, vmax, t, options),
    kernel: (bench, p, g, [m, v, vmax = 0], n, t) =>
      bench.kernels.adam_step(
        p,
        g,
        m!,
        v!,
        vmax,
        n,
        lr,
        beta1,
        beta2,
        eps,
        weightDecay,
        decoupled,
        1 - beta1 ** t,
        1 - beta2 ** t,
      ),
  });
}

tests.run();
