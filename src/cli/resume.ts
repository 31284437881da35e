/** What a checkpoint says beyond the trainer's own state: how the command goes on from it alone. */
import { dirname, relative, resolve } from 'node:path';
import { type ModelFile, readModel } from '../io/model.js';
import { readFileBytes } from '../node/files.js';
import { noteOf } from '../train/checkpoint.js';
import { Refusal, refusing } from './errors.js';
import type { Recipe } from './recipe.js';

/**
 * Paths are relative to the checkpoint's folder, so that a folder can be moved with all that is in
 * it.
 */
export interface Note<R extends object = Recipe> {
  recipe: R;
  files: { input: readonly string[]; valid: string | null; out: string };
  reportEvery: number;
}

export interface Resumed<R extends object = Recipe> extends Note<R> {
  path: string;
  bytes: Uint8Array;
  file: ModelFile;
}

/** The note for a checkpoint at `path`, from paths relative to the present folder. */
export function noteFor<R extends object>(
  path: string,
  { recipe, files, reportEvery }: Note<R>,
): Note<R> {
  const seen = (file: string): string => relative(dirname(resolve(path)), resolve(file));
  return {
    recipe,
    files: {
      input: files.input.map(path => (path === '-' ? path : seen(path))),
      valid: files.valid === null ? null : seen(files.valid),
      out: seen(files.out),
    },
    reportEvery,
  };
}

/**
 * Reads a checkpoint; paths come back relative to the present folder.
 *
 * @param kinds the kinds of models that the task trains
 */
export async function readCheckpoint<R extends object>(
  path: string,
  ...kinds: string[]
): Promise<Resumed<R>> {
  const bytes = await refusing(null, () => readFileBytes(path, 'the checkpoint'));
  const file = await refusing(path, () => readModel(bytes));
  if (file.trainer === undefined)
    throw new Refusal(
      `${path}: is a model, not a checkpoint; it holds no optimizer and no position in the text`,
    );
  const note = noteOf(file);
  if (!kinds.includes(file.kind))
    throw new Refusal(
      `${path}: is the checkpoint of a model of kind "${file.kind}", expected ` +
        `${kinds.map(kind => `"${kind}"`).join(' or ')}; go on ` +
        'with the `throughtime train` command that wrote it',
    );
  if (!isNote<R>(note))
    throw new Refusal(
      `${path}: is not a checkpoint of this command; go on from it in the program that wrote it`,
    );
  const found = (name: string): string => relative('', resolve(dirname(path), name));
  const { input, valid, out } = note.files;
  return {
    ...note,
    files: {
      input: input.map(path => (path === '-' ? path : found(path))),
      valid: valid === null ? null : found(valid),
      out: found(out),
    },
    path,
    bytes,
    file,
  };
}

function isNote<R extends object>(note: unknown): note is Note<R> {
  const { recipe, files, reportEvery } = (note ?? {}) as Partial<Note<R>>;
  return (
    typeof recipe === 'object' &&
    recipe !== null &&
    typeof files === 'object' &&
    files !== null &&
    typeof reportEvery === 'number' &&
    Array.isArray(files.input) &&
    typeof files.out === 'string' &&
    (files.valid === null || typeof files.valid === 'string')
  );
}

/** The flag of an option's name: lrMin → --lr-min */
export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/**
 * The recipe to go on with. The planned length may be given anew; all else must be as it was.
 *
 * @param given the options on the command line, by name
 */
export function resumedRecipe<R extends { epochs: number | null; steps: number | null }>(
  { path, recipe }: Resumed<R>,
  given: Readonly<Record<string, unknown>>,
): R {
  const changed = (Object.keys(recipe) as (keyof R & string)[])
    .filter(
      name =>
        name !== 'epochs' &&
        name !== 'steps' &&
        given[name] !== undefined &&
        String(given[name]) !== String(recipe[name]),
    )
    .map(name => `${flag(name)} was ${recipe[name]}`);
  if (changed.length > 0)
    throw new Refusal(
      `${path}: a run goes on with what it began with: ${changed.join(', ')}; leave these out, ` +
        'or begin a new run',
    );
  if (given['steps'] !== undefined)
    return { ...recipe, steps: given['steps'] as number, epochs: null };
  if (given['epochs'] !== undefined)
    return { ...recipe, epochs: given['epochs'] as number, steps: null };
  return recipe;
}
