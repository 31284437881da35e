/** Varimax: a rotation after which each row belongs to few columns, so that columns can be read. */

/** Rounds over all pairs of dimensions at most; ten or twenty are usual. */
const ROUNDS = 50;
/** Rotations by a smaller sine than this change no word's place in a topic that can be seen. */
const STILL = 1e-3;

/**
 * Rotates dimensions, two at a time, until the variance of the squared loadings is largest (Kaiser
 * 1958). For loadings x, y of two dimensions, with u = x² − y² and v = 2xy, the best angle φ has
 *
 *   tan 4φ = (2·Σuv − 2·Σu·Σv / n) / (Σ(u² − v²) − ((Σu)² − (Σv)²) / n)
 *
 * Afterwards the third moment of each dimension is positive: its large loadings are.
 *
 * @param loadings [k, n] one dimension a row: rotated in place
 * @param others [k, m] rotated alike, in place
 */
export function varimax(loadings: Float64Array, others: Float64Array, k: number): void {
  const n = loadings.length / k;
  for (let round = 0, turned = true; turned && round < ROUNDS; round++) {
    turned = false;
    for (let a = 0; a < k; a++)
      for (let b = a + 1; b < k; b++) {
        const [cos, sin] = bestRotation(row(loadings, a, n), row(loadings, b, n));
        if (Math.abs(sin) < STILL) continue;
        turned = true;
        rotate(row(loadings, a, n), row(loadings, b, n), cos, sin);
        const m = others.length / k;
        rotate(row(others, a, m), row(others, b, m), cos, sin);
      }
  }
  for (let a = 0; a < k; a++) {
    const skew = row(loadings, a, n).reduce((sum, value) => sum + value ** 3, 0);
    if (skew >= 0) continue;
    for (const each of [row(loadings, a, n), row(others, a, others.length / k)])
      for (let i = 0; i < each.length; i++) each[i]! *= -1;
  }
}

const row = (matrix: Float64Array, index: number, length: number): Float64Array =>
  matrix.subarray(index * length, (index + 1) * length);

/** cos φ and sin φ, by half angles: without functions whose last bits engines differ in. */
function bestRotation(x: Float64Array, y: Float64Array): [cos: number, sin: number] {
  let [su, sv, square, mixed] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const u = x[i]! * x[i]! - y[i]! * y[i]!;
    const v = 2 * x[i]! * y[i]!;
    su += u;
    sv += v;
    square += u * u - v * v;
    mixed += 2 * u * v;
  }
  const up = mixed - (2 * su * sv) / x.length;
  const across = square - (su * su - sv * sv) / x.length;
  const length = Math.sqrt(up * up + across * across);
  if (length === 0) return [1, 0];
  const half = (cos: number, sin: number): [number, number] => {
    const c = Math.sqrt(Math.max(0, (1 + cos) / 2));
    const s = Math.sqrt(Math.max(0, (1 - cos) / 2));
    return [c, sin < 0 ? -s : s];
  };
  const [cos2, sin2] = half(across / length, up / length);
  return half(cos2, sin2);
}

function rotate(x: Float64Array, y: Float64Array, cos: number, sin: number): void {
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i]!, y[i]!];
    x[i] = cos * a + sin * b;
    y[i] = cos * b - sin * a;
  }
}
