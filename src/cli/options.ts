/** Option values: text → number, or one sentence that says what was expected. */
import { InvalidArgumentError } from 'commander';

/** A whole number from `least`. */
export function whole(least = 1): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number ≥ ${least}.`);
    return value;
  };
}

/** Whole numbers from 1, separated by commas. */
export function wholes(text: string): number[] {
  return text.split(',').map(whole());
}

export interface Range {
  /** Smallest value. */
  least?: number;
  /** Largest value. */
  most?: number;
  /** Excluded lower bound. */
  above?: number;
  /** Excluded upper bound. */
  below?: number;
}

/** A decimal number within bounds: 0.5, 2e-3. */
export function decimal({
  least = -Infinity,
  most = Infinity,
  above = -Infinity,
  below = Infinity,
}: Range = {}): (text: string) => number {
  const bounds = [
    ...(above > -Infinity ? [`> ${above}`] : []),
    ...(least > -Infinity ? [`≥ ${least}`] : []),
    ...(most < Infinity ? [`≤ ${most}`] : []),
    ...(below < Infinity ? [`< ${below}`] : []),
  ];
  return text => {
    const value = Number(text);
    const fits =
      Number.isFinite(value) && value >= least && value <= most && value > above && value < below;
    if (text.trim() === '' || !fits)
      throw new InvalidArgumentError(`Expected a number ${bounds.join(' and ')}.`);
    return value;
  };
}

/** One of these names. */
export function oneOf(names: readonly string[]): (text: string) => string {
  return text => {
    if (!names.includes(text))
      throw new InvalidArgumentError(
        'Expected ' +
          `${names.slice(0, -1).join(', ')}${names.length > 1 ? ' or ' : ''}${names.at(-1)}.`,
      );
    return text;
  };
}
