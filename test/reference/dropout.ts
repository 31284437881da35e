/** The generator and the mask of dropout, one element at a time. */

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface Seed {
  low: number;
  high: number;
}

/** 32 random bits for a counter. */
export function randomBits(counter: number, { low, high }: Seed): number {
  const key1 = mix(low + mix(high + 0x9e3779b9));
  const key2 = mix(high + mix(low + 0x85ebca6b));
  return mix(mix(counter + key1) ^ key2);
}

/** Factor of element i: 1 / (1 − p) if u(i mod period) ≥ p, else 0. */
export function dropoutMask(n: number, period: number, p: number, seed: Seed): Float64Array {
  return Float64Array.from({ length: n }, (_, i) =>
    randomBits(i % period, seed) / 2 ** 32 >= p ? 1 / (1 - p) : 0,
  );
}
