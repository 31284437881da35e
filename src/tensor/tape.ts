/**
 * The tape: what happened in the open scope, so that `backward` can walk it in reverse.
 *
 * An entry is one coarse op (an LSTM layer over a whole sequence is one), so a step has a few
 * dozen; no graph is sorted.
 */
import type { Tensor } from './tensor.js';

interface Entry {
  outputs: readonly Tensor[];
  backward: () => void;
  /** The tensors whose values `backward` reads. */
  needs: readonly (Tensor | null | undefined)[];
  /** How often these were written when the op was recorded. */
  version: number;
}

let entries: Entry[] | null = null;

/** Starts a tape, or with null switches recording off; returns the one before. */
export function swapTape(next: Entry[] | null): Entry[] | null {
  const previous = entries;
  entries = next;
  return previous;
}

/** Whether ops are being recorded. */
export function isRecording(): boolean {
  return entries !== null;
}

/**
 * Records an op whose outputs depend on a tensor that requires gradients.
 *
 * @param backward adds to its inputs' gradients; called at most once, and only if some output
 *   received a gradient
 * @param needs the tensors whose values `backward` reads: if one is written before, `backward` is
 *   refused
 */
export function record(
  outputs: readonly Tensor[],
  backward: () => void,
  needs: Entry['needs'] = [],
): void {
  if (entries !== null && outputs.some(output => output.requiresGrad))
    entries.push({ outputs, backward, needs, version: versionOf(needs) });
}

/** @internal Grows whenever one of the tensors is written. */
export function versionOf(tensors: Entry['needs']): number {
  let version = 0;
  for (const tensor of tensors) if (tensor) version += tensor.version;
  return version;
}

/**
 * Runs the tape backwards from `loss`, whose gradient is 1, and empties it: one `backward` for what
 * a scope has computed so far.
 */
export function backward(loss: Tensor): void {
  if (entries === null)
    throw new Error(
      'backward: nothing is recorded here; compute the loss inside scope(() => …), not infer',
    );
  if (loss.size !== 1)
    throw new RangeError(
      `backward: the loss has shape [${loss.shape}], expected one element; reduce it with sum ` +
        'or mean',
    );
  if (!loss.requiresGrad)
    throw new Error('backward: the loss depends on no tensor that requires gradients');
  loss.seedGrad();
  if (!unwind())
    throw new Error(
      'backward: the loss was computed before an earlier backward, which emptied the tape; add ' +
        'losses up and call it once',
    );
}

/**
 * @internal Empties the tape from its end on, from the gradients that its last outputs have by now;
 * whether an op was reached.
 */
export function unwind(): boolean {
  const recorded = entries ?? [];
  entries = [];
  let reached = false;
  for (let i = recorded.length - 1; i >= 0; i--) {
    const entry = recorded[i]!;
    if (entry.outputs.every(output => output.gradPtr === 0)) continue;
    reached = true;
    if (versionOf(entry.needs) !== entry.version) throw overwritten(entry.outputs[0]!);
    entry.backward();
    for (const output of entry.outputs) output.releaseGrad();
  }
  return reached;
}

function overwritten(output: Tensor): Error {
  return new Error(
    `backward: a tensor that the gradient of a result [${output.shape}] is computed from was ` +
      'written after that result; call backward() before set, copyFrom or optimizer.step',
  );
}
