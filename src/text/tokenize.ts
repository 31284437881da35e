/** A text as units: bytes, characters or words. */
import { asBytes, type Bytes } from '../io/bytes.js';

/**
 * What one id stands for: a UTF-8 byte, a Unicode code point, a word between white space, or a unit
 * of a tokenizer of your own.
 */
export type Level = 'byte' | 'char' | 'word' | 'custom';

/** A tokenizer of your own. */
export interface Tokenizer {
  /** The units of a text, in their order. A text that comes in pieces is cut after line ends. */
  split(text: string): Iterable<string>;
  /**
   * What a unit adds to the text.
   *
   * @param before the unit before it; null: it is the first. Absent: units are joined as words are
   */
  join?(unit: string, before: string | null): string;
}

/**
 * The unit that stands for a line end at word level, as in the WikiText and Penn Treebank counts.
 */
export const EOS = '<eos>';

/** The unit that stands for everything outside the vocabulary. */
export const UNK = '<unk>';

/**
 * The text of UTF-8 bytes; a byte order mark at the start is dropped.
 *
 * @param name says in the error what the bytes are: a path, usually
 * @param offset where the bytes stand in the whole; only at its start a byte order mark is one
 * @throws RangeError with the offset of the first byte that is not UTF-8
 */
export function decodeUtf8(given: Bytes, name: string, offset = 0): string {
  const bytes = asBytes(given, 'decodeUtf8');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: offset > 0 }).decode(bytes);
  } catch (cause) {
    const bad = firstInvalid(bytes);
    if (bad < 0) throw cause; // too long for one string
    throw new RangeError(
      `decodeUtf8: ${name} is not UTF-8: byte 0x${bytes[bad]!.toString(16)} at offset ${offset + bad} begins no character; ` +
        'convert the text to UTF-8',
    );
  }
}

/**
 * The UTF-8 bytes of a text.
 *
 * @throws RangeError if it contains half of a surrogate pair, which no UTF-8 can hold
 */
export function encodeUtf8(text: string): Uint8Array {
  const bad = text.search(/\p{Surrogate}/u);
  if (bad >= 0)
    throw new RangeError(
      `encodeUtf8: the text has half of a surrogate pair at offset ${bad}; remove it`,
    );
  return new TextEncoder().encode(text);
}

/** The offset at which the first ill-formed sequence starts (Unicode 15, table 3-7), or −1. */
function firstInvalid(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    // The second byte alone is restricted further: no overlong forms, no surrogates, nothing past
    // U+10FFFF.
    const lo = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const hi = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    const second = bytes[i + 1] ?? 0;
    if (length === 0 || second < lo || second > hi) return i;
    for (let k = 2; k < length; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return i;
    i += length;
  }
  return -1;
}

/** A number in hexadecimal digits, at least so many. */
export function hex(n: number, digits: number): string {
  return n.toString(16).toUpperCase().padStart(digits, '0');
}

/** Visits each code point with its offset in the string. */
export function eachChar(text: string, visit: (codePoint: number, offset: number) => void): void {
  for (let i = 0; i < text.length; ) {
    const codePoint = text.codePointAt(i)!;
    visit(codePoint, i);
    i += codePoint > 0xffff ? 2 : 1;
  }
}

/**
 * Visits each word with its offset in the string: the runs between white space, and `<eos>` for
 * each line end (LF, CR LF, or CR alone), blank lines too. A last line without one has no `<eos>`:
 * a prompt may stop in mid-line.
 */
export function eachWord(text: string, visit: (word: string, offset: number) => void): void {
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isSpace(c)) {
      if (start < 0) start = i;
      continue;
    }
    if (start >= 0) visit(text.slice(start, i), start);
    start = -1;
    if (c === 0x0a || (c === 0x0d && text.charCodeAt(i + 1) !== 0x0a)) visit(EOS, i);
  }
  if (start >= 0) visit(text.slice(start), start);
}

/**
 * Cuts a text that comes in pieces where no unit is torn apart: words stay whole, as do surrogate
 * pairs and CR LF.
 */
export class Pieces {
  private rest = '';

  constructor(private readonly level: Level) {}

  /** What of the text so far can be read; the rest waits for the next piece. */
  push(piece: string): string {
    const text = this.rest + piece;
    let cut = text.length;
    if (this.level === 'word') {
      if (text.charCodeAt(cut - 1) === 0x0d) cut--;
      while (cut > 0 && !isSpace(text.charCodeAt(cut - 1))) cut--;
    } else if (this.level === 'custom') cut = text.lastIndexOf('\n') + 1;
    else if ((text.charCodeAt(cut - 1) & 0xfc00) === 0xd800) cut--;
    this.rest = text.slice(cut);
    return text.slice(0, cut);
  }

  /** The last pieces, once the text has ended. */
  end(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }
}

/** Unicode's White_Space, all of which is in the basic plane. */
function isSpace(c: number): boolean {
  if (c < 0x80) return c === 0x20 || (c >= 0x09 && c <= 0x0d);
  return (
    c === 0x85 ||
    c === 0xa0 ||
    c === 0x1680 ||
    (c >= 0x2000 && c <= 0x200a) ||
    c === 0x2028 ||
    c === 0x2029 ||
    c === 0x202f ||
    c === 0x205f ||
    c === 0x3000
  );
}
