/**
 * What a checkpoint is: a model file with more tensors, and `trainer` in its metadata.
 *
 *   <parameter>                      the weights
 *   @optimizer.<state>.<parameter>   the optimizer's state
 *   @carry.<i>                       the state carried from batch to batch
 *   @best.<parameter>                the weights of the best validation
 *
 * No parameter's name begins with @, whatever the fields of a model are called.
 */
import { type ModelFile, writeModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import type { OptimizerState } from '../optim/optimizer.js';
import type { ScheduleState } from '../optim/schedule.js';

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
  validLoss: number | null;
  bestValidLoss: number | null;
  badValidations: number;
  random: readonly number[];
  /** Batches of the first epoch: what `epochs` are counted in. */
  perEpoch: number | null;
  /** State of the generator that the present epoch's windows were made with. */
  epochRandom: readonly number[] | null;
}

/** All that a checkpoint holds beside the model. */
export interface Checkpoint {
  progress: Progress;
  optimizer: OptimizerState;
  schedule: ScheduleState | null;
  /** Of the data; null before the first run. */
  fingerprint: string | null;
  carried: readonly (StateEntry | undefined)[];
  best: Map<string, StateEntry> | null;
  /** What decides the bits, and a resumed run must have too. */
  fixed: Record<string, unknown>;
  note: unknown;
}

/** What of it stands in the metadata, as JSON. */
type Trainer = Omit<Checkpoint, 'optimizer' | 'carried' | 'best'> & {
  optimizer: Omit<OptimizerState, 'tensors'>;
  carried: number;
};

/** The bytes of a checkpoint of a model. */
export function writeCheckpoint(
  model: ModelFile,
  { optimizer, carried, best, ...rest }: Checkpoint,
): Uint8Array {
  const state = new Map(model.state);
  for (const [name, data] of Object.entries(optimizer.tensors)) {
    const parameter = name.split('.').slice(2).join('.');
    state.set(`@${name}`, { shape: model.state.get(parameter)?.shape ?? [data.length], data });
  }
  carried.forEach((entry, i) => entry && state.set(`@carry.${i}`, entry));
  if (best) for (const [name, entry] of best) state.set(`@best.${name}`, entry);
  const trainer: Trainer = {
    ...rest,
    optimizer: { step: optimizer.step, lr: optimizer.lr },
    carried: carried.length,
  };
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
  const { optimizer, carried, ...rest } = trainer;
  const under = (prefix: string, cut: number) =>
    [...state]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, entry]) => [name.slice(cut), entry] as const);
  const best = under('@best.', '@best.'.length);
  return {
    ...rest,
    optimizer: {
      ...optimizer,
      tensors: Object.fromEntries(under('@optimizer.', 1).map(([name, { data }]) => [name, data])),
    },
    carried: Array.from({ length: carried }, (_, i) => state.get(`@carry.${i}`)),
    best: best.length > 0 ? new Map(best) : null,
  };
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
    validLoss: null,
    bestValidLoss: null,
    badValidations: 0,
    random,
    perEpoch: null,
    epochRandom: null,
  };
}

/** Fields that may be null, with a value as they have else. */
const NULLABLE: Record<string, unknown> = {
  validLoss: 0,
  bestValidLoss: 0,
  perEpoch: 0,
  epochRandom: [],
  schedule: {},
  fingerprint: '',
};

/** Refuses metadata whose fields are missing or of another kind than those of a checkpoint. */
function checkMetadata(trainer: unknown): asserts trainer is Trainer {
  const kind = (value: unknown): string =>
    value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const check = (found: unknown, model: object, path: string): void => {
    for (const [name, own] of Object.entries(model)) {
      const value = (found as Record<string, unknown> | null)?.[name];
      const fits = kind(value) === kind(NULLABLE[name] ?? own);
      if (!fits && !(name in NULLABLE && value === null))
        throw new RangeError(
          `resume: the checkpoint is damaged, or of another version: its "${path}${name}" is ` +
            `${JSON.stringify(value) ?? 'missing'}`,
        );
    }
  };
  const fields = {
    progress: {},
    optimizer: {},
    schedule: {},
    fingerprint: '',
    carried: 0,
    fixed: {},
  };
  check(trainer, fields, '');
  const { progress, optimizer } = trainer as Trainer;
  check(progress, beginning([]), 'progress.');
  check(optimizer, { step: 0, lr: 0 }, 'optimizer.');
  for (const state of [progress.random, progress.epochRandom])
    if (state !== null && !(state.length === 4 && state.every(Number.isInteger)))
      throw new RangeError('resume: the checkpoint is damaged: a generator is not four integers');
}

/** The note that a checkpoint carries; null where it has none. */
export function noteOf({ trainer }: ModelFile): unknown {
  return (trainer as Partial<Trainer> | undefined)?.note ?? null;
}
