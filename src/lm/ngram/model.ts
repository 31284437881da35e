/** The n-gram language model: counts, smoothed. */
import type { Bytes } from '../../io/bytes.js';
import { type ModelFile, writeModel } from '../../io/model.js';
import { writeArpa } from '../../ngram/arpa.js';
import {
  BEGIN,
  describeNgram,
  END,
  EOS,
  NGRAM_KIND,
  type NgramConfig,
  type NgramContent,
  type NgramMemory,
  ngramOf,
  readNgram,
} from '../../ngram/model.js';
import { CompactTrie, type Context, PlainTrie, type Trie } from '../../ngram/trie.js';
import { checkOptions } from '../../runtime/options.js';
import { type IdSource, idSource } from '../../text/batch.js';
import type { VocabJSON } from '../../text/count.js';
import { Vocab } from '../../text/vocab.js';
import { Pacer } from '../../train/pace.js';
import { type EvaluateOptions, type Evaluation, evaluate } from '../evaluate.js';
import { type SampleOptions, sample } from '../generate.js';
import type { LanguageModel, Scores } from '../model.js';
import { NgramCounter, type RunStore, sentenceEnd } from './count.js';
import { type EstimateOptions, estimate, SMOOTHINGS } from './estimate.js';
import { pruneByEntropy } from './prune.js';

/** How an n-gram model is made. */
export interface NgramLMOptions extends EstimateOptions {
  /** Leave out n-grams that change the perplexity by less than this share, as 1e-8. Default: 0. */
  entropy?: number | undefined;
}

/** How an n-gram model is trained on a text. */
export interface NgramTrainOptions extends NgramLMOptions {
  /** The words of the text. */
  vocab: Vocab;
  /** Words of the longest n-grams, 1 to 8. Default: 5. */
  order?: number;
  /** Where sorted counts are kept. Default: the memory. */
  store?: RunStore | undefined;
  /** Is told the words counted so far. */
  report?: ((tokens: number) => void) | undefined;
  /** Ends the training with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** The last words of a text, as far as n-grams reach. */
export interface NgramLMState extends Readonly<Context> {}

/** Words read at a time. */
const STRETCH = 1 << 16;

/**
 * An n-gram model: `train` it on a text, or `of` counts; then `evaluate`, `sample`, `save`, or
 * write it as an ARPA file. With a vocabulary of words each line is a sentence of its own.
 */
export class NgramLM implements LanguageModel<NgramLMState> {
  /** The kind that the files of these models declare. */
  static readonly kind = NGRAM_KIND;
  /** The kind that the model's files declare. */
  readonly kind = NgramLM.kind;
  /** The units that it reads and writes. */
  readonly vocab: Vocab;
  /** Order, numbers of n-grams, smoothing, as its files hold them. */
  readonly config: NgramConfig;
  /** Whether lines are sentences: after `<eos>` the state is that of `start()`. */
  readonly sentences: boolean;
  /** What was done otherwise than asked, in sentences: discounts that the counts do not give. */
  readonly notes: readonly string[];
  private readonly trie: Trie;
  private readonly end: number;
  private readonly begin: NgramLMState;

  private constructor({ config, vocab, trie }: NgramContent, notes: readonly string[] = []) {
    this.vocab = Vocab.fromJSON(vocab as VocabJSON);
    if (trie.words !== this.vocab.size + 1)
      throw new RangeError(
        `ngram: the model has ${trie.words} words, its vocabulary ${this.vocab.size} and the ` +
          'beginning of a text',
      );
    this.config = config;
    this.trie = trie;
    this.end = sentenceEnd(this.vocab);
    this.sentences = this.end >= 0;
    this.notes = notes;
    const begin = trie.context();
    trie.read(this.vocab.size, begin);
    this.begin = begin;
  }

  /**
   * Counts the n-grams of a text and makes a model of them. Call `init` first.
   *
   * @throws RangeError for an option out of range, or a text without words
   */
  static async train(
    text: Int32Array | IdSource,
    { vocab, order = 5, store, report, signal, ...options }: NgramTrainOptions,
  ): Promise<NgramLM> {
    const counter = new NgramCounter({ vocab, order, ...(store && { store }) });
    const ids = idSource(text);
    const pacer = new Pacer();
    for (let from = 0; from < ids.length; from += STRETCH) {
      signal?.throwIfAborted();
      counter.add(ids.read(from, Math.min(from + STRETCH, ids.length)));
      report?.(counter.tokens);
      await pacer.pause();
    }
    return NgramLM.of(counter, options);
  }

  /**
   * A model of counts. Call `init` first.
   *
   * @throws RangeError for an option out of range, or a counter that has counted nothing
   */
  static of(counter: NgramCounter, options: NgramLMOptions = {}): NgramLM {
    checkOptions('NgramLM', options, { smoothing: true, k: true, prune: true, entropy: true });
    const { smoothing = 'modified-kneser-ney', k = 1, prune = [0], entropy = 0 } = options;
    if (!SMOOTHINGS.includes(smoothing))
      throw new RangeError(`NgramLM: smoothing "${smoothing}", expected ${SMOOTHINGS.join(', ')}`);
    if (!(k > 0 && k < Infinity))
      throw new RangeError(`NgramLM: k is ${k}, expected a number above 0`);
    const rising = prune.every(
      (least, i) => Number.isInteger(least) && least >= (prune[i - 1] ?? 0),
    );
    if (!rising || prune.length === 0 || prune.length > counter.order)
      throw new RangeError(
        `NgramLM: prune is [${prune.join(', ')}], expected whole numbers ≥ 0, one for each order ` +
          'at most, none smaller than the one before',
      );
    if (!(entropy >= 0 && entropy < 1))
      throw new RangeError(`NgramLM: entropy is ${entropy}, expected 0 ≤ share < 1`);
    if (counter.tokens === 0)
      throw new RangeError('NgramLM: the text has no words; count some first');
    const { levels, notes } = estimate(counter, { smoothing, k, prune });
    const empty = levels.findIndex(({ logp }) => logp.length === 0);
    if (empty >= 0)
      throw new RangeError(
        `NgramLM: the text has no n-grams of order ${empty + 1}; choose a lower order, or give ` +
          'more text',
      );
    const { vocab } = counter;
    const kept = entropy > 0 ? pruneByEntropy(levels, entropy, sentenceEnd(vocab)) : levels;
    const trie = new PlainTrie(kept);
    const { order, counts } = trie;
    const config = { order, counts, smoothing, quantized: null };
    return new NgramLM({ config, vocab: vocab.toJSON(), trie }, notes);
  }

  /** Bytes that the n-grams take in memory. */
  get bytes(): number {
    return this.trie.bytes;
  }

  /** The state at the beginning of a text, or of a sentence. */
  start(): NgramLMState {
    return this.begin;
  }

  /** The state after reading these tokens. */
  advance(ids: Int32Array, state: NgramLMState): NgramLMState {
    return this.score(ids, state).state;
  }

  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: NgramLMState): Scores<NgramLMState> {
    const { trie, begin, end } = this;
    this.check(ids);
    const context = copyOf(state);
    const logp = new Float32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      logp[i] = trie.read(ids[i]!, context) * Math.LN10;
      if (ids[i] === end) assign(context, begin);
    }
    return { logp, state: context };
  }

  private check(ids: Int32Array): void {
    const { size } = this.vocab;
    for (let i = 0; i < ids.length; i++)
      if (!(ids[i]! >= 0 && ids[i]! < size))
        throw new RangeError(
          `NgramLM: the id is ${ids[i]}, expected one below ${size}, the vocabulary's size`,
        );
  }

  /** ln p of every token that may come next, [vocabulary]. */
  logits(state: NgramLMState): Float32Array {
    const { trie } = this;
    return Float32Array.from(
      { length: this.vocab.size },
      (_, id) => trie.score(id, state) * Math.LN10,
    );
  }

  /**
   * Mean loss of a text. Where lines are sentences every token counts, else all but the first.
   *
   * @throws RangeError for fewer than two ids
   */
  evaluate(
    ids: Int32Array | IdSource,
    options: Pick<EvaluateOptions, 'signal'> = {},
  ): Promise<Evaluation> {
    return evaluate(this, ids, options);
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return sample(this, options);
  }

  /**
   * How sparse the n-grams are: for each order, how many of the text's n-grams the model does not
   * have.
   */
  sparsity(ids: Int32Array): {
    /** Words of the n-grams. */
    order: number;
    /** n-grams of this order in the text. */
    total: number;
    /** Those of them that the model does not have. */
    unseen: number;
  }[] {
    const { order } = this.config;
    const report = Array.from({ length: order }, (_, k) => ({ order: k + 1, total: 0, unseen: 0 }));
    this.check(ids);
    const context = copyOf(this.begin);
    let before = 1; // words of the sentence, its beginning included
    for (let i = 0; i < ids.length; i++) {
      this.trie.read(ids[i]!, context);
      const { matched } = this.trie;
      for (let k = 1; k <= Math.min(before + 1, order); k++) {
        const each = report[k - 1]!;
        each.total++;
        // a word that the training never had is listed all the same
        const seen = k === 1 ? (this.vocab.counts?.[ids[i]!] ?? 1) > 0 : matched >= k;
        if (!seen) each.unseen++;
      }
      before = ids[i] === this.end ? 1 : before + 1;
      if (ids[i] === this.end) assign(context, this.begin);
    }
    return report;
  }

  /**
   * The model in the smallest memory.
   *
   * @param bits of log-probabilities and back-offs, 2 to 16: the numbers of each order in bins of
   *   equal size. Default: without loss
   */
  compact(bits?: number): NgramLM {
    if (bits !== undefined && !(Number.isInteger(bits) && bits >= 2 && bits <= 16))
      throw new RangeError(`compact: bits is ${bits}, expected 2 to 16`);
    if (bits !== undefined && this.config.quantized !== null)
      throw new RangeError(`compact: the model has ${this.config.quantized} bits already`);
    const trie = CompactTrie.of(this.trie.levels(), bits ?? null);
    const config = { ...this.config, quantized: bits ?? this.config.quantized };
    return new NgramLM({ config, vocab: this.vocab.toJSON(), trie });
  }

  /** The bytes of a model file. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /** What a model file says of this model. */
  describe(): ModelFile {
    const { config, trie } = this;
    return describeNgram({ config, vocab: this.vocab.toJSON(), trie });
  }

  /**
   * The bytes of an ARPA file, in pieces, for KenLM, SRILM and others: `<eos>` is `</s>` there, and
   * spaces and line ends of a vocabulary of characters are `<space>`, `<newline>`, `<tab>`.
   */
  arpa(): Generator<Uint8Array, void, undefined> {
    const names = Array.from({ length: this.vocab.size }, (_, id) => arpaName(this.vocab, id));
    return writeArpa(this.trie.levels(), [...names, BEGIN]);
  }

  /**
   * A model from the bytes of a model file, or of an ARPA file.
   *
   * @throws RangeError for what is neither, or is damaged: ARPA with the number of the line
   */
  static load(bytes: Bytes, options: NgramMemory = {}): NgramLM {
    return new NgramLM(readNgram(bytes, options));
  }

  /** As `load`, from a model file already read. */
  static from(file: ModelFile, options: NgramMemory = {}): NgramLM {
    return new NgramLM(ngramOf(file, options));
  }

  /** There is nothing to give back; models of all kinds have it. */
  dispose(): void {}
}

function arpaName(vocab: Vocab, id: number): string {
  const token = vocab.tokenOf(id);
  if (token === EOS) return END;
  const spaces: Record<string, string> = { ' ': '<space>', '\n': '<newline>', '\t': '<tab>' };
  if (Object.hasOwn(spaces, token)) return spaces[token]!;
  // what readers take for the end of a field
  return token.replace(/[\0- \x7f]/g, c => `<0x${c.charCodeAt(0).toString(16)}>`);
}

function copyOf({ length, words, nodes }: NgramLMState): Context {
  return { length, words: words.slice(), nodes: nodes.slice() };
}

function assign(to: Context, from: NgramLMState): void {
  to.length = from.length;
  to.words.set(from.words);
  to.nodes.set(from.nodes);
}
