/** What loading a trained language model is, whatever its layers. */
import { configOf, type ModelFile } from '../io/model.js';
import { adopt } from '../nn/adopt.js';
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
  file: ModelFile,
  expected: string,
  softmax: ((config: SoftmaxConfig) => Softmax | undefined) | undefined,
  make: (options: object) => Model,
): Model {
  const config = configOf(file, expected) as SoftmaxConfig;
  const { softmax: name, cutoffs: _, samples: __, ...options } = config;
  if (name && !softmax)
    throw new RangeError(
      `load: the model has the ${name} softmax; pass lm.softmaxOf as second argument`,
    );
  return adopt(
    make({
      ...options,
      softmax: softmax?.(config),
      vocab: Vocab.fromJSON(file.vocab as VocabJSON),
    }),
    file,
  );
}
