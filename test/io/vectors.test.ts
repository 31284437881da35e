import * as assert from 'uvu/assert';
import { io } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('io/vectors');
const { readVectors, writeVectors, VectorsParser } = io;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const WORDS = ['the', 'naïve', '汽车', 'x'];
const DATA = Float32Array.from(new TestRandom(1).array(4 * 5)).map((value, i) =>
  i === 7 ? 1e-20 : i === 8 ? -3e12 : value,
);
const content = { words: WORDS, size: 5, data: DATA };

/** Through pieces of so many bytes. */
function inPieces(bytes: Uint8Array, size: number, options = {}): io.VectorsFile {
  const parser = new VectorsParser(options);
  for (let at = 0; at < bytes.length; at += size)
    if (!parser.push(bytes.slice(at, at + size))) break;
  return parser.end();
}

for (const format of ['safetensors', 'binary', 'text', 'glove'] as const)
  test(`${format}: what is written is read, whole, in pieces of any size, and up to a limit`, () => {
    const bytes = writeVectors(content, format);
    for (const read of [readVectors(bytes), ...[1, 2, 3, 7, 50].map(n => inPieces(bytes, n))])
      assert.equal(read, { words: WORDS, size: 5, data: DATA, duplicates: 0 });
    for (const n of [1, 7, 1000]) {
      const { words, data } = inPieces(bytes, n, { limit: 2 });
      assert.equal([words, data], [WORDS.slice(0, 2), DATA.slice(0, 10)]);
    }
  });

test('safetensors keep counts', () => {
  const bytes = writeVectors({ ...content, counts: [9, 5, 3, 1] }, 'safetensors');
  assert.equal(readVectors(bytes).counts, [9, 5, 3, 1]);
  assert.equal(readVectors(bytes, { limit: 2 }).counts, [9, 5]);
});

test('a text as word2vec.c writes it: spaces behind the numbers, and </s> first', () => {
  const { words, data } = readVectors(encode('2 2\n</s> 0.5 -1 \nking 1e-3 2.25 \n'));
  assert.equal([words, [...data]], [['</s>', 'king'], [0.5, -1, Math.fround(1e-3), 2.25]]); // biome-ignore format: one line
});

test('a binary file as gensim writes it: no line end behind a record', () => {
  const bytes = writeVectors(content, 'binary');
  const records: number[] = [];
  const header = '4 5\n'.length;
  records.push(...bytes.subarray(0, header));
  for (let at = header, i = 0; i < 4; i++) {
    const end = at + encode(`${WORDS[i]} `).length + 20;
    records.push(...bytes.subarray(at, end));
    at = end + 1;
  }
  assert.equal(readVectors(Uint8Array.from(records)).data, DATA);
});

test('tokens with spaces, CR LF, tabs and a last line without an end', () => {
  const read = readVectors(encode('. . . 0.1 0.2\r\nat name@domain.com 3 4\r\n\r\nx\t5\t6'));
  assert.equal(read.words, ['. . .', 'at name@domain.com', 'x']);
  assert.equal([...read.data], [0.1, 0.2, 3, 4, 5, 6].map(Math.fround));
});

test('decimal numbers are those of Number', () => {
  const random = new TestRandom(2);
  const numbers = [
    ...['-0', '.5', '5.', '+1', '1e-45', '123456789012345678', '0.00000000000000000000001'],
    ...Array.from({ length: 500 }, () => ((random.next() - 0.5) * 10 ** random.int(9)).toFixed(random.int(12))), // biome-ignore format: one line
  ];
  const { data } = readVectors(encode(`w ${numbers.join(' ')}\n`));
  assert.equal([...data], numbers.map(Number).map(Math.fround));
});

test('a word that stands there twice is read once, and counted', () => {
  const read = readVectors(encode('3 1\na 1\na 2\nb 3\n'));
  assert.equal([read.words, [...read.data], read.duplicates], [['a', 'b'], [1, 3], 1]);
});

test('each fault is said in a sentence with its place', () => {
  const bytes = writeVectors(content, 'binary');
  const fault = (given: Uint8Array | string, message: RegExp): void =>
    throws(() => readVectors(typeof given === 'string' ? encode(given) : given), RangeError, message); // biome-ignore format: one call
  fault('', /vectors: the file is empty/);
  fault('3 2\na 1 2\nb 3 4\n', /ends after 2 words, its header promises 3; it is not whole/);
  fault(bytes.subarray(0, bytes.length - 3), /ends inside record 4 at offset \d+, of 4/);
  fault('a 1 2\nb 3\n', /vectors: line 2: 1 numbers, expected 2 behind the word/);
  fault('a 1 2\nb 3 x\n', /vectors: line 2, "b": number 2 is "x"/);
  fault('1 2\na 1 NaN\n', /record 1|line 2/);
  fault('just some words\n', /line 1 has no numbers; the file is none of/);
  fault('0 5\n', /the header promises 0 words of 5 numbers/);
  fault('5 99999999\n', /promises 5 words of 99999999 numbers/);
  fault(new Uint8Array(5 << 20).fill(7), /the file is none of/);
  fault(encode(`9 4\n${'z'.repeat(9000)}`), /begins with no word/);
  const broken = bytes.slice();
  new DataView(broken.buffer).setUint32(8, 0x7fc00000, true); // the first word is 'the '
  fault(broken, /record 1 at offset 4, "the": number 1 is NaN/);
  throws(() => new VectorsParser({ limit: 0 }), RangeError, /limit is 0/);
  throws(
    () => writeVectors({ words: ['a b'], size: 1, data: new Float32Array(1) }, 'text'),
    RangeError,
    /the word "a b" has a space/,
  );
});

test('a file cut off anywhere is refused, or gives the words that are whole', () => {
  for (const format of ['binary', 'text'] as const) {
    const bytes = writeVectors(content, format);
    for (let end = 0; end < bytes.length - 1; end++) {
      let read: io.VectorsFile | null = null;
      try {
        read = readVectors(bytes.subarray(0, end));
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
      // a last number of a text may be cut short and still be one
      if (read) assert.equal(read.words, WORDS);
    }
  }
});

run();
