/**
 * Optimizers, schedules, clipping.
 *
 * @module throughtime/optim
 */

export { Adadelta, type AdadeltaOptions } from './adadelta.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { AveragedSGD, type AveragedSGDOptions } from './averaged.js';
export {
  clipNorm,
  clipValue,
  findNonfinite,
  gradNorm,
  type Nonfinite,
  type NormOptions,
} from './clip.js';
export {
  type Group,
  type Groups,
  Optimizer,
  type OptimizerState,
  type Stretch,
} from './optimizer.js';
export type { ParameterSource } from './parameters.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export {
  constant,
  cosine,
  exponential,
  type OneCycleOptions,
  oneCycle,
  type PlateauOptions,
  reduceOnPlateau,
  type Schedule,
  type ScheduleState,
  step,
  warmup,
} from './schedule.js';
export { SGD, type SGDOptions } from './sgd.js';
