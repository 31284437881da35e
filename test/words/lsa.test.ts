import * as assert from 'uvu/assert';
import { init, text, words } from '../../src/index.js';
import { symmetricEigen } from '../../src/words/eigen.js';
import { varimax } from '../../src/words/varimax.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { rejects, throws } from '../support/throws.js';

const { test, run } = suite('words/lsa');
const { lsa, ppmi, SparseMatrix, svd, tfidf, wordDocuments } = words;

await init({ deterministic: true });

/** Deerwester et al. 1990: nine titles, of which the words in two or more count. */
const TITLES = [
  'human interface computer',
  'survey user computer system response time',
  'eps user interface system',
  'system human system eps',
  'user response time',
  'trees',
  'graph trees',
  'graph minors trees',
  'graph minors survey',
];
const vocab = text.Vocab.fromText(TITLES.join('\n'), { level: 'word', minCount: 2 });
const counted = wordDocuments(TITLES, vocab);
const all = await lsa(counted.words, counted.matrix, { size: 9 });
const two = await lsa(counted.words, counted.matrix, { size: 2 });

const cosine = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += x[i]! * y[i]!;
    xx += x[i]! ** 2;
    yy += y[i]! ** 2;
  }
  return xy / Math.sqrt(xx * yy);
};
const close = (got: number, expected: number, what: string, tolerance = 2e-5): void =>
  assert.ok(Math.abs(got - expected) < tolerance, `${what}: ${got}, expected ${expected}`);

test("Deerwester's titles: singular values", () => {
  const expected = [3.340884, 2.541701, 2.353944, 1.644532, 1.504832, 1.306382, 0.845903, 0.560134, 0.363677]; // biome-ignore format: one line
  assert.equal([counted.matrix.shape, counted.matrix.nonzeros], [[12, 9], 28]);
  expected.forEach((sigma, i) => close(all.sigma[i]!, sigma, `σ${i + 1}`, 1e-5));
});

/** Row of a word in the approximation of rank 2. */
function approximated(word: string): number[] {
  const row = two.words.indexOf(word);
  return Array.from({ length: 9 }, (_, j) =>
    [0, 1].reduce((sum, k) => sum + two.u[k * 12 + row]! * two.sigma[k]! * two.v[k * 9 + j]!, 0),
  );
}

test("Deerwester's titles: words, raw and in two dimensions", () => {
  const expected = [0.1621, 0.4005, 0.379, 0.4676, 0.176, -0.0527, -0.1151, -0.1591, -0.0918];
  approximated('human').forEach((value, j) => close(value, expected[j]!, `human ${j}`, 6e-5));
  const raw = (word: string): number[] => TITLES.map(title => title.split(' ').filter(each => each === word).length); // biome-ignore format: one line
  close(words.pearson(raw('human'), raw('user')), -0.378, 'raw human user', 5e-5);
  close(words.pearson(approximated('human'), approximated('user')), 0.9385, 'human user', 5e-5);
  close(words.pearson(raw('human'), raw('minors')), -0.2857, 'raw human minors', 5e-5);
  close(words.pearson(approximated('human'), approximated('minors')), -0.8309, 'human minors', 5e-5); // biome-ignore format: one line
  close(two.vectors().similarity('human', 'user'), 0.887846, 'cosine of U·Σ');
  close(two.vectors(0).similarity('human', 'user'), 0.817851, 'cosine of U');
  close(two.vectors().similarity('human', 'minors'), -0.275008, 'cosine of U·Σ');
});

test("Deerwester's titles: errors of each rank, documents, and a query", () => {
  const errors = [4.454043, 3.657629, 2.7995, 2.26555, 1.693575, 1.077759, 0.667841, 0.363677, 0];
  errors.forEach((error, rank) => {
    const left = [...all.sigma.subarray(rank + 1)].reduce((sum, sigma) => sum + sigma ** 2, 0);
    close(Math.sqrt(left), error, `rank ${rank + 1}`);
  });
  const documents = [[0.6595, 0.1421], [2.0245, 0.4209], [1.5466, 0.3236], [1.8111, 0.5891], [0.9337, 0.2714], [0.0127, 0.4902], [0.0489, 1.1129], [0.0806, 1.5635], [0.2738, 1.3469]]; // biome-ignore format: one line
  documents.forEach(
    (expected, j) =>
    two.document(j).forEach((value, k) => close(Math.abs(value), expected[k]!, `document ${j}`, 6e-5)), // biome-ignore format: one call
  );
  const query = two.fold(['human', 'computer', 'unknown']);
  const scaled = query.map((value, k) => value / two.sigma[k]!);
  close(Math.abs(scaled[0]!), 0.1382, 'query', 6e-5);
  close(Math.abs(scaled[1]!), 0.0276, 'query', 6e-5);
  const cosines = [0.998093, 0.937486, 0.998445, 0.986589, 0.907559, -0.124168, -0.106393, -0.098795, 0.050042]; // biome-ignore format: one line
  cosines.forEach((expected, j) => close(cosine(query, two.document(j)), expected, `query ${j}`));
});

test('dimensions as they are: the words with the largest elements', () => {
  const [first, second] = two.topics(3, { rotated: false });
  assert.equal(first!.map(({ word }) => word).sort(), ['eps', 'system', 'user']);
  assert.equal(second!.map(({ word }) => word).sort(), ['graph', 'minors', 'trees']);
});

test('topics are rotated so that documents belong to few of them, and words follow', () => {
  // three subjects of four words, of which each document has one: dimensions mix them
  const random = new TestRandom(4);
  const subjects = ['a b c d', 'e f g h', 'i j k l'].map(each => each.split(' '));
  const documents = Array.from({ length: 90 }, (_, n) =>
    Array.from({ length: 12 }, () => subjects[n % 3]![random.int(4)]!).join(' '),
  );
  const known = text.Vocab.fromText(documents.join('\n'), { level: 'word' });
  const { words: names, matrix } = wordDocuments(documents, known);
  return lsa(names, tfidf(matrix), { size: 3 }).then(space => {
    const topics = space.topics(4);
    assert.equal(topics.map(topic => topic.map(({ word }) => word).sort().join(' ')).sort(), subjects.map(each => each.join(' '))); // biome-ignore format: one line
    // a rotation: the squared lengths of words over all topics are those over all dimensions
    const vectors = space.vectors(1);
    for (const name of names) {
      const all = space.topics(12).map(topic => topic.find(({ word }) => word === name)!.weight);
      const square = vectors.get(name)!.reduce((sum, value) => sum + value * value, 0);
      close(
        all.reduce((sum, value) => sum + value * value, 0),
        square,
        name,
        1e-5,
      );
    }
  });
});

test('varimax finds the angle that a search finds', () => {
  const random = new TestRandom(9);
  // each of 50 loads on one of two dimensions, which are then turned by half a radian
  const loadings = new Float64Array(2 * 50);
  for (let i = 0; i < 50; i++) {
    const [x, y] = i % 3 === 0 ? [random.next(), 0.1] : [0, random.next()];
    loadings[i] = Math.cos(0.5) * x - Math.sin(0.5) * y;
    loadings[50 + i] = Math.sin(0.5) * x + Math.cos(0.5) * y;
  }
  const criterion = (x: Float64Array): number => {
    let sum = 0;
    for (const k of [0, 1]) {
      const squares = x.slice(50 * k, 50 * (k + 1)).map(value => value * value);
      const mean = squares.reduce((a, b) => a + b, 0) / 50;
      sum += squares.reduce((a, b) => a + (b - mean) ** 2, 0);
    }
    return sum;
  };
  let best = 0;
  for (let angle = 0; angle < Math.PI / 2; angle += 1e-3) {
    const turned = loadings.slice();
    for (let i = 0; i < 50; i++) {
      turned[i] = Math.cos(angle) * loadings[i]! + Math.sin(angle) * loadings[50 + i]!;
      turned[50 + i] = Math.cos(angle) * loadings[50 + i]! - Math.sin(angle) * loadings[i]!;
    }
    best = Math.max(best, criterion(turned));
  }
  const others = loadings.slice();
  assert.ok(criterion(loadings) < 0.9 * best, 'there is something to find');
  varimax(loadings, others, 2);
  assert.ok(criterion(loadings) >= best * (1 - 1e-6), `${criterion(loadings)}, a search: ${best}`);
  near(others, loadings, 1e-12, 'what follows is rotated alike');
});

test('documents of a corpus are its lines, or cut by length', () => {
  const lines = 'a b a\n\nc a\nb b b b b\n';
  const known = text.Vocab.fromText(lines, { level: 'word' });
  const corpus = new words.WordCorpus(known.encode(lines));
  const table = (length?: number) => {
    const { words: names, matrix } = wordDocuments(corpus, known, length ? { length } : {});
    const dense = names.map(() => new Array<number>(matrix.shape[1]).fill(0));
    names.forEach((_, m) => {
      for (let i = matrix.starts[m]!; i < matrix.starts[m + 1]!; i++) dense[m]![matrix.columns[i]!] = matrix.values[i]!; // biome-ignore format: one line
    });
    return Object.fromEntries(names.map((name, m) => [name, dense[m]]));
  };
  assert.equal(table(), { a: [2, 1, 0], b: [1, 0, 5], c: [0, 1, 0] });
  assert.equal(table(2), { a: [1, 1, 1, 0, 0, 0], b: [1, 0, 0, 2, 2, 1], c: [0, 0, 1, 0, 0, 0] });
  throws(
    () => wordDocuments(corpus, known, { length: 0 }),
    RangeError,
    /length is 0, expected ≥ 1/,
  );
});

test('eigenvalues and vectors of a dense symmetric matrix', () => {
  for (const n of [1, 2, 3, 5, 40]) {
    const random = new TestRandom(n);
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.next() - 0.5;
    const { values, vectors } = symmetricEigen(a.slice(), n);
    for (let i = 0; i < n; i++) {
      const x = vectors.subarray(i * n, (i + 1) * n);
      if (i > 0) assert.ok(values[i]! <= values[i - 1]!);
      const product = Float64Array.from({ length: n }, (_, r) => x.reduce((sum, value, c) => sum + a[r * n + c]! * value, 0)); // biome-ignore format: one line
      near(product, x.map(value => value * values[i]!), 1e-10, `A·x, n ${n}, ${i}`); // biome-ignore format: one line
      for (let j = 0; j <= i; j++) {
        const y = vectors.subarray(j * n, (j + 1) * n);
        const dot = x.reduce((sum, value, k) => sum + value * y[k]!, 0);
        assert.ok(Math.abs(dot - (i === j ? 1 : 0)) < 1e-10);
      }
    }
  }
});

/** A random matrix whose singular values decay slowly, as those of texts do. */
function sparse(M: number, N: number, n: number): words.SparseMatrix {
  const random = new TestRandom(7);
  return SparseMatrix.fromEntries([M, N], {
    rows: Array.from({ length: n }, () => Math.floor(M * random.next() ** 2)),
    columns: Array.from({ length: n }, () => Math.floor(N * random.next() ** 2)),
    values: random.array(n).map(Math.abs),
  });
}

for (const [M, N] of [[150, 400], [400, 150]] as const) // biome-ignore format: one line
  test(`Lanczos finds the exact values and says its residuals, the randomised method less (${M} × ${N})`, async () => {
    const matrix = sparse(M, N, 6000);
    const k = 20;
    const exact = await svd(matrix, { k });
    const found = await svd(matrix, { k, method: 'lanczos', block: 8 });
    const rough = await svd(matrix, { k, method: 'randomized', passes: 4, block: 24 });
    const error = (other: words.Svd): number =>
      other.sigma.reduce((sum, sigma, i) => sum + Math.abs(sigma / exact.sigma[i]! - 1), 0) / k;
    assert.ok(error(found) < 1e-5, `Lanczos ${error(found)} after ${found.passes} passes`);
    assert.ok(error(rough) > error(found) && error(rough) < 0.1, `randomised ${error(rough)}`);
    for (const each of [exact, found]) {
      assert.ok(Math.max(...each.residuals) < 2e-5 * each.sigma[0]!, `${Math.max(...each.residuals)}`); // biome-ignore format: one line
      for (let i = 0; i < k; i++) {
        const u = each.u.subarray(i * M, (i + 1) * M);
        const peak = u.reduce(
          (most, value) => (Math.abs(value) > Math.abs(most) ? value : most),
          0,
        );
        assert.ok(peak > 0, 'the largest element is positive');
      }
    }
    assert.ok(
      Math.abs(Math.abs(cosine(exact.u.subarray(0, M), found.u.subarray(0, M))) - 1) < 1e-6,
    );
  });

test('a matrix of small rank has as many values, and what cannot be is refused', async () => {
  const matrix = SparseMatrix.fromEntries([5, 4], { rows: [0, 1, 2], columns: [0, 0, 1], values: [3, 4, 2] }); // biome-ignore format: one line
  for (const method of ['exact', 'lanczos', 'randomized'] as const) {
    const { sigma } = await svd(matrix, { k: 4, method, block: 2 });
    assert.equal(sigma.length, 2, method);
    near(sigma, [5, 2], 1e-6, method);
  }
  await rejects(() => svd(matrix, { k: 5 }), /k is 5, expected a whole number from 1 to 4/);
  await rejects(() => svd(matrix, { k: 1, method: 'x' as 'exact' }), /method "x"/);
  await rejects(() => lsa(['a'], matrix), /1 words for 5 rows/);
  throws(() => wordDocuments('one text', vocab), TypeError, /are one string, expected a list/);
  throws(() => wordDocuments([], vocab), RangeError, /there are no documents/);
});

test('TF-IDF: log₂ of documents over documents with the word, documents of length 1', () => {
  const matrix = SparseMatrix.fromEntries([3, 2], { rows: [0, 0, 1, 2], columns: [0, 1, 0, 1], values: [2, 1, 3, 5] }); // biome-ignore format: one line
  near(tfidf(matrix).values, [0, 0, 1, 1], 1e-6, 'a word of all documents says nothing');
  const weighted = tfidf(counted.matrix);
  const sums = new Float64Array(9);
  weighted.values.forEach((value, i) => (sums[weighted.columns[i]!]! += value ** 2));
  near(sums, Array<number>(9).fill(1), 1e-6, 'lengths');
});

test('PPMI by hand: smoothing, shift, and what is not positive left out', () => {
  const counts = [[4, 0, 2], [1, 3, 0]]; // biome-ignore format: one line
  const entries = counts.flatMap((row, m) => row.map((value, n) => ({ m, n, value }))).filter(({ value }) => value > 0); // biome-ignore format: one line
  const matrix = SparseMatrix.fromEntries([2, 3], {
    rows: entries.map(({ m }) => m),
    columns: entries.map(({ n }) => n),
    values: entries.map(({ value }) => value),
  });
  const rows = [6, 4];
  const columns = [5, 3, 2];
  for (const [smoothing, shift] of [
    [1, 1],
    [0.75, 1],
    [0.75, 1.5],
  ] as const) {
    // biome-ignore format: one line
    const powers = columns.map(count => count ** smoothing);
    const total = powers.reduce((sum, value) => sum + value);
    const pmi = entries.map(({ m, n, value }) => Math.log(value / rows[m]! / (powers[n]! / total)) - Math.log(shift)); // biome-ignore format: one line
    near(ppmi(matrix, { smoothing, shift, positive: false }).values, pmi, 1e-6, 'PMI');
    near(ppmi(matrix, { smoothing, shift }).values, pmi.filter(value => value > 0), 1e-6, 'PPMI'); // biome-ignore format: one line
  }
  throws(() => ppmi(matrix, { smoothing: 2 }), RangeError, /smoothing is 2/);
  throws(() => ppmi(matrix, { shift: 0 }), RangeError, /shift is 0/);
});

run();
