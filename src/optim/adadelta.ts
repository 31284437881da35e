import { kernels } from '../runtime/kernels.js';
import { type Groups, Optimizer, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters, with PyTorch's defaults. */
export interface AdadeltaOptions {
  /** ρ: how much of the mean squares is kept at each step. Default 0.9. */
  rho: number;
  /** ε, added under both roots. Default 1e-6. */
  eps: number;
  /** λ: adds λ·p to the gradient. Default 0. */
  weightDecay: number;
}

type State = 'square_avg' | 'acc_delta';

/**
 * p −= lr·√(u + ε) / √(s + ε)·g with the mean squares s of gradients and u of past steps. Zeiler
 * 2012, as torch.optim.Adadelta, which takes no row-sparse parameters either.
 */
export class Adadelta extends Optimizer<AdadeltaOptions, State> {
  constructor(
    parameters: Groups<AdadeltaOptions>,
    options: { lr?: number } & Partial<AdadeltaOptions> = {},
  ) {
    super('Adadelta', parameters, options, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 });
  }

  protected check(
    { rho, eps, weightDecay }: AdadeltaOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(rho, 'rho', { who, high: 1 });
    checkRange(eps, 'eps', { who });
    checkRange(weightDecay, 'weightDecay', { who });
    if (sparse)
      throw new RangeError(
        `${who}: a row-sparse parameter; make it dense, or use SGD, Adagrad or Adam`,
      );
  }

  protected states(): Record<State, boolean> {
    return { square_avg: true, acc_delta: true };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { rho, eps, weightDecay }: AdadeltaOptions,
  ): void {
    kernels.adadelta_step(
      p,
      g,
      /* square */ state.square_avg,
      /* delta */ state.acc_delta,
      n,
      lr,
      rho,
      eps,
      weightDecay,
    );
  }
}
