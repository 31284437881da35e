/** assembly/words/panel.ts in plain loops. */

/** A·Bᵀ: a [M, n], b [N, n]. */
export function productsOf(a: ArrayLike<number>, b: ArrayLike<number>, n: number): Float64Array {
  const [M, N] = [a.length / n, b.length / n];
  const c = new Float64Array(M * N);
  for (let i = 0; i < M; i++)
    for (let j = 0; j < N; j++)
      for (let k = 0; k < n; k++) c[i * N + j]! += a[i * n + k]! * b[j * n + k]!;
  return c;
}

/** C·X: c [M, N], x [N, n]. */
export function combinationOf(c: ArrayLike<number>, x: ArrayLike<number>, n: number): Float64Array {
  const N = x.length / n;
  const M = c.length / N;
  const y = new Float64Array(M * n);
  for (let i = 0; i < M; i++)
    for (let j = 0; j < N; j++)
      for (let k = 0; k < n; k++) y[i * n + k]! += c[i * N + j]! * x[j * n + k]!;
  return y;
}
