/**
 * The trainer, and what looks into a network while it learns.
 *
 * @module throughtime/train
 */

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
  LossContext,
  LossResult,
  Trainable,
  TrainBatch,
  TrainData,
  WindowPlan,
  Windows,
} from './trainable.js';
export { type Acceptable, Trainer } from './trainer.js';
