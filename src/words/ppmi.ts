/** How much more often words stand together than chance would have it. */
import { log, pow } from '../runtime/math.js';
import { checkOptions } from '../runtime/options.js';
import { SparseMatrix } from './sparse.js';

/** Options of `ppmi`. */
export interface PpmiOptions {
  /**
   * Contexts occur with their counts to this power: rare ones get less (Levy et al. 2015). Default:
   * 0.75.
   */
  smoothing?: number;
  /** ln of this is subtracted, as k negatives do in word2vec (Levy & Goldberg 2014). Default: 1. */
  shift?: number;
  /** Leave out what is not above 0. Default: true. */
  positive?: boolean;
}

/**
 * Pointwise mutual information of counts of pairs:
 *
 *   PMI(w, c) = ln( n(w, c)·n / (n(w)·n_α(c)) ) − ln shift,   n_α(c) = n·n(c)^α / Σ n(c)^α
 *
 * @param matrix [words, contexts] counts
 * @returns values only where there was a count
 * @throws RangeError for an option out of range
 */
export function ppmi(matrix: SparseMatrix, options: PpmiOptions = {}): SparseMatrix {
  checkOptions('ppmi', options, { smoothing: true, shift: true, positive: true });
  const { smoothing = 0.75, shift = 1, positive = true } = options;
  if (!(smoothing >= 0 && smoothing <= 1))
    throw new RangeError(`ppmi: smoothing is ${smoothing}, expected 0 to 1`);
  if (!(shift > 0)) throw new RangeError(`ppmi: shift is ${shift}, expected > 0`);
  const [M, N] = matrix.shape;
  const rows = new Float64Array(M);
  const columns = new Float64Array(N);
  for (let m = 0; m < M; m++)
    for (let i = matrix.starts[m]!; i < matrix.starts[m + 1]!; i++) {
      rows[m]! += matrix.values[i]!;
      columns[matrix.columns[i]!]! += matrix.values[i]!;
    }
  const smooth = columns.map(count => (count > 0 ? pow(count, smoothing) : 0));
  const total = smooth.reduce((sum, count) => sum + count, 0);
  const base = smooth.map(count => (count > 0 ? log(count / total) : 0));
  const minus = log(shift);
  const starts = new Int32Array(M + 1);
  const kept = new Int32Array(matrix.nonzeros);
  const values = new Float32Array(matrix.nonzeros);
  let at = 0;
  for (let m = 0; m < M; m++) {
    const row = rows[m]! > 0 ? log(rows[m]!) : 0;
    for (let i = matrix.starts[m]!; i < matrix.starts[m + 1]!; i++) {
      const count = matrix.values[i]!;
      if (!(count > 0)) continue;
      const value = log(count) - row - base[matrix.columns[i]!]! - minus;
      if (positive && !(value > 0)) continue;
      kept[at] = matrix.columns[i]!;
      values[at++] = value;
    }
    starts[m + 1] = at;
  }
  return new SparseMatrix([M, N], {
    starts,
    columns: kept.slice(0, at),
    values: values.slice(0, at),
  });
}
