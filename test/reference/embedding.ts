/** y[n] = w[ids[n]].   w [V, E], ids [N] → y [N, E] */
export function embedding(w: Float64Array, ids: ArrayLike<number>, E: number): Float64Array {
  return Float64Array.from(
    { length: ids.length * E },
    (_, k) => w[ids[Math.floor(k / E)]! * E + (k % E)]!,
  );
}

/** dw[ids[n]] += dy[n], except where ids[n] is padding. */
export function embeddingBackward(
  dw: Float64Array,
  dy: Float64Array,
  ids: ArrayLike<number>,
  E: number,
  padding: number,
): void {
  for (let n = 0; n < ids.length; n++) {
    if (ids[n] === padding) continue;
    for (let e = 0; e < E; e++) dw[ids[n]! * E + e] = dw[ids[n]! * E + e]! + dy[n * E + e]!;
  }
}
