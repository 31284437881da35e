/**
 * Learning rates over time. A step is whatever the caller counts, mostly optimizer steps; the rate
 * of a step depends on its number alone, so training resumes anywhere. Only `reduceOnPlateau` has a
 * state, to be kept with the checkpoint.
 *
 *   optimizer.lr = schedule.lr(step, totalSteps, baseLr);       before each step
 *   schedule.observe?.(validationLoss);                         after each evaluation
 *   checkpoint.schedule = schedule.state?.();                   JSON
 *   schedule.restore?.(checkpoint.schedule);
 *
 * cos and powers come from the kernels: JavaScript's differ in their last bit from engine to
 * engine.
 */
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { checkSize } from '../tensor/shape.js';
import { checkRange } from './range.js';

/** Numbers by name; survives JSON. */
export type ScheduleState = Readonly<Record<string, number | null>>;

/** A learning rate over time. */
export interface Schedule {
  /**
   * The learning rate of one step.
   *
   * @param step  steps taken before: 0, 1, … total − 1
   * @param total steps of the whole training
   * @param base  the learning rate that the schedule starts from
   */
  lr(step: number, total: number, base: number): number;
  /** Takes note of a validation loss. Absent where losses do not matter. */
  observe?(loss: number): void;
  /** What `restore` needs. Absent where the step number is all there is. */
  state?(): ScheduleState;
  /** Goes on where `state` was taken. Absent where that is. */
  restore?(state: ScheduleState): void;
  /**
   * Name and options, as plain data: a checkpoint holds them, so that a resumed training goes on
   * with the same. Absent: nobody compares.
   */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** base throughout. */
export function constant(): Schedule {
  return { config: { kind: 'constant' }, lr: (_step, _total, base) => base };
}

/** base·gamma^⌊step / size⌋, as torch's StepLR. gamma defaults to 0.1. */
export function step({ size, gamma = 0.1, ...rest }: { size: number; gamma?: number }): Schedule {
  noOthers('step', rest);
  checkSize(size, 'size', 'step');
  checkRange(gamma, 'gamma', { who: 'step' });
  return {
    config: { kind: 'step', size, gamma },
    lr: (step, _total, base) => base * kernels.pow64(gamma, Math.floor(step / size)),
  };
}

/** base·gamma^step, as torch's ExponentialLR. */
export function exponential({ gamma, ...rest }: { gamma: number }): Schedule {
  noOthers('exponential', rest);
  checkRange(gamma, 'gamma', { who: 'exponential' });
  return {
    config: { kind: 'exponential', gamma },
    lr: (step, _total, base) => base * kernels.pow64(gamma, step),
  };
}

/** From a to b along half a cosine, at `share` (0 … 1) of the way. */
function halfCosine(a: number, b: number, share: number): number {
  return b + ((a - b) / 2) * (1 + kernels.cos64(Math.PI * share));
}

/**
 * From base to min along half a cosine, as torch's CosineAnnealingLR (and as there up again after
 * `total`).
 *
 * @param total steps from base to min (T_max); default: those of the training
 */
export function cosine({
  min = 0,
  total: own,
  ...rest
}: {
  min?: number;
  total?: number;
} = {}): Schedule {
  noOthers('cosine', rest);
  checkRange(min, 'min', { who: 'cosine' });
  if (own !== undefined) checkSize(own, 'total', 'cosine');
  return {
    config: { kind: 'cosine', min, total: own ?? null },
    lr(step, given, base) {
      const total = own ?? given;
      checkSize(total, 'total', 'cosine');
      return halfCosine(base, min, step / total);
    },
  };
}

/** Options of `oneCycle`, with PyTorch's defaults. */
export interface OneCycleOptions {
  /** The highest rate. Default: base. */
  max?: number;
  /** Share of the training until the highest rate. Default 0.3. */
  pctStart?: number;
  /** The first rate is max / divFactor. Default 25. */
  divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** The way up and down. Default 'cos'. */
  anneal?: 'cos' | 'linear';
}

/**
 * Up to max, then down to almost nothing, over the whole training; later steps keep the last rate.
 * Smith & Topin 2018, as torch's OneCycleLR.
 */
export function oneCycle({
  max,
  pctStart = 0.3,
  divFactor = 25,
  finalDivFactor = 1e4,
  anneal = 'cos',
  ...rest
}: OneCycleOptions = {}): Schedule {
  const who = 'oneCycle';
  noOthers(who, rest);
  if (max !== undefined) checkRange(max, 'max', { who });
  checkRange(pctStart, 'pctStart', { who, high: 1 });
  checkRange(divFactor, 'divFactor', { who, low: 1 });
  checkRange(finalDivFactor, 'finalDivFactor', { who, low: 1 });
  const between =
    anneal === 'cos' ? halfCosine : (a: number, b: number, share: number) => a + (b - a) * share;
  return {
    config: { kind: who, max: max ?? null, pctStart, divFactor, finalDivFactor, anneal },
    lr(step, total, base) {
      checkSize(total, 'total', who);
      const highest = max ?? base;
      const first = highest / divFactor;
      const last = total - 1;
      // torch counts the end of the way up so; it may lie between steps, or before the first
      const peak = pctStart * total - 1;
      if (step >= last) return peak >= last ? highest : first / finalDivFactor;
      if (step < peak) return between(first, highest, step / peak);
      return between(highest, first / finalDivFactor, (step - peak) / (last - peak));
    },
  };
}

/**
 * Rises evenly over `steps` steps to the first rate of `then`, which goes on from there with the
 * steps that remain. The first rate is one (steps + 1)-th of it, not 0.
 */
export function warmup(steps: number, then: Schedule = constant()): Schedule {
  checkSize(steps, 'steps', 'warmup');
  return {
    config: { kind: 'warmup', steps, after: then.config ?? null },
    ...(then.observe && { observe: loss => then.observe!(loss) }),
    ...(then.state && { state: () => then.state!() }),
    ...(then.restore && { restore: state => then.restore!(state) }),
    lr(step, total, base) {
      const rest = Math.max(total - steps, 1);
      if (step >= steps) return then.lr(step - steps, rest, base);
      return (then.lr(0, rest, base) * (step + 1)) / (steps + 1);
    },
  };
}

/** Options of `reduceOnPlateau`, with PyTorch's defaults. */
export interface PlateauOptions {
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** How many losses in a row may fail to improve before the rate falls at the next. Default 10. */
  patience?: number;
  /** A loss is better if it is below best·(1 − threshold). Default 1e-4. */
  threshold?: number;
  /** The rate falls no lower. Default 0. */
  min?: number;
}

/**
 * base, multiplied by `factor` whenever the validation loss has stopped falling, as torch's
 * ReduceLROnPlateau. NaN is no improvement.
 */
export function reduceOnPlateau({
  factor = 0.1,
  patience = 10,
  threshold = 1e-4,
  min = 0,
  ...rest
}: PlateauOptions = {}): Schedule {
  const who = 'reduceOnPlateau';
  noOthers(who, rest);
  checkRange(factor, 'factor', { who, high: 1, below: true });
  checkRange(threshold, 'threshold', { who, high: 1, below: true });
  checkRange(min, 'min', { who });
  if (!Number.isInteger(patience) || patience < 0)
    throw new RangeError(`${who}: patience is ${patience}, expected a whole number ≥ 0`);
  let best: number | null = null;
  let bad = 0;
  let scale = 1;
  return {
    config: { kind: who, factor, patience, threshold, min },
    lr: (_step, _total, base) => Math.min(base, Math.max(base * scale, min)),
    observe(loss) {
      if (best === null ? loss < Infinity : loss < best * (1 - threshold)) {
        best = loss;
        bad = 0;
      } else if (++bad > patience) {
        scale *= factor;
        bad = 0;
      }
    },
    state: () => ({ best, bad, scale }),
    restore(state) {
      const { best: loss, bad: count, scale: product } = state;
      if (loss === undefined || typeof count !== 'number' || typeof product !== 'number') {
        throw new TypeError(
          `${who}: restore: ${JSON.stringify(state)}, expected { best, bad, scale }`,
        );
      }
      best = loss;
      bad = count;
      scale = product;
    },
  };
}
