/**
 * What the references of the three recurrent layers share: the walk through time, and the products
 * done outside the time loop.
 */

/** One layer in one direction over a whole sequence. */
export interface Sequence {
  T: number;
  B: number;
  H: number;
  /** Walk t = T−1 … 0. */
  reverse?: boolean;
  /** [B] At t ≥ lengths[b] row b is frozen: the state stands still and y is 0. */
  lengths?: ArrayLike<number> | undefined;
  /** [T, B] Where 1, the state used at (t, b) is zero. A frozen row ignores it. */
  resets?: ArrayLike<number> | undefined;
}

export const frozen = ({ lengths }: Sequence, t: number, b: number): boolean =>
  lengths !== undefined && t >= lengths[b]!;
export const restarts = ({ resets, B }: Sequence, t: number, b: number): boolean =>
  resets?.[t * B + b] === 1;

/** The times in the order in which the forward pass visits them. */
export function walk({ T, reverse }: Sequence): number[] {
  const times = Array.from({ length: T }, (_, t) => t);
  return reverse ? times.reverse() : times;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Σₖ w[row, k]·v[k]   w [·, K], v [K] */
export function dot(w: Float64Array, row: number, v: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < v.length; k++) sum += w[row * v.length + k]! * v[k]!;
  return sum;
}

/** The input's part of the gates: x·Wᵀ + Σ biases.   x [N, I], w [G, I], biases [G] → [N, G] */
export function project(
  x: Float64Array,
  w: Float64Array,
  biases: Float64Array[],
  I: number,
): Float64Array {
  const G = w.length / I;
  const a = new Float64Array((x.length / I) * G);
  for (let n = 0; n < a.length / G; n++) {
    const row = x.slice(n * I, (n + 1) * I);
    for (let g = 0; g < G; g++)
      a[n * G + g] = biases.reduce((sum, b) => sum + b[g]!, dot(w, g, row));
  }
  return a;
}

/** daᵀ·x, the gradient of w in a = x·wᵀ.   da [N, G], x [N, K] → [G, K] */
export function weightGradient(
  da: ArrayLike<number>,
  x: ArrayLike<number>,
  G: number,
  K: number,
): Float64Array {
  const dw = new Float64Array(G * K);
  for (let n = 0; n < da.length / G; n++)
    for (let g = 0; g < G; g++)
      for (let k = 0; k < K; k++) dw[g * K + k]! += da[n * G + g]! * x[n * K + k]!;
  return dw;
}

/** da·w, the gradient of x in a = x·wᵀ.   da [N, G], w [G, K] → [N, K] */
export function inputGradient(
  da: ArrayLike<number>,
  w: ArrayLike<number>,
  G: number,
  K: number,
): Float64Array {
  const dx = new Float64Array((da.length / G) * K);
  for (let n = 0; n < da.length / G; n++)
    for (let g = 0; g < G; g++)
      for (let k = 0; k < K; k++) dx[n * K + k]! += da[n * G + g]! * w[g * K + k]!;
  return dx;
}

/** Column sums, the gradient of a bias.   da [N, G] → [G] */
export function biasGradient(da: ArrayLike<number>, G: number): Float64Array {
  const db = new Float64Array(G);
  for (let i = 0; i < da.length; i++) db[i % G]! += da[i]!;
  return db;
}
