/** Choosing the next token from a distribution. */
import type { Random } from '../runtime/random.js';

/** Which tokens may be drawn. */
export interface ChooseOptions {
  /** Only the k most probable tokens. Default: all. */
  topK?: number | undefined;
  /**
   * Only the most probable tokens whose probabilities sum to at least p (Holtzman et al. 2020).
   * Default: 1, all.
   */
  topP?: number | undefined;
}

/** The most probable token; the first of equals. */
export function mostProbable(probabilities: Float32Array): number {
  let best = 0;
  for (let i = 1; i < probabilities.length; i++)
    if (probabilities[i]! > probabilities[best]!) best = i;
  return best;
}

/** A token drawn in proportion to its probability, among those that topK and topP leave. */
export function choose(
  probabilities: Float32Array,
  random: Random,
  { topK, topP }: ChooseOptions = {},
): number {
  const u = random.float();
  const restricted =
    (topK !== undefined && topK < probabilities.length) || (topP !== undefined && topP < 1);
  if (!restricted) return draw(probabilities, null, u);
  const order = Int32Array.from(probabilities.keys()).sort(
    (a, b) => probabilities[b]! - probabilities[a]! || a - b,
  );
  let keep = Math.min(topK ?? order.length, order.length);
  if (topP !== undefined) {
    let mass = 0;
    let n = 0;
    while (n < keep && mass < topP) mass += probabilities[order[n++]!]!;
    keep = Math.max(n, 1);
  }
  return draw(probabilities, order.subarray(0, keep), u);
}

function draw(probabilities: Float32Array, among: Int32Array | null, u: number): number {
  const count = among?.length ?? probabilities.length;
  const at = (i: number): number => (among === null ? i : among[i]!);
  let total = 0;
  for (let i = 0; i < count; i++) total += probabilities[at(i)]!;
  let rest = u * total;
  for (let i = 0; i < count; i++) {
    rest -= probabilities[at(i)]!;
    if (rest < 0) return at(i);
  }
  return at(count - 1);
}
