import { kernels } from '../runtime/kernels.js';
import { type Groups, Optimizer, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters, with PyTorch's defaults. */
export interface RMSpropOptions {
  /** α: how much of the mean square is kept at each step. Default 0.99. */
  alpha: number;
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /** λ: adds λ·p to the gradient. Default 0. */
  weightDecay: number;
  /** Share of the last step that is kept. Default 0. */
  momentum: number;
  /** Divides by the standard deviation instead of the root mean square. Default false. */
  centered: boolean;
}

type State = 'square_avg' | 'grad_avg' | 'momentum_buffer';

/**
 * s = α·s + (1 − α)·g², p −= lr·g / (√s + ε). Tieleman & Hinton 2012; centered: Graves 2013. As
 * torch.optim.RMSprop, which takes no row-sparse parameters either.
 */
export class RMSprop extends Optimizer<RMSpropOptions, State> {
  constructor(
    parameters: Groups<RMSpropOptions>,
    options: { lr?: number } & Partial<RMSpropOptions> = {},
  ) {
    super('RMSprop', parameters, options, {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
    });
  }

  protected check(
    { alpha, eps, weightDecay, momentum }: RMSpropOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(alpha, 'alpha', { who, high: 1 });
    checkRange(eps, 'eps', { who });
    checkRange(weightDecay, 'weightDecay', { who });
    checkRange(momentum, 'momentum', { who });
    if (sparse)
      throw new RangeError(
        `${who}: a row-sparse parameter; make it dense, or use SGD, Adagrad or Adam`,
      );
  }

  protected states({ momentum, centered }: RMSpropOptions): Record<State, boolean> {
    return { square_avg: true, grad_avg: centered, momentum_buffer: momentum > 0 };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { alpha, eps, weightDecay, momentum }: RMSpropOptions,
  ): void {
    kernels.rmsprop_step(
      p,
      g,
      /* square */ state.square_avg,
      /* mean */ state.grad_avg,
      /* buffer */ state.momentum_buffer,
      n,
      lr,
      alpha,
      eps,
      weightDecay,
      momentum,
    );
  }
}
