/** Operations of one's own, on plain arrays. */
import { f32 } from '../runtime/arena.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

/** An operation of one's own: what it computes, and its derivative. */
export interface CustomOp {
  /** Shape of the result. */
  shape: Shape;
  /**
   * Writes the result.
   *
   * @param y the result's values, row by row, not cleared
   * @param inputs the inputs' values, to read
   */
  forward(y: Float32Array, inputs: readonly Float32Array[]): void;
  /**
   * Adds ∂L/∂input to each gradient: `gradients[i]![k] += dy[n] * …`. Left out: the result is a
   * constant.
   *
   * @param gradients of the inputs, to add to; null for those that need none
   * @param dy ∂L/∂y
   * @param inputs as in `forward`
   * @param y the result
   */
  backward?(
    gradients: readonly (Float32Array | null)[],
    dy: Float32Array,
    inputs: readonly Float32Array[],
    y: Float32Array,
  ): void;
}

/**
 * An operation of one's own. The arrays are views of the kernels' memory, good until the function
 * returns: it must not keep them, nor call other operations.
 *
 *     const softplus = (x: Tensor) =>
 *       ops.custom([x], {
 *         shape: x.shape,
 *         forward: (y, [x]) => x!.forEach((v, i) => (y[i] = Math.log1p(Math.exp(v)))),
 *         backward: ([dx], dy, [x]) =>
 *           x!.forEach((v, i) => (dx![i]! += dy[i]! / (1 + Math.exp(-v)))),
 *       });
 *
 * @param inputs the tensors that it depends on
 */
export function custom(inputs: readonly Tensor[], op: CustomOp): Tensor {
  const { shape, forward, backward } = op;
  const y = output(shape, backward ? inputs : []);
  const size = sizeOf(shape);
  // all memory is asked for before the first view: growing it would detach them
  const values = (): Float32Array[] => {
    const addresses = inputs.map(input => input.ptr);
    return inputs.map((input, i) => f32(addresses[i]!, input.size));
  };
  const all = values();
  forward.call(op, f32(y.ptr, size), all);
  if (backward)
    record([y], () => {
      const wanted = inputs.map(input => input.wantGrad());
      const all = values();
      const gradients = inputs.map((input, i) =>
        wanted[i] === 0 ? null : f32(wanted[i]!, input.size),
      );
      backward.call(op, gradients, f32(y.gradPtr, size), all, f32(y.ptr, size));
    }, [...inputs, y]);
  return y;
}
