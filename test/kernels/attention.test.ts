/** Attention in each build: against f64, inside its buffers, and cut by rows as threads cut it. */
import * as assert from 'uvu/assert';
import * as reference from '../reference/attention.js';
import { added, inner } from '../support/added.js';
import { centralDifferences } from '../support/checkop.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/attention');
const [T, B] = [2, 3];

/** Random arguments of one size. */
function draw(size: number, seed: number) {
  const random = new TestRandom(seed);
  const [S, A, H] = [size, size, size + 1];
  const sizes = { T, B, S, A, H, lengths: [S, 1, Math.ceil(S / 2)] };
  return {
    sizes,
    query: random.array(T * B * A, 2),
    keys: random.array(S * B * A),
    values: random.array(S * B * H),
    v: random.array(A, 2),
    dcontext: random.array(T * B * H),
    dweights: random.array(T * B * S),
    before: random.array(Math.max(S, T) * B * H),
  };
}

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.tasks();

  for (const additive of [false, true])
    test(`${additive ? 'additive' : 'of products'}, forward and backward (${build})`, () => {
      for (const size of SIZES) {
        bench.reset();
        const { sizes, query, keys, values, v, dcontext, dweights, before } = draw(size, size);
        const { S, A, H } = sizes;
        const all = () => reference.attention(query, keys, values, additive ? v : null, sizes);
        const loss = () => {
          const { context, weights } = all();
          return inner(context, dcontext) + inner(weights, dweights);
        };
        const expected = all();
        const [dquery, dkeys, dvalues, dv] = [query, keys, values, v].map(each => centralDifferences(loss, each)); // biome-ignore format: one line
        const buffer = (values: ArrayLike<number>, what: string) =>
          bench.f32(values.length, values, what);
        const at = {
          context: bench.f32(T * B * H, undefined, 'context'),
          weights: bench.f32(T * B * S, undefined, 'weights'),
          query: buffer(query, 'query'),
          keys: buffer(keys, 'keys'),
          values: buffer(values, 'values'),
          v: additive ? buffer(v, 'v') : 0,
          lengths: bench.i32(sizes.lengths, 'lengths'),
          dquery: buffer(before.subarray(0, query.length), 'dquery'),
          dkeys: buffer(before.subarray(0, keys.length), 'dkeys'),
          dvalues: buffer(before.subarray(0, values.length), 'dvalues'),
          dv: buffer(before.subarray(0, A), 'dv'),
          parts: additive ? bench.f32(B * A, undefined, 'parts') : 0,
          dscores: bench.f32(B * S, undefined, 'dscores'),
          dcontext: buffer(dcontext, 'dcontext'),
          dweights: buffer(dweights, 'dweights'),
        };
        kernels.attention_forward(at.context, at.weights, at.query, at.keys, at.values, at.v, at.lengths, T, B, S, A, H, B); // biome-ignore format: one line
        near(bench.read(at.context, T * B * H), expected.context, 2e-6, `context ${size}`);
        near(bench.read(at.weights, T * B * S), expected.weights, 2e-6, `weights ${size}`);
        kernels.attention_backward(at.dquery, at.dkeys, at.dvalues, at.parts, at.dscores, at.dcontext, at.dweights, at.weights, at.query, at.keys, at.values, at.v, at.lengths, T, B, S, A, H, B); // biome-ignore format: one line
        const check = (address: number, gradient: Float64Array, what: string) =>
          near(bench.read(address, gradient.length), added(before, gradient).subarray(0, gradient.length), 1e-5, `${what} ${size}`); // biome-ignore format: one line
        check(at.dquery, dquery!, 'dquery');
        check(at.dkeys, dkeys!, 'dkeys');
        check(at.dvalues, dvalues!, 'dvalues');
        if (size > 1) for (const each of [dquery!, dkeys!]) notZero(each, 'gradient');
        if (additive) {
          kernels.attention_sum(at.dv, at.parts, B, A);
          check(at.dv, dv!, 'dv');
        }
        bench.checkCanaries();
      }
    });

  test(`rows that are computed apart have the same bits (${build})`, () => {
    const { sizes, query, keys, values, v, dcontext, dweights } = draw(5, 9);
    const { S, A, H, lengths } = sizes;
    const both = (cuts: readonly (readonly [number, number])[]): Float32Array[] => {
      bench.reset();
      const [q, k, x] = [query, keys, values].map(each => bench.f32(each.length, each));
      const [c, w] = [bench.f32(dcontext.length), bench.f32(dweights.length)];
      const [dc, dw] = [dcontext, dweights].map(each => bench.f32(each.length, each));
      const gradients = [query, keys, values].map(each => bench.f32(each.length, new Float32Array(each.length))); // biome-ignore format: one line
      const [dq, dk, dx] = gradients as [number, number, number];
      const [parts, dscores] = [bench.f32(B * A), bench.f32(B * S)];
      const [at, length] = [bench.f32(A, v), bench.i32(lengths)];
      for (const [from, to] of cuts) {
        const [fa, fh, fs] = [4 * from * A, 4 * from * H, 4 * from * S];
        kernels.attention_forward(c + fh, w + fs, q! + fa, k! + fa, x! + fh, at, length + 4 * from, T, to - from, S, A, H, B); // biome-ignore format: one line
        kernels.attention_backward(dq + fa, dk + fa, dx + fh, parts + fa, dscores + fs, dc! + fh, dw! + fs, w + fs, q! + fa, k! + fa, x! + fh, at, length + 4 * from, T, to - from, S, A, H, B); // biome-ignore format: one line
      }
      bench.checkCanaries();
      return [
        bench.read(c, dcontext.length),
        bench.read(w, dweights.length),
        bench.read(dq, query.length),
        bench.read(dk, keys.length),
        bench.read(dx, values.length),
        bench.read(parts, B * A),
      ];
    };
    assert.equal(both([[0, 1], [1, 3]]), both([[0, 3]])); // biome-ignore format: one line
  });
}

run();
