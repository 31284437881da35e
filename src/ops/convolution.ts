import { noOthers } from '../runtime/options.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { cells, masks } from './cells.js';
import type { SequenceOptions } from './recurrent.js';

/**
 * A short convolution over time, each unit by itself, that sees no later step:
 * y_t = b + Σₖ w_k·x_{t−k}, k = 0 … K − 1.   Call `nn.loadCells` first.
 *
 * @param x [T, B, H]
 * @param w [K, H]; w₀ is that of the present step
 * @param b [H]
 * @param options history [K − 1, B, H]: the steps before, default zeros; resets: as for `gru`
 * @returns [T, B, H]
 */
export function convolution(
  x: Tensor,
  w: Tensor,
  b: Tensor,
  {
    history,
    resets,
    ...rest
  }: Pick<SequenceOptions, 'resets'> & { history?: Tensor | undefined } = {},
): Tensor {
  const who = 'convolution';
  noOthers(who, rest);
  const kernels = cells(who);
  expectShape(x, [-1, -1, -1], 'x', who);
  const [T, B, H] = x.shape as readonly [number, number, number];
  expectShape(w, [-1, H], 'w', who);
  const K = w.shape[0]!;
  expectShape(b, [H], 'b', who);
  if (history) expectShape(history, [K - 1, B, H], 'history', who);
  const { resets: flags } = masks(who, { resets }, T, B);
  const y = output(x.shape, [x, w, b, history]);
  const past = K > 1 ? (history?.ptr ?? 0) : 0;
  kernels.convolution_forward(
    /* y */ y.ptr,
    /* x */ x.ptr,
    /* history */ past,
    /* w */ w.ptr,
    /* b */ b.ptr,
    /* resets */ flags,
    T,
    B,
    H,
    K,
  );
  record(
    [y],
    () =>
      kernels.convolution_backward(
        /* dx */ x.wantGrad(),
        /* dhistory */ past ? (history?.wantGrad() ?? 0) : 0,
        /* dw */ w.wantGrad(),
        /* db */ b.wantGrad(),
        /* dy */ y.gradPtr,
        /* x */ x.ptr,
        /* history */ past,
        /* w */ w.ptr,
        /* resets */ flags,
        T,
        B,
        H,
        K,
      ),
    [x, w, history],
  );
  return y;
}
