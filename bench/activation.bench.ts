/** Activations of a layer's outputs: T 50, B 50, H 512. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const [N, H] = [2500, 512];
const n = N * H;

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [x, y, dx, dy] = [buffer(n), buffer(n), buffer(n), buffer(n)];
    yield {
      name: `tanh forward ${N}×${H}`,
      flop: n,
      bytes: 8 * n,
      run: () => kernels.tanh_forward(y, x, n),
    };
    yield {
      name: `tanh backward ${N}×${H}`,
      flop: 4 * n,
      bytes: 16 * n,
      run: () => kernels.tanh_backward(dx, dy, y, n),
    };
  });
