/** A sequence as one vector: its last state, or what all its states give together. */
import { tanh } from '../ops/activation.js';
import { add, mul } from '../ops/elementwise.js';
import { linear } from '../ops/linear.js';
import { max, sum } from '../ops/reduce.js';
import { indexSelect } from '../ops/select.js';
import { softmax } from '../ops/softmax.js';
import { concat, slice, transpose } from '../ops/strided.js';
import { noOthers } from '../runtime/options.js';
import { expectShape } from '../tensor/shape.js';
import { type Tensor, tensor, view } from '../tensor/tensor.js';

/** What is added to a score or a state that does not count: no finite one is as small. */
const NEVER = -1e30;

/** Checks a batch of sequences and the lengths of its rows. */
function sizes(x: Tensor, lengths: Int32Array, who: string): { T: number; B: number; H: number } {
  expectShape(x, [-1, -1, -1], 'x', who);
  const [T, B, H] = x.shape as readonly [number, number, number];
  if (lengths.length !== B) throw new RangeError(`${who}: ${lengths.length} lengths for ${B} rows`);
  for (const [row, length] of lengths.entries())
    if (length < 1 || length > T)
      throw new RangeError(`${who}: length ${length} of row ${row}, expected 1 … ${T}`);
  return { T, B, H };
}

/** [T, B, 1]: `within(b)` at the steps of row b that count, `beyond` at later ones. */
function byStep(
  { T, B }: { T: number; B: number },
  lengths: Int32Array,
  within: (length: number) => number,
  beyond: number,
): Tensor {
  const values = new Float32Array(T * B);
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) values[t * B + b] = t < lengths[b]! ? within(lengths[b]!) : beyond;
  return tensor(values, { shape: [T, B, 1] });
}

/**
 * The state after the last step of each row.
 *
 * @param x [T, B, H], outputs of a recurrent layer
 * @param lengths [B] steps of each row that count, 1 … T
 * @param options bidirectional: the second half of H is that of a walk from the last step to the
 *   first, whose last state is at the first step. Default: false
 * @returns [B, H]
 * @throws RangeError for lengths outside 1 … T, or another number of them than of rows
 */
export function lastState(
  x: Tensor,
  lengths: Int32Array,
  { bidirectional = false, ...rest }: { bidirectional?: boolean } = {},
): Tensor {
  noOthers('lastState', rest);
  const { T, B, H } = sizes(x, lengths, 'lastState');
  const rows = lengths.map((length, b) => (length - 1) * B + b);
  const last = indexSelect(view(x, [T * B, H]), 0, rows);
  if (!bidirectional) return last;
  if (H % 2 !== 0) throw new RangeError(`lastState: two directions of ${H} numbers together`);
  const first = view(x, [B, H]);
  return concat([slice(last, 1, 0, H / 2), slice(first, 1, H / 2, H)], 1);
}

/**
 * The largest value of each number over the steps of a row.
 *
 * @param x [T, B, H], finite
 * @param lengths [B] steps of each row that count, 1 … T
 * @returns [B, H]
 * @throws RangeError for lengths outside 1 … T, or another number of them than of rows
 */
export function maxPool(x: Tensor, lengths: Int32Array): Tensor {
  const shape = sizes(x, lengths, 'maxPool');
  const full = lengths.every(length => length === shape.T);
  return max(
    full
      ? x
      : add(
          x,
          byStep(shape, lengths, () => 0, NEVER),
        ),
    { axis: 0 },
  );
}

/**
 * The mean over the steps of a row.
 *
 * @param x [T, B, H], finite
 * @param lengths [B] steps of each row that count, 1 … T
 * @returns [B, H]
 * @throws RangeError for lengths outside 1 … T, or another number of them than of rows
 */
export function meanPool(x: Tensor, lengths: Int32Array): Tensor {
  const shape = sizes(x, lengths, 'meanPool');
  return sum(
    mul(
      x,
      byStep(shape, lengths, length => 1 / length, 0),
    ),
    { axis: 0 },
  );
}

/** The weights of attention pooling. */
export interface AttentionPoolWeights {
  /** [A, H] */
  weight: Tensor;
  /** [A] */
  bias: Tensor;
  /** [1, A] */
  query: Tensor;
}

/**
 * The mean over the steps of a row, weighted by what they are (Yang et al. 2016, "Hierarchical
 * attention networks for document classification").
 *
 *   uₜ = tanh(W·xₜ + b)    aₜ = softmaxₜ(q·uₜ)    y = Σₜ aₜ·xₜ
 *
 * @param x [T, B, H], finite
 * @param lengths [B] steps of each row that count, 1 … T
 * @param weights W, b and q
 * @returns pooled [B, H]; weights [B, T], 0 beyond a row's length
 * @throws RangeError for lengths outside 1 … T, another number of them than of rows, or shapes that
 *   do not fit
 */
export function attentionPool(
  x: Tensor,
  lengths: Int32Array,
  { weight, bias, query }: AttentionPoolWeights,
): {
  /** [B, H] */
  pooled: Tensor;
  /** [B, T], each row's sum is 1 */
  weights: Tensor;
} {
  const shape = sizes(x, lengths, 'attentionPool');
  const { T, B, H } = shape;
  expectShape(weight, [-1, H], 'weight', 'attentionPool');
  expectShape(query, [1, weight.shape[0]!], 'query', 'attentionPool');
  const scores = linear(tanh(linear(x, weight, bias)), query, null);
  const counted = add(
    scores,
    byStep(shape, lengths, () => 0, NEVER),
  );
  const weights = softmax(transpose(view(counted, [T, B]), [1, 0]));
  const pooled = sum(mul(x, view(transpose(weights, [1, 0]), [T, B, 1])), { axis: 0 });
  return { pooled, weights };
}
