import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { tasks } from '../../src/index.js';
import { bleuOfCounts } from '../../src/tasks/metrics/bleu.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('tasks/metrics');
const { accuracy, bleu, bleuTokens, chrf, classScores, confusion, confusionText } = tasks;
const { editDistance, errorRates, macroF1, sentenceBleu, spanF1, spansOf } = tasks;

/** Fails unless the numbers differ by no more than `tolerance`. */
function close(actual: number, expected: number, what: string, tolerance = 1e-9): void {
  if (!(Math.abs(actual - expected) <= tolerance))
    throw new Error(`${what}: ${actual}, expected ${expected}`);
}

// accuracy, F1, confusion

test('accuracy, the confusions and F1 of three classes', () => {
  const gold = ['a', 'a', 'a', 'b', 'b', 'c'];
  const predicted = ['a', 'a', 'b', 'b', 'c', 'a'];
  close(accuracy(predicted, gold), 3 / 6, 'accuracy');
  close(accuracy(Int32Array.of(1, 2), Int32Array.of(1, 3)), 1 / 2, 'of numbers');
  const matrix = confusion(predicted, gold);
  assert.equal(matrix.labels, ['a', 'b', 'c']);
  assert.equal([...matrix.counts], [2, 1, 0, 0, 1, 1, 1, 0, 0]);
  const f1 = classScores(matrix).map(each => each.f1);
  [2 / 3, 1 / 2, 0].forEach((expected, i) => close(f1[i]!, expected, `F1 of ${i}`));
  assert.equal(classScores(matrix).map(({ support }) => support), [3, 2, 1]); // biome-ignore format: one line
  close(macroF1(matrix), (2 / 3 + 1 / 2) / 3, 'macro-F1');
  // a class that is nowhere does not count, one that is predicted alone does
  close(macroF1(confusion(predicted, gold, ['c', 'b', 'a', 'd'])), 7 / 18, 'with d');
  close(macroF1(confusion(['a', 'b'], ['a', 'a'])), (2 / 3 + 0) / 2, 'b is predicted alone');
  assert.is(confusionText(matrix), '   a  b  c\na  2  1  ·\nb  ·  1  1\nc  1  ·  ·\n');
});

test('what does not belong together is refused', () => {
  throws(() => accuracy(['a'], []), RangeError, /accuracy: 1 predictions for 0 examples/);
  throws(() => accuracy([], []), RangeError, /not none/);
  throws(() => confusion(['x'], ['a'], ['a']), RangeError, /"x" at 0 is none of the 1 labels/);
  throws(() => bleu(['a'], [[]]), RangeError, /bleu: text 0 has no references/);
  throws(() => bleu(['a'], []), RangeError, /1 predictions for 0/);
  throws(() => chrf(['a'], [[]]), RangeError, /chrf: text 0 has no references/);
  throws(() => errorRates([['a']], [[]]), RangeError, /sequence 0 has no references/);
  throws(() => bleu(['a'], [['a']], { maxOrder: 0 }), RangeError, /maxOrder is 0/);
  throws(() => bleu(['a'], [['a']], { smoothing: 'x' as 'exp' }), RangeError, /smoothing is "x"/);
  throws(() => bleu(['a'], [['a']], { tokenizer: 'zh' as '13a' }), RangeError, /tokenizer is "zh"/);
  throws(() => bleu(['a'], [['a']], { smoothing: 'floor', smoothingValue: -1 }), RangeError, /-1/);
  throws(() => spanF1([], [[]]), RangeError, /0 predicted sentences for 1/);
  throws(() => spanF1([['O']], [['O', 'O']]), RangeError, /sentence 0 has 1 predicted tags for 2/);
  for (const tag of ['NOUN', 'X-LOC', 'b-LOC', 'O-LOC', ''])
    throws(() => spansOf(['O', tag]), RangeError, /the tag ".*" at 1 is none/);
});

// spans

const spans = (tags: string): string =>
  spansOf(tags.split(' '))
    .map(({ type, start, end }) => `${type}${start}-${end}`)
    .join(' ');

test('spans of IOB1, IOB2 and IOBES', () => {
  assert.is(spans('I-L I-L O I-P B-P I-P'), 'L0-2 P3-4 P4-6'); // IOB1
  assert.is(spans('B-L I-L B-L O B-P'), 'L0-2 L2-3 P4-5'); // IOB2
  assert.is(spans('B-L I-L E-L S-L S-P O B-P E-P'), 'L0-3 L3-4 P4-5 P6-8');
  assert.is(spans('B I O B'), '0-2 3-4');
  assert.is(spans('B-A-B I-A-B'), 'A-B0-2');
});

test('spans of sequences that no scheme allows, by conlleval’s rules', () => {
  assert.is(spans('O I-L I-L'), 'L1-3');
  assert.is(spans('I-L I-P'), 'L0-1 P1-2');
  assert.is(spans('B-L I-P I-P'), 'L0-1 P1-3');
  assert.is(spans('E-L E-L'), 'L0-1 L1-2');
  assert.is(spans('E-L I-L E-L'), 'L0-1 L1-3');
  assert.is(spans('S-L I-L'), 'L0-1 L1-2');
  assert.is(spans('B-L B-L'), 'L0-1 L1-2');
  assert.is(spans('I-L S-L I-L'), 'L0-1 L1-2 L2-3');
  assert.is(spans('B-L E-P'), 'L0-1 P1-2');
  assert.is(spans('B-L O E-L'), 'L0-1 L2-3');
});

/**
 * conlleval's own way: no spans, but a walk along both sequences at once, with two tables of when a
 * chunk begins and ends.
 */
function conlleval(predicted: readonly string[], gold: readonly string[]): number[] {
  const split = (tag: string): [string, string] => {
    const at = tag.indexOf('-');
    return at < 0 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 1)];
  };
  const ENDS = 'BB BS BO IB IS IO'.split(' ');
  const STARTS = 'EE EI SE SI OE OI'.split(' ');
  const ends = ([a, x]: [string, string], [b, y]: [string, string]): boolean =>
    a === 'E' || a === 'S' || ENDS.includes(a + b) || (a !== 'O' && x !== y);
  const starts = ([a, x]: [string, string], [b, y]: [string, string]): boolean =>
    b === 'B' || b === 'S' || STARTS.includes(a + b) || (b !== 'O' && x !== y);
  let [correct, found, support, inside] = [0, 0, 0, false];
  let [p, g]: [string, string][] = [
    ['O', ''],
    ['O', ''],
  ];
  for (let i = 0; i <= gold.length; i++) {
    const [q, h] = [split(predicted[i] ?? 'O'), split(gold[i] ?? 'O')];
    const [endP, endG] = [ends(p!, q), ends(g!, h)];
    if (inside) {
      if (endP && endG && p![1] === g![1]) {
        inside = false;
        correct++;
      } else if (endP !== endG || q[1] !== h[1]) inside = false;
    }
    const [startP, startG] = [starts(p!, q), starts(g!, h)];
    if (startP && startG && q[1] === h[1]) inside = true;
    if (startP) found++;
    if (startG) support++;
    [p, g] = [q, h];
  }
  return [correct, found, support];
}

test('span-F1 counts as conlleval’s walk does, on random and illegal tags', () => {
  const random = new TestRandom(9);
  const tags = ['O', 'O', ...['B', 'I', 'E', 'S'].flatMap(tag => [`${tag}-X`, `${tag}-Y`])];
  let some = 0;
  for (let round = 0; round < 3000; round++) {
    const gold = Array.from({ length: 1 + random.int(9) }, () => tags[random.int(tags.length)]!);
    const predicted = gold.map(tag => (random.int(4) > 0 ? tag : tags[random.int(tags.length)]!));
    const { correct, found, support, precision, recall, f1 } = spanF1([predicted], [gold]);
    assert.equal([correct, found, support], conlleval(predicted, gold), `${predicted} | ${gold}`);
    some += correct;
    const harmonic = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    close(f1, harmonic, 'F1');
  }
  assert.ok(some > 1000);
});

test('span-F1 of several sentences, by type; spans end with their sentence', () => {
  const gold = [['B-L', 'I-L', 'O', 'B-P'], ['I-L']]; // biome-ignore format: two sentences
  const scores = spanF1([['B-L', 'I-L', 'O', 'B-L'], ['I-L']], gold); // biome-ignore format: one call
  assert.equal([scores.correct, scores.found, scores.support], [2, 3, 3]);
  close(scores.f1, 2 / 3, 'F1');
  assert.equal(Object.keys(scores.byType), ['L', 'P']);
  close(scores.byType['L']!.precision, 2 / 3, 'precision of L');
  assert.is(scores.byType['P']!.f1, 0);
  assert.is(spanF1([['O']], [['O']]).f1, 0);
});

// BLEU and chrF

const HYPS = ['The dog bit the man.', "It wasn't surprising.", 'The man had just bitten him.'];
const REFS = [
  ['The dog bit the man.', 'The dog had bit the man.'],
  ['It was not unexpected.', 'No one was surprised.'],
  ['The man bit him first.', 'The man had bitten the dog.'],
];

test('BLEU: sacreBLEU’s three sentences with two references', () => {
  const whole = bleu(HYPS, REFS);
  close(whole.score, 48.530827, 'default', 1e-5);
  assert.is(whole.signature, 'nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.x');
  close(bleu(HYPS, REFS, { tokenizer: 'none' }).score, 49.1919566, 'none', 1e-5);
  close(bleu(HYPS, REFS, { tokenizer: 'intl' }).score, 43.91623493, 'intl', 1e-5);
  [77.65, 60.5, 53.93, 48.53, 46.14, 43.28].forEach((score, i) =>
    close(bleu(HYPS, REFS, { maxOrder: i + 1 }).score, score, `order ${i + 1}`, 0.005),
  );
  const none = bleu(['', '', ''], REFS);
  assert.equal([none.score, none.brevityPenalty, none.length], [0, 0, 0]);
  close(chrf(HYPS, REFS).score, 59.72751782684763, 'chrF');
});

test('BLEU of tokens: smoothing and effective order', () => {
  const raw = (hyp: string, ref: string, options: tasks.BleuOptions = {}): number =>
    bleu([hyp], [[ref]], { tokenizer: 'none', smoothing: 'none', ...options }).score / 100;
  const floor = { smoothing: 'floor', smoothingValue: 0.01 } as const;
  close(raw('this is a fest', 'this is a test', floor), 0.223606797749979, 'floor');
  const effective = { ...floor, effectiveOrder: true };
  close(raw('test', 'a test', effective), 0.3678794411714425, 'one of two');
  close(raw('a test', 'a test', effective), 1, 'equal');
  close(raw('a little test', 'a test', effective), 0.03218297948685433, 'longer');
  const [given, right] = ['am I am a character sequence', 'I am a symbol string sequence a a'];
  const offset = { smoothing: 'floor', smoothingValue: 0.1 } as const;
  close(raw(given, right, offset), 0.1555722182, 'offset', 1e-9);
  const { counts, totals } = bleu([given], [[right]], { tokenizer: 'none' });
  assert.equal([counts, totals], [[4, 2, 1, 0], [6, 5, 4, 3]]); // biome-ignore format: one line
  const of = (counts: number[], totals: number[], length: number): number =>
    bleuOfCounts(
      { counts, totals, length, referenceLength: length },
      { smoothing: 'none', smoothingValue: null, effectiveOrder: false },
    ).score / 100;
  close(of([9, 7, 5, 3], [10, 8, 6, 4], 11), 0.8375922397, 'statistics');
  assert.is(of([0, 0, 0, 0], [0, 0, 0, 0], 0), 0);
});

test('BLEU of a sentence: the Romanian pair, by smoothing and tokenizer', () => {
  const ref = 'producţia de zahăr brut se exprimă în zahăr alb;';
  const hyp = 'Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;';
  for (const [score, options] of [
    [8.493, {}],
    [0, { smoothing: 'none' }],
    [4.51688, { smoothing: 'floor' }],
    [10.1, { smoothing: 'floor', smoothingValue: 0.5 }],
    [14.882, { smoothing: 'add-k' }],
    [21.389, { smoothing: 'add-k', smoothingValue: 2 }],
    [7.347, { tokenizer: 'none' }],
    [8.493, { tokenizer: 'intl' }],
    [40.8759, { tokenizer: 'char' }],
    [42.0267, { tokenizer: 'char', lowercase: true }],
  ] as [number, tasks.BleuOptions][])
    close(sentenceBleu(hyp, [ref], options).score, score, JSON.stringify(options), 1e-3);
  assert.match(sentenceBleu(hyp, [ref], { smoothing: 'floor' }).signature, 'eff:yes|tok:13a|smooth:floor[0.10]|'); // biome-ignore format: one call
  assert.is(sentenceBleu('this is a cat', ['okay thanks'], { smoothing: 'add-k' }).score, 0);
});

test('tokens of mteval-v13a', () => {
  for (const [text, tokens] of [
    ["U.S. in 1990's, (e.g.) 50% @ $5.", "U . S . in 1990's , ( e . g . ) 50 % @ $ 5 ."],
    ['a-b 3-4 x.y.z', 'a-b 3 - 4 x . y . z'],
    ['1,000.50 dollars', '1,000.50 dollars'],
    ['end 3.', 'end 3 .'],
    ['3.5.', '3.5 .'],
    ["don’t “quote” — don't", "don’t “quote” — don't"],
    ['well-\nknown <skipped>a\nb &lt;&quot;&amp;lt;', 'wellknown a b < " <'],
  ] as const)
    assert.is(bleuTokens(text).join(' '), tokens);
});

interface Case {
  hyps: string[];
  refs: string[][];
  options: {
    tokenize: tasks.BleuTokenizer;
    smooth_method: tasks.BleuSmoothing;
    smooth_value?: number;
    lowercase: boolean;
    effective_order: boolean;
    max_ngram_order: number;
  };
  score: number;
  counts: number[];
  totals: number[];
  bp: number;
  len: number;
  ref: number;
  signature: string;
  chrf: number;
}

test('BLEU and chrF of 60 random corpora are sacreBLEU’s', () => {
  const file = new URL('../../../test/golden/sacrebleu.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
  assert.ok(cases.filter(({ score }) => score > 0).length > 20);
  cases.forEach(({ hyps, refs, options, ...expected }, i) => {
    const result = bleu(hyps, refs, {
      tokenizer: options.tokenize,
      smoothing: options.smooth_method,
      ...(options.smooth_value !== undefined && { smoothingValue: options.smooth_value }),
      lowercase: options.lowercase,
      effectiveOrder: options.effective_order,
      maxOrder: options.max_ngram_order,
    });
    assert.equal([result.counts, result.totals], [expected.counts, expected.totals], `case ${i}`);
    assert.equal([result.length, result.referenceLength], [expected.len, expected.ref], `case ${i}`); // biome-ignore format: one call
    assert.is(result.signature.replace('2.x', ''), expected.signature.replace('2.6.0', ''));
    close(result.brevityPenalty, expected.bp, `brevity of case ${i}`);
    close(result.score, expected.score, `BLEU of case ${i}`);
    close(chrf(hyps, refs).score, expected.chrf, `chrF of case ${i}`);
  });
});

// error rates

/** Distance by trying all ways. */
function slowDistance(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  const [x, y] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return slowDistance(x, y);
  return 1 + Math.min(slowDistance(x, y), slowDistance(x, b), slowDistance(a, y));
}

test('edit distance is that of all ways tried', () => {
  const random = new TestRandom(2);
  const word = (): string[] => Array.from({ length: random.int(6) }, () => 'abc'[random.int(3)]!);
  for (let i = 0; i < 500; i++) {
    const [a, b] = [word(), word()];
    assert.is(editDistance(a, b), slowDistance(a, b), `${a} | ${b}`);
  }
  assert.is(editDistance('kitten', 'sitting'), 3);
});

test('error rates: the nearest reference counts, the longest of those as near', () => {
  const rates = errorRates(
    [['T', 'AH'], ['K', 'AE', 'T'], []],
    [[['T', 'EY'], ['T', 'AH']], [['K'], ['K', 'AA', 'T'], ['K', 'AE', 'T', 'S']], [['A']]],
  ); // biome-ignore format: three words
  assert.equal([rates.wrong, rates.edits, rates.length], [2, 2, 2 + 4 + 1]);
  close(rates.sequences, 2 / 3, 'sequences');
  close(rates.tokens, 2 / 7, 'tokens');
});

run();
