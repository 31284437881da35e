/**
 * The output layer and its loss in one: of the logits of many classes only a few rows exist at a
 * time.
 */
import { borrow, f32, lend } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { scratch } from '../runtime/scratch.js';
import { expectShape, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor, zeros } from '../tensor/tensor.js';
import { type CrossEntropyOptions, checkTargets } from './loss.js';

/** Logits that exist at once, in floats (8 MB). */
const FLOATS = 1 << 21;
/**
 * Fewer rows than this are not worth the way through all weights and their gradients, however many
 * logits they have.
 */
const ROWS = 128;

/** Options of `linearCrossEntropy`. */
export interface LinearCrossEntropyOptions extends Pick<CrossEntropyOptions, 'ignoreIndex'> {
  /** [C]. Default: none. */
  bias?: Tensor | null;
  /** Over the rows that count. Default: 'mean'. */
  reduction?: 'mean' | 'sum';
}

/**
 * Of n rows from `from` on, whose logits have become their own gradient: dx (of all rows), dw and
 * db.
 */
function addHeadGradients(
  dx: number,
  dw: number,
  db: number,
  dlogits: number,
  x: Tensor,
  w: Tensor,
  from: number,
  n: number,
): void {
  const [C, H] = w.shape as readonly [number, number];
  kernels.linear_backward(
    /* dx */ dx && dx + 4 * from * H,
    dw,
    db,
    /* dy */ dlogits,
    /* x */ x.ptr + 4 * from * H,
    /* w */ w.ptr,
    /* scratch */ scratch(),
    /* N */ n,
    /* I */ H,
    /* O */ C,
  );
}

/**
 * `crossEntropy(linear(x, w, bias), targets)`, without all logits at once: they come in chunks of
 * rows.
 *
 * One chunk is kept, and becomes its gradient in the backward pass. Of several, each is overwritten
 * by the next: its gradients are taken at once, ∂L/∂logits being softmax − onehot up to a factor,
 * and scaled when that is known.
 *
 * @param x [..., H]
 * @param w [C, H]
 * @param targets one class in 0 … C − 1, or `ignoreIndex`, for each row
 * @returns a scalar in nats
 * @throws RangeError as `linear` and `crossEntropy`
 */
export function linearCrossEntropy(
  x: Tensor,
  w: Tensor,
  targets: Int32Array,
  { bias = null, ignoreIndex = -100, reduction = 'mean', ...rest }: LinearCrossEntropyOptions = {},
): Tensor {
  const who = 'linearCrossEntropy';
  noOthers(who, rest);
  expectShape(w, [-1, -1], 'w', who);
  const [C, H] = w.shape as readonly [number, number];
  if (x.shape.at(-1) !== H)
    throw new RangeError(`${who}: x [${x.shape}] must end in ${H}, the columns of w [${w.shape}]`);
  if (bias) expectShape(bias, [C], 'bias', who);
  const N = sizeOf(x.shape.slice(0, -1));
  const { address: targetsPtr, count } = checkTargets(targets, N, C, ignoreIndex, who);
  const scale = reduction === 'mean' ? 1 / count : 1;
  const y = output([], [x, w, bias]);

  const chunks = Math.ceil(N / Math.max(ROWS, Math.floor(FLOATS / C)));
  const rows = Math.ceil(N / chunks);
  const atOnce = chunks > 1 && y.requiresGrad;
  const [logits, losses, stats] = [borrow(4 * rows * C), borrow(4 * N), borrow(16 * N)];
  const inputs = [x, w, bias];
  const early = inputs.map(input => (atOnce && input?.requiresGrad ? zeros(input.shape) : null));
  for (let from = 0; from < N; from += rows) {
    const n = Math.min(rows, N - from);
    const [lossesAt, targetsAt] = [losses + 4 * from, targetsPtr + 4 * from];
    kernels.linear_forward(logits, x.ptr + 4 * from * H, w.ptr, bias?.ptr ?? 0, scratch(), n, H, C);
    if (atOnce) {
      kernels.cross_entropy_both(lossesAt, logits, targetsAt, n, C, ignoreIndex, scale);
      addHeadGradients(
        early[0]?.ptr ?? 0,
        early[1]?.ptr ?? 0,
        early[2]?.ptr ?? 0,
        logits,
        x,
        w,
        from,
        n,
      );
    } else
      kernels.cross_entropy_forward(
        lossesAt,
        stats + 16 * from,
        logits,
        targetsAt,
        n,
        C,
        ignoreIndex,
        0,
      );
  }
  kernels.sum_forward(y.ptr, losses, 1, N, 1);
  kernels.affine(y.ptr, y.ptr, 1, scale, 0);

  record(
    [y],
    () => {
      const dy = f32(y.gradPtr, 1)[0]!;
      if (atOnce) {
        inputs.forEach(
          (input, i) => early[i] && kernels.axpy(input!.wantGrad(), early[i].ptr, input!.size, dy),
        );
        return;
      }
      lend(4 * N, dlosses => {
        kernels.fill(dlosses, N, dy * scale);
        kernels.cross_entropy_backward(
          /* dlogits */ logits,
          /* dloss */ dlosses,
          logits,
          stats,
          /* targets */ targetsPtr,
          N,
          C,
          ignoreIndex,
          /* smoothing */ 0,
        );
      });
      addHeadGradients(x.wantGrad(), w.wantGrad(), bias?.wantGrad() ?? 0, logits, x, w, 0, N);
    },
    atOnce ? [] : [x, w],
  );
  return y;
}
