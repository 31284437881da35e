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
  glove_train: declare({
    args: 'records shards',
    along: 'shards',
    grain: 1,
    parts: { records: 10 },
    work: ['shards'],
    cost: 2 ** 40, // a shard is always worth a thread
  }),
  scan: declare({
    args: 'y rows queries M columns Q stride',
    along: 'M',
    grain: 4,
    parts: { y: 1, rows: 'columns' },
    work: ['M', 'columns', 'Q'],
    cost: 2, // the rows come from memory
  }),
  word2vec_train: declare({
    args: 'records shards',
    along: 'shards',
    grain: 1,
    parts: { records: 30 },
    work: ['shards'],
    cost: 2 ** 40, // a shard is always worth a thread
  }),
  word2vec_merge: declare({
    args: 'w copies weights rows columns shards stride',
    along: 'rows',
    grain: 1,
    parts: { w: 'columns', copies: 'columns', weights: 1 },
    work: ['rows', 'columns', 'shards'],
    cost: 8,
  }),
};

/** Loads the kernels; later calls give the same. */
export const loadKernels = (): Promise<WordKernels> =>
  loadModule<WordKernels>({ name: 'words', builds, cuts: CUTS });
