import * as assert from 'uvu/assert';
import { init, words } from '../../src/index.js';
import { csrDense } from '../reference/sparse.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('words/sparse');
const { SparseMatrix } = words;

test('before init a product explains itself', async () => {
  const a = SparseMatrix.fromEntries([1, 1], { rows: [0], columns: [0], values: [1] });
  let message = '';
  await a.multiply(new Float32Array(1), 1).catch((error: Error) => (message = error.message));
  assert.match(message, /await init\(\)/);
});

test('entries in any order become rows of rising columns, equal places are summed', () => {
  const a = SparseMatrix.fromEntries([3, 4], {
    rows: [2, 0, 2, 0, 2],
    columns: [3, 1, 0, 1, 3],
    values: [1, 2, 3, 4, 5],
  });
  assert.equal([...a.starts], [0, 1, 1, 3]);
  assert.equal([...a.columns], [1, 0, 3]);
  assert.equal([...a.values], [6, 3, 6]);
  assert.is(a.nonzeros, 3);
  assert.equal([...a.rowsOfValues()], [0, 2, 2]);
});

test('transposing twice gives the same matrix', () => {
  const random = new TestRandom(3);
  const n = 200;
  const a = SparseMatrix.fromEntries([31, 17], {
    rows: Array.from({ length: n }, () => random.int(31)),
    columns: Array.from({ length: n }, () => random.int(17)),
    values: random.array(n),
  });
  const t = a.transpose();
  assert.equal(t.shape, [17, 31]);
  const back = t.transpose();
  for (const part of ['starts', 'columns', 'values'] as const) assert.equal(back[part], a[part]);
});

test('products are those of the dense matrix', async () => {
  await init({ deterministic: true });
  const random = new TestRandom(4);
  const n = 500;
  const a = SparseMatrix.fromEntries([40, 60], {
    rows: Array.from({ length: n }, () => random.int(40)),
    columns: Array.from({ length: n }, () => random.int(60)),
    values: random.array(n),
  });
  const K = 7;
  const x = random.array(60 * K);
  const y = await a.multiply(new Float32Array(x), K);
  near(y, csrDense(a.starts, a.columns, a.values, x, K), 1e-6, 'y');
  assert.equal([...(await a.transpose().multiply(new Float32Array(40), 1))], Array(60).fill(0));
});

test('what does not fit is refused', async () => {
  const refused = (work: () => unknown, pattern: RegExp) =>
    assert.throws(
      work,
      (error: Error) => error instanceof RangeError && pattern.test(error.message),
    );
  const starts = new Int32Array([0, 2]);
  const columns = new Int32Array([0, 1]);
  const values = new Float32Array(2);
  refused(
    () => new SparseMatrix([2, 2], { starts, columns, values }),
    /starts \[2\].*expected \[3\]/,
  );
  refused(() => new SparseMatrix([1, 1], { starts, columns, values }), /column 1 at 1.*0 to 0/);
  refused(
    () => new SparseMatrix([1, 2], { starts, columns: columns.subarray(1), values }),
    /1 columns for 2 values/,
  );
  refused(() => new SparseMatrix([1, 2], { starts, columns: new Int32Array(2), values }), /rising/);
  refused(
    () => SparseMatrix.fromEntries([1, 2], { rows: [0], columns: [2], values: [1] }),
    /value 0 is at \(0, 2\), outside \[1,2\]/,
  );
  refused(
    () => SparseMatrix.fromEntries([1, 2], { rows: [], columns: [0], values: [1] }),
    /0 rows/,
  );
  refused(
    () => SparseMatrix.fromEntries([-1, 2], { rows: [], columns: [], values: [] }),
    /shape \[-1,2\]/,
  );
  const a = new SparseMatrix([1, 2], { starts, columns, values });
  for (const [x, K, pattern] of [
    [new Float32Array(3), 1, /x has 3 numbers, expected 2/],
    [new Float32Array(3), 1.5, /K is 1.5/],
  ] as const) {
    let message = '';
    await a.multiply(x, K).catch((error: Error) => (message = error.message));
    assert.match(message, pattern);
  }
});

run();
