/** Dropout of a layer's outputs: T 50, B 50, H 512. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const [N, H] = [2500, 512];
const n = N * H;

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [x, y] = [buffer(n), buffer(n)];
    yield {
      name: `dropout forward ${N}×${H}`,
      flop: n,
      bytes: 8 * n,
      run: () => kernels.dropout_forward(y, x, n, n, 0.5, 1, 2),
    };
    yield {
      name: `dropout backward ${N}×${H}`,
      flop: 2 * n,
      bytes: 12 * n,
      run: () => kernels.dropout_backward(y, x, n, n, 0.5, 1, 2),
    };
  });
