/** Optimizers, schedules, clipping. */
export { Optimizer, type Group, type OptimizerState, type Trainable } from './optimizer.js';
export { type ParameterSource } from './parameters.js';
export { SGD, type SGDOptions } from './sgd.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { Adadelta, type AdadeltaOptions } from './adadelta.js';
export { Adam, AdamW, type AdamOptions } from './adam.js';
export { clipNorm, clipValue, findNonfinite, gradNorm, type Nonfinite, type NormOptions } from './clip.js';
export {
  constant, cosine, exponential, oneCycle, reduceOnPlateau, step, warmup,
  type OneCycleOptions, type PlateauOptions, type Schedule, type ScheduleState,
} from './schedule.js';
