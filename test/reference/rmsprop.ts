export interface RmspropOptions {
  lr: number;
  alpha?: number;
  eps?: number;
  weightDecay?: number;
  momentum?: number;
}

/**
 * torch.optim.RMSprop, one step in place. `mean` absent: not centered; `buffer` absent: no
 * momentum.
 */
export function rmspropStep(
  p: Float64Array,
  g: Float64Array,
  square: Float64Array,
  mean: Float64Array | undefined,
  buffer: Float64Array | undefined,
  { lr, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 }: RmspropOptions,
): void {
  for (let i = 0; i < p.length; i++) {
    const d = g[i]! + weightDecay * p[i]!;
    square[i] = alpha * square[i]! + (1 - alpha) * d * d;
    let variance = square[i]!;
    if (mean) {
      mean[i] = alpha * mean[i]! + (1 - alpha) * d;
      variance -= mean[i]! * mean[i]!;
    }
    let r = d / (Math.sqrt(variance) + eps);
    if (buffer) r = buffer[i] = momentum * buffer[i]! + r;
    p[i] = p[i]! - lr * r;
  }
}
