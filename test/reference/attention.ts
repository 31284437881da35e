/** Attention in plain f64 loops. */
type Numbers = ArrayLike<number>;

/** Sizes of one call. */
export interface Sizes {
  T: number;
  B: number;
  S: number;
  A: number;
  H: number;
  lengths?: Numbers | undefined;
}

/**
 * query [T, B, A], keys [S, B, A], values [S, B, H], v [A] or null →
 * context [T, B, H], weights [T, B, S]
 */
export function attention(
  query: Numbers,
  keys: Numbers,
  values: Numbers,
  v: Numbers | null,
  { T, B, S, A, H, lengths }: Sizes,
): { context: Float64Array; weights: Float64Array } {
  const context = new Float64Array(T * B * H);
  const weights = new Float64Array(T * B * S);
  for (let row = 0; row < T * B; row++) {
    const b = row % B;
    const scores = Array.from({ length: lengths?.[b] ?? S }, (_, s) => {
      let sum = 0;
      for (let a = 0; a < A; a++) {
        const [q, k] = [query[row * A + a]!, keys[(s * B + b) * A + a]!];
        sum += v ? v[a]! * Math.tanh(q + k) : q * k;
      }
      return sum;
    });
    const most = Math.max(...scores);
    const total = scores.reduce((all, score) => all + Math.exp(score - most), 0);
    scores.forEach((score, s) => {
      const weight = Math.exp(score - most) / total;
      weights[row * S + s] = weight;
      for (let h = 0; h < H; h++) context[row * H + h]! += weight * values[(s * B + b) * H + h]!;
    });
  }
  return { context, weights };
}
