/**
 * Whole training steps of word models by their softmax. Words are drawn as in a text: few often,
 * most seldom.
 */
import { lm, nn } from '../src/index.js';
import type { Case } from './case.js';
import { wordIds } from './data.js';
import { label, type Size } from './jobs.js';
import { flopPerStep, model } from './model.js';
import { stepCase } from './step.js';

const [T, B] = [35, 20] as const;
/** The second is WikiText-2's. */
const SIZES: readonly Size[] = [10_000, 33_278].map(V => ({ cell: 'lstm', V, H: 200, layers: 2 }));
const WAYS = { full: undefined, adaptive: lm.adaptive(), sampled: lm.sampled() };

/** Weights of the output layer that one of `ids` sees, on average. */
function outputWeights(head: nn.Head, ids: Int32Array, { V, H }: Size): number {
  if (head instanceof nn.SampledSoftmax) return (head.samples + 1) * H;
  if (!(head instanceof nn.AdaptiveSoftmax)) return V * H;
  const { cutoffs, tail } = head;
  const share = (i: number): number =>
    ids.filter(id => id >= cutoffs[i]! && id < (cutoffs[i + 1] ?? V)).length / ids.length;
  return (
    head.head.weight.size +
    tail.reduce((sum, [down, up], i) => sum + share(i) * (down.weight.size + up.weight.size), 0)
  );
}

export default function* (): Generator<Case> {
  for (const size of SIZES) {
    const ids = wordIds(B * (20 * T + 1), size.V);
    for (const [name, softmax] of Object.entries(WAYS)) {
      using recurrent = model(size, softmax);
      yield* stepCase(recurrent, {
        name: `softmax ${name} ${label(size)} T${T} B${B}`,
        ids,
        T,
        B,
        flop: flopPerStep(size, T, B, outputWeights(recurrent.head, ids, size)),
      });
    }
  }
}
