/**
 * One layer and direction of an LSTM over a whole sequence. The equations are those of core/lstm.ts, with
 *
 *   (aᵢ, a_f, a_g, aₒ) = W_ih·x + b_ih + b_hh + W_hh·h_{t−1}
 *
 * The input's part is one product over all T·B rows, done before; so are dx, dW_ih, dW_hh = dgatesᵀ·hp and db, after.
 */
import { backward4, forward4 } from './core/lstm';
import { addRows, backwardProduct, begin, forwardProduct, frozen, packBackward, packForward, packedIn, restart, restarts, statesIn } from './recurrent';

/** One row of H units. Processors overlap neighbouring vectors by themselves: two to an iteration measured the same. */
function forwardRow(gates: usize, cp: usize, c: usize, tc: usize, h: usize, y: usize, H: i32): void {
  const row = <usize>H << 2;
  let left = H;
  for (; left >= 4; left -= 4, gates += 16, cp += 16, c += 16, tc += 16, h += 16, y += 16) forward4<v128>(gates, row, cp, c, tc, h, y, left);
  if (left > 0) forward4<f32>(gates, row, cp, c, tc, h, y, left);
}

function backwardRow(dgates: usize, dh: usize, dc: usize, dy: usize, gates: usize, cp: usize, tc: usize, H: i32): void {
  const row = <usize>H << 2;
  let left = H;
  for (; left >= 4; left -= 4, dgates += 16, dh += 16, dc += 16, dy += 16, gates += 16, cp += 16, tc += 16) backward4<v128>(dgates, dh, dc, dy, gates, row, cp, tc, left);
  if (left > 0) backward4<f32>(dgates, dh, dc, dy, gates, row, cp, tc, left);
}

/**
 *   y       [T, B, H]   written, row (t, b) at (t·B + b)·yRow; 0 in frozen rows
 *   hN, cN  [B, H]      written: the running state, at the end the last one; may be h0 and c0
 *   c, tc   [T, B, H]   written: c_t and tanh c_t for the backward; both 0 = not wanted
 *   hp      [T, B, H]   written: h_{t−1} as it was used; 0 = not wanted
 *   gates   [T, B, 4H]  read as W_ih·x + b_ih + b_hh, overwritten by i, f, g, o
 *   w_hh    [4H, H]     read
 *   h0, c0  [B, H]      read; 0 = zeros
 *   lengths, resets     read; 0 = none; from, to: rows of the batch (recurrent.ts)
 *   scratch             recurrent_scratch(B, H, 4) bytes
 */
export function lstm_forward(y: usize, hN: usize, cN: usize, c: usize, tc: usize, hp: usize, gates: usize, w_hh: usize, h0: usize, c0: usize, lengths: usize, resets: usize, scratch: usize, T: i32, B: i32, H: i32, yRow: i32, reverse: i32, from: i32, to: i32): void {
  const row = <usize>H << 2, state = row * B, yStride = <usize>yRow << 2;
  const packed = packedIn(scratch), zeros = statesIn(scratch, B, H, 4), unwanted = zeros + row;
  memory.fill(zeros, 0, row);
  packForward(packed, w_hh, B, 4 * H, H);

  let h = hp ? hp + (reverse ? state * (T - 1) : 0) : hN;
  begin(h, h0, H, from, to);
  let cp = c0 ? c0 : zeros, cpRow = c0 ? row : 0;
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const hNext = hp && n < T - 1 ? hp + state * (reverse ? t - 1 : t + 1) : hN;
    const cNext = c ? c + state * t : cN;
    const gatesT = gates + state * (4 * t);
    restart(h, lengths, resets, t, B, from, to, H);
    if (n > 0 || h0) forwardProduct(gatesT, h, w_hh, packed, scratch, B, from, to, 4 * H, H, 4 * H, 1);
    for (let b = from; b < to; b++) {
      const at = row * b, tb = t * B + b;
      const gatesRow = gatesT + 4 * at, cpAt = cp + cpRow * b, tcAt = tc ? tc + row * tb : unwanted, yAt = y + yStride * tb;
      if (frozen(lengths, t, b)) {
        memory.fill(gatesRow, 0, 4 * row);
        memory.fill(tcAt, 0, row);
        memory.fill(yAt, 0, row);
        memory.copy(hNext + at, h + at, row);
        memory.copy(cNext + at, cpAt, row);
      } else forwardRow(gatesRow, restarts(resets, t, b, B) ? zeros : cpAt, cNext + at, tcAt, hNext + at, yAt, H);
    }
    h = hNext;
    cp = cNext;
    cpRow = row;
  }
  begin(cN, cp, H, from, to);
}

/**
 *   dgates    [T, B, 4H]  *written*: gradients of the pre-activations, 0 in frozen rows; may be gates
 *   dh0, dc0  [B, H]      added to; 0 = not wanted
 *   dy        [T, B, H]   read, row (t, b) at (t·B + b)·dyRow; 0 = zeros
 *   dhN, dcN  [B, H]      read; 0 = zeros
 *   gates, c, tc          as the forward left them
 *   w_hh      [4H, H]     read
 *   c0        [B, H]      read; 0 = zeros
 *   lengths, resets       as in the forward
 *   scratch               recurrent_scratch(B, H, 4) bytes
 */
export function lstm_backward(dgates: usize, dh0: usize, dc0: usize, dy: usize, dhN: usize, dcN: usize, gates: usize, c: usize, tc: usize, w_hh: usize, c0: usize, lengths: usize, resets: usize, scratch: usize, T: i32, B: i32, H: i32, dyRow: i32, reverse: i32, from: i32, to: i32): void {
  const row = <usize>H << 2, state = row * B;
  const packed = packedIn(scratch), dh = statesIn(scratch, B, H, 4), dc = dh + state, zeros = dc + state;
  memory.fill(zeros, 0, row);
  packBackward(packed, w_hh, B, 4 * H, H);

  begin(dh, dhN, H, from, to);
  begin(dc, dcN, H, from, to);
  const dyStride = dy ? <usize>dyRow << 2 : 0;
  if (dy == 0) dy = zeros;
  for (let n = T - 1; n >= 0; n--) {
    const t = reverse ? T - 1 - n : n;
    const cp = n > 0 ? c + state * (reverse ? t + 1 : t - 1) : c0 ? c0 : zeros, cpRow = n > 0 || c0 ? row : 0;
    const gatesT = gates + state * (4 * t), dgatesT = dgates + state * (4 * t);
    for (let b = from; b < to; b++) {
      const at = row * b, tb = t * B + b;
      if (frozen(lengths, t, b)) memory.fill(dgatesT + 4 * at, 0, 4 * row);
      else {
        backwardRow(dgatesT + 4 * at, dh + at, dc + at, dy + dyStride * tb, gatesT + 4 * at, restarts(resets, t, b, B) ? zeros : cp + cpRow * b, tc + row * tb, H);
        if (lengths) memory.fill(dh + at, 0, row); // the product adds, so that frozen rows keep what they carry
      }
    }
    if (n > 0 || dh0) backwardProduct(dh, dgatesT, w_hh, packed, scratch, B, from, to, 4 * H, H, 4 * H, lengths ? 1 : 0);
    restart(dh, lengths, resets, t, B, from, to, H);
    restart(dc, lengths, resets, t, B, from, to, H);
  }
  addRows(dh0, dh, H, from, to);
  addRows(dc0, dc, H, from, to);
}
