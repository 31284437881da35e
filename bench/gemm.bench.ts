/** Matrix products at the shapes of recurrent training: C [M, N] = A [M, K] · B [K, N]. */
import { kernels } from '../src/runtime/kernels.js';
import { scratch } from '../src/runtime/scratch.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

type Shape = readonly [M: number, N: number, K: number];

/** A and B are read, C is written. */
const work = (M: number, N: number, K: number) => ({
  flop: 2 * M * N * K,
  bytes: 4 * (M * K + K * N + M * N),
});

/** The recurrent product of a step, W packed before: batch × gates × units, and the way back. */
const PACKED: readonly Shape[] = [
  [32, 512, 128],
  [50, 512, 128],
  [50, 384, 128],
  [20, 800, 200],
  [50, 2048, 512],
  [64, 2048, 512],
  [50, 128, 512],
  [50, 512, 2048],
];
/** The same, odd. */
const ODD: readonly Shape[] = [
  [49, 511, 127],
  [31, 509, 131],
];

/**
 * T·B rows by the weights of a layer: T 50, B 50, H 128 and 512; and the output layer of 10,000
 * words.
 */
const WHOLE: readonly Shape[] = [
  [2500, 512, 128],
  [2500, 2048, 512],
  [2500, 65, 128],
  [700, 10_000, 200],
];

function* packed(shapes: readonly Shape[], note: string): Generator<Case> {
  for (const [M, N, K] of shapes) {
    yield* withBuffers(function* (buffer) {
      const [a, b, c, panels] = [
        buffer(M * K),
        buffer(K * N),
        buffer(M * N),
        buffer(kernels.gemm_pack_size(K, N) / 4),
      ];
      kernels.gemm_pack(panels, b, K, N, N, 1);
      yield {
        name: `gemm ${note} ${M}×${N}×${K}`,
        ...work(M, N, K),
        run: () => kernels.gemm_packed(c, a, panels, scratch(), M, N, K, N, K, 1, 0),
      };
    });
  }
}

/**
 * Y = X·Wᵀ (NT), dX = dY·W (NN) and dW = dYᵀ·X (TN) of a layer with X [N, I], W [O, I]; packing is
 * part of the work.
 */
function* whole([N, O, I]: Shape): Generator<Case> {
  yield* withBuffers(function* (buffer) {
    const [x, w, y] = [buffer(N * I), buffer(O * I), buffer(N * O)];
    const each = work(N, O, I);
    yield {
      name: `gemm NT ${N}×${O}×${I}`,
      ...each,
      run: () => kernels.gemm(y, x, w, scratch(), N, O, I, O, I, 1, 1, I, 0),
    };
    yield {
      name: `gemm NN ${N}×${I}×${O}`,
      ...each,
      run: () => kernels.gemm(x, y, w, scratch(), N, I, O, I, O, 1, I, 1, 0),
    };
    yield {
      name: `gemm TN ${O}×${I}×${N}`,
      ...each,
      run: () => kernels.gemm(w, y, x, scratch(), O, I, N, I, 1, O, I, 1, 0),
    };
  });
}

export default function* (): Generator<Case> {
  yield* packed(PACKED, 'packed');
  yield* packed(ODD, 'packed odd');
  for (const shape of WHOLE) yield* whole(shape);
  yield* whole([1, 512, 128]);
  yield* whole([1, 2048, 512]);
}
