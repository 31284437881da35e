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

const GATES = 4;

/**
 * One LSTM layer over a whole sequence, in one or both directions (Hochreiter & Schmidhuber 1997;
 * forget gate: Gers et al. 2000).
 *
 *   i, f, o = σ(W_i· x + b_i· + W_h· h + b_h·)    g = tanh(W_ig x + b_ig + W_hg h + b_hg)
 *   c' = f·c + i·g    h' = o·tanh(c')
 *
 * @param x [T, B, I]
 * @param directions one set of weights, or two: the second runs from the last time step to the
 *   first
 * @param options h0, c0 [D, B, H], default zeros
 * @returns output [T, B, D·H]; final h, c [D, B, H]
 */
export function lstm(
  x: Tensor,
  directions: readonly CellWeights[],
  {
    h0,
    c0,
    ...options
  }: SequenceOptions & { h0?: Tensor | undefined; c0?: Tensor | undefined } = {},
): {
  /** The hidden state after each time step: [T, B, D·H], both directions side by side. */
  output: Tensor;
  /** The hidden state after each row's last time step: [D, B, H]. */
  h: Tensor;
  /** The cell state after each row's last time step: [D, B, H]. */
  c: Tensor;
} {
  const s = checkSequence('lstm', x, directions, { h0, c0 }, GATES, options);
  const { T, B, H, D, lengths, resets } = s;
  const inputs = inputsOf(x, directions, h0, c0);
  const y = output([T, B, D * H], inputs);
  const h = output([D, B, H], inputs);
  const c = output([D, B, H], inputs);
  const workBytes = kernels.recurrent_scratch(B, H, GATES);
  const sequenceBytes = 4 * T * B * H; // one value for each time step, row and unit
  const training = y.requiresGrad;

  const runs = directions.map((w, d) => {
    const gates = borrow(GATES * sequenceBytes);
    const hp = training && (lengths || resets[d]) ? borrow(sequenceBytes) : 0;
    project(gates, x, w, GATES * H, GATES, s, (table, ids) =>
      lend(workBytes, work =>
        kernels.lstm_forward(
          /* y */ y.ptr + 4 * d * H,
          /* hN */ part(h.ptr, d, s),
          /* cN */ part(c.ptr, d, s),
          hp,
          gates,
          table,
          ids,
          /* w_hh */ w.weight_hh.ptr,
          /* h0 */ part(h0?.ptr ?? 0, d, s),
          /* c0 */ part(c0?.ptr ?? 0, d, s),
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
    return { w, d, gates, hp };
  });

  record([y, h, c], () => {
    for (const { w, d, gates, hp } of runs) {
      const dy = y.gradPtr === 0 ? 0 : y.gradPtr + 4 * d * H;
      const [dh0, dc0] = [part(h0?.wantGrad() ?? 0, d, s), part(c0?.wantGrad() ?? 0, d, s)];
      lend(sequenceBytes, cells =>
        lend(workBytes, work =>
          kernels.lstm_backward(
            /* dgates */ gates,
            dh0,
            dc0,
            /* c */ cells,
            dy,
            /* dhN */ part(h.gradPtr, d, s),
            /* dcN */ part(c.gradPtr, d, s),
            gates,
            /* w_hh */ w.weight_hh.ptr,
            /* c0 */ part(c0?.ptr ?? 0, d, s),
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
        ),
      ); // gates now holds ∂L/∂a
      addProjectionGradients(x, w, gates, GATES * H, GATES, s);
      addRecurrentGradient(
        w.weight_hh.wantGrad(),
        gates,
        GATES * H,
        GATES * H,
        hp,
        y.ptr + 4 * d * H,
        D * H,
        part(h0?.ptr ?? 0, d, s),
        d,
        s,
      );
    }
  }, [y, ...inputs]);
  return { output: y, h, c };
}
