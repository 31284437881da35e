/** Central differences in f64: the root of all trust in gradients. */

/**
 * Compares `gradients` with (f(x + ε) − f(x − ε)) / 2ε for every element of every input.
 *
 * @param f       the scalar loss as a function of the inputs' present values
 * @param inputs  arrays that f reads; restored after each probe
 * @param gradients analytic ∂f/∂input, same order and sizes
 * @param tolerance absolute and relative, as |a − n| ≤ tolerance · max(1, |a|, |n|)
 */
export function gradcheck(
  f: () => number,
  inputs: Record<string, Float64Array>,
  gradients: Record<string, ArrayLike<number>>,
  { epsilon = 1e-5, tolerance = 1e-6 } = {},
): void {
  for (const [name, input] of Object.entries(inputs)) {
    const gradient = gradients[name];
    if (gradient === undefined || gradient.length !== input.length)
      throw new Error(`gradcheck: no gradient of ${name} with ${input.length} elements`);
    let largest = 0;
    for (let i = 0; i < input.length; i++) {
      const x = input[i]!;
      input[i] = x + epsilon;
      const above = f();
      input[i] = x - epsilon;
      const below = f();
      input[i] = x;
      const numeric = (above - below) / (2 * epsilon);
      const analytic = gradient[i]!;
      largest = Math.max(largest, Math.abs(analytic));
      const scale = Math.max(1, Math.abs(analytic), Math.abs(numeric));
      if (!(Math.abs(analytic - numeric) <= tolerance * scale)) {
        throw new Error(
          `gradcheck: ∂/∂${name}[${i}] is ${analytic}, central difference ${numeric}`,
        );
      }
    }
    if (!(largest > 0)) throw new Error(`gradcheck: the gradient of ${name} is all zero`);
  }
}
