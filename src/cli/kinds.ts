/** Models by the kind that their files name: what `eval` and `sample` ask of them. */
import { type ModelFile, readModel } from '../io/model.js';
import { CacheLM } from '../lm/cache.js';
import { cellOf } from '../lm/cells.js';
import type { EvaluateOptions, Evaluation } from '../lm/evaluate.js';
import { FeedforwardLM } from '../lm/feedforward.js';
import type { SampleOptions } from '../lm/generate.js';
import { MixLM } from '../lm/mix.js';
import type { LanguageModel } from '../lm/model.js';
import { NgramLM } from '../lm/ngram/model.js';
import { QuantizedLM } from '../lm/quantized.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import { readFileBytes } from '../node/files.js';
import type { Level } from '../text/tokenize.js';
import { Refusal, refusing } from './errors.js';
import { loadKernels } from './recipe.js';

/** A language model that a file holds. */
export interface StoredModel extends LanguageModel {
  readonly kind: string;
  describe?(): ModelFile;
  evaluate(ids: Int32Array, options?: Pick<EvaluateOptions, 'signal'>): Promise<Evaluation>;
  sample(options: SampleOptions): AsyncIterable<string>;
  dispose(): void;
}

const KINDS: Record<string, (file: ModelFile) => StoredModel> = {
  [RecurrentLM.kind]: file => RecurrentLM.from(file, softmaxOf, cellOf),
  [QuantizedLM.kind]: file => QuantizedLM.from(file),
  [FeedforwardLM.kind]: file => FeedforwardLM.from(file, softmaxOf),
  [NgramLM.kind]: file => NgramLM.from(file),
  [CacheLM.kind]: file => CacheLM.from(file, own => RecurrentLM.from(own, softmaxOf, cellOf)),
  [MixLM.kind]: file => MixLM.from(file, modelOf),
};

function modelOf(file: ModelFile): StoredModel {
  if (!Object.hasOwn(KINDS, file.kind))
    throw new RangeError(
      `load: the file holds a model of kind "${file.kind}", expected ` +
        `${Object.keys(KINDS)
          .join(', ')
          .replace(/, ([^,]*)$/, ' or $1')}`,
    );
  return KINDS[file.kind]!(file);
}

/** Whether the bytes begin as a safetensors file: the length of its header, then JSON. */
export const isModelFile = (bytes: Uint8Array): boolean => bytes[7] === 0 && bytes[8] === 0x7b;

/** Whether the bytes are an ARPA file. */
export const isArpa = (bytes: Uint8Array): boolean =>
  !isModelFile(bytes) &&
  new TextDecoder('latin1').decode(bytes.subarray(0, 4096)).includes('\\data\\');

/** Refuses a model whose tokenizer is the user's own: no file holds it. */
export function checkTokenizer(path: string, level: Level): void {
  if (level === 'custom')
    throw new Refusal(
      `${path}: its tokenizer is a program of your own, which the file does not hold; use the ` +
        'library, and set model.vocab.tokenizer',
    );
}

/** What is in a file of a model; `file` is null where it is an ARPA file. */
export interface Stored {
  bytes: Uint8Array;
  file: ModelFile | null;
}

/** Reads a model file, a checkpoint or an ARPA file. */
export async function readStored(path: string): Promise<Stored> {
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  return refusing(path, () => ({ bytes, file: isArpa(bytes) ? null : readModel(bytes) }));
}

/** The language model that was read. Call `init` first. */
export function storedModel(path: string, { bytes, file }: Stored): Promise<StoredModel> {
  return refusing(path, async () => {
    if (file) await loadKernels(file.config);
    const model = file ? modelOf(file) : NgramLM.load(bytes);
    checkTokenizer(path, model.vocab.level);
    return model;
  });
}

/** The language model of a model file, a checkpoint or an ARPA file. Call `init` first. */
export async function loadModel(path: string): Promise<StoredModel> {
  return storedModel(path, await readStored(path));
}
