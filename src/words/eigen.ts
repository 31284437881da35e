/** Eigenvalues and eigenvectors of dense symmetric matrices, f64. */

/**
 * All eigenvalues of a symmetric matrix, falling, and their vectors: Householder's reduction to
 * tridiagonal form, then QL with implicit shifts (Golub & Van Loan, Matrix Computations, 8.3).
 * O(n³): a second for n = 500.
 *
 * @param matrix [n, n], row by row; it is overwritten
 * @returns values [n]; vectors [n, n], one a row
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const a = matrix;
  const d = new Float64Array(n); // diagonal
  const e = new Float64Array(n); // below it, from 1
  const v = new Float64Array(n * n); // rows: basis vectors, accumulated
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const h = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    // reflect column k below the diagonal onto its first element
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += a[i * n + k]! ** 2;
    const below = norm - a[(k + 1) * n + k]! ** 2;
    if (below === 0) continue;
    const alpha = -Math.sign(a[(k + 1) * n + k]! || 1) * Math.sqrt(norm);
    let length = 0;
    for (let i = k + 1; i < n; i++) {
      h[i] = a[i * n + k]! - (i === k + 1 ? alpha : 0);
      length += h[i]! ** 2;
    }
    const beta = 2 / length;
    // A ← (1 − β·h·hᵀ)·A·(1 − β·h·hᵀ), of which only rows and columns from k on change
    let dot = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j]! * h[j]!;
      p[i] = beta * sum;
      if (i > k) dot += p[i]! * h[i]!;
    }
    const half = (beta * dot) / 2;
    for (let i = k + 1; i < n; i++) p[i]! -= half * h[i]!;
    for (let i = k + 1; i < n; i++)
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= h[i]! * p[j]! + p[i]! * h[j]!;
    a[(k + 1) * n + k] = a[k * n + k + 1] = alpha;
    for (let i = k + 2; i < n; i++) a[i * n + k] = a[k * n + i] = 0;
    // V ← (1 − β·h·hᵀ)·V, V's rows being the basis
    p.fill(0);
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) p[j]! += h[i]! * v[i * n + j]!;
    for (let i = k + 1; i < n; i++) {
      const s = beta * h[i]!;
      for (let j = 0; j < n; j++) v[i * n + j]! -= s * p[j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    d[i] = a[i * n + i]!;
    if (i > 0) e[i - 1] = a[i * n + i - 1]!;
  }
  for (let l = 0; l < n; l++) {
    for (let turn = 0; ; turn++) {
      let m = l;
      for (; m < n - 1; m++) {
        const scale = Math.abs(d[m]!) + Math.abs(d[m + 1]!);
        if (Math.abs(e[m]!) <= Number.EPSILON * scale) break;
      }
      if (m === l) break;
      if (turn === 60) throw new Error('symmetricEigen: no convergence after 60 turns');
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let shift = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - shift;
        r = (d[i]! - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        for (let j = 0, x = i * n, y = (i + 1) * n; j < n; j++, x++, y++) {
          const t = v[y]!;
          v[y] = s * v[x]! + c * t;
          v[x] = c * v[x]! - s * t;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l]! -= shift;
      e[l] = g;
      e[m] = 0;
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => d[j]! - d[i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(v.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, i => d[i]!), vectors };
}
