import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { decodeUtf8, eachChar, eachWord, encodeUtf8 } from '../../src/text/tokenize.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('tokenize');
const data = process.env.THROUGHTIME_DATA;

function words(text: string): string[] {
  const out: string[] = [];
  eachWord(text, (word, offset) => {
    assert.is(
      word === '<eos>' ? '\n' : text.slice(offset, offset + word.length),
      word === '<eos>' ? text[offset] : word,
    );
    out.push(word);
  });
  return out;
}

test('words lie between white space, and each line end is <eos>', () => {
  assert.equal(words(' the  king \n\n\tof\n'), ['the', 'king', '<eos>', '<eos>', 'of', '<eos>']);
  assert.equal(words('to be'), ['to', 'be']);
  assert.equal(words(''), []);
  assert.equal(words('\n'), ['<eos>']);
  assert.equal(words('a\r\nb\r\n'), ['a', '<eos>', 'b', '<eos>']);
});

test('white space is that of Unicode, the byte order mark and the zero width space are not', () => {
  for (const space of '\t\v\f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000')
    assert.equal(words(`a${space}b`), ['a', 'b']);
  for (const other of '\u200b\ufeff\u180e_') assert.is(words(`a${other}b`).length, 1);
});

test('characters are code points, with their offsets in the string', () => {
  const seen: [number, number][] = [];
  eachChar('a😀é\ud800', (c, offset) => seen.push([c, offset]));
  assert.equal(seen, [
    [0x61, 0],
    [0x1f600, 1],
    [0xe9, 3],
    [0xd800, 4],
  ]);
});

test('UTF-8 goes there and back', () => {
  const text = 'aé€😀\u0000\u07ff\u0800\uffff\u{10ffff}';
  assert.is(decodeUtf8(encodeUtf8(text), 'it'), text);
  assert.is(decodeUtf8(new Uint8Array(), 'it'), '');
});

test('a byte order mark at the start is dropped, one within stays', () => {
  assert.is(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf), 'it'), 'a\ufeff');
});

test('bytes that are not UTF-8 are refused with their offset', () => {
  const broken: [number[], number][] = [
    [[0xff], 0], // never a byte of UTF-8
    [[0x61, 0x80], 1], // a continuation alone
    [[0x61, 0xc3], 1], // cut off after 1 of 2
    [[0xe2, 0x82], 0], // 2 of 3
    [[0xf0, 0x9f, 0x98], 0], // 3 of 4
    [[0xc3, 0xa9, 0xc3, 0x28], 2],
    [[0xe2, 0x28, 0xa1], 0],
    [[0xe2, 0x82, 0x28], 0],
    [[0xc0, 0xaf], 0], // overlong forms
    [[0xc1, 0xbf], 0],
    [[0xe0, 0x9f, 0xbf], 0],
    [[0xf0, 0x8f, 0xbf, 0xbf], 0],
    [[0xed, 0xa0, 0x80], 0], // a surrogate
    [[0xf4, 0x90, 0x80, 0x80], 0], // past U+10FFFF
    [[0xf5, 0x80, 0x80, 0x80], 0],
  ];
  for (const [bytes, offset] of broken) {
    assert.throws(
      () => decodeUtf8(Uint8Array.from(bytes), 'notes.txt'),
      (e: unknown) =>
        e instanceof RangeError &&
        e.message.includes(
          `notes.txt is not UTF-8: byte 0x${bytes[offset]!.toString(16)} at offset ${offset} `,
        ),
      `${bytes}`,
    );
  }
});

test('the offset is where the longest valid prefix ends', () => {
  const random = new TestRandom(1);
  const valid = (bytes: Uint8Array) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const interesting = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef,
    0xf0, 0xf1, 0xf4, 0xf5, 0xff,
  ];
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from(
      { length: 1 + random.int(6) },
      () => interesting[random.int(interesting.length)]!,
    );
    if (valid(bytes)) continue;
    let prefix = bytes.length - 1;
    while (!valid(bytes.subarray(0, prefix))) prefix--;
    assert.throws(() => decodeUtf8(bytes, 'it'), new RegExp(`at offset ${prefix} `), `${bytes}`);
  }
});

test('half of a surrogate pair cannot be encoded', () => {
  assert.throws(() => encodeUtf8('ab\ud83d'), /half of a surrogate pair at offset 2/);
  assert.throws(() => encodeUtf8('\ude00\ud83d'), /at offset 0/);
  assert.equal([...encodeUtf8('😀')], [0xf0, 0x9f, 0x98, 0x80]);
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'WikiText-2 has the published number of tokens and types',
  () => {
    const types = new Set<string>();
    for (const [split, tokens] of [
      ['train', 2_088_628],
      ['valid', 217_646],
      ['test', 245_569],
    ] as const) {
      let count = 0;
      eachWord(decodeUtf8(readFileSync(`${data}/word-lm/wikitext-2/${split}.txt`), split), word => {
        count++;
        if (split === 'train') types.add(word);
      });
      assert.is(count, tokens, split);
    }
    assert.is(types.size, 33_278);
  },
);

run();
