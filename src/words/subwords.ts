/** Parts of words: fastText's character n-grams (Bojanowski et al. 2017, arXiv:1607.04606). */
import { encodeUtf8 } from '../text/tokenize.js';

/** Which n-grams of a word have vectors of their own. */
export interface SubwordOptions {
  /** Fewest characters, `<` and `>` around the word among them. Default: 3. */
  min?: number;
  /** Most characters. Default: 6. */
  max?: number;
  /** N-grams share so many vectors, by their hash. Default: 2,000,000. */
  buckets?: number;
}

/**
 * FNV-1a over the bytes as fastText computes it: each is sign-extended to 32 bits, which its files
 * have kept.
 */
export function fnv1a(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ ((byte << 24) >> 24), 0x01000193);
  return h >>> 0;
}

/**
 * The buckets of a word's n-grams, in fastText's order: of `<word>`, by first character, then by
 * length; single `<` and `>` are none.
 */
export function subwords(word: string, { min, max, buckets }: Required<SubwordOptions>): number[] {
  const characters = [...`<${word}>`];
  const result: number[] = [];
  for (let from = 0; from < characters.length; from++)
    for (let n = 1; n <= max && from + n <= characters.length; n++) {
      if (n < min || (n === 1 && (from === 0 || from + n === characters.length))) continue;
      result.push(fnv1a(encodeUtf8(characters.slice(from, from + n).join(''))) % buckets);
    }
  return result;
}
