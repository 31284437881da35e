/** One word or context in GloVe: vector, sums of squares of its steps, bias, the same of it. */
export interface GloveRow {
  p: number[];
  g: number[];
  b: number;
  gb: number;
}

/** GloVe over pairs in plain loops and f64, with sums of squares, roots and divisions; the loss. */
export function glove(
  pairs: readonly (readonly [word: number, context: number, lnX: number, weight: number])[],
  words: GloveRow[],
  contexts: GloveRow[],
  rate: number,
): number {
  let loss = 0;
  const limited = (x: number): number => Math.max(-100, Math.min(100, x));
  for (const [i, j, lnX, weight] of pairs) {
    const [w, c] = [words[i]!, contexts[j]!];
    const d = w.p.reduce((sum, x, k) => sum + x * c.p[k]!, 0) + w.b + c.b - lnX;
    const f = weight * d;
    loss += 0.5 * f * d;
    const [tw, tc] = [c.p.map(x => rate * limited(f * x)), w.p.map(x => rate * limited(f * x))];
    for (const [row, t] of [
      [w, tw],
      [c, tc],
    ] as const) {
      // biome-ignore format: one line
      t.forEach((step, k) => {
        row.p[k]! -= step / Math.sqrt(row.g[k]!);
        row.g[k]! += step * step;
      });
      const step = limited(f); // without the rate, as Stanford's
      row.b -= step / Math.sqrt(row.gb);
      row.gb += step * step;
    }
  }
  return loss;
}
