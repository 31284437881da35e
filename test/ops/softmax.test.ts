import { init, ops, scope, tensor, zeros } from '../../src/index.js';
import { type Dense, dense } from '../reference/dense.js';
import { logSoftmax, softmax } from '../reference/softmax.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('softmax');

const reference =
  (f: typeof softmax) =>
  (x: Dense): Dense => {
    const C = x.shape.at(-1)!;
    return dense(f(x.data, x.data.length / C, C), x.shape);
  };

test('softmax and logSoftmax over the last axis, with their gradients', () => {
  for (const shape of [[3], [4, 5], [1, 8], [2, 3, 17], [5, 2]]) {
    checkOp(`softmax [${shape}]`, {
      inputs: [shape],
      op: ops.softmax,
      reference: reference(softmax),
    });
    checkOp(`logSoftmax [${shape}]`, {
      inputs: [shape],
      op: ops.logSoftmax,
      reference: reference(logSoftmax),
    });
  }
});

test('a single class has probability 1 and no gradient', () => {
  checkOp('softmax [3,1]', {
    inputs: [[3, 1]],
    op: ops.softmax,
    reference: reference(softmax),
    constants: [0],
  });
});

test('large logits neither overflow nor make NaN', () => {
  scope(() => {
    const x = tensor([
      [1e4, 0, -1e4],
      [3e38, -3e38, 0],
    ]);
    near(ops.softmax(x).toArray(), [1, 0, 0, 1, 0, 0], 1e-6, 'softmax');
    near(ops.logSoftmax(tensor([[1e4, 0, -1e4]])).toArray(), [0, -1e4, -2e4], 1e-6, 'logSoftmax');
  });
});

test('adding a constant to all logits changes nothing', () => {
  scope(() =>
    near(
      ops.softmax(tensor([101, 102, 103])).toArray(),
      ops.softmax(tensor([1, 2, 3])).toArray(),
      1e-6,
      'softmax',
    ),
  );
});

test('no classes are refused', () => {
  scope(() => {
    throws(() => ops.softmax(zeros([2, 0])), RangeError, /^softmax: x \[2,0\] has no classes/);
    throws(() => ops.logSoftmax(zeros([])), RangeError, /^logSoftmax: x \[\] has no classes/);
  });
});

run();
