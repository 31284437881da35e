/** What loading a trained language model is, whatever its layers. */
import type { ModelFile } from '../io/model.js';
import type { Module } from '../nn/module.js';
import type { VocabJSON } from '../text/count.js';
import { Vocab } from '../text/vocab.js';
import type { Softmax, SoftmaxConfig } from './softmax.js';

/**
 * A model of a file's config, with the file's weights.
 *
 * @param softmax makes the output layer that the config names
 * @param make the model of the config's options, with vocabulary and output layer
 * @throws RangeError for another kind of file, or tensors that do not fit its config
 */
export function loadLM<Model extends Module>(
  { kind, config, vocab, state, trainer }: ModelFile,
  expected: string,
  softmax: ((config: SoftmaxConfig) => Softmax | undefined) | undefined,
  make: (options: object) => Model,
): Model {
  if (kind !== expected)
    throw new RangeError(`load: the file holds a model of kind "${kind}", expected "${expected}"`);
  if (typeof config !== 'object' || config === null)
    throw new RangeError('load: the config is not an object');
  const { softmax: name, cutoffs: _, samples: __, ...options } = config as SoftmaxConfig;
  if (name && !softmax)
    throw new RangeError(
      `load: the model has the ${name} softmax; pass lm.softmaxOf as second argument`,
    );
  const model = make({
    ...options,
    softmax: softmax?.(config),
    vocab: Vocab.fromJSON(vocab as VocabJSON),
  });
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
