/** How well word vectors agree with people: similarity of pairs, and analogies. */
import { checkOptions } from '../runtime/options.js';
import type { Vectors } from './vectors.js';

/** Two words and how similar people find them. */
export interface WordPair {
  /** One word. */
  a: string;
  /** The other. */
  b: string;
  /** Mean judgement, on any scale. */
  score: number;
}

/** What `similarity` found. */
export interface SimilarityResult {
  /** Pairs in the set. */
  pairs: number;
  /** Pairs whose words both have vectors: the others are left out. */
  found: number;
  /** Rank correlation of cosine and judgement; null for fewer than two pairs, or equal values. */
  spearman: number | null;
  /** Judgement and cosine of each pair that was found. */
  points: (WordPair & {
    /** Cosine of the two vectors. */
    cosine: number;
  })[];
}

/** a is to b as c is to d. */
export interface AnalogySection {
  /** As the file calls it. */
  name: string;
  /** Four words each. */
  questions: (readonly [a: string, b: string, c: string, d: string])[];
}

/** What `analogies` found; shares are null where no question is covered. */
export interface AnalogyResult {
  /** Questions in all sections. */
  total: number;
  /** Questions of whose words all have vectors: the others are skipped. */
  covered: number;
  /** Share of the covered questions of sections that are not grammatical. */
  semantic: number | null;
  /** Share of the covered questions of sections whose names begin with `gram`. */
  syntactic: number | null;
  /** Share of all covered questions. */
  accuracy: number | null;
  /** Each section. */
  sections: {
    /** As the file calls it. */
    name: string;
    /** Questions. */
    total: number;
    /** Questions of whose words all have vectors. */
    covered: number;
    /** Questions answered right. */
    correct: number;
  }[];
}

/** How words of a test are looked up. */
export interface EvaluationOptions {
  /** Words of the test in lower case, as vectors of lower-cased texts need. Default: true. */
  lowercase?: boolean;
  /** Analogies: only among the first so many words, the most frequent ones. Default: all. */
  restrict?: number;
}

/** Ranks from 1, equal values sharing their mean. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort(
    (i, j) => values[i]! - values[j]!,
  );
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) result[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return result;
}

/** Pearson's correlation of two lists; NaN where one of them does not vary. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new RangeError(`pearson: lists of ${x.length} and ${y.length} numbers`);
  const mean = (list: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < list.length; i++) sum += list[i]!;
    return sum / list.length;
  };
  const [mx, my] = [mean(x), mean(y)];
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Spearman's rank correlation of two lists; NaN where one of them does not vary. */
export const spearman = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  if (x.length !== y.length)
    throw new RangeError(`spearman: lists of ${x.length} and ${y.length} numbers`);
  return pearson(ranks(x), ranks(y));
};

/**
 * The pairs of a file: two words and a score a line, separated by tabs, spaces or commas; a header
 * and lines that begin with # are passed over.
 *
 * @throws RangeError naming the line that is another
 */
export function parsePairs(text: string): WordPair[] {
  const pairs: WordPair[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const fields = line.split(line.includes('\t') ? '\t' : /[ ,;]+/).map(field => field.trim());
    const [a = '', b = ''] = fields;
    const score = fields[2] ? Number(fields[2]) : NaN;
    if (a === '' || b === '' || !Number.isFinite(score)) {
      if (i === 0) return; // a header
      throw new RangeError(
        `parsePairs: line ${i + 1} is ${JSON.stringify(line.slice(0, 60))}, expected two words and a score`,
      );
    }
    pairs.push({ a, b, score });
  });
  return pairs;
}

/**
 * The sections of an analogy file such as questions-words.txt: `: name` begins one, each other line
 * has four words.
 *
 * @throws RangeError naming the line that is another
 */
export function parseAnalogies(text: string): AnalogySection[] {
  const sections: AnalogySection[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return;
    if (line.startsWith(':')) {
      sections.push({ name: line.slice(1).trim(), questions: [] });
      return;
    }
    const words = line.trim().split(/\s+/);
    if (words.length !== 4)
      throw new RangeError(
        `parseAnalogies: line ${i + 1} has ${words.length} words, expected four, or ": section"`,
      );
    if (sections.length === 0) sections.push({ name: 'all', questions: [] });
    sections.at(-1)!.questions.push(words as [string, string, string, string]);
  });
  return sections;
}

/** How well cosines agree with people's judgements. */
export function wordSimilarity(
  vectors: Vectors,
  pairs: readonly WordPair[],
  options: Pick<EvaluationOptions, 'lowercase'> = {},
): SimilarityResult {
  checkOptions('wordSimilarity', options, { lowercase: true });
  const points = pairs
    .map(({ a, b, score }) => ({ a: folded(a, options), b: folded(b, options), score }))
    .filter(({ a, b }) => vectors.has(a) && vectors.has(b))
    .map(pair => ({ ...pair, cosine: vectors.similarity(pair.a, pair.b) }));
  const correlation =
    points.length < 2
      ? NaN
      : spearman(
          points.map(({ score }) => score),
          points.map(({ cosine }) => cosine),
        );
  return {
    pairs: pairs.length,
    found: points.length,
    spearman: Number.isNaN(correlation) ? null : correlation,
    points,
  };
}

const folded = (word: string, { lowercase = true }: EvaluationOptions): string =>
  lowercase ? word.toLowerCase() : word;

/**
 * Which share of analogies the vectors solve: d must be the word nearest to b − a + c (3CosAdd),
 * the three words of the question left out. Questions with a word that has no vector, or is beyond
 * `restrict`, are skipped and counted.
 */
export async function analogies(
  vectors: Vectors,
  sections: readonly AnalogySection[],
  options: EvaluationOptions = {},
): Promise<AnalogyResult> {
  checkOptions('analogies', options, { lowercase: true, restrict: true });
  const { restrict = vectors.length } = options;
  const known = (word: string): boolean => {
    const row = vectors.indexOf(word);
    return row >= 0 && row < restrict;
  };
  const results: AnalogyResult['sections'] = [];
  for (const { name, questions } of sections) {
    const covered = questions
      .map(question => question.map(word => folded(word, options)))
      .filter(question => question.every(known));
    const found = await vectors.nearestAll(
      covered.map(([a, b, c]) => ({ positive: [b!, c!], negative: [a!] })),
      { top: 1, restrict },
    );
    results.push({
      name,
      total: questions.length,
      covered: covered.length,
      correct: covered.filter((question, i) => found[i]![0]?.word === question[3]).length,
    });
  }
  const share = (some: AnalogyResult['sections']): number | null => {
    const asked = some.reduce((sum, { covered }) => sum + covered, 0);
    return asked === 0 ? null : some.reduce((sum, { correct }) => sum + correct, 0) / asked;
  };
  const grammar = ({ name }: { name: string }): boolean => name.startsWith('gram');
  return {
    total: results.reduce((sum, { total }) => sum + total, 0),
    covered: results.reduce((sum, { covered }) => sum + covered, 0),
    semantic: share(results.filter(section => !grammar(section))),
    syntactic: share(results.filter(grammar)),
    accuracy: share(results),
    sections: results,
  };
}
