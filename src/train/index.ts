/**
 * The trainer, and what looks into a network while it learns.
 *
 * @module throughtime/train
 */

export { CarriedState } from './carry.js';
export { noteOf } from './checkpoint.js';
export {
  gateSaturation,
  gradientByDistance,
  gradientNorms,
  type Saturation,
  spectralRadius,
} from './diagnostics.js';
export type { AnyOptimizer, RunOptions, TrainerOptions } from './options.js';
export type { EndReason, EndReport, Report, StepReport, ValidReport } from './report.js';
export type {
  Batches,
  LossContext,
  LossResult,
  Trainable,
  TrainBatch,
  TrainData,
  WindowPlan,
} from './trainable.js';
export { type Acceptable, Trainer } from './trainer.js';
