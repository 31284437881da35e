/**
 * An op of the public layer against its reference in f64: result, shape, and every input's
 * gradient.
 */
import { infer, ops, Parameter, scope, type Tensor, tensor } from '../../src/index.js';
import { build, type Dense } from '../reference/dense.js';
import { inner } from './added.js';
import { near, notZero } from './near.js';
import { TestRandom } from './random.js';

export interface OpCheck {
  /** Values, or a shape that random numbers in (−1, 1) fill. */
  inputs: readonly (Dense | readonly number[])[];
  op(...inputs: Tensor[]): Tensor;
  reference(...inputs: Dense[]): Dense;
  /** Of the norm of each tensor. Default: 2e-5. */
  tolerance?: number;
  /** Positions of inputs that are constants to the op: their gradient must stay zero. */
  constants?: readonly number[];
}

/** (f(x + ε) − f(x − ε)) / 2ε for each element of x. */
export function centralDifferences(f: () => number, x: Float64Array, epsilon = 1e-5): Float64Array {
  return x.map((value, i) => {
    x[i] = value + epsilon;
    const above = f();
    x[i] = value - epsilon;
    const below = f();
    x[i] = value;
    return (above - below) / (2 * epsilon);
  });
}

/** A parameter with these values. */
export function parameter({ shape, data }: Dense): Parameter {
  const p = new Parameter(shape);
  p.set(data);
  return p;
}

/** Σ probe·y: gives y the random gradient `probe`. */
export function probed(y: Tensor, probe: ArrayLike<number>): Tensor {
  return ops.sum(ops.mul(y, tensor(Float64Array.from(probe), { shape: y.shape })));
}

/**
 * Checks the result; the gradients of a random probe; that a second pass adds to them; that each
 * input may be the only one that wants a gradient; and that the op gives the same without a tape.
 */
export function checkOp(
  what: string,
  { inputs, op, reference, tolerance = 2e-5, constants = [] }: OpCheck,
): void {
  const random = new TestRandom(
    [...what].reduce((hash, letter) => (hash * 31 + letter.codePointAt(0)!) | 0, 7),
  );
  const xs = inputs.map(input =>
    'data' in input ? input : build(input, () => random.array(1)[0]!),
  );
  const expected = reference(...xs);
  const probe = random.array(expected.data.length);
  const gradients = xs.map((x, i) =>
    constants.includes(i)
      ? new Float64Array(x.data.length)
      : centralDifferences(() => inner(reference(...xs).data, probe), x.data),
  );
  const name = (i: number) => `${what}: ∂/∂ input ${i} [${xs[i]!.shape}]`;

  const compute = (tensors: readonly Tensor[]): Tensor => {
    const y = op(...tensors);
    if (String(y.shape) !== String(expected.shape))
      throw new Error(`${what}: shape [${y.shape}], expected [${expected.shape}]`);
    near(y.toArray(), expected.data, tolerance, what);
    return y;
  };

  const parameters = xs.map(parameter);
  try {
    for (const times of [1, 2]) {
      scope(() => probed(compute(parameters), probe).backward());
      parameters.forEach((p, i) => {
        near(
          p.grad!,
          gradients[i]!.map(d => times * d),
          tolerance,
          `${name(i)} after pass ${times}`,
        );
        if (!constants.includes(i)) notZero(p.grad!, name(i));
      });
    }
  } finally {
    for (const p of parameters) p.dispose();
  }

  for (const wanted of xs.keys()) {
    if (constants.includes(wanted)) continue;
    scope(() => {
      const tensors = xs.map(({ data, shape }, i) =>
        tensor(data, { shape, requiresGrad: i === wanted }),
      );
      probed(compute(tensors), probe).backward();
      tensors.forEach(({ grad }, i) => {
        if (i === wanted) near(grad!, gradients[i]!, tolerance, `${name(i)} alone`);
        else if (grad !== null) throw new Error(`${name(i)}: has a gradient that nobody asked for`);
      });
    });
  }

  infer(() => {
    if (compute(xs.map(({ data, shape }) => tensor(data, { shape }))).requiresGrad)
      throw new Error(`${what}: recorded without a tape`);
  });
}
