import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { init, words } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('words/evaluate');

await init();

test('rank correlation by hand: equal values share their rank', () => {
  // ranks 1 2.5 2.5 4 and 2 1 3 4: Pearson of these is 3 / √(4.5 · 5)
  const expected = 3 / Math.sqrt(4.5 * 5);
  assert.ok(Math.abs(words.spearman([1, 5, 5, 9], [20, 10, 30, 40]) - expected) < 1e-12);
  assert.ok(Math.abs(words.pearson([1, 2, 3], [2, 4, 7]) - 5 / Math.sqrt(2 * (38 / 3))) < 1e-12);
  assert.ok(Number.isNaN(words.spearman([1, 1], [1, 2])));
  assert.throws(() => words.spearman([1], [1, 2]), /lists of 1 and 2 numbers/);
});

const plane = new words.Vectors({
  words: ['king', 'man', 'woman', 'queen', 'apple', 'pear'],
  size: 3,
  data: Float32Array.from([1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, -2, 0, 1, -2, 0.5]),
});

test('pairs are found by lower case, those without vectors counted and left out', () => {
  const pairs = words.parsePairs('word1\tword2\tscore\n# a comment\nKing\tQueen\t9.5\nman\tpear\t0.5\nman\tcar\t1\napple\tpear\t9\n'); // biome-ignore format: one line
  const { points, ...result } = words.wordSimilarity(plane, pairs);
  assert.equal({ ...result, n: points.length }, { pairs: 4, found: 3, spearman: 0.5, n: 3 });
  assert.is(words.wordSimilarity(plane, pairs, { lowercase: false }).found, 2);
  assert.is(words.wordSimilarity(plane, pairs.slice(0, 1)).spearman, null);
  assert.throws(() => words.parsePairs('a b 1\na b\n'), /line 2 is "a b", expected two words and/);
});

test('analogies are answered by section, skipped questions counted', async () => {
  const sections = words.parseAnalogies(
    ': family\nman king woman queen\nman king woman car\n: gram1\nman woman king queen\nman woman king pear\n',
  );
  const result = await words.analogies(plane, sections);
  assert.equal(result, {
    total: 4,
    covered: 3,
    semantic: 1,
    syntactic: 0.5,
    accuracy: 2 / 3,
    sections: [
      { name: 'family', total: 2, covered: 1, correct: 1 },
      { name: 'gram1', total: 2, covered: 2, correct: 1 },
    ],
  });
  const few = await words.analogies(plane, sections, { restrict: 3 });
  assert.equal([few.covered, few.accuracy, few.semantic], [0, null, null]);
  assert.throws(() => words.parseAnalogies('a b c\n'), /line 1 has 3 words, expected four/);
  plane.dispose();
});

const data = process.env.THROUGHTIME_DATA;
testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'the published sets have the pairs and questions that they say',
  () => {
    const read = (path: string): string => readFileSync(`${data}/${path}`, 'utf8');
    const sizes = { 'EN-WS-353-ALL': 353, 'EN-MEN-TR-3k': 3000, 'EN-SIMLEX-999': 999, 'EN-RG-65': 65, 'EN-RW-STANFORD': 2034 }; // biome-ignore format: one line
    for (const [name, pairs] of Object.entries(sizes))
      assert.is(words.parsePairs(read(`similarity/${name}.txt`)).length, pairs, name);
    const sections = words.parseAnalogies(read('analogy/questions-words.txt'));
    assert.is(sections.length, 14);
    assert.is(sections.reduce((sum, { questions }) => sum + questions.length, 0), 19544); // biome-ignore format: one line
  },
);

run();
