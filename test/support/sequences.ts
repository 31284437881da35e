/** The shapes of a recurrent layer's input that a test covers: both directions, with and without lengths and resets. */
import type { Sequence } from '../reference/recurrent.js';
import type { TestRandom } from './random.js';

export type Variant = Sequence & { reverse: boolean; name: string };

/** Lengths run from 1 (0 if `empty`) to T, one of them T; resets restart about a quarter of the steps. */
export function variants(random: TestRandom, T: number, B: number, H: number, empty = false): Variant[] {
  const lengths = Array.from({ length: B }, (_, b) => (b === B - 1 ? T : empty && b === 0 ? 0 : 1 + random.int(T)));
  const resets = Array.from({ length: T * B }, (_, n) => (n % (T * B - 1) !== 0 && random.next() < 0.25 ? 1 : 0));
  return [false, true].flatMap(reverse =>
    [{}, { lengths }, { resets }, { lengths, resets }].map(masks => ({
      T, B, H, reverse, ...masks,
      name: [`T=${T} B=${B} H=${H}`, reverse && 'reverse', ...Object.keys(masks)].filter(Boolean).join(' '),
    })),
  );
}

/** Σ a·b: the scalar loss that gives an output the random gradient b. */
export const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
