/**
 * i = σ(a_i + W_hi·h_{t−1})      (1)      Hochreiter & Schmidhuber 1997; f: Gers et al. 2000
 * f = σ(a_f + W_hf·h_{t−1})      (2)
 * g = tanh(a_g + W_hg·h_{t−1})   (3)
 * o = σ(a_o + W_ho·h_{t−1})      (4)
 * c_t = f·c_{t−1} + i·g          (5)
 * h_t = o·tanh c_t               (6)
 *
 * Every array is whole: absent states are zeros, absent gradients too.
 */
import { dot, frozen, restarts, type Sequence, sigmoid, walk } from './recurrent.js';

export interface LstmInput {
  /** [T, B, 4H] x·W_ihᵀ + b_ih + b_hh, gates i f g o */
  a: Float64Array;
  /** [4H, H] */
  w_hh: Float64Array;
  /** [B, H] */
  h0: Float64Array;
  /** [B, H] */
  c0: Float64Array;
}

export function lstmForward(s: Sequence, { a, w_hh, h0, c0 }: LstmInput) {
  const { T, B, H } = s;
  const gates = new Float64Array(T * B * 4 * H); // zero in frozen rows
  const y = new Float64Array(T * B * H);
  const c = new Float64Array(T * B * H);
  const tc = new Float64Array(T * B * H);
  const hp = new Float64Array(T * B * H); // h_{t−1} as used
  const cp = new Float64Array(T * B * H); // c_{t−1} as used
  const hN = h0.slice();
  const cN = c0.slice();
  for (const t of walk(s)) {
    for (let b = 0; b < B; b++) {
      const n = t * B + b;
      if (restarts(s, t, b) && !frozen(s, t, b)) {
        hN.fill(0, b * H, (b + 1) * H);
        cN.fill(0, b * H, (b + 1) * H);
      }
      const h = hN.slice(b * H, (b + 1) * H);
      hp.set(h, n * H);
      cp.set(cN.subarray(b * H, (b + 1) * H), n * H);
      if (!frozen(s, t, b)) {
        for (let j = 0; j < H; j++) {
          const gate = (k: number) => a[(n * 4 + k) * H + j]! + dot(w_hh, k * H + j, h);
          const i = sigmoid(gate(0)); // (1)
          const f = sigmoid(gate(1)); // (2)
          const g = Math.tanh(gate(2)); // (3)
          const o = sigmoid(gate(3)); // (4)
          [i, f, g, o].forEach((value, k) => (gates[(n * 4 + k) * H + j] = value));
          cN[b * H + j] = f * cN[b * H + j]! + i * g; // (5)
          tc[n * H + j] = Math.tanh(cN[b * H + j]!);
          y[n * H + j] = hN[b * H + j] = o * tc[n * H + j]!; // (6)
        }
      }
      c.set(cN.subarray(b * H, (b + 1) * H), n * H);
    }
  }
  return { y, hN, cN, gates, c, tc, hp, cp };
}

export function lstmBackward(
  s: Sequence,
  { w_hh }: LstmInput,
  { gates, tc, cp }: ReturnType<typeof lstmForward>,
  { dy, dhN, dcN }: { dy: Float64Array; dhN: Float64Array; dcN: Float64Array },
) {
  const { T, B, H } = s;
  const dgates = new Float64Array(T * B * 4 * H);
  const dh = dhN.slice();
  const dc = dcN.slice();
  for (const t of walk(s).reverse()) {
    for (let b = 0; b < B; b++) {
      if (frozen(s, t, b)) continue;
      const n = t * B + b;
      for (let j = 0; j < H; j++) {
        const [i, f, g, o] = [0, 1, 2, 3].map(k => gates[(n * 4 + k) * H + j]!) as [
          number,
          number,
          number,
          number,
        ];
        const tanh = tc[n * H + j]!;
        const dht = dh[b * H + j]! + dy[n * H + j]!;
        const dct = dc[b * H + j]! + dht * o * (1 - tanh * tanh); // (6)
        dgates[(n * 4 + 0) * H + j] = dct * g * i * (1 - i); // (5), (1)
        dgates[(n * 4 + 1) * H + j] = dct * cp[n * H + j]! * f * (1 - f); // (5), (2)
        dgates[(n * 4 + 2) * H + j] = dct * i * (1 - g * g); // (5), (3)
        dgates[(n * 4 + 3) * H + j] = dht * tanh * o * (1 - o); // (6), (4)
        dc[b * H + j] = dct * f; // (5)
      }
      dh.fill(0, b * H, (b + 1) * H);
      if (restarts(s, t, b)) {
        dc.fill(0, b * H, (b + 1) * H);
        continue;
      }
      for (let j = 0; j < 4 * H; j++)
        // (1)-(4)
        for (let k = 0; k < H; k++) dh[b * H + k]! += dgates[n * 4 * H + j]! * w_hh[j * H + k]!;
    }
  }
  return { dgates, dh0: dh, dc0: dc };
}
