/** The kernels for words: a module of its own, loaded when the first function here needs it. */
import { builds } from '#words';
import type { instantiate } from '#words-kernels';
import { loadModule } from '../runtime/modules.js';
import { declare } from '../runtime/shares.js';

/** Typed by the compiler's declarations. */
export type WordKernels = Awaited<ReturnType<typeof instantiate>>;

/** How their work is cut. A test holds the arguments against the compiled kernels. */
export const CUTS = {
  csr_dense: declare({
    args: 'y starts columns values x M K nonzeros',
    along: 'M',
    grain: 1,
    parts: { y: 'K', starts: 1 },
    work: ['nonzeros', 'K'],
    cost: 4, // a row of x for each multiply-add of a vector, from anywhere
  }),
};

/** Loads the kernels; later calls give the same. */
export const loadKernels = (): Promise<WordKernels> =>
  loadModule<WordKernels>({ name: 'words', builds, cuts: CUTS });
