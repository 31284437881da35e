import { borrow, clear, copy, f32, giveBack, lend } from '../runtime/arena.js';
import { kernels as engine } from '../runtime/kernels.js';
import { log, pow } from '../runtime/math.js';
import { noOthers } from '../runtime/options.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { cells, masks } from './cells.js';
import type { SequenceOptions } from './recurrent.js';

/**
 * The real-gated linear recurrent unit over a whole sequence (De et al. 2024, Griffin).   Call
 * `nn.loadCells` first.
 *
 *   r = σ(a_r)    i = σ(a_i)    a = exp(−8·r·softplus(Λ))    h' = a·h + √(1 − a²)·i·x
 *
 * The root's derivative is at most 1000. Where a text begins h is 0 and the root as elsewhere, so
 * that a text alone and one behind another give the same (recurrentgemma puts 1 for it there).
 *
 * @param x [T, B, H]
 * @param gates [T, B, 2H]: a_r, then a_i
 * @param lambda Λ [H]
 * @param options h0 [B, H], default zeros
 * @returns output [T, B, H]; final h [B, H]
 */
export function rglru(
  x: Tensor,
  gates: Tensor,
  lambda: Tensor,
  { h0, lengths, resets, ...rest }: SequenceOptions & { h0?: Tensor | undefined } = {},
): {
  /** The hidden state after each time step: [T, B, H]. */
  output: Tensor;
  /** The hidden state after each row's last time step: [B, H]. */
  h: Tensor;
} {
  const who = 'rglru';
  noOthers(who, rest);
  const kernels = cells(who);
  expectShape(x, [-1, -1, -1], 'x', who);
  const [T, B, H] = x.shape as readonly [number, number, number];
  const G = 2 * H;
  expectShape(gates, [T, B, G], 'gates', who);
  expectShape(lambda, [H], 'lambda', who);
  if (h0) expectShape(h0, [B, H], 'h0', who);
  const at = masks(who, { lengths, resets }, T, B);
  const inputs = [x, gates, lambda, h0];
  const y = output([T, B, H], inputs);
  const h = output([B, H], inputs);
  const saved = borrow(4 * T * B * G);
  copy(saved, gates.ptr, T * B * G);
  const s = borrow(4 * H);
  const values = lambda.toArray();
  f32(s, H).set(values.map(softplus));
  if (h0) copy(h.ptr, h0.ptr, h.size);
  else clear(h.ptr, h.size);
  kernels.rglru_forward(
    /* y */ y.ptr,
    /* h */ h.ptr,
    /* gates */ saved,
    /* x */ x.ptr,
    s,
    /* lengths */ at.lengths,
    /* resets */ at.resets,
    T,
    B,
    H,
    G,
    /* rows */ B,
  );
  if (!y.requiresGrad) giveBack(saved, 4 * T * B * G);
  record(
    [y, h],
    () =>
      lend(4 * T * B * H, ds =>
        lend(4 * T * B * H, dx =>
          lend(4 * B * H, dh => {
            if (h.gradPtr) copy(dh, h.gradPtr, h.size);
            else clear(dh, h.size);
            clear(dx, x.size);
            kernels.rglru_backward(
              /* gates */ saved,
              dx,
              ds,
              dh,
              /* dy */ y.gradPtr,
              /* y */ y.ptr,
              /* x */ x.ptr,
              s,
              /* h0 */ h0?.ptr ?? 0,
              /* lengths */ at.lengths,
              /* resets */ at.resets,
              T,
              B,
              H,
              G,
              /* rows */ B,
            ); // saved now holds ∂L/∂(a_r, a_i)
            const add = (to: Tensor | undefined, from: number): void => {
              const address = to?.wantGrad() ?? 0;
              if (address) engine.axpy(address, from, to!.size, 1);
            };
            add(x, dx);
            add(gates, saved);
            add(h0, dh);
            const dlambda = lambda.wantGrad();
            if (dlambda)
              lend(4 * H, sum => {
                clear(sum, H);
                engine.column_sums(sum, ds, T * B, H, H);
                // ds/dΛ = σ(Λ)
                const slopes = f32(sum, H).map((each, i) => each * logistic(values[i]!));
                const gradient = f32(dlambda, H);
                slopes.forEach((slope, i) => {
                  gradient[i]! += slope;
                });
              });
          }),
        ),
      ),
    [x, lambda, h0, y],
  );
  return { output: y, h };
}

const exp = (x: number): number => pow(Math.E, x);

/** ln(1 + eˣ) */
const softplus = (x: number): number => (x > 30 ? x : log(1 + exp(x)));

/** σ(x) */
const logistic = (x: number): number => 1 / (1 + exp(-x));
