/**
 * Probabilities of n-grams from their counts: Chen & Goodman 1999, "An empirical study of smoothing
 * techniques for language modeling"; in the details as KenLM's lmplz (Heafield et al. 2013).
 */
import { contexts } from '../../ngram/levels.js';
import type { Level } from '../../ngram/trie.js';
import { log } from '../../runtime/math.js';
import type { NgramCounter } from './count.js';

/** How probabilities can be made of counts, the default first. */
export const SMOOTHINGS = [
  'modified-kneser-ney',
  'kneser-ney',
  'absolute',
  'witten-bell',
  'add-k',
  'maximum-likelihood',
] as const;

/** How probabilities are made of counts. */
export type Smoothing = (typeof SMOOTHINGS)[number];

/** Options of an estimate. */
export interface EstimateOptions {
  /** Default: 'modified-kneser-ney'. */
  smoothing?: Smoothing | undefined;
  /** add-k: what is added to each count. Default: 1. */
  k?: number | undefined;
  /**
   * n-grams that occur at most so often are left out: [order 1, order 2, …], none smaller than the
   * one before; the last one holds for all higher orders. Words stay with 0. Default: [0].
   */
  prune?: readonly number[] | undefined;
}

/** The n-grams of one order. */
interface Counts {
  words: Uint32Array;
  /** [n + 1] the first of the next order's that end with this one. */
  starts: Uint32Array;
  /** How often each occurs. */
  raw: Uint32Array;
}

/** An array that grows. */
class Growing {
  data: Uint32Array = new Uint32Array(1 << 12);
  length = 0;

  push(value: number): void {
    if (this.length === this.data.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.data);
      this.data = more;
    }
    this.data[this.length++] = value;
  }

  take(): Uint32Array {
    const own = this.data.slice(0, this.length);
    this.data = new Uint32Array();
    return own;
  }
}

/** All orders of what was counted, each sorted. Order 1 has a place for every word. */
function levelsOf(counter: NgramCounter): Counts[] {
  const { order: N } = counter;
  const words = Array.from({ length: N }, () => new Growing());
  const raw = Array.from({ length: N }, () => new Growing());
  const starts = Array.from({ length: N }, () => new Growing());
  const last = new Uint32Array(N).fill(0xffffffff);
  const W = counter.vocab.size + 1;
  const open = (k: number, word: number): void => {
    // words that do not occur have their place too
    if (k === 0) for (let w = words[0]!.length; w < word; w++) open(0, w);
    words[k]!.push(word);
    raw[k]!.push(0);
    if (k + 1 < N) starts[k]!.push(words[k + 1]!.length);
  };
  counter.each((rows, at, count) => {
    let k = 0;
    while (k < N && rows[at + k] === last[k] && rows[at + k] !== 0) k++;
    for (let j = 0; j < k; j++) raw[j]!.data[raw[j]!.length - 1]! += count;
    for (; k < N && rows[at + k] !== 0; k++) {
      last[k] = rows[at + k]!;
      open(k, last[k]! - 1);
      raw[k]!.data[raw[k]!.length - 1] = count;
    }
    if (k < N) last[k] = 0;
  });
  open(0, W - 1); // the beginning of a text: it is read, never predicted
  for (let k = 0; k + 1 < N; k++) starts[k]!.push(words[k + 1]!.length);
  return words.map((each, k) => ({
    words: each.take(),
    starts: starts[k]!.take(),
    raw: raw[k]!.take(),
  }));
}

/** Amounts that are taken from counts of 1, 2 and more. */
type Discount = readonly [one: number, two: number, more: number];

/** As KenLM's --discount_fallback. */
const FALLBACK: Discount = [0.5, 1, 1.5];

const f32 = Math.fround;

/**
 * D₁ = 1 − 2Y·n₂/n₁, D₂ = 2 − 3Y·n₃/n₂, D₃ = 3 − 4Y·n₄/n₃ with Y = n₁/(n₁ + 2n₂), in f32 as KenLM;
 * null where a count of counts is 0 or an amount is out of range.
 *
 * @param n [5] how many n-grams have each count below 5
 */
function modified(n: Float64Array): Discount | null {
  if (n[1] === 0 || n[2] === 0 || n[3] === 0) return null;
  const y = f32(f32(n[1]!) / f32(n[1]! + 2 * n[2]!));
  const of = (j: number): number =>
    f32(j - f32(f32(f32(f32(j + 1) * y) * f32(n[j + 1]!)) / f32(n[j]!)));
  const amounts = [of(1), of(2), of(3)] as const;
  return amounts.every((amount, i) => amount >= 0 && amount <= i + 1) ? amounts : null;
}

/** D = n₁/(n₁ + 2n₂) for all counts; null where there are none. */
function single(n: Float64Array): Discount | null {
  const d = n[1]! / (n[1]! + 2 * n[2]!);
  return n[1]! > 0 && n[2]! > 0 ? [d, d, d] : null;
}

/** What an estimate gives. */
export interface Estimate {
  levels: Level[];
  /** Sentences for the user: what was done otherwise than asked, and why. */
  notes: string[];
}

/** log₁₀ p of what is read and never predicted, as ARPA files have it. */
const NEVER = -99;

/** Probabilities of all n-grams that were counted. Call `init` first. */
export function estimate(counter: NgramCounter, options: EstimateOptions): Estimate {
  const { smoothing = 'modified-kneser-ney', k = 1, prune = [0] } = options;
  const { order: N, vocab } = counter;
  const V = vocab.size;
  const counts = levelsOf(counter);
  const notes: string[] = [];
  // these know no shorter contexts: what a long one leaves goes to all words alike
  const flat = smoothing === 'add-k' || smoothing === 'maximum-likelihood';
  const continued = smoothing === 'modified-kneser-ney' || smoothing === 'kneser-ney';
  const uniform = smoothing === 'maximum-likelihood' ? 0 : f32(1 / f32(V));

  const levels: Level[] = [];
  let before: Uint32Array | null = null;
  let shorter = Float32Array.of(uniform); // p of each n-gram of the order before
  let parents: Uint32Array = Uint32Array.of(0, V + 1); // where the n-grams below each of these begin
  for (let order = 1; order <= N; order++) {
    const { words, starts, raw } = counts[order - 1]!;
    const n = words.length;
    const found: Uint32Array | null = order === 1 ? null : contexts(counts.slice(0, order), before);

    // at the beginning of a text there is no word before an n-gram that could be counted
    const c = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      if (order === N || (words[i] === V && order > 1)) c[i] = raw[i]!;
      else c[i] = flat ? 0 : continued ? starts[i + 1]! - starts[i]! : raw[i]!;
    }
    const least = order === 1 ? -1 : (prune[Math.min(order, prune.length) - 1] ?? 0);
    const discount = flat || smoothing === 'witten-bell' ? null : discounts(order, c);

    const places = order === 1 ? 1 : counts[order - 2]!.words.length;
    // two numbers a context: Σ c, and what of it goes to the words not seen there
    const sums = new Float64Array(2 * places);
    const known = new Uint8Array(places);
    const wittenBell = smoothing === 'witten-bell';
    for (let i = 0; i < n; i++) {
      const context = found === null ? 0 : found[i]!;
      const count = c[i]!;
      if (raw[i]! <= least) {
        sums[2 * context]! += count;
        sums[2 * context + 1]! += count;
        continue;
      }
      known[context] = 1;
      if (count === 0) continue;
      // Witten and Bell count each word once more, as a new one
      sums[2 * context]! += wittenBell ? count + 1 : count;
      if (wittenBell) sums[2 * context + 1]! += 1;
      else if (discount) sums[2 * context + 1]! += discount[Math.min(count, 3) - 1]!;
    }
    // then the second is γ, the weight of the shorter context, in f32
    const backoff = order > 1 ? levels[order - 2]!.backoff : null;
    const [same, sameLog] = [new Float64Array(2), new Float32Array(1)];
    for (let context = 0; context < places; context++) {
      let total = sums[2 * context]!;
      let rest = sums[2 * context + 1]!;
      if (smoothing === 'add-k' && total > 0) {
        total += k * V;
        rest += k * V;
      }
      sums[2 * context] = total;
      sums[2 * context + 1] = total > 0 ? f32(rest / total) : 1;
      if (!backoff || !known[context]) continue;
      // most contexts were seen once: their sums are those of the one before
      if (total !== same[0] || rest !== same[1])
        [same[0], same[1], sameLog[0]] = [total, rest, log10(sums[2 * context + 1]!)];
      backoff[context] = sameLog[0]!;
    }

    // gathered first: a loop that does nothing else waits for many places of memory at once
    const own = new Float32Array(n); // (c − D) / Σ c
    const share = new Float32Array(n); // γ
    for (let i = 0; i < n; i++) {
      const context = found === null ? 0 : 2 * found[i]!;
      own[i] = sums[context]!;
      share[i] = sums[context + 1]!;
    }
    for (let i = 0; i < n; i++) {
      const count = c[i]!;
      const left = discount && count > 0 ? f32(count - discount[Math.min(count, 3) - 1]!) : count;
      own[i] = count > 0 ? left / own[i]! : 0;
    }
    const p = new Float32Array(n);
    const logp = new Float32Array(n);
    for (let parent = 0; parent + 1 < parents.length; parent++) {
      const below = flat ? uniform : shorter[parent]!;
      const end = parents[parent + 1]!;
      for (let i = parents[parent]!; i < end; i++) p[i] = own[i]! + f32(share[i]! * below);
    }
    for (let i = 0; i < n; i++) logp[i] = Math.min(0, log10(p[i]!));
    if (order === 1) logp[V] = NEVER;
    levels.push({ words, starts, logp, backoff: new Float32Array(n).fill(-0) });
    shorter = p;
    before = found;
    parents = starts;
  }
  const kept = prune.some(least => least > 0)
    ? withoutRare(levels, counts, order => prune[Math.min(order, prune.length) - 1] ?? 0)
    : levels;
  return { levels: kept, notes };

  function discounts(order: number, c: Uint32Array): Discount {
    const n = new Float64Array(5);
    for (let i = 0; i < c.length; i++) if (c[i]! < 5) n[c[i]!]!++;
    const found = smoothing === 'modified-kneser-ney' ? modified(n) : single(n);
    if (found) return found;
    notes.push(
      `order ${order}: ${n[1]}, ${n[2]}, ${n[3]} and ${n[4]} n-grams have the counts 1 to 4, no ` +
        `basis for discounts; ${FALLBACK.join(', ')} are taken`,
    );
    return FALLBACK;
  }
}

const log10 = (x: number): number => (x > 0 ? log(x) / Math.LN10 : -Infinity);

/** The levels without n-grams that occur at most `least(order)` times. */
function withoutRare(
  levels: readonly Level[],
  counts: readonly Counts[],
  least: (order: number) => number,
): Level[] {
  return keep(levels, (order, i) => order === 1 || counts[order - 1]!.raw[i]! > least(order));
}

/** The levels with some of their n-grams; an n-gram that goes takes with it those that end so. */
export function keep(
  levels: readonly Level[],
  wanted: (order: number, i: number) => boolean,
): Level[] {
  const result: Level[] = [];
  let alive: Uint8Array | null = null; // of the order before
  for (const [k, { words, starts, logp, backoff }] of levels.entries()) {
    const n = logp.length;
    const own = new Uint8Array(n);
    if (alive === null) own.fill(1);
    else {
      const shorter = levels[k - 1]!;
      const first = new Uint32Array(result[k - 1]!.logp.length + 1);
      let size = 0;
      let place = 0;
      for (let parent = 0; parent + 1 < shorter.starts.length; parent++) {
        if (!alive[parent]) continue;
        first[place++] = size;
        for (let i = shorter.starts[parent]!; i < shorter.starts[parent + 1]!; i++)
          if (wanted(k + 1, i)) {
            own[i] = 1;
            size++;
          }
      }
      first[place] = size;
      result[k - 1]!.starts = first;
    }
    const some = <A extends Float32Array | Uint32Array>(values: A): A =>
      values.filter((_, i) => own[i] === 1) as A;
    result.push({ words: some(words), starts, logp: some(logp), backoff: some(backoff) });
    alive = own;
  }
  return result;
}
