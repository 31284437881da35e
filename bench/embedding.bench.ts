/** Rows of a table of 10,000 words, looked up for T 50, B 50 and added back. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers, withIds } from './data.js';

const [V, E, N] = [10_000, 512, 2500];

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [w, y, ids] = [buffer(V * E), buffer(N * E), withIds(buffer(N), N, V)];
    yield {
      name: `embedding forward ${N}×${E}`,
      bytes: 8 * N * E,
      run: () => kernels.embedding_forward(y, w, ids, N, E),
    };
    yield {
      name: `embedding backward ${N}×${E}`,
      flop: N * E,
      bytes: 12 * N * E,
      run: () => kernels.embedding_backward(w, y, ids, N, E, E, -1),
    };
  });
