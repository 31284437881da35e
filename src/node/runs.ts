/** Sorted counts in a temporary file, for texts whose n-grams are larger than the memory. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { Run, RunStore } from '../lm/ngram/count.js';
import { explainFileError, temporaryName } from './files.js';

/** A store of sorted counts on disk. Close it when done: that removes its file. */
export interface RunFile extends RunStore {
  /** Removes the file; nothing can be read after. */
  close(): void;
}

/**
 * A store for `NgramCounter` in a temporary file.
 *
 * @param folder where the file is; it takes 4·(order + 1) bytes for each different n-gram of each
 *   block
 * @throws Error naming the folder and the cause where it cannot be written
 */
export function openRuns(folder: string): RunFile {
  const path = temporaryName(folder);
  const fd = openSync(path, 'wx+');
  let end = 0;
  return {
    write(rows, width): Run {
      const start = end;
      const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
      try {
        for (let at = 0; at < bytes.length; )
          at += writeSync(fd, bytes, at, bytes.length - at, start + at);
      } catch (cause) {
        throw new Error(`openRuns: ${path} is not written: ${explainFileError(cause)}`, { cause });
      }
      end += bytes.length;
      return {
        length: rows.length / width,
        read(from, to) {
          const part = new Uint32Array((to - from) * width);
          const into = new Uint8Array(part.buffer);
          for (let at = 0; at < into.length; ) {
            const n = readSync(fd, into, at, into.length - at, start + 4 * from * width + at);
            if (n === 0) throw new Error(`openRuns: ${path} is shorter than what was written`);
            at += n;
          }
          return part;
        },
      };
    },
    close() {
      closeSync(fd);
      rmSync(path, { force: true });
    },
  };
}
