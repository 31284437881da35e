/**
 * Random bits from a counter and a 64-bit seed: no state, any element on its own, four at a time.
 *
 *   bits = mix(mix(counter + k₁) ⊕ k₂),   k₁, k₂ from the seed
 *
 * mix is Wellons' lowbias32 (nullprogram.com/blog/2018/07/31): two multiplications, every input bit
 * reaches every output bit. Both keys depend on the whole seed, so that the streams of neighbouring
 * seeds are not shifts of each other.
 */

const M1 = 0x7feb352d;
const M2 = 0x846ca68b;

// @ts-ignore: decorator
@inline function mix4(h: v128): v128 {
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(M1));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(M2));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

function mix(h: u32): u32 {
  h = (h ^ (h >> 16)) * M1;
  h = (h ^ (h >> 15)) * M2;
  return h ^ (h >> 16);
}

/** k₁ of a seed. */
export function firstKey(low: u32, high: u32): u32 {
  return mix(low + mix(high + 0x9e3779b9));
}

/** k₂ of a seed. */
export function secondKey(low: u32, high: u32): u32 {
  return mix(high + mix(low + 0x85ebca6b));
}

/** 32 random bits for each of four counters; the keys in every lane. */
// @ts-ignore: decorator
@inline export function random4(counters: v128, key1: v128, key2: v128): v128 {
  return mix4(v128.xor(mix4(i32x4.add(counters, key1)), key2));
}
