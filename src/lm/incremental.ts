/** A recurrent model as a `LanguageModel`: states are copies outside the kernels' memory. */
import { crossEntropy } from '../ops/loss.js';
import { infer } from '../tensor/scope.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { type Tensor, tensor, view } from '../tensor/tensor.js';
import { WINDOW } from './evaluate.js';
import type { Scores } from './model.js';

/** What a recurrent model remembers: a value, never changed once it is made. */
export interface RecurrentState {
  /** The layers' states: [h], or [h, c]. */
  readonly tensors: readonly {
    /** [layers, 1, hidden] */
    readonly shape: Shape;
    /** Its values. */
    readonly data: Float32Array;
  }[];
  /** Logits of the next token, [vocabulary]; all 0 before anything was read. */
  readonly logits: Float32Array;
}

/**
 * The state of zeros, and the uniform distribution.
 *
 * @param shapes of the layers' states
 */
export function start(shapes: readonly Shape[], classes: number): RecurrentState {
  const tensors = shapes.map(shape => ({ shape, data: new Float32Array(sizeOf(shape)) }));
  return { tensors, logits: new Float32Array(classes) };
}

/**
 * Logits [T, V] after each token of a piece; `live` becomes the state after the last. In a scope.
 */
export type Reader = (piece: Int32Array, live: readonly Tensor[]) => Tensor;

/**
 * Reads tokens in pieces of bounded memory.
 *
 * @param read how
 * @param visit looks at the logits [T, V] after each token of a piece, inside a scope
 */
export function advance(
  classes: number,
  ids: Int32Array,
  { tensors, logits }: RecurrentState,
  {
    read,
    visit,
  }: {
    read: Reader;
    visit?: (after: Tensor, piece: Int32Array, before: Float32Array) => void;
  },
): RecurrentState {
  for (let from = 0; from < ids.length; from += WINDOW) {
    const piece = ids.subarray(from, from + WINDOW);
    infer(() => {
      const live = tensors.map(({ shape, data }) => tensor(data, { shape }));
      const after = read(piece, live);
      visit?.(after, piece, logits);
      logits = view(after, [classes], (piece.length - 1) * classes).toArray();
      tensors = live.map(copied);
    });
  }
  return { tensors, logits };
}

/** Log-probability of each token: the first by the state's logits, the others by those before. */
export function score(
  classes: number,
  ids: Int32Array,
  state: RecurrentState,
  read: Reader,
): Scores<RecurrentState> {
  const logp = new Float32Array(ids.length);
  let at = 0;
  const losses = (rows: Tensor, targets: Int32Array): void => {
    for (const loss of crossEntropy(rows, targets, { reduction: 'none' }).toArray())
      logp[at++] = -loss;
  };
  const visit = (after: Tensor, piece: Int32Array, before: Float32Array): void => {
    losses(tensor(before, { shape: [1, classes] }), piece.subarray(0, 1));
    const rest = piece.length - 1;
    if (rest > 0) losses(view(after, [rest, classes], 0), piece.subarray(1));
  };
  const end = advance(classes, ids, state, { read, visit });
  return { logp, state: end };
}

/** A tensor's shape and values, outside the kernels' memory. */
function copied(each: Tensor): RecurrentState['tensors'][number] {
  return { shape: each.shape, data: each.toArray() };
}
