import * as assert from 'uvu/assert';
import { NgramDecoder } from '../../src/ngram/index.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('ngram/arpa');

const FILE = `\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-0.5\t<unk>
-99\t<s>\t-0.25
-0.75\t</s>
-0.5\ta\t-0.125

\\2-grams:
-0.25\t<s> a
-0.375\ta </s>

\\end\\
`;
const read = (text: string): NgramDecoder => NgramDecoder.read(new TextEncoder().encode(text));
const refused = (from: string | RegExp, to: string, message: RegExp): void => {
  const damaged = FILE.replace(from, to);
  assert.is.not(damaged, FILE, `${from} is in the file`);
  throws(() => read(damaged), RangeError, message);
};

test('fields may be separated by spaces, lines end as on Windows, text stand before it', () => {
  const lm = read(FILE);
  const other = read(`made by hand\r\n${FILE.replaceAll('\t', '  ').replaceAll('\n', '\r\n')}`);
  for (const word of ['a', '</s>', 'b'])
    assert.equal(other.score(other.start(), word), lm.score(lm.start(), word));
  assert.is(lm.score(lm.start(), 'a').logp, -0.25 * Math.LN10);
  assert.is(lm.score(lm.start(), '</s>').logp, -1 * Math.LN10);
});

test('numbers with an exponent, and −inf, which is −99', () => {
  const lm = read(
    FILE.replace('-0.75\t</s>', '-7.5e-1\t</s>').replace('-0.5\t<unk>', '-inf\t<unk>'),
  );
  assert.is(lm.score(lm.empty(), '</s>').logp, -0.75 * Math.LN10);
  assert.is(lm.score(lm.empty(), 'b').logp, -99 * Math.LN10);
});

test('every damage is one sentence with its line', () => {
  refused('\\data\\', 'data', /^arpa: there is no line \\data\\; this may be no ARPA file$/);
  refused(
    'ngram 2=2',
    'ngram 3=2',
    /^arpa: line 3: "ngram 3=2", expected "ngram 2=" and a number$/,
  );
  refused('ngram 1=4', 'ngram 1=four', /^arpa: line 2: "ngram 1=four", expected/);
  refused('ngram 1=4', 'ngram 1=5', /^arpa: line 11: 4 1-grams, the header says 5$/);
  refused('ngram 1=4', 'ngram 1=3', /^arpa: line 9: expected \\2-grams:; the file is cut off/);
  refused('ngram 2=2', 'ngram 2=4000000000', /^arpa: line 11: the file is said to have 4000000000/);
  refused('\\2-grams:', '\\3-grams:', /^arpa: line 11: expected \\2-grams:/);
  refused('-0.5\ta\t-0.125', '-0.5', /^arpa: line 9: 1 fields, expected 2 or 3$/);
  refused('-0.375\ta </s>', '-0.375\ta', /^arpa: line 13: 2 fields, expected 3 or 4$/);
  refused(
    '-0.375\ta </s>',
    '-0.375\ta b',
    /^arpa: line 13: the word "b" is not among the 1-grams$/,
  );
  refused('-0.5\ta\t', '-0.5\t</s>\t', /^arpa: line 9: the word "<\/s>" is listed twice$/);
  refused('-0.375\ta </s>', '-0.25\t<s> a', /^arpa: the 2-gram "<s> a" is listed twice$/);
  refused('-0.5\ta', '0.5\ta', /^arpa: line 9: the log-probability is 0.5, expected at most 0$/);
  refused('-0.5\ta', 'x\ta', /^arpa: line 9: "x" is not a number$/);
  refused('\\end\\', '', /^arpa: line \d+: expected \\end\\; the file is cut off/);
  refused(/ngram 1=4\nngram 2=2\n/, '', /^arpa: line 1: there is no line "ngram 1="/);
});

test('a file cut off anywhere is refused', () => {
  const bytes = new TextEncoder().encode(FILE);
  // the last bytes are line ends, without which nothing is missing
  for (let n = 0; n < bytes.length - 1; n++)
    throws(() => NgramDecoder.read(bytes.subarray(0, n)), RangeError, /^arpa: /);
});

test('what is no text is called by its name', () => {
  throws(
    () => NgramDecoder.read(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0)),
    RangeError,
    /^arpa: this is a gzip file, not an ARPA file; /,
  );
});

run();
