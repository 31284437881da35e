/** Losses element by element, in f64. */

/** y = (a − b)² */
export function mse(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((v, i) => (v - b[i]!) ** 2);
}

/** da += 2·dy·(a − b),   db −= 2·dy·(a − b) */
export function mseBackward(
  da: Float64Array,
  db: Float64Array,
  dy: Float64Array,
  a: Float64Array,
  b: Float64Array,
): void {
  for (let i = 0; i < dy.length; i++) {
    da[i]! += 2 * dy[i]! * (a[i]! - b[i]!);
    db[i]! -= 2 * dy[i]! * (a[i]! - b[i]!);
  }
}

/** y = −t·ln σ(x) − (1 − t)·ln(1 − σ(x)), with −ln σ(x) = ln(1 + e⁻ˣ) */
export function bceLogits(x: Float64Array, t: Float64Array): Float64Array {
  return x.map((v, i) => t[i]! * Math.log1p(Math.exp(-v)) + (1 - t[i]!) * Math.log1p(Math.exp(v)));
}

/** dx += dy·(σ(x) − t) */
export function bceLogitsBackward(
  dx: Float64Array,
  dy: Float64Array,
  x: Float64Array,
  t: Float64Array,
): void {
  for (let i = 0; i < dy.length; i++) dx[i]! += dy[i]! * (1 / (1 + Math.exp(-x[i]!)) - t[i]!);
}
