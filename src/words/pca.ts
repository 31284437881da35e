/** Principal components of word vectors. */
import { checkOptions } from '../runtime/options.js';
import { symmetricEigen } from './eigen.js';
import type { Vectors } from './vectors.js';

/** Options of `pca`. */
export interface PcaOptions {
  /** Components. Default: 2. */
  size?: number;
}

/** Places of words along the directions in which they differ most. */
export interface Pca {
  /** [words, size] row by row. */
  positions: Float64Array;
  /** [size] the share of the variance that each component has, falling. */
  explained: Float64Array;
}

/**
 * The unit vectors of words, [words, vectors.size].
 *
 * @throws RangeError naming words without a vector
 */
export function unitVectors(who: string, vectors: Vectors, names: readonly string[]): Float64Array {
  const unknown = names.filter(name => !vectors.has(name));
  if (unknown.length > 0)
    throw new RangeError(
      `${who}: no vector for ${unknown.map(name => JSON.stringify(name)).join(', ')}`,
    );
  const D = vectors.size;
  const units = new Float64Array(names.length * D);
  names.forEach((name, n) => {
    const vector = vectors.get(name)!;
    let square = 0;
    for (const value of vector) square += value * value;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let d = 0; d < D; d++) units[n * D + d] = vector[d]! * scale;
  });
  return units;
}

/**
 * Principal components analysis of words' unit vectors: the directions of largest variance about
 * their mean, by eigenvectors of the covariance matrix. Each component's largest place is positive.
 *
 *     const { positions } = words.pca(vectors, ['king', 'queen', 'man', 'woman']);
 *
 * @throws RangeError for words without a vector, or more components than words or numbers
 */
export function pca(vectors: Vectors, names: readonly string[], options: PcaOptions = {}): Pca {
  checkOptions('pca', options, { size: true });
  const { size = 2 } = options;
  const [N, D] = [names.length, vectors.size];
  if (!(Number.isInteger(size) && size >= 1 && size <= Math.min(N, D)))
    throw new RangeError(
      `pca: size is ${size}, expected a whole number from 1 to ${Math.min(N, D)}, the smaller of ` +
        'words and numbers in a vector',
    );
  const x = unitVectors('pca', vectors, names);
  for (let d = 0; d < D; d++) {
    let mean = 0;
    for (let n = 0; n < N; n++) mean += x[n * D + d]! / N;
    for (let n = 0; n < N; n++) x[n * D + d]! -= mean;
  }
  // of X·Xᵀ and Xᵀ·X, which have the same eigenvalues, the smaller one
  const byWords = N < D;
  const side = byWords ? N : D;
  const gram = new Float64Array(side * side);
  for (let i = 0; i < side; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      if (byWords) for (let d = 0; d < D; d++) sum += x[i * D + d]! * x[j * D + d]!;
      else for (let n = 0; n < N; n++) sum += x[n * D + i]! * x[n * D + j]!;
      gram[i * side + j] = gram[j * side + i] = sum;
    }
  let total = 0;
  for (let i = 0; i < side; i++) total += gram[i * side + i]!;
  const { values, vectors: basis } = symmetricEigen(gram, side);
  const positions = new Float64Array(N * size);
  for (let k = 0; k < size; k++) {
    const axis = basis.subarray(k * side, (k + 1) * side);
    const length = Math.sqrt(Math.max(0, values[k]!));
    let largest = 0;
    for (let n = 0; n < N; n++) {
      let place = 0;
      if (byWords) place = axis[n]! * length;
      else for (let d = 0; d < D; d++) place += x[n * D + d]! * axis[d]!;
      positions[n * size + k] = place;
      if (Math.abs(place) > Math.abs(largest)) largest = place;
    }
    if (largest < 0) for (let n = 0; n < N; n++) positions[n * size + k]! *= -1;
  }
  const explained = Float64Array.from({ length: size }, (_, k) =>
    total > 0 ? Math.max(0, values[k]!) / total : 0,
  );
  return { positions, explained };
}
