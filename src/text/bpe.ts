/**
 * Byte pair encoding of words (Sennrich, Haddow and Birch 2016), unit for unit as subword-nmt 0.2
 * learns and applies it. Words are what stands between spaces; their symbols are code points, and
 * the last one carries `</w>`.
 */
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { eachChar } from './tokenize.js';

/** Options of a `BPE`. */
export interface BPEOptions {
  /** What marks a unit that does not end its word. Default: `@@` */
  separator?: string;
  /**
   * Units that may be written, with their separator. A merge that leads to another one is undone
   * (subword-nmt's --vocabulary). Default: all
   */
  vocabulary?: ReadonlySet<string>;
}

/** Options of `BPE.segment`, `BPE.units` and `BPE.split`. */
export interface SegmentOptions {
  /**
   * Each merge is left out with this probability, drawn anew at each step (Provilkov, Emelianenko
   * and Voita 2020). Of use for training texts alone. Default: 0
   */
  dropout?: number;
  /** Draws for `dropout`, which needs it. */
  random?: Random;
}

/** Options of `BPE.learn`. */
export interface LearnOptions extends BPEOptions {
  /** How many pairs are merged at most. */
  merges: number;
  /** Pairs that occur less often are not merged. Default: 2 */
  minFrequency?: number;
}

/** Two symbols that become one. */
export type Merge = readonly [left: string, right: string];

const END = '</w>';
const VERSION = '#version: 0.2';
/** More symbols than there are code points and merges. */
const SYMBOLS = 2 ** 26;

/**
 * Subword units of words.
 *
 *     const bpe = text.BPE.learn(corpus, { merges: 8000 });
 *     bpe.segment('lowest newer\n'); // 'lo@@ west ne@@ wer\n'
 *     text.BPE.parse(bpe.toString()); // as subword-nmt's files of codes
 */
export class BPE {
  /** The pairs that are merged, the most frequent first. */
  readonly merges: readonly Merge[];
  private readonly separator: string;
  private readonly vocabulary: ReadonlySet<string> | null;
  /** Place of each pair, by both of its symbols with a space between them. */
  private readonly ranks = new Map<string, number>();
  /** The pair that a symbol was made of. */
  private readonly parts = new Map<string, Merge>();
  private readonly cache = new Map<string, readonly string[]>();

  /**
   * @param merges the pairs in their order; a pair that stands there twice counts where it is first
   * @param options separator and vocabulary
   * @param glued is `</w>` a part of the last symbol, as of version 0.2, or one of its own?
   */
  constructor(
    merges: readonly Merge[],
    options: BPEOptions = {},
    private readonly glued = true,
  ) {
    checkOptions('BPE', options, { separator: true, vocabulary: true });
    const { separator = '@@', vocabulary } = options;
    if (separator === '' || /\s/.test(separator))
      throw new RangeError(
        `BPE: the separator is ${JSON.stringify(separator)}, expected a text without white space`,
      );
    this.merges = merges;
    this.separator = separator;
    this.vocabulary = vocabulary ?? null;
    for (let i = merges.length - 1; i >= 0; i--) this.ranks.set(merges[i]!.join(' '), i);
    // of several pairs that make one symbol the first is undone
    for (const i of this.ranks.values()) this.parts.set(merges[i]!.join(''), merges[i]!);
  }

  /**
   * Learns the merges of a text: again and again the most frequent pair becomes one symbol; of
   * pairs that are as frequent, the one that comes last in the order of code points.
   *
   * @param text the text, or its pieces, cut between words
   * @param options merges: how many; minFrequency: the rarest that counts
   * @throws RangeError where the options are out of range
   */
  static learn(text: string | Iterable<string>, options: LearnOptions): BPE {
    checkOptions('BPE.learn', options, {
      merges: true,
      minFrequency: true,
      separator: true,
      vocabulary: true,
    });
    const { merges, minFrequency = 2, ...rest } = options;
    for (const [name, value] of Object.entries({ merges, minFrequency }))
      if (!Number.isInteger(value) || value < 1)
        throw new RangeError(`BPE.learn: ${name} is ${value}, expected a whole number ≥ 1`);
    const counts = new Map<string, number>();
    for (const piece of typeof text === 'string' ? [text] : text)
      for (const line of piece.split('\n'))
        for (const word of strip(line).split(' '))
          if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    return new BPE(new Pairs(counts).merge(merges, minFrequency), rest);
  }

  /**
   * Reads a file of codes as subword-nmt writes it: `#version: 0.2`, then a pair a line. A file
   * without that first line is of version 0.1.
   *
   * @param codes the text of the file
   * @param options separator, vocabulary; merges: only the first so many pairs
   * @throws RangeError with the line that is no pair, or for units of bytes
   */
  static parse(codes: string, options: BPEOptions & { merges?: number } = {}): BPE {
    const { merges = Infinity, ...rest } = options;
    const lines = codes.replace(/\n+$/, '').split('\n');
    const version = /^#version:\s*(\S+)\s*(byte)?/.exec(lines[0]!);
    if (version?.[2] !== undefined)
      throw new RangeError(
        'BPE.parse: the codes are of bytes; learn codes of characters (without --bytes)',
      );
    if (version && !/^0\.[12](\.0+)*$/.test(version[1]!))
      throw new RangeError(`BPE.parse: the version is ${version[1]}, expected 0.1 or 0.2`);
    const first = version ? 1 : 0;
    const pairs = lines.slice(first).slice(0, merges);
    if (pairs.length === 1 && pairs[0] === '') pairs.pop();
    return new BPE(
      pairs.map((line, i) => {
        const pair = strip(line).split(' ');
        if (pair.length !== 2)
          throw new RangeError(
            `BPE.parse: line ${i + first + 1}: ${JSON.stringify(line)} is not two units with a ` +
              'space between them',
          );
        return pair as [string, string];
      }),
      rest,
      version?.[1]?.startsWith('0.2') === true,
    );
  }

  /** The file of codes, which `BPE.parse` and subword-nmt read. */
  toString(): string {
    const head = this.glued ? [VERSION] : [];
    return [...head, ...this.merges.map(pair => pair.join(' ')), ''].join('\n');
  }

  /**
   * The text with units between spaces, each that does not end its word with the separator. Line
   * ends and spaces at both ends of a line stay; several spaces between words become one.
   *
   * @throws RangeError for a dropout outside [0, 1], or without `random`
   */
  segment(text: string, options: SegmentOptions = {}): string {
    return text
      .split('\n')
      .map(line => {
        const inner = strip(line);
        const at = inner === '' ? line.length : line.indexOf(inner);
        return (
          line.slice(0, at) + this.units(inner, options).join(' ') + line.slice(at + inner.length)
        );
      })
      .join('\n');
  }

  /**
   * The units of a line, each that does not end its word with the separator.
   *
   * @throws RangeError as `segment`
   */
  units(line: string, options: SegmentOptions = {}): string[] {
    const units: string[] = [];
    for (const word of strip(line).split(' ')) {
      if (word === '') continue;
      const parts = this.split(word, options);
      parts.forEach((part, i) => {
        units.push(i < parts.length - 1 ? part + this.separator : part);
      });
    }
    return units;
  }

  /**
   * The units of a word, without separators.
   *
   * @throws RangeError as `segment`
   */
  split(word: string, options: SegmentOptions = {}): readonly string[] {
    checkOptions('BPE.segment', options, { dropout: true, random: true });
    const { dropout = 0, random } = options;
    if (!(dropout >= 0 && dropout <= 1) || (dropout > 0 && random === undefined))
      throw new RangeError(
        `BPE.segment: the dropout is ${dropout}, expected 0 to 1` +
          (random === undefined ? ', and a random generator for it' : ''),
      );
    const known = dropout === 0 ? this.cache.get(word) : undefined;
    if (known) return known;
    const keep = dropout === 0 ? () => true : () => random!.float() >= dropout;
    const units = this.allowed(this.merged(word, keep));
    if (dropout === 0) this.cache.set(word, units);
    return units;
  }

  /** The text of units: separators and the spaces behind them go. */
  join(text: string | readonly string[]): string {
    const { separator } = this;
    return (typeof text === 'string' ? text : text.join(' '))
      .split('\n')
      .map(line => {
        const whole = line.replaceAll(`${separator} `, '');
        return whole.endsWith(separator) ? whole.slice(0, -separator.length) : whole;
      })
      .join('\n');
  }

  /** Merges the symbols of a word, the first pair first, for as long as one is left. */
  private merged(word: string, keep: () => boolean): string[] {
    let symbols = [...word];
    if (symbols.length === 1) return symbols;
    if (this.glued) symbols[symbols.length - 1] += END;
    else symbols.push(END);
    while (symbols.length > 1) {
      let best = Infinity;
      let places: number[] = [];
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.ranks.get(`${symbols[i]} ${symbols[i + 1]}`);
        if (rank === undefined || rank > best || !keep()) continue;
        if (rank < best) places = [];
        best = rank;
        places.push(i);
      }
      if (places.length === 0) break;
      const merged = this.merges[best]!.join('');
      const next: string[] = [];
      let at = 0;
      for (const place of places) {
        if (place < at) continue; // x x x → xx x
        next.push(...symbols.slice(at, place), merged);
        at = place + 2;
      }
      symbols = [...next, ...symbols.slice(at)];
    }
    const last = symbols.pop()!;
    if (last !== END) symbols.push(last.endsWith(END) ? last.slice(0, -END.length) : last);
    return symbols;
  }

  /** Undoes merges that led to units outside of the vocabulary. */
  private allowed(units: string[]): string[] {
    const { vocabulary, separator, parts } = this;
    if (vocabulary === null) return units;
    const isKnown = (unit: string, last: boolean): boolean =>
      vocabulary.has(last ? unit : unit + separator);
    const out: string[] = [];
    const take = (unit: string, last: boolean): void => {
      const pair = isKnown(unit, last) ? undefined : parts.get(last ? unit + END : unit);
      if (pair === undefined) return void out.push(unit);
      take(pair[0], false);
      take(last ? pair[1].slice(0, -END.length) : pair[1], last);
    };
    units.forEach((unit, i) => take(unit, i === units.length - 1));
    return out;
  }

  /**
   * Reads a vocabulary as subword-nmt's get-vocab writes it: a unit and its count a line.
   *
   * @param file the text of the file
   * @param threshold units that occur less often are left out. Default: none
   * @throws RangeError with the line that is none
   */
  static readVocabulary(file: string, threshold = 0): Set<string> {
    const units = new Set<string>();
    file.split('\n').forEach((line, i) => {
      const bare = strip(line);
      if (bare === '') return;
      const [, unit, n] = /^([^ ]+) (\d+)$/.exec(bare) ?? [];
      if (unit === undefined)
        throw new RangeError(
          `BPE.readVocabulary: line ${i + 1}: ${JSON.stringify(line)} is not a unit and its count`,
        );
      if (Number(n) >= threshold) units.add(unit);
    });
    return units;
  }
}

/** A line without spaces and line ends around it. White space of other kinds is text. */
function strip(line: string): string {
  const isEnd = (c: number): boolean => c === 0x20 || c === 0x0d || c === 0x0a;
  let [from, to] = [0, line.length];
  while (from < to && isEnd(line.charCodeAt(from))) from++;
  while (to > from && isEnd(line.charCodeAt(to - 1))) to--;
  return line.slice(from, to);
}

/** Is a before b in the order of code points? UTF-16 sorts what is past the basic plane too low. */
function isBefore(a: string, b: string): boolean {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const isHalf = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;
    return isHalf(x) === isHalf(y) ? x < y : isHalf(y);
  }
  return a.length < b.length;
}

/** Counts of pairs in words, kept up to date while pairs become symbols. */
class Pairs {
  private readonly symbols: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly words: number[][] = [];
  private readonly frequencies: number[] = [];
  /** Counts of the pairs that are frequent enough to be the next ones. */
  private stats = new Map<number, number>();
  /** Counts of all others, as of when they were put here. */
  private readonly rare: Map<number, number>;
  /** How often each word has a pair. */
  private readonly where = new Map<number, Map<number, number>>();

  constructor(counts: ReadonlyMap<string, number>) {
    for (const [word, frequency] of counts) {
      const symbols: string[] = [];
      eachChar(word, c => symbols.push(String.fromCodePoint(c)));
      symbols[symbols.length - 1] += END;
      const j = this.words.push(symbols.map(symbol => this.number(symbol))) - 1;
      this.frequencies.push(frequency);
      for (let i = 1; i < symbols.length; i++) this.add(this.words[j]!, i - 1, j, 1);
    }
    this.rare = new Map(this.stats);
  }

  private number(symbol: string): number {
    let n = this.numbers.get(symbol);
    if (n === undefined) this.numbers.set(symbol, (n = this.symbols.push(symbol) - 1));
    return n;
  }

  /** Adds the pair at i of word j, or takes it away. */
  private add(word: readonly number[], i: number, j: number, sign: 1 | -1): void {
    const pair = word[i]! * SYMBOLS + word[i + 1]!;
    this.stats.set(pair, (this.stats.get(pair) ?? 0) + sign * this.frequencies[j]!);
    let where = this.where.get(pair);
    if (!where) this.where.set(pair, (where = new Map()));
    where.set(j, (where.get(j) ?? 0) + sign);
  }

  /** The symbols of a pair. */
  private pair(key: number): Merge {
    return [this.symbols[Math.floor(key / SYMBOLS)]!, this.symbols[key % SYMBOLS]!];
  }

  /** The most frequent pair; of several, the last by code points. */
  private best(): { key: number; count: number } {
    let [key, count] = [-1, -Infinity];
    for (const [other, n] of this.stats)
      if (n > count || (n === count && this.precedes(key, other))) [key, count] = [other, n];
    return { key, count };
  }

  private precedes(a: number, b: number): boolean {
    const [[a1, a2], [b1, b2]] = [this.pair(a), this.pair(b)];
    return a1 === b1 ? isBefore(a2, b2) : isBefore(a1, b1);
  }

  /** Puts pairs below the threshold where they are not looked for. */
  private prune(threshold: number): void {
    const { stats, rare } = this;
    for (const [pair, n] of stats) {
      if (n >= threshold) continue;
      stats.delete(pair);
      // below zero: it was put away before, and has lost since
      rare.set(pair, n < 0 ? (rare.get(pair) ?? 0) + n : n);
    }
  }

  /** Merges up to n pairs, while one occurs `least` times. */
  merge(n: number, least: number): Merge[] {
    const merges: Merge[] = [];
    let threshold = this.best().count / 10;
    for (let i = 0; i < n; i++) {
      let best = this.best();
      if (best.key < 0 || (i > 0 && best.count < threshold)) {
        this.prune(threshold);
        this.stats = new Map(this.rare);
        best = this.best();
        threshold = (best.count * i) / (i + 10000);
        this.prune(threshold);
      }
      if (best.key < 0 || best.count < least) break;
      merges.push(this.pair(best.key));
      this.replace(best.key);
      if (i % 100 === 0) this.prune(threshold);
    }
    return merges;
  }

  /** Makes one symbol of a pair, everywhere. */
  private replace(key: number): void {
    const [first, second] = [Math.floor(key / SYMBOLS), key % SYMBOLS];
    const symbol = this.number(this.pair(key).join(''));
    const places = this.where.get(key)!;
    this.where.set(key, new Map());
    for (const [j, times] of places) {
      if (times < 1) continue;
      const old = this.words[j]!;
      const word: number[] = [];
      const isPair = (i: number): boolean => old[i] === first && old[i + 1] === second;
      for (let i = 0; i < old.length; ) {
        if (!isPair(i)) {
          word.push(old[i++]!);
          continue;
        }
        // A B C, B C merged: one A B less; then one of what follows, unless it is B C again
        if (i > 0) this.add(old, i - 1, j, -1);
        if (i + 2 < old.length && !isPair(i + 2)) this.add(old, i + 1, j, -1);
        word.push(symbol);
        i += 2;
      }
      this.words[j] = word;
      word.forEach((each, i) => {
        if (each !== symbol) return;
        if (i > 0) this.add(word, i - 1, j, 1);
        if (i + 1 < word.length && word[i + 1] !== symbol) this.add(word, i, j, 1);
      });
    }
    this.stats.set(key, 0);
  }
}
