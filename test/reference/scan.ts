/** Y = Q·Wᵀ.   queries [Q, K], rows [M, K] → Y [Q, M] */
export function scan(rows: ArrayLike<number>, queries: ArrayLike<number>, K: number): Float64Array {
  const M = rows.length / K;
  const y = new Float64Array((queries.length / K) * M);
  for (let q = 0; q * K < queries.length; q++)
    for (let m = 0; m < M; m++)
      for (let k = 0; k < K; k++) y[q * M + m]! += rows[m * K + k]! * queries[q * K + k]!;
  return y;
}
