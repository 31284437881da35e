/**
 * Four units of an LSTM (or the first `left`), forward and backward: Hochreiter & Schmidhuber 1997,
 * the forget gate f of Gers et al. 2000. Addresses are those of the
 * first unit; its gates lie `row` bytes apart.
 *
 *   i = σ(aᵢ), f = σ(a_f), g = tanh(a_g), o = σ(aₒ)      (1)
 *   c_t = f·c_{t−1} + i·g                                (2)
 *   h_t = o·tanh c_t                                     (3)
 */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { tanh4 } from './math';
import { madd } from './v128';

/** (2) */
// @ts-ignore: decorator
@inline function cell(i: v128, f: v128, g: v128, cp: v128): v128 {
  return carry(madd(f, cp, f32x4.mul(i, g)));
}

/** (2) and (3), of gates that went through (1). */
// @ts-ignore: decorator
@inline export function forward4<Lanes>(
  gates: usize,
  row: usize,
  cp: usize,
  c: usize,
  h: usize,
  y: usize,
  left: i32,
): void {
  const i = loadLanes<Lanes>(gates, left);
  const f = loadLanes<Lanes>(gates + row, left);
  const g = loadLanes<Lanes>(gates + 2 * row, left);
  const o = loadLanes<Lanes>(gates + 3 * row, left);
  const ct = cell(i, f, g, loadLanes<Lanes>(cp, left));
  const ht = f32x4.mul(o, tanh4(ct));
  storeLanes<Lanes>(c, ct, left);
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

/** c = c_t again, the same bits, from the gates that the forward left. */
// @ts-ignore: decorator
@inline export function cell4<Lanes>(
  c: usize,
  gates: usize,
  row: usize,
  cp: usize,
  left: i32,
): void {
  storeLanes<Lanes>(
    c,
    cell(
      loadLanes<Lanes>(gates, left),
      loadLanes<Lanes>(gates + row, left),
      loadLanes<Lanes>(gates + 2 * row, left),
      loadLanes<Lanes>(cp, left),
    ),
    left,
  );
}

/** dc: ∂loss/∂c_t by way of c_{t+1} becomes ∂loss/∂c_{t−1}. dgates may be gates. */
// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  dgates: usize,
  dh: usize,
  dc: usize,
  dy: usize,
  gates: usize,
  row: usize,
  cp: usize,
  c: usize,
  left: i32,
): void {
  const one = f32x4.splat(1);
  const i = loadLanes<Lanes>(gates, left);
  const f = loadLanes<Lanes>(gates + row, left);
  const g = loadLanes<Lanes>(gates + 2 * row, left);
  const o = loadLanes<Lanes>(gates + 3 * row, left);
  const t = tanh4(loadLanes<Lanes>(c, left));
  const dht = carry(f32x4.add(loadLanes<Lanes>(dh, left), loadLanes<Lanes>(dy, left)));
  const dho = f32x4.mul(dht, o);
  const dct = madd(dho, f32x4.sub(one, f32x4.mul(t, t)), loadLanes<Lanes>(dc, left)); // (3)
  const di = f32x4.mul(dct, i);
  const df = f32x4.mul(dct, f);
  storeLanes<Lanes>(dgates, f32x4.mul(f32x4.mul(di, g), f32x4.sub(one, i)), left); // (2), (1)
  storeLanes<Lanes>(
    dgates + row,
    f32x4.mul(f32x4.mul(df, loadLanes<Lanes>(cp, left)), f32x4.sub(one, f)),
    left,
  ); // (2), (1)
  // (2), (1)
  storeLanes<Lanes>(dgates + 2 * row, f32x4.mul(di, f32x4.sub(one, f32x4.mul(g, g))), left);
  // (3), (1)
  storeLanes<Lanes>(dgates + 3 * row, f32x4.mul(f32x4.mul(dho, t), f32x4.sub(one, o)), left);
  storeLanes<Lanes>(dc, carry(df), left); // (2)
}
