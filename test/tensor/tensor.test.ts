import { infer, init, ops, Parameter, runtimeInfo, scope, tensor, zeros } from '../../src/index.js';
import { view } from '../../src/tensor/tensor.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('tensors');

test('a tensor is made from nested numbers, a typed array with a shape, or one number', () => {
  scope(() => {
    for (const [x, shape, values] of [
      [
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      [tensor(7), [], [7]],
      [tensor([[[1], [2]]]), [1, 2, 1], [1, 2]],
      [tensor([1, 2, 3, 4], { shape: [2, 2] }), [2, 2], [1, 2, 3, 4]],
      [tensor(Float64Array.of(1, 2)), [2], [1, 2]],
      [tensor(Float32Array.of(1, 2), { shape: [2, 1] }), [2, 1], [1, 2]],
      [tensor([]), [0], []],
      [tensor([[], []]), [2, 0], []],
      [zeros([2, 2]), [2, 2], [0, 0, 0, 0]],
    ] as const) {
      near(x.shape, shape, 0, 'shape');
      near(x.toArray(), values, 0, 'values');
    }
  });
});

test('ragged rows and sizes that do not fit are refused', () => {
  scope(() => {
    throws(() => tensor([[1, 2], [3]]), RangeError, /^tensor: a row of 1 among rows of 2/);
    throws(() => tensor([[1], 2]), RangeError, /^tensor: numbers at different depths/);
    throws(() => tensor([1, [2]]), RangeError, /^tensor: numbers at different depths/);
    throws(
      () => tensor([1, 2, 3], { shape: [2] }),
      RangeError,
      /^tensor: 3 values for shape \[2\] of 2/,
    );
    throws(() => zeros([2, -1]), RangeError, /^zeros: shape \[2,-1\]/);
    throws(() => zeros([1.5]), RangeError, /^zeros: shape \[1.5\]/);
    throws(() => zeros([NaN]), RangeError, /^zeros/);
  });
});

test('set, copyFrom and item check sizes', () => {
  const x = zeros([2, 2]);
  x.set([1, 2, 3, 4]);
  const y = tensor([5, 6, 7, 8]);
  x.copyFrom(y);
  near(x.toArray(), [5, 6, 7, 8], 0, 'copied');
  throws(() => x.set([1]), RangeError, /^set: 1 values for a tensor \[2,2\] of 4/);
  const three = tensor([1, 2, 3]);
  throws(() => x.copyFrom(three), RangeError, /^copyFrom: the source is \[3\]/);
  throws(() => x.item(), RangeError, /^item: the tensor has shape \[2,2\]/);
  for (const t of [x, y, three]) t.dispose();
});

test('toArray is a copy that outlives the tensor', () => {
  const x = tensor([1, 2]);
  const values = x.toArray();
  x.set([3, 4]);
  x.dispose();
  near(values, [1, 2], 0, 'copy');
});

test('a disposed tensor is refused, and so are its views; disposing twice does nothing', () => {
  const x = tensor([1, 2, 3, 4]);
  const part = view(x, [2], 1);
  near(part.toArray(), [2, 3], 0, 'view');
  throws(() => part.dispose(), Error, /^dispose: a view does not own its memory/);
  x.dispose();
  x.dispose();
  throws(() => x.toArray(), Error, /^tensor \[4\]: read after its scope closed or it was disposed/);
  throws(() => part.toArray(), Error, /^tensor \[2\]/);
  throws(() => infer(() => ops.add(x, 1)), Error, /^tensor \[4\]/);
});

test('a view outside its base is refused', () => {
  const x = tensor([1, 2, 3, 4]);
  throws(
    () => view(x, [3], 2),
    RangeError,
    /^view: 3 elements \[3\] from 2 on, of a tensor \[4\] of 4/,
  );
  throws(() => view(x, [2], -1), RangeError, /^view/);
  throws(() => view(x, [2], 0.5), RangeError, /^view/);
  x.dispose();
});

test('a tensor that requires gradients is made in a scope, or is a Parameter', () => {
  throws(
    () => tensor([1], { requiresGrad: true }),
    Error,
    /^tensor: one that requires gradients is made inside a scope, or is a Parameter/,
  );
});

test('a parameter keeps its gradient from scope to scope until zeroGrad', () => {
  const p = new Parameter([3]);
  near(p.toArray(), [0, 0, 0], 0, 'values of a new parameter');
  near(p.grad!, [0, 0, 0], 0, 'gradient of a new parameter');
  const pass = () => scope(() => ops.sum(ops.mul(p, tensor([1, 2, 3]))).backward());
  pass();
  near(p.grad!, [1, 2, 3], 0, 'one pass');
  pass();
  near(p.grad!, [2, 4, 6], 0, 'two passes');
  p.zeroGrad();
  near(p.grad!, [0, 0, 0], 0, 'cleared');
  p.dispose();
  throws(() => p.grad, Error, /^tensor \[3\]: read after/);
  throws(() => p.zeroGrad(), Error, /^tensor \[3\]: read after/);
});

test('Symbol.dispose frees like dispose', () => {
  const before = runtimeInfo().memory.persistent;
  const p = new Parameter([100]);
  p[Symbol.dispose]();
  if (runtimeInfo().memory.persistent !== before) throw new Error('the parameter is not freed');
});

test('dispose inside a scope is refused and changes nothing: afterwards it frees', () => {
  const before = runtimeInfo().memory.persistent;
  const p = new Parameter([100]);
  const x = zeros([10]);
  throws(
    () => scope(() => p.dispose()),
    Error,
    /^dispose: inside a scope; dispose after it closes/,
  );
  throws(() => scope(() => x.dispose()), Error, /^dispose: inside a scope/);
  throws(
    () => scope(() => zeros([2]).dispose()),
    Error,
    /^dispose: this tensor belongs to a scope/,
  );
  near(p.toArray(), new Float64Array(100), 0, 'still readable');
  p.dispose();
  x.dispose();
  if (runtimeInfo().memory.persistent !== before) throw new Error('memory is lost');
});

run();
