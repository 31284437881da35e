/** The ARPA format, in which n-gram models are exchanged (Doug Paul; SRILM's ngram-format(5)). */
import { asBytes, type Bytes } from '../io/bytes.js';
import { kindOfFile } from '../io/kind.js';
import type { Grams } from './levels.js';
import type { Level } from './trie.js';

/** What an ARPA file holds. */
export interface Arpa {
  /** Words by their numbers. */
  words: string[];
  /** n-grams of each order. Order 1: word i stands at i. */
  grams: Grams[];
}

const fault = (line: number, what: string): never => {
  throw new RangeError(`arpa: line ${line}: ${what}`);
};

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;

/** 10⁰ … 10²², which f64 holds exactly: a quotient by one of them is rounded once. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * Reads an ARPA file. Fields may be separated by tabs or spaces, a missing back-off is 0.
 *
 * @throws RangeError naming the line, for whatever is not as the format says; nothing of a damaged
 *   file is returned
 */
export function parseArpa(given: Bytes): Arpa {
  const bytes = asBytes(given, 'arpa');
  const kind = kindOfFile(bytes);
  if (kind) throw new RangeError(`arpa: this is ${kind.name}, not an ARPA file; ${kind.asText}`);
  return new Parser(bytes).parse();
}

class Parser {
  private at = 0;
  private line = 0;
  /** Where the fields of the line begin and end. */
  private readonly from = new Int32Array(64);
  private readonly to = new Int32Array(64);
  private readonly names: Names;

  constructor(private readonly bytes: Uint8Array) {
    this.names = new Names(bytes);
  }

  parse(): Arpa {
    const counts = this.header();
    const grams = counts.map((n, i) => this.section(i + 1, n));
    if (this.fields() < 0 || this.text(0) !== '\\end\\')
      fault(this.line, `expected \\end\\; the file is cut off, or its counts are wrong`);
    return { words: this.names.list(), grams };
  }

  /** Splits the next line that is not empty; −1 at the end of the file. */
  private fields(): number {
    const { bytes, from, to } = this;
    let n = 0;
    while (n === 0 && this.at < bytes.length) {
      this.line++;
      let at = this.at;
      for (; at < bytes.length && bytes[at] !== NEWLINE; at++) {
        const c = bytes[at]!;
        if (c === SPACE || c === TAB || c === RETURN) continue;
        if (n === from.length) fault(this.line, `more than ${n} fields`);
        from[n] = at;
        while (at < bytes.length && bytes[at]! > SPACE) at++;
        to[n++] = at--;
      }
      this.at = at + 1;
    }
    return n === 0 ? -1 : n;
  }

  private text(field: number): string {
    return new TextDecoder().decode(this.bytes.subarray(this.from[field], this.to[field]));
  }

  private header(): number[] {
    for (;;) {
      if (this.fields() < 0)
        throw new RangeError('arpa: there is no line \\data\\; this may be no ARPA file');
      if (this.text(0) === '\\data\\') break;
    }
    const counts: number[] = [];
    for (;;) {
      const before = { at: this.at, line: this.line };
      const n = this.fields();
      if (n < 0) fault(this.line, 'the file ends before its n-grams');
      if (this.bytes[this.from[0]!] === 0x5c) {
        Object.assign(this, before); // the first section
        break;
      }
      const text = Array.from({ length: n }, (_, i) => this.text(i)).join(' ');
      const match = /^ngram (\d+) ?= ?(\d+)$/.exec(text);
      if (!match || Number(match[1]) !== counts.length + 1)
        fault(this.line, `"${text}", expected "ngram ${counts.length + 1}=" and a number`);
      counts.push(Number(match![2]));
    }
    if (counts.length === 0) fault(this.line, 'there is no line "ngram 1=" with a number');
    if (counts[0] === 0) fault(this.line, 'there are no words: "ngram 1=0"');
    return counts;
  }

  private section(k: number, n: number): Grams {
    if (this.fields() < 0 || this.text(0) !== `\\${k}-grams:`)
      fault(this.line, `expected \\${k}-grams:; the file is cut off, or its counts are wrong`);
    // a line has 4 bytes at least: a count that lies must not take the memory
    if (n > this.bytes.length / 4)
      fault(this.line, `the file is said to have ${n} ${k}-grams, which do not fit into it`);
    const words = new Uint32Array(k === 1 ? 0 : n * k);
    const logp = new Float32Array(n);
    const backoff = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      const count = this.fields();
      if (count !== k + 1 && count !== k + 2) {
        if (count < 0 || this.bytes[this.from[0]!] === 0x5c)
          fault(this.line, `${i} ${k}-grams, the header says ${n}`);
        fault(this.line, `${count} fields, expected ${k + 1} or ${k + 2}`);
      }
      const p = this.number(0);
      if (p > 0) fault(this.line, `the log-probability is ${p}, expected at most 0`);
      logp[i] = p;
      if (count === k + 2) backoff[i] = this.number(k + 1);
      if (k === 1) {
        if (this.names.add(this.from[1]!, this.to[1]!) !== i)
          fault(this.line, `the word "${this.text(1)}" is listed twice`);
        continue;
      }
      for (let j = 0; j < k; j++) {
        const word = this.names.find(this.from[j + 1]!, this.to[j + 1]!);
        if (word < 0) fault(this.line, `the word "${this.text(j + 1)}" is not among the 1-grams`);
        words[i * k + j] = word;
      }
    }
    return { words, logp, backoff };
  }

  /** A decimal number; −inf is −99, as other programs write it. */
  private number(field: number): number {
    const { bytes } = this;
    let at = this.from[field]!;
    const end = this.to[field]!;
    const negative = bytes[at] === 0x2d;
    if (negative || bytes[at] === 0x2b) at++;
    let digits = 0;
    let value = 0;
    let decimals = 0;
    let point = false;
    for (; at < end; at++) {
      const c = bytes[at]! - 0x30;
      if (c >= 0 && c <= 9) {
        value = value * 10 + c;
        digits++;
        if (point) decimals++;
      } else if (c === -2 && !point) point = true;
      else break;
    }
    // what is longer or has an exponent is left to the engine
    if (at === end && digits > 0 && digits <= 15)
      return (negative ? -value : value) / POWERS[decimals]!;
    const text = this.text(field);
    if (/^-inf(inity)?$/i.test(text)) return -99;
    const parsed = Number(text);
    if (!Number.isFinite(parsed)) fault(this.line, `"${text}" is not a number`);
    return parsed;
  }
}

/** Words by their bytes. */
class Names {
  /** Where the word of a number is. */
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  /** An open hash, at most half full: numbers + 1. */
  private slots = new Uint32Array(1 << 12);

  constructor(private readonly bytes: Uint8Array) {}

  private slot(from: number, to: number): number {
    const { bytes, slots } = this;
    let hash = 0x811c9dc5; // FNV-1a
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const mask = slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const word = slots[slot]! - 1;
      if (word < 0) return slot;
      const start = this.from[word]!;
      if (this.to[word]! - start !== to - from) continue;
      let i = from;
      while (i < to && bytes[i] === bytes[start + i - from]) i++;
      if (i === to) return slot;
    }
  }

  find(from: number, to: number): number {
    return this.slots[this.slot(from, to)]! - 1;
  }

  /** The number of a word; the next one, where it is new. */
  add(from: number, to: number): number {
    let slot = this.slot(from, to);
    if (this.slots[slot] !== 0) return this.slots[slot]! - 1;
    if (2 * this.from.length >= this.slots.length) {
      this.slots = new Uint32Array(4 * this.slots.length);
      for (let word = 0; word < this.from.length; word++)
        this.slots[this.slot(this.from[word]!, this.to[word]!)] = word + 1;
      slot = this.slot(from, to);
    }
    this.from.push(from);
    this.to.push(to);
    this.slots[slot] = this.from.length;
    return this.from.length - 1;
  }

  list(): string[] {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return this.from.map((from, word) => decoder.decode(this.bytes.subarray(from, this.to[word])));
  }
}

/** Bytes of a piece. */
const PIECE = 1 << 20;

/**
 * The bytes of an ARPA file, in pieces. Numbers are written so that f32 reads them back unchanged.
 *
 * @param names the words by their numbers, without spaces
 */
export function* writeArpa(
  levels: readonly Level[],
  names: readonly string[],
): Generator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  // all names in one array: those of frequent words stay in the processor's caches
  const joined = encoder.encode(names.join(''));
  const from = new Uint32Array(names.length + 1);
  names.forEach((name, i) => {
    from[i + 1] = from[i]! + encoder.encode(name).length;
  });
  const longest = names.reduce((most, _, i) => Math.max(most, from[i + 1]! - from[i]! + 1), 0);
  const N = levels.length;
  const head = levels.map(({ logp }, i) => `ngram ${i + 1}=${logp.length}\n`).join('');
  yield encoder.encode(`\\data\\\n${head}`);
  const room = N * longest + 64; // of a line
  let piece = new Uint8Array(PIECE + room);
  let at = 0;
  const starts = levels.map(level => level.starts);
  for (let k = 0; k < N; k++) {
    yield encoder.encode(`\n\\${k + 1}-grams:\n`);
    const { logp, backoff, words: first } = levels[k]!;
    // where the ends of the n-gram stand in their orders; they move on together with it
    const path = new Uint32Array(k + 1);
    const end = new Uint8Array(room); // the n-gram without its first word, and its length
    let length = 0;
    const endOf = (): void => {
      length = 0;
      for (let j = k - 1; j >= 0; j--) {
        const word = j === 0 ? path[0]! : levels[j]!.words[path[j]!]!;
        end[length++] = SPACE;
        for (let c = from[word]!; c < from[word + 1]!; c++) end[length++] = joined[c]!;
      }
    };
    for (let i = 0, last = 0; i < logp.length; i++) {
      if (k > 0 && i === last) {
        // the next end that any n-gram has
        let parent = path[k - 1]!;
        while (starts[k - 1]![parent + 1]! <= i) parent++;
        path[k - 1] = parent;
        last = starts[k - 1]![parent + 1]!;
        for (let j = k - 2; j >= 0; j--)
          while (starts[j]![path[j]! + 1]! <= path[j + 1]!) path[j]!++;
        endOf();
      }
      at = writeNumber(logp[i]!, piece, at);
      piece[at++] = TAB;
      const word = k === 0 ? i : first[i]!;
      for (let c = from[word]!; c < from[word + 1]!; c++) piece[at++] = joined[c]!;
      for (let c = 0; c < length; c++) piece[at++] = end[c]!;
      const b = backoff[i]!;
      // a context is told by its back-off, so that readers need no search
      if (b !== 0 || 1 / b > 0) {
        piece[at++] = TAB;
        at = writeNumber(b, piece, at);
      }
      piece[at++] = NEWLINE;
      if (at < PIECE) continue;
      yield piece.subarray(0, at);
      piece = new Uint8Array(PIECE + room);
      at = 0;
    }
    yield piece.slice(0, at);
    at = 0;
  }
  yield encoder.encode('\n\\end\\\n');
}

/** The digits of 00 … 99. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) =>
  i % 2 === 0 ? 0x30 + Math.floor(i / 20) : 0x30 + (((i - 1) / 2) % 10),
);

/** Writes an f32 with nine digits, which are always enough; −∞ as −99. → where it ends */
function writeNumber(value: number, bytes: Uint8Array, at: number): number {
  if (value < -99) value = -99;
  if (value < 0) bytes[at++] = 0x2d;
  const size = Math.abs(value);
  const whole = size | 0;
  if (whole >= 10) bytes[at++] = 0x30 + ((whole / 10) | 0);
  bytes[at++] = 0x30 + (whole % 10);
  // eight decimals, more where the number is small, in one or two parts below 10⁸
  let digits = Math.round((size - whole) * 1e8);
  let rest = 0;
  let decimals = 8;
  if (size < 1) {
    decimals = size < 0.1 ? 12 : 10;
    const scale = size < 0.1 ? 1e4 : 1e2;
    digits = Math.floor(size * 1e8);
    rest = Math.round((size * 1e8 - digits) * scale);
    if (rest === scale) {
      digits++;
      rest = 0;
    }
  }
  if (digits === 0 && rest === 0) return at;
  if (digits === 1e8) {
    // rounded up to the next whole number
    bytes[at - 1]!++;
    return at;
  }
  bytes[at] = 0x2e;
  const end = at + 1 + decimals;
  let place = end;
  for (; decimals > 8; decimals -= 2) {
    const next = (rest / 100) | 0;
    bytes[--place] = PAIRS[2 * (rest - 100 * next) + 1]!;
    bytes[--place] = PAIRS[2 * (rest - 100 * next)]!;
    rest = next;
  }
  let upper = digits | 0;
  while (place > at + 1) {
    const next = (upper / 100) | 0;
    bytes[--place] = PAIRS[2 * (upper - 100 * next) + 1]!;
    bytes[--place] = PAIRS[2 * (upper - 100 * next)]!;
    upper = next;
  }
  let last = end;
  while (bytes[last - 1] === 0x30) last--;
  return last;
}
