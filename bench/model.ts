/** The language models that train.bench.ts and sample.bench.ts measure. */
import { lm } from '../src/index.js';
import { vocabulary } from './data.js';

export interface Size {
  cell: 'lstm' | 'gru';
  /** Vocabulary. */
  V: number;
  /** Hidden size, and that of the embedding. */
  H: number;
  layers: number;
}

export function model({ cell, V, H, layers }: Size): lm.RecurrentLM {
  return new lm.RecurrentLM({ vocab: vocabulary(V), cell, embeddingSize: H, hiddenSize: H, layers });
}

/** Operations of one token's matrix products, forward: two for each weight. Training takes three times that: outputs, dX, dW. */
export function flopPerToken({ cell, V, H, layers }: Size): number {
  const gates = cell === 'lstm' ? 4 : 3;
  return 2 * (layers * gates * H * 2 * H + V * H);
}

export const label = ({ cell, V, H, layers }: Size): string => `${cell} ${V}/${H}×${layers}`;
