import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { io } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, testIf, run } = suite('io/conllu');
const { readConll, readConllu, writeConll, writeConllu } = io;
const data = process.env['THROUGHTIME_DATA'];

const row = (id: string, form = 'x', head = '_'): string =>
  [id, form, '_', 'NOUN', '_', '_', head, '_', '_', '_'].join('\t');
const file = (...lines: string[]): string => `${lines.join('\n')}\n\n`;
const forms = (sentences: readonly io.ConlluSentence[]): string[] =>
  sentences.map(({ words }) => words.map(({ form }) => form).join(' '));

const GOOD =
  file('# sent_id = 1', '# text = vámonos al mar', row('1-2', 'vámonos'), row('1', 'vamos', '0'), row('2', 'nos', '1'), row('3-4', 'al'), row('3', 'a'), row('4', 'el'), row('4.1', 'gran'), row('5', 'mar')) + // biome-ignore format: one sentence
  file(row('0.1', 'then'), row('0.2', 'it'), row('1', 'a b'), row('1.1', 'c'));

test('words are read; multi-word tokens, empty nodes and comments stay', () => {
  const sentences = readConllu(GOOD);
  assert.equal(forms(sentences), ['vamos nos a el mar', 'a b']);
  assert.equal(
    sentences.map(({ line }) => line),
    [1, 12],
  );
  const { words, lines } = sentences[0]!;
  assert.is(lines[0], '# sent_id = 1\n');
  assert.equal(words[1], { row: 4, id: 2, form: 'nos', lemma: '_', upos: 'NOUN', xpos: '_', feats: '_', head: '1', deprel: '_', deps: '_', misc: '_' }); // biome-ignore format: one word
  assert.equal(readConllu(new TextEncoder().encode(GOOD)), sentences);
});

test('what is written again has the same bytes', () => {
  const one = file(row('1'));
  for (const text of [
    GOOD,
    GOOD.replaceAll('\n', '\r\n'),
    `\ufeff${GOOD}`,
    GOOD.slice(0, -2),
    GOOD.slice(0, -1),
    `\n\n${one}\n\n\n${one}`,
    `\ufeff\n${one}`,
    '\n\n',
    '',
    `${one}${row('1')}\r`,
  ]) {
    assert.is(writeConllu(readConllu(text)), text);
    assert.is(
      readConllu(text).some(({ broken }) => broken),
      false,
    );
  }
});

test('a changed field is written, and nothing else changes', () => {
  for (const text of [GOOD, `\ufeff${GOOD.slice(0, -2).replaceAll('\n', '\r\n')}`]) {
    const sentences = readConllu(text);
    for (const word of sentences.flatMap(({ words }) => words))
      if (word.form === 'mar' || word.form === 'a b') word.upos = 'PROPN';
    const expected = text.replace('mar\t_\tNOUN', 'mar\t_\tPROPN').replace('a b\t_\tNOUN', 'a b\t_\tPROPN'); // biome-ignore format: one line
    assert.is(writeConllu(sentences), expected);
  }
  const [sentence] = readConllu(GOOD);
  sentence!.words[0]!.upos = 'A B';
  throws(() => writeConllu([sentence!]), RangeError, /line 4: UPOS is "A B", expected no white/);
});

const FAULTS: [what: string, lines: string[], line: number, message: RegExp][] = [
  ['nine columns', [row('1').slice(0, -2)], 1, /9 columns, expected 10/],
  ['spaces for tabs', ['1 x _ NOUN'], 1, /1 columns, expected 10; columns are separated by tabs/],
  ['an empty column', [row('1', '')], 1, /FORM is "": nothing is written _/],
  ['white space in a tag', [row('1').replace('NOUN', 'NO UN')], 1, /UPOS is "NO UN", which has/],
  ['an ID that is none', [row('1'), row('x')], 2, /ID is "x", expected a number such as/],
  ['an ID with a zero', [row('01')], 1, /ID is "01"/],
  ['a word left out', [row('1'), row('3')], 2, /word 3, expected 2/],
  ['a word twice', [row('1'), row('1')], 2, /word 1, expected 2/],
  ['a first word that is none', [row('2')], 1, /word 2, expected 1/],
  ['a token behind its words', [row('1'), row('2'), row('1-2')], 3, /1-2 does not stand before/],
  ['a token that ends early', [row('1-1'), row('1')], 1, /1-1 ends before it begins/],
  ['tokens that overlap', [row('1-2'), row('1'), row('2-3'), row('2'), row('3')], 3, /2-3 overlaps/], // biome-ignore format: one line
  ['a token past the end', [row('1-3'), row('1'), row('2')], 1, /ends at word 3 of 2/],
  ['an empty node out of order', [row('1'), row('1.2')], 2, /empty node 1\.2, expected 1\.1/],
  ['an empty node elsewhere', [row('1'), row('2.1')], 2, /empty node 2\.1, expected 1\.1/],
  [
    'a head that is none',
    [row('1', 'x', 'a')],
    1,
    /HEAD is "a", expected _, 0 or another of the 1/,
  ],
  ['a head past the end', [row('1', 'x', '2')], 1, /HEAD is "2"/],
  ['a word as its own head', [row('1', 'x', '1')], 1, /HEAD is "1"/],
  ['a comment among words', [row('1'), '# x', row('2')], 2, /a comment among the words/],
  ['comments alone', ['# text = x'], 1, /a sentence without words/],
  ['a line of spaces', [row('1'), '  '], 2, /white space alone/],
];

for (const [what, lines, line, message] of FAULTS)
  test(`${what} is said with its line, and the other sentences are read`, () => {
    const text = file(row('1', 'before')) + file(...lines) + file(row('1', 'behind'));
    const whole = new RegExp(`^a\\.conllu: line ${line + 2}: .*${message.source}`);
    throws(() => readConllu(text, { name: 'a.conllu' }), RangeError, whole);
    const faults: string[] = [];
    const read = readConllu(text, { name: 'a.conllu', onFault: fault => faults.push(fault.message) }); // biome-ignore format: one call
    assert.match(faults[0]!, whole);
    assert.equal(forms(read), ['before', '', 'behind']);
    assert.equal(
      read.map(({ broken }) => broken),
      [false, true, false],
    );
    assert.is(writeConllu(read), text);
  });

test('a line that is not UTF-8 is said', () => {
  const bytes = new TextEncoder().encode(GOOD);
  bytes[bytes.indexOf(0xc3)] = 0xff;
  throws(() => readConllu(bytes), RangeError, /readConllu: line 2 is not UTF-8/);
});

test('a file cut off anywhere, or with a byte changed: nothing is lost', () => {
  for (let end = 0; end < GOOD.length; end++) {
    const cut = GOOD.slice(0, end);
    assert.is(writeConllu(readConllu(cut, { onFault: () => {} })), cut);
  }
  const random = new TestRandom(3);
  const signs = ['\t', '\n', ' ', '#', '1', '-', '.', '\r', 'é', ''];
  for (let i = 0; i < 3000; i++) {
    let text = GOOD;
    for (let k = 1 + random.int(4); k > 0; k--) {
      const at = random.int(text.length);
      text = text.slice(0, at) + signs[random.int(signs.length)]! + text.slice(at + 1);
    }
    let faults = 0;
    const sentences = readConllu(text, { onFault: () => faults++ });
    assert.is(writeConllu(sentences), text);
    assert.is(
      sentences.some(({ broken }) => broken),
      faults > 0,
    );
  }
});

testIf(data, 'THROUGHTIME_DATA is not set', 'English and Thai treebanks: counts and bytes', () => {
  for (const [path, sentences, words] of [
    ['english-ewt/en_ewt-ud-dev', 2001, 25147],
    ['english-ewt/en_ewt-ud-test', 2077, 25094],
    ['english-ewt/en_ewt-ud-train', 12544, 204577],
    ['thai-tud/th_tud-ud-dev', 362, 7521],
    ['thai-tud/th_tud-ud-test', 363, 7683],
  ] as const) {
    const bytes = readFileSync(`${data}/pos/ud-${path}.conllu`);
    const read = readConllu(bytes);
    assert.is(read.length, sentences);
    assert.is(read.reduce((sum, each) => sum + each.words.length, 0), words); // biome-ignore format: one line
    assert.ok(Buffer.from(writeConllu(read)).equals(bytes), path);
  }
});

const COLUMNS = '-DOCSTART- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n\nx  y\tz\n';

test('columns: words and tags with spaces or tabs between them, and the same bytes again', () => {
  const sentences = readConll(COLUMNS);
  assert.equal(
    sentences.map(({ words }) => words.map(({ fields }) => fields)),
    [
      [['-DOCSTART-', 'O']],
      [['EU', 'NNP', 'B-ORG'], ['rejects', 'VBZ', 'O']], // biome-ignore format: one sentence
      [['x  y', 'z']],
    ],
  );
  for (const text of [COLUMNS, COLUMNS.replaceAll('\n', '\r\n'), ` a  b \n${COLUMNS.slice(0, -1)}`])
    assert.is(writeConll(readConll(text)), text);
});

test('columns: a changed tag, and one that is added', () => {
  const sentences = readConll('a  X\nb\tY\n');
  const [first, second] = sentences[0]!.words;
  first!.fields[1] = 'Z';
  first!.fields.push('P');
  second!.fields.push('Q');
  assert.is(writeConll(sentences), 'a  Z P\nb\tY\tQ\n');
  first!.fields[1] = 'two words';
  throws(() => writeConll(sentences), RangeError, /line 1: a field is "two words"/);
});

test('columns: faults with their line, and the rest is read', () => {
  const text = 'a X\n\nb\n\nc X Y\nd X\n\ne\t\n\nf X\n';
  const faults: string[] = [];
  const read = readConll(text, { onFault: ({ message }) => faults.push(message) });
  assert.equal(faults, [
    'conll: line 3: 1 column, expected a word and its tags',
    'conll: line 6: 2 columns, expected 3 as in the word before',
    'conll: line 8: column 2 is empty',
  ]);
  assert.equal(
    read.map(({ words }) => words.length),
    [1, 0, 0, 0, 1],
  );
  assert.is(writeConll(read), text);
  throws(() => readConll(text), RangeError, /conll: line 3: 1 column/);
});

run();
