/**
 * What a checkpoint is: a model file with more tensors, and `trainer` in its metadata.
 *
 *   <parameter>                      the weights
 *   @optimizer.<state>.<parameter>   the optimizer's state, of trainings by gradients
 *   @carry.<i>                       the state carried from batch to batch, of recurrent models
 *   @best.<parameter>                the weights of the best validation
 *
 * No parameter's name begins with @, whatever the fields of a model are called.
 */
import { type ModelFile, writeModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import type { Metrics } from './report.js';

/** Where training stands; with the tensors it is all that a checkpoint holds. */
export interface Progress {
  step: number;
  /** Epochs begun before the present one. */
  epoch: number;
  /** Batches of the present epoch that are done. */
  position: number;
  tokens: number;
  /** Not yet reported: loss · tokens, and tokens. */
  pendingLoss: number;
  pendingTokens: number;
  validationDue: boolean;
  /** Of the last validation. */
  metrics: Metrics | null;
  /** The best value so far of the metric that is watched. */
  best: number | null;
  badValidations: number;
  random: readonly number[];
  /** Batches of the first epoch: what `epochs` are counted in. */
  perEpoch: number | null;
  /** State of the generator that the present epoch's batches were made with. */
  epochRandom: readonly number[] | null;
}

/** What a client of the loop keeps beside the weights. */
export interface OwnState {
  /** Plain data, written as JSON. */
  values: Record<string, unknown>;
  /** Tensors by name; none begins with `best.`. */
  tensors: Map<string, StateEntry>;
}

/** All that a checkpoint holds beside the model. */
export interface Checkpoint {
  progress: Progress;
  /** Of the data; null before the first run. */
  fingerprint: string | null;
  best: Map<string, StateEntry> | null;
  /** What decides the bits, and a resumed run must have too. */
  fixed: Record<string, unknown>;
  note: unknown;
  own: OwnState;
}

/** What of it stands in the metadata, as JSON. */
type Metadata = Omit<Checkpoint, 'own' | 'best'> & { own: OwnState['values'] };

const BEST = 'best.';

/** The bytes of a checkpoint of a model. */
export function writeCheckpoint(model: ModelFile, { own, best, ...rest }: Checkpoint): Uint8Array {
  const state = new Map(model.state);
  for (const [name, entry] of own.tensors) state.set(`@${name}`, entry);
  if (best) for (const [name, entry] of best) state.set(`@${BEST}${name}`, entry);
  const trainer: Metadata = { ...rest, own: own.values };
  return writeModel({ ...model, state, trainer });
}

/**
 * The parts of a checkpoint. Whether they fit is for those to say who take them over.
 *
 * @throws RangeError for a model file, and for damaged metadata
 */
export function readCheckpoint({ trainer, state }: ModelFile): Checkpoint {
  if (trainer === undefined)
    throw new RangeError(
      'resume: this is a model file, not a checkpoint; it holds no optimizer and no position',
    );
  checkMetadata(trainer);
  const { own, ...rest } = trainer;
  const best = new Map<string, StateEntry>();
  const tensors = new Map<string, StateEntry>();
  for (const [name, entry] of state) {
    if (name.startsWith(`@${BEST}`)) best.set(name.slice(1 + BEST.length), entry);
    else if (name.startsWith('@')) tensors.set(name.slice(1), entry);
  }
  return { ...rest, best: best.size > 0 ? best : null, own: { values: own, tensors } };
}

/** Where a training stands that has not begun; what a checkpoint's must look like. */
export function beginning(random: readonly number[]): Progress {
  return {
    step: 0,
    epoch: 0,
    position: 0,
    tokens: 0,
    pendingLoss: 0,
    pendingTokens: 0,
    validationDue: false,
    metrics: null,
    best: null,
    badValidations: 0,
    random,
    perEpoch: null,
    epochRandom: null,
  };
}

/** Fields that may be null, with a value as they have else. */
const NULLABLE: Record<string, unknown> = {
  metrics: {},
  best: 0,
  perEpoch: 0,
  epochRandom: [],
  schedule: {},
  fingerprint: '',
};

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/**
 * Refuses metadata whose fields are missing or of another kind than those of a checkpoint.
 *
 * @param model a value of the right kind for each field
 * @param path where the fields stand, for the error
 * @throws RangeError naming the field
 */
export function checkFields(found: unknown, model: object, path: string): void {
  for (const [name, own] of Object.entries(model)) {
    const value = (found as Record<string, unknown> | null)?.[name];
    const fits = kindOf(value) === kindOf(NULLABLE[name] ?? own);
    if (!fits && !(name in NULLABLE && value === null))
      throw new RangeError(
        `resume: the checkpoint is damaged, or of another version: its "${path}${name}" is ` +
          `${JSON.stringify(value) ?? 'missing'}`,
      );
  }
}

function checkMetadata(trainer: unknown): asserts trainer is Metadata {
  checkFields(trainer, { progress: {}, fingerprint: '', fixed: {}, own: {} }, '');
  const { progress } = trainer as Metadata;
  checkFields(progress, beginning([]), 'progress.');
  for (const state of [progress.random, progress.epochRandom])
    if (state !== null && !(state.length === 4 && state.every(Number.isInteger)))
      throw new RangeError('resume: the checkpoint is damaged: a generator is not four integers');
}

/** The note that a checkpoint carries; null where it has none. */
export function noteOf({ trainer }: ModelFile): unknown {
  return (trainer as Partial<Metadata> | undefined)?.note ?? null;
}
