import {
  infer,
  init,
  ops,
  Parameter,
  runtimeInfo,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { build, map } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('backpropagation');

test('a tensor used several times sums the gradients of its uses', () => {
  checkOp('x·tanh(x) + x²·σ(x)', {
    inputs: [[2, 3]],
    op: x => ops.add(ops.mul(x, ops.tanh(x)), ops.mul(ops.mul(x, x), ops.sigmoid(x))),
    reference: d => map(d, x => x * Math.tanh(x) + (x * x) / (1 + Math.exp(-x))),
  });
});

test('a result used several times sums the gradients of its uses', () => {
  checkOp('y = exp(x), y·y + y/2', {
    inputs: [[5]],
    op: x => {
      const y = ops.exp(x);
      return ops.add(ops.mul(y, y), ops.mul(y, 0.5));
    },
    reference: d => map(d, x => Math.exp(2 * x) + Math.exp(x) / 2),
  });
});

test('a chain of two hundred ops has the gradient of the whole', () => {
  checkOp('x ← x + tanh(x)/100, 200 times', {
    inputs: [[4]],
    op: x =>
      Array.from({ length: 200 }).reduce<Tensor>(y => ops.add(y, ops.affine(ops.tanh(y), 0.01)), x),
    reference: d =>
      map(d, x => Array.from({ length: 200 }).reduce<number>(y => y + Math.tanh(y) / 100, x)),
    tolerance: 5e-5,
  });
});

test('a diamond of views and copies carries every gradient once', () => {
  checkOp('rows and columns of one tensor', {
    inputs: [[3, 4]],
    op: x => {
      const rows = ops.sum(ops.slice(x, 0, 1, 3), { axis: 0 });
      const columns = ops.reshape(ops.slice(x, 1, 0, 2), [6]);
      return ops.concat([rows, columns, ops.reshape(ops.mul(x, x), [12])]);
    },
    reference: ({ data }) =>
      build([22], ([i]) => {
        if (i! < 4) return data[4 + i!]! + data[8 + i!]!;
        if (i! < 10) return data[4 * Math.floor((i! - 4) / 2) + ((i! - 4) % 2)]!;
        return data[i! - 10]! ** 2;
      }),
  });
});

test('a branch that the loss does not use gets no gradient', () => {
  const p = new Parameter([4]);
  p.set([1, 2, 3, 4]);
  scope(() => {
    const used = ops.mul(p, p).retainGrad();
    const unused = ops.exp(used);
    const further = ops.sum(unused);
    ops.sum(used).backward();
    if (unused.grad !== null || further.grad !== null)
      throw new Error('the unused branch has a gradient');
    near(used.grad!, [1, 1, 1, 1], 0, 'gradient of the used branch');
  });
  near(p.grad!, [2, 4, 6, 8], 0, 'gradient of the parameter');
  p.dispose();
});

test('a result has no gradient after backward unless it is retained, also through a view', () => {
  const p = new Parameter([4]);
  p.set([1, 2, 3, 4]);
  scope(() => {
    const [dropped, kept, viewed] = [ops.mul(p, 2), ops.mul(p, 3), ops.mul(p, 4)];
    kept.retainGrad();
    const view = ops.reshape(viewed, [2, 2]).retainGrad();
    ops.sum(ops.add(ops.mul(dropped, kept), ops.reshape(view, [4]))).backward();
    if (dropped.grad !== null) throw new Error(`the gradient ${dropped.grad} is still there`);
    near(kept.grad!, [2, 4, 6, 8], 0, 'kept');
    near(view.grad!, [1, 1, 1, 1], 0, 'viewed');
  });
  near(p.grad!, [16, 28, 40, 52], 0, 'gradient of the parameter');
  p.dispose();
});

test('gradients of a chain of results take no more memory than two of them', () => {
  const p = new Parameter([1000]);
  const bytes = (links: number): number =>
    scope(() => {
      let x: Tensor = p;
      for (let i = 0; i < links; i++) x = ops.mul(x, x);
      const loss = ops.sum(x);
      const before = runtimeInfo().memory.borrowed;
      loss.backward();
      return runtimeInfo().memory.borrowed - before;
    });
  if (bytes(2) !== bytes(9)) throw new Error(`${bytes(2)} bytes for 2 links, ${bytes(9)} for 9`);
  p.dispose();
});

test('constants have no gradient, and what depends on constants alone is not recorded', () => {
  scope(() => {
    const x = tensor([1, 2]);
    const y = ops.mul(x, x);
    if (x.requiresGrad || y.requiresGrad) throw new Error('a constant requires a gradient');
    throws(
      () => ops.sum(y).backward(),
      Error,
      /^backward: the loss depends on no tensor that requires gradients/,
    );
  });
});

test('the loss must be one element, computed in a scope', () => {
  scope(() => {
    const x = tensor([1, 2], { requiresGrad: true });
    throws(
      () => ops.mul(x, 2).backward(),
      RangeError,
      /^backward: the loss has shape \[2\], expected one element; reduce it with sum or mean/,
    );
    ops.reshape(ops.sum(x), [1, 1]).backward();
    near(x.grad!, [1, 1], 0, 'dx of a loss [1,1]');
  });
  infer(() =>
    throws(
      () => ops.sum(tensor([1, 2])).backward(),
      Error,
      /^backward: nothing is recorded here; compute the loss inside scope/,
    ),
  );
});

test('backward outside all scopes is refused', () => {
  const p = new Parameter([]);
  throws(() => p.backward(), Error, /^backward: nothing is recorded here/);
  p.dispose();
});

test('a second backward over the same tape is refused instead of doing nothing', () => {
  const p = new Parameter([2]);
  p.set([1, 2]);
  scope(() => {
    const shared = ops.mul(p, p);
    const first = ops.sum(shared);
    const second = ops.sum(ops.exp(shared));
    first.backward();
    throws(
      () => first.backward(),
      Error,
      /^backward: the loss was computed before an earlier backward/,
    );
    throws(
      () => second.backward(),
      Error,
      /^backward: the loss was computed before an earlier backward/,
    );
    ops.sum(ops.mul(p, 3)).backward();
  });
  near(p.grad!, [5, 7], 0, '2p + 3');
  p.dispose();
});

test('what infer computes inside a scope is a constant to it', () => {
  const p = new Parameter([2]);
  p.set([3, 4]);
  scope(() => {
    const constant = infer(() => ops.sum(ops.mul(p, p)).item());
    ops.sum(ops.mul(p, constant)).backward();
  });
  near(p.grad!, [25, 25], 0, 'dp');
  p.dispose();
});

run();
