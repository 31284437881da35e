/** n-gram scores for decoders of speech, handwriting and keys. */
import type { Bytes } from '../io/bytes.js';
import { BYTES } from '../text/count.js';
import { BEGIN, END, EOS, type NgramMemory, readNgram, UNKNOWN } from './model.js';
import type { Context, Trie } from './trie.js';

/**
 * What of the words before may change the probability of those to come. A value: it may be kept,
 * and read on from again and again.
 */
export interface NgramState {
  /** Numbers of the last words, the last one first. */
  readonly words: readonly number[];
  /** Places of the last word, the last two, … among the n-grams of their orders. */
  readonly nodes: readonly number[];
}

/** What `score` gives. */
export interface NgramScore {
  /** ln p of the word. */
  logp: number;
  /** The state after it. */
  state: NgramState;
  /** Words of the longest n-gram that was found. */
  order: number;
}

/**
 * An n-gram model that scores one word after the other. It reads ARPA files of any program and the
 * files that `throughtime train lm --model ngram` writes.
 *
 *     const lm = NgramDecoder.read(await (await fetch('lm.safetensors')).arrayBuffer());
 *     let { logp, state } = lm.score(lm.start(), 'the');
 *     ({ logp, state } = lm.score(state, 'cat'));
 */
export class NgramDecoder {
  /** Words of the longest n-grams. */
  readonly order: number;
  /** How many words there are, `<s>` among them. */
  readonly size: number;
  /** The number of words that the model does not know, −1: it has none. */
  readonly unknown: number;
  private readonly trie: Trie;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly context: Context;

  private constructor(trie: Trie, tokens: readonly string[]) {
    this.trie = trie;
    this.order = trie.order;
    this.size = trie.words;
    const ids = new Map(tokens.map((token, id) => [token, id]));
    ids.set(BEGIN, trie.words - 1);
    const end = ids.get(EOS);
    if (end !== undefined) ids.set(END, end);
    this.ids = ids;
    this.unknown = ids.get(UNKNOWN) ?? -1;
    this.context = trie.context();
  }

  /**
   * @param bytes a model file, or an ARPA file
   * @throws RangeError for what is neither, or is damaged: ARPA with the number of the line
   */
  static read(bytes: Bytes, options: NgramMemory = {}): NgramDecoder {
    const { trie, vocab } = readNgram(bytes, options);
    const { level, tokens = [], special = [] } = vocab;
    return new NgramDecoder(trie, level === 'byte' ? BYTES : [...tokens, ...special]);
  }

  /** The number of a word; that of unknown words where the model has none of its own. */
  idOf(word: string): number {
    return this.ids.get(word) ?? this.unknown;
  }

  /** The state at the beginning of a sentence: `<s>` was read. */
  start(): NgramState {
    return this.score(this.empty(), this.size - 1).state;
  }

  /** The state before any word. */
  empty(): NgramState {
    return { words: [], nodes: [] };
  }

  /**
   * The probability of a word, and the state after it.
   *
   * @param word itself, or its number; `</s>` ends a sentence
   * @throws RangeError for a number beyond the words, or a word unknown to a model without `<unk>`
   */
  score(state: NgramState, word: string | number): NgramScore {
    const id = typeof word === 'string' ? this.idOf(word) : word;
    if (!(Number.isInteger(id) && id >= 0 && id < this.size))
      throw new RangeError(
        typeof word === 'string'
          ? `score: the model does not know "${word}", and has no <unk>`
          : `score: the word is ${word}, expected a whole number below ${this.size}`,
      );
    const { context, trie } = this;
    const { words, nodes } = state;
    context.length = words.length;
    for (let i = 0; i < words.length; i++) {
      context.words[i] = words[i]!;
      context.nodes[i] = nodes[i]!;
    }
    const logp = trie.read(id, context) * Math.LN10;
    const order = trie.matched;
    const after: { words: number[]; nodes: number[] } = { words: [], nodes: [] };
    for (let i = 0, reach = trie.reach(context); i < reach; i++) {
      after.words.push(context.words[i]!);
      after.nodes.push(context.nodes[i]!);
    }
    return { logp, state: after, order };
  }

  /**
   * A text for maps: equal for states after which all that follows has the same probability, so
   * that a search keeps the better one alone.
   */
  key(state: NgramState): string {
    return state.words.join(' ');
  }
}
