import { borrow } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { rows } from './softmax.js';

/**
 * (x − mean)/√(variance + eps)·w + b over the last axis (Ba et al. 2016).   x [..., C], w [C], b
 * [C]
 */
export function layerNorm(x: Tensor, w: Tensor, b: Tensor, eps = 1e-5): Tensor {
  const { N, C } = rows(x, 'layerNorm');
  expectShape(w, [C], 'w', 'layerNorm');
  expectShape(b, [C], 'b', 'layerNorm');
  const y = output(x.shape, [x, w, b]);
  const mean = borrow(4 * N);
  const rstd = borrow(4 * N);
  kernels.layer_norm_forward(
    /* y */ y.ptr,
    mean,
    rstd,
    /* x */ x.ptr,
    /* w */ w.ptr,
    /* b */ b.ptr,
    N,
    C,
    eps,
  );
  record(
    [y],
    () =>
      kernels.layer_norm_backward(
        /* dx */ x.wantGrad(),
        /* dw */ w.wantGrad(),
        /* db */ b.wantGrad(),
        /* dy */ y.gradPtr,
        /* x */ x.ptr,
        mean,
        rstd,
        /* w */ w.ptr,
        N,
        C,
      ),
    [x, w],
  );
  return y;
}
