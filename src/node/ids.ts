/**
 * A text as a file of ids, for texts that are larger than the memory:
 *
 *   ids      1, 2 or 4 bytes each, as the vocabulary needs, little-endian
 *   footer   JSON: what the ids are of
 *   length   of the footer, 4 bytes, then "ttid"
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IdSource } from '../text/batch.js';
import { explainFileError, temporaryName } from './files.js';

const MARK = 'ttid';

/** Ids in a file, read by position. Close it when done. */
export interface IdFile extends IdSource {
  /** Plain data that was written with them. */
  readonly note: unknown;
  /** Closes the file; nothing can be read after. */
  close(): void;
}

/** Bytes of an id below `size`. */
function widthOf(size: number): 1 | 2 | 4 {
  return size <= 0x100 ? 1 : size <= 0x10000 ? 2 : 4;
}

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Int32Array } as const;

/**
 * Writes a file of ids.
 *
 * @param options size: all ids are below; note: plain data kept with them, called at the end
 * @throws Error naming the path and the cause where it cannot be written
 */
export async function writeIds(
  path: string,
  ids: AsyncIterable<Int32Array>,
  { size, note }: { size: number; note: () => unknown },
): Promise<void> {
  const width = widthOf(size);
  const temporary = temporaryName(dirname(path));
  try {
    const file = await open(temporary, 'wx');
    try {
      let length = 0;
      for await (const piece of ids) {
        const narrow = ARRAYS[width].from(piece);
        await file.writeFile(new Uint8Array(narrow.buffer));
        length += piece.length;
      }
      const footer = new TextEncoder().encode(JSON.stringify({ width, length, note: note() }));
      await file.writeFile(footer);
      const end = Buffer.alloc(8);
      end.writeUInt32LE(footer.length);
      end.write(MARK, 4);
      await file.writeFile(end);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause;
    throw new Error(`writeIds: ${path} is not written: ${explainFileError(cause)}`, { cause });
  }
}

/** Opens a file of ids; null where there is none, or another file. */
export function openIds(path: string): IdFile | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(8);
    if (size < 8 || readSync(fd, end, 0, 8, size - 8) < 8 || end.toString('latin1', 4) !== MARK) {
      closeSync(fd);
      return null;
    }
    const footer = Buffer.alloc(end.readUInt32LE());
    readSync(fd, footer, 0, footer.length, size - 8 - footer.length);
    const { width, length, note } = JSON.parse(footer.toString()) as {
      width: 1 | 2 | 4;
      length: number;
      note: unknown;
    };
    let buffer = new ArrayBuffer(0);
    return {
      length,
      note,
      read(from, to) {
        const count = Math.max(0, Math.min(to, length) - from);
        if (buffer.byteLength < count * width) buffer = new ArrayBuffer(count * width);
        const bytes = new Uint8Array(buffer, 0, count * width);
        for (let at = 0; at < bytes.length; ) {
          const read = readSync(fd, bytes, at, bytes.length - at, from * width + at);
          if (read === 0) throw new Error(`${path}: ends before its ids do; delete it`);
          at += read;
        }
        return new ARRAYS[width](buffer, 0, count);
      },
      close: () => closeSync(fd),
    };
  } catch {
    closeSync(fd);
    return null;
  }
}
