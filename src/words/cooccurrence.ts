/** How often words stand near each other. */
import { checkOptions } from '../runtime/options.js';
import type { Vocab } from '../text/vocab.js';
import { type RowTable, rowTable } from './rows.js';
import { SparseMatrix } from './sparse.js';
import type { WordCorpus } from './train.js';

/** Options of `cooccurrence`. */
export interface CooccurrenceOptions {
  /** The words of the corpus. */
  vocab: Vocab;
  /** Words on each side. Default: 10. */
  window?: number;
  /** `distance`: a pair d words apart counts 1/d; `none`: it counts 1. Default: 'distance'. */
  weighting?: 'distance' | 'none';
  /** `both` sides, or only words to the `left` or to the `right` of a word. Default: 'both'. */
  side?: 'both' | 'left' | 'right';
  /**
   * Bytes for the table of frequent pairs and for pairs that wait to be sorted. Default: 512 MiB.
   */
  memory?: number;
}

/** Counts of pairs of words. */
export interface Cooccurrence {
  /** The words of rows and columns, by falling frequency. */
  words: readonly string[];
  /** How often each word occurs. */
  counts: Float64Array;
  /** [words, words] row: the word; column: its neighbour. */
  matrix: SparseMatrix;
}

/**
 * Counts, for each word, the words in a window around it, as GloVe's `cooccur` does: words outside
 * the vocabulary are left out before the window is laid, and windows end where sentences do.
 *
 * Pairs of frequent words are summed in a table (those whose ranks multiply to little), all others
 * are listed, sorted and summed whenever the list is full.
 *
 * @throws RangeError for an option out of range, or an id beyond the vocabulary
 */
export function cooccurrence(corpus: WordCorpus, options: CooccurrenceOptions): Cooccurrence {
  checkOptions('cooccurrence', options, {
    vocab: true,
    window: true,
    weighting: true,
    side: true,
    memory: true,
  });
  const { vocab, window = 10, weighting = 'distance', side = 'both', memory = 2 ** 29 } = options;
  if (!(Number.isInteger(window) && window >= 1))
    throw new RangeError(`cooccurrence: window is ${window}, expected a whole number ≥ 1`);
  if (weighting !== 'distance' && weighting !== 'none')
    throw new RangeError(`cooccurrence: weighting "${weighting}", expected distance or none`);
  if (side !== 'both' && side !== 'left' && side !== 'right')
    throw new RangeError(`cooccurrence: side "${side}", expected both, left or right`);
  if (!(memory >= 2 ** 20))
    throw new RangeError(`cooccurrence: memory is ${memory} bytes, expected at least 2^20`);
  const table: RowTable = rowTable('cooccurrence', vocab);
  const { rowOf, words, counts } = table;
  const V = words.length;
  const pairs = new Pairs(V, memory);
  const weights = Float64Array.from({ length: window + 1 }, (_, d) =>
    weighting === 'distance' ? 1 / Math.max(1, d) : 1,
  );
  const history = new Int32Array(window);
  let seen = 0; // words of the sentence
  for (const [piece, from] of corpus.pieces()) {
    for (let i = 0; i < piece.length; i++) {
      const row = rowOf[piece[i]!];
      if (row === undefined)
        throw new RangeError(
          `cooccurrence: id ${piece[i]} at ${from + i}, expected one below ${rowOf.length}, the ` +
            'size of the vocabulary',
        );
      if (row === -2) continue;
      if (row === -1) {
        seen = 0;
        continue;
      }
      for (let d = 1; d <= window && d <= seen; d++) pairs.add(row, history[(seen - d) % window]!, weights[d]!); // biome-ignore format: one call
      history[seen % window] = row;
      seen++;
    }
  }
  const left = pairs.matrix(); // row: the word; column: a word to its left
  const matrix = side === 'left' ? left : side === 'right' ? left.transpose() : sum(left, left.transpose()); // biome-ignore format: one line
  return { words, counts, matrix };
}

/** Sums of pairs. */
class Pairs {
  /** Pairs (a, b) of ranks from 1 with a·b < product are in the table, at starts[a] + b. */
  private readonly starts: Float64Array;
  private readonly product: number;
  private readonly table: Float64Array;
  private readonly keys: Float64Array;
  private readonly values: Float32Array;
  private waiting = 0;
  /** Sorted and summed pairs of the list. */
  private runs: { keys: Float64Array; values: Float64Array }[] = [];

  constructor(
    private readonly V: number,
    memory: number,
  ) {
    // two thirds for the table, the rest for the list
    const cells = Math.floor((memory * 2) / 3 / 8);
    let product = 1;
    const size = (limit: number): number => {
      let sum = 0;
      for (let a = 1; a <= V && a < limit; a++) sum += Math.min(V, Math.ceil(limit / a) - 1);
      return sum;
    };
    for (let step = 2 ** 40; step >= 1; step /= 2)
      if (product + step <= V * V + 1 && size(product + step) <= cells) product += step;
    this.product = product;
    this.starts = new Float64Array(V + 2);
    for (let a = 1; a <= V; a++)
      this.starts[a + 1] = this.starts[a]! + (a < product ? Math.min(V, Math.ceil(product / a) - 1) : 0); // biome-ignore format: one line
    this.table = new Float64Array(this.starts[V + 1]!);
    const length = Math.max(1024, Math.floor(memory / 3 / 12));
    this.keys = new Float64Array(length);
    this.values = new Float32Array(length);
  }

  add(row: number, column: number, value: number): void {
    if ((row + 1) * (column + 1) < this.product) {
      this.table[this.starts[row + 1]! + column]! += value;
      return;
    }
    if (this.waiting === this.keys.length) this.settle();
    this.keys[this.waiting] = row * this.V + column;
    this.values[this.waiting++] = value;
  }

  /** Sorts the list by place and sums equal ones. */
  private settle(): void {
    const n = this.waiting;
    if (n === 0) return;
    const { keys, values, V } = this;
    const rows = new Int32Array(n);
    const columns = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      rows[i] = Math.floor(keys[i]! / V);
      columns[i] = keys[i]! - rows[i]! * V;
    }
    const order = sortedBy(rows, V, sortedBy(columns, V, null));
    const run = { keys: new Float64Array(n), values: new Float64Array(n) };
    let at = -1;
    for (const i of order) {
      if (at < 0 || run.keys[at] !== keys[i]) run.keys[++at] = keys[i]!;
      run.values[at]! += values[i]!;
    }
    this.runs.push({ keys: run.keys.slice(0, at + 1), values: run.values.slice(0, at + 1) });
    this.waiting = 0;
    // runs are merged like the digits of a counter, so that each pair moves only log times
    while (
      this.runs.length > 1 &&
      this.runs.at(-1)!.keys.length * 2 > this.runs.at(-2)!.keys.length
    )
      this.runs.push(merge(this.runs.pop()!, this.runs.pop()!));
  }

  /** All pairs, by row and column. */
  matrix(): SparseMatrix {
    this.settle();
    const { V, table } = this;
    let listed = this.runs.pop() ?? { keys: new Float64Array(0), values: new Float64Array(0) };
    while (this.runs.length > 0) listed = merge(listed, this.runs.pop()!);
    const { keys, values } = listed;
    let n = keys.length;
    for (let i = 0; i < table.length; i++) if (table[i] !== 0) n++;
    const starts = new Int32Array(V + 1);
    const columns = new Int32Array(n);
    const all = new Float32Array(n);
    let at = 0;
    let next = 0;
    for (let row = 0; row < V; row++) {
      const end = this.starts[row + 2]!;
      // in the table are the first columns of a row
      for (let cell = this.starts[row + 1]!, column = 0; cell < end; cell++, column++)
        if (table[cell] !== 0) {
          columns[at] = column;
          all[at++] = table[cell]!;
        }
      for (; next < keys.length && keys[next]! < (row + 1) * V; next++) {
        columns[at] = keys[next]! - row * V;
        all[at++] = values[next]!;
      }
      starts[row + 1] = at;
    }
    return new SparseMatrix([V, V], { starts, columns, values: all });
  }
}

/** Numbers 0 … n − 1 by their keys below `bound`, those of equal keys in the order given. */
function sortedBy(keys: Int32Array, bound: number, order: Int32Array | null): Int32Array {
  const next = new Int32Array(bound + 1);
  for (let i = 0; i < keys.length; i++) next[keys[i]! + 1]!++;
  for (let key = 0; key < bound; key++) next[key + 1]! += next[key]!;
  const result = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const each = order ? order[i]! : i;
    result[next[keys[each]!]!++] = each;
  }
  return result;
}

type Run = { keys: Float64Array; values: Float64Array };

function merge(a: Run, b: Run): Run {
  const n = a.keys.length + b.keys.length;
  const keys = new Float64Array(n);
  const values = new Float64Array(n);
  let at = 0;
  let i = 0;
  let j = 0;
  while (i < a.keys.length || j < b.keys.length) {
    const x = i < a.keys.length ? a.keys[i]! : Infinity;
    const y = j < b.keys.length ? b.keys[j]! : Infinity;
    keys[at] = Math.min(x, y);
    if (x <= y) values[at]! += a.values[i++]!;
    if (y <= x) values[at]! += b.values[j++]!;
    at++;
  }
  return { keys: keys.slice(0, at), values: values.slice(0, at) };
}

/** The sum of two matrices of one shape. */
function sum(a: SparseMatrix, b: SparseMatrix): SparseMatrix {
  const [M, N] = a.shape;
  const n = a.nonzeros + b.nonzeros;
  const starts = new Int32Array(M + 1);
  const columns = new Int32Array(n);
  const values = new Float32Array(n);
  let at = 0;
  for (let m = 0; m < M; m++) {
    let i = a.starts[m]!;
    let j = b.starts[m]!;
    while (i < a.starts[m + 1]! || j < b.starts[m + 1]!) {
      const x = i < a.starts[m + 1]! ? a.columns[i]! : N;
      const y = j < b.starts[m + 1]! ? b.columns[j]! : N;
      columns[at] = Math.min(x, y);
      values[at++] = (x <= y ? a.values[i++]! : 0) + (y <= x ? b.values[j++]! : 0);
    }
    starts[m + 1] = at;
  }
  return new SparseMatrix([M, N], {
    starts,
    columns: columns.slice(0, at),
    values: values.slice(0, at),
  });
}
