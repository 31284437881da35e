/**
 * The trainer, and what looks into a network while it learns.
 *
 * @module throughtime/train
 */

export { BatchTrainer } from './batches.js';
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
export {
  type BatchData,
  type Batches,
  batches,
  type ExampleOptions,
  type Fingerprinted,
  type LossContext,
  type LossResult,
  type PlainBatch,
  type Trainable,
  type TrainBatch,
  type TrainData,
  type WindowPlan,
} from './trainable.js';
