/**
 * Which softmax a language model's output layer has: the full one is the default, the adaptive and
 * the sampled one are cheaper for large vocabularies.
 */
import { AdaptiveSoftmax, type AdaptiveSoftmaxOptions } from '../nn/adaptive.js';
import { SampledSoftmax, type SampledSoftmaxOptions } from '../nn/sampled.js';
import type { Head } from '../nn/softmax.js';
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Parameter } from '../tensor/tensor.js';

/** What a model file's config says of the output layer; empty for the full softmax. */
export interface SoftmaxConfig {
  /** Which softmax; absent: the full one. */
  softmax?: 'adaptive' | 'sampled';
  /** Of the adaptive softmax: first class of each cluster. */
  cutoffs?: readonly number[];
  /** Of the sampled softmax: classes drawn at each step. */
  samples?: number;
}

/** What an output layer reads of a vocabulary; `text.Vocab` has both. */
export interface Words {
  /** Number of units. */
  readonly size: number;
  /** What a unit is: 'byte', 'char' or 'word'. */
  readonly level: string;
}

/** A kind of output layer, made by `lm.adaptive()` or `lm.sampled()`. */
export interface Softmax {
  /** Whether a step updates only the embedding's rows that it looked up. */
  readonly sparse: boolean;
  /** The output layer. `weight`: the embedding's, to tie. */
  make(
    inputSize: number,
    vocab: Words,
    options: { weight?: Parameter; random: Random },
  ): {
    /** The output layer. */
    head: Head;
    /** What the model's files say of it. */
    config: SoftmaxConfig;
  };
}

/**
 * Ids of word vocabularies stand by falling frequency, as these softmaxes need it; characters stand
 * in their own order.
 */
function checkWords({ level }: Words, name: string): void {
  if (level !== 'word')
    throw new RangeError(
      `RecurrentLM: the ${name} softmax is for words, the vocabulary is of level "${level}"; ` +
        'use the full one',
    );
}

/**
 * Rare words in clusters, which are narrower and computed only where they are asked for:
 * `AdaptiveSoftmax`.
 */
export function adaptive(options: Pick<AdaptiveSoftmaxOptions, 'cutoffs'> = {}): Softmax {
  checkOptions('adaptive', options, { cutoffs: true });
  return {
    sparse: false,
    make(inputSize, vocab, { weight, random }) {
      checkWords(vocab, 'adaptive');
      if (weight)
        throw new RangeError(
          'RecurrentLM: tie, and an adaptive softmax, whose matrices differ from the ' +
            'embedding’s; leave one of them out',
        );
      const head = new AdaptiveSoftmax(inputSize, vocab.size, { ...options, random });
      return { head, config: { softmax: 'adaptive', cutoffs: head.cutoffs } };
    },
  };
}

/**
 * Trained against a few drawn words, evaluated over all: `SampledSoftmax`. Embedding and output are
 * row-sparse: optimizers update the rows that a step touches, and take no weight decay.
 */
export function sampled(options: Pick<SampledSoftmaxOptions, 'samples'> = {}): Softmax {
  checkOptions('sampled', options, { samples: true });
  return {
    sparse: true,
    make(inputSize, vocab, shared) {
      checkWords(vocab, 'sampled');
      const head = new SampledSoftmax(inputSize, vocab.size, { ...options, ...shared });
      return { head, config: { softmax: 'sampled', samples: head.samples } };
    },
  };
}

/** The softmax that a model file's config names; undefined for the full one. */
export function softmaxOf({ softmax, cutoffs, samples }: SoftmaxConfig): Softmax | undefined {
  if (softmax === 'adaptive') return adaptive(cutoffs && { cutoffs });
  return softmax && sampled(samples === undefined ? {} : { samples });
}
