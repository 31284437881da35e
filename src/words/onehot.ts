/** Words as vectors without meaning: a dimension for each. */
import { Vectors } from './vectors.js';

/**
 * One-hot vectors: word i has 1 in dimension i and 0 elsewhere. Every two of them are orthogonal
 * and as far apart as any other two (cosine 0, distance √2): they tell words apart and say nothing
 * about how words are related, which is what learned vectors are for. A product with such a vector
 * is the look-up of a row, and that is how an embedding layer computes it.
 *
 * @throws RangeError for a word that stands there twice
 */
export function oneHot(words: readonly string[]): Vectors {
  const size = words.length;
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return new Vectors({ words, size: Math.max(1, size), data });
}
