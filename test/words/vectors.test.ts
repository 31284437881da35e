import * as assert from 'uvu/assert';
import { init, nn, text, words } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { rejects } from '../support/throws.js';

const { test, run } = suite('words/vectors');
const { Vectors } = words;

/** 500 words of 7 numbers; the exact answer by plain loops. */
function random500() {
  const random = new TestRandom(1);
  const size = 7;
  const list = Array.from({ length: 500 }, (_, i) => `w${i}`);
  const data = Float32Array.from(random.array(list.length * size));
  const unit = (i: number): number[] => {
    const row = [...data.subarray(i * size, (i + 1) * size)];
    const length = Math.hypot(...row);
    return row.map(value => value / length);
  };
  const cosine = (x: readonly number[], i: number): number => {
    const y = unit(i);
    const length = Math.hypot(...x);
    return x.reduce((sum, value, k) => sum + (value / length) * y[k]!, 0);
  };
  return { vectors: new Vectors({ words: list, size, data }), list, unit, cosine };
}

test('before init a search explains itself, a similarity needs none', async () => {
  const { vectors, cosine, unit } = random500();
  assert.ok(Math.abs(vectors.similarity('w1', 'w2') - cosine(unit(1), 2)) < 1e-12);
  await rejects(() => vectors.nearest('w1'), /await init\(\)/);
});

test('words are looked up', () => {
  const { vectors } = random500();
  assert.is(vectors.length, 500);
  assert.ok(vectors.has('w7') && !vectors.has('w500'));
  assert.is(vectors.indexOf('w7'), 7);
  assert.is(vectors.indexOf('w500'), -1);
  assert.equal(vectors.get('w2'), vectors.data.subarray(14, 21));
  assert.is(vectors.get('nothing'), undefined);
});

test('the nearest are those of a scan by plain loops, the query left out', async () => {
  await init();
  const { vectors, list, cosine, unit } = random500();
  const found = await vectors.nearest('w3', { top: 25 });
  const expected = list
    .map((word, i) => ({ word, similarity: cosine(unit(3), i) }))
    .filter(({ word }) => word !== 'w3')
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, 25);
  assert.equal(
    found.map(({ word }) => word),
    expected.map(({ word }) => word),
  );
  found.forEach(({ similarity }, i) =>
    assert.ok(Math.abs(similarity - expected[i]!.similarity) < 1e-6),
  );
  vectors.dispose();
});

test('words are added and subtracted as unit vectors; among, restrict and atLeast narrow', async () => {
  const { vectors, list, cosine, unit } = random500();
  const x = unit(1).map((value, k) => value + unit(2)[k]! - unit(3)[k]!);
  const expected = list
    .map((word, i) => ({ word, similarity: cosine(x, i) }))
    .filter(({ word }) => !['w1', 'w2', 'w3'].includes(word))
    .sort((a, b) => b.similarity - a.similarity);
  const query = { positive: ['w1', 'w2'], negative: ['w3'] };
  const names = async (options?: words.NearestOptions) =>
    (await vectors.nearest(query, options)).map(({ word }) => word);
  assert.equal(
    await names(),
    expected.slice(0, 10).map(({ word }) => word),
  );
  assert.equal(
    await names({ restrict: 50 }),
    expected.filter(({ word }) => Number(word.slice(1)) < 50).slice(0, 10).map(({ word }) => word), // biome-ignore format: one chain
  );
  const among = ['w10', 'w20', 'w1'];
  assert.equal(
    await names({ among }),
    expected.filter(({ word }) => among.includes(word)).map(({ word }) => word),
  );
  const some = expected.filter(({ similarity }) => similarity >= 0.8);
  assert.is((await names({ atLeast: 0.8, top: 500 })).length, some.length);
  assert.equal(await vectors.analogy('w3', 'w1', 'w2', { top: 3 }), await vectors.nearest(query, { top: 3 })); // biome-ignore format: one call
  vectors.dispose();
});

test('many queries give what each gives alone', async () => {
  const { vectors } = random500();
  const queries = Array.from({ length: 101 }, (_, i) => `w${i}`);
  const all = await vectors.nearestAll(queries, { top: 4 });
  for (const i of [0, 1, 47, 48, 100])
    (await vectors.nearest(queries[i]!, { top: 4 })).forEach(({ word, similarity }, k) => {
      assert.is(all[i]![k]!.word, word);
      assert.ok(Math.abs(all[i]![k]!.similarity - similarity) < 1e-6);
    });
  vectors.dispose();
});

test('3CosMul is the product of cosines moved to 0 … 1', async () => {
  const { vectors, list, cosine, unit } = random500();
  const moved = (i: number, j: number): number => (cosine(unit(i), j) + 1) / 2;
  const expected = list
    .map((word, i) => ({ word, score: (moved(2, i) * moved(3, i)) / (moved(1, i) + 0.001) }))
    .filter(({ word }) => !['w1', 'w2', 'w3'].includes(word))
    .sort((a, b) => b.score - a.score)[0]!;
  const [first] = await vectors.analogy('w1', 'w2', 'w3', { method: 'mul' });
  assert.is(first!.word, expected.word);
  assert.ok(Math.abs(first!.similarity - expected.score) < 1e-4);
  vectors.dispose();
});

test('the odd one out, a centroid and the rows of a vocabulary', () => {
  const data = Float32Array.from([1, 0, 0.9, 0.1, 0.8, 0.3, -1, 2]);
  const vectors = new Vectors({ words: ['one', 'two', 'three', 'fish'], size: 2, data });
  assert.is(vectors.oddOneOut(['one', 'fish', 'two', 'three']), 'fish');
  assert.equal([...vectors.centroid('one unknown')], [1, 0]);
  assert.equal([...vectors.centroid('unknown')], [0, 0]);
  const vocab = text.Vocab.fromText('fish one bird', { level: 'word' });
  const table = vectors.table(vocab, word => (word === 'bird' ? [7, 8] : undefined));
  const row = (word: string) => [...table.subarray(2 * vocab.idOf(word), 2 * vocab.idOf(word) + 2)];
  assert.equal([row('fish'), row('one'), row('bird'), row('<unk>')], [[-1, 2], [1, 0], [7, 8], [0, 0]]); // biome-ignore format: one line
  const embedding = new nn.Embedding(vocab.size, vectors.size);
  embedding.weight.set(table);
  assert.equal(embedding.weight.toArray(), table);
  embedding.dispose();
});

test('texts are found by what their words mean', () => {
  const data = Float32Array.from([1, 0, 0.9, 0.2, 0, 1, 0.1, 0.9]);
  const vectors = new Vectors({ words: ['ship', 'sea', 'bread', 'oven'], size: 2, data });
  const texts = ['bread from the oven', 'nothing known', 'the sea', 'sea and bread'];
  const found = vectors.search('a ship', texts);
  assert.equal(found.map(({ index }) => index), [2, 3, 0, 1]); // biome-ignore format: one line
  assert.ok(Math.abs(found[0]!.similarity - 0.9 / Math.hypot(0.9, 0.2)) < 1e-6);
  assert.is(vectors.search('oven', texts, { top: 1 })[0]!.index, 0);
  assert.throws(() => vectors.search('zzz', texts), /no word of the query has a vector/);
  assert.throws(() => vectors.search('sea', texts, { top: 0 }), /top is 0/);
});

test('what cannot be is refused in a sentence', async () => {
  const { vectors } = random500();
  const make =
    (words: string[], data: number[], size = 1): (() => unknown) =>
    () =>
      new Vectors({ words, size, data: Float32Array.from(data) });
  assert.throws(make(['a', 'a'], [1, 2]), /the word "a" stands at 0 and at 1/);
  assert.throws(make(['a'], [1, 2]), /2 numbers, expected 1: 1 words of 1/);
  assert.throws(make(['a'], [NaN]), /the vector of "a" holds a number that is not finite/);
  assert.throws(make(['a'], [], 0), /size is 0/);
  assert.throws(() => vectors.similarity('w1', 'x'), /no vector for "x"/);
  assert.throws(() => vectors.oddOneOut(['w1', 'w2']), /2 words, expected at least 3/);
  await rejects(() => vectors.nearest({ positive: ['x', 'w1', 'y'] }), /no vector for "x", "y"/);
  await rejects(() => vectors.nearest({ positive: [] }), /the query has no words/);
  await rejects(() => vectors.nearest(new Float32Array(3)), /3 numbers, expected 7/);
  await rejects(() => vectors.nearest('w1', { top: 0 }), /top is 0/);
  await rejects(() => vectors.nearest('w1', { restrict: 0.5 }), /restrict is 0.5/);
});

run();
