/** A folder with a WordNet database, read by position. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { WordNetSource } from '../words/wordnet/source.js';

/**
 * The files of a WordNet database in a folder, for `WordNet.open`: each is opened when it is first
 * asked for, and read by position.
 */
export function wordnetFolder(folder: string): WordNetSource & {
  /** Closes all files. */
  close(): void;
} {
  const files = new Map<string, { fd: number; size: number } | null>();
  const file = (name: string): { fd: number; size: number } | null => {
    let found = files.get(name);
    if (found === undefined) {
      found = null;
      try {
        const fd = openSync(join(folder, name), 'r');
        found = { fd, size: fstatSync(fd).size };
      } catch {
        // it is not there, or not to be read: `size` says −1
      }
      files.set(name, found);
    }
    return found;
  };
  return {
    size: name => file(name)?.size ?? -1,
    read(name, from, to) {
      const bytes = new Uint8Array(to - from);
      const { fd } = file(name)!;
      let at = 0;
      while (at < bytes.length) {
        const read = readSync(fd, bytes, at, bytes.length - at, from + at);
        if (read === 0)
          throw new Error(
            `wordnetFolder: ${join(folder, name)} ends at ${from + at}, before ${to}`,
          );
        at += read;
      }
      return bytes;
    },
    close() {
      for (const each of files.values()) if (each) closeSync(each.fd);
      files.clear();
    },
  };
}
