/**
 * Files of word vectors: word2vec's text and binary formats, GloVe's text (no header), fastText's
 * `.vec` (as word2vec's text), and safetensors with a vocabulary. Bytes ↔ plain data.
 */
import { asBytes, type Bytes } from './bytes.js';
import { readModel, writeModel } from './model.js';

/** Word vectors as plain data. */
export interface VectorsFile {
  /** The words, each once. */
  words: string[];
  /** Numbers in a vector. */
  size: number;
  /** [words, size], row by row. */
  data: Float32Array;
  /** How often each word occurred, where the file says so. */
  counts?: number[];
  /** Lines or records that were left out, because their word had stood there before. */
  duplicates: number;
}

/** How a file of vectors is written. */
export type VectorsFormat = 'safetensors' | 'binary' | 'text' | 'glove';

/** The kind that safetensors files of vectors declare. */
export const VECTORS_KIND = 'words.vectors';

const SPACE = 0x20;
const NEWLINE = 0x0a;
/** A line of text that is longer is none: binary rubbish. */
const LONGEST_LINE = 4 << 20;
/** A word in a binary file that is longer is none. */
const LONGEST_WORD = 4096;

/** A number in text that is longer is none. */
const LONGEST_NUMBER = 32;

/** What a file turned out to be. */
type Format =
  | { kind: 'safetensors' }
  | { kind: 'binary' | 'text'; promised: number; size: number }
  | { kind: 'glove' };

/**
 * Reads a file of vectors in pieces, whatever its format.
 *
 *     const parser = new VectorsParser({ limit: 100_000 });
 *     for await (const piece of file) if (!parser.push(piece)) break;
 *     const { words, data } = parser.end();
 */
export class VectorsParser {
  private readonly limit: number;
  private format: Format | null = null;
  private rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** What follows `rest`, of a format that is read whole. */
  private readonly parts: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes before `rest`. */
  private offset = 0;
  private line = 0;
  private readonly words: string[] = [];
  private readonly seen = new Set<string>();
  private duplicates = 0;
  private size = 0;
  private data = new Float32Array(0);
  private readonly decoder = new TextDecoder();

  /**
   * @param options limit: read only the first so many words. Default: all
   */
  constructor({ limit = Infinity }: { limit?: number } = {}) {
    if (!(limit === Infinity || (Number.isInteger(limit) && limit >= 1)))
      throw new RangeError(`VectorsParser: limit is ${limit}, expected a whole number ≥ 1`);
    this.limit = limit;
  }

  /**
   * Takes the next piece of the file.
   *
   * @returns false once no more is needed
   * @throws RangeError for what is no file of vectors, with line or record and offset
   */
  push(piece: Bytes): boolean {
    const bytes = asBytes(piece, 'VectorsParser.push');
    if (this.format?.kind === 'safetensors') {
      this.parts.push(bytes.slice());
      return true;
    }
    this.rest = this.rest.length === 0 ? bytes : joined([this.rest, bytes]);
    const more = this.work(false);
    this.rest = this.rest.slice(); // the caller may write the piece anew
    return more;
  }

  /**
   * The vectors that were read.
   *
   * @throws RangeError for a file that ends too early, or holds none
   */
  end(): VectorsFile {
    if (this.words.length < this.limit) this.work(true);
    if (this.format?.kind === 'safetensors') return this.safetensors();
    const { words, size, data, duplicates, format } = this;
    if (words.length === 0) throw new RangeError('vectors: the file is empty');
    const promised = format && 'promised' in format ? format.promised : words.length;
    if (words.length + duplicates < Math.min(promised, this.limit))
      throw new RangeError(
        `vectors: the file ends after ${words.length + duplicates} words, its header promises ` +
          `${promised}; it is not whole: fetch or write it again`,
      );
    const n = words.length * size;
    return { words, size, data: n === data.length ? data : data.slice(0, n), duplicates };
  }

  private work(last: boolean): boolean {
    this.format ??= this.recognise(last);
    if (this.format === null) return true;
    switch (this.format.kind) {
      case 'safetensors':
        return true;
      case 'binary':
        return this.records(this.format.promised, last);
      default:
        return this.lines(last);
    }
  }

  /** Removes n bytes from the front of what is left. */
  private take(n: number): void {
    this.rest = this.rest.subarray(n);
    this.offset += n;
  }

  private recognise(last: boolean): Format | null {
    const { rest } = this;
    // a header's length below 2³², then JSON
    if (rest.length >= 9 && rest[8] === 0x7b && rest[4] === 0 && rest[5] === 0 && rest[6] === 0)
      return { kind: 'safetensors' };
    const end = rest.indexOf(NEWLINE);
    if (end < 0) {
      if (!last && rest.length <= LONGEST_LINE) return null;
      if (rest.length === 0) throw new RangeError('vectors: the file is empty');
      if (rest.length > LONGEST_LINE) throw new RangeError(NO_VECTORS);
    }
    const first = this.decoder.decode(rest.subarray(0, end < 0 ? rest.length : end)).trim();
    const header = /^(\d+)\s+(\d+)$/.exec(first);
    if (!header) return { kind: 'glove' };
    const [promised, size] = [Number(header[1]), Number(header[2])];
    if (size < 1 || size > 65536 || promised < 1)
      throw new RangeError(
        `vectors: the header promises ${promised} words of ${size} numbers, expected 1 or more of each`,
      );
    // a whole line, or more than one of text would take, to tell the formats apart
    const stop = rest.indexOf(NEWLINE, end + 1);
    const enough = rest.length > end + LONGEST_WORD + LONGEST_NUMBER * size;
    if (!last && !enough && stop < 0) return null;
    this.take(end + 1);
    this.line = 1;
    this.begin(size, Math.min(promised, this.limit));
    const text = this.decoder.decode(this.rest.subarray(0, stop < 0 ? undefined : stop - end - 1));
    const fields = text.trim().split(/\s+/);
    const isText =
      fields.length === size + 1 && fields.slice(1).every(field => Number.isFinite(Number(field)));
    return { kind: isText ? 'text' : 'binary', promised, size };
  }

  private begin(size: number, expected: number): void {
    this.size = size;
    // no more than the file can hold is believed of a header
    this.data = new Float32Array(size * Math.min(expected, 1024));
  }

  /** The row for a word; null: it stood there before. */
  private row(word: string): Float32Array | null {
    if (this.seen.has(word)) {
      this.duplicates++;
      return null;
    }
    this.seen.add(word);
    const { size } = this;
    const at = this.words.push(word) - 1;
    if ((at + 1) * size > this.data.length) {
      const { format, limit } = this;
      const most = format && 'promised' in format ? Math.min(format.promised, limit) : Infinity;
      const grown = new Float32Array(Math.min(2 * this.data.length, most * size));
      grown.set(this.data);
      this.data = grown;
    }
    return this.data.subarray(at * size, (at + 1) * size);
  }

  private records(promised: number, last: boolean): boolean {
    const { size, rest } = this;
    let at = 0;
    while (this.words.length < this.limit && this.words.length + this.duplicates < promised) {
      // writers end a record with a line end, or not
      const start = at + (rest[at] === NEWLINE ? 1 : 0);
      const space = rest.indexOf(SPACE, start);
      const end = space + 1 + 4 * size;
      const number = this.words.length + this.duplicates + 1;
      const where = (): string => `record ${number} at offset ${this.offset + start}`;
      if ((space < 0 ? rest.length : space) - start > LONGEST_WORD)
        throw new RangeError(`vectors: ${where()} begins with no word; ${NO_VECTORS}`);
      if (space < 0 || end > rest.length) {
        if (!last) break;
        throw new RangeError(
          `vectors: the file ends inside ${where()}, of ${promised} that its header promises; it ` +
            'is not whole: fetch or write it again',
        );
      }
      const word = this.decoder.decode(rest.subarray(start, space));
      const row = this.row(word);
      if (row) {
        const { buffer, byteOffset, byteLength } = row;
        new Uint8Array(buffer, byteOffset, byteLength).set(rest.subarray(space + 1, end));
        let zero = 0; // 0·x is not 0 where x is not finite
        for (let k = 0; k < size; k++) zero += 0 * row[k]!;
        if (zero !== 0) {
          const k = row.findIndex(value => !Number.isFinite(value));
          throw new RangeError(
            `vectors: ${where()}, ${JSON.stringify(word)}: number ${k + 1} is ${row[k]}`,
          );
        }
      }
      at = end;
    }
    this.take(at);
    return this.words.length < this.limit && this.words.length + this.duplicates < promised;
  }

  private lines(last: boolean): boolean {
    const { rest } = this;
    let at = 0;
    while (this.words.length < this.limit && at < rest.length) {
      let end = rest.indexOf(NEWLINE, at);
      if (end < 0) {
        if (rest.length - at > LONGEST_LINE) throw new RangeError(NO_VECTORS);
        if (!last) break;
        end = rest.length;
      }
      this.line++;
      this.parseLine(rest, at, end);
      at = end + 1;
    }
    this.take(Math.min(at, rest.length));
    return this.words.length < this.limit;
  }

  /** A word, which may have spaces in it, and `size` numbers. */
  private parseLine(bytes: Uint8Array, from: number, to: number): void {
    while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === 0x0d || bytes[to - 1] === 9)) to--; // biome-ignore format: one condition
    if (to === from) return; // a blank line
    const where = (): string => `vectors: line ${this.line}`;
    if (this.size === 0) {
      const fields = this.decoder.decode(bytes.subarray(from, to)).split(/[ \t]/);
      let size = 0;
      while (size < fields.length - 1 && isNumber(fields[fields.length - 1 - size]!)) size++;
      if (size === 0) throw new RangeError(`${where()} has no numbers; ${NO_VECTORS}`);
      this.begin(size, 1024);
    }
    // numbers from the right: tokens of GloVe's largest file have spaces
    const { size } = this;
    const starts = new Int32Array(size);
    let at = to;
    for (let k = size - 1; k >= 0; k--) {
      let start = at;
      while (start > from && bytes[start - 1] !== SPACE && bytes[start - 1] !== 9) start--;
      if (start <= from)
        throw new RangeError(`${where()}: ${k === size - 1 ? 0 : size - 1 - k} numbers, expected ${size} behind the word`); // biome-ignore format: one sentence
      starts[k] = start;
      at = start - 1;
    }
    const word = this.decoder.decode(bytes.subarray(from, at));
    const row = this.row(word);
    if (row === null) return;
    for (let k = 0; k < size; k++) {
      const end = k + 1 < size ? starts[k + 1]! - 1 : to;
      const value = decimal(bytes, starts[k]!, end);
      const number = Number.isNaN(value)
        ? Number(this.decoder.decode(bytes.subarray(starts[k]!, end)) || 'none')
        : value;
      if (!Number.isFinite(number))
        throw new RangeError(
          `${where()}, ${JSON.stringify(word)}: number ${k + 1} is ` +
            JSON.stringify(this.decoder.decode(bytes.subarray(starts[k]!, end))),
        );
      row[k] = number;
    }
  }

  private safetensors(): VectorsFile {
    const { kind, config, vocab, state } = readModel(joined([this.rest, ...this.parts]));
    if (kind !== VECTORS_KIND)
      throw new RangeError(`vectors: the file is of kind "${kind}", expected "${VECTORS_KIND}"`);
    const { words, counts } = (vocab ?? {}) as { words?: string[]; counts?: number[] };
    const { size } = (config ?? {}) as { size?: number };
    const tensor = state.get('vectors');
    if (!Array.isArray(words) || !size || tensor?.data.length !== words.length * size)
      throw new RangeError('vectors: words, size and tensor of the file do not fit each other');
    const n = Math.min(words.length, this.limit);
    return {
      words: words.slice(0, n),
      size,
      data: tensor.data.slice(0, n * size),
      ...(counts && { counts: counts.slice(0, n) }),
      duplicates: 0,
    };
  }
}

const NO_VECTORS =
  'the file is none of word2vec’s text or binary format, GloVe’s, fastText’s .vec, or safetensors';

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** Powers of ten that f64 holds exactly. */
const TENS = Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * A decimal number without exponent, rounded as `Number` does: at most 15 digits and 22 places, so
 * that one exact division is left. NaN for any other text.
 */
function decimal(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  const minus = bytes[at] === 0x2d;
  if (minus) at++;
  let value = 0;
  let digits = 0;
  let places = -1;
  for (; at < to; at++) {
    const c = bytes[at]! - 0x30;
    if (c >= 0 && c <= 9) {
      value = value * 10 + c;
      if (value > 0) digits++;
      if (places >= 0) places++;
    } else if (bytes[at] === 0x2e && places < 0) places = 0;
    else return NaN;
  }
  if (digits > 15 || places > 22 || to - from - (minus ? 1 : 0) - (places >= 0 ? 1 : 0) < 1)
    return NaN;
  const result = places > 0 ? value / TENS[places]! : value;
  return minus ? -result : result;
}

/**
 * The vectors in the bytes of a file, whatever its format.
 *
 * @param options limit: only the first so many words. Default: all
 * @throws RangeError for what is no file of vectors, or not a whole one
 */
export function readVectors(bytes: Bytes, options: { limit?: number } = {}): VectorsFile {
  const parser = new VectorsParser(options);
  parser.push(bytes);
  return parser.end();
}

/** The shortest decimal number that rounds to this f32. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}

/**
 * The bytes of a file of vectors. Words of text formats and of word2vec's binary must have no space
 * and no line end in them.
 *
 * @throws RangeError for a word that the format cannot hold
 */
export function writeVectors(
  {
    words,
    size,
    data,
    counts,
  }: {
    /** The words. */
    words: readonly string[];
    /** Numbers in a vector. */
    size: number;
    /** [words, size] */
    data: Float32Array;
    /** Only safetensors keep them. */
    counts?: ArrayLike<number> | null | undefined;
  },
  format: VectorsFormat,
): Uint8Array {
  if (format === 'safetensors')
    return writeModel({
      kind: VECTORS_KIND,
      config: { size },
      vocab: { words, ...(counts && { counts: Array.from(counts) }) },
      state: new Map([['vectors', { shape: [words.length, size], data }]]),
    });
  const broken = words.find(word => word === '' || /[ \n]/.test(word));
  if (broken !== undefined)
    throw new RangeError(
      `writeVectors: the word ${JSON.stringify(broken)} has a space or line end in it, or nothing: ` +
        'only safetensors can hold it',
    );
  const encoder = new TextEncoder();
  const header = `${words.length} ${size}\n`;
  if (format === 'binary') {
    const names = words.map(word => encoder.encode(`${word} `));
    const bytes = new Uint8Array(
      names.reduce((sum, name) => sum + name.length + 4 * size + 1, header.length),
    );
    bytes.set(encoder.encode(header));
    let at = header.length;
    names.forEach((name, i) => {
      bytes.set(name, at);
      const row = data.subarray(i * size, (i + 1) * size);
      bytes.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), at + name.length);
      at += name.length + 4 * size;
      bytes[at++] = NEWLINE;
    });
    return bytes;
  }
  const lines = words.map((word, i) => {
    let line = word;
    for (let k = i * size; k < (i + 1) * size; k++) line += ` ${shortest(data[k]!)}`;
    return `${line}\n`;
  });
  return encoder.encode((format === 'text' ? header : '') + lines.join(''));
}
