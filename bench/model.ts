/** The language models that train.bench.ts and sample.bench.ts measure. */
import { lm } from '../src/index.js';
import { vocabulary } from './data.js';
import type { Size } from './jobs.js';

export function model({ cell, V, H, layers }: Size, softmax?: lm.Softmax): lm.RecurrentLM {
  return new lm.RecurrentLM({
    vocab: vocabulary(V),
    cell,
    embeddingSize: H,
    hiddenSize: H,
    layers,
    softmax,
  });
}

/**
 * Operations of one token's matrix products, forward: two for each weight. Training takes three
 * times that: outputs, dX, dW.
 *
 * @param output weights of the output layer that a token sees; default: all of a full one
 */
export function flopPerToken({ cell, V, H, layers }: Size, output = V * H): number {
  const gates = cell === 'lstm' ? 4 : 3;
  return 2 * (layers * gates * H * 2 * H + output);
}

/**
 * Operations of the products of a training step: where the first layer projects the vocabulary's
 * table, those of its rows, not of each token.
 */
export function flopPerStep(size: Size, T: number, B: number, output?: number): number {
  const { cell, V, H } = size;
  const spared = Math.max(0, T * B - V) * (cell === 'lstm' ? 4 : 3) * H * H;
  return 3 * (T * B * flopPerToken(size, output) - (2 * V <= T * B ? 2 * spared : 0));
}
