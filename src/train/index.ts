/** The trainer, and what looks into a network while it learns. */
export { Trainer } from './trainer.js';
export { type RunOptions, type TrainerOptions } from './options.js';
export { noteOf } from './checkpoint.js';
export { type EndReason, type EndReport, type Report, type StepReport, type ValidReport } from './report.js';
export { type LossContext, type LossResult, type Trainable, type TrainBatch, type TrainData, type WindowPlan, type Windows } from './trainable.js';
export { gateSaturation, gradientByDistance, gradientNorms, spectralRadius, type Saturation } from './diagnostics.js';
