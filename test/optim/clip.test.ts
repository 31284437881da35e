import * as assert from 'uvu/assert';
import { clipNorm, clipValue, findNonfinite, gradNorm } from '../../src/optim/index.js';
import * as arena from '../../src/runtime/arena.js';
import { init } from '../../src/runtime/init.js';
import { Parameter } from '../../src/tensor/tensor.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('optim/clip');

function withGrad(
  grad: ArrayLike<number>,
  shape: readonly number[] = [grad.length],
  sparse = false,
): Parameter {
  const p = new Parameter(shape, { sparse });
  arena.f32(p.gradPtr, p.size).set(grad);
  return p;
}

for (const [stem, normType] of [
  ['clip_norm_1', 1],
  ['clip_norm_2', 2],
  ['clip_norm_inf', Infinity],
] as const) {
  test(`${stem}: norm and gradients are PyTorch's`, () => {
    const file = golden(stem);
    const parameters = ['g0', 'g1'].map(name =>
      withGrad(file.values(`in.${name}`), file.shape(`in.${name}`)),
    );
    const norm = clipNorm(parameters, Number(file.metadata.max_norm), { normType });
    near([norm], file.values('out.norm'), 1e-6, 'norm');
    parameters.forEach((p, k) => near(p.grad!, file.values(`out.g${k}`), 1e-6, `g${k}`));
  });
}

test('a norm of any p, summed over all parameters', () => {
  const random = new TestRandom(1);
  const grads = [random.array(17), random.array(5), random.array(1)];
  const parameters = grads.map(grad => withGrad(grad));
  for (const p of [0.5, 1, 1.5, 2, 3, 7]) {
    const sum = grads.flatMap(grad => [...grad]).reduce((total, g) => total + Math.abs(g) ** p, 0);
    near([gradNorm(parameters, { normType: p })], [sum ** (1 / p)], 1e-12, `${p}-norm`);
  }
  assert.is(
    gradNorm(parameters, { normType: Infinity }),
    Math.max(...grads.flatMap(grad => [...grad].map(Math.abs))),
  );
  parameters.forEach((p, k) => assert.equal(p.grad, new Float32Array(grads[k]!)));
});

test('gradients within the limit keep their bytes; beyond it the norm becomes the limit, less the share of 1e-6', () => {
  const grad = new TestRandom(2).array(9);
  const p = withGrad(grad);
  const norm = gradNorm([p]);
  assert.is(clipNorm([p], norm + 1e-5), norm);
  assert.equal(p.grad, new Float32Array(grad));
  assert.is(clipNorm([p], Infinity), norm);
  assert.equal(p.grad, new Float32Array(grad));
  assert.is(clipNorm([p], norm / 2), norm);
  near([gradNorm([p])], [((norm / 2) * norm) / (norm + 1e-6)], 1e-7, 'norm');
  clipNorm([p], 0);
  assert.is(gradNorm([p]), 0);
});

test('a norm exactly at the limit is scaled by norm / (norm + 1e-6)', () => {
  const p = withGrad([3e-3, 4e-3]);
  const norm = clipNorm([p], gradNorm([p]));
  near(
    p.grad!,
    [3e-3, 4e-3].map(g => (g * norm) / (norm + 1e-6)),
    1e-6,
    'gradient',
  );
  assert.is.not(p.grad![0], Math.fround(3e-3));
});

test('tied weights count once', () => {
  const p = withGrad([3, 4]);
  assert.is(gradNorm([p, p]), 5);
  assert.is(
    gradNorm(
      new Map([
        ['encoder', p],
        ['decoder', p],
      ]),
    ),
    5,
  );
  clipNorm([p, p], 2.5);
  near(p.grad!, [1.5, 2], 1e-6, 'gradient');
});

test('huge gradients do not overflow', () => {
  near(
    [gradNorm([withGrad([3e38, 3e38, 3e38])])],
    [Math.fround(3e38) * Math.sqrt(3)],
    1e-7,
    'norm',
  );
});

test('only touched rows of a sparse parameter count and are changed', () => {
  const p = withGrad([9, 9, 3, 0, 0, 4, 9, 9], [4, 2], true);
  assert.is(gradNorm([p]), 0);
  p.touch(Int32Array.of(2, 1));
  assert.is(gradNorm([p]), 5);
  assert.is(gradNorm([p], { normType: 1 }), 7);
  assert.is(gradNorm([p], { normType: Infinity }), 4);
  clipNorm([p], 2.5);
  near(p.grad!, [9, 9, 1.5, 0, 0, 2, 9, 9], 1e-6, 'gradient');
  clipValue([p], 1.75);
  near(p.grad!, [9, 9, 1.5, 0, 0, 1.75, 9, 9], 1e-6, 'gradient');
});

test('a norm that is not finite is returned, and the gradients stay', () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const normType of [1, 2, 3, Infinity]) {
      const p = withGrad([1, 2, bad, 3, 4]);
      const norm = clipNorm([p, withGrad([1])], 0.1, { normType });
      assert.ok(Object.is(norm, Math.abs(bad)), `norm ${normType} with ${bad}: ${norm}`);
      assert.equal([...p.grad!], [1, 2, bad, 3, 4]); // uvu compares NaN by === in typed arrays
    }
  }
});

test('clipValue limits each element', () => {
  const grad = new TestRandom(3).array(17);
  const p = withGrad(grad);
  clipValue([p], 0.5);
  assert.equal(p.grad, new Float32Array(grad.map(g => Math.min(Math.max(g, -0.5), 0.5))));
});

test('findNonfinite names the parameter and the element, values before gradients', () => {
  const a = withGrad(new Float32Array(20));
  const b = withGrad(new Float32Array(20), [10, 2], true);
  const parameters = new Map([
    ['a', a],
    ['b', b],
  ]);
  assert.is(findNonfinite(parameters), null);
  arena.f32(b.gradPtr, 20)[7] = Infinity;
  assert.is(findNonfinite(parameters), null); // not touched
  b.touch(Int32Array.of(0, 3));
  assert.equal(findNonfinite(parameters), {
    name: 'b',
    part: 'gradient',
    index: 7,
    value: Infinity,
  });
  arena.f32(a.gradPtr, 20)[19] = NaN;
  assert.equal(findNonfinite(parameters), { name: 'a', part: 'gradient', index: 19, value: NaN });
  arena.f32(b.ptr, 20)[5] = -Infinity;
  assert.equal(findNonfinite([a, b]), { name: '1', part: 'value', index: 5, value: -Infinity });
});

test('limits and norms out of range are refused', () => {
  const p = [withGrad([1])];
  assert.throws(() => clipNorm(p, -1), /clipNorm: maxNorm is -1, expected a number ≥ 0/);
  assert.throws(() => clipNorm(p, NaN), /clipNorm: maxNorm is NaN/);
  assert.throws(
    () => clipNorm(p, 1, { normType: 0 }),
    /clipNorm: normType is 0, expected a number > 0 or Infinity/,
  );
  assert.throws(() => gradNorm(p, { normType: NaN }), /gradNorm: normType is NaN/);
  assert.throws(() => clipValue(p, -1), /clipValue: limit is -1, expected a number ≥ 0/);
  assert.throws(
    () => clipNorm({} as Parameter[], 1),
    /clipNorm: object is not a list of parameters/,
  );
  p[0]!.dispose();
  assert.throws(() => gradNorm(p), /disposed/);
});

run();
