/**
 * h_t = φ(a_t + W_hh·h_{t−1}),  φ = tanh or max(0, ·)      Elman 1990
 *
 * Every array is whole: absent states are zeros, absent gradients too.
 */
import { dot, frozen, restarts, type Sequence, walk } from './recurrent.js';

export interface RnnInput {
  /** [T, B, H] x·W_ihᵀ + b_ih + b_hh */
  a: Float64Array;
  /** [H, H] */
  w_hh: Float64Array;
  /** [B, H] */
  h0: Float64Array;
}

export function rnnForward(s: Sequence & { relu: boolean }, { a, w_hh, h0 }: RnnInput) {
  const { T, B, H } = s;
  const y = new Float64Array(T * B * H);
  const hp = new Float64Array(T * B * H); // h_{t−1} as used
  const hN = h0.slice();
  for (const t of walk(s)) {
    for (let b = 0; b < B; b++) {
      const n = t * B + b;
      if (restarts(s, t, b) && !frozen(s, t, b)) hN.fill(0, b * H, (b + 1) * H);
      const h = hN.slice(b * H, (b + 1) * H);
      hp.set(h, n * H);
      if (frozen(s, t, b)) continue;
      for (let j = 0; j < H; j++) {
        const sum = a[n * H + j]! + dot(w_hh, j, h);
        y[n * H + j] = hN[b * H + j] = s.relu ? Math.max(0, sum) : Math.tanh(sum);
      }
    }
  }
  return { y, hN, hp };
}

export function rnnBackward(
  s: Sequence & { relu: boolean },
  { w_hh }: RnnInput,
  { y }: ReturnType<typeof rnnForward>,
  { dy, dhN }: { dy: Float64Array; dhN: Float64Array },
) {
  const { T, B, H } = s;
  const da = new Float64Array(T * B * H);
  const dh = dhN.slice();
  for (const t of walk(s).reverse()) {
    for (let b = 0; b < B; b++) {
      if (frozen(s, t, b)) continue;
      const n = t * B + b;
      for (let j = 0; j < H; j++) {
        const h = y[n * H + j]!;
        da[n * H + j] = (dh[b * H + j]! + dy[n * H + j]!) * (s.relu ? (h > 0 ? 1 : 0) : 1 - h * h);
      }
      dh.fill(0, b * H, (b + 1) * H);
      if (restarts(s, t, b)) continue;
      for (let j = 0; j < H; j++)
        for (let k = 0; k < H; k++) dh[b * H + k]! += da[n * H + j]! * w_hh[j * H + k]!;
    }
  }
  return { da, dh0: dh };
}
