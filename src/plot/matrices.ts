/** Matrices of sequence tasks: what was taken for what, and where a decoder looked. */
import { heatMap } from './heatmap.js';

/** How often each class was taken for each. */
export interface ConfusionData {
  /** Names of the classes. */
  labels: readonly string[];
  /** [classes, classes] row by row: how often the class of the row was taken for the column's. */
  counts: ArrayLike<number>;
}

/** Where a decoder looked as it wrote each token. */
export interface AttentionData {
  /** Tokens that were read. */
  source: readonly string[];
  /** Tokens that were written. */
  target: readonly string[];
  /** [target, source] row by row: the weight of each source token at each target token. */
  weights: ArrayLike<number>;
}

/** Options of `confusion` and `attention`. */
export interface MatrixOptions {
  /** Stands above the picture. */
  title?: string;
  /** Says what is seen. Default: made from the data */
  description?: string;
  /** Width in pixels. Default: 480 */
  width?: number;
}

/**
 * Draws what was taken for what: a row for each class, in percent of it, so that rare classes are
 * seen as well as frequent ones.
 *
 *     plot.confusion(tasks.confusion(predicted, gold))
 *
 * @returns SVG text
 * @throws RangeError where the counts are not classes × classes, or there are none
 */
export function confusion({ labels, counts }: ConfusionData, options: MatrixOptions = {}): string {
  const N = labels.length;
  const values = new Float64Array(counts.length);
  let [correct, all] = [0, 0];
  for (let m = 0; m < N; m++) {
    let total = 0;
    for (let n = 0; n < N; n++) total += counts[m * N + n] ?? 0;
    for (let n = 0; n < N; n++) values[m * N + n] = (100 * counts[m * N + n]!) / Math.max(1, total);
    correct += counts[m * N + m] ?? 0;
    all += total;
  }
  return heatMap(
    { rows: labels, columns: labels, values },
    {
      description:
        `What was taken for what, of ${N} classes: ${correct} of ${all} are right. Cells are ` +
        'percentages of their row.',
      ...options,
      rowLabel: 'is',
      columnLabel: 'taken for (% of the row)',
      most: 100,
      format: value => (value < 0.5 ? '' : value.toFixed(0)),
    },
  );
}

/**
 * Draws where a decoder looked: a row for each token it wrote, a column for each it read.
 *
 * @returns SVG text
 * @throws RangeError where the weights are not targets × sources, or there are none
 */
export function attention(
  { source, target, weights }: AttentionData,
  options: MatrixOptions = {},
): string {
  return heatMap(
    { rows: target, columns: source, values: weights },
    {
      description: `Attention of ${target.length} tokens written to ${source.length} read.`,
      ...options,
      rowLabel: 'written',
      columnLabel: 'read',
      most: 1,
      format: value => (value < 0.05 ? '' : value.toFixed(1)),
    },
  );
}
