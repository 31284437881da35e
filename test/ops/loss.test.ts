import { init, ops, scope, tensor, zeros } from '../../src/index.js';
import * as crossentropy from '../reference/crossentropy.js';
import { at, build, type Dense, dense } from '../reference/dense.js';
import * as loss from '../reference/loss.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('losses');

const REDUCTIONS = ['mean', 'sum', 'none'] as const;

/** Losses of rows, reduced as the op does; the mean is over `count` rows. */
function reduced(
  losses: Dense,
  reduction: (typeof REDUCTIONS)[number],
  count = losses.data.length,
): Dense {
  const sum = losses.data.reduce((a, b) => a + b, 0);
  return reduction === 'none' ? losses : dense([reduction === 'sum' ? sum : sum / count], []);
}

/** Targets of N rows over C classes, a few of them ignored if there are several rows. */
function targetsOf(N: number, C: number, ignoreIndex: number): Int32Array {
  return Int32Array.from({ length: N }, (_, n) => (n % 4 === 2 ? ignoreIndex : (n * 7 + 1) % C));
}

test('cross-entropy: each reduction, ignored rows, label smoothing, any leading axes', () => {
  for (const shape of [[4], [5, 3], [3, 17], [2, 3, 4]]) {
    const C = shape.at(-1)!;
    const lead = shape.slice(0, -1);
    const N = lead.reduce((a, b) => a * b, 1);
    for (const ignoreIndex of [-100, 1]) {
      const targets = targetsOf(N, C, ignoreIndex).map(target =>
        ignoreIndex === 1 && N === 1 ? 0 : target,
      );
      const count = targets.filter(target => target !== ignoreIndex).length;
      if (count === 0) continue;
      for (const labelSmoothing of [0, 0.1]) {
        for (const reduction of REDUCTIONS) {
          checkOp(
            `crossEntropy [${shape}] ${reduction}, smoothing ${labelSmoothing}, ignoring ` +
              `${ignoreIndex}`,
            {
              inputs: [shape],
              op: x => ops.crossEntropy(x, targets, { ignoreIndex, labelSmoothing, reduction }),
              reference: x =>
                reduced(
                  dense(
                    crossentropy.crossEntropy(x.data, targets, N, C, {
                      ignoreIndex,
                      smoothing: labelSmoothing,
                    }),
                    lead,
                  ),
                  reduction,
                  count,
                ),
            },
          );
        }
      }
    }
  }
});

for (const stem of ['cross_entropy_ignore', 'cross_entropy_smooth']) {
  test(`cross-entropy has PyTorch's loss and gradient: ${stem}`, () => {
    const file = golden(stem);
    const logits = file.names.find(name => name.startsWith('in.') && file.shape(name).length > 1)!;
    const targets = file.names.find(name => name.startsWith('in.') && name !== logits)!;
    scope(() => {
      const x = tensor(file.values(logits), { shape: file.shape(logits), requiresGrad: true });
      const y = ops.crossEntropy(x, Int32Array.from(file.values(targets)), {
        labelSmoothing: stem.endsWith('smooth') ? 0.1 : 0,
      });
      near(
        [y.item()],
        file.values(file.names.find(name => name.startsWith('out.'))!),
        1e-6,
        'loss',
      );
      const probe = file.names.find(name => name.startsWith('probe.'));
      (probe ? ops.mul(y, file.values(probe)[0]!) : y).backward();
      near(x.grad!, file.values(file.names.find(name => name.startsWith('g.'))!), 1e-5, 'gradient');
    });
  });
}

test('nll: each reduction, with ignored rows', () => {
  const targets = targetsOf(5, 3, -100);
  for (const reduction of REDUCTIONS) {
    checkOp(`nll ${reduction}`, {
      inputs: [[5, 3]],
      op: x => ops.nll(x, targets, { reduction }),
      reference: x => reduced(dense(crossentropy.nll(x.data, targets, 5, 3, -100)), reduction, 4),
    });
  }
});

test('nll of logSoftmax is cross-entropy, loss and gradient', () => {
  const values = [0.3, -2, 5, 1, 0, -1, 4, 4, 4, -3, 2, 0.5];
  const targets = Int32Array.of(2, -100, 0, 1);
  const [whole, parts] = [
    (x: Parameters<typeof ops.nll>[0]) => ops.crossEntropy(x, targets),
    (x: Parameters<typeof ops.nll>[0]) => ops.nll(ops.logSoftmax(x), targets),
  ].map(f =>
    scope(() => {
      const x = tensor(values, { shape: [4, 3], requiresGrad: true });
      const y = f(x);
      y.backward();
      return { loss: y.item(), gradient: x.grad! };
    }),
  ) as [{ loss: number; gradient: Float32Array }, { loss: number; gradient: Float32Array }];
  near([parts.loss], [whole.loss], 1e-6, 'loss');
  near(parts.gradient, whole.gradient, 1e-6, 'gradient');
});

test('cross-entropy of extreme logits is finite, and so is its gradient', () => {
  scope(() => {
    const x = tensor(
      [
        [1e4, -1e4, 0],
        [-1e4, 1e4, 0],
      ],
      { requiresGrad: true },
    );
    const y = ops.crossEntropy(x, Int32Array.of(0, 0));
    near([y.item()], [1e4], 1e-6, 'loss'); // (0 + 2·10⁴)/2
    y.backward();
    near(x.grad!, [0, 0, 0, -0.5, 0.5, 0], 1e-6, 'gradient');
  });
});

test('cross-entropy and nll name a target that is no class, and refuse to ignore all', () => {
  scope(() => {
    const x = zeros([3, 4]);
    for (const name of ['crossEntropy', 'nll'] as const) {
      throws(
        () => ops[name](x, Int32Array.of(0, 4, 1)),
        RangeError,
        new RegExp(`^${name}: target 4 at position 1 lies outside \\[0, 4\\)`),
      );
      throws(
        () => ops[name](x, Int32Array.of(0, -1, 1)),
        RangeError,
        new RegExp(`^${name}: target -1 at position 1`),
      );
      throws(
        () => ops[name](x, Int32Array.of(0, 1)),
        RangeError,
        new RegExp(`^${name}: 2 targets for 3 rows`),
      );
      throws(
        () => ops[name](x, Int32Array.of(-100, -100, -100)),
        RangeError,
        new RegExp(`^${name}: all 3 targets are ignored`),
      );
    }
    throws(
      () => ops.crossEntropy(x, Int32Array.of(0, 1, 2), { labelSmoothing: 1 }),
      RangeError,
      /labelSmoothing is 1/,
    );
  });
});

test('mse: each reduction, both gradients, and none of a tensor with itself', () => {
  for (const reduction of REDUCTIONS) {
    checkOp(`mse ${reduction}`, {
      inputs: [
        [3, 5],
        [3, 5],
      ],
      op: (a, b) => ops.mse(a, b, { reduction }),
      reference: (a, b) => reduced(dense(loss.mse(a.data, b.data), a.shape), reduction),
    });
    checkOp(`mse of itself ${reduction}`, {
      inputs: [[4]],
      op: a => ops.mse(a, a, { reduction }),
      reference: a => reduced(dense(loss.mse(a.data, a.data), a.shape), reduction),
      constants: [0],
    });
  }
  scope(() =>
    throws(
      () => ops.mse(zeros([2, 1]), zeros([2])),
      RangeError,
      /^mse: shapes \[2,1\] and \[2\] differ/,
    ),
  );
});

test('binary cross-entropy: each reduction; the targets are constants', () => {
  const targets = dense([0, 1, 0.25, 1, 0, 0.9], [2, 3]);
  for (const reduction of REDUCTIONS) {
    checkOp(`bceWithLogits ${reduction}`, {
      inputs: [[2, 3], targets],
      op: (x, t) => ops.bceWithLogits(x, t, { reduction }),
      reference: (x, t) => reduced(dense(loss.bceLogits(x.data, t.data), x.shape), reduction),
      constants: [1],
    });
  }
  scope(() =>
    throws(
      () => ops.bceWithLogits(zeros([2]), zeros([3])),
      RangeError,
      /^bceWithLogits: shapes \[2\] and \[3\] differ/,
    ),
  );
});

test('binary cross-entropy of extreme logits is |x| where wrong, 0 where right, with gradients ±1 and 0', () => {
  scope(() => {
    const x = tensor([1e4, -1e4, 1e4, -1e4, 3e38], { requiresGrad: true });
    const y = ops.bceWithLogits(x, tensor([1, 0, 0, 1, 1]), { reduction: 'none' });
    near(y.toArray(), [0, 0, 1e4, 1e4, 0], 1e-6, 'losses');
    ops.sum(y).backward();
    near(x.grad!, [0, 0, 1, -1, 0], 1e-6, 'gradient');
  });
});

test('gather picks one element of each row, and gives it the gradient', () => {
  const ids = Int32Array.of(2, 0, 2, 1, 3, 3);
  checkOp('gather [2,3,4]', {
    inputs: [[2, 3, 4]],
    op: x => ops.gather(x, ids),
    reference: x => build([2, 3], ([i, j]) => at(x, [i!, j!, ids[i! * 3 + j!]!])),
  });
  checkOp('gather [5]', {
    inputs: [[5]],
    op: x => ops.gather(x, Int32Array.of(3)),
    reference: x => build([], () => at(x, [3])),
  });
  scope(() => {
    throws(
      () => ops.gather(zeros([2, 3]), Int32Array.of(0, 3)),
      RangeError,
      /^gather: id 3 at position 1 lies outside \[0, 3\)/,
    );
    throws(
      () => ops.gather(zeros([2, 3]), Int32Array.of(0)),
      RangeError,
      /^gather: 1 ids for 2 rows/,
    );
  });
});

run();
