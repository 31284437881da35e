/** An n-gram model as its file holds it. */

import { asBytes, type Bytes } from '../io/bytes.js';
import { type ModelFile, readModel } from '../io/model.js';
import { checkOptions } from '../runtime/options.js';
import { parseArpa } from './arpa.js';
import { sortedLevels } from './levels.js';
import { CompactTrie, PlainTrie, type Trie } from './trie.js';

/** The kind that the files of n-gram models declare. */
export const NGRAM_KIND = 'lm.ngram';

/** What the file says of the model beside its n-grams. */
export interface NgramConfig {
  /** Words of the longest n-grams. */
  order: number;
  /** n-grams of each order; of order 1 with the beginning of a text. */
  counts: readonly number[];
  /** How probabilities were made of counts; arpa: by another program. */
  smoothing: string;
  /** Bits of log-probabilities and of back-offs; null: f32 without loss. */
  quantized: number | null;
}

/** A model. Words are numbered as in the vocabulary; the beginning of a text is the last number. */
export interface NgramContent {
  config: NgramConfig;
  /** As `Vocab.toJSON` gives it. */
  vocab: { level: string; tokens?: readonly string[]; special?: readonly string[] };
  trie: Trie;
}

/** How a model is kept in memory. */
export interface NgramMemory {
  /**
   * As small as possible, in the bits that its file has: some 8 bytes an n-gram, 4 where quantised,
   * instead of 12, and slower. Default: as quantised models are.
   */
  compact?: boolean | undefined;
}

/** Names in ARPA files, and what vocabularies call the end of a line. */
export const BEGIN = '<s>';
export const END = '</s>';
export const EOS = '<eos>';
export const UNKNOWN = '<unk>';

/** log₁₀ p of a word that an ARPA file lacks and a vocabulary needs, as KenLM has it. */
const MISSING = -100;

/**
 * Reads a model file, or an ARPA file.
 *
 * @throws RangeError for what is neither, or is damaged
 */
export function readNgram(given: Bytes, options: NgramMemory = {}): NgramContent {
  checkOptions('ngram', options, { compact: true });
  const bytes = asBytes(given, 'ngram');
  // a safetensors file: the length of its header, then JSON
  return bytes[8] === 0x7b && bytes[7] === 0
    ? ngramOf(readModel(bytes), options)
    : fromArpa(bytes, options);
}

/** The model of a file that is read already. */
export function ngramOf(
  { kind, config, vocab, state, uint32 }: ModelFile,
  { compact }: NgramMemory = {},
): NgramContent {
  if (kind !== NGRAM_KIND)
    throw new RangeError(
      `ngram: the file holds a model of kind "${kind}", expected "${NGRAM_KIND}"`,
    );
  const own = config as NgramConfig;
  const valid =
    Array.isArray(own?.counts) &&
    own.counts.every(n => Number.isInteger(n) && n >= 0 && n < 2 ** 32);
  if (!valid || own.counts.length !== own.order || own.counts[0] === 0)
    throw new RangeError('ngram: the config has no counts of n-grams, one for each order');
  const packed = CompactTrie.from(own.counts, name => {
    const found = state.get(name) ?? uint32?.get(name);
    if (found === undefined) throw new RangeError(`ngram: the array "${name}" is missing`);
    return found.data;
  });
  const trie = (compact ?? own.quantized !== null) ? packed : new PlainTrie(packed.levels());
  return { config: own, vocab: vocab as NgramContent['vocab'], trie };
}

/** What `writeModel` writes. */
export function describeNgram({ config, vocab, trie }: NgramContent): ModelFile {
  const file: ModelFile = {
    kind: NGRAM_KIND,
    config,
    vocab,
    state: new Map(),
    uint32: new Map(),
  };
  const packed = trie instanceof CompactTrie ? trie : CompactTrie.of(trie.levels());
  for (const { name, data } of packed.arrays()) {
    const shape = [data.length];
    if (data instanceof Uint32Array) file.uint32!.set(name, { shape, data });
    else file.state.set(name, { shape, data });
  }
  return file;
}

/** The model of an ARPA file: words as listed, `</s>` as the vocabulary's `<eos>`. */
function fromArpa(bytes: Uint8Array, { compact = false }: NgramMemory): NgramContent {
  const arpa = parseArpa(bytes);
  const tokens = arpa.words.filter(word => word !== BEGIN);
  for (const word of [UNKNOWN, END]) if (!arpa.words.includes(word)) tokens.push(word);
  const place = new Map(tokens.map((word, id) => [word, id]));
  place.set(BEGIN, tokens.length);
  const words = tokens.length + 1;
  const ids = Uint32Array.from(arpa.words, word => place.get(word)!);
  const grams = arpa.grams.map(({ words, logp, backoff }) => ({
    words: words.map(word => ids[word]!),
    logp,
    backoff,
  }));
  const first = { words: new Uint32Array(words), logp: new Float32Array(words), backoff: new Float32Array(words) }; // biome-ignore format: one line
  first.logp.fill(MISSING);
  ids.forEach((id, word) => {
    first.words[id] = id;
    first.logp[id] = arpa.grams[0]!.logp[word]!;
    first.backoff[id] = arpa.grams[0]!.backoff[word]!;
  });
  for (let id = 0; id < words; id++) first.words[id] = id;
  grams[0] = first;
  const names = [...tokens, BEGIN];
  const levels = sortedLevels(grams, words, gram => {
    throw new RangeError(
      `arpa: the ${gram.length}-gram "${gram.map(id => names[id]).join(' ')}" is listed twice`,
    );
  });
  const trie = compact ? CompactTrie.of(levels) : new PlainTrie(levels);
  const { order, counts } = trie;
  const config = { order, counts, smoothing: 'arpa', quantized: null };
  const vocab = { level: 'word', tokens: tokens.map(word => (word === END ? EOS : word)) };
  return { config, vocab, trie };
}
