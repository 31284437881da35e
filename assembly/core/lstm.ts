/**
 * Four units of an LSTM (or the first `left`), forward and backward. Addresses are those of the first unit; its gates lie `row` bytes apart.
 *
 *   i = σ(aᵢ), f = σ(a_f), g = tanh(a_g), o = σ(aₒ)      (1)      Hochreiter & Schmidhuber 1997; f: Gers et al. 2000
 *   c_t = f·c_{t−1} + i·g                                (2)
 *   h_t = o·tanh c_t                                     (3)
 */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { sigmoid4, tanh4 } from './math';
import { madd } from './v128';

// @ts-ignore: decorator
@inline export function forward4<Lanes>(gates: usize, row: usize, cp: usize, c: usize, tc: usize, h: usize, y: usize, left: i32): void {
  const i = sigmoid4(loadLanes<Lanes>(gates, left));
  const f = sigmoid4(loadLanes<Lanes>(gates + row, left));
  const g = tanh4(loadLanes<Lanes>(gates + 2 * row, left));
  const o = sigmoid4(loadLanes<Lanes>(gates + 3 * row, left));
  storeLanes<Lanes>(gates, i, left);
  storeLanes<Lanes>(gates + row, f, left);
  storeLanes<Lanes>(gates + 2 * row, g, left);
  storeLanes<Lanes>(gates + 3 * row, o, left);
  const ct = carry(madd(f, loadLanes<Lanes>(cp, left), f32x4.mul(i, g)));
  const t = tanh4(ct);
  const ht = f32x4.mul(o, t);
  storeLanes<Lanes>(c, ct, left);
  storeLanes<Lanes>(tc, t, left);
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

/** dc: ∂loss/∂c_t by way of c_{t+1} becomes ∂loss/∂c_{t−1}. dgates may be gates. */
// @ts-ignore: decorator
@inline export function backward4<Lanes>(dgates: usize, dh: usize, dc: usize, dy: usize, gates: usize, row: usize, cp: usize, tc: usize, left: i32): void {
  const one = f32x4.splat(1);
  const i = loadLanes<Lanes>(gates, left);
  const f = loadLanes<Lanes>(gates + row, left);
  const g = loadLanes<Lanes>(gates + 2 * row, left);
  const o = loadLanes<Lanes>(gates + 3 * row, left);
  const t = loadLanes<Lanes>(tc, left);
  const dht = carry(f32x4.add(loadLanes<Lanes>(dh, left), loadLanes<Lanes>(dy, left)));
  const dho = f32x4.mul(dht, o);
  const dct = madd(dho, f32x4.sub(one, f32x4.mul(t, t)), loadLanes<Lanes>(dc, left)); // (3)
  const di = f32x4.mul(dct, i);
  const df = f32x4.mul(dct, f);
  storeLanes<Lanes>(dgates, f32x4.mul(f32x4.mul(di, g), f32x4.sub(one, i)), left); // (2), (1)
  storeLanes<Lanes>(dgates + row, f32x4.mul(f32x4.mul(df, loadLanes<Lanes>(cp, left)), f32x4.sub(one, f)), left); // (2), (1)
  storeLanes<Lanes>(dgates + 2 * row, f32x4.mul(di, f32x4.sub(one, f32x4.mul(g, g))), left); // (2), (1)
  storeLanes<Lanes>(dgates + 3 * row, f32x4.mul(f32x4.mul(dho, t), f32x4.sub(one, o)), left); // (3), (1)
  storeLanes<Lanes>(dc, carry(df), left); // (2)
}
