/** Sparse rows times dense columns: 20,000 × 20,000 with 2 million elements. */
import { i32 } from '../src/runtime/arena.js';
import { loadKernels } from '../src/words/kernels.js';
import type { Case } from './case.js';
import { randomIds, withBuffers } from './data.js';

const [N, NONZEROS] = [20_000, 2_000_000];
const kernels = await loadKernels();

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [starts, columns, values] = [buffer(N + 1), buffer(NONZEROS), buffer(NONZEROS)];
    i32(starts, N + 1).set(Int32Array.from({ length: N + 1 }, (_, m) => (m * NONZEROS) / N));
    i32(columns, NONZEROS).set(randomIds(NONZEROS, N));
    for (const K of [1, 32]) {
      const [x, y] = [buffer(N * K), buffer(N * K)];
      yield {
        name: `sparse product, ${NONZEROS / 1e6} M elements × ${K}`,
        flop: 2 * NONZEROS * K,
        bytes: 4 * (2 * NONZEROS + 2 * N * K),
        run: () => kernels.csr_dense(y, starts, columns, values, x, N, K, NONZEROS),
      };
    }
  });
