/** One row by 8-bit weights in plain f64 loops: y[n] + scale[n]·Σₖ q[n, k]·x[k]. */
export function gemvInt8(
  y: ArrayLike<number>,
  q: ArrayLike<number>,
  scale: ArrayLike<number>,
  x: ArrayLike<number>,
): Float64Array {
  const K = x.length;
  return Float64Array.from(y, (start, n) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += q[n * K + k]! * x[k]!;
    return start + scale[n]! * sum;
  });
}
