/**
 * One layer and direction of an LSTM over a whole sequence. The equations are those of
 * core/lstm.ts, with
 *
 *   (aᵢ, a_f, a_g, aₒ) = W_ih·x + b_ih + b_hh + W_hh·h_{t−1}
 *
 * The input's part is one product over all T·B rows, done before; so are dx, dW_ih, dW_hh =
 * dgatesᵀ·hp and db, after.
 */
import { sigmoid_forward, tanh_forward } from './activation';
import { backward4, cell4, forward4 } from './core/lstm';
import {
  addRows,
  backwardProduct,
  begin,
  forwardProduct,
  frozen,
  lookUp,
  packBackward,
  packedIn,
  packForward,
  restart,
  restarts,
  statesIn,
} from './recurrent';

/**
 * One row of H units: first the gates, whose vectors do not wait for one another, then the cells.
 */
function forwardRow(gates: usize, cp: usize, c: usize, h: usize, y: usize, H: i32): void {
  const row = (<usize>H) << 2;
  sigmoid_forward(gates, gates, 2 * H);
  tanh_forward(gates + 2 * row, gates + 2 * row, H);
  sigmoid_forward(gates + 3 * row, gates + 3 * row, H);
  let left = H;
  for (; left >= 4; left -= 4, gates += 16, cp += 16, c += 16, h += 16, y += 16)
    forward4<v128>(gates, row, cp, c, h, y, left);
  if (left > 0) forward4<f32>(gates, row, cp, c, h, y, left);
}

function cellRow(c: usize, gates: usize, cp: usize, H: i32): void {
  const row = (<usize>H) << 2;
  let left = H;
  for (; left >= 4; left -= 4, c += 16, gates += 16, cp += 16) cell4<v128>(c, gates, row, cp, left);
  if (left > 0) cell4<f32>(c, gates, row, cp, left);
}

function backwardRow(
  dgates: usize,
  dh: usize,
  dc: usize,
  dy: usize,
  gates: usize,
  cp: usize,
  c: usize,
  H: i32,
): void {
  const row = (<usize>H) << 2;
  let left = H;
  for (
    ;
    left >= 4;
    left -= 4, dgates += 16, dh += 16, dc += 16, dy += 16, gates += 16, cp += 16, c += 16
  )
    backward4<v128>(dgates, dh, dc, dy, gates, row, cp, c, left);
  if (left > 0) backward4<f32>(dgates, dh, dc, dy, gates, row, cp, c, left);
}

/**
 *   y       [T, B, H]   written, row (t, b) at (t·B + b)·yRow; 0 in frozen rows
 *   hN, cN  [B, H]      written: the running state, at the end the last one; may be h0 and c0
 *   hp      [T, B, H]   written: h_{t−1} as it was used; 0 = not wanted
 *   gates   [T, B, 4H]  read as W_ih·x + b_ih + b_hh, overwritten by i, f, g, o; 0 in frozen rows
 *   table   [V, 4H]     read; gates [t, b] begin as row ids[t, b]; 0 = they are there
 *   ids     [T, B]      read
 *   w_hh    [4H, H]     read
 *   h0, c0  [B, H]      read; 0 = zeros
 *   lengths, resets     read; 0 = none; from, to: rows of the batch (recurrent.ts)
 *   scratch             recurrent_scratch(B, H, 4) bytes
 */
export function lstm_forward(
  y: usize,
  hN: usize,
  cN: usize,
  hp: usize,
  gates: usize,
  table: usize,
  ids: usize,
  w_hh: usize,
  h0: usize,
  c0: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  yRow: i32,
  reverse: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B,
    yStride = (<usize>yRow) << 2;
  const packed = packedIn(scratch),
    zeros = statesIn(scratch, B, H, 4);
  memory.fill(zeros, 0, row);
  packForward(packed, w_hh, B, 4 * H, H);

  let h = hp ? hp + (reverse ? state * (T - 1) : 0) : hN;
  begin(h, h0, H, from, to);
  begin(cN, c0, H, from, to);
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const hNext = hp && n < T - 1 ? hp + state * (reverse ? t - 1 : t + 1) : hN;
    const gatesT = gates + state * (4 * t);
    lookUp(gatesT, table, ids, t, B, from, to, 4 * H);
    restart(h, lengths, resets, t, B, from, to, H);
    if (n > 0 || h0)
      forwardProduct(gatesT, h, w_hh, packed, scratch, B, from, to, 4 * H, H, 4 * H, 1);
    for (let b = from; b < to; b++) {
      const at = row * b,
        gatesRow = gatesT + 4 * at,
        c = cN + at,
        yAt = y + yStride * (t * B + b);
      if (frozen(lengths, t, b)) {
        memory.fill(gatesRow, 0, 4 * row);
        memory.fill(yAt, 0, row);
        memory.copy(hNext + at, h + at, row);
      } else forwardRow(gatesRow, restarts(resets, t, b, B) ? zeros : c, c, hNext + at, yAt, H);
    }
    h = hNext;
  }
}

/**
 *   dgates    [T, B, 4H]  *written*: gradients of the pre-activations, 0 in frozen rows; may be
 *                         gates
 *   dh0, dc0  [B, H]      added to; 0 = not wanted
 *   c         [T, B, H]   *written*: c_t, computed again from the gates. Keeping it for every layer
 *                         would cost more
 *   dy        [T, B, H]   read, row (t, b) at (t·B + b)·dyRow; 0 = zeros
 *   dhN, dcN  [B, H]      read; 0 = zeros
 *   gates                 as the forward left them
 *   w_hh      [4H, H]     read
 *   c0        [B, H]      read; 0 = zeros
 *   lengths, resets       as in the forward
 *   scratch               recurrent_scratch(B, H, 4) bytes
 */
export function lstm_backward(
  dgates: usize,
  dh0: usize,
  dc0: usize,
  c: usize,
  dy: usize,
  dhN: usize,
  dcN: usize,
  gates: usize,
  w_hh: usize,
  c0: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  dyRow: i32,
  reverse: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B,
    back: usize = reverse ? -state : state;
  const packed = packedIn(scratch),
    dh = statesIn(scratch, B, H, 4),
    dc = dh + state,
    zeros = dc + state;
  memory.fill(zeros, 0, row);
  packBackward(packed, w_hh, B, 4 * H, H);

  const first = c0 ? c0 : zeros,
    firstRow = c0 ? row : 0;
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const cT = c + state * t,
      cp = n > 0 ? cT - back : first,
      cpRow = n > 0 ? row : firstRow;
    for (let b = from; b < to; b++) {
      if (frozen(lengths, t, b)) memory.copy(cT + row * b, cp + cpRow * b, row);
      else
        cellRow(
          cT + row * b,
          gates + row * 4 * (t * B + b),
          restarts(resets, t, b, B) ? zeros : cp + cpRow * b,
          H,
        );
    }
  }

  begin(dh, dhN, H, from, to);
  begin(dc, dcN, H, from, to);
  const dyStride = dy ? (<usize>dyRow) << 2 : 0;
  if (dy == 0) dy = zeros;
  for (let n = T - 1; n >= 0; n--) {
    const t = reverse ? T - 1 - n : n;
    const cT = c + state * t,
      cp = n > 0 ? cT - back : first,
      cpRow = n > 0 ? row : firstRow;
    const gatesT = gates + state * (4 * t),
      dgatesT = dgates + state * (4 * t);
    for (let b = from; b < to; b++) {
      const at = row * b;
      if (frozen(lengths, t, b)) memory.fill(dgatesT + 4 * at, 0, 4 * row);
      else {
        backwardRow(
          dgatesT + 4 * at,
          dh + at,
          dc + at,
          dy + dyStride * (t * B + b),
          gatesT + 4 * at,
          restarts(resets, t, b, B) ? zeros : cp + cpRow * b,
          cT + at,
          H,
        );
        // the product adds, so that frozen rows keep what they carry
        if (lengths) memory.fill(dh + at, 0, row);
      }
    }
    if (n > 0 || dh0)
      backwardProduct(
        dh,
        dgatesT,
        w_hh,
        packed,
        scratch,
        B,
        from,
        to,
        4 * H,
        H,
        4 * H,
        lengths ? 1 : 0,
      );
    restart(dh, lengths, resets, t, B, from, to, H);
    restart(dc, lengths, resets, t, B, from, to, H);
  }
  addRows(dh0, dh, H, from, to);
  addRows(dc0, dc, H, from, to);
}
