/** Comparisons that name the worst element. */

type Numbers = ArrayLike<number>;

/** Euclidean norm. */
export function norm(a: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * a[i]!;
  return Math.sqrt(sum);
}

/**
 * Fails unless ‖actual − expected‖ ≤ tolerance · ‖expected‖. A zero `expected` demands zero.
 * @param what names the tensor in the message
 */
export function near(actual: Numbers, expected: Numbers, tolerance: number, what: string): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: ${actual.length} elements, expected ${expected.length}`);
  let error = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    if (!(d <= Math.abs(actual[worst]! - expected[worst]!))) worst = i;
    error += d * d;
  }
  error = Math.sqrt(error);
  if (!(error <= tolerance * norm(expected))) {
    throw new Error(
      `${what}: relative error ${(error / norm(expected)).toExponential(2)} > ${tolerance}; ` +
        `worst at [${worst}]: ${actual[worst]}, expected ${expected[worst]}`,
    );
  }
}

/** Fails if every element is zero: a gradient that was never written. */
export function notZero(a: Numbers, what: string): void {
  if (!(norm(a) > 0)) throw new Error(`${what}: all ${a.length} elements are zero`);
}
