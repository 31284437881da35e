import { lend } from '../runtime/arena.js';
import { noOthers } from '../runtime/options.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { borrowIds, output, type Tensor } from '../tensor/tensor.js';
import { tasks } from './kernels.js';

/** How `attention` scores, and what it may see. */
export interface AttentionOptions {
  /** Encoder states of each row, 1 to S: [B]; those behind get the weight 0. Default: all. */
  lengths?: Int32Array | undefined;
  /** Scores are Σ v·tanh(q + k) (Bahdanau et al. 2015): [A]. Default: q·k (Luong et al. 2015). */
  v?: Tensor | undefined;
}

/** What `attention` returns. */
export interface Attended {
  /** The weighted mean of the values: [T, B, H], or [B, H] for queries [B, A]. */
  context: Tensor;
  /** What each encoder state weighs, in sum 1: [T, B, S], or [B, S] for queries [B, A]. */
  weights: Tensor;
}

/**
 * The mean of an encoder's states, weighted by how well they fit each query. Call `tasks.load`
 * first.
 *
 *   e_s = q·k_s  or  Σ v·tanh(q + k_s)    w = softmax(e)    context = Σ w_s·values_s
 *
 * Luong's `general` score is that of products, of a query that went through a linear layer.
 *
 * @param query [T, B, A], or [B, A] for one time step
 * @param keys [S, B, A]
 * @param values [S, B, H]
 * @param options lengths [B]; v [A]
 * @throws RangeError where shapes or lengths do not fit
 */
export function attention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  { lengths, v, ...rest }: AttentionOptions = {},
): Attended {
  const who = 'attention';
  noOthers(who, rest);
  const kernels = tasks(who);
  expectShape(keys, [-1, -1, -1], 'keys', who);
  const [S, B, A] = keys.shape as readonly [number, number, number];
  expectShape(values, [S, B, -1], 'values', who);
  const H = values.shape[2]!;
  const single = query.shape.length === 2;
  expectShape(query, single ? [B, A] : [-1, B, A], 'query', who);
  const T = single ? 1 : query.shape[0]!;
  if (v) expectShape(v, [A], 'v', who);
  if (lengths && lengths.length !== B)
    throw new RangeError(`${who}: ${lengths.length} lengths for ${B} rows`);
  const length = lengths ? borrowIds(lengths, 1, S + 1, `${who}: length`) : 0;
  const shape = (last: number) => (single ? [B, last] : [T, B, last]);
  const context = output(shape(H), [query, keys, values, v]);
  const weights = output(shape(S), [query, keys, v]);
  kernels.attention_forward(
    /* context */ context.ptr,
    /* weights */ weights.ptr,
    /* query */ query.ptr,
    /* keys */ keys.ptr,
    /* values */ values.ptr,
    /* v */ v?.ptr ?? 0,
    /* lengths */ length,
    T,
    B,
    S,
    A,
    H,
    /* rows */ B,
  );
  record(
    [context, weights],
    () =>
      lend(4 * B * A, dv =>
        lend(4 * B * S, dscores => {
          kernels.attention_backward(
            /* dquery */ query.wantGrad(),
            /* dkeys */ keys.wantGrad(),
            /* dvalues */ values.wantGrad(),
            dv,
            dscores,
            /* dcontext */ context.gradPtr,
            /* dweights */ weights.gradPtr,
            /* weights */ weights.ptr,
            /* query */ query.ptr,
            /* keys */ keys.ptr,
            /* values */ values.ptr,
            /* v */ v?.ptr ?? 0,
            /* lengths */ length,
            T,
            B,
            S,
            A,
            H,
            /* rows */ B,
          );
          const whole = v?.wantGrad() ?? 0;
          if (whole) kernels.attention_sum(whole, dv, B, A);
        }),
      ),
    [query, keys, values, v, weights],
  );
  return { context, weights };
}
