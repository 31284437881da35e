/** Principal components and t-SNE. */
import * as assert from 'uvu/assert';
import { init } from '../../src/runtime/init.js';
import { Random } from '../../src/runtime/random.js';
import { pca } from '../../src/words/pca.js';
import { affinities, klGradient, tsne } from '../../src/words/tsne.js';
import { Vectors } from '../../src/words/vectors.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('words/map');

await init({ deterministic: true });

/** Vectors about `groups` random directions; word n belongs to group n % groups. */
function grouped(count: number, size: number, groups: number): Vectors {
  const random = new Random(5);
  const centres = Array.from({ length: groups * size }, () => random.float() - 0.5);
  const data = new Float32Array(count * size);
  for (let n = 0; n < count; n++)
    for (let d = 0; d < size; d++)
      data[n * size + d] = centres[(n % groups) * size + d]! + 0.25 * (random.float() - 0.5);
  return new Vectors({ words: Array.from({ length: count }, (_, n) => `w${n}`), size, data });
}

for (const [count, size] of [[12, 5], [6, 20]] as const) // biome-ignore format: pairs
  test(`all components of ${count} words of ${size} numbers keep every distance`, () => {
    const vectors = grouped(count, size, 3);
    const K = Math.min(count, size);
    const { positions, explained } = pca(vectors, vectors.words, { size: K });
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) {
        let square = 0;
        for (let k = 0; k < K; k++) square += (positions[i * K + k]! - positions[j * K + k]!) ** 2;
        const expected = 2 - 2 * vectors.similarity(`w${i}`, `w${j}`); // of unit vectors
        assert.ok(Math.abs(square - expected) < 1e-6, `${square}, expected ${expected}`);
      }
    assert.ok(Math.abs(explained.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
    for (let k = 1; k < K; k++) assert.ok(explained[k]! <= explained[k - 1]! + 1e-12);
    // components are uncorrelated, about 0, and their largest place is positive
    for (let a = 0; a < K; a++) {
      const column = (k: number) => Array.from({ length: count }, (_, n) => positions[n * K + k]!);
      const sum = column(a).reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum) < 1e-6);
      assert.ok(Math.max(...column(a)) >= Math.max(...column(a).map(value => -value)) - 1e-9);
      for (let b = 0; b < a; b++) {
        const other = column(b);
        const dot = column(a).reduce((total, value, n) => total + value * other[n]!, 0);
        assert.ok(Math.abs(dot) < 1e-6, `components ${a} and ${b}: ${dot}`);
      }
    }
  });

test('affinities sum to 1, are symmetric, and rows have the perplexity asked for', () => {
  const random = new Random(2);
  const p = affinities(
    Float64Array.from({ length: 60 }, () => random.float()),
    20,
    6,
  );
  assert.ok(Math.abs(p.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
  for (let i = 0; i < 20; i++) {
    assert.is(p[i * 20 + i], 0);
    for (let j = 0; j < i; j++) assert.is(p[i * 20 + j], p[j * 20 + i]);
  }
  // on a ring all rows are alike, so that each is its conditional distribution over N
  const [N, perplexity] = [12, 5];
  const ring = Float64Array.from({ length: 2 * N }, (_, i) =>
    (i % 2 ? Math.sin : Math.cos)((Math.PI * (i >> 1)) / 6),
  );
  const row = affinities(ring, N, perplexity).subarray(0, N).map(value => N * value); // biome-ignore format: one line
  const entropy = row.reduce((sum, value) => sum - (value > 0 ? value * Math.log(value) : 0), 0);
  assert.ok(Math.abs(entropy - Math.log(perplexity)) < 1e-5, `${Math.exp(entropy)}`);
});

test('the gradient of t-SNE is that of the divergence, by central differences', () => {
  const N = 7;
  const random = new Random(8);
  const p = affinities(Float64Array.from({ length: N * 4 }, () => random.float()), N, 3); // biome-ignore format: one line
  const y = Float64Array.from({ length: 2 * N }, () => random.float() - 0.5);
  const divergence = (e: number): number => {
    let z = 0;
    const near = (i: number, j: number): number =>
      1 / (1 + (y[2 * i]! - y[2 * j]!) ** 2 + (y[2 * i + 1]! - y[2 * j + 1]!) ** 2);
    for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) if (i !== j) z += near(i, j);
    // with exaggeration e: Σ −e·p·ln near + ln z, whose gradient is the one exaggerated
    let sum = Math.log(z);
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++) if (i !== j) sum -= e * p[i * N + j]! * Math.log(near(i, j));
    return sum;
  };
  for (const e of [1, 12]) {
    const dy = new Float64Array(2 * N);
    klGradient(p, y, dy, e);
    assert.ok(Math.hypot(...dy) > 0.01);
    for (let i = 0; i < 2 * N; i++) {
      const at = y[i]!;
      y[i] = at + 1e-5;
      const above = divergence(e);
      y[i] = at - 1e-5;
      const below = divergence(e);
      y[i] = at;
      const expected = (above - below) / 2e-5;
      assert.ok(Math.abs(dy[i]! - expected) < 1e-6, `${dy[i]}, expected ${expected}`);
    }
  }
});

test('groups of vectors are groups in the plane, and the same vectors give the same map', () => {
  const vectors = grouped(60, 20, 4);
  const y = tsne(vectors, vectors.words);
  assert.equal(y, tsne(vectors, vectors.words));
  const away = (i: number, j: number): number =>
    Math.hypot(y[2 * i]! - y[2 * j]!, y[2 * i + 1]! - y[2 * j + 1]!);
  for (let i = 0; i < 60; i++) {
    const order = vectors.words.map((_, j) => j).filter(j => j !== i);
    order.sort((a, b) => away(i, a) - away(i, b));
    for (const j of order.slice(0, 10)) assert.is(j % 4, i % 4, `w${j} is near w${i}`);
  }
});

test('a map goes on from places: a finished one hardly moves, and the arguments stay', () => {
  const vectors = grouped(60, 20, 4);
  const start = tsne(vectors, vectors.words);
  const before = start.slice();
  const after = tsne(vectors, vectors.words, { start, iterations: 50 });
  assert.equal(start, before);
  const size = Math.max(...before) - Math.min(...before);
  const moved = Math.max(...after.map((place, i) => Math.abs(place - before[i]!)));
  assert.ok(moved > 0 && moved < 0.05 * size, `${moved} of ${size}`);
});

const few = grouped(5, 3, 2);
const refusals: Record<string, [() => unknown, string]> = {
  'a word without a vector': [() => pca(few, ['w0', 'w1', 'x', 'y']), 'no vector for "x", "y"'],
  'more components than words': [() => pca(few, ['w0', 'w1'], { size: 3 }), 'size is 3, expected a whole number from 1 to 2'], // biome-ignore format: one line
  'three words': [() => tsne(few, ['w0', 'w1', 'w2']), 'tsne: 3 words, expected 4 to 5000'],
  'a perplexity above the words': [() => tsne(few, few.words, { perplexity: 9 }), 'perplexity is 9'], // biome-ignore format: one line
  'a start of another size': [() => tsne(few, few.words, { start: [1, 2] }), 'start has 2 numbers, expected 10'], // biome-ignore format: one line
  'no iterations': [() => tsne(few, few.words, { iterations: 0 }), 'iterations is 0'],
  'an unknown option': [() => pca(few, few.words, { k: 2 } as never), 'unknown option "k"'],
};
for (const [what, [work, message]] of Object.entries(refusals))
  test(`${what} is refused`, () => {
    assert.throws(work, (error: Error) => error.message.includes(message));
  });

run();
