/** How far sequences are from their references, by insertions, deletions and substitutions. */
import { checkLengths } from './accuracy.js';

/** How many sequences, and how many tokens, are wrong. */
export interface ErrorRates {
  /**
   * Share of sequences that equal none of their references: the word error rate of pronunciations.
   */
  sequences: number;
  /**
   * Edits over tokens of the nearest references: the phoneme error rate of pronunciations, the word
   * error rate of sentences.
   */
  tokens: number;
  /** How many sequences equal none of their references. */
  wrong: number;
  /** Edits that make each sequence its nearest reference. */
  edits: number;
  /** Tokens of the nearest references. */
  length: number;
}

/** The least number of insertions, deletions and substitutions that make one of the other. */
export function editDistance(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  // row[j] = distance of the first i of a to the first j of b
  const row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const kept = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = row[j]!;
      row[j] = Math.min(kept, diagonal + 1, row[j - 1]! + 1);
    }
  }
  return row[b.length]!;
}

/**
 * Error rates against the nearest of several references; of several as near, the longest.
 *
 * @param hypotheses tokens of each sequence
 * @param references for each sequence the token lists that are right
 * @returns fractions, and the counts they are made of
 * @throws RangeError where there are none, not as many of both, or a sequence without references
 */
export function errorRates(
  hypotheses: readonly (readonly unknown[])[],
  references: readonly (readonly (readonly unknown[])[])[],
): ErrorRates {
  checkLengths('errorRates', hypotheses, references);
  let [wrong, edits, length] = [0, 0, 0];
  hypotheses.forEach((hypothesis, i) => {
    let [best, tokens] = [Infinity, 0];
    for (const reference of references[i]!) {
      const distance = editDistance(hypothesis, reference);
      if (distance > best || (distance === best && reference.length <= tokens)) continue;
      [best, tokens] = [distance, reference.length];
    }
    if (best === Infinity)
      throw new RangeError(`errorRates: sequence ${i} has no references, expected 1 or more`);
    if (best > 0) wrong++;
    edits += best;
    length += tokens;
  });
  const tokens = length === 0 ? (edits === 0 ? 0 : 1) : edits / length;
  return { sequences: wrong / hypotheses.length, tokens, wrong, edits, length };
}
