/**
 * Functions whose last bit differs between JavaScript engines, from wasm: the same everywhere. f64.
 */
import { kernels } from './kernels.js';
import type { Random } from './random.js';

/** xʸ */
export const pow = (x: number, y: number): number => kernels.pow64(x, y);

/** Natural logarithm. */
export const log = (x: number): number => kernels.log64(x);

/** Standard normal deviates, by Box and Muller, two at a time. */
export function normalSource(random: Random): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * log(1 - random.float()));
    const angle = 2 * Math.PI * random.float();
    spare = radius * kernels.sin64(angle);
    return radius * kernels.cos64(angle);
  };
}
