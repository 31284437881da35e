/** Files: whole, or not at all. */
import { randomUUID } from 'node:crypto';
import {
  type FileHandle,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { decodeUtf8 } from '../text/tokenize.js';

/**
 * Puts `bytes`, in one piece or several, at `path`, replacing what was there in one step: whoever
 * looks finds the old file or the new one, whole. The bytes go to a temporary file in the same
 * folder, to the disk (fsync), and only then to their name. A symbolic link stays one: the file it
 * leads to is replaced. The new file has the permissions of the old.
 *
 * @throws Error naming the path, the cause and what to do; the old file is then as it was and the
 *   temporary one is gone
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await realpath(path).catch(() => resolve(path));
    const old = await stat(target).catch(() => undefined);
    if (old !== undefined && !old.isFile())
      throw Object.assign(new Error('it is not a regular file'), { code: 'EISDIR' });

    await sweep(dirname(target));
    const name = temporaryName(dirname(target));
    const file = await open(name, 'wx', old && old.mode & 0o777);
    temporary = name;
    try {
      if (bytes instanceof Uint8Array) await file.writeFile(bytes);
      else await writePieces(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    const left =
      temporary &&
      (await rm(temporary, { force: true }).then(
        () => '',
        () => `; ${temporary} is left over: delete it`,
      ));
    throw new Error(
      `writeFileAtomic: ${resolve(path)} is not written: ${explainFileError(cause)}${left ?? ''}`,
      { cause },
    );
  }
}

/** Writes pieces one after the other; the next one is made while one is written. */
async function writePieces(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  for (const piece of pieces) {
    await writing;
    writing = file.writeFile(piece);
    writing.catch(() => {}); // it is awaited with the next piece
  }
  await writing;
}

/** This machine, as a part of a file's name. */
const HOST =
  hostname()
    .replace(/[^\w-]/g, '_')
    .slice(0, 40) || 'host';
const TEMPORARY = /^\.throughtime-([\w-]+)-(\d+)-[\da-f-]{36}\.tmp$/;

/** The name of a new temporary file in a folder: it says which process writes it. */
export function temporaryName(folder: string): string {
  return join(folder, `.throughtime-${HOST}-${process.pid}-${randomUUID()}.tmp`);
}

/** Removes temporary files of this machine's processes that were killed while they wrote. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, pid] = TEMPORARY.exec(name) ?? [];
    if (host === HOST && !isAlive(Number(pid)))
      await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Says why a file could not be written, and what to do: "the disk is full (ENOSPC); free some
 * space".
 */
export function explainFileError(cause: unknown): string {
  return `${reason(cause)}; ${remedy(cause, 'write')}`;
}

/**
 * The bytes of a file.
 *
 * @param what says in the error what the file is to the program: "the training text"
 * @throws Error naming the path and what to do, if it is missing, a directory, empty, or may not be
 *   read
 */
export async function readFileBytes(path: string, what: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw unreadable(path, what, cause);
  }
  if (bytes.length === 0)
    throw new Error(
      `readFileBytes: ${what} ${resolve(path)} is empty; name a file with something in it`,
    );
  // a Buffer's slice and toString behave differently from an array's
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** @internal That a file cannot be read, why, and what to do. */
export function unreadable(path: string, what: string, cause: unknown): Error {
  return new Error(
    `readFileBytes: ${what} ${resolve(path)} cannot be read: ${reason(cause)}; ` +
      `${remedy(cause, 'read')}`,
    { cause },
  );
}

/**
 * The bytes of a text file, unpacked if they are gzip's (recognised by the first two, which no
 * UTF-8 text starts with).
 *
 * @throws Error as `readFileBytes`, and if the packed data are damaged or hold nothing
 */
export async function readTextBytes(path: string, what: string): Promise<Uint8Array> {
  const bytes = await readFileBytes(path, what);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  let text: Uint8Array;
  try {
    text = await promisify(gunzip)(bytes);
  } catch (cause) {
    throw new Error(
      `readTextBytes: ${what} ${resolve(path)} cannot be unpacked: ` +
        `${(cause as Error).message}; fetch or pack it again`,
      { cause },
    );
  }
  if (text.length === 0)
    throw new Error(
      `readTextBytes: ${what} ${resolve(path)} is empty once unpacked; name a file with ` +
        'something in it',
    );
  return new Uint8Array(text.buffer, text.byteOffset, text.length);
}

/**
 * The text of a UTF-8 file, unpacked if it is gzip's.
 *
 * @throws Error as `readTextBytes`; RangeError with the offset of the first byte that is not UTF-8
 */
export async function readText(path: string, what: string): Promise<string> {
  return decodeUtf8(await readTextBytes(path, what), `${what} ${resolve(path)}`);
}

const REASONS: Record<string, string> = {
  EACCES: 'permission is denied',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it is larger than a file may be here',
  EISDIR: 'it is not a regular file',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
};

function reason(cause: unknown): string {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : message;
}

function remedy(cause: unknown, task: 'read' | 'write'): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return task === 'read' ? 'change its permissions' : 'name a folder you may write to';
    case 'EDQUOT':
    case 'ENOSPC':
      return 'free some space, or name a folder on another disk';
    case 'EFBIG':
      return 'raise the limit (ulimit -f), or name a folder on another disk';
    case 'EISDIR':
      return 'name a file';
    case 'ENOENT':
      return task === 'read' ? 'check the path' : 'make the folder first';
    default:
      return 'check the path and the disk';
  }
}
