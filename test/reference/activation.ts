/** Functions of one variable and their derivatives at x, in f64. */
export interface Activation {
  f(x: number): number;
  derivative(x: number): number;
  /** What the kernel's backward takes: y, or x. */
  saved: 'x' | 'y';
  /** Inputs lie in (low, high). */
  low: number;
  high: number;
  /** What the kernels take after n. */
  args?: readonly number[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const activations = {
  exp: { f: Math.exp, derivative: Math.exp, saved: 'y', low: -4, high: 4 },
  log: { f: Math.log, derivative: x => 1 / x, saved: 'x', low: 0.1, high: 9 },
  sqrt: { f: Math.sqrt, derivative: x => 0.5 / Math.sqrt(x), saved: 'y', low: 0.1, high: 9 },
  tanh: { f: Math.tanh, derivative: x => 1 / Math.cosh(x) ** 2, saved: 'y', low: -3, high: 3 },
  sigmoid: { f: sigmoid, derivative: x => sigmoid(x) * sigmoid(-x), saved: 'y', low: -5, high: 5 },
  abs: { f: Math.abs, derivative: Math.sign, saved: 'x', low: -2, high: 2 },
  clamp: {
    f: x => Math.min(Math.max(x, -0.75), 1.25),
    derivative: x => (x >= -0.75 && x <= 1.25 ? 1 : 0),
    saved: 'x',
    low: -2,
    high: 2,
    args: [-0.75, 1.25],
  },
  pow: { f: x => x ** 3, derivative: x => 3 * x * x, saved: 'x', low: -2, high: 2, args: [3] },
  relu: { f: x => (x > 0 ? x : 0), derivative: x => (x > 0 ? 1 : 0), saved: 'y', low: -2, high: 2 },
} satisfies Record<string, Activation>;

/** y = f(x) */
export function forward({ f }: Activation, x: Float64Array): Float64Array {
  return x.map(f);
}

/** dx += dy·f′(x) */
export function backward(
  { derivative }: Activation,
  dx: Float64Array,
  dy: Float64Array,
  x: Float64Array,
): void {
  for (let i = 0; i < x.length; i++) dx[i]! += dy[i]! * derivative(x[i]!);
}
