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

/**
 * One plain recurrent layer over a whole sequence, in one or both directions (Elman 1990).
 *
 *   h' = φ(W_ih x + b_ih + W_hh h + b_hh)    φ = tanh or ReLU
 *
 * @param x [T, B, I]
 * @param directions one set of weights, or two: the second runs from the last time step to the
 *   first
 * @param options h0 [D, B, H], default zeros
 * @returns output [T, B, D·H]; final h [D, B, H]
 */
export function rnn(
  x: Tensor,
  directions: readonly CellWeights[],
  {
    h0,
    nonlinearity = 'tanh',
    ...options
  }: SequenceOptions & { h0?: Tensor | undefined; nonlinearity?: 'tanh' | 'relu' } = {},
): {
  /** The hidden state after each time step: [T, B, D·H], both directions side by side. */
  output: Tensor;
  /** The hidden state after each row's last time step: [D, B, H]. */
  h: Tensor;
} {
  const s = checkSequence('rnn', x, directions, { h0 }, 1, options);
  const { T, B, H, D, lengths, resets } = s;
  const inputs = inputsOf(x, directions, h0);
  const y = output([T, B, D * H], inputs);
  const h = output([D, B, H], inputs);
  const workBytes = kernels.recurrent_scratch(B, H, 1);
  const training = y.requiresGrad;
  const relu = nonlinearity === 'relu' ? 1 : 0;
  const sequenceBytes = 4 * T * B * H; // one value for each time step, row and unit

  const runs = directions.map((w, d) => {
    const a = borrow(sequenceBytes);
    const hp = training && (lengths || resets[d]) ? borrow(sequenceBytes) : 0;
    project(a, x, w, H, 1, s, (table, ids) =>
      lend(workBytes, work =>
        kernels.rnn_forward(
          /* y */ y.ptr + 4 * d * H,
          /* hN */ part(h.ptr, d, s),
          hp,
          a,
          table,
          ids,
          /* w_hh */ w.weight_hh.ptr,
          /* h0 */ part(h0?.ptr ?? 0, d, s),
          lengths,
          /* resets */ resets[d]!,
          /* scratch */ work,
          T,
          B,
          H,
          /* yRow */ D * H,
          /* reverse */ d,
          relu,
          /* from */ 0,
          /* to */ B,
        ),
      ),
    );
    if (!training) giveBack(a, sequenceBytes);
    return { w, d, a, hp };
  });

  record([y, h], () => {
    for (const { w, d, a, hp } of runs) {
      const dy = y.gradPtr === 0 ? 0 : y.gradPtr + 4 * d * H;
      const dh0 = part(h0?.wantGrad() ?? 0, d, s);
      lend(workBytes, work =>
        kernels.rnn_backward(
          /* da */ a,
          dh0,
          dy,
          /* dhN */ part(h.gradPtr, d, s),
          a,
          /* w_hh */ w.weight_hh.ptr,
          lengths,
          /* resets */ resets[d]!,
          /* scratch */ work,
          T,
          B,
          H,
          /* dyRow */ D * H,
          /* reverse */ d,
          relu,
          /* from */ 0,
          /* to */ B,
        ),
      ); // a now holds ∂L/∂a
      addProjectionGradients(x, w, a, H, 1, s);
      addRecurrentGradient(
        w.weight_hh.wantGrad(),
        a,
        H,
        H,
        hp,
        y.ptr + 4 * d * H,
        D * H,
        part(h0?.ptr ?? 0, d, s),
        d,
        s,
      );
    }
  }, [y, ...inputs]);
  return { output: y, h };
}
