/**
 * Incremental inference: a recurrent language model reads one token at a time, without a tape. Each
 * token costs one pass over the weights, so they may come in any form that multiplies a single row.
 */
import { borrow } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { scratch } from '../runtime/scratch.js';
import { borrowIds, output, type Tensor, zeros } from '../tensor/tensor.js';

/** A weight matrix [N, K] that multiplies single rows. */
export interface RowWeights {
  /** y += W·x, at addresses. */
  addProduct(y: number, x: number): void;
  /** The address of row n, its own or borrowed. */
  row(n: number): number;
}

/** A recurrent language model; its biases are tensors, its matrices multiply single rows. */
export interface IncrementalModel {
  cell: 'rnn' | 'lstm' | 'gru';
  hiddenSize: number;
  embedding: RowWeights;
  layers: readonly {
    weight_ih: RowWeights;
    weight_hh: RowWeights;
    bias_ih: Tensor;
    bias_hh: Tensor;
  }[];
  head: RowHead;
}

/** An output layer that computes the logits of all `classes`, the tokens of the vocabulary. */
export interface RowHead {
  readonly classes: number;
  /** Writes the logits y [classes] of x [H], at addresses. */
  logits(y: number, x: number): void;
}

/** y = W·x + b */
export function rowHead(weight: RowWeights, bias: Tensor): RowHead {
  return {
    classes: bias.size,
    logits(y, x) {
      kernels.copy(y, bias.ptr, bias.size);
      weight.addProduct(y, x);
    },
  };
}

/** Gates of a cell: G of a weight [G·H, ·]. */
export const GATES = { rnn: 1, lstm: 4, gru: 3 };

/** Weights in f32, where they are.   w [N, K] */
export function rowWeights(w: Tensor): RowWeights {
  const [N, K] = w.shape as readonly [number, number];
  return {
    addProduct: (y, x) =>
      kernels.gemm(
        /* c */ y,
        /* a */ x,
        /* b */ w.ptr,
        /* scratch */ scratch(),
        /* M */ 1,
        N,
        K,
        /* cRow */ N,
        /* aRow */ K,
        /* aCol */ 1,
        /* bRow */ 1,
        /* bCol */ K,
        /* add */ 1,
      ),
    row: n => w.ptr + 4 * n * K,
  };
}

/** The state before the first token, [h] or [h, c], each [layers, 1, H]; persistent. */
export function initialState({ cell, hiddenSize, layers }: IncrementalModel): Tensor[] {
  return (cell === 'lstm' ? ['h', 'c'] : ['h']).map(() => zeros([layers.length, 1, hiddenSize]));
}

/**
 * Reads ids one after the other and updates the state.
 *
 * @param state [h], or [h, c] for LSTM, each [layers, 1, H]; overwritten with the state after the
 *   last id
 * @returns logits of the next token after each id [ids.length, V]
 * @throws RangeError for an id outside 0 … V − 1
 */
export function nextLogits(
  { cell, hiddenSize: H, embedding, layers, head }: IncrementalModel,
  ids: Int32Array,
  state: readonly Tensor[],
): Tensor {
  const V = head.classes;
  const N = GATES[cell] * H;
  const outsideReset = cell === 'gru' ? 2 * H : N;
  borrowIds(ids, 0, V, 'nextLogits: id'); // for its check
  const logits = output([ids.length, V], []);
  const gates = borrow(4 * N);
  const recurrent = borrow(4 * N);
  const work = borrow(kernels.recurrent_scratch(1, H, GATES[cell]));
  ids.forEach((id, t) => {
    let x = embedding.row(id);
    layers.forEach(({ weight_ih, weight_hh, bias_ih, bias_hh }, k) => {
      const [h, c] = state.map(({ ptr }) => ptr + 4 * k * H) as [number, number];
      kernels.copy(gates, bias_ih.ptr, N);
      kernels.add_to(gates, bias_hh.ptr, outsideReset);
      weight_ih.addProduct(gates, x);
      kernels.fill(recurrent, N, 0);
      weight_hh.addProduct(recurrent, h);
      kernels.add_to(gates, recurrent, outsideReset);
      if (cell === 'lstm')
        kernels.lstm_forward(
          /* y */ h,
          /* hN */ h,
          /* cN */ c,
          /* hp */ 0,
          gates,
          /* table */ 0,
          /* ids */ 0,
          /* w_hh */ 0,
          /* h0 */ 0,
          /* c0 */ c,
          /* lengths */ 0,
          /* resets */ 0,
          /* scratch */ work,
          /* T */ 1,
          /* B */ 1,
          H,
          /* yRow */ H,
          /* reverse */ 0,
          /* from */ 0,
          /* to */ 1,
        );
      else if (cell === 'gru')
        kernels.gru_forward(
          /* y */ h,
          /* hN */ h,
          /* hn */ recurrent + 8 * H,
          /* hp */ 0,
          gates,
          /* table */ 0,
          /* ids */ 0,
          /* w_hh */ 0,
          /* b_hh */ bias_hh.ptr,
          /* h0 */ h,
          /* lengths */ 0,
          /* resets */ 0,
          /* scratch */ work,
          /* T */ 1,
          /* B */ 1,
          H,
          /* yRow */ H,
          /* reverse */ 0,
          /* from */ 0,
          /* to */ 1,
        );
      else
        kernels.rnn_forward(
          /* y */ h,
          /* hN */ h,
          /* hp */ 0,
          /* a */ gates,
          /* table */ 0,
          /* ids */ 0,
          /* w_hh */ 0,
          /* h0 */ 0,
          /* lengths */ 0,
          /* resets */ 0,
          /* scratch */ work,
          /* T */ 1,
          /* B */ 1,
          H,
          /* yRow */ H,
          /* reverse */ 0,
          /* relu */ 0,
          /* from */ 0,
          /* to */ 1,
        );
      x = h;
    });
    head.logits(logits.ptr + 4 * t * V, x);
  });
  return logits;
}
