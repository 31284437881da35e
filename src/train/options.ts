/** The trainer's recipe, and what may differ from run to run. */
import type { Optimizer } from '../optim/optimizer.js';
import type { Schedule } from '../optim/schedule.js';
import type { EndReason } from './report.js';

/** What the trainer uses of an optimizer, whatever its options. */
export type AnyOptimizer = Pick<
  Optimizer<never, never>,
  'lr' | 'parameters' | 'step' | 'zeroGrad' | 'stateDict' | 'loadStateDict' | 'dispose'
> & {
  /** Absent: checkpoints do not compare the optimizer's options. */
  describe?: Optimizer<never, never>['describe'];
  /** Looks at the loss of each validation, as `optim.AveragedSGD`. */
  observe?(loss: number): void;
  /** Puts in the weights to measure and to keep; what it gives puts the trained ones back. */
  average?(): () => void;
};

/** The metric of the validations that decides which weights are the best. */
export interface Metric {
  /** Its name in what `validate` gives. */
  name: string;
  /** Whether lower values are better, as of a loss, or higher ones, as of an accuracy. */
  better: 'lower' | 'higher';
}

/** The recipe of every training: what stays the same over the whole of it. */
export interface LoopOptions {
  /** Planned passes over the data; schedules run over them. Default: 1, unless `steps` is given. */
  epochs?: number;
  /** Planned steps in all, counted from the start of training; replaces `epochs`. */
  steps?: number;
  /** Dropout masks, shuffling and random lengths come from it. Default: 1. */
  seed?: number;
  /** Steps between reports. Default: 50. */
  reportEvery?: number;
  /** Steps between validations. Default: at the end of each epoch, and at the end. */
  validEvery?: number;
  /** Stop after so many validations without improvement. Default: never. */
  patience?: number;
  /** Plain data that checkpoints carry for whoever resumes: `noteOf` reads it. Default: null. */
  note?: unknown;
  /**
   * What early stopping and `loadBest` go by. Default: `{ name: 'loss', better: 'lower' }`.
   */
  metric?: Metric;
}

/** The recipe of gradient descent on batches. */
export interface BatchTrainerOptions extends LoopOptions {
  /** Moves the parameters; its learning rate at this moment is what the schedule starts from. */
  optimizer: AnyOptimizer;
  /** Learning rate over the planned steps. Default: constant. */
  schedule?: Schedule;
  /**
   * Clip the gradient's norm over all parameters (PyTorch's `clip_grad_norm_`). Default: no
   * clipping.
   */
  clipNorm?: number;
  /** Clip each element of the gradient to ± this, after `clipNorm`. Default: no clipping. */
  clipValue?: number;
}

/** The recipe of truncated backpropagation through time. */
export interface TrainerOptions extends BatchTrainerOptions {
  /** New time steps per window, h′. Default: 64. */
  bptt?: number;
  /** Steps that gradients go back, h ≥ h′: BPTT(h; h′) of Williams & Peng 1990. Default: h′. */
  horizon?: number;
  /**
   * Windows of random length (Merity et al. 2017); the learning rate goes with the length. Default:
   * false.
   */
  randomLength?: boolean;
  /**
   * Keep the activations of so many time steps of a window at once, and compute the others again in
   * the backward pass: less memory for about a third more time. Default: keep all.
   */
  recompute?: number;
}

/** What may differ from run to run of one training. */
export interface RunOptions {
  /**
   * Measures on held-out data: an object whose numbers are the metrics. `loss` is watched unless
   * `metric` names another.
   */
  validate?: (signal: AbortSignal | undefined) => Promise<object>;
  /** Ends the run after the present step. */
  signal?: AbortSignal | undefined;
  /** Ends this run after so many more steps, with reason `budget`. */
  steps?: number | undefined;
  /** Ends this run after so many seconds, with reason `budget`, where there is a clock. */
  maxSeconds?: number | undefined;
  /**
   * Receives the bytes of a checkpoint: after each validation (but where `checkpointEvery` is in
   * seconds: by the clock alone), as often as `checkpointEvery` says, and at the end of the run,
   * with the reason why it ends.
   */
  checkpoint?: ((bytes: Uint8Array, reason: EndReason | null) => void | Promise<void>) | undefined;
  /**
   * Steps from one checkpoint to the next, or seconds. Seconds are stretched where saving takes
   * more than a fiftieth of them, so that it costs at most 2 % of the time. Default: no others than
   * those after validations and at the end.
   */
  checkpointEvery?:
    | number
    | {
        /** Seconds from one checkpoint to the next. */
        seconds: number;
      }
    | undefined;
}

/** The names of `BatchTrainerOptions`. */
export const BATCH_OPTIONS: Record<keyof BatchTrainerOptions, true> = {
  optimizer: true,
  schedule: true,
  clipNorm: true,
  clipValue: true,
  epochs: true,
  steps: true,
  seed: true,
  reportEvery: true,
  validEvery: true,
  patience: true,
  note: true,
  metric: true,
};

/** The names of `TrainerOptions`. */
export const TRAINER_OPTIONS: Record<keyof TrainerOptions, true> = {
  ...BATCH_OPTIONS,
  bptt: true,
  horizon: true,
  randomLength: true,
  recompute: true,
};

/** The names of `RunOptions`. */
export const RUN_OPTIONS: Record<keyof RunOptions, true> = {
  validate: true,
  signal: true,
  steps: true,
  maxSeconds: true,
  checkpoint: true,
  checkpointEvery: true,
};
