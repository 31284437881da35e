import * as assert from 'uvu/assert';
import { infer, init, runtimeInfo, tensor } from '../../src/index.js';
import { Int8Weights, quantizeRows } from '../../src/ops/quantization.js';
import { f32 } from '../../src/runtime/arena.js';
import { linearForward } from '../reference/linear.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('ops/quantization');
const [N, K] = [9, 21];
const w = Float32Array.from(new TestRandom(1).array(N * K));

test("each weight is rounded to its row's scale, the largest of a row to ±127", () => {
  const { q, scales } = quantizeRows(w, N);
  w.forEach((x, i) =>
    assert.ok(
      Math.abs(q[i]! * scales[Math.floor(i / K)]! - x) <= 0.5001 * scales[Math.floor(i / K)]!,
      `weight ${i}`,
    ),
  );
  for (let n = 0; n < N; n++)
    assert.is(Math.max(...q.subarray(n * K, (n + 1) * K).map(Math.abs)), 127);
});

test('a row of zeros stays one, and what is not finite is refused', () => {
  assert.equal(quantizeRows(new Float32Array(4), 2), {
    q: new Int8Array(4),
    scales: new Float32Array(2),
  });
  for (const bad of [NaN, Infinity])
    throws(
      () => quantizeRows(Float32Array.of(1, 2, bad, 3), 2),
      RangeError,
      /row 1 of \[2,2\] holds a weight that is not finite/,
    );
});

test('the weights multiply, give single rows, and give their memory back', () => {
  const { q, scales } = quantizeRows(w, N);
  const before = runtimeInfo().memory.persistent;
  const weights = new Int8Weights(q, scales);
  const rounded = Float64Array.from(q, (value, i) => value * scales[Math.floor(i / K)]!);
  const x = new TestRandom(2).array(K);
  const start = new TestRandom(3).array(N);
  infer(() => {
    const y = tensor(start);
    weights.addProduct(y.ptr, tensor(x).ptr);
    near(y.toArray(), linearForward(x, rounded, start, { N: 1, I: K, O: N }), 3e-5, 'product');
    near(f32(weights.row(3), K), rounded.slice(3 * K, 4 * K), 1e-7, 'row 3');
  });
  assert.equal(weights.values(), { q, scales });
  weights.dispose();
  assert.is(runtimeInfo().memory.persistent, before);
  throws(() => weights.values(), Error, /disposed/);
});

run();
