/** Sorting by whole numbers. */

/**
 * One pass of a radix sort: `order`, stably sorted by the keys of what it lists, into `out`.
 *
 * @param bound above all keys
 */
export function sortPass(
  keys: Uint32Array,
  order: Uint32Array,
  out: Uint32Array,
  bound: number,
): void {
  const next = new Uint32Array(bound + 1);
  const n = order.length;
  for (let i = 0; i < n; i++) next[keys[order[i]!]! + 1]!++;
  for (let key = 0; key < bound; key++) next[key + 1]! += next[key]!;
  for (let i = 0; i < n; i++) {
    const each = order[i]!;
    out[next[keys[each]!]!++] = each;
  }
}
