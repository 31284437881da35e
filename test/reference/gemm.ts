/** C[m·cRow + n] (+)= Σ_k A[m·aRow + k·aCol]·B[k·bRow + n·bCol] in plain f64 loops. */
export interface Product {
  M: number;
  N: number;
  K: number;
  cRow: number;
  aRow: number;
  aCol: number;
  bRow: number;
  bCol: number;
  add: boolean;
}

export function gemm(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  { M, N, K, cRow, aRow, aCol, bRow, bCol, add }: Product,
): void {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[m * aRow + k * aCol]! * b[k * bRow + n * bCol]!;
      c[m * cRow + n] = add ? c[m * cRow + n]! + sum : sum;
    }
  }
}
