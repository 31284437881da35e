/** Y = A·X.   A [M, ·] in compressed rows, X [·, K] → Y [M, K] */
export function csrDense(
  starts: ArrayLike<number>,
  columns: ArrayLike<number>,
  values: ArrayLike<number>,
  x: Float64Array,
  K: number,
): Float64Array {
  const M = starts.length - 1;
  const y = new Float64Array(M * K);
  for (let m = 0; m < M; m++)
    for (let i = starts[m]!; i < starts[m + 1]!; i++)
      for (let k = 0; k < K; k++)
        y[m * K + k] = y[m * K + k]! + values[i]! * x[columns[i]! * K + k]!;
  return y;
}
