/** Counting the units of a text, for its vocabulary. */
import { checkOptions } from '../runtime/options.js';
import {
  EOS,
  eachChar,
  eachWord,
  hex,
  type Level,
  Pieces,
  type Tokenizer,
  UNK,
} from './tokenize.js';

/** Which units get an id. */
export interface VocabOptions {
  /** What one id stands for. */
  level: Level;
  /** Level `custom`: how a text becomes units. */
  tokenizer?: Tokenizer;
  /**
   * Tokens that stand for no text, such as `<bos>` and `<pad>`: they get the last ids, in this
   * order. Default: none.
   */
  special?: readonly string[];
  /** Units seen less often get no id of their own (default 1: all do). Not at byte level. */
  minCount?: number;
  /**
   * At most so many ids, `<unk>`, `<eos>` and special tokens among them: the most frequent units
   * keep theirs. Not at byte level.
   */
  maxSize?: number;
  /**
   * Character level: reserve the last id for unseen characters. It is there in any case if
   * `minCount` or `maxSize` drop one.
   */
  unknown?: boolean;
}

/** What a vocabulary is in JSON. */
export interface VocabJSON {
  /** What a unit is. */
  level: Level;
  /** In the order of ids. Absent at byte level, where there is none to list. */
  tokens?: readonly string[];
  /** How often each token occurred; absent where that is not known. */
  counts?: readonly number[];
  /** Tokens that stand for no text, after the others. Absent: none. */
  special?: readonly string[];
}

/** Units that get an id, in the order of their ids, and how often each occurred. */
type Counted = Required<Pick<VocabJSON, 'tokens' | 'counts'>>;

/** Counts units, and chooses those that get an id. */
export class UnitCounter {
  private readonly options: Required<Omit<VocabOptions, 'tokenizer'>>;
  readonly tokenizer: Tokenizer | undefined;
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
      tokenizer: true,
      special: true,
    });
    const { level, minCount = 1, maxSize = Infinity, unknown = false, special = [] } = options;
    checkLevel('Vocab.fromText', level);
    checkSpecial('Vocab.fromText', level, special);
    if ((level === 'custom') !== (options.tokenizer !== undefined))
      throw new TypeError(
        `Vocab.fromText: level "${level}" ${level === 'custom' ? 'needs' : 'takes no'} tokenizer`,
      );
    if (level === 'byte' && (minCount !== 1 || maxSize !== Infinity || unknown)) {
      throw new RangeError(
        'Vocab.fromText: minCount, maxSize and unknown do not apply to level "byte": it has ' +
          '256 ids, always',
      );
    }
    const least = special.length + (level === 'word' ? 2 : 1);
    if (!Number.isInteger(minCount) || minCount < 1)
      throw new RangeError(
        `Vocab.fromText: minCount is ${minCount}, expected a whole number from 1`,
      );
    if (maxSize !== Infinity && (!Number.isInteger(maxSize) || maxSize < least)) {
      throw new RangeError(
        `Vocab.fromText: maxSize is ${maxSize}, expected a whole number from ${least}`,
      );
    }
    this.options = { level, minCount, maxSize: maxSize - special.length, unknown, special };
    this.tokenizer = options.tokenizer;
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
    else if (this.tokenizer)
      for (const unit of this.tokenizer.split(text)) words.set(unit, (words.get(unit) ?? 0) + 1);
  }

  /** The vocabulary of all that was counted. */
  end(): VocabJSON {
    const { level, special } = this.options;
    this.count(this.pieces.end());
    if (level === 'byte') return { level, special };
    return { level, special, ...(level === 'char' ? this.ofChars() : this.ofWords()) };
  }

  private ofChars(): Counted {
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
    const of = (list: readonly number[]): number[] => list.map(c => counts[c]!);
    const total = (list: readonly number[]): number => of(list).reduce((sum, n) => sum + n, 0);
    const tokens = kept.map(c => String.fromCodePoint(c));
    if (!withUnknown) return { tokens, counts: of(kept) };
    return { tokens: [...tokens, UNK], counts: [...of(kept), total(seen) - total(kept)] };
  }

  private ofWords(): Counted {
    const { level, minCount, maxSize, special } = this.options;
    const counts = new Map(this.words);
    const always = level === 'word' ? [EOS, UNK] : [UNK];
    for (const token of always) if (!counts.has(token)) counts.set(token, 0);
    const words = [...counts.keys()]
      .filter(word => !always.includes(word))
      .sort((a, b) => counts.get(b)! - counts.get(a)!);
    const kept = new Set([
      ...always,
      ...words
        .filter(word => counts.get(word)! >= minCount && !special.includes(word))
        .slice(0, maxSize - always.length),
    ]);
    for (const word of words)
      if (!kept.has(word)) counts.set(UNK, counts.get(UNK)! + counts.get(word)!);

    const tokens = [...counts.keys()]
      .filter(word => kept.has(word))
      .sort((a, b) => counts.get(b)! - counts.get(a)!);
    // Engines keep the whole text alive behind a piece of it: a round trip through JSON copies the
    // pieces out.
    return {
      tokens: JSON.parse(JSON.stringify(tokens)) as string[],
      counts: tokens.map(token => counts.get(token)!),
    };
  }
}

/** ASCII as it is, the rest by number: half of a character has no other name. */
export const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? String.fromCharCode(byte) : `<0x${hex(byte, 2)}>`,
);

/** Throws for a level that does not exist. */
export function checkLevel(name: string, level: unknown): asserts level is Level {
  if (level !== 'byte' && level !== 'char' && level !== 'word' && level !== 'custom') {
    throw new RangeError(
      `${name}: the level is ${JSON.stringify(level)}, expected "byte", "char", "word" or "custom"`,
    );
  }
}

/** Refuses special tokens that a unit of the level could be, and doubled ones. */
export function checkSpecial(name: string, level: Level, special: readonly string[]): void {
  special.forEach((token, i) => {
    const text =
      token === '' ||
      token === UNK ||
      (level === 'byte' && BYTES.includes(token)) ||
      (level === 'char' && [...token].length === 1) ||
      (level === 'word' && token === EOS);
    if (text || special.indexOf(token) !== i)
      throw new RangeError(
        `${name}: the special token "${token}" ${text ? `may be text at level "${level}"` : 'is there twice'}`,
      );
  });
}
