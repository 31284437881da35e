/** Models by the kind that their files name: what `eval` and `sample` ask of them. */
import { type ModelFile, readModel } from '../io/model.js';
import type { EvaluateOptions, Evaluation } from '../lm/evaluate.js';
import type { SampleOptions } from '../lm/generate.js';
import type { LanguageModel } from '../lm/model.js';
import { QuantizedLM } from '../lm/quantized.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import { readFileBytes } from '../node/files.js';
import type { Level } from '../text/tokenize.js';
import { Refusal, refusing } from './errors.js';

/** A language model that a file holds. */
export interface StoredModel extends LanguageModel {
  readonly kind: string;
  evaluate(ids: Int32Array, options?: EvaluateOptions): Promise<Evaluation>;
  sample(options: SampleOptions): AsyncIterable<string>;
  dispose(): void;
}

const KINDS: Record<string, (file: ModelFile) => StoredModel> = {
  [RecurrentLM.kind]: file => RecurrentLM.from(file, softmaxOf),
  [QuantizedLM.kind]: file => QuantizedLM.from(file),
};

/** Refuses a model whose tokenizer is the user's own: no file holds it. */
export function checkTokenizer(path: string, level: Level): void {
  if (level === 'custom')
    throw new Refusal(
      `${path}: its tokenizer is a program of your own, which the file does not hold; use the ` +
        'library, and set model.vocab.tokenizer',
    );
}

/** The model of a model file or a checkpoint. Call `init` first. */
export async function loadModel(path: string): Promise<StoredModel> {
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  return refusing(path, () => {
    const file = readModel(bytes);
    if (!Object.hasOwn(KINDS, file.kind))
      throw new Refusal(
        `${path}: holds a model of kind "${file.kind}", expected ` +
          `${Object.keys(KINDS).join(' or ')}`,
      );
    const model = KINDS[file.kind]!(file);
    checkTokenizer(path, model.vocab.level);
    return model;
  });
}
