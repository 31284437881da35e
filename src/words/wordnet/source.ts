/** Where a WordNet database's bytes come from, and how lines are found in it. */
import { asBytes, type Bytes } from '../../io/bytes.js';

/** The files of a database, read by position. `node.wordnetFolder` reads a folder so. */
export interface WordNetSource {
  /** Bytes of a file such as `data.noun`; −1: it is not there. */
  size(name: string): number;
  /** The bytes [from, to) of a file; good until the next call. */
  read(name: string, from: number, to: number): Uint8Array;
}

/** A source of files that are in memory: `{ 'data.noun': bytes, … }`. */
export function memorySource(files: Readonly<Record<string, Bytes>>): WordNetSource {
  const all = new Map(
    Object.entries(files).map(([name, bytes]) => [name, asBytes(bytes, 'WordNet')]),
  );
  return {
    size: name => all.get(name)?.length ?? -1,
    read: (name, from, to) => all.get(name)!.subarray(from, to),
  };
}

const NEWLINE = 0x0a;
/** Bytes that are read at once: most lines are shorter. */
const CHUNK = 512;

/** Text of Latin-1 bytes, as the database is written in. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** After so many look-ups in a file all its keys are read: they cost less than the next ones. */
const MANY = 256;

/** Lines of the files of a database. */
export class Lines {
  /** Look-ups in each file so far, or where the line of each of its keys begins. */
  private readonly known = new Map<string, number | Map<string, number>>();

  constructor(private readonly source: WordNetSource) {}

  /** Whether the file is there. */
  has(name: string): boolean {
    return this.source.size(name) >= 0;
  }

  /** Bytes of a file. */
  size(name: string): number {
    return this.source.size(name);
  }

  /** The line that begins at an offset, without its end. */
  at(name: string, offset: number): string {
    const size = this.source.size(name);
    for (let length = CHUNK; ; length *= 4) {
      const to = Math.min(size, offset + length);
      const bytes = this.source.read(name, offset, to);
      const end = bytes.indexOf(NEWLINE);
      if (end >= 0) return latin1(bytes.subarray(0, end));
      if (to === size) return latin1(bytes);
    }
  }

  /** The start of the line that an offset lies in. */
  private startOf(name: string, offset: number): number {
    for (let to = offset; to > 0; ) {
      const from = Math.max(0, to - CHUNK);
      const before = this.source.read(name, from, to).lastIndexOf(NEWLINE);
      if (before >= 0) return from + before + 1;
      to = from;
    }
    return 0;
  }

  /**
   * The line whose first field is `key`; null where there is none. By bisection, since lines are in
   * the order of their bytes; where many are asked for, by a table.
   */
  find(name: string, key: string): string | null {
    const known = this.lookUp(name);
    if (known === null) return this.bisect(name, key);
    const offset = known.get(key);
    return offset === undefined ? null : this.at(name, offset);
  }

  /** Whether a line has this first field. */
  contains(name: string, key: string): boolean {
    return this.lookUp(name)?.has(key) ?? this.bisect(name, key) !== null;
  }

  /** Counts a look-up; where there were many, where the line of each key begins. */
  private lookUp(name: string): Map<string, number> | null {
    let known = this.known.get(name) ?? 0;
    if (known === MANY) {
      known = new Map();
      for (const [offset, line] of this.all(name))
        known.set(line.slice(0, line.indexOf(' ')), offset);
    }
    this.known.set(name, typeof known === 'number' ? known + 1 : known);
    return typeof known === 'number' ? null : known;
  }

  private bisect(name: string, key: string): string | null {
    let lo = 0;
    let hi = this.source.size(name);
    while (lo < hi) {
      const start = this.startOf(name, (lo + hi) >>> 1);
      const line = this.at(name, start);
      const space = line.indexOf(' ');
      const first = space < 0 ? line : line.slice(0, space); // '' in the lines of the licence
      if (first === key) return line;
      if (first < key) lo = start + line.length + 1;
      else hi = start;
    }
    return null;
  }

  /** All lines of a file and their offsets, but for those of the licence. */
  *all(name: string): Generator<[offset: number, line: string]> {
    const size = this.source.size(name);
    const piece = 1 << 18;
    let rest = '';
    let offset = 0;
    for (let at = 0; at < size; at += piece) {
      const text = rest + latin1(this.source.read(name, at, Math.min(size, at + piece)));
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        if (text[from] !== ' ') yield [offset + from, text.slice(from, end)];
        from = end + 1;
      }
      rest = text.slice(from);
      offset += from;
    }
    if (rest !== '' && rest[0] !== ' ') yield [offset, rest];
  }
}
