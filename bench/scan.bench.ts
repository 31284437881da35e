/** Nearest neighbours: scalar products of 400,000 vectors of 300 numbers with one query, and 48. */
import { loadKernels } from '../src/words/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const [M, K] = [400_000, 300];
const kernels = await loadKernels();

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const rows = buffer(M * K);
    for (const Q of [1, 48]) {
      const [y, queries] = [buffer(Q * M), buffer(Q * K)];
      yield {
        name: `scan ${M}×${K}, ${Q === 1 ? '1 query' : `${Q} queries`}`,
        flop: 2 * M * K * Q,
        bytes: 4 * (M * K + Q * M),
        tokens: Q,
        run: () => kernels.scan(y, rows, queries, M, K, Q, M),
      };
    }
  });
