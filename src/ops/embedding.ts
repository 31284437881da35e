import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { expectShape, type Shape, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { borrowIds, deferred, Parameter, type Tensor } from '../tensor/tensor.js';

/** Where the rows of a tensor come from. */
export interface Lookup {
  /** [V, E] */
  table: Tensor;
  /** Address of the row numbers. */
  ids: number;
}

const lookups = new WeakMap<Tensor, Lookup>();

/**
 * The table and ids that x [..., E] was looked up with, also through views of whole rows; null
 * where it was not, or its gradients are not simply the table's.
 */
export function lookupOf(x: Tensor): Lookup | null {
  const { origin, offset } = x.origin();
  const lookup = lookups.get(origin);
  const E = origin.shape.at(-1)!;
  if (lookup === undefined || x.shape.at(-1) !== E || offset % E !== 0) return null;
  return { table: lookup.table, ids: lookup.ids + 4 * (offset / E) };
}

/**
 * Rows of w by id.   w [V, E], ids of shape S → [...S, E]
 *
 * @param options shape: that of `ids`, default [ids.length]; padding: rows of this id receive no
 *   gradient, default −1: none
 * @throws RangeError for an id outside 0 … V − 1
 */
export function embedding(
  w: Tensor,
  ids: Int32Array,
  { shape = [ids.length], padding = -1, ...rest }: { shape?: Shape; padding?: number } = {},
): Tensor {
  noOthers('embedding', rest);
  expectShape(w, [-1, -1], 'w', 'embedding');
  const [V, E] = w.shape as readonly [number, number];
  if (sizeOf(shape) !== ids.length)
    throw new RangeError(`embedding: ${ids.length} ids for shape [${shape}]`);
  const address = borrowIds(ids, 0, V, 'embedding: id');
  const y = deferred([...shape, E], [w], values =>
    kernels.embedding_forward(values, w.ptr, address, ids.length, E),
  );
  if (padding < 0 && !(w instanceof Parameter && w.sparse))
    lookups.set(y, { table: w, ids: address });
  const touched = w instanceof Parameter && w.sparse ? ids.slice() : ids;
  record([y], () => {
    const dw = w instanceof Parameter ? w.wantGradRows(touched) : w.wantGrad();
    kernels.embedding_backward(dw, y.gradPtr, address, ids.length, E, E, padding);
  });
  return y;
}
