/** Attention: results and every gradient against f64 and PyTorch. */
import * as assert from 'uvu/assert';
import { infer, init, ops, scope, tasks, tensor } from '../../src/index.js';
import * as reference from '../reference/attention.js';
import type { Dense } from '../reference/dense.js';
import { checkOp, probed } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('tasks/attention');

await init({ deterministic: true });

test('before the kernels are loaded, it says what to do', () => {
  const x = () => tensor([1], { shape: [1, 1, 1] });
  throws(
    () => scope(() => tasks.attention(x(), x(), x())),
    Error,
    /^attention: call `await tasks.load\(\)` first$/,
  );
});

test('loading the kernels', () => tasks.load());

const SIZES = [
  { T: 1, B: 1, S: 2, A: 1, H: 3 },
  { T: 2, B: 3, S: 4, A: 5, H: 4 },
  { T: 3, B: 2, S: 5, A: 8, H: 17, lengths: Int32Array.of(5, 2) },
];

for (const sizes of SIZES) {
  const { T, B, S, A, H } = sizes;
  const { lengths } = sizes as { lengths?: Int32Array };
  const flat = (result: { context: Float64Array; weights: Float64Array }): Dense => ({
    shape: [T * B * (H + S)],
    data: Float64Array.from([...result.context, ...result.weights]),
  });
  for (const additive of [false, true])
    test(`${additive ? 'additive' : 'of products'}, T ${T}, B ${B}, S ${S}, A ${A}, H ${H}`, () => {
      checkOp(`attention ${T} ${S} ${A} ${additive}`, {
        inputs: [[T, B, A], [S, B, A], [S, B, H], ...(additive ? [[A]] : [])],
        op: (query, keys, values, v) => {
          const { context, weights } = tasks.attention(query!, keys!, values!, { lengths, v });
          const row = [context, weights].map(each => ops.reshape(each, [each.size]));
          return ops.concat(row);
        },
        reference: (query, keys, values, v) =>
          flat(reference.attention(query!.data, keys!.data, values!.data, v?.data ?? null, sizes)),
      });
    });
}

for (const form of ['dot', 'general', 'additive'])
  test(`${form}: weights, context and all gradients are PyTorch's`, () => {
    const file = golden(`attention_${form}`);
    const [B, S, A] = file.shape('in.memory') as [number, number, number];
    const lengths = Int32Array.from(file.values('in.lengths'));
    scope(() => {
      const read = (name: string) =>
        tensor(file.values(name), { shape: file.shape(name), requiresGrad: true });
      const inputs = new Map(
        file.names.filter(name => /^in\.(query|memory)|^w\./.test(name)).map(name => [name, read(name)]), // biome-ignore format: one line
      );
      const get = (name: string) => inputs.get(name)!;
      const memory = ops.transpose(get('in.memory'), [1, 0, 2]);
      const project = form === 'general' ? 'w.W' : form === 'additive' ? 'w.Wq' : null;
      const query = project ? ops.linear(get('in.query'), get(project)) : get('in.query');
      const keys = form === 'additive' ? ops.linear(memory, get('w.Wm')) : memory;
      const v = inputs.get('w.v');
      const { context, weights } = tasks.attention(query, keys, memory, { lengths, v });
      assert.equal([...context.shape, ...weights.shape], [B, A, B, S]);
      near(context.toArray(), file.values('out.context'), 1e-6, 'context');
      near(weights.toArray(), file.values('out.weights'), 1e-6, 'weights');
      probed(context, file.values('probe.context')).backward();
      for (const [name, { grad }] of inputs) {
        near(grad!, file.values(name.replace(/^(in|w)/, 'g')), 1e-5, name);
        notZero(grad!, name);
      }
    });
  });

test('what lies behind a row’s length changes nothing', () => {
  const read = (last: number) =>
    infer(() => {
      const x = tensor([1, 2, -1, 3, last, last], { shape: [3, 1, 2] });
      const { context, weights } = tasks.attention(tensor([0.5, 1], { shape: [1, 2] }), x, x, { lengths: Int32Array.of(2) }); // biome-ignore format: one line
      return [...context.toArray(), ...weights.toArray()];
    });
  assert.equal(read(1), read(1000));
  assert.is(read(7).at(-1), 0);
});

test('scores far apart give one and zeros, not NaN', () => {
  const weights = infer(
    () =>
    tasks.attention(tensor([300], { shape: [1, 1] }), tensor([-300, 300], { shape: [2, 1, 1] }), tensor([1, 2], { shape: [2, 1, 1] })).weights.toArray(), // biome-ignore format: one line
  );
  assert.equal([...weights], [0, 1]);
});

test('shapes and lengths that do not fit are refused', () => {
  const attend = (shapes: readonly number[][], options?: tasks.AttentionOptions) => () =>
    infer(() => {
      const [q, k, x] = shapes.map(shape => tensor(new Float32Array(shape.reduce((a, b) => a * b)), { shape })); // biome-ignore format: one line
      return tasks.attention(q!, k!, x!, options).context.size;
    });
  const good = [[2, 3], [4, 2, 3], [4, 2, 5]]; // biome-ignore format: one line
  assert.is(attend(good)(), 10);
  throws(attend([[2, 4], good[1]!, good[2]!]), RangeError, /^attention: query/);
  throws(attend([good[0]!, good[1]!, [3, 2, 5]]), RangeError, /^attention: values/);
  throws(attend(good, { lengths: Int32Array.of(1) }), RangeError, /^attention: 1 lengths for 2 rows$/); // biome-ignore format: one line
  throws(attend(good, { lengths: Int32Array.of(4, 5) }), RangeError, /^attention: length/);
  throws(attend(good, { lengths: Int32Array.of(4, 0) }), RangeError, /^attention: length/);
});

run();
