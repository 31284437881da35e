export interface AdagradOptions {
  lr: number;
  weightDecay?: number;
  eps?: number;
}

/** torch.optim.Adagrad, one step in place; `lr` is already decayed. */
export function adagradStep(
  p: Float64Array,
  g: Float64Array,
  sum: Float64Array,
  { lr, weightDecay = 0, eps = 1e-10 }: AdagradOptions,
): void {
  for (let i = 0; i < p.length; i++) {
    const d = g[i]! + weightDecay * p[i]!;
    sum[i] = sum[i]! + d * d;
    p[i] = p[i]! - (lr * d) / (Math.sqrt(sum[i]!) + eps);
  }
}
