import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Tokenizer } from '../../src/text/tokenize.js';
import { type Decoder, Vocab } from '../../src/text/vocab.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('vocab');
const data = process.env.THROUGHTIME_DATA;

const char = Vocab.fromText('hello\nwörld 😀', { level: 'char' });
const byte = Vocab.fromText('', { level: 'byte' });
const word = Vocab.fromText('the king the queen\na king the\n', { level: 'word' });

const refuses = (body: () => unknown, message: RegExp, kind: new () => Error = RangeError) =>
  assert.throws(
    body,
    (e: unknown) => e instanceof kind && message.test(e.message),
    String(message),
  );

const stream = (decoder: Decoder, ids: Iterable<number>) => Array.from(ids, id => decoder.push(id));

test('characters are ordered by code point', () => {
  assert.is(char.size, 11);
  assert.is(char.unknown, -1);
  assert.equal(
    Array.from({ length: char.size }, (_, id) => char.tokenOf(id)),
    ['\n', ' ', 'd', 'e', 'h', 'l', 'o', 'r', 'w', 'ö', '😀'],
  );
});

test('each level encodes and decodes to the same text', () => {
  assert.is(char.decode(char.encode('wöd 😀\n')), 'wöd 😀\n');
  assert.is(byte.decode(byte.encode('\ufeffwöd 😀\n\0')), '\ufeffwöd 😀\n\0');
  assert.is(word.decode(word.encode('the queen\n\na king\n')), 'the queen\n\na king\n');
  for (const vocab of [char, byte, word]) {
    assert.is(vocab.encode('').length, 0);
    assert.is(vocab.decode([]), '');
    assert.instance(vocab.encode(''), Int32Array);
  }
});

test('bytes are their own ids', () => {
  assert.is(byte.size, 256);
  assert.is(byte.unknown, -1);
  assert.equal([...byte.encode('é')], [0xc3, 0xa9]);
  assert.equal([...byte.encode(Uint8Array.of(255, 0))], [255, 0]);
  for (let id = 0; id < 256; id++) assert.is(byte.idOf(byte.tokenOf(id)), id);
  assert.is(byte.tokenOf(0x41), 'A');
  assert.is(byte.tokenOf(0xc3), '<0xC3>');
  refuses(() => byte.encode('a\ud800'), /half of a surrogate pair at offset 1/);
});

test('words are ordered by frequency, then first appearance', () => {
  assert.equal(
    Array.from({ length: word.size }, (_, id) => word.tokenOf(id)),
    ['the', 'king', '<eos>', 'queen', 'a', '<unk>'],
  );
  assert.is(word.unknown, 5);
  assert.is(word.idOf('<eos>'), 2);
  assert.is(word.idOf('<unk>'), 5);
  assert.is(word.idOf('crown'), -1);
});

test('rare words become <unk>, which ranks by what it stands for', () => {
  const vocab = Vocab.fromText('b a b c d e\n', { level: 'word', minCount: 2 });
  assert.equal(vocab.toJSON().tokens, ['<unk>', 'b', '<eos>']);
  assert.equal(vocab.encodeCounting('b c z\n'), { ids: Int32Array.of(1, 0, 0, 2), unknown: 2 });
});

test('maxSize keeps the most frequent words, the first of equals, and counts <unk> and <eos>', () => {
  const tokens = (maxSize: number) =>
    Vocab.fromText('x x x b a b a c\n', { level: 'word', maxSize }).toJSON().tokens;
  // a, a and c are unknown, as often as x, which came first
  assert.equal(tokens(4), ['x', '<unk>', 'b', '<eos>']);
  assert.equal(tokens(2), ['<unk>', '<eos>']);
  assert.equal(tokens(100)!.length, 6);
});

test('characters past minCount or maxSize share the unknown id', () => {
  for (const options of [{ minCount: 2 }, { maxSize: 3 }]) {
    const vocab = Vocab.fromText('aabbcd', { level: 'char', ...options });
    assert.equal(vocab.toJSON().tokens, ['a', 'b', '<unk>']);
    assert.is(vocab.unknown, 2);
  }
  assert.equal(Vocab.fromText('cbbaaa', { level: 'char', maxSize: 2 }).toJSON().tokens, [
    'a',
    '<unk>',
  ]);
  assert.equal(Vocab.fromText('cba', { level: 'char', maxSize: 3 }).toJSON().tokens, [
    'a',
    'b',
    'c',
  ]);
  assert.equal(Vocab.fromText('ab', { level: 'char', unknown: true }).toJSON().tokens, [
    'a',
    'b',
    '<unk>',
  ]);
  assert.equal(Vocab.fromText('ab', { level: 'char', unknown: true, maxSize: 2 }).toJSON().tokens, [
    'a',
    '<unk>',
  ]);
});

test('an unseen character is refused with its offset where there is no unknown id', () => {
  refuses(
    () => char.encode('h😀😀x'),
    /the character "x" \(U\+0078\) at offset 5 is not among the 11/,
  );
  refuses(() => char.encode('\u{1f601}'), /U\+1F601\) at offset 0/);
  refuses(() => char.encode('hx', { unknown: 'map' }), /no unknown id to map to/);
  assert.equal(char.encodeCounting('hxöy', { unknown: 'skip' }), {
    ids: char.encode('hö'),
    unknown: 2,
  });
});

test('an unseen character is mapped where there is an unknown id', () => {
  const vocab = Vocab.fromText('ab', { level: 'char', unknown: true });
  assert.equal(vocab.encodeCounting('a<😀b'), { ids: Int32Array.of(0, 2, 2, 1), unknown: 2 });
  assert.is(vocab.decode([0, 2]), 'a\uFFFD');
  refuses(() => vocab.encode('abz', { unknown: 'error' }), /"z" \(U\+007A\) at offset 2/);
});

test('an unseen word is mapped, skipped or refused', () => {
  assert.equal(word.encodeCounting('the crown\n'), { ids: Int32Array.of(0, 5, 2), unknown: 1 });
  assert.equal(word.encodeCounting('the crown\n', { unknown: 'skip' }), {
    ids: Int32Array.of(0, 2),
    unknown: 1,
  });
  refuses(() => word.encode('the crown', { unknown: 'error' }), /the word "crown" at offset 4/);
  assert.is(word.encodeCounting('<unk> king').unknown, 0);
  assert.is(word.decode(word.encode('a crown')), 'a <unk>');
});

test('a stream of bytes yields whole characters only', () => {
  const ids = byte.encode('é😀a');
  assert.equal(stream(byte.decoder(), ids), ['', 'é', '', '', '', '😀', 'a']);
  const cut = byte.decoder();
  assert.equal(stream(cut, [0xf0, 0x9f]), ['', '']);
  assert.is(cut.end(), '\uFFFD');
  assert.equal(stream(byte.decoder(), [0xc3, 0x41]), ['', '\uFFFDA']);
});

test('a stream of words is spaced as the whole text', () => {
  const ids = word.encode('the king\n\na queen');
  assert.equal(stream(word.decoder(), ids), ['the', ' king', '\n', '\n', 'a', ' queen']);
  const characters = char.decoder();
  assert.equal(stream(characters, char.encode('h😀')), ['h', '😀']);
  assert.is(characters.end(), '');
});

test('what a stream yields is what decode gives, for any ids', () => {
  let x = 1;
  for (const vocab of [char, byte, word]) {
    const ids = Array.from({ length: 500 }, () => (x = (x * 48271) % 2147483647) % vocab.size);
    const decoder = vocab.decoder();
    assert.is(stream(decoder, ids).join('') + decoder.end(), vocab.decode(ids));
  }
});

test('an id out of range is refused', () => {
  for (const vocab of [char, byte, word]) {
    for (const id of [-1, vocab.size, 0.5, NaN]) {
      refuses(
        () => vocab.tokenOf(id),
        RegExp(`tokenOf: the id is ${id}, expected a whole number below ${vocab.size}`),
      );
      refuses(() => vocab.decode([0, id]), RegExp(`the id is ${id},`));
      refuses(() => vocab.decoder().push(id), RegExp(`the id is ${id},`));
    }
  }
});

test('JSON gives the same vocabulary back', () => {
  const unknown = Vocab.fromText('ab\ud800"\\', { level: 'char', unknown: true });
  for (const vocab of [char, byte, word, unknown]) {
    const json = JSON.stringify(vocab);
    for (const copy of [Vocab.fromJSON(json), Vocab.fromJSON(JSON.parse(json))]) {
      assert.is(copy.level, vocab.level);
      assert.is(copy.size, vocab.size);
      assert.is(copy.unknown, vocab.unknown);
      for (let id = 0; id < vocab.size; id++) assert.is(copy.tokenOf(id), vocab.tokenOf(id));
      assert.is(JSON.stringify(copy), json);
    }
  }
  assert.is(JSON.stringify(byte), '{"level":"byte"}');
});

test('words that are names of object members are words like others', () => {
  const text = '__proto__ constructor toString hasOwnProperty __proto__\n';
  const vocab = Vocab.fromJSON(JSON.stringify(Vocab.fromText(text, { level: 'word' })));
  assert.is(vocab.size, 6);
  assert.is(vocab.tokenOf(0), '__proto__');
  assert.is(vocab.decode(vocab.encode(text)), text);
  assert.is(vocab.idOf('valueOf'), -1);
  assert.is(vocab.encodeCounting('valueOf').unknown, 1);
});

test('JSON that is no vocabulary is refused', () => {
  for (const [json, message] of [
    [null, /got null/],
    [3, /got number/],
    ['{', /not JSON/],
    [{ level: 'char', tokens: 'ab' }, /list of strings/],
    [{ level: 'char', tokens: [1] }, /list of strings/],
  ] as const)
    refuses(() => Vocab.fromJSON(json), message, TypeError);
  for (const [json, message] of [
    [{}, /level is undefined, expected/],
    [{ level: 'line', tokens: [] }, /level is "line"/],
    [{ level: 'char' }, /no tokens/],
    [{ level: 'char', tokens: ['a', 'a'] }, /"a" of id 1 occurs twice/],
    [{ level: 'char', tokens: ['ab'] }, /"ab" of id 0 is not one character/],
    [{ level: 'char', tokens: [''] }, /"" of id 0 is not one character/],
    [{ level: 'word', tokens: ['<eos>', '<unk>', 'a b'] }, /"a b" of id 2 is not one word/],
    [{ level: 'word', tokens: ['<unk>', ' a'] }, /not one word/],
    [{ level: 'word', tokens: ['a', '<unk>'] }, /<eos> is missing/],
    [{ level: 'word', tokens: ['a', '<eos>'] }, /<unk> is missing among the 2 words/],
  ] as const)
    refuses(() => Vocab.fromJSON(json), message);
});

test('options out of range are refused', () => {
  refuses(() => Vocab.fromText('a', { level: 'line' as 'word' }), /level is "line"/);
  refuses(() => Vocab.fromText('a', { level: 'word', minCount: 0 }), /minCount is 0/);
  refuses(() => Vocab.fromText('a', { level: 'char', minCount: 1.5 }), /minCount is 1.5/);
  refuses(
    () => Vocab.fromText('a', { level: 'word', maxSize: 1 }),
    /maxSize is 1, expected a whole number from 2/,
  );
  refuses(() => Vocab.fromText('a', { level: 'char', maxSize: 0 }), /maxSize is 0/);
  refuses(
    () => Vocab.fromText('a', { level: 'byte', maxSize: 100 }),
    /do not apply to level "byte"/,
  );
  refuses(() => Vocab.fromText('', { level: 'char' }), /the text is empty/);
  refuses(
    () => Vocab.fromText(Uint8Array.of(0x61, 0xff), { level: 'char' }),
    /not UTF-8: byte 0xff at offset 1/,
  );
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'WikiText-2 has 33,278 words, all of the test text among them',
  () => {
    const file = (split: string) => readFileSync(`${data}/word-lm/wikitext-2/${split}.txt`);
    const vocab = Vocab.fromText(file('train'), { level: 'word' });
    assert.is(vocab.size, 33_278);
    assert.is(vocab.tokenOf(0), 'the');
    assert.is(vocab.encode(file('train')).length, 2_088_628);
    const { ids, unknown } = vocab.encodeCounting(file('test'));
    assert.is(ids.length, 245_569);
    assert.is(unknown, 0);
  },
);

testIf(data, 'THROUGHTIME_DATA is not set', 'tiny shakespeare has 65 characters', () => {
  const text = readFileSync(`${data}/char-lm/tinyshakespeare.txt`);
  const vocab = Vocab.fromText(text, { level: 'char' });
  assert.is(vocab.size, 65);
  assert.is(vocab.encode(text).length, 1_115_394);
  assert.is(vocab.decode(vocab.encode(text)), text.toString());
});

test('counts are those of the units, <unk> has those of all that it stands for', () => {
  const countsOf = (vocab: Vocab) =>
    Object.fromEntries([...vocab.counts!].map((count, id) => [vocab.tokenOf(id), count]));
  const text = 'a b b c c c\nd a b\n';
  assert.equal(countsOf(Vocab.fromText(text, { level: 'word', minCount: 2 })), {
    '<eos>': 2,
    '<unk>': 1,
    a: 2,
    b: 3,
    c: 3,
  });
  assert.equal(countsOf(Vocab.fromText('aabbbc', { level: 'char', maxSize: 2 })), {
    '<unk>': 3,
    b: 3,
  });
  assert.equal(countsOf(Vocab.fromText('<unk> a a', { level: 'word' })), {
    '<eos>': 0,
    '<unk>': 1,
    a: 2,
  });
  assert.is(byte.counts, null);
  const back = Vocab.fromJSON(JSON.stringify(word));
  assert.equal(back.counts, word.counts);
  assert.is(Vocab.fromJSON({ level: 'char', tokens: ['a'] }).counts, null);
});

test('special tokens have the last ids, stand for no text, and come back from JSON', () => {
  const special = ['<bos>', '<pad>'];
  for (const level of ['byte', 'char', 'word'] as const) {
    const plain = Vocab.fromText('to be\n', { level });
    const vocab = Vocab.fromText('to be\n', { level, special });
    assert.is(vocab.size, plain.size + 2);
    assert.is(vocab.idOf('<bos>'), plain.size);
    assert.is(vocab.tokenOf(plain.size + 1), '<pad>');
    const ids = vocab.encode('to be\n');
    assert.equal(ids, plain.encode('to be\n'));
    assert.is(vocab.decode([vocab.idOf('<bos>'), ...ids, vocab.idOf('<pad>')]), 'to be\n');
    const decoder = vocab.decoder();
    assert.is(stream(decoder, [vocab.idOf('<pad>'), ids[0]!]).join(''), plain.decode([ids[0]!]));
    if (vocab.counts) assert.equal([...vocab.counts.slice(-2)], [0, 0]);
    const back = Vocab.fromJSON(JSON.stringify(vocab));
    assert.equal(back.toJSON(), vocab.toJSON());
    assert.is(back.idOf('<pad>'), plain.size + 1);
    // spelled out in a text they are text, also in the one that the vocabulary is made of
    const spelled = vocab.encode('<bos>', { unknown: 'skip' });
    assert.ok(!spelled.includes(vocab.idOf('<bos>')), level);
  }
  assert.is(Vocab.fromText('a b c d', { level: 'word', maxSize: 5, special }).size, 5);
  const spelled = Vocab.fromText('<bos> a a <bos> <bos>', { level: 'word', special });
  assert.equal([...spelled.encode('<bos> a')], [spelled.unknown, spelled.idOf('a')]);
  assert.is(spelled.counts![spelled.unknown], 3);
  assert.is(spelled.idOf('<bos>'), spelled.size - 2);
  assert.is(Vocab.fromJSON(JSON.stringify(spelled)).size, spelled.size);
});

test('special tokens that could be text, or are there twice, are refused', () => {
  const make =
    (level: 'byte' | 'char' | 'word', ...special: string[]) =>
    () =>
      Vocab.fromText('a b', { level, special });
  refuses(make('char', 'a'), /special token "a" may be text/);
  refuses(make('byte', '<0xC3>'), /may be text/);
  refuses(make('word', '<eos>'), /may be text/);
  refuses(make('word', ''), /may be text/);
  refuses(make('word', '<pad>', '<pad>'), /"<pad>" is there twice/);
  refuses(
    () => Vocab.fromJSON({ level: 'word', tokens: ['<unk>', '<eos>', 'x'], special: ['x'] }),
    /token "x" of id 3 occurs twice/,
  );
  refuses(
    () => Vocab.fromJSON({ level: 'char', tokens: ['x'], counts: [1, 2] }),
    /counts must be 1 numbers/,
  );
});

test('a tokenizer of your own gives units, whole or in pieces, and joins them again', () => {
  // words and the marks behind them
  const tokenizer: Tokenizer = {
    split: text => text.toLowerCase().match(/\p{L}+|[^\p{L}\s]/gu) ?? [],
    join: (unit, before) => (before === null || /^\P{L}$/u.test(unit) ? unit : ` ${unit}`),
  };
  const text = 'To be, or not to be!\nBe.\n';
  const vocab = Vocab.fromText(text, { level: 'custom', tokenizer, special: ['<bos>'] });
  assert.equal(
    Array.from({ length: vocab.size }, (_, id) => vocab.tokenOf(id)),
    ['be', 'to', ',', 'or', 'not', '!', '.', '<unk>', '<bos>'],
  );
  assert.equal([...vocab.counts!], [3, 2, 1, 1, 1, 1, 1, 0, 0]);
  const ids = vocab.encode(text);
  assert.is(vocab.decode(ids), 'to be, or not to be! be.');
  const encoder = vocab.encoder();
  const pieces = [...text].flatMap(c => [...encoder.push(c)]);
  assert.equal([...pieces, ...encoder.end()], [...ids]);
  assert.equal([...vocab.encode('be brave')], [0, vocab.unknown]);

  const back = Vocab.fromJSON(JSON.stringify(vocab));
  refuses(() => back.encode('be'), /set `vocab\.tokenizer`/, Error);
  assert.equal([...back.encodeUnits(['be', '<bos>', 'brave'])], [0, 8, 7]);
  back.tokenizer = tokenizer;
  assert.equal(back.encode(text), ids);

  const halves = Vocab.fromText('abc', {
    level: 'custom',
    tokenizer: { split: t => [...t, ...t] },
  });
  assert.is(halves.encode('abc').length, 6); // more units than characters
  assert.is(halves.decode(halves.encode('ab')), 'a b a b');
  refuses(() => Vocab.fromText('a', { level: 'custom' }), /needs tokenizer/, TypeError);
  refuses(() => Vocab.fromText('a', { level: 'word', tokenizer }), /takes no tokenizer/, TypeError);
});

test('units that are units already are looked up one by one', () => {
  assert.equal([...word.encodeUnits(['king', 'the'])], [...word.encode('king the')]);
  assert.equal(
    [...word.encodeUnits(['king', 'duke'], { unknown: 'skip' })],
    [...word.encode('king')],
  );
  refuses(
    () => char.encodeUnits(['h', 'q']),
    /encodeUnits: .* "q" at offset 1 is not among the 11/,
  );
  refuses(() => char.encodeUnits(['q'], { unknown: 'map' }), /no unknown id to map to/);
  refuses(
    () => word.encodeUnits(['duke'], { unknown: 'error' }),
    /"duke" at offset 0 is not among/,
  );
});

run();
