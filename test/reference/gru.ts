/**
 * r = σ(a_r + W_hr·h_{t−1})                       (1)      Cho et al. 2014, reset after the product as in cuDNN and PyTorch
 * z = σ(a_z + W_hz·h_{t−1})                       (2)
 * n = tanh(a_n + r·(W_hn·h_{t−1} + b_hn))         (3)
 * h_t = (1 − z)·n + z·h_{t−1}                     (4)
 *
 * Every array is whole: absent states are zeros, absent gradients too.
 */
import { dot, frozen, restarts, type Sequence, sigmoid, walk } from './recurrent.js';

export interface GruInput {
  /** [T, B, 3H] x·W_ihᵀ + b_ih, for r and z + b_hh too */
  a: Float64Array;
  /** [3H, H] */
  w_hh: Float64Array;
  /** [H] */
  b_hn: Float64Array;
  /** [B, H] */
  h0: Float64Array;
}

export function gruForward(s: Sequence, { a, w_hh, b_hn, h0 }: GruInput) {
  const { T, B, H } = s;
  const gates = new Float64Array(T * B * 3 * H); // zero in frozen rows
  const hn = new Float64Array(T * B * H); // W_hn·h_{t−1} + b_hn, zero in frozen rows
  const y = new Float64Array(T * B * H);
  const hp = new Float64Array(T * B * H); // h_{t−1} as used
  const hN = h0.slice();
  for (const t of walk(s)) {
    for (let b = 0; b < B; b++) {
      const row = t * B + b;
      if (restarts(s, t, b) && !frozen(s, t, b)) hN.fill(0, b * H, (b + 1) * H);
      const h = hN.slice(b * H, (b + 1) * H);
      hp.set(h, row * H);
      if (frozen(s, t, b)) continue;
      for (let j = 0; j < H; j++) {
        const product = dot(w_hh, 2 * H + j, h) + b_hn[j]!;
        const r = sigmoid(a[(row * 3 + 0) * H + j]! + dot(w_hh, j, h)); // (1)
        const z = sigmoid(a[(row * 3 + 1) * H + j]! + dot(w_hh, H + j, h)); // (2)
        const n = Math.tanh(a[(row * 3 + 2) * H + j]! + r * product); // (3)
        [r, z, n].forEach((value, k) => (gates[(row * 3 + k) * H + j] = value));
        hn[row * H + j] = product;
        y[row * H + j] = hN[b * H + j] = (1 - z) * n + z * h[j]!; // (4)
      }
    }
  }
  return { y, hN, gates, hn, hp };
}

export function gruBackward(
  s: Sequence,
  { w_hh }: GruInput,
  { gates, hn, hp }: ReturnType<typeof gruForward>,
  { dy, dhN }: { dy: Float64Array; dhN: Float64Array },
) {
  const { T, B, H } = s;
  const dgates = new Float64Array(T * B * 3 * H); // ∂loss/∂(a_r, a_z, a_n)
  const dhn = new Float64Array(T * B * H);
  const dh = dhN.slice();
  for (const t of walk(s).reverse()) {
    for (let b = 0; b < B; b++) {
      if (frozen(s, t, b)) continue;
      const row = t * B + b;
      const through = new Float64Array(H); // ∂loss/∂h_{t−1}
      for (let j = 0; j < H; j++) {
        const [r, z, n] = [0, 1, 2].map(k => gates[(row * 3 + k) * H + j]!) as [
          number,
          number,
          number,
        ];
        const dht = dh[b * H + j]! + dy[row * H + j]!;
        const dn = dht * (1 - z) * (1 - n * n); // (4), (3)
        dgates[(row * 3 + 0) * H + j] = dn * hn[row * H + j]! * r * (1 - r); // (3), (1)
        dgates[(row * 3 + 1) * H + j] = dht * (hp[row * H + j]! - n) * z * (1 - z); // (4), (2)
        dgates[(row * 3 + 2) * H + j] = dn;
        dhn[row * H + j] = dn * r; // (3)
        through[j] = dht * z; // (4)
      }
      for (let k = 0; k < H; k++) {
        // (1), (2)
        for (let j = 0; j < 2 * H; j++) through[k]! += dgates[row * 3 * H + j]! * w_hh[j * H + k]!;
        // (3)
        for (let j = 0; j < H; j++) through[k]! += dhn[row * H + j]! * w_hh[(2 * H + j) * H + k]!;
      }
      if (restarts(s, t, b)) through.fill(0);
      dh.set(through, b * H);
    }
  }
  return { dgates, dhn, dh0: dh };
}
