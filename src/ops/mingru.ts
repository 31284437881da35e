import { borrow, clear, copy, giveBack, lend } from '../runtime/arena.js';
import { kernels as engine } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { scratch } from '../runtime/scratch.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { cells, masks } from './cells.js';
import type { SequenceOptions } from './recurrent.js';

/**
 * One minGRU layer over a whole sequence (Feng et al. 2024, "Were RNNs all we needed?"): gates that
 * see the input alone, so that one product serves all time steps.   Call `nn.loadCells` first.
 *
 *   z = σ(W_z x)    n = W_n x, or with `positive` g(W_n x)    h' = (1 − z)·h + z·n
 *   g(x) = x + ½ for x ≥ 0, else σ(x)
 *
 * @param x [T, B, I]
 * @param w [2H, I]: the rows of z, then those of n
 * @param options h0 [B, H], default zeros; positive: n by way of g, so that h stays above 0, as in
 *   the paper's parallel form. Default: false
 * @returns output [T, B, H]; final h [B, H]
 */
export function minGRU(
  x: Tensor,
  w: Tensor,
  {
    h0,
    positive = false,
    lengths,
    resets,
    ...rest
  }: SequenceOptions & { h0?: Tensor | undefined; positive?: boolean } = {},
): {
  /** The hidden state after each time step: [T, B, H]. */
  output: Tensor;
  /** The hidden state after each row's last time step: [B, H]. */
  h: Tensor;
} {
  const who = 'minGRU';
  noOthers(who, rest);
  const kernels = cells(who);
  expectShape(x, [-1, -1, -1], 'x', who);
  const [T, B, I] = x.shape as readonly [number, number, number];
  expectShape(w, [-1, I], 'w', who);
  const G = w.shape[0]!;
  if (G % 2 !== 0) throw new RangeError(`${who}: w [${w.shape}] has an odd number of rows`);
  const H = G / 2;
  if (h0) expectShape(h0, [B, H], 'h0', who);
  const at = masks(who, { lengths, resets }, T, B);
  const y = output([T, B, H], [x, w, h0]);
  const h = output([B, H], [x, w, h0]);
  const bytes = 4 * T * B * G;
  const gates = borrow(bytes);
  engine.linear_forward(gates, x.ptr, w.ptr, 0, scratch(), T * B, I, G);
  if (h0) copy(h.ptr, h0.ptr, h.size);
  else clear(h.ptr, h.size);
  kernels.mingru_forward(
    /* y */ y.ptr,
    /* h */ h.ptr,
    gates,
    /* lengths */ at.lengths,
    /* resets */ at.resets,
    T,
    B,
    H,
    G,
    /* rows */ B,
    /* positive */ +positive,
  );
  if (!y.requiresGrad) giveBack(gates, bytes);
  record(
    [y, h],
    () =>
      lend(4 * B * H, dh => {
        if (h.gradPtr) copy(dh, h.gradPtr, h.size);
        else clear(dh, h.size);
        kernels.mingru_backward(
          gates,
          dh,
          /* dy */ y.gradPtr,
          /* y */ y.ptr,
          /* h0 */ h0?.ptr ?? 0,
          /* lengths */ at.lengths,
          /* resets */ at.resets,
          T,
          B,
          H,
          G,
          /* rows */ B,
          /* positive */ +positive,
        ); // gates now holds ∂L/∂a
        engine.linear_backward(
          /* dx */ x.wantGrad(),
          /* dw */ w.wantGrad(),
          /* db */ 0,
          /* dy */ gates,
          /* x */ x.ptr,
          /* w */ w.ptr,
          /* scratch */ scratch(),
          /* N */ T * B,
          I,
          /* O */ G,
        );
        const dh0 = h0?.wantGrad() ?? 0;
        if (dh0) engine.axpy(dh0, dh, h.size, 1);
      }),
    [x, w, h0, y],
  );
  return { output: y, h };
}
