/** Reductions along the middle axis of x [outer, n, inner], in f64. */

export interface Shape {
  outer: number;
  n: number;
  inner: number;
}

/** y = Σₖ x[·, k, ·] */
export function sum(x: Float64Array, { outer, n, inner }: Shape): Float64Array {
  const y = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < n; k++)
      for (let i = 0; i < inner; i++) y[o * inner + i]! += x[(o * n + k) * inner + i]!;
  return y;
}

/** y = maxₖ x[·, k, ·] and the first k that attains it; the first NaN wins over any number. */
export function max(
  x: Float64Array,
  { outer, n, inner }: Shape,
): { y: Float64Array; index: Int32Array } {
  const y = new Float64Array(outer * inner);
  const index = new Int32Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const values = Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i]!);
      const firstNaN = values.findIndex(Number.isNaN);
      const k = firstNaN >= 0 ? firstNaN : values.indexOf(Math.max(...values));
      y[o * inner + i] = values[k]!;
      index[o * inner + i] = k;
    }
  return { y, index };
}

/** dx[·, index, ·] += dy */
export function maxBackward(
  dx: Float64Array,
  dy: Float64Array,
  index: Int32Array,
  { outer, n, inner }: Shape,
): void {
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      dx[(o * n + index[o * inner + i]!) * inner + i]! += dy[o * inner + i]!;
}
