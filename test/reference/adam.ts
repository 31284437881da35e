export interface AdamOptions {
  lr: number;
  beta1?: number;
  beta2?: number;
  eps?: number;
  weightDecay?: number;
  decoupled?: boolean;
}

/**
 * torch.optim.Adam, or AdamW if `decoupled`, step `t` (from 1) in place. `vmax` present: AMSGrad.
 */
export function adamStep(
  p: Float64Array,
  g: Float64Array,
  m: Float64Array,
  v: Float64Array,
  vmax: Float64Array | undefined,
  t: number,
  { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0, decoupled = false }: AdamOptions,
): void {
  for (let i = 0; i < p.length; i++) {
    if (decoupled) p[i] = p[i]! * (1 - lr * weightDecay);
    const d = decoupled ? g[i]! : g[i]! + weightDecay * p[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * d;
    v[i] = beta2 * v[i]! + (1 - beta2) * d * d;
    let w = v[i]!;
    if (vmax) w = vmax[i] = Math.max(vmax[i]!, w);
    const denominator = Math.sqrt(w) / Math.sqrt(1 - beta2 ** t) + eps;
    p[i] = p[i]! - ((lr / (1 - beta1 ** t)) * m[i]!) / denominator;
  }
}
