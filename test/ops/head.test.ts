import { init, ops, runtimeInfo, scope, type Tensor, tensor, zeros } from '../../src/index.js';
import { crossEntropy } from '../reference/crossentropy.js';
import { at, build, type Dense, dense, total } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('output layer with its loss');

function reference(
  x: Dense,
  w: Dense,
  bias: Dense | null,
  targets: Int32Array,
  ignoreIndex: number,
  reduction: 'mean' | 'sum',
): Dense {
  const [C, H] = w.shape as [number, number];
  const N = targets.length;
  const logits = build(
    [N, C],
    ([n, c]) => total(H, h => x.data[n! * H + h]! * at(w, [c!, h])) + (bias ? at(bias, [c!]) : 0),
  );
  const sum = total(
    N,
    n => crossEntropy(logits.data, targets, N, C, { ignoreIndex, smoothing: 0 })[n]!,
  );
  return dense(
    [reduction === 'sum' ? sum : sum / targets.filter(target => target !== ignoreIndex).length],
    [],
  );
}

test('it is the cross-entropy of a linear layer: each reduction, with ignored rows, with and without bias, any leading axes', () => {
  for (const [lead, H, C] of [
    [[1], 1, 3],
    [[5], 3, 4],
    [[2, 3], 4, 5],
    [[], 5, 8],
    [[4], 8, 17],
  ] as const) {
    const N = lead.reduce((a: number, b: number) => a * b, 1);
    for (const ignoreIndex of [-100, 1]) {
      const targets = Int32Array.from({ length: N }, (_, n) =>
        n % 4 === 2 ? ignoreIndex : (n * 7 + 2) % C,
      );
      for (const reduction of ['mean', 'sum'] as const) {
        const name = `[${lead}], ${H} to ${C}, ${reduction}, ignoring ${ignoreIndex}`;
        const options = { ignoreIndex, reduction };
        checkOp(name, {
          inputs: [[...lead, H], [C, H], [C]],
          op: (x, w, bias) => ops.linearCrossEntropy(x, w, targets, { ...options, bias }),
          reference: (x, w, bias) => reference(x, w, bias, targets, ignoreIndex, reduction),
        });
        checkOp(`${name}, no bias`, {
          inputs: [
            [...lead, H],
            [C, H],
          ],
          op: (x, w) => ops.linearCrossEntropy(x, w, targets, options),
          reference: (x, w) => reference(x, w, null, targets, ignoreIndex, reduction),
        });
      }
    }
  }
});

/** Three chunks of rows, 88, 88 and 87: all logits at once exceed what may exist. */
const [N, H, C] = [263, 3, 16_421] as const;

/**
 * The loss and the gradients of x, w and bias, of which `wanted` says whose are asked for, and the
 * bytes it took.
 */
function chunked(loss: (x: Tensor, w: Tensor, bias: Tensor) => Tensor, wanted: readonly boolean[]) {
  const random = new TestRandom(3);
  return scope(() => {
    const inputs = [[N, H], [C, H], [C]].map((shape, i) =>
      tensor(random.array(shape.reduce<number>((a, b) => a * b, 1)), {
        shape,
        requiresGrad: wanted[i]!,
      }),
    );
    const before = runtimeInfo().memory.borrowed;
    const y = loss(inputs[0]!, inputs[1]!, inputs[2]!);
    ops.affine(y, -0.7).backward();
    return {
      loss: y.item(),
      gradients: inputs.map(({ grad }) => grad),
      bytes: runtimeInfo().memory.borrowed - before,
    };
  });
}

test('in several chunks of rows it is the same, and takes less memory than all logits', () => {
  const random = new TestRandom(4);
  const targets = Int32Array.from({ length: N }, (_, n) => (n % 9 === 5 ? -100 : random.int(C)));
  for (const reduction of ['mean', 'sum'] as const) {
    for (const wanted of [
      [true, true, true],
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]) {
      const expected = chunked(
        (x, w, b) => ops.crossEntropy(ops.linear(x, w, b), targets, { reduction }),
        wanted,
      );
      const actual = chunked(
        (x, w, bias) => ops.linearCrossEntropy(x, w, targets, { bias, reduction }),
        wanted,
      );
      near([actual.loss], [expected.loss], 1e-6, 'loss');
      wanted.forEach((asked, i) => {
        if (!asked) return;
        near(actual.gradients[i]!, expected.gradients[i]!, 2e-6, `${reduction}: gradient ${i}`);
        notZero(actual.gradients[i]!, `gradient ${i}`);
      });
      if (!(actual.bytes < 4 * N * C))
        throw new Error(`${actual.bytes} bytes for ${N}·${C} logits`);
    }
  }
});

test('shapes that do not go together are refused, and targets that are no class', () => {
  scope(() => {
    const [x, w, targets] = [zeros([2, 3]), zeros([5, 3]), Int32Array.of(0, 1)];
    throws(
      () => ops.linearCrossEntropy(zeros([2, 4]), w, targets),
      RangeError,
      /^linearCrossEntropy: x \[2,4\] must end in 3, the columns of w \[5,3\]/,
    );
    throws(
      () => ops.linearCrossEntropy(x, zeros([5]), targets),
      RangeError,
      /^linearCrossEntropy: w is \[5\]/,
    );
    throws(
      () => ops.linearCrossEntropy(x, w, targets, { bias: zeros([4]) }),
      RangeError,
      /^linearCrossEntropy: bias is \[4\], expected \[5\]/,
    );
    throws(
      () => ops.linearCrossEntropy(x, w, Int32Array.of(0, 5)),
      RangeError,
      /^linearCrossEntropy: target 5 at position 1 lies outside \[0, 5\)/,
    );
    throws(
      () => ops.linearCrossEntropy(x, w, Int32Array.of(0)),
      RangeError,
      /^linearCrossEntropy: 1 targets for 2 rows/,
    );
    throws(
      () => ops.linearCrossEntropy(x, w, Int32Array.of(-100, -100)),
      RangeError,
      /^linearCrossEntropy: all 2 targets are ignored/,
    );
  });
});

run();
