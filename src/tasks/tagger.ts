/**
 * Tags of words (Plank, Søgaard & Goldberg 2016): each word is its own vector beside one that an
 * LSTM makes of its characters; layers over the sentence; one softmax for each kind of tags.
 */
import type { Bytes } from '../io/bytes.js';
import { configOf, type ModelFile, readModel, writeModel } from '../io/model.js';
import { adopt } from '../nn/adopt.js';
import { Embedding } from '../nn/embedding.js';
import { GRU } from '../nn/gru.js';
import { Linear } from '../nn/linear.js';
import { LSTM } from '../nn/lstm.js';
import { Module } from '../nn/module.js';
import { RNN } from '../nn/rnn.js';
import { dropout } from '../ops/dropout.js';
import { add } from '../ops/elementwise.js';
import { embedding as rowsOf } from '../ops/embedding.js';
import { crossEntropy } from '../ops/loss.js';
import { argmax } from '../ops/select.js';
import { concat, slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { infer } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { type Tensor, view } from '../tensor/tensor.js';
import { IGNORED } from '../text/batch.js';
import type { VocabJSON } from '../text/count.js';
import { Labels } from '../text/labels.js';
import { UNK } from '../text/tokenize.js';
import { Vocab } from '../text/vocab.js';
import type { BatchData, LossContext, LossResult, PlainBatch, Trainable } from '../train/trainable.js'; // biome-ignore format: one line
import { byLength, type DataOptions, lengthBuckets } from './buckets.js';

const cells = { rnn: RNN, lstm: LSTM, gru: GRU };

/** Characters of a longer word that are read at its beginning, and as many at its end. */
const HALF = 32;
/** Sentences that are read side by side. */
const ROWS = 32;

/** What a tagger is made of. */
export interface TaggerOptions {
  /** The words that have vectors of their own, as `Tagger.vocab` makes it. */
  words: Vocab;
  /** The characters that words are made of, with an id for unknown ones. */
  characters: Vocab;
  /** The tags, by what they are called: `{ upos: labels }`. */
  tags: Readonly<Record<string, Labels>>;
  /** Kind of the recurrent layers. Default: 'lstm'. */
  cell?: keyof typeof cells;
  /** Numbers of a word's own vector. Default: 100. */
  wordSize?: number;
  /** Numbers that stand for a character. Default: 50. */
  characterSize?: number;
  /** Hidden units of each direction over a word's characters. Default: 50. */
  spellingSize?: number;
  /** Hidden units of each direction over the sentence. Default: 128. */
  hiddenSize?: number;
  /** Recurrent layers over the sentence. Default: 2. */
  layers?: number;
  /** Dropout of the words' vectors, between layers and before the output. Default: 0. */
  dropout?: number;
  /**
   * α: in training a word seen c times is read as an unknown one with probability α/(α + c), so
   * that its characters are learnt from. Default: 0.
   */
  wordDropout?: number;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** Sizes and options, as a tagger's files hold them. */
export interface TaggerConfig {
  /** The characters, as `Vocab.toJSON` gives them. */
  characters: VocabJSON;
  /** The tags in the order of their numbers, by what they are called. */
  tags: Readonly<Record<string, readonly string[]>>;
  /** Kind of the recurrent layers. */
  cell: keyof typeof cells;
  /** Numbers of a word's own vector. */
  wordSize: number;
  /** Numbers that stand for a character. */
  characterSize: number;
  /** Hidden units of each direction over a word's characters. */
  spellingSize: number;
  /** Hidden units of each direction over the sentence. */
  hiddenSize: number;
  /** Recurrent layers over the sentence. */
  layers: number;
  /** Probability of dropout, in training. */
  dropout: number;
  /** α of the word dropout, in training. */
  wordDropout: number;
}

/** A sentence and its tags. */
export interface TaggedSentence {
  /** Its words, at least one. */
  words: readonly string[];
  /** For each kind of tags one for each word. */
  tags: Readonly<Record<string, readonly string[]>>;
}

/** Sentences side by side. */
export interface TagBatch extends PlainBatch {
  /** [T·B] time-major: numbers of words; the unknown one behind a sentence's end */
  words: Int32Array;
  /** [T·B] which row of the spellings each word has */
  spellings: Int32Array;
  /** [L·W] time-major: characters of the batch's different words, side by side */
  characters: Int32Array;
  /** [W] characters of each */
  spelled: Int32Array;
  /** Words of the longest sentence. */
  T: number;
  /** Sentences. */
  B: number;
  /** [B] words of each sentence */
  lengths: Int32Array;
  /** For each kind of tags [T·B]; −100 behind a sentence's end */
  targets: Readonly<Record<string, Int32Array>>;
}

/** How good the tags are. */
export interface TaggerMetrics {
  /** Words that were read. */
  tokens: number;
  /** Mean loss of a word, in nats, summed over the kinds of tags. */
  loss: number;
  /** Share of the words whose tag is right, of the first kind of tags. */
  accuracy: number;
  /** Share of the words whose tag is right, for each kind of tags. */
  accuracies: Record<string, number>;
  /** Accuracy on words without a vector of their own, of the first kind; NaN: there are none. */
  unknownAccuracy: number;
}

/** A word as it is looked up: small letters, each digit a 0. */
const plain = (word: string): string => word.toLowerCase().replace(/[0-9]/g, '0');

/**
 * A tagger: make it, train it with `train.BatchTrainer` on its `data`, let it `tag`, `save` it.
 * Outside scopes.
 */
export class Tagger extends Module implements Trainable<TagBatch> {
  /** The kind that the files of these models declare. */
  static readonly kind = 'tagger';
  /** The kind that the model's files declare. */
  readonly kind = Tagger.kind;
  /** The words that have vectors of their own. */
  readonly words: Vocab;
  /** The characters that words are made of. */
  readonly characters: Vocab;
  /** The tags, by what they are called. */
  readonly tags: Readonly<Record<string, Labels>>;
  /** Sizes and options, as its files hold them. */
  readonly config: TaggerConfig;
  /** Words to numbers. */
  readonly embedding: Embedding;
  /** Characters to numbers. */
  readonly letters: Embedding;
  /** Over the characters of a word, from both ends. */
  readonly spelling: RNN | LSTM | GRU;
  /** Over the words of a sentence, from both ends. */
  readonly rnn: RNN | LSTM | GRU;
  /** The output layers, by what their tags are called. */
  readonly heads: Readonly<Record<string, Linear>>;

  /** @throws RangeError for a size or probability out of range, and where there are no tags */
  constructor(options: TaggerOptions) {
    super();
    checkOptions('Tagger', options, {
      words: true,
      characters: true,
      tags: true,
      cell: true,
      wordSize: true,
      characterSize: true,
      spellingSize: true,
      hiddenSize: true,
      layers: true,
      dropout: true,
      wordDropout: true,
      seed: true,
    });
    const {
      words,
      characters,
      tags,
      cell = 'lstm',
      wordSize = 100,
      characterSize = 50,
      spellingSize = 50,
      hiddenSize = 128,
      layers = 2,
      dropout: p = 0,
      wordDropout = 0,
      seed = 1,
    } = options;
    if (words.unknown < 0 || characters.unknown < 0)
      throw new RangeError(
        'Tagger: a vocabulary has no id for what is unknown; make both with Tagger.vocab',
      );
    if (characters.level !== 'char')
      throw new RangeError(`Tagger: characters of level "${characters.level}", expected char`);
    if (Object.keys(tags).length === 0) throw new RangeError('Tagger: there are no tags');
    if (!Object.hasOwn(cells, cell))
      throw new RangeError(`Tagger: cell "${cell}", expected rnn, lstm or gru`);
    if (!(p >= 0 && p < 1)) throw new RangeError(`Tagger: dropout is ${p}, expected 0 ≤ p < 1`);
    if (!(wordDropout >= 0 && wordDropout < Infinity))
      throw new RangeError(`Tagger: wordDropout is ${wordDropout}, expected a number ≥ 0`);
    checkSize(wordSize, 'wordSize', 'Tagger');
    checkSize(characterSize, 'characterSize', 'Tagger');
    const random = new Random(seed);
    const made = allOrNothing(() => ({
      embedding: new Embedding(words.size, wordSize, { random }),
      letters: new Embedding(characters.size, characterSize, { random }),
      spelling: new cells[cell](characterSize, spellingSize, { bidirectional: true, random }),
      rnn: new cells[cell](wordSize + 2 * spellingSize, hiddenSize, {
        layers,
        bidirectional: true,
        dropout: p,
        random,
      }),
      heads: Object.fromEntries(
        Object.entries(tags).map(([name, { size }]) => [
          name,
          new Linear(2 * hiddenSize, size, { random }),
        ]),
      ),
    }));
    this.embedding = made.embedding;
    this.letters = made.letters;
    this.spelling = made.spelling;
    this.rnn = made.rnn;
    this.heads = made.heads;
    this.words = words;
    this.characters = characters;
    this.tags = tags;
    this.config = {
      characters: characters.toJSON(),
      tags: Object.fromEntries(Object.entries(tags).map(([name, each]) => [name, each.toJSON()])),
      cell,
      wordSize,
      characterSize,
      spellingSize,
      hiddenSize,
      layers,
      dropout: p,
      wordDropout,
    };
  }

  /**
   * The vocabularies and the tags of sentences.
   *
   * @throws RangeError where there are none, or two have different kinds of tags
   */
  static vocab(
    sentences: readonly TaggedSentence[],
  ): Required<Pick<TaggerOptions, 'words' | 'characters' | 'tags'>> {
    checkSize(sentences.length, 'sentences', 'Tagger.vocab');
    const counts = new Map<string, number>();
    for (const { words } of sentences)
      for (const word of words.map(plain)) counts.set(word, (counts.get(word) ?? 0) + 1);
    counts.delete(UNK);
    const known = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    const names = Object.keys(sentences[0]!.tags);
    sentences.forEach(({ tags }, i) => {
      if (Object.keys(tags).join() !== names.join())
        throw new RangeError(
          `Tagger.vocab: sentence ${i} has tags of ${Object.keys(tags).join(', ') || 'no kind'}, ` +
            `expected ${names.join(', ')}`,
        );
    });
    return {
      words: Vocab.of({
        level: 'custom',
        tokens: [UNK, ...known.map(([word]) => word)],
        counts: [0, ...known.map(([, n]) => n)],
      }),
      characters: Vocab.fromText(sentences.map(({ words }) => words.join('')).join(''), {
        level: 'char',
        unknown: true,
      }),
      tags: Object.fromEntries(
        names.map(name => [name, Labels.of(sentences.map(({ tags }) => tags[name]!))]),
      ),
    };
  }

  private idOf(word: string): number {
    const id = this.words.idOf(plain(word));
    return id < 0 ? this.words.unknown : id;
  }

  /** The characters of a word; of a long one its beginning and its end. */
  private spell(word: string): number[] {
    const all = [...word];
    const read = all.length > 2 * HALF ? [...all.slice(0, HALF), ...all.slice(-HALF)] : all;
    const ids = read.map(c => {
      const id = this.characters.idOf(c);
      return id < 0 ? this.characters.unknown : id;
    });
    return ids.length > 0 ? ids : [this.characters.unknown];
  }

  /** Sentences side by side, with the numbers of their tags where there are any. */
  private batch(
    sentences: readonly (readonly string[])[],
    tags: readonly Readonly<Record<string, Int32Array>>[] = [],
  ): TagBatch {
    const B = sentences.length;
    const T = sentences.reduce((most, { length }) => Math.max(most, length), 1);
    const rows = new Map<string, number>();
    const words = new Int32Array(T * B).fill(this.words.unknown);
    const spellings = new Int32Array(T * B);
    sentences.forEach((sentence, b) =>
      sentence.forEach((word, t) => {
        const row = rows.get(word) ?? rows.size;
        rows.set(word, row);
        words[t * B + b] = this.idOf(word);
        spellings[t * B + b] = row;
      }),
    );
    const spelled = [...rows.keys()].map(word => this.spell(word));
    const W = spelled.length;
    const L = spelled.reduce((most, { length }) => Math.max(most, length), 1);
    const characters = new Int32Array(L * W).fill(this.characters.unknown);
    spelled.forEach((ids, w) =>
      ids.forEach((id, l) => {
        characters[l * W + w] = id;
      }),
    );
    const targets = Object.fromEntries(
      Object.keys(this.tags).map(name => {
        const all = new Int32Array(T * B).fill(IGNORED);
        tags.forEach((each, b) =>
          each[name]?.forEach((tag, t) => {
            all[t * B + b] = tag;
          }),
        );
        return [name, all];
      }),
    );
    const lengths = Int32Array.from(sentences, ({ length }) => length);
    return {
      words,
      spellings,
      characters,
      spelled: Int32Array.from(spelled, ({ length }) => length),
      T,
      B,
      lengths,
      targets,
      tokens: lengths.reduce((sum, n) => sum + n, 0),
    };
  }

  /** Refuses a sentence without words, or with other tags than words. */
  private check(who: string, { words, tags }: TaggedSentence, i: number): void {
    checkWords(who, words, i);
    for (const name of Object.keys(this.tags)) {
      const given = tags[name]?.length ?? 0;
      if (given !== words.length)
        throw new RangeError(
          `${who}: sentence ${i} has ${words.length} words and ${given} tags of ${name}`,
        );
    }
  }

  /** The numbers of a sentence's tags. */
  private numbers(who: string, sentence: TaggedSentence, i: number): Record<string, Int32Array> {
    this.check(who, sentence, i);
    return Object.fromEntries(
      Object.entries(this.tags).map(([name, labels]) => [
        name,
        labels.encode(sentence.tags[name]!),
      ]),
    );
  }

  /** As `numbers`; none where the tagger does not know one of the tags. */
  private knownTags(who: string, sentence: TaggedSentence, i: number): Record<string, Int32Array> {
    this.check(who, sentence, i);
    const known = Object.entries(this.tags).every(([name, labels]) =>
      sentence.tags[name]!.every(tag => labels.idOf(tag) >= 0),
    );
    return known ? this.numbers(who, sentence, i) : {};
  }

  /**
   * Sentences as batches of about as long ones, in a new order each epoch.
   *
   * @param sentences with their tags
   * @param options batchSize: sentences of a batch; fingerprint: tells this data from other data
   *   when a run is resumed
   * @throws RangeError where there is none, one has no words or other tags than words, or a tag is
   *   none of the tagger's
   */
  data(sentences: readonly TaggedSentence[], options: DataOptions): BatchData<TagBatch> {
    const who = 'Tagger.data';
    const tags = sentences.map((sentence, i) => this.numbers(who, sentence, i));
    const lengths = sentences.map(({ words }) => words.length);
    return lengthBuckets(who, lengths, options, members =>
      this.batch(
        Array.from(members, i => sentences[i]!.words),
        Array.from(members, i => tags[i]!),
      ),
    );
  }

  /**
   * What is known of each word in its sentence.
   *
   * @param batch sentences side by side
   * @param random draws the dropout masks; undefined: no dropout
   * @returns [T, B, 2·hiddenSize]
   */
  forward(batch: TagBatch, random?: Random): Tensor {
    const { T, B, lengths, spellings, characters, spelled } = batch;
    const { dropout: p, spellingSize: S } = this.config;
    const W = spelled.length;
    const letters = this.letters.forward(characters, [characters.length / W, W]);
    const [h] = this.spelling.forward(letters, { lengths: spelled }).state;
    // the last state of each direction: [2, W, S] → [W, 2·S]
    const spelt = concat(
      [0, 1].map(d => view(slice(h!, 0, d, d + 1), [W, S])),
      1,
    );
    const own = this.embedding.forward(random ? this.dropWords(batch.words, random) : batch.words, [T, B]); // biome-ignore format: one line
    const x = concat([own, rowsOf(spelt, spellings, { shape: [T, B] })], 2);
    const { output } = this.rnn.forward(random ? dropout(x, p, random) : x, { lengths, random });
    return random ? dropout(output, p, random) : output;
  }

  private dropWords(ids: Int32Array, random: Random): Int32Array {
    const { wordDropout: alpha } = this.config;
    const { counts, unknown } = this.words;
    if (alpha === 0) return ids;
    return ids.map(id => (random.float() < alpha / (alpha + (counts?.[id] ?? 1)) ? unknown : id));
  }

  /** [T·B, tags] of one kind. */
  private logits(x: Tensor, name: string): Tensor {
    const { hiddenSize: H } = this.config;
    return this.heads[name]!.forward(view(x, [x.size / (2 * H), 2 * H]));
  }

  /** Mean loss of a batch's words in nats, summed over the kinds of tags. */
  loss(batch: TagBatch, { random }: LossContext): LossResult {
    return { loss: this.lossOf(this.forward(batch, random), batch) };
  }

  private lossOf(x: Tensor, { targets }: TagBatch): Tensor {
    return Object.entries(targets)
      .map(([name, wanted]) => crossEntropy(this.logits(x, name), wanted))
      .reduce((sum, each) => add(sum, each));
  }

  /**
   * The tags of sentences: for each sentence by kind one for each word.
   *
   * @param sentences words of each
   * @throws RangeError for a sentence without words
   */
  tag(sentences: readonly (readonly string[])[]): Record<string, string[]>[] {
    sentences.forEach((words, i) => checkWords('tag', words, i));
    return byLength(
      sentences.map(({ length }) => length),
      ROWS,
      members =>
        infer(() => {
          const batch = this.batch(Array.from(members, i => sentences[i]!));
          return this.best(this.forward(batch), batch);
        }),
    );
  }

  /** The most probable tags of each sentence of a batch. */
  private best(x: Tensor, { B, lengths }: TagBatch): Record<string, string[]>[] {
    const best = Object.entries(this.tags).map(
      ([name, labels]) => [name, labels, argmax(this.logits(x, name), { axis: 1 })] as const,
    );
    return Array.from(lengths, (length, b) =>
      Object.fromEntries(
        best.map(([name, labels, ids]) => [
          name,
          Array.from({ length }, (_, t) => labels.labelOf(ids[t * B + b]!)),
        ]),
      ),
    );
  }

  /**
   * How good the tags are.
   *
   * @param sentences with their tags; a sentence with one that the tagger does not know has no part
   *   in the loss, which is NaN where none has
   * @throws RangeError where there is none, or one has no words or other tags than words
   */
  evaluate(sentences: readonly TaggedSentence[]): TaggerMetrics {
    const who = 'evaluate';
    checkSize(sentences.length, 'sentences', who);
    const names = Object.keys(this.tags);
    const numbers = sentences.map((sentence, i) => this.knownTags(who, sentence, i));
    let [loss, counted] = [0, 0];
    const given = byLength(
      sentences.map(({ words }) => words.length),
      ROWS,
      members =>
        infer(() => {
          const batch = this.batch(
            Array.from(members, i => sentences[i]!.words),
            Array.from(members, i => numbers[i]!),
          );
          const x = this.forward(batch);
          const known = batch.targets[names[0]!]!.filter(target => target !== IGNORED).length;
          if (known > 0) loss += this.lossOf(x, batch).item() * known;
          counted += known;
          return this.best(x, batch);
        }),
    );
    const right = Object.fromEntries(names.map(name => [name, 0]));
    let [tokens, unknown, unknownRight] = [0, 0, 0];
    sentences.forEach(({ words, tags }, i) => {
      tokens += words.length;
      words.forEach((word, t) => {
        const hits = names.map(name => given[i]![name]![t] === tags[name]![t]);
        names.forEach((name, k) => {
          if (hits[k]) right[name]!++;
        });
        if (this.idOf(word) !== this.words.unknown) return;
        unknown++;
        if (hits[0]) unknownRight++;
      });
    });
    const accuracies = Object.fromEntries(names.map(name => [name, right[name]! / tokens]));
    return {
      tokens,
      loss: loss / counted,
      accuracy: accuracies[names[0]!]!,
      accuracies,
      unknownAccuracy: unknownRight / unknown,
    };
  }

  /** The bytes of a model file. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /** What a model file or checkpoint says of this model. */
  describe(): ModelFile {
    return {
      kind: this.kind,
      config: this.config,
      vocab: this.words.toJSON(),
      state: this.stateDict(),
    };
  }

  /**
   * A model from the bytes of a model file, or of a checkpoint.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(bytes: Bytes): Tagger {
    return Tagger.from(readModel(bytes));
  }

  /** As `load`, from a file already read. */
  static from(file: ModelFile): Tagger {
    const { tags, characters, ...options } = configOf(file, Tagger.kind) as TaggerConfig;
    if (typeof tags !== 'object' || tags === null)
      throw new RangeError('load: the config has no tags');
    const model = new Tagger({
      ...options,
      words: Vocab.fromJSON(file.vocab as VocabJSON),
      characters: Vocab.fromJSON(characters),
      tags: Object.fromEntries(
        Object.entries(tags).map(([name, labels]) => [name, new Labels(labels)]),
      ),
    });
    return adopt(model, file);
  }
}

function checkWords(who: string, words: readonly string[], i: number): void {
  if (words.length === 0) throw new RangeError(`${who}: sentence ${i} has no words`);
}
