import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { io } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, testIf, run } = suite('io/pairs');
const { readLabelled, readPairs, readParallel, readPronunciations } = io;
const data = process.env['THROUGHTIME_DATA'];

/** What is read, and what is said of the rest. */
function told<T>(read: (onFault: (fault: RangeError) => void) => T): [T, string[]] {
  const faults: string[] = [];
  const result = read(({ message }) => faults.push(message));
  return [result, faults];
}

test('pairs: source, tab, target', () => {
  const text = '\ufeffgo\tva\r\n\r\nrun fast \t cours vite\nlast\tend';
  assert.equal(readPairs(text), [
    { source: 'go', target: 'va', line: 1 },
    { source: 'run fast', target: 'cours vite', line: 3 },
    { source: 'last', target: 'end', line: 4 },
  ]);
  assert.equal(readPairs(''), []);
});

test('pairs: each fault with its line, and the rest is read', () => {
  const text = 'a\tb\nx\nx\ty\tz\n\ty\nx\t\nc\td\n';
  const [pairs, faults] = told(onFault => readPairs(text, { name: 'p.tsv', onFault }));
  assert.equal(faults, [
    'p.tsv: line 2: 1 columns, expected 2: source, tab, target',
    'p.tsv: line 3: 3 columns, expected 2: source, tab, target',
    'p.tsv: line 4: no source before the target "y"',
    'p.tsv: line 5: no target behind the source "x"',
  ]);
  assert.equal(
    pairs.map(({ line }) => line),
    [1, 6],
  );
  throws(() => readPairs(text), RangeError, /^pairs: line 2/);
});

test('two files: lines belong together, and a mismatch names them', () => {
  assert.equal(readParallel('a\r\n\r\nb\n\n', 'A\n\nB'), [
    { source: 'a', target: 'A', line: 1 },
    { source: 'b', target: 'B', line: 3 },
  ]);
  const names = ['x.de', 'x.en'] as const;
  throws(
    () => readParallel('a\nb\nc\n', 'A\nB\n', { names }),
    RangeError,
    /x\.de has 3 lines, x\.en 2; line 3 of x\.de, "c", is the first without a counterpart$/,
  );
  throws(
    () => readParallel('a\n\nb\n', 'A\nB\nC\nD\n', { names, onFault: () => {} }),
    RangeError,
    /x\.de has 3 lines, x\.en 4; line 4 of x\.en, "D", .* counterpart; line 2 is empty in x\.de alone/,
  );
  const [pairs, faults] = told(onFault => readParallel('a\n\nc\nd', 'A\nB\n\nD', { names, onFault })); // biome-ignore format: one call
  assert.equal(
    pairs.map(({ source }) => source),
    ['a', 'd'],
  );
  assert.equal(faults, [
    'readParallel: line 2 of x.de is empty, that of x.en is "B"',
    'readParallel: line 3 of x.en is empty, that of x.de is "c"',
  ]);
  throws(() => readParallel('a\n\nb', 'A\nB\nC'), RangeError, /line 2 of sources is empty/);
});

test('pronunciations: variants, comments, CR LF', () => {
  const text =
    ';;; a comment\r\nTOMATO  T AH M EY T OW\r\ntomato(2) T AH M AA T OW # rare\n(BRACE B R\nA#  EY\n';
  assert.equal(
    readPronunciations(text).map(({ word, phonemes, line }) => `${line} ${word}: ${phonemes}`),
    ['2 TOMATO: T,AH,M,EY,T,OW', '3 tomato: T,AH,M,AA,T,OW', '4 (BRACE: B,R', '5 A#: EY'],
  );
  const [read, faults] = told(onFault => readPronunciations('A  EY\nB\nC(2)\t\nD  D IY', { onFault })); // biome-ignore format: one call
  assert.equal(
    read.map(({ word }) => word),
    ['A', 'D'],
  );
  assert.equal(faults, [
    'pronunciations: line 2: "B" has no phonemes behind it',
    'pronunciations: line 3: "C" has no phonemes behind it',
  ]);
});

test('labelled texts: a tab behind the label, or a space where the first line has no tab', () => {
  assert.equal(readLabelled('two words\ta text\r\n\nB\tx\ty'), [
    { label: 'two words', text: 'a text', line: 1 },
    { label: 'B', text: 'x\ty', line: 3 },
  ]);
  assert.equal(readLabelled('DESC:manner How did it go ?\n')[0], {
    label: 'DESC:manner',
    text: 'How did it go ?',
    line: 1,
  });
  const [read, faults] = told(onFault => readLabelled('A\tx\nB y\n\tz\nC\t\nD\tw', { onFault }));
  assert.equal(
    read.map(({ label }) => label),
    ['A', 'D'],
  );
  assert.equal(faults, [
    'labelled: line 2: "B y" has no tab behind a label',
    'labelled: line 3: no label before "z"',
    'labelled: line 4: no text behind the label "C"',
  ]);
});

test('a long line is cut in the error, between characters', () => {
  throws(() => readLabelled(`a\tb\n${'😀'.repeat(90)}`), RangeError, /line 2: "😀{40}…" has/u);
});

test('bytes are read as text, and those that are none are said', () => {
  assert.is(readPairs(new TextEncoder().encode('é\tè'))[0]!.source, 'é');
  throws(() => readPairs(Uint8Array.of(97, 9, 98, 10, 0xe9, 9, 98)), RangeError, /readPairs: line 2 is not UTF-8/); // biome-ignore format: one call
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'the data sets have the examples that are counted',
  () => {
    const bytes = (path: string): Buffer => readFileSync(`${data}/${path}`);
    const cmu = 'seq2seq/cmudict-0.7b-split/cmudict-0.7b';
    const test = readPronunciations(bytes(`${cmu}.test.txt`));
    assert.equal([test.length, new Set(test.map(({ word }) => word)).size], [12855, 11994]);
    assert.is(new Set(test.flatMap(({ phonemes }) => phonemes)).size, 39);
    assert.is(readPronunciations(bytes('seq2seq/cmudict/cmudict.dict')).length, 135166);
    const flickr = 'seq2seq/multi30k-en-de/test_2016_flickr';
    assert.is(readParallel(bytes(`${flickr}.de`), bytes(`${flickr}.en`)).length, 1000);
    assert.is(readLabelled(bytes('classification/sst2/stsa.binary.dev.txt')).length, 872);
    const trec = readLabelled(bytes('classification/trec/TREC.test.txt'));
    assert.is(new Set(trec.map(({ label }) => label.split(':')[0])).size, 6);
  },
);

run();
