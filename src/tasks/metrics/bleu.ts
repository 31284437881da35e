/**
 * BLEU (Papineni et al. 2002) as sacreBLEU 2 computes it (Post 2018), so that figures compare.
 */
import { checkOptions } from '../../runtime/options.js';
import { checkLengths } from './accuracy.js';
import { splitWhite, trimEndWhite } from './white.js';

/**
 * How texts are cut into tokens: as mteval-v13a does, not at all (white space alone), by
 * characters, or by Unicode's punctuation and symbols (mteval-v14's international).
 */
export type BleuTokenizer = '13a' | 'none' | 'char' | 'intl';

/** What stands for an order of n-grams without a match (Chen and Cherry 2014). */
export type BleuSmoothing = 'exp' | 'floor' | 'add-k' | 'none';

/** Options of `bleu` and `sentenceBleu`. */
export interface BleuOptions {
  /** How texts are cut. Default: 13a */
  tokenizer?: BleuTokenizer;
  /** Upper and lower case are the same. Default: false */
  lowercase?: boolean;
  /** Default: exp */
  smoothing?: BleuSmoothing;
  /** The number that `floor` or `add-k` puts in. Default: 0.1, or 1 */
  smoothingValue?: number;
  /** The longest n-grams. Default: 4 */
  maxOrder?: number;
  /** Leaves out orders that a short text does not have. Default: false; for a sentence: true */
  effectiveOrder?: boolean;
}

/** BLEU and what it is made of. */
export interface Bleu {
  /** From 0 to 100. */
  score: number;
  /** Percentage of n-grams that a reference has, smoothed, by their order from 1. */
  precisions: number[];
  /** n-grams that a reference has, by their order. */
  counts: number[];
  /** n-grams, by their order. */
  totals: number[];
  /** Factor for texts that are shorter than their references. */
  brevityPenalty: number;
  /** Tokens of the hypotheses. */
  length: number;
  /** Tokens of the references that are nearest to them in length. */
  referenceLength: number;
  /** The settings, as sacreBLEU writes them: a figure without them says little. */
  signature: string;
}

/** Steps of mteval-v13a: ASCII's punctuation; periods and commas, unless digits are beside them. */
const STEPS_13A: [RegExp, string][] = [
  [/([{-~[-` -&(-+:-@/])/g, ' $1 '],
  [/([^0-9])([.,])/gu, '$1 $2 '],
  [/([.,])([^0-9])/gu, ' $1 $2'],
  [/([0-9])(-)/g, '$1 $2 '],
];

/** Steps of mteval-v14: punctuation, unless it is between digits; symbols. */
const STEPS_INTL: [RegExp, string][] = [
  [/(\P{N})(\p{P})/gu, '$1 $2 '],
  [/(\p{P})(\P{N})/gu, ' $1 $2'],
  [/(\p{S})/gu, ' $1 '],
];

const replaced = (text: string, steps: readonly [RegExp, string][]): string =>
  steps.reduce((line, [pattern, by]) => line.replace(pattern, by), text);

const TOKENIZERS: Record<BleuTokenizer, (line: string) => string> = {
  none: line => line,
  char: line => [...line].join(' '),
  intl: line => replaced(line, STEPS_INTL),
  '13a': line => {
    let text = line.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
    // in this order: &amp;lt; becomes <
    for (const [
      entity,
      sign,
    ] of [['&quot;', '"'], ['&amp;', '&'], ['&lt;', '<'], ['&gt;', '>']] as const) // biome-ignore format: one list
      text = text.replaceAll(entity, sign);
    return replaced(` ${text} `, STEPS_13A);
  },
};

/**
 * The tokens that BLEU counts.
 *
 * @throws RangeError for a tokenizer that there is none of
 */
export function bleuTokens(text: string, tokenizer: BleuTokenizer = '13a'): string[] {
  if (!Object.hasOwn(TOKENIZERS, tokenizer))
    throw new RangeError(
      `bleuTokens: the tokenizer is ${JSON.stringify(tokenizer)}, expected one of ` +
        Object.keys(TOKENIZERS).sort().join(', '),
    );
  return splitWhite(TOKENIZERS[tokenizer](trimEndWhite(text)));
}

/** Values that smoothing puts in by default; null: it needs none. */
const VALUES: Record<BleuSmoothing, number | null> = { exp: null, floor: 0.1, 'add-k': 1, none: null }; // biome-ignore format: one table

/**
 * BLEU of a corpus: n-grams are counted in all sentences before they are divided.
 *
 *     bleu(['The dog bit the man.'], [['The dog bit the man.', 'The dog had bit the man.']]).score
 *
 * @param hypotheses the texts that are measured
 * @param references for each the texts that are right
 * @throws RangeError where there are none, not as many of both, one without references, or for
 *   options out of range
 */
export function bleu(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: BleuOptions = {},
): Bleu {
  checkLengths('bleu', hypotheses, references);
  const settings = settingsOf(options);
  const { tokenizer, lowercase, maxOrder } = settings;
  const tokens = (text: string): string[] =>
    bleuTokens(lowercase ? text.toLowerCase() : text, tokenizer);
  const counts = new Array<number>(maxOrder).fill(0);
  const totals = new Array<number>(maxOrder).fill(0);
  let [length, referenceLength] = [0, 0];
  hypotheses.forEach((hypothesis, i) => {
    const given = tokens(hypothesis);
    const right = references[i]!.map(tokens);
    if (right.length === 0)
      throw new RangeError(`bleu: text ${i} has no references, expected 1 or more`);
    length += given.length;
    referenceLength += nearest(given.length, right.map(each => each.length)); // biome-ignore format: one call
    for (let n = 1; n <= maxOrder; n++) {
      const most = new Map<string, number>();
      for (const each of right)
        for (const [gram, count] of ngrams(each, n))
          most.set(gram, Math.max(count, most.get(gram) ?? 0));
      for (const [gram, count] of ngrams(given, n)) {
        totals[n - 1]! += count;
        counts[n - 1]! += Math.min(count, most.get(gram) ?? 0);
      }
    }
  });
  const numbers = new Set(references.map(each => each.length));
  return {
    ...bleuOfCounts({ counts, totals, length, referenceLength }, settings),
    signature: signature(settings, numbers.size > 1 ? 'var' : `${references[0]!.length}`),
  };
}

/**
 * BLEU of one text. Orders that it does not have are left out, unless the options say otherwise.
 *
 * @param hypothesis the text that is measured
 * @param references the texts that are right
 * @throws RangeError as `bleu`
 */
export function sentenceBleu(
  hypothesis: string,
  references: readonly string[],
  options: BleuOptions = {},
): Bleu {
  return bleu([hypothesis], [references], { effectiveOrder: true, ...options });
}

type Settings = Required<Omit<BleuOptions, 'smoothingValue'>> & { smoothingValue: number | null };

function settingsOf(options: BleuOptions): Settings {
  checkOptions('bleu', options, {
    tokenizer: true,
    lowercase: true,
    smoothing: true,
    smoothingValue: true,
    maxOrder: true,
    effectiveOrder: true,
  });
  const { tokenizer = '13a', lowercase = false, smoothing = 'exp', maxOrder = 4 } = options;
  if (!Object.hasOwn(VALUES, smoothing))
    throw new RangeError(
      `bleu: the smoothing is ${JSON.stringify(smoothing)}, expected one of ` +
        Object.keys(VALUES).join(', '),
    );
  if (!Number.isInteger(maxOrder) || maxOrder < 1)
    throw new RangeError(`bleu: maxOrder is ${maxOrder}, expected a whole number ≥ 1`);
  const smoothingValue = VALUES[smoothing] === null ? null : (options.smoothingValue ?? VALUES[smoothing]); // biome-ignore format: one choice
  if (smoothingValue !== null && !(smoothingValue >= 0))
    throw new RangeError(`bleu: smoothingValue is ${smoothingValue}, expected a number ≥ 0`);
  const { effectiveOrder = false } = options;
  return { tokenizer, lowercase, smoothing, smoothingValue, maxOrder, effectiveOrder };
}

function signature(settings: Settings, references: string): string {
  const { tokenizer, lowercase, smoothing, smoothingValue, effectiveOrder } = settings;
  const value = smoothingValue === null ? '' : `[${smoothingValue.toFixed(2)}]`;
  return (
    `nrefs:${references}|case:${lowercase ? 'lc' : 'mixed'}|eff:${effectiveOrder ? 'yes' : 'no'}|` +
    `tok:${tokenizer}|smooth:${smoothing}${value}|version:2.x`
  );
}

/** The length that is nearest; of two as near, the shorter. */
function nearest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, each) => {
    const [a, b] = [Math.abs(each - length), Math.abs(best - length)];
    return a < b || (a === b && each < best) ? each : best;
  });
}

/** How often each n-gram occurs, by its tokens with spaces between them. */
function ngrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const gram = tokens.slice(i, i + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** @internal BLEU of counts: exp(Σ log pₙ / N) · exp(1 − r/h) where h < r. */
export function bleuOfCounts(
  given: Pick<Bleu, 'counts' | 'totals' | 'length' | 'referenceLength'>,
  { smoothing, smoothingValue, effectiveOrder }: Pick<Settings, 'smoothing' | 'smoothingValue' | 'effectiveOrder'>, // biome-ignore format: one type
): Omit<Bleu, 'signature'> {
  const { length, referenceLength } = given;
  const [counts, totals] = [given.counts.slice(), given.totals.slice()];
  const short = length < referenceLength;
  const brevityPenalty = !short ? 1 : length > 0 ? Math.exp(1 - referenceLength / length) : 0;
  const precisions = counts.map(() => 0);
  const rest = { precisions, counts, totals, brevityPenalty, length, referenceLength };
  if (counts.every(count => count === 0)) return { score: 0, ...rest };
  let order = counts.length;
  let halved = 1;
  for (let n = 0; n < counts.length; n++) {
    if (smoothing === 'add-k' && n > 0) {
      counts[n]! += smoothingValue!;
      totals[n]! += smoothingValue!;
    }
    const total = totals[n]!;
    if (total === 0) break;
    if (effectiveOrder) order = n + 1;
    let count = counts[n]!;
    if (count === 0 && smoothing === 'exp') count = 1 / (halved *= 2);
    else if (count === 0 && smoothing === 'floor') count = smoothingValue!;
    precisions[n] = (100 * count) / total;
  }
  // what has no logarithm makes the score 0
  let sum = 0;
  for (let n = 0; n < order; n++) sum += Math.log(precisions[n]!);
  return { score: brevityPenalty * Math.exp(sum / order), ...rest };
}
