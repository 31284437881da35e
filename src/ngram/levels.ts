/** Sorting n-grams by their last word, the one before it, …, and finding the contexts of each. */
import { sortPass } from './sort.js';
import type { Level } from './trie.js';

/** No such node. */
export const NONE = 0xffffffff;

/** What of a level `contexts` reads. */
type Nodes = Pick<Level, 'words' | 'starts'>;

/**
 * The context of each n-gram of the next order: the n-gram without its last word, as a place among
 * those of `levels.at(-2)`'s… order; NONE where it is missing.
 *
 * @param levels orders 1 … k, of which the last is the one whose n-grams are asked for
 * @param before contexts of order k − 1; order 2 needs none
 */
export function contexts(levels: readonly Nodes[], before: Uint32Array | null): Uint32Array {
  const k = levels.length;
  const { words } = levels[k - 1]!;
  if (before === null) return words; // a bigram's context is its first word
  const { starts } = levels[k - 2]!; // of the children
  const { starts: contextStarts } = levels[k - 3]!;
  const candidates = levels[k - 2]!.words;
  const result = new Uint32Array(words.length);
  for (let parent = 0; parent + 1 < starts.length; parent++) {
    const context = before[parent]!;
    const end = starts[parent + 1]!;
    if (context === NONE) {
      result.fill(NONE, starts[parent], end);
      continue;
    }
    // both lists are sorted: each search goes on where the last one ended, in growing steps
    let at = contextStarts[context]!;
    const last = contextStarts[context + 1]!;
    for (let i = starts[parent]!; i < end; i++) {
      const word = words[i]!;
      let step = 1;
      while (at + step < last && candidates[at + step]! < word) step *= 2;
      let from = at + (step >>> 1);
      let to = Math.min(at + step, last);
      while (from < to) {
        const middle = (from + to) >>> 1;
        if (candidates[middle]! < word) from = middle + 1;
        else to = middle;
      }
      at = from;
      result[i] = at < last && candidates[at] === word ? at : NONE;
    }
  }
  return result;
}

/** n-grams of one order as they come, in any order. */
export interface Grams {
  /** [n · order] the words of each, the first one first. */
  words: Uint32Array;
  /** [n] log₁₀ p */
  logp: Float32Array;
  /** [n] log₁₀ back-off; empty: 0 */
  backoff: Float32Array;
}

/** n-grams of one order, sorted. */
interface Sorted {
  /** [order][n] last words first. */
  columns: Uint32Array[];
  logp: Float32Array;
  backoff: Float32Array;
}

/**
 * The levels of a model whose n-grams come in any order. Where an n-gram is listed and its end is
 * not ("a b c" without "b c"), the end is put in with the probability that it has anyway.
 *
 * @param words number of words
 * @param twice called with the words of an n-gram that is listed twice
 */
export function sortedLevels(
  grams: readonly Grams[],
  words: number,
  twice: (gram: readonly number[]) => never,
): Level[] {
  const N = grams.length;
  const orders = grams.map((each, i) => sorted(each, i + 1, words, twice));
  const blanks: Uint8Array[] = orders.map(({ logp }) => new Uint8Array(logp.length));
  const starts: Uint32Array[] = [];
  for (let k = N; k >= 2; k--) {
    const made = parents(orders[k - 1]!, orders[k - 2]!, k === 2 ? words : null);
    orders[k - 2] = made.order;
    blanks[k - 2] = made.blank;
    starts[k - 2] = made.starts;
  }
  const levels = orders.map(
    ({ columns, logp, backoff }, i): Level => ({
      words: columns[i]!,
      starts: starts[i] ?? new Uint32Array(),
      logp,
      backoff: Float32Array.from(backoff, b => (b === 0 ? -0 : b)),
    }),
  );
  let before: Uint32Array | null = null;
  for (let k = 2; k <= N; k++) {
    const level = levels[k - 1]!;
    const shorter = levels[k - 2]!;
    const found: Uint32Array = contexts(levels.slice(0, k), before);
    const blank = blanks[k - 1]!;
    for (let i = 0; i < found.length; i++) {
      const context = found[i]!;
      if (context !== NONE && shorter.backoff[context] === 0) shorter.backoff[context] = 0;
    }
    for (let parent = 0; parent + 1 < shorter.starts.length; parent++)
      for (let i = shorter.starts[parent]!; i < shorter.starts[parent + 1]!; i++)
        if (blank[i]) {
          const context = found[i]!;
          level.logp[i] =
            shorter.logp[parent]! + (context === NONE ? 0 : shorter.backoff[context]!);
        }
    before = found;
  }
  return levels;
}

function sorted(
  { words, logp, backoff }: Grams,
  k: number,
  bound: number,
  twice: (gram: readonly number[]) => never,
): Sorted {
  const n = logp.length;
  let order = Uint32Array.from({ length: n }, (_, i) => i);
  let out = new Uint32Array(n);
  const keys = new Uint32Array(n);
  for (let at = 0; at < k; at++) {
    for (let i = 0; i < n; i++) keys[i] = words[i * k + at]!;
    sortPass(keys, order, out, bound);
    [order, out] = [out, order];
  }
  const columns = Array.from({ length: k }, (_, at) =>
    order.map(i => words[i * k + (k - 1 - at)]!),
  );
  for (let i = 1; i < n; i++)
    if (columns.every(column => column[i] === column[i - 1]))
      twice(columns.map(column => column[i]!).reverse());
  return {
    columns,
    logp: Float32Array.from(order, i => logp[i]!),
    backoff: Float32Array.from(order, i => backoff[i] ?? 0),
  };
}

/**
 * The shorter n-grams with all ends of the longer ones among them.
 *
 * @param dense number of words, where the shorter ones are words: each has its place
 */
function parents(
  longer: Sorted,
  shorter: Sorted,
  dense: number | null,
): { order: Sorted; blank: Uint8Array; starts: Uint32Array } {
  const k = shorter.columns.length;
  const n = longer.logp.length;
  if (dense !== null) {
    const starts = new Uint32Array(dense + 1);
    for (let i = 0; i < n; i++) starts[longer.columns[0]![i]! + 1]!++;
    for (let i = 0; i < dense; i++) starts[i + 1]! += starts[i]!;
    return { order: shorter, blank: new Uint8Array(dense), starts };
  }
  const own = shorter.logp.length;
  const columns = shorter.columns.map(() => new Uint32Array(own + n));
  const logp = new Float32Array(own + n);
  const backoff = new Float32Array(own + n);
  const blank = new Uint8Array(own + n);
  const starts = new Uint32Array(own + n + 1);
  let size = 0;
  let i = 0;
  let j = 0;
  // below 0: the longer one's end comes before the shorter n-gram
  const compare = (): number => {
    if (i === n) return 1;
    if (j === own) return -1;
    for (let c = 0; c < k; c++) {
      const difference = longer.columns[c]![i]! - shorter.columns[c]![j]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  while (i < n || j < own) {
    const order = compare();
    const from = order < 0 ? longer.columns : shorter.columns;
    const at = order < 0 ? i : j;
    for (let c = 0; c < k; c++) columns[c]![size] = from[c]![at]!;
    starts[size] = i;
    if (order < 0) blank[size] = 1;
    else {
      logp[size] = shorter.logp[j]!;
      backoff[size] = shorter.backoff[j]!;
      j++;
    }
    while (i < n && columns.every((column, c) => column[size] === longer.columns[c]![i])) i++;
    size++;
  }
  starts[size] = n;
  return {
    order: {
      columns: columns.map(column => column.slice(0, size)),
      logp: logp.slice(0, size),
      backoff: backoff.slice(0, size),
    },
    blank: blank.slice(0, size),
    starts: starts.slice(0, size + 1),
  };
}
