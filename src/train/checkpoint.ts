/**
 * What a checkpoint is: a model file with more tensors, and `trainer` in its metadata.
 *
 *   <parameter>                      the weights
 *   optimizer.<state>.<parameter>    the optimizer's state
 *   carry.<i>                        the state carried from batch to batch
 *   best.<parameter>                 the weights of the best validation
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
  /** The learning rate that the schedule starts from. */
  baseLr: number;
  schedule: ScheduleState | null;
  /** Of the data; null before the first run. */
  fingerprint: string | null;
  carried: readonly (StateEntry | undefined)[];
  best: Map<string, StateEntry> | null;
  /** Options that a resumed run must have too. */
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
    state.set(name, { shape: model.state.get(parameter)?.shape ?? [data.length], data });
  }
  carried.forEach((entry, i) => entry && state.set(`carry.${i}`, entry));
  if (best) for (const [name, entry] of best) state.set(`best.${name}`, entry);
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
 * @throws RangeError for a model file
 */
export function readCheckpoint({ trainer, state }: ModelFile): Checkpoint {
  if (trainer === undefined)
    throw new RangeError(
      'resume: this is a model file, not a checkpoint; it holds no optimizer and no position',
    );
  const { optimizer, carried, ...rest } = trainer as Trainer;
  const under = (prefix: string, cut: number) =>
    [...state]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, entry]) => [name.slice(cut), entry] as const);
  const best = under('best.', 'best.'.length);
  return {
    ...rest,
    optimizer: {
      ...optimizer,
      tensors: Object.fromEntries(under('optimizer.', 0).map(([name, { data }]) => [name, data])),
    },
    carried: Array.from({ length: carried }, (_, i) => state.get(`carry.${i}`)),
    best: best.length > 0 ? new Map(best) : null,
  };
}

/** The note that a checkpoint carries; null where it has none. */
export function noteOf({ trainer }: ModelFile): unknown {
  return (trainer as Partial<Trainer> | undefined)?.note ?? null;
}
