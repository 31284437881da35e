/** Which id stands for which unit of text. */
import { asBytes, type Bytes } from '../io/bytes.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import {
  decodeUtf8,
  EOS,
  eachChar,
  eachWord,
  encodeUtf8,
  type Level,
  Pieces,
  UNK,
} from './tokenize.js';

/** Which units get an id. */
export interface VocabOptions {
  /** What one id stands for. */
  level: Level;
  /** Units seen less often get no id of their own (default 1: all do). Not at byte level. */
  minCount?: number;
  /**
   * At most so many ids, `<unk>` and `<eos>` among them: the most frequent units keep theirs. Not
   * at byte level.
   */
  maxSize?: number;
  /**
   * Character level: reserve the last id for unseen characters. It is there in any case if
   * `minCount` or `maxSize` drop one.
   */
  unknown?: boolean;
}

/** Options of `encode`. */
export interface EncodeOptions {
  /**
   * What to do with a unit outside the vocabulary: `map` it to the unknown id (the default where
   * there is one), `skip` it, or throw an `error` (the default elsewhere).
   */
  unknown?: 'map' | 'skip' | 'error';
}

/** What a vocabulary is in JSON. At byte level there are no tokens to list. */
export interface VocabJSON {
  /** What a unit is. */
  level: Level;
  /** In the order of ids. */
  tokens?: readonly string[];
}

/** Turns ids into text one at a time, as they are sampled. */
export interface Decoder {
  /**
   * The text that is certain once `id` is known: at byte level whole characters only, so possibly
   * ''.
   */
  push(id: number): string;
  /** Whatever an end leaves unfinished: U+FFFD for a character cut off in the middle, else ''. */
  end(): string;
}

/** Turns a text into ids piece by piece. */
export interface Encoder {
  /** Units outside the vocabulary so far. */
  unknown: number;
  /** The ids that are certain with this piece; bytes only at byte level. */
  push(piece: string | Bytes): Int32Array;
  /** The ids of what the last piece left unfinished. */
  end(): Int32Array;
}

/**
 * A vocabulary. Ids run from 0 to size − 1:
 * - `byte`: the id is the byte; 256 of them, always;
 * - `char`: code points in their own order, then the unknown id, if there is one;
 * - `word`: by falling frequency, then first appearance. `<unk>` and `<eos>` are always there and
 *   rank among the others; `<unk>` is as frequent as the words it stands for.
 */
export class Vocab {
  /** The number of ids. */
  readonly size: number;
  /** The id of what is outside the vocabulary, or −1. */
  readonly unknown: number;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly idOfCodePoint: Int32Array;

  private constructor(
    /** What a unit is: 'byte', 'char' or 'word'. */
    readonly level: Level,
    private readonly tokens: readonly string[],
  ) {
    this.size = tokens.length;
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    this.unknown = level === 'byte' ? -1 : (this.ids.get(UNK) ?? -1);

    const codePoints =
      level === 'char' ? tokens.map(token => (token === UNK ? -1 : token.codePointAt(0)!)) : [];
    this.idOfCodePoint = new Int32Array(
      codePoints.reduce((most, c) => Math.max(most, c), -1) + 1,
    ).fill(-1);
    codePoints.forEach((c, id) => c >= 0 && (this.idOfCodePoint[c] = id));
  }

  /**
   * The vocabulary of a training text.
   *
   * @param given the text; bytes are UTF-8
   * @throws RangeError if the text is empty or not UTF-8, or an option is out of range
   */
  static fromText(given: string | Bytes, options: VocabOptions): Vocab {
    const text = typeof given === 'string' ? given : asBytes(given, 'Vocab.fromText');
    const { level } = options;
    const builder = new VocabBuilder(options);
    if (level === 'byte') return builder.vocab();
    if (text.length === 0) throw new RangeError('Vocab.fromText: the text is empty');
    builder.add(typeof text === 'string' ? text : decodeUtf8(text, 'the text'));
    return builder.vocab();
  }

  /** @internal Of tokens in the order of their ids. */
  static of(level: Level, tokens: readonly string[]): Vocab {
    return new Vocab(level, tokens);
  }

  /**
   * An encoder for a text that comes in pieces, whose ids, joined, are those of `encode`.
   *
   * @param options unknown: as for `encode`
   */
  encoder(options: EncodeOptions = {}): Encoder {
    if (this.level === 'byte')
      return {
        unknown: 0,
        push: piece =>
          Int32Array.from(
            typeof piece === 'string' ? encodeUtf8(piece) : asBytes(piece, 'Encoder.push'),
          ),
        end: () => new Int32Array(),
      };
    const pieces = new Pieces(this.level);
    const read = (text: string): Int32Array => {
      const { ids, unknown } = this.encodeCounting(text, options);
      encoder.unknown += unknown;
      return ids;
    };
    const encoder: Encoder = {
      unknown: 0,
      push: piece => {
        if (typeof piece !== 'string')
          throw new TypeError('Encoder.push: bytes are for level "byte"; give a string');
        return read(pieces.push(piece));
      },
      end: () => read(pieces.end()),
    };
    return encoder;
  }

  /**
   * The ids of a text.
   *
   * @param text bytes are UTF-8
   * @throws RangeError naming the unit and its offset, where a unit has no id and is not to be
   *   mapped or skipped
   */
  encode(text: string | Bytes, options: EncodeOptions = {}): Int32Array {
    return this.encodeCounting(text, options).ids;
  }

  /**
   * The ids of a text and how many of its units are outside the vocabulary: mapped to the unknown
   * id, or skipped. The word `<unk>` spelled out in the text is inside it.
   */
  encodeCounting(
    given: string | Bytes,
    options: EncodeOptions = {},
  ): {
    /** The ids of the units, without those that were skipped. */
    ids: Int32Array;
    /** Units outside the vocabulary. */
    unknown: number;
  } {
    const { unknown: wanted, ...rest } = options;
    noOthers('encode', rest);
    const text = typeof given === 'string' ? given : asBytes(given, 'Vocab.encode');
    if (this.level === 'byte')
      return {
        ids: Int32Array.from(typeof text === 'string' ? encodeUtf8(text) : text),
        unknown: 0,
      };

    const mode = wanted ?? (this.unknown < 0 ? 'error' : 'map');
    if (mode === 'map' && this.unknown < 0) {
      throw new RangeError(
        'Vocab.encode: the vocabulary has no unknown id to map to; build it with `unknown: true` or encode with `unknown: "skip"`',
      );
    }
    const string = typeof text === 'string' ? text : decodeUtf8(text, 'the text');
    const ids = new Int32Array(string.length); // no unit is shorter than one character
    let length = 0;
    let unknown = 0;
    const add = (id: number, unit: string | number, offset: number) => {
      if (id < 0) {
        if (mode === 'error') throw new RangeError(this.unseen(unit, offset));
        unknown++;
        if (mode === 'skip') return;
        id = this.unknown;
      }
      ids[length++] = id;
    };
    if (this.level === 'char')
      eachChar(string, (c, offset) => add(this.idOfCodePoint[c] ?? -1, c, offset));
    else eachWord(string, (word, offset) => add(this.ids.get(word) ?? -1, word, offset));
    return { ids: ids.slice(0, length), unknown };
  }

  private unseen(unit: string | number, offset: number): string {
    const shown =
      typeof unit === 'string'
        ? `the word ${JSON.stringify(unit)}`
        : `the character ${JSON.stringify(String.fromCodePoint(unit))} (U+${hex(unit, 4)})`;
    return `Vocab.encode: ${shown} at offset ${offset} is not among the ${this.size} of the vocabulary; encode with \`unknown: "skip"\`, or build the vocabulary with an unknown id`;
  }

  /**
   * The text of ids. Words are joined with spaces, `<eos>` ends a line; bytes that are not UTF-8
   * become U+FFFD, and so does the unknown character.
   *
   * @throws RangeError if an id is not whole or not below `size`
   */
  decode(ids: ArrayLike<number>): string {
    if (this.level === 'byte') {
      const bytes = Uint8Array.from(ids, id => this.check('Vocab.decode', id));
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    }
    const decoder = this.decoder();
    let text = '';
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i]!);
    return text;
  }

  /**
   * A decoder for ids that come one at a time; what it yields, joined, is what `decode` gives for
   * all of them.
   */
  decoder(): Decoder {
    const check = (id: number) => this.check('Decoder.push', id);
    if (this.level === 'byte') {
      // a byte order mark is a character like others here
      const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
      return {
        push: id => utf8.decode(Uint8Array.of(check(id)), { stream: true }),
        end: () => utf8.decode(),
      };
    }
    if (this.level === 'char') {
      return {
        push: id => (check(id) === this.unknown ? '\uFFFD' : this.tokens[id]!),
        end: () => '',
      };
    }
    const eos = this.ids.get(EOS)!;
    let lineStart = true;
    return {
      push: id => {
        const space = lineStart ? '' : ' ';
        lineStart = check(id) === eos;
        return lineStart ? '\n' : space + this.tokens[id]!;
      },
      end: () => '',
    };
  }

  /**
   * The id of one unit, or −1 if it has none: a word, a character, at byte level an ASCII character
   * or `<0xC3>`. The unknown id is that of `<unk>`.
   */
  idOf(token: string): number {
    return this.ids.get(token) ?? -1;
  }

  /**
   * The unit an id stands for, as `idOf` takes it.
   *
   * @throws RangeError if the id is not whole or not below `size`
   */
  tokenOf(id: number): string {
    return this.tokens[this.check('Vocab.tokenOf', id)]!;
  }

  private check(name: string, id: number): number {
    if (!(Number.isInteger(id) && id >= 0 && id < this.size))
      throw new RangeError(`${name}: the id is ${id}, expected a whole number below ${this.size}`);
    return id;
  }

  /** Plain data: `JSON.stringify(vocab)` goes into a model file, `Vocab.fromJSON` takes it back. */
  toJSON(): VocabJSON {
    return this.level === 'byte' ? { level: 'byte' } : { level: this.level, tokens: this.tokens };
  }

  /**
   * The vocabulary that `toJSON` described.
   *
   * @param json the parsed JSON, or its text
   * @throws TypeError if it is something else; RangeError if tokens are doubled or cannot occur at
   *   this level
   */
  static fromJSON(json: unknown): Vocab {
    const { level, tokens } = asVocabJSON(typeof json === 'string' ? parse(json) : json);
    if (level === 'byte') return new Vocab('byte', BYTES);
    const seen = new Set<string>();
    tokens.forEach((token, id) => {
      const shown = JSON.stringify(token);
      if (seen.has(token))
        throw new RangeError(`Vocab.fromJSON: the token ${shown} of id ${id} occurs twice`);
      seen.add(token);
      if (level === 'char' ? token !== UNK && [...token].length !== 1 : !isWord(token)) {
        throw new RangeError(
          `Vocab.fromJSON: the token ${shown} of id ${id} is not one ` +
            `${level === 'char' ? 'character' : 'word'}`,
        );
      }
    });
    if (tokens.length === 0) throw new RangeError('Vocab.fromJSON: there are no tokens');
    for (const special of level === 'word' ? [EOS, UNK] : []) {
      if (!seen.has(special))
        throw new RangeError(
          `Vocab.fromJSON: ${special} is missing among the ${tokens.length} words`,
        );
    }
    return new Vocab(level, [...tokens]);
  }
}

/**
 * Counts the units of a text that comes in pieces, for its vocabulary: `add` them all, then `vocab`
 * gives what `Vocab.fromText` gives for the whole.
 *
 * @throws RangeError for an option out of range
 */
export class VocabBuilder {
  private readonly options: Required<VocabOptions>;
  private readonly pieces: Pieces;
  private readonly words = new Map<string, number>();
  /** By code point. */
  private readonly chars: Float64Array;

  constructor(options: VocabOptions) {
    checkOptions('VocabBuilder', options, {
      level: true,
      minCount: true,
      maxSize: true,
      unknown: true,
    });
    const { level, minCount = 1, maxSize = Infinity, unknown = false } = options;
    checkLevel('Vocab.fromText', level);
    if (level === 'byte' && (minCount !== 1 || maxSize !== Infinity || unknown)) {
      throw new RangeError(
        'Vocab.fromText: minCount, maxSize and unknown do not apply to level "byte": it has ' +
          '256 ids, always',
      );
    }
    const least = level === 'word' ? 2 : 1;
    if (!Number.isInteger(minCount) || minCount < 1)
      throw new RangeError(
        `Vocab.fromText: minCount is ${minCount}, expected a whole number from 1`,
      );
    if (maxSize !== Infinity && (!Number.isInteger(maxSize) || maxSize < least)) {
      throw new RangeError(
        `Vocab.fromText: maxSize is ${maxSize}, expected a whole number from ${least}`,
      );
    }
    this.options = { level, minCount, maxSize, unknown };
    this.pieces = new Pieces(level);
    this.chars = new Float64Array(level === 'char' ? 0x110000 : 0);
  }

  /** Counts the units of the next piece. */
  add(piece: string): void {
    this.count(this.pieces.push(piece));
  }

  private count(text: string): void {
    const { chars, words } = this;
    if (this.options.level === 'char') eachChar(text, c => chars[c]!++);
    else if (this.options.level === 'word')
      eachWord(text, word => words.set(word, (words.get(word) ?? 0) + 1));
  }

  /** The vocabulary of all pieces. */
  vocab(): Vocab {
    const { level } = this.options;
    if (level === 'byte') return Vocab.of('byte', BYTES);
    this.count(this.pieces.end());
    return Vocab.of(level, level === 'char' ? this.ofChars() : this.ofWords());
  }

  private ofChars(): string[] {
    const { minCount, maxSize, unknown } = this.options;
    const counts = this.chars;
    const seen: number[] = [];
    for (let c = 0; c < counts.length; c++) if (counts[c]! > 0) seen.push(c);
    let kept = seen.filter(c => counts[c]! >= minCount);
    const withUnknown = unknown || kept.length < seen.length || kept.length > maxSize;
    const room = withUnknown ? maxSize - 1 : maxSize;
    if (kept.length > room) {
      kept = kept
        .sort((a, b) => counts[b]! - counts[a]!)
        .slice(0, room)
        .sort((a, b) => a - b);
    }
    const tokens = kept.map(c => String.fromCodePoint(c));
    return withUnknown ? [...tokens, UNK] : tokens;
  }

  private ofWords(): string[] {
    const { minCount, maxSize } = this.options;
    const counts = new Map(this.words);
    for (const special of [EOS, UNK]) if (!counts.has(special)) counts.set(special, 0);
    const words = [...counts.keys()]
      .filter(word => word !== EOS && word !== UNK)
      .sort((a, b) => counts.get(b)! - counts.get(a)!);
    const kept = new Set([
      EOS,
      UNK,
      ...words.filter(word => counts.get(word)! >= minCount).slice(0, maxSize - 2),
    ]);
    for (const word of words)
      if (!kept.has(word)) counts.set(UNK, counts.get(UNK)! + counts.get(word)!);

    const tokens = [...counts.keys()]
      .filter(word => kept.has(word))
      .sort((a, b) => counts.get(b)! - counts.get(a)!);
    // Engines keep the whole text alive behind a piece of it: a round trip through JSON copies the
    // pieces out.
    return JSON.parse(JSON.stringify(tokens)) as string[];
  }
}

/** ASCII as it is, the rest by number: half of a character has no other name. */
const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? String.fromCharCode(byte) : `<0x${hex(byte, 2)}>`,
);

function hex(n: number, digits: number): string {
  return n.toString(16).toUpperCase().padStart(digits, '0');
}

function isWord(token: string): boolean {
  let words = 0;
  let whole = false;
  eachWord(token, word => {
    words++;
    whole = word === token;
  });
  return words === 1 && whole;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new TypeError(`Vocab.fromJSON: the text is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function asVocabJSON(json: unknown): Required<VocabJSON> {
  if (typeof json !== 'object' || json === null)
    throw new TypeError(
      `Vocab.fromJSON: expected { level, tokens }, got ${json === null ? 'null' : typeof json}`,
    );
  const { level, tokens = [] } = json as Partial<VocabJSON>;
  checkLevel('Vocab.fromJSON', level);
  if (!Array.isArray(tokens) || !tokens.every(token => typeof token === 'string'))
    throw new TypeError('Vocab.fromJSON: tokens must be a list of strings');
  return { level, tokens };
}

function checkLevel(name: string, level: unknown): asserts level is Level {
  if (level !== 'byte' && level !== 'char' && level !== 'word') {
    throw new RangeError(
      `${name}: the level is ${JSON.stringify(level)}, expected "byte", "char" or "word"`,
    );
  }
}
