/** How often a classifier or a tagger is right, and what it takes for what. */

/** How often each class was taken for each. */
export interface Confusion {
  /** Names of the classes. */
  labels: string[];
  /** [classes, classes] row by row: how often the class of the row was taken for the column's. */
  counts: Float64Array;
}

/** How well one class is found. */
export interface ClassScore {
  /** Name of the class. */
  label: string;
  /** Share of those that were taken for it that are of it; 0 where there are none. */
  precision: number;
  /** Share of those of it that were taken for it; 0 where there are none. */
  recall: number;
  /** Harmonic mean of precision and recall; 0 where both are. */
  f1: number;
  /** How many are of the class. */
  support: number;
}

/**
 * The share of equal elements.
 *
 * @param predicted labels or their numbers
 * @param gold what they should be
 * @returns a fraction
 * @throws RangeError where there are none, or not as many of both
 */
export function accuracy(
  predicted: ArrayLike<string | number>,
  gold: ArrayLike<string | number>,
): number {
  checkLengths('accuracy', predicted, gold);
  let equal = 0;
  for (let i = 0; i < gold.length; i++) if (predicted[i] === gold[i]) equal++;
  return equal / gold.length;
}

/** @internal Refuses two lists that do not belong together. */
export function checkLengths(
  who: string,
  predicted: ArrayLike<unknown>,
  gold: ArrayLike<unknown>,
): void {
  if (predicted.length !== gold.length || gold.length === 0)
    throw new RangeError(
      `${who}: ${predicted.length} predictions for ${gold.length} examples, expected as many of ` +
        'both, and not none',
    );
}

/**
 * Counts what was taken for what.
 *
 * @param predicted labels
 * @param gold what they should be
 * @param labels the classes in their order. Default: all that occur, sorted
 * @throws RangeError where there are none, not as many of both, or one that is no class
 */
export function confusion(
  predicted: readonly string[],
  gold: readonly string[],
  labels?: readonly string[],
): Confusion {
  checkLengths('confusion', predicted, gold);
  const names = labels?.slice() ?? [...new Set([...gold, ...predicted])].sort();
  const N = names.length;
  const places = new Map(names.map((name, n) => [name, n]));
  const counts = new Float64Array(N * N);
  gold.forEach((label, i) => {
    const [m, n] = [places.get(label), places.get(predicted[i]!)];
    if (m === undefined || n === undefined)
      throw new RangeError(
        `confusion: "${m === undefined ? label : predicted[i]}" at ${i} is none of the ${N} labels`,
      );
    counts[m * N + n]!++;
  });
  return { labels: names, counts };
}

/** Precision, recall and F₁ of each class. */
export function classScores({ labels, counts }: Confusion): ClassScore[] {
  const N = labels.length;
  return labels.map((label, c) => {
    let [support, taken] = [0, 0];
    for (let k = 0; k < N; k++) {
      support += counts[c * N + k]!;
      taken += counts[k * N + c]!;
    }
    return { label, support, ...scoresOf(counts[c * N + c]!, taken, support) };
  });
}

/** @internal Precision, recall and F₁ of `correct` among `found` and `wanted`; 0 for 0/0. */
export function scoresOf(
  correct: number,
  found: number,
  wanted: number,
): { precision: number; recall: number; f1: number } {
  return {
    precision: found === 0 ? 0 : correct / found,
    recall: wanted === 0 ? 0 : correct / wanted,
    f1: correct === 0 ? 0 : (2 * correct) / (found + wanted),
  };
}

/**
 * The mean of the classes' F₁, each class counting as much as any other. Classes that neither
 * occur nor are predicted do not count, as in scikit-learn.
 *
 * @returns a fraction
 */
export function macroF1(matrix: Confusion): number {
  const N = matrix.labels.length;
  const scores = classScores(matrix).filter(({ support }, c) => {
    let taken = 0;
    for (let k = 0; k < N; k++) taken += matrix.counts[k * N + c]!;
    return support + taken > 0;
  });
  return scores.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, scores.length);
}

/** The counts as lines of text: a row for each class, a column for what it was taken for. */
export function confusionText({ labels, counts }: Confusion): string {
  const N = labels.length;
  const cells = [
    ['', ...labels],
    ...labels.map((label, m) => [
      label,
      ...labels.map((_, n) => (counts[m * N + n] === 0 ? '·' : `${counts[m * N + n]}`)),
    ]),
  ];
  const width = (text: string): number => [...text].length;
  const widths = cells[0]!.map((_, n) => Math.max(...cells.map(row => width(row[n]!))));
  const pad = (text: string, n: number): string => ' '.repeat(widths[n]! - width(text));
  return cells
    .map(row => {
      const line = row.map((text, n) => (n === 0 ? text + pad(text, n) : pad(text, n) + text));
      return `${line.join('  ')}\n`;
    })
    .join('');
}
