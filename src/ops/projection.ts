/**
 * The input projection of a recurrent layer, x·W_ihᵀ + b_ih + b_hh for all time steps at once, and
 * its gradients.
 *
 * Where x is rows of an embedding and its vocabulary is smaller than the batch, E·W_ihᵀ is computed
 * once for each token of the vocabulary, and its rows are looked up; the gradients are summed by
 * token before they are multiplied. The sums are the same, in another order.
 */
import { clear, copy, lend } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { scratch } from '../runtime/scratch.js';
import type { Tensor } from '../tensor/tensor.js';
import { lookupOf } from './embedding.js';
import type { CellWeights, Sequence } from './recurrent.js';

/** The rows that are multiplied: rows of x, or rows of the table that x is looked up in. */
interface Rows {
  source: Tensor;
  N: number;
  /** Address of the row number of each time step; 0: the time steps are the rows. */
  ids: number;
}

function rowsOf(x: Tensor, { T, B }: Sequence): Rows {
  const lookup = x.retainsGrad ? null : lookupOf(x); // the gradient of the rows themselves is asked for
  const V = lookup?.table.shape[0] ?? Infinity;
  return lookup && 2 * V <= T * B
    ? { source: lookup.table, N: V, ids: lookup.ids }
    : { source: x, N: T * B, ids: 0 };
}

/**
 * Of b_hh the first `columns` are added: all but what a GRU's reset scales.
 *
 * @param gates [T·B, G·H], written unless `use` is given a table
 * @param use what goes on with them, or with a table [V, G·H] and the row number of each step; 0,
 *   0: without
 */
export function project(
  gates: number,
  x: Tensor,
  w: CellWeights,
  columns: number,
  G: number,
  s: Sequence,
  use: (table: number, ids: number) => void,
): void {
  const { source, N, ids } = rowsOf(x, s);
  const O = G * s.H;
  lend(4 * O, bias => {
    if (w.bias_ih) copy(bias, w.bias_ih.ptr, O);
    else clear(bias, O);
    if (w.bias_hh) kernels.add_to(bias, w.bias_hh.ptr, columns);
    const multiply = (rows: number): void =>
      kernels.linear_forward(rows, source.ptr, w.weight_ih.ptr, bias, scratch(), N, s.I, O);
    if (ids === 0) {
      multiply(gates);
      use(0, 0);
    } else
      lend(4 * N * O, table => {
        multiply(table);
        use(table, ids);
      });
  });
}

/**
 * dx (or the table's gradient), dW_ih, db_ih and, of the same sums, the first `columns` of db_hh.
 *
 * @param da [T·B, G·H], the gradient of the projection
 */
export function addProjectionGradients(
  x: Tensor,
  w: CellWeights,
  da: number,
  columns: number,
  G: number,
  s: Sequence,
): void {
  const { source, N, ids } = rowsOf(x, s);
  const O = G * s.H;
  const withZeros = (n: number, use: (address: number) => void): void =>
    lend(4 * n, address => {
      clear(address, n);
      use(address);
    });
  const add = (rows: number): void => {
    kernels.linear_backward(
      /* dx */ source.wantGrad(),
      /* dw */ w.weight_ih.wantGrad(),
      /* db */ 0,
      /* dy */ rows,
      /* x */ source.ptr,
      /* w */ w.weight_ih.ptr,
      /* scratch */ scratch(),
      N,
      /* I */ s.I,
      O,
    );
    const biases = [
      [w.bias_ih, O],
      [w.bias_hh, columns],
    ] as const;
    if (!biases.some(([bias]) => bias?.requiresGrad)) return;
    withZeros(O, sums => {
      kernels.column_sums(sums, rows, N, O, O);
      for (const [bias, n] of biases)
        if (bias?.requiresGrad) kernels.add_to(bias.wantGrad(), sums, n);
    });
  };
  if (ids === 0) add(da);
  else
    withZeros(N * O, rows => {
      kernels.embedding_backward(rows, da, ids, s.T * s.B, O, O, -1);
      add(rows);
    });
}
