export interface AdadeltaOptions {
  lr: number;
  rho?: number;
  eps?: number;
  weightDecay?: number;
}

/** torch.optim.Adadelta, one step in place. */
export function adadeltaStep(
  p: Float64Array,
  g: Float64Array,
  square: Float64Array,
  delta: Float64Array,
  { lr, rho = 0.9, eps = 1e-6, weightDecay = 0 }: AdadeltaOptions,
): void {
  for (let i = 0; i < p.length; i++) {
    const d = g[i]! + weightDecay * p[i]!;
    square[i] = rho * square[i]! + (1 - rho) * d * d;
    const r = (Math.sqrt(delta[i]! + eps) / Math.sqrt(square[i]! + eps)) * d;
    delta[i] = rho * delta[i]! + (1 - rho) * r * r;
    p[i] = p[i]! - lr * r;
  }
}
