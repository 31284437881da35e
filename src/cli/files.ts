/** Where a command may write. */
import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Refusal } from './errors.js';
import { flag } from './resume.js';

/** model.safetensors → model.checkpoint.safetensors */
export function checkpointName(out: string): string {
  const extension = extname(out);
  return join(dirname(out), `${basename(out, extension)}.checkpoint${extension}`);
}

/** Refuses a path that cannot be written, before the work begins. */
export function checkWritable(path: string, name: string): void {
  const folder = dirname(resolve(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal(`${flag(name)} ${path}: is a folder; name a file`);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal(`${flag(name)} ${path}: there is no folder ${folder}; make it first`);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Refusal(
      `${flag(name)} ${path}: the folder ${folder} may not be written to; name another`,
    );
  }
}

/**
 * Refuses to write over what is read: each of `written` must differ from all that come before it in
 * `files`.
 */
export function checkDistinct(
  files: Readonly<Record<string, string | null>>,
  written: readonly string[],
): void {
  const known = new Map<string, string>();
  for (const [name, path] of Object.entries(files)) {
    if (path === null) continue;
    const other = known.get(resolve(path));
    if (other !== undefined && written.includes(name))
      throw new Refusal(`${flag(name)} ${path}: is ${flag(other)} too; name another file`);
    known.set(resolve(path), name);
  }
}
