import { init, ops, Parameter, scope, tensor, zeros } from '../../src/index.js';
import { at, build, dense } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('embedding');

test('rows by id; ids that repeat add their gradients', () => {
  const ids = Int32Array.of(3, 0, 3, 1, 3, 0);
  for (const E of [1, 3, 4, 5, 8, 17]) {
    checkOp(`embedding of ${E}`, {
      inputs: [[5, E]],
      op: w => ops.embedding(w, ids),
      reference: w => build([6, E], ([n, e]) => at(w, [ids[n!]!, e!])),
    });
  }
  checkOp('embedding [2,3,4]', {
    inputs: [[5, 4]],
    op: w => ops.embedding(w, ids, { shape: [2, 3] }),
    reference: w => build([2, 3, 4], ([i, j, e]) => at(w, [ids[i! * 3 + j!]!, e!])),
  });
});

test('the padding row is read but receives no gradient', () => {
  const w = new Parameter([3, 2]);
  w.set([1, 2, 3, 4, 5, 6]);
  scope(() => {
    const y = ops.embedding(w, Int32Array.of(1, 0, 1, 2), { padding: 1 });
    near(y.toArray(), [3, 4, 1, 2, 3, 4, 5, 6], 0, 'y');
    ops
      .sum(
        ops.mul(
          y,
          tensor([
            [1, 2],
            [3, 4],
            [5, 6],
            [7, 8],
          ]),
        ),
      )
      .backward();
  });
  near(w.grad!, [3, 4, 0, 0, 7, 8], 0, 'dw');
  w.dispose();
});

test('a sparse parameter knows which rows its gradient touches, sorted, and clears only those', () => {
  const w = new Parameter([50, 3], { sparse: true });
  const pass = (...ids: number[]) =>
    scope(() => ops.sum(ops.embedding(w, Int32Array.from(ids))).backward());
  near(w.rows!, [], 0, 'rows at the start');
  pass(40, 3, 40);
  near(w.rows!, [3, 40], 0, 'rows');
  pass(3, 7);
  near(w.rows!, [3, 7, 40], 0, 'rows of two passes');
  near(
    w.grad!.filter((_, i) => i % 3 === 0),
    dense(Array.from({ length: 50 }, (_, row) => ({ 3: 2, 7: 1, 40: 2 })[row] ?? 0)).data,
    0,
    'dw',
  );
  w.zeroGrad();
  near(w.rows!, [], 0, 'rows after zeroGrad');
  near(w.grad!, new Float64Array(150), 0, 'dw after zeroGrad');
  w.dispose();
});

test('a sparse parameter that another op reads too has a gradient in all rows', () => {
  const w = new Parameter([4, 2], { sparse: true });
  w.set([1, 2, 3, 4, 5, 6, 7, 8]);
  const step = () => {
    scope(() => ops.sum(ops.linear(ops.embedding(w, Int32Array.of(1)), w)).backward());
    if (w.rows !== null) throw new Error(`rows [${w.rows}], expected all`);
    near(w.grad!, [3, 4, 19, 24, 3, 4, 3, 4], 1e-6, 'dw'); // every row: w₁; row 1 also Σ w
    w.zeroGrad();
    near(w.grad!, new Float64Array(8), 0, 'dw after zeroGrad');
    near(w.rows!, [], 0, 'rows after zeroGrad');
  };
  step();
  step();
  w.dispose();
});

test('an id outside the table is named, and nothing is read', () => {
  scope(() => {
    const w = zeros([4, 2]);
    throws(
      () => ops.embedding(w, Int32Array.of(1, 4)),
      RangeError,
      /^embedding: id 4 at position 1 lies outside \[0, 4\)/,
    );
    throws(
      () => ops.embedding(w, Int32Array.of(-1)),
      RangeError,
      /^embedding: id -1 at position 0/,
    );
    throws(
      () => ops.embedding(w, Int32Array.of(1, 2), { shape: [3] }),
      RangeError,
      /^embedding: 2 ids for shape \[3\]/,
    );
    throws(() => ops.embedding(zeros([4]), Int32Array.of(1)), RangeError, /^embedding: w is \[4\]/);
  });
});

run();
