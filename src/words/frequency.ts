/** What word frequencies decide in word2vec: which words are read, and which are drawn. */
import { pow } from '../runtime/math.js';

/** 2³² */
const WHOLE = 0x100000000;

/**
 * Subsampling of frequent words, as word2vec.c does it: a word of relative frequency f is kept with
 * probability (√(f/t) + 1)·t/f.
 *
 * @param counts how often each word occurs
 * @param sample t; 0: keep all
 * @returns [words] probabilities in 2³²nds; 2³² − 1 means always
 */
export function keepThresholds(counts: Float64Array, sample: number): Uint32Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Uint32Array.from(counts, count => {
    const ratio = (sample * total) / count; // t/f
    const keep = Math.sqrt(1 / ratio) * ratio + ratio;
    return sample === 0 || !(keep < 1) ? WHOLE - 1 : Math.floor(keep * WHOLE);
  });
}

/**
 * Draws indices in proportion to their weights in constant time (Vose 1991): take i, each as
 * likely; where 32 random bits are not below its threshold, take its other.
 *
 * @param weights at least one, > 0
 * @returns [n, 2] threshold in 2³²nds and the other index, of each
 */
export function aliasTable(weights: Float64Array): Uint32Array {
  const n = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = weights.map(weight => (weight * n) / total);
  const table = new Uint32Array(2 * n);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = n - 1; i >= 0; i--) (share[i]! < 1 ? small : large).push(i);
  const put = (i: number, other: number): void => {
    table[2 * i] = Math.min(WHOLE - 1, Math.floor(share[i]! * WHOLE));
    table[2 * i + 1] = other;
  };
  while (small.length > 0 && large.length > 0) {
    const [i, other] = [small.pop()!, large.pop()!];
    put(i, other);
    share[other]! -= 1 - share[i]!;
    (share[other]! < 1 ? small : large).push(other);
  }
  // what rounding left over has a share of 1
  for (const i of [...small, ...large]) {
    share[i] = 1;
    put(i, i);
  }
  return table;
}

/** How likely each word is drawn as a negative example: its count to the power 0.75. */
export const unigramWeights = (counts: Float64Array): Float64Array =>
  counts.map(count => pow(count, 0.75));
