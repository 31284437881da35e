/**
 * The trainer, and what looks into a network while it learns.
 *
 * @module throughtime/train
 */

export { BatchTrainer, batches, type ExampleOptions } from './batches.js';
export { Trainer } from './bptt.js';
export { CarriedState } from './carry.js';
export { noteOf, type OwnState } from './checkpoint.js';
export {
  gateSaturation,
  gradientByDistance,
  gradientNorms,
  type Saturation,
  spectralRadius,
} from './diagnostics.js';
export { GradientTrainer } from './gradient.js';
export { type Learned, Loop, type Nonfinite, type StepResult } from './loop.js';
export type {
  AnyOptimizer,
  BatchTrainerOptions,
  LoopOptions,
  Metric,
  RunOptions,
  TrainerOptions,
} from './options.js';
export type { EndReason, EndReport, Metrics, Report, StepReport, ValidReport } from './report.js';
export type {
  BatchData,
  Batches,
  Fingerprinted,
  LossContext,
  LossResult,
  PlainBatch,
  Trainable,
  TrainBatch,
  TrainData,
  WindowPlan,
} from './trainable.js';
