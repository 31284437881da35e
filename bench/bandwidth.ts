/**
 * The speed of memory in this process: the faster of two kernels, `copy` (y = x: 8 bytes a float)
 * and `mul_add` (y += a·b: 16), each reading and writing as many bytes as what it is compared with:
 * few stay in the processor's caches.
 */
import { allocate, free } from '../src/runtime/arena.js';
import { kernels } from '../src/runtime/kernels.js';
import { measure } from './case.js';

/** GB/s, 10⁹ bytes read or written in a second, of loops that move `bytes` bytes, now. */
export async function peakBandwidth(bytes: number): Promise<number> {
  const n = Math.ceil(bytes / 16);
  const [y, a, b] = [allocate(8 * n), allocate(8 * n), allocate(4 * n)];
  kernels.fill(y, 2 * n, 0); // pages that were never written are not memory yet
  kernels.fill(a, 2 * n, 1);
  kernels.fill(b, n, 1);
  const copy = await measure('copy', () => kernels.copy(y, a, 2 * n), 60);
  const add = await measure('mul_add', () => kernels.mul_add(y, a, b, n), 60);
  for (const address of [y, a, b]) free(address);
  return (16 * n) / Math.min(copy.p50, add.p50) / 1e6;
}
