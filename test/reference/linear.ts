/** The linear layer in plain f64 loops: Y = X·Wᵀ + b (1), over N rows. */
export interface LinearSizes {
  N: number;
  I: number;
  O: number;
}

/** (1): y [N, O] from x [N, I], w [O, I], b [O]. */
export function linearForward(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array,
  { N, I, O }: LinearSizes,
): Float64Array {
  const y = new Float64Array(N * O);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      let sum = b[o]!;
      for (let i = 0; i < I; i++) sum += x[n * I + i]! * w[o * I + i]!;
      y[n * O + o] = sum;
    }
  }
  return y;
}

/** ∂(1): dX = dY·W, dW = dYᵀ·X, db = Σₙ dY. */
export function linearBackward(
  dy: Float64Array,
  x: Float64Array,
  w: Float64Array,
  { N, I, O }: LinearSizes,
): { dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const dx = new Float64Array(N * I),
    dw = new Float64Array(O * I),
    db = new Float64Array(O);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      const d = dy[n * O + o]!;
      db[o]! += d;
      for (let i = 0; i < I; i++) {
        dx[n * I + i]! += d * w[o * I + i]!;
        dw[o * I + i]! += d * x[n * I + i]!;
      }
    }
  }
  return { dx, dw, db };
}
