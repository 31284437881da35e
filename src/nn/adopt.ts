import type { Module, StateEntry } from './module.js';

/**
 * The model with the weights of a file, or of a checkpoint, which holds others beside the model's;
 * where they do not fit, its memory is given back.
 *
 * @param file state: the tensors by name; trainer: what only checkpoints have
 * @throws RangeError for tensors that do not fit the model
 */
export function adopt<Model extends Module>(
  model: Model,
  { state, trainer }: { state: ReadonlyMap<string, StateEntry>; trainer?: unknown },
): Model {
  try {
    const own = model.stateDict();
    model.loadStateDict(
      trainer === undefined ? state : new Map([...state].filter(([name]) => own.has(name))),
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}
