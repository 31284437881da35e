import { kernels } from '../runtime/kernels.js';
import { expectShape, sizeOf, type Shape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { borrowIds, output, Parameter, type Tensor } from '../tensor/tensor.js';

/**
 * Rows of w by id.   w [V, E], ids of shape S → [...S, E]
 *
 * @param shape shape of `ids`, default [ids.length]
 * @param padding rows of this id receive no gradient; −1: none
 * @throws RangeError for an id outside 0 … V − 1
 */
export function embedding(w: Tensor, ids: Int32Array, { shape = [ids.length], padding = -1 }: { shape?: Shape; padding?: number } = {}): Tensor {
  expectShape(w, [-1, -1], 'w', 'embedding');
  const [V, E] = w.shape as readonly [number, number];
  if (sizeOf(shape) !== ids.length) throw new RangeError(`embedding: ${ids.length} ids for shape [${shape}]`);
  const address = borrowIds(ids, 0, V, 'embedding: id');
  const y = output([...shape, E], [w]);
  kernels.embedding_forward(y.ptr, w.ptr, address, ids.length, E);
  record([y], () => {
    const dw = w instanceof Parameter ? w.wantGradRows(ids) : w.wantGrad();
    kernels.embedding_backward(dw, y.gradPtr, address, ids.length, E, padding);
  });
  return y;
}
