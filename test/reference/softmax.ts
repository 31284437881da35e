/** Row by row over x [N, C]. */

export function softmax(x: ArrayLike<number>, N: number, C: number): Float64Array {
  return logSoftmax(x, N, C).map(Math.exp);
}

/** dx = y·(dy − Σ dy·y) */
export function softmaxBackward(
  dy: ArrayLike<number>,
  y: ArrayLike<number>,
  N: number,
  C: number,
): Float64Array {
  const dx = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    let s = 0;
    for (let j = 0; j < C; j++) s += dy[n * C + j]! * y[n * C + j]!;
    for (let j = 0; j < C; j++) dx[n * C + j] = y[n * C + j]! * (dy[n * C + j]! - s);
  }
  return dx;
}

export function logSoftmax(x: ArrayLike<number>, N: number, C: number): Float64Array {
  const y = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    let max = -Infinity;
    for (let j = 0; j < C; j++) max = Math.max(max, x[n * C + j]!);
    let sum = 0;
    for (let j = 0; j < C; j++) sum += Math.exp(x[n * C + j]! - max);
    for (let j = 0; j < C; j++) y[n * C + j] = x[n * C + j]! - max - Math.log(sum);
  }
  return y;
}

/** dx = dy − exp(y)·Σ dy */
export function logSoftmaxBackward(
  dy: ArrayLike<number>,
  y: ArrayLike<number>,
  N: number,
  C: number,
): Float64Array {
  const dx = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    let s = 0;
    for (let j = 0; j < C; j++) s += dy[n * C + j]!;
    for (let j = 0; j < C; j++) dx[n * C + j] = dy[n * C + j]! - Math.exp(y[n * C + j]!) * s;
  }
  return dx;
}
