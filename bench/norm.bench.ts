/** Layer norm of a layer's outputs: T 50, B 50, H 512. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const [N, C] = [2500, 512];

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [x, y, dx, dy] = [buffer(N * C), buffer(N * C), buffer(N * C), buffer(N * C)];
    const [w, b, dw, db, mean, rstd] = [
      buffer(C),
      buffer(C),
      buffer(C),
      buffer(C),
      buffer(N),
      buffer(N),
    ];
    yield {
      name: `layer_norm forward ${N}×${C}`,
      flop: 8 * N * C,
      bytes: 8 * N * C,
      run: () => kernels.layer_norm_forward(y, mean, rstd, x, w, b, N, C, 1e-5),
    };
    yield {
      name: `layer_norm backward ${N}×${C}`,
      flop: 14 * N * C,
      bytes: 16 * N * C,
      run: () => kernels.layer_norm_backward(dx, dw, db, dy, x, mean, rstd, w, N, C),
    };
  });
