/** Which id stands for which unit of text. */
import { asBytes, type Bytes } from '../io/bytes.js';
import { noOthers } from '../runtime/options.js';
import {
  BYTES,
  checkLevel,
  checkSpecial,
  UnitCounter,
  type VocabJSON,
  type VocabOptions,
} from './count.js';
import {
  decodeUtf8,
  EOS,
  eachChar,
  eachWord,
  encodeUtf8,
  hex,
  type Level,
  Pieces,
  type Tokenizer,
  UNK,
} from './tokenize.js';

/** Options of `encode`. */
export interface EncodeOptions {
  /**
   * What to do with a unit outside the vocabulary: `map` it to the unknown id (the default where
   * there is one), `skip` it, or throw an `error` (the default elsewhere).
   */
  unknown?: 'map' | 'skip' | 'error';
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
 *   rank among the others; `<unk>` is as frequent as the words it stands for;
 * - `custom`: the units of a tokenizer of your own, ordered as words are, without `<eos>`.
 *
 * Special tokens (`<bos>`, `<pad>`, …) follow. They stand for no text: `encode` never gives them,
 * `decode` leaves them out, `idOf` finds them.
 */
export class Vocab {
  /** The number of ids. */
  readonly size: number;
  /** The id of units outside the vocabulary, or −1. */
  readonly unknown: number;
  /** What a unit is. */
  readonly level: Level;
  /**
   * How often the unit of each id occurred in the text that the vocabulary was made of, 0 for
   * special tokens; null where nothing was counted.
   */
  readonly counts: Float64Array | null;
  /** Tokens that stand for no text; theirs are the last ids. */
  readonly special: readonly string[];
  /**
   * How a text becomes units at level `custom`, null at the others. Files hold its units, not the
   * tokenizer: after loading set it again.
   */
  tokenizer: Tokenizer | null;
  private readonly tokens: readonly string[];
  /** Ids of the tokens that stand for text. */
  private readonly ids: ReadonlyMap<string, number>;
  private readonly idOfCodePoint: Int32Array;

  private constructor(
    { level, tokens = BYTES, counts, special = [] }: VocabJSON,
    tokenizer: Tokenizer | undefined,
  ) {
    this.level = level;
    this.tokens = [...tokens, ...special];
    this.special = special;
    this.tokenizer = tokenizer ?? null;
    this.size = this.tokens.length;
    this.counts = counts ? new Float64Array(this.size) : null;
    this.counts?.set(counts!);
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
  static of(content: VocabJSON, tokenizer?: Tokenizer): Vocab {
    return new Vocab(content, tokenizer);
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
    const text = typeof given === 'string' ? given : asBytes(given, 'Vocab.encode');
    if (this.level === 'byte') {
      const { unknown: _, ...rest } = options;
      noOthers('encode', rest);
      return {
        ids: Int32Array.from(typeof text === 'string' ? encodeUtf8(text) : text),
        unknown: 0,
      };
    }
    const string = typeof text === 'string' ? text : decodeUtf8(text, 'the text');
    return this.collect('encode', options, string.length, add => {
      if (this.level === 'char')
        eachChar(string, (c, offset) => add(this.idOfCodePoint[c] ?? -1, c, offset));
      else if (this.level === 'word')
        eachWord(string, (word, offset) => add(this.ids.get(word) ?? -1, word, offset));
      else for (const unit of this.split(string)) add(this.ids.get(unit) ?? -1, unit);
    });
  }

  /**
   * The ids of units that are units already: words of a treebank, special tokens among them.
   *
   * @throws RangeError naming the unit and its place, where it has no id and is not to be mapped or
   *   skipped
   */
  encodeUnits(units: Iterable<string>, options: EncodeOptions = {}): Int32Array {
    return this.collect('encodeUnits', options, 0, add => {
      let place = 0;
      for (const unit of units) add(this.idOf(unit), unit, place++);
    }).ids;
  }

  /**
   * Collects ids and, by the options, maps, skips or refuses units that have none.
   *
   * @param expected ids to expect; there may be more
   */
  private collect(
    who: string,
    { unknown: wanted, ...rest }: EncodeOptions,
    expected: number,
    visit: (add: (id: number, unit: string | number, offset?: number) => void) => void,
  ): { ids: Int32Array; unknown: number } {
    noOthers(who, rest);
    const mode = wanted ?? (this.unknown < 0 ? 'error' : 'map');
    if (mode === 'map' && this.unknown < 0) {
      throw new RangeError(
        `Vocab.${who}: the vocabulary has no unknown id to map to; build it with \`unknown: true\` or encode with \`unknown: "skip"\``,
      );
    }
    let ids = new Int32Array(expected);
    let length = 0;
    let unknown = 0;
    visit((id, unit, offset) => {
      if (id < 0) {
        if (mode === 'error') throw new RangeError(this.unseen(who, unit, offset));
        unknown++;
        if (mode === 'skip') return;
        id = this.unknown;
      }
      if (length === ids.length) {
        const grown = new Int32Array(2 * length + 16);
        grown.set(ids);
        ids = grown;
      }
      ids[length++] = id;
    });
    return { ids: ids.slice(0, length), unknown };
  }

  /** The units of a text, by the user's own tokenizer. */
  private split(text: string): Iterable<string> {
    if (this.tokenizer === null)
      throw new Error(
        'Vocab.encode: the tokenizer of this vocabulary is your own, which files do not hold; ' +
          'set `vocab.tokenizer`, or use `encodeUnits`',
      );
    return this.tokenizer.split(text);
  }

  private unseen(who: string, unit: string | number, offset: number | undefined): string {
    const shown =
      typeof unit === 'string'
        ? `the ${this.level === 'word' ? 'word' : 'unit'} ${JSON.stringify(unit)}`
        : `the character ${JSON.stringify(String.fromCodePoint(unit))} (U+${hex(unit, 4)})`;
    const place = offset === undefined ? '' : ` at offset ${offset}`;
    return `Vocab.${who}: ${shown}${place} is not among the ${this.size} of the vocabulary; encode with \`unknown: "skip"\`, or build the vocabulary with an unknown id`;
  }

  /**
   * The text of ids. Words are joined with spaces, `<eos>` ends a line; bytes that are not UTF-8
   * become U+FFFD, and so does the unknown character. Special tokens are no text.
   *
   * @throws RangeError if an id is not whole or not below `size`
   */
  decode(ids: ArrayLike<number>): string {
    if (this.level === 'byte') {
      const bytes = Int32Array.from(ids, id => this.check('Vocab.decode', id)).filter(
        id => id < BYTES.length,
      );
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    }
    const decoder = this.decoder();
    let text = '';
    for (let i = 0; i < ids.length; i++) text += decoder.push(ids[i]!);
    return text + decoder.end();
  }

  /**
   * A decoder for ids that come one at a time; what it yields, joined, is what `decode` gives for
   * all of them.
   */
  decoder(): Decoder {
    const ordinary = this.size - this.special.length;
    const { push, end } = this.unitDecoder();
    return {
      push: id => (this.check('Decoder.push', id) < ordinary ? push(id) : ''),
      end,
    };
  }

  /** A decoder for ids that are checked, and no special tokens. */
  private unitDecoder(): Decoder {
    if (this.level === 'byte') {
      // a byte order mark is a character like others here
      const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
      return {
        push: id => utf8.decode(Uint8Array.of(id), { stream: true }),
        end: () => utf8.decode(),
      };
    }
    const join =
      this.level === 'char'
        ? (unit: string) => (unit === UNK ? '\uFFFD' : unit)
        : (this.tokenizer?.join ?? joinWords);
    let before: string | null = null;
    return {
      push: id => {
        const unit = this.tokens[id]!;
        const text = join(unit, before);
        before = unit;
        return text;
      },
      end: () => '',
    };
  }

  /**
   * The id of one unit, or −1 if it has none: a word, a character, at byte level an ASCII character
   * or `<0xC3>`, or a special token. The unknown id is that of `<unk>`.
   */
  idOf(token: string): number {
    const id = this.ids.get(token);
    if (id !== undefined) return id;
    const at = this.special.indexOf(token);
    return at < 0 ? -1 : this.size - this.special.length + at;
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
    const { level, tokens, counts, special } = this;
    const ordinary = this.size - special.length;
    return {
      level,
      ...(level === 'byte' ? {} : { tokens: tokens.slice(0, ordinary) }),
      ...(counts && { counts: [...counts.subarray(0, ordinary)] }),
      ...(special.length > 0 ? { special } : {}),
    };
  }

  /**
   * The vocabulary that `toJSON` described.
   *
   * @param json the parsed JSON, or its text
   * @throws TypeError if it is something else; RangeError if tokens are doubled or cannot occur at
   *   this level
   */
  static fromJSON(json: unknown): Vocab {
    const { level, tokens, counts, special } = asVocabJSON(
      typeof json === 'string' ? parse(json) : json,
    );
    checkSpecial('Vocab.fromJSON', level, special);
    if (level === 'byte') return new Vocab({ level, special }, undefined);
    const seen = new Set<string>();
    [...tokens, ...special].forEach((token, id) => {
      const shown = JSON.stringify(token);
      if (seen.has(token))
        throw new RangeError(`Vocab.fromJSON: the token ${shown} of id ${id} occurs twice`);
      seen.add(token);
      if (level === 'custom' || id >= tokens.length) return;
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
    if (counts && !(counts.length === tokens.length && counts.every(count => count >= 0)))
      throw new RangeError(
        `Vocab.fromJSON: counts must be ${tokens.length} numbers ≥ 0, one for each token`,
      );
    return new Vocab(
      { level, tokens: [...tokens], special: [...special], ...(counts && { counts }) },
      undefined,
    );
  }
}

/**
 * Counts the units of a text that comes in pieces, for its vocabulary: `add` them all, then `vocab`
 * gives what `Vocab.fromText` gives for the whole.
 */
export class VocabBuilder {
  private readonly counter: UnitCounter;

  /**
   * @throws RangeError for an option out of range
   */
  constructor(options: VocabOptions) {
    this.counter = new UnitCounter(options);
  }

  /** Counts the units of the next piece. */
  add(piece: string): void {
    this.counter.add(piece);
  }

  /** The vocabulary of all pieces. */
  vocab(): Vocab {
    return Vocab.of(this.counter.end(), this.counter.tokenizer);
  }
}

/** Words with spaces between them; `<eos>` ends a line. */
function joinWords(word: string, before: string | null): string {
  if (word === EOS) return '\n';
  return before === null || before === EOS ? word : ` ${word}`;
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

function asVocabJSON(
  json: unknown,
): Required<Omit<VocabJSON, 'counts'>> & Pick<VocabJSON, 'counts'> {
  if (typeof json !== 'object' || json === null)
    throw new TypeError(
      `Vocab.fromJSON: expected { level, tokens }, got ${json === null ? 'null' : typeof json}`,
    );
  const { level, tokens = [], counts, special = [] } = json as Partial<VocabJSON>;
  checkLevel('Vocab.fromJSON', level);
  for (const [name, list] of Object.entries({ tokens, special }))
    if (!Array.isArray(list) || !list.every(token => typeof token === 'string'))
      throw new TypeError(`Vocab.fromJSON: ${name} must be a list of strings`);
  return { level, tokens, special, ...(counts && { counts }) };
}
