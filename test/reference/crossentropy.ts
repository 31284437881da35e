import { logSoftmax } from './softmax.js';

interface Options {
  ignoreIndex: number;
  smoothing: number;
}

/** Loss of each row: (1 − ε)·(−ln pₜ) + ε·mean over classes of −ln p; 0 where ignored. */
export function crossEntropy(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  N: number,
  C: number,
  { ignoreIndex, smoothing }: Options,
): Float64Array {
  const logp = logSoftmax(logits, N, C);
  const losses = new Float64Array(N);
  for (let n = 0; n < N; n++) {
    const t = targets[n]!;
    if (t === ignoreIndex) continue;
    let mean = 0;
    for (let j = 0; j < C; j++) mean -= logp[n * C + j]! / C;
    losses[n] = -(1 - smoothing) * logp[n * C + t]! + smoothing * mean;
  }
  return losses;
}

/** dx = dloss·(p − ε/C − (1 − ε)·[j = t]) */
export function crossEntropyBackward(
  dloss: ArrayLike<number>,
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  N: number,
  C: number,
  { ignoreIndex, smoothing }: Options,
): Float64Array {
  const logp = logSoftmax(logits, N, C);
  const dx = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    if (targets[n] === ignoreIndex) continue;
    for (let j = 0; j < C; j++) {
      dx[n * C + j] =
        dloss[n]! *
        (Math.exp(logp[n * C + j]!) - smoothing / C - (j === targets[n] ? 1 - smoothing : 0));
    }
  }
  return dx;
}

export function nll(
  logp: ArrayLike<number>,
  targets: ArrayLike<number>,
  N: number,
  C: number,
  ignoreIndex: number,
): Float64Array {
  return Float64Array.from({ length: N }, (_, n) =>
    targets[n] === ignoreIndex ? 0 : -logp[n * C + targets[n]!]!,
  );
}

export function nllBackward(
  dloss: ArrayLike<number>,
  targets: ArrayLike<number>,
  N: number,
  C: number,
  ignoreIndex: number,
): Float64Array {
  const dlogp = new Float64Array(N * C);
  for (let n = 0; n < N; n++)
    if (targets[n] !== ignoreIndex) dlogp[n * C + targets[n]!] = -dloss[n]!;
  return dlogp;
}
