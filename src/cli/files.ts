/** Which files a command may write, and what becomes of results that cannot be written there. */
import { closeSync, fstatSync, lstatSync, openSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { explainFileError, temporaryName, writeFileAtomic } from '../node/files.js';
import { Refusal } from './errors.js';
import { flag } from './resume.js';

/** model.safetensors → model.checkpoint.safetensors */
export function siblingName(path: string, what: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${what}${extension}`);
}

/** Paths by the name of their option; null: not given. */
type Paths = Readonly<Record<string, string | readonly string[] | null>>;

/**
 * Refuses, before the work begins, to write over what is read or written otherwise, and what cannot
 * be written. Files are told apart by what they are, not by how they are spelled: symbolic and hard
 * links, and where the standard streams go, count.
 */
export function checkFiles({ read, write }: { read: Paths; write: Paths }): void {
  const known = new Map<string, string>();
  for (const [name, paths] of Object.entries(read))
    for (const path of [paths ?? []].flat()) known.set(identity(path), label(name));
  for (const [fd, stream] of [
    [1, 'standard output'],
    [2, 'standard error'],
  ] as const) {
    const file = fstatSync(fd);
    if (file.isFile()) known.set(`${file.dev}:${file.ino}`, stream);
  }
  for (const [name, path] of Object.entries(write)) {
    if (typeof path !== 'string') continue;
    checkWritable(path, name);
    const id = identity(path);
    const other = known.get(id);
    if (other !== undefined)
      throw new Refusal(`${label(name)} ${path}: is ${other} too; name another file`);
    known.set(id, label(name));
  }
}

/** An option by its flag; an argument, which has a space in its name, as it is. */
const label = (name: string): string => (name.includes(' ') ? name : flag(name));

/** What a path leads to: the same for all its names, also where it does not exist yet. */
function identity(path: string): string {
  const target = follow(resolve(path));
  const file = attempt(() => statSync(target));
  if (file) return `${file.dev}:${file.ino}`;
  const folder = attempt(() => statSync(dirname(target)));
  return folder ? `${folder.dev}:${folder.ino}/${basename(target)}` : target;
}

/** The file's stat; undefined where there is no file, or a part of the path is no folder. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The end of a chain of symbolic links, also where nothing is there. */
function follow(path: string, links = 0): string {
  const entry = attempt(() => lstatSync(path));
  if (!entry?.isSymbolicLink() || links > 40) return path;
  return follow(resolve(dirname(path), readlinkSync(path)), links + 1);
}

/** Refuses a path that cannot be written. */
function checkWritable(path: string, name: string): void {
  const refuse = (why: string): Refusal => new Refusal(`${label(name)} ${path}: ${why}`);
  if (path === '') throw refuse('is empty; name a file');
  const target = follow(resolve(path));
  const there = attempt(() => statSync(target));
  if (there?.isDirectory() || /[/\\]$/.test(path)) throw refuse('is a folder; name a file');
  if (there && !there.isFile())
    throw refuse('is a device, a pipe or a socket, which cannot hold the file; name another');
  const folder = dirname(target);
  if (!attempt(() => statSync(folder))?.isDirectory())
    throw refuse(`there is no folder ${folder}; make it first`);
  const probe = temporaryName(folder);
  try {
    closeSync(openSync(probe, 'wx'));
    rmSync(probe);
  } catch (error) {
    throw refuse(`nothing can be written to the folder ${folder}: ${explainFileError(error)}`);
  }
}

/**
 * Writes the result of long work: at `path`, or if that fails in another place, which the error
 * names.
 *
 * @param bytes in one piece, or a function that makes the pieces
 * @param what the result, for the error: "the model"
 * @throws Refusal where the result is not at `path`
 */
export async function writeResult(
  path: string,
  bytes: Uint8Array | (() => Iterable<Uint8Array>),
  what: string,
): Promise<void> {
  const content = (): Uint8Array | Iterable<Uint8Array> =>
    typeof bytes === 'function' ? bytes() : bytes;
  try {
    await writeFileAtomic(path, content());
  } catch (error) {
    const why = (error as Error).message.replace(/^\w+: /, '');
    for (const folder of [tmpdir(), homedir()]) {
      const place = join(folder, basename(path));
      if (attempt(() => statSync(place))) continue; // is somebody's
      const saved = await writeFileAtomic(place, content()).then(
        () => true,
        () => false,
      );
      if (saved) throw new Refusal(`${why}. ${what} is in ${place}`, { cause: error });
    }
    throw new Refusal(`${why}. No other place takes ${what} either`, { cause: error });
  }
}
