/**
 * Sizes of gradients and the limits put on them: between `backward` and `step`. Of row-sparse
 * parameters only touched rows count.
 */
import { f32 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import type { Parameter } from '../tensor/tensor.js';
import { forEachStretch, named, type ParameterSource } from './parameters.js';

/** Which norm. */
export interface NormOptions {
  /** p of the p-norm, > 0; Infinity: the largest absolute value. Default 2. */
  normType?: number;
}

function forEachGradient(
  parameters: ParameterSource,
  who: string,
  visit: (address: number, n: number) => void,
): void {
  for (const [, parameter] of named(parameters, who)) {
    void parameter.ptr; // refuses disposed ones
    forEachStretch(parameter, (offset, n) => visit(parameter.gradPtr + offset, n));
  }
}

function norm(parameters: ParameterSource, normType: number, who: string): number {
  if (!(normType > 0))
    throw new RangeError(`${who}: normType is ${normType}, expected a number > 0 or Infinity`);
  let total = 0;
  if (normType === Infinity) {
    forEachGradient(
      parameters,
      who,
      (address, n) => (total = Math.max(total, kernels.max_abs(address, n))),
    ); // NaN stays
    return total;
  }
  if (normType === 2) {
    forEachGradient(parameters, who, (address, n) => (total += kernels.sum_squares(address, n)));
    return Math.sqrt(total);
  }
  forEachGradient(
    parameters,
    who,
    (address, n) => (total += kernels.sum_powers(address, n, normType)),
  );
  return kernels.pow64(total, 1 / normType);
}

/** The norm of all gradients, taken as one vector and summed in f64; 0 without gradients. */
export function gradNorm(
  parameters: ParameterSource,
  { normType = 2, ...rest }: NormOptions = {},
): number {
  noOthers('gradNorm', rest);
  return norm(parameters, normType, 'gradNorm');
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_.
 *
 * @returns the norm before scaling. If it is NaN or infinite the gradients stay as they are
 *   (PyTorch makes them NaN or 0): skip the step; `findNonfinite` names the culprit
 */
export function clipNorm(
  parameters: ParameterSource,
  maxNorm: number,
  { normType = 2, ...rest }: NormOptions = {},
): number {
  noOthers('clipNorm', rest);
  if (!(maxNorm >= 0))
    throw new RangeError(`clipNorm: maxNorm is ${maxNorm}, expected a number ≥ 0`);
  const list = named(parameters, 'clipNorm');
  const total = norm(list, normType, 'clipNorm');
  const factor = maxNorm / (total + 1e-6);
  if (Number.isFinite(total) && factor < 1)
    forEachGradient(list, 'clipNorm', (address, n) => kernels.scale(address, n, factor));
  return total;
}

/** Limits each element of each gradient to [−limit, limit], as torch.nn.utils.clip_grad_value_. */
export function clipValue(parameters: ParameterSource, limit: number): void {
  if (!(limit >= 0)) throw new RangeError(`clipValue: limit is ${limit}, expected a number ≥ 0`);
  forEachGradient(parameters, 'clipValue', (address, n) => kernels.clamp(address, n, limit));
}

/** Where a NaN or an infinity stands. */
export interface Nonfinite {
  /** The parameter's name, or its position where it has none. */
  name: string;
  /** Whether it stands among the values or in the gradient. */
  part: 'value' | 'gradient';
  /** Position among the parameter's elements. */
  index: number;
  /** NaN, Infinity or −Infinity. */
  value: number;
}

/**
 * The first NaN or infinity among all values, then (as bad values spoil every gradient) among all
 * gradients; null if there is none.
 */
export function findNonfinite(parameters: ParameterSource): Nonfinite | null {
  const list = named(parameters, 'findNonfinite');
  for (const [name, parameter] of list) {
    const index = kernels.first_nonfinite(parameter.ptr, parameter.size);
    if (index >= 0)
      return { name, part: 'value', index, value: f32(parameter.ptr, parameter.size)[index]! };
  }
  for (const [name, parameter] of list) {
    const index = firstInGradient(parameter);
    if (index >= 0)
      return {
        name,
        part: 'gradient',
        index,
        value: f32(parameter.gradPtr, parameter.size)[index]!,
      };
  }
  return null;
}

function firstInGradient(parameter: Parameter): number {
  let found = -1;
  forEachStretch(parameter, (offset, n) => {
    if (found >= 0) return;
    const index = kernels.first_nonfinite(parameter.gradPtr + offset, n);
    if (index >= 0) found = offset / 4 + index;
  });
  return found;
}
