/** Losses: natural logarithms, so cross-entropies are in nats. */
import { borrow } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { sameShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { borrowIds, output, type Tensor } from '../tensor/tensor.js';
import { affine } from './elementwise.js';
import { mean, sum } from './reduce.js';
import { rows } from './softmax.js';

/** What becomes of the values of single rows or elements. */
export type Reduction = 'mean' | 'sum' | 'none';

function reduce(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === 'mean' ? mean(losses) : reduction === 'sum' ? sum(losses) : losses;
}

/** Targets of N rows, checked, and how many count. */
export function checkTargets(
  targets: Int32Array,
  N: number,
  C: number,
  ignoreIndex: number,
  who: string,
): { address: number; count: number } {
  if (targets.length !== N) throw new RangeError(`${who}: ${targets.length} targets for ${N} rows`);
  const address = borrowIds(targets, 0, C, `${who}: target`, ignoreIndex);
  let count = 0;
  for (const target of targets) if (target !== ignoreIndex) count++;
  if (count === 0) throw new RangeError(`${who}: all ${N} targets are ignored`);
  return { address, count };
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** Targets with this value count for nothing. Default: −100. */
  ignoreIndex?: number;
  /** ε: the target distribution is (1 − ε)·onehot + ε/C. Default: 0. */
  labelSmoothing?: number;
  /** Over the rows that count. Default: 'mean'. */
  reduction?: Reduction;
}

/**
 * −log softmax(logits)[target], fused; PyTorch's `cross_entropy`.
 *
 * @param logits [..., C]
 * @param targets one class in 0 … C − 1, or `ignoreIndex`, for each row
 * @returns a scalar in nats; with reduction 'none' one value per row
 * @throws RangeError for a target outside the classes, or when all are ignored
 */
export function crossEntropy(
  logits: Tensor,
  targets: Int32Array,
  options: CrossEntropyOptions = {},
): Tensor {
  const { ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean', ...rest } = options;
  noOthers('crossEntropy', rest);
  const { N, C } = rows(logits, 'crossEntropy');
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new RangeError(`crossEntropy: labelSmoothing is ${labelSmoothing}, expected 0 ≤ ε < 1`);
  const { address, count } = checkTargets(targets, N, C, ignoreIndex, 'crossEntropy');
  const losses = output(logits.shape.slice(0, -1), [logits]);
  const stats = borrow(16 * N); // of each row, for the backward
  kernels.cross_entropy_forward(
    losses.ptr,
    stats,
    logits.ptr,
    address,
    N,
    C,
    ignoreIndex,
    labelSmoothing,
  );
  record(
    [losses],
    () =>
      kernels.cross_entropy_backward(
        /* dlogits */ logits.wantGrad(),
        /* dloss */ losses.gradPtr,
        /* logits */ logits.ptr,
        stats,
        /* targets */ address,
        N,
        C,
        ignoreIndex,
        /* smoothing */ labelSmoothing,
      ),
    [logits],
  );
  return reduction === 'mean' ? affine(sum(losses), 1 / count) : reduce(losses, reduction);
}

/** −logp[target]: cross-entropy from log-probabilities [..., C]; PyTorch's `nll_loss`. */
export function nll(
  logp: Tensor,
  targets: Int32Array,
  {
    ignoreIndex = -100,
    reduction = 'mean',
    ...rest
  }: Omit<CrossEntropyOptions, 'labelSmoothing'> = {},
): Tensor {
  noOthers('nll', rest);
  const { N, C } = rows(logp, 'nll');
  const { address, count } = checkTargets(targets, N, C, ignoreIndex, 'nll');
  const losses = output(logp.shape.slice(0, -1), [logp]);
  kernels.nll_forward(losses.ptr, logp.ptr, address, N, C, ignoreIndex);
  record([losses], () =>
    kernels.nll_backward(logp.wantGrad(), losses.gradPtr, address, N, C, ignoreIndex),
  );
  return reduction === 'mean' ? affine(sum(losses), 1 / count) : reduce(losses, reduction);
}

function checkSame(a: Tensor, b: Tensor, who: string): void {
  if (!sameShape(a.shape, b.shape))
    throw new RangeError(`${who}: shapes [${a.shape}] and [${b.shape}] differ`);
}

/** (a − b)², averaged. */
export function mse(
  a: Tensor,
  b: Tensor,
  { reduction = 'mean', ...rest }: { reduction?: Reduction } = {},
): Tensor {
  noOthers('mse', rest);
  checkSame(a, b, 'mse');
  const losses = output(a.shape, [a, b]);
  kernels.mse_forward(losses.ptr, a.ptr, b.ptr, a.size);
  record(
    [losses],
    () => kernels.mse_backward(a.wantGrad(), b.wantGrad(), losses.gradPtr, a.ptr, b.ptr, a.size),
    [a, b],
  );
  return reduce(losses, reduction);
}

/** −t·log σ(x) − (1 − t)·log(1 − σ(x)), stable for any x; `targets` t in [0, 1] are constants. */
export function bceWithLogits(
  logits: Tensor,
  targets: Tensor,
  { reduction = 'mean', ...rest }: { reduction?: Reduction } = {},
): Tensor {
  noOthers('bceWithLogits', rest);
  checkSame(logits, targets, 'bceWithLogits');
  const losses = output(logits.shape, [logits]);
  kernels.bce_logits_forward(losses.ptr, logits.ptr, targets.ptr, logits.size);
  record(
    [losses],
    () =>
      kernels.bce_logits_backward(
        logits.wantGrad(),
        losses.gradPtr,
        logits.ptr,
        targets.ptr,
        logits.size,
      ),
    [logits, targets],
  );
  return reduce(losses, reduction);
}

/**
 * x[n, ids[n]] for each row n: the picked elements.   x [..., C], one id per row → [...]
 *
 * @throws RangeError for an id outside 0 … C − 1, or another number of them than of rows
 */
export function gather(x: Tensor, ids: Int32Array): Tensor {
  const { N, C } = rows(x, 'gather');
  if (ids.length !== N) throw new RangeError(`gather: ${ids.length} ids for ${N} rows`);
  const address = borrowIds(ids, 0, C, 'gather: id');
  const y = output(x.shape.slice(0, -1), [x]);
  kernels.nll_forward(y.ptr, x.ptr, address, N, C, -1);
  record([y], () => kernels.nll_backward(x.wantGrad(), y.gradPtr, address, N, C, -1));
  return affine(y, -1);
}
