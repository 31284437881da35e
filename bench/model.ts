/** The language models that train.bench.ts and sample.bench.ts measure. */
import { lm, type nn } from '../src/index.js';
import { vocabulary } from './data.js';

export interface Size {
  cell: 'lstm' | 'gru';
  /** Vocabulary. */
  V: number;
  /** Hidden size, and that of the embedding. */
  H: number;
  layers: number;
}

export function model({ cell, V, H, layers }: Size, softmax?: nn.Softmax): lm.RecurrentLM {
  return new lm.RecurrentLM({ vocab: vocabulary(V), cell, embeddingSize: H, hiddenSize: H, layers, softmax });
}

/**
 * Operations of one token's matrix products, forward: two for each weight. Training takes three times that: outputs, dX, dW.
 *
 * @param output weights of the output layer that a token sees; default: all of a full one
 */
export function flopPerToken({ cell, V, H, layers }: Size, output = V * H): number {
  const gates = cell === 'lstm' ? 4 : 3;
  return 2 * (layers * gates * H * 2 * H + output);
}

export const label = ({ cell, V, H, layers }: Size): string => `${cell} ${V}/${H}×${layers}`;
