import { loadKernels } from '../ops/cells.js';

/**
 * Loads the kernels that `MinGRUBlocks`, `HawkBlocks`, `RMSNorm` and their operations need; call it
 * once, after `init`.
 *
 * @throws Error before `init`, and where the runtime does not compile bytes and was given no module
 */
export function loadCells(): Promise<void> {
  return loadKernels();
}
