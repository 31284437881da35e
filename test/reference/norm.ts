type Numbers = ArrayLike<number>;

export interface LayerNorm {
  y: Float64Array;
  mean: Float64Array;
  rstd: Float64Array;
}

/** x̂ = (x − μ) / √(σ² + ε), y = x̂·w + b, row by row.   x [N, C], w, b [C] or absent */
export function layerNorm(
  x: Numbers,
  w: Numbers | undefined,
  b: Numbers | undefined,
  N: number,
  C: number,
  eps: number,
): LayerNorm {
  const [y, mean, rstd] = [new Float64Array(N * C), new Float64Array(N), new Float64Array(N)];
  for (let n = 0; n < N; n++) {
    for (let j = 0; j < C; j++) mean[n]! += x[n * C + j]! / C;
    let variance = 0;
    for (let j = 0; j < C; j++) variance += (x[n * C + j]! - mean[n]!) ** 2 / C;
    rstd[n] = 1 / Math.sqrt(variance + eps);
    for (let j = 0; j < C; j++)
      y[n * C + j] = (x[n * C + j]! - mean[n]!) * rstd[n]! * (w?.[j] ?? 1) + (b?.[j] ?? 0);
  }
  return { y, mean, rstd };
}

/** Gradients of x, w and b. */
export function layerNormBackward(
  dy: Numbers,
  x: Numbers,
  { mean, rstd }: LayerNorm,
  w: Numbers | undefined,
  N: number,
  C: number,
) {
  const [dx, dw, db] = [new Float64Array(N * C), new Float64Array(C), new Float64Array(C)];
  for (let n = 0; n < N; n++) {
    let meanD = 0;
    let meanDot = 0;
    const xhat = (j: number) => (x[n * C + j]! - mean[n]!) * rstd[n]!;
    for (let j = 0; j < C; j++) {
      const d = dy[n * C + j]! * (w?.[j] ?? 1);
      meanD += d / C;
      meanDot += (d * xhat(j)) / C;
      dw[j]! += dy[n * C + j]! * xhat(j);
      db[j]! += dy[n * C + j]!;
    }
    for (let j = 0; j < C; j++)
      dx[n * C + j] = rstd[n]! * (dy[n * C + j]! * (w?.[j] ?? 1) - meanD - xhat(j) * meanDot);
  }
  return { dx, dw, db };
}
