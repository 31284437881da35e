import * as assert from 'uvu/assert';
import { text, words } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('words/cooccurrence');
const { cooccurrence, WordCorpus } = words;

/** Pairs by plain loops over sentences of words. */
function plain(
  sentences: string[][],
  { window, weight, side }: { window: number; weight: (d: number) => number; side: string },
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sentence of sentences)
    sentence.forEach((word, i) =>
      sentence.forEach((other, j) => {
        const d = Math.abs(i - j);
        const wanted = side === 'both' || (side === 'left' ? j < i : j > i);
        if (d === 0 || d > window || !wanted) return;
        const key = `${word} ${other}`;
        counts.set(key, (counts.get(key) ?? 0) + weight(d));
      }),
    );
  return counts;
}

const random = new TestRandom(3);
const sentences = Array.from({ length: 400 }, () =>
  Array.from({ length: 1 + random.int(14) }, () => `w${Math.floor(60 * random.next() ** 3)}`),
);
const corpus = sentences.map(sentence => sentence.join(' ')).join('\n');
const vocab = text.Vocab.fromText(corpus, { level: 'word', minCount: 6 });
const known = sentences.map(sentence => sentence.filter(word => vocab.idOf(word) >= 0));

for (const side of ['both', 'left', 'right'] as const)
  for (const weighting of ['distance', 'none'] as const)
    for (const memory of [2 ** 20, 2 ** 26])
      test(`pairs are those of plain loops: ${side}, ${weighting}, ${memory} bytes`, () => {
        const data = new WordCorpus(vocab.encode(corpus));
        const { words: list, matrix } = cooccurrence(data, { vocab, window: 4, weighting, side, memory }); // biome-ignore format: one line
        const weight = (d: number): number => (weighting === 'distance' ? 1 / d : 1);
        const expected = plain(known, { window: 4, weight, side });
        assert.is(matrix.nonzeros, expected.size);
        const rows = matrix.rowsOfValues();
        matrix.values.forEach((value, i) => {
          const key = `${list[rows[i]!]} ${list[matrix.columns[i]!]}`;
          assert.ok(Math.abs(value - expected.get(key)!) < 1e-4, `${key}: ${value}, expected ${expected.get(key)}`); // biome-ignore format: one line
        });
      });

test('pairs that do not fit the table are sorted, summed and merged', () => {
  // 3000 words of one count: few fit into the smallest table, and the list fills many times
  const wide = new TestRandom(5);
  const ids = Int32Array.from({ length: 120_000 }, () => 2 + wide.int(3000));
  const tokens = ['<eos>', '<unk>', ...Array.from({ length: 3000 }, (_, i) => `w${i}`)];
  const counts = tokens.map((_, i) => (i < 2 ? 0 : 40));
  const large = text.Vocab.fromJSON({ level: 'word', tokens, counts });
  const count = (memory: number) => cooccurrence(new WordCorpus(ids), { vocab: large, window: 3, memory }).matrix; // biome-ignore format: one line
  const [small, whole] = [count(2 ** 20), count(2 ** 28)];
  assert.ok(small.nonzeros > 500_000);
  assert.equal(small.starts, whole.starts);
  assert.equal(small.columns, whole.columns);
  assert.ok(small.values.every((value, i) => Math.abs(value - whole.values[i]!) < 1e-5));
});

test('what cannot be is refused in a sentence', () => {
  const data = new WordCorpus(vocab.encode(corpus));
  const fault = (options: object, message: RegExp): void =>
    throws(() => cooccurrence(data, { vocab, ...options }), RangeError, message);
  fault({ window: 0 }, /window is 0/);
  fault({ weighting: 'x' }, /weighting "x", expected distance or none/);
  fault({ side: 'up' }, /side "up", expected both, left or right/);
  fault({ memory: 5 }, /memory is 5 bytes/);
  const chars = text.Vocab.fromText('abc', { level: 'char' });
  fault({ vocab: chars }, /of level "char"; expected words that were counted/);
  throws(() => cooccurrence(new WordCorpus(Int32Array.of(1, 9999)), { vocab }), RangeError, /id 9999 at 1/); // biome-ignore format: one call
});

run();
