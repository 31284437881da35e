/**
 * chrF (Popović 2015) as sacreBLEU 2 computes it: F₂ of n-grams of 1 to 6 characters, without
 * white space and without words.
 */
import { checkLengths } from './accuracy.js';
import { splitWhite } from './white.js';

/** The longest n-grams of characters. */
const ORDER = 6;
/** Recall counts β times as much as precision. */
const BETA = 2;

/** chrF and its settings. */
export interface Chrf {
  /** From 0 to 100. */
  score: number;
  /** The settings, as sacreBLEU writes them. */
  signature: string;
}

/** n-grams by their order: of the hypothesis, of the reference, and common to both. */
interface Counts {
  given: number[];
  right: number[];
  both: number[];
}

/**
 * chrF of a corpus: of several references that with the highest score counts, and n-grams are
 * counted in all sentences before they are divided.
 *
 * @param hypotheses the texts that are measured
 * @param references for each the texts that are right
 * @throws RangeError where there are none, not as many of both, or one without references
 */
export function chrf(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): Chrf {
  checkLengths('chrf', hypotheses, references);
  const sum: Counts = { given: zeros(), right: zeros(), both: zeros() };
  hypotheses.forEach((hypothesis, i) => {
    const given = ngrams(hypothesis);
    let best: Counts | null = null;
    let most = -1;
    for (const reference of references[i]!) {
      const counts = compared(given, ngrams(reference));
      const score = scoreOf(counts);
      if (score > most) [best, most] = [counts, score];
    }
    if (best === null)
      throw new RangeError(`chrf: text ${i} has no references, expected 1 or more`);
    for (const name of ['given', 'right', 'both'] as const)
      for (let n = 0; n < ORDER; n++) sum[name][n]! += best[name][n]!;
  });
  const numbers = new Set(references.map(each => each.length));
  const nrefs = numbers.size > 1 ? 'var' : references[0]!.length;
  return {
    score: scoreOf(sum),
    signature: `nrefs:${nrefs}|case:mixed|eff:yes|nc:${ORDER}|nw:0|space:no|version:2.x`,
  };
}

const zeros = (): number[] => new Array<number>(ORDER).fill(0);

/** How often each n-gram of characters occurs, by order. */
function ngrams(text: string): Map<string, number>[] {
  const characters = [...splitWhite(text).join('')];
  return Array.from({ length: ORDER }, (_, n) => {
    const counts = new Map<string, number>();
    for (let i = 0; i + n < characters.length; i++) {
      const gram = characters.slice(i, i + n + 1).join('');
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
    return counts;
  });
}

function compared(given: readonly Map<string, number>[], right: typeof given): Counts {
  const total = (counts: Map<string, number>): number =>
    [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    // n-grams of an order that the reference does not have are no errors
    given: given.map((counts, n) => (right[n]!.size > 0 ? total(counts) : 0)),
    right: right.map(total),
    both: given.map((counts, n) => {
      let sum = 0;
      for (const [gram, count] of counts) sum += Math.min(count, right[n]!.get(gram) ?? 0);
      return sum;
    }),
  };
}

/** (1 + β²)·P·R / (β²·P + R), P and R the means over the orders that both texts have. */
function scoreOf({ given, right, both }: Counts): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let n = 0; n < ORDER; n++) {
    if (given[n] === 0 || right[n] === 0) continue;
    precision += both[n]! / given[n]!;
    recall += both[n]! / right[n]!;
    orders++;
  }
  if (precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + BETA ** 2) * p * r) / (BETA ** 2 * p + r);
}
