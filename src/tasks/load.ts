import { loadKernels } from './kernels.js';

/**
 * Loads the kernels of sequence tasks, which `attention` needs: after `init`, once; later calls
 * return at once. Where the runtime refuses to compile bytes, `init({ modules: { tasks } })` gives
 * them.
 */
export async function load(): Promise<void> {
  await loadKernels();
}
