/**
 * Attention of T queries a row over the S states of an encoder.
 *
 *   e_s = q·k_s  (Luong et al. 2015)  or  Σ v·tanh(q + k_s)  (Bahdanau et al. 2015)      (1)
 *   w   = softmax(e), over s < length                                                   (2)
 *   c   = Σ w_s·x_s                                                                     (3)
 *
 * Rows of the batch are independent: (t, b) stands at t·rows + b, of which B are computed.
 */
import { additiveBackward, additiveScore, addScaled } from '../core/attention';
import { dot, expRow, rowMax } from '../core/row';

// biome-ignore format: one argument a line would hide the two groups
/**
 *   context [T, rows, H]  written: c
 *   weights [T, rows, S]  written: w, 0 from the length on
 *   query   [T, rows, A]  read: q
 *   keys    [S, rows, A]  read: k
 *   values  [S, rows, H]  read: x
 *   v       [A]           read; 0: scores are products
 *   lengths i32 [B]       1 to S; 0: S everywhere
 */
export function attention_forward(
  context: usize, weights: usize, query: usize, keys: usize, values: usize, v: usize, lengths: usize,
  T: i32, B: i32, S: i32, A: i32, H: i32, rows: i32,
): void {
  const qRow = (<usize>A) << 2,
    xRow = (<usize>H) << 2,
    wRow = (<usize>S) << 2,
    kStep = <usize>rows * qRow,
    xStep = <usize>rows * xRow;
  for (let b = 0; b < B; b++) {
    const n = lengths ? load<i32>(lengths + ((<usize>b) << 2)) : S;
    for (let t = 0; t < T; t++) {
      const place = <usize>(t * rows + b);
      const w = weights + place * wRow,
        q = query + place * qRow,
        c = context + place * xRow;
      let k = keys + <usize>b * qRow;
      for (let s = 0; s < n; s++, k += kStep) {
        const e = v ? additiveScore(v, q, k, A) : dot(q, k, A);
        store<f32>(w + ((<usize>s) << 2), <f32>e);
      }
      const scale = <f32>(1 / expRow(w, w, n, rowMax(w, n)));
      memory.fill(w + ((<usize>n) << 2), 0, (<usize>(S - n)) << 2);
      memory.fill(c, 0, xRow);
      let x = values + <usize>b * xRow;
      for (let s = 0; s < n; s++, x += xStep) {
        const at = w + ((<usize>s) << 2);
        const share = load<f32>(at) * scale;
        store<f32>(at, share);
        addScaled(c, x, share, H);
      }
    }
  }
}

// biome-ignore format: one argument a line would hide the groups
/**
 *   dquery   [T, rows, A]  added to; 0: not wanted
 *   dkeys    [S, rows, A]  added to; 0: not wanted
 *   dvalues  [S, rows, H]  added to; 0: not wanted
 *   dv       [B, A]        written: ∂loss/∂v of each row of the batch; not touched where v is 0
 *   dscores  [B, S]        overwritten
 *   dcontext [T, rows, H]  read; 0: there is none
 *   dweights [T, rows, S]  read; 0: there is none
 *   the others             read, as in the forward
 */
export function attention_backward(
  dquery: usize, dkeys: usize, dvalues: usize, dv: usize, dscores: usize,
  dcontext: usize, dweights: usize,
  weights: usize, query: usize, keys: usize, values: usize, v: usize, lengths: usize,
  T: i32, B: i32, S: i32, A: i32, H: i32, rows: i32,
): void {
  const qRow = (<usize>A) << 2,
    xRow = (<usize>H) << 2,
    wRow = (<usize>S) << 2,
    kStep = <usize>rows * qRow,
    xStep = <usize>rows * xRow;
  for (let b = 0; b < B; b++) {
    const n = lengths ? load<i32>(lengths + ((<usize>b) << 2)) : S;
    const dvAt = dv + <usize>b * qRow,
      de = dscores + <usize>b * wRow;
    if (v) memory.fill(dvAt, 0, qRow);
    for (let t = 0; t < T; t++) {
      const place = <usize>(t * rows + b);
      const w = weights + place * wRow,
        q = query + place * qRow,
        dq = dquery ? dquery + place * qRow : 0,
        dc = dcontext ? dcontext + place * xRow : 0,
        dw = dweights ? dweights + place * wRow : 0;
      let mean: f64 = 0; // Σ w·∂loss/∂w
      for (let s = 0; s < n; s++) {
        const at = (<usize>s) << 2,
          row = <usize>b * xRow + <usize>s * xStep;
        let d: f64 = dw ? load<f32>(dw + at) : 0;
        if (dc) {
          d += dot(dc, values + row, H); // (3)
          if (dvalues) addScaled(dvalues + row, dc, load<f32>(w + at), H); // (3)
        }
        store<f32>(de + at, <f32>d);
        mean += d * load<f32>(w + at);
      }
      for (let s = 0; s < n; s++) {
        const at = (<usize>s) << 2,
          row = <usize>b * qRow + <usize>s * kStep;
        const d = <f32>(load<f32>(w + at) * (<f64>load<f32>(de + at) - mean)); // (2)
        const k = keys + row,
          dk = dkeys ? dkeys + row : 0;
        if (v) additiveBackward(dq, dk, dvAt, v, q, k, d, A); // (1)
        else {
          if (dq) addScaled(dq, k, d, A); // (1)
          if (dk) addScaled(dk, q, d, A); // (1)
        }
      }
    }
  }
}

/**
 * Σ over the rows of the batch, in their order.
 *
 *   dv    [A]     added to
 *   parts [B, A]  read
 */
export function attention_sum(dv: usize, parts: usize, B: i32, A: i32): void {
  for (let b = 0; b < B; b++) addScaled(dv, parts + ((<usize>b * <usize>A) << 2), 1, A);
}
