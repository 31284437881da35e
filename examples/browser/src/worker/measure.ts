/** Looking into a model while it learns. */
import { type lm, nn, ops, text, train } from 'throughtime';

/** Characters back from the error. */
const DISTANCE = 100;
const ROWS = 8;

/**
 * ‖∂L/∂h‖ by time distance d = 0 … 100, divided by that of d = 0; null where the text is too short
 * to tell.
 */
export function gradientReach(model: lm.RecurrentLM, ids: Int32Array): Float64Array | null {
  const rows = Math.min(ROWS, Math.floor(ids.length / (DISTANCE + 2)));
  if (rows === 0) return null;
  const { inputs, targets, T, B } = text
    .columns(ids, { batchSize: rows })
    .windows({ bptt: DISTANCE + 1 })
    .next().value!;
  if (!(model.rnn instanceof nn.Recurrent)) return null; // blocks have no such layers
  const norms = train.gradientByDistance(
    model.rnn,
    () => model.embedding.forward(inputs, [T, B]),
    last => ops.crossEntropy(model.head.forward(last), targets.subarray((T - 1) * B)),
  );
  return norms.map(norm => norm / norms[0]!);
}

/** A few lines, always from the same seed: what changes is the model. */
export async function writeSome(model: lm.RecurrentLM): Promise<string> {
  let written = '';
  for await (const piece of model.sample({ length: 220, temperature: 0.7, seed: 1 }))
    written += piece;
  return written;
}
