/** Matrix products. */
import { kernels } from '../runtime/kernels.js';
import { scratch } from '../runtime/scratch.js';
import { expectShape, sameShape, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

/** y = x·Wᵀ + b.   x [..., I], w [O, I], b [O] or null → y [..., O] */
export function linear(x: Tensor, w: Tensor, b: Tensor | null = null): Tensor {
  expectShape(w, [-1, -1], 'w', 'linear');
  const [O, I] = w.shape as readonly [number, number];
  if (x.shape.at(-1) !== I)
    throw new RangeError(`linear: x [${x.shape}] must end in ${I}, the columns of w [${w.shape}]`);
  if (b) expectShape(b, [O], 'b', 'linear');
  const y = output([...x.shape.slice(0, -1), O], [x, w, b]);
  const N = sizeOf(x.shape.slice(0, -1));
  kernels.linear_forward(y.ptr, x.ptr, w.ptr, b?.ptr ?? 0, scratch(), N, I, O);
  record(
    [y],
    () =>
      kernels.linear_backward(
        /* dx */ x.wantGrad(),
        /* dw */ w.wantGrad(),
        /* db */ b?.wantGrad() ?? 0,
        /* dy */ y.gradPtr,
        /* x */ x.ptr,
        /* w */ w.ptr,
        /* scratch */ scratch(),
        N,
        I,
        O,
      ),
    [x, w],
  );
  return y;
}

/**
 * Matrix product.   a [..., M, K] · b [K, N] → [..., M, N], or with equal leading axes
 *                   a [..., M, K] · b [..., K, N] → [..., M, N]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const K = a.shape.at(-1);
  const N = b.shape.at(-1);
  const lead = b.shape.slice(0, -2);
  if (
    K === undefined ||
    N === undefined ||
    a.shape.length < 2 ||
    b.shape.at(-2) !== K ||
    !(lead.length === 0 || sameShape(lead, a.shape.slice(0, -2)))
  ) {
    throw new RangeError(
      `matmul: [${a.shape}] · [${b.shape}]: inner extents and leading axes must agree`,
    );
  }
  const y = output([...a.shape.slice(0, -1), N], [a, b]);
  const batches = lead.length === 0 ? 1 : sizeOf(lead);
  const M = sizeOf(a.shape.slice(0, -1)) / batches;
  const each = (body: (a: number, b: number, y: number) => void): void => {
    for (let i = 0; i < batches; i++) body(4 * i * M * K, 4 * i * K * N, 4 * i * M * N);
  };
  each((ai, bi, yi) =>
    kernels.gemm(
      /* c */ y.ptr + yi,
      /* a */ a.ptr + ai,
      /* b */ b.ptr + bi,
      /* scratch */ scratch(),
      M,
      N,
      K,
      /* cRow */ N,
      /* aRow */ K,
      /* aCol */ 1,
      /* bRow */ N,
      /* bCol */ 1,
      /* add */ 0,
    ),
  );
  record([y], () => {
    const da = a.wantGrad();
    const db = b.wantGrad();
    each((ai, bi, yi) => {
      if (da)
        // dA += dY·Bᵀ
        kernels.gemm(
          /* c */ da + ai,
          /* a */ y.gradPtr + yi,
          /* b */ b.ptr + bi,
          /* scratch */ scratch(),
          M,
          /* N */ K,
          /* K */ N,
          /* cRow */ K,
          /* aRow */ N,
          /* aCol */ 1,
          /* bRow */ 1,
          /* bCol */ N,
          /* add */ 1,
        );
      if (db)
        // dB += Aᵀ·dY
        kernels.gemm(
          /* c */ db + bi,
          /* a */ a.ptr + ai,
          /* b */ y.gradPtr + yi,
          /* scratch */ scratch(),
          /* M */ K,
          N,
          /* K */ M,
          /* cRow */ N,
          /* aRow */ 1,
          /* aCol */ K,
          /* bRow */ N,
          /* bCol */ 1,
          /* add */ 1,
        );
    });
  }, [a, b]);
  return y;
}
