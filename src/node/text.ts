/** Texts read in pieces: files, folders, standard input, of any size. */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { kindOfFile } from '../io/kind.js';
import { decodeUtf8 } from '../text/tokenize.js';
import { unreadable } from './files.js';

/** Bytes of a piece. */
const PIECE = 1 << 20;

/** A file of a text. */
export interface TextFile {
  /** Where it is. */
  path: string;
  /** Its size as it lies there, packed or not. */
  bytes: number;
  /** When it was last written, milliseconds. */
  modified: number;
}

/**
 * The files of a text: a file stands for itself, a folder for all files in it and in its folders,
 * by name, but for hidden ones.
 *
 * @throws Error naming a path that cannot be read, or a folder without files
 */
export async function textFiles(paths: readonly string[]): Promise<TextFile[]> {
  const found: TextFile[] = [];
  const visit = async (path: string): Promise<void> => {
    const about = await stat(path).catch((cause: unknown) => {
      throw unreadable(path, 'the text', cause);
    });
    if (!about.isDirectory()) {
      found.push({ path, bytes: about.size, modified: about.mtimeMs });
      return;
    }
    const before = found.length;
    for (const name of (await readdir(path)).sort())
      if (!name.startsWith('.')) await visit(join(path, name));
    if (found.length === before)
      throw new Error(`textFiles: the folder ${path} has no files; name one with texts in it`);
  };
  for (const path of paths) await visit(path);
  return found;
}

/** How a file says its characters. */
type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * A byte order mark, or as UTF-16 has without one: a NUL in every other byte, for that is how it
 * writes the letters of ASCII.
 */
function encodingOf(start: Uint8Array): Encoding {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  const nuls = [0, 0];
  start.forEach((byte, i) => byte === 0 && nuls[i % 2]!++);
  const half = start.length / 2;
  if (nuls[1]! > 0.3 * half && nuls[0]! < 0.02 * half) return 'utf-16le';
  if (nuls[0]! > 0.3 * half && nuls[1]! < 0.02 * half) return 'utf-16be';
  return 'utf-8';
}

/**
 * The pieces of a text, of whole characters; unpacked where it is gzip's, and decoded from UTF-16
 * where it is that. Texts of several files follow each other, each with a line end at its end.
 *
 * @param read is called with the number of bytes read so far
 * @throws Error for a file that cannot be read or unpacked; RangeError for what is no text, saying
 *   what it is where that is known
 */
export async function* textPieces(
  files: readonly TextFile[],
  read: (bytes: number) => void = () => {},
): AsyncGenerator<string, void, undefined> {
  let done = 0;
  for (const { path, bytes } of files) {
    const before = done;
    let last = '';
    for await (const piece of pieces(path, at => read(before + at))) {
      last = piece;
      yield piece;
    }
    done += bytes;
    if (files.length > 1 && last !== '' && !/[\n\r]$/.test(last)) yield '\n';
  }
}

async function* pieces(path: string, read: (bytes: number) => void): AsyncGenerator<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, 'the text', cause);
  });
  let start: Uint8Array;
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(4096), 0, 4096, 0);
    start = buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, 'the text', cause);
  } finally {
    await file.close();
  }
  const source = createReadStream(path, { highWaterMark: PIECE });
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const stream = packed ? source.pipe(createGunzip({ chunkSize: PIECE })) : source;
  if (packed) source.on('error', error => stream.destroy(error));
  let decode: ((bytes: Uint8Array, last: boolean) => string) | null = null;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Uint8Array;
      decode ??= decoderOf(path, bytes.subarray(0, 4096));
      read(source.bytesRead);
      const text = decode(bytes, false);
      if (text !== '') yield text;
    }
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    if (packed && typeof (cause as NodeJS.ErrnoException).syscall !== 'string')
      throw new Error(
        `textPieces: the text ${path} cannot be unpacked: ${(cause as Error).message}; fetch or ` +
          'pack it again',
        { cause },
      );
    throw unreadable(path, 'the text', cause);
  } finally {
    source.destroy();
  }
  const rest = decode?.(new Uint8Array(), true) ?? '';
  if (rest !== '') yield rest;
}

function decoderOf(path: string, start: Uint8Array): (bytes: Uint8Array, last: boolean) => string {
  const kind = kindOfFile(start);
  if (kind) throw new RangeError(`textPieces: ${path} is ${kind.name}, not a text; ${kind.asText}`);
  const encoding = encodingOf(start);
  if (encoding !== 'utf-8') {
    const utf16 = new TextDecoder(encoding);
    return (bytes, last) => utf16.decode(bytes, { stream: !last });
  }
  let rest = new Uint8Array();
  let offset = 0;
  return (bytes, last) => {
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    const cut = last ? all.length : wholeCharacters(all);
    rest = all.slice(cut);
    const text = decodeUtf8(all.subarray(0, cut), path, offset);
    offset += cut;
    return text;
  };
}

/** Where the last character that is there in whole ends. */
function wholeCharacters(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back++) {
    const byte = bytes[end - back]!;
    if (byte < 0x80) return end;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (length > 0) return length > back ? end - back : end;
  }
  return end;
}
