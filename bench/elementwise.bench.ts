/** Arithmetic of a layer's outputs: T 50, B 50, H 512. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const [N, H] = [2500, 512];
const n = N * H;

export default (): Iterable<Case> =>
  withBuffers(function* (buffer) {
    const [y, a, b] = [buffer(n), buffer(n), buffer(n)];
    yield { name: `copy ${N}×${H}`, bytes: 8 * n, run: () => kernels.copy(y, a, n) };
    yield { name: `add ${N}×${H}`, flop: n, bytes: 12 * n, run: () => kernels.add(y, a, b, n) };
    yield {
      name: `mul_add ${N}×${H}`,
      flop: 2 * n,
      bytes: 16 * n,
      run: () => kernels.mul_add(y, a, b, n),
    };
  });
