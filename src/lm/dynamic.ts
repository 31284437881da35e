/**
 * Dynamic evaluation (Mikolov et al. 2010; Krause, Kahembwe, Murray & Renals 2018): the model goes
 * on learning from the text that it is measured by, each part after it was predicted.
 */

import { clipNorm } from '../optim/clip.js';
import { SGD } from '../optim/sgd.js';
import { noOthers } from '../runtime/options.js';
import { infer, scope } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { zeros } from '../tensor/tensor.js';
import { type IdSource, IGNORED, idSource } from '../text/batch.js';
import { Pacer } from '../train/pace.js';
import type { Evaluation } from './evaluate.js';
import type { RecurrentLM } from './recurrent.js';

/** How a model learns while it is measured. */
export interface DynamicOptions {
  /** Learning rate of gradient descent. Default: 0.1. */
  lr?: number;
  /** Tokens of a window, which is predicted before it is learned from. Default: 20. */
  bptt?: number;
  /** The norm of the gradient is clipped to it. Default: 1. */
  maxNorm?: number;
  /** How far each step draws the weights back to those at the start, 0 to 1. Default: 0. */
  decay?: number;
  /** Is told the share of the text that was read. */
  report?: ((share: number) => void) | undefined;
  /** Ends the reading with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/**
 * Mean loss over ids[1…] of a model that learns from each window after it has predicted it. The
 * model's weights are then as before.
 *
 * @throws RangeError for fewer than two ids, or options out of range
 */
export async function evaluateDynamic(
  model: RecurrentLM,
  given: Int32Array | IdSource,
  { lr = 0.1, bptt = 20, maxNorm = 1, decay = 0, report, signal, ...rest }: DynamicOptions = {},
): Promise<Evaluation> {
  const who = 'evaluateDynamic';
  noOthers(who, rest);
  checkSize(bptt, 'bptt', who);
  if (!(lr >= 0 && lr < Infinity))
    throw new RangeError(`${who}: lr is ${lr}, expected a number ≥ 0`);
  if (!(decay >= 0 && decay <= 1))
    throw new RangeError(`${who}: decay is ${decay}, expected 0 to 1`);
  const ids = idSource(given);
  const n = ids.length - 1;
  if (n < 1) throw new RangeError(`${who}: ${ids.length} tokens, expected at least 2`);
  const before = model.stateDict();
  const optimizer = new SGD(model.namedParameters(), { lr });
  const carried = model.stateShapes(1).map(shape => zeros(shape));
  const pacer = new Pacer();
  const { unknown } = model.vocab;
  let [sum, knownSum, knownTokens] = [0, 0, 0];
  try {
    for (let from = 0; from < n; from += bptt) {
      signal?.throwIfAborted();
      const T = Math.min(bptt, n - from);
      const window = Int32Array.from(ids.read(from, from + T + 1));
      const inputs = window.subarray(0, T);
      const targets = window.subarray(1);
      const known = targets.map(id => (id === unknown ? IGNORED : id));
      const counted = known.filter(id => id !== IGNORED).length;
      knownTokens += counted;
      optimizer.zeroGrad();
      if (counted > 0 && counted < T)
        knownSum += infer(() => {
          const { output } = model.rnn.forward(model.embedding.forward(inputs, [T, 1]), {
            state: carried,
          });
          return model.head.loss(output, known, { reduction: 'sum' }).item();
        });
      scope(() => {
        const { output, state } = model.rnn.forward(model.embedding.forward(inputs, [T, 1]), {
          state: carried,
        });
        const loss = model.head.loss(output, targets);
        sum += loss.item() * T;
        if (counted === T) knownSum += loss.item() * T;
        loss.backward();
        clipNorm(model.parameters(), maxNorm);
        carried.forEach((tensor, i) => tensor.copyFrom(state[i]!));
      });
      optimizer.step();
      if (decay > 0)
        for (const [name, parameter] of model.namedParameters()) {
          const own = parameter.toArray();
          const first = before.get(name)!.data;
          parameter.set(own.map((value, i) => value + decay * (first[i]! - value)));
        }
      report?.((from + T) / n);
      await pacer.pause();
    }
  } finally {
    model.loadStateDict(before);
    for (const tensor of carried) tensor.dispose();
    optimizer.dispose();
  }
  const loss = sum / n;
  return {
    tokens: n,
    loss,
    bitsPerToken: loss / Math.LN2,
    perplexity: Math.exp(loss),
    known: knownTokens < n ? { tokens: knownTokens, loss: knownSum / knownTokens } : null,
  };
}
