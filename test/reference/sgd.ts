export interface SgdOptions {
  lr: number;
  momentum?: number;
  dampening?: number;
  weightDecay?: number;
  nesterov?: boolean;
}

/** torch.optim.SGD, one step in place. `buffer` absent: no momentum. */
export function sgdStep(
  p: Float64Array,
  g: Float64Array,
  buffer: Float64Array | undefined,
  {
    lr,
    momentum = 0,
    dampening = 0,
    weightDecay = 0,
    nesterov = false,
    first,
  }: SgdOptions & { first: boolean },
): void {
  for (let i = 0; i < p.length; i++) {
    let d = g[i]! + weightDecay * p[i]!;
    if (buffer) {
      buffer[i] = first ? d : momentum * buffer[i]! + (1 - dampening) * d;
      d = nesterov ? d + momentum * buffer[i]! : buffer[i]!;
    }
    p[i] = p[i]! - lr * d;
  }
}
