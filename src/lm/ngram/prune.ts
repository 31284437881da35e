/**
 * Leaving out n-grams that change little: Stolcke 1998, "Entropy-based pruning of backoff language
 * models".
 */
import { contexts } from '../../ngram/levels.js';
import type { Level } from '../../ngram/trie.js';
import { log, pow } from '../../runtime/math.js';
import { keep } from './estimate.js';

const { LN10 } = Math;

/**
 * Leaves out every n-gram whose loss raises the perplexity by less than a share `threshold`, the
 * longest first, and gives the contexts their new back-offs. n-grams that longer ones are built on
 * stay.
 *
 *   D = −P(h)·{ p(w|h)·[ln p(w|h') + ln α' − ln p(w|h)] + [ln α' − ln α]·(1 − Σ p(v|h)) }
 *   left out where e^D − 1 < threshold; h': the context h without its first word
 *
 * @param end the word that ends a sentence, whose probability stands for that of its beginning; −1:
 *   there is none
 */
export function pruneByEntropy(given: readonly Level[], threshold: number, end: number): Level[] {
  let levels = [...given];
  const least = log(1 + threshold);
  const begin = levels[0]!.logp.length - 1;
  for (let order = levels.length; order >= 2; order--) {
    // contexts of each order up to this one, and the probability of each text of that length
    let found: Uint32Array | null = null;
    let history = Float64Array.from(levels[0]!.logp);
    history[begin] = end < 0 ? 0 : levels[0]!.logp[end]!;
    for (let k = 2; k <= order; k++) {
      found = contexts(levels.slice(0, k), found);
      if (k < order) {
        const shorter: Float64Array = history;
        history = Float64Array.from(
          found,
          (context, i) => shorter[context]! + levels[k - 1]!.logp[i]!,
        );
      }
    }
    const own = levels[order - 1]!;
    const shorter = levels[order - 2]!;
    const n = own.logp.length;
    const parent = new Uint32Array(n);
    for (let i = 0; i + 1 < shorter.starts.length; i++)
      parent.fill(i, shorter.starts[i], shorter.starts[i + 1]);
    const ten = (x: number): number => pow(10, x);
    // per context: 1 − Σ p(w|h) and 1 − Σ p(w|h') over the words seen after it
    const left = new Float64Array(shorter.logp.length).fill(1);
    const below = new Float64Array(shorter.logp.length).fill(1);
    for (let i = 0; i < n; i++) {
      left[found![i]!]! -= ten(own.logp[i]!);
      below[found![i]!]! -= ten(shorter.logp[parent[i]!]!);
    }
    const going = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const isContext = own.backoff[i] !== 0 || 1 / own.backoff[i]! > 0;
      const isEnd = own.starts.length > 0 && own.starts[i + 1]! > own.starts[i]!;
      if (isContext || isEnd) continue;
      const h = found![i]!;
      const p = ten(own.logp[i]!);
      const q = ten(shorter.logp[parent[i]!]!);
      const rest = Math.max(left[h]!, 0);
      const ratio = (rest + p) / (below[h]! + q); // α'
      if (!(ratio > 0)) continue;
      const alpha = log(ratio);
      const change = p * (log(q) + alpha - log(p)) + (alpha - shorter.backoff[h]! * LN10) * rest;
      const loss = -pow(10, history[h]!) * change;
      if (loss < least) going[i] = 1;
    }
    const gone = new Uint8Array(shorter.logp.length);
    const stays = new Uint8Array(shorter.logp.length);
    for (let i = 0; i < n; i++) {
      const h = found![i]!;
      if (!going[i]) {
        stays[h] = 1;
        continue;
      }
      gone[h] = 1;
      left[h]! += ten(own.logp[i]!);
      below[h]! += ten(shorter.logp[parent[i]!]!);
    }
    const backoff = shorter.backoff.map((b, h) =>
      !gone[h] ? b : stays[h] ? log(Math.max(left[h]!, 1e-30) / below[h]!) / LN10 : -0,
    );
    levels[order - 2] = { ...shorter, backoff };
    levels = keep(levels, (k, i) => k !== order || going[i] === 0);
  }
  return levels;
}
