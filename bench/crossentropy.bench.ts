/** Logits of 10,000 words for T 35, B 20. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers, withIds } from './data.js';

const [N, C] = [700, 10_000];

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [logits, dlogits, losses, dloss, stats, targets] = [
      buffer(N * C),
      buffer(N * C),
      buffer(N),
      buffer(N),
      buffer(4 * N),
      withIds(buffer(N), N, C),
    ];
    yield {
      name: `cross_entropy forward ${N}×${C}`,
      flop: 3 * N * C,
      bytes: 4 * N * C,
      run: () => kernels.cross_entropy_forward(losses, stats, logits, targets, N, C, -1, 0),
    };
    yield {
      name: `cross_entropy backward ${N}×${C}`,
      flop: 4 * N * C,
      bytes: 12 * N * C,
      run: () =>
        kernels.cross_entropy_backward(dlogits, dloss, logits, stats, targets, N, C, -1, 0),
    };
  });
