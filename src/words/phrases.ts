/** Words that stand together more often than chance would have it, joined into one. */
import { checkOptions } from '../runtime/options.js';

/** Options of `Phrases`. */
export interface PhrasesOptions {
  /** Pairs and words seen less often make no phrase. Default: 5. */
  minCount?: number;
  /**
   * `count`: (n(a b) − minCount)·V / (n(a)·n(b)), V the number of different words and pairs
   * (Mikolov et al. 2013); `npmi`: normalised pointwise mutual information, −1 to 1 (Bouma 2009).
   * Default: 'count'.
   */
  scoring?: 'count' | 'npmi';
  /** Pairs with a higher score are phrases. Default: 10, for npmi 0.5. */
  threshold?: number;
  /**
   * Words that may stand inside a phrase, and are not counted as part of a pair:
   * `ENGLISH_CONNECTORS`, for example. Default: none.
   */
  connectors?: Iterable<string>;
  /** What joins the words of a phrase. Default: '_'. */
  delimiter?: string;
}

/** Words that English phrases may have inside: those of gensim. */
export const ENGLISH_CONNECTORS: readonly string[] =
  'a an the of for with without at from to in on by and or'.split(' ');

/** A pair of words and its score. */
export interface Phrase {
  /** The words, joined. */
  phrase: string;
  /** How often it was seen. */
  count: number;
  /** By the scoring that was asked for. */
  score: number;
}

/**
 * Finds phrases of two words (with connectors between them) in sentences, and joins them.
 * Joined sentences may be given to another `Phrases`, for longer ones.
 *
 *     const phrases = new words.Phrases({ minCount: 10 });
 *     for (const sentence of sentences) phrases.add(sentence);
 *     phrases.join(['new', 'york', 'times']); // ['new_york', 'times']
 */
export class Phrases {
  private readonly options: Required<Omit<PhrasesOptions, 'connectors'>>;
  private readonly connectors: ReadonlySet<string>;
  private readonly words = new Map<string, number>();
  private readonly pairs = new Map<string, { first: string; second: string; count: number }>();
  private total = 0;

  /**
   * @throws RangeError for an option out of range
   */
  constructor(options: PhrasesOptions = {}) {
    checkOptions('Phrases', options, {
      minCount: true,
      scoring: true,
      threshold: true,
      connectors: true,
      delimiter: true,
    });
    const { minCount = 5, scoring = 'count', connectors = [], delimiter = '_' } = options;
    const { threshold = scoring === 'npmi' ? 0.5 : 10 } = options;
    if (scoring !== 'count' && scoring !== 'npmi')
      throw new RangeError(`Phrases: scoring "${scoring}", expected count or npmi`);
    if (!(minCount >= 1)) throw new RangeError(`Phrases: minCount is ${minCount}, expected ≥ 1`);
    if (scoring === 'npmi' && !(threshold >= -1 && threshold <= 1))
      throw new RangeError(`Phrases: threshold is ${threshold}, expected −1 to 1 for npmi`);
    this.options = { minCount, scoring, threshold, delimiter };
    this.connectors = new Set(connectors);
  }

  /** The pairs of a sentence: each word and the next that is no connector. */
  private *pairsOf(
    sentence: readonly string[],
  ): Generator<{ from: number; to: number; key: string }> {
    let from = -1;
    for (let to = 0; to < sentence.length; to++) {
      if (this.connectors.has(sentence[to]!)) continue;
      if (from >= 0) yield { from, to, key: sentence.slice(from, to + 1).join(this.options.delimiter) }; // biome-ignore format: one line
      from = to;
    }
  }

  /**
   * Counts the words and pairs of a sentence.
   *
   * @throws TypeError for a string, whose letters would be words
   */
  add(sentence: readonly string[]): void {
    if (typeof sentence === 'string')
      throw new TypeError('Phrases.add: the sentence is a string, expected a list of its words');
    for (const word of sentence) {
      this.words.set(word, (this.words.get(word) ?? 0) + 1);
      this.total++;
    }
    for (const { from, to, key } of this.pairsOf(sentence)) {
      const pair = this.pairs.get(key);
      if (pair) pair.count++;
      else this.pairs.set(key, { first: sentence[from]!, second: sentence[to]!, count: 1 });
    }
  }

  /** The score of a pair; −∞ where it or its words are too rare. */
  private score(key: string): number {
    const pair = this.pairs.get(key);
    const { minCount, scoring } = this.options;
    if (pair === undefined || pair.count < minCount) return -Infinity;
    const [a, b] = [this.words.get(pair.first)!, this.words.get(pair.second)!];
    if (scoring === 'count')
      return ((pair.count - minCount) / (a * b)) * (this.words.size + this.pairs.size);
    const share = pair.count / this.total;
    return Math.log(share / ((a / this.total) * (b / this.total))) / -Math.log(share);
  }

  /** The phrases, the highest scores first. */
  list(): Phrase[] {
    return [...this.pairs]
      .map(([phrase, { count }]) => ({ phrase, count, score: this.score(phrase) }))
      .filter(({ score }) => score > this.options.threshold)
      .sort((a, b) => b.score - a.score);
  }

  /** The sentence with its phrases joined, from left to right. */
  join(sentence: readonly string[]): string[] {
    const joined: string[] = [];
    let done = 0;
    for (const { from, to, key } of this.pairsOf(sentence)) {
      if (from < done || !(this.score(key) > this.options.threshold)) continue;
      joined.push(...sentence.slice(done, from), key);
      done = to + 1;
    }
    return [...joined, ...sentence.slice(done)];
  }
}
