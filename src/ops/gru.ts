import { borrow, giveBack, lend } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { addProjectionGradients, project } from './projection.js';
import {
  addRecurrentGradient,
  type CellWeights,
  checkSequence,
  inputsOf,
  part,
  type SequenceOptions,
} from './recurrent.js';

const GATES = 3;

/**
 * One GRU layer over a whole sequence, in one or both directions (Cho et al. 2014; reset after the
 * product, as PyTorch and cuDNN).
 *
 *   r, z = σ(W_i· x + b_i· + W_h· h + b_h·)    n = tanh(W_in x + b_in + r·(W_hn h + b_hn))
 *   h' = (1 − z)·n + z·h
 *
 * @param x [T, B, I]
 * @param directions one set of weights, or two: the second runs from the last time step to the
 *   first
 * @param options h0 [D, B, H], default zeros
 * @returns output [T, B, D·H]; final h [D, B, H]
 */
export function gru(
  x: Tensor,
  directions: readonly CellWeights[],
  { h0, ...options }: SequenceOptions & { h0?: Tensor | undefined } = {},
): {
  /** The hidden state after each time step: [T, B, D·H], both directions side by side. */
  output: Tensor;
  /** The hidden state after each row's last time step: [D, B, H]. */
  h: Tensor;
} {
  const s = checkSequence('gru', x, directions, { h0 }, GATES, options);
  const { T, B, H, D, lengths, resets } = s;
  const inputs = inputsOf(x, directions, h0);
  const y = output([T, B, D * H], inputs);
  const h = output([D, B, H], inputs);
  const workBytes = kernels.recurrent_scratch(B, H, GATES);
  const sequenceBytes = 4 * T * B * H; // one value for each time step, row and unit
  const training = y.requiresGrad;

  const runs = directions.map((w, d) => {
    const gates = borrow(GATES * sequenceBytes);
    const hn = training ? borrow(sequenceBytes) : 0;
    const hp = training ? borrow(sequenceBytes) : 0;
    project(gates, x, w, 2 * H, GATES, s, (table, ids) =>
      lend(workBytes, work =>
        kernels.gru_forward(
          /* y */ y.ptr + 4 * d * H,
          /* hN */ part(h.ptr, d, s),
          hn,
          hp,
          gates,
          table,
          ids,
          /* w_hh */ w.weight_hh.ptr,
          /* b_hh */ w.bias_hh?.ptr ?? 0,
          /* h0 */ part(h0?.ptr ?? 0, d, s),
          lengths,
          /* resets */ resets[d]!,
          /* scratch */ work,
          T,
          B,
          H,
          /* yRow */ D * H,
          /* reverse */ d,
          /* from */ 0,
          /* to */ B,
        ),
      ),
    );
    if (!training) giveBack(gates, GATES * sequenceBytes);
    return { w, d, gates, hn, hp };
  });

  record([y, h], () => {
    for (const { w, d, gates, hn, hp } of runs) {
      const dy = y.gradPtr === 0 ? 0 : y.gradPtr + 4 * d * H;
      const dh0 = part(h0?.wantGrad() ?? 0, d, s);
      lend(workBytes, work =>
        kernels.gru_backward(
          /* dgates */ gates,
          /* dhn */ hn,
          dh0,
          dy,
          /* dhN */ part(h.gradPtr, d, s),
          gates,
          hn,
          hp,
          /* w_hh */ w.weight_hh.ptr,
          lengths,
          /* resets */ resets[d]!,
          /* scratch */ work,
          T,
          B,
          H,
          /* dyRow */ D * H,
          /* reverse */ d,
          /* from */ 0,
          /* to */ B,
        ),
      ); // gates now holds ∂L/∂a of the input side, hn ∂L/∂(W_hn h + b_hn)
      addProjectionGradients(x, w, gates, 2 * H, GATES, s);
      const dw = w.weight_hh.wantGrad();
      addRecurrentGradient(dw, gates, 2 * H, GATES * H, hp, 0, 0, 0, d, s);
      addRecurrentGradient(dw === 0 ? 0 : dw + 8 * H * H, hn, H, H, hp, 0, 0, 0, d, s);
      if (w.bias_hh?.requiresGrad)
        kernels.column_sums(w.bias_hh.wantGrad() + 8 * H, hn, T * B, H, H);
    }
  }, [y, ...inputs]);
  return { output: y, h };
}
