import { kernels } from '../runtime/kernels.js';
import { type Groups, Optimizer, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters, with PyTorch's defaults. */
export interface SGDOptions {
  /** μ: share of the last step's direction that is kept. Default 0. */
  momentum: number;
  /** τ: b = μ·b + (1 − τ)·g from the second step on. Default 0. */
  dampening: number;
  /** λ: adds λ·p to the gradient. Default 0. */
  weightDecay: number;
  /** Looks ahead along the momentum; needs momentum > 0 and no dampening. Default false. */
  nesterov: boolean;
}

type State = 'momentum_buffer';

/**
 * Stochastic gradient descent: p −= lr·g, with momentum p −= lr·b. As torch.optim.SGD.
 *
 * Row-sparse parameters take neither momentum nor weight decay, which would move every row; without
 * them the result is that of a dense gradient.
 */
export class SGD extends Optimizer<SGDOptions, State> {
  constructor(parameters: Groups<SGDOptions>, options: { lr: number } & Partial<SGDOptions>) {
    super('SGD', parameters, options, {
      lr: undefined,
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
    });
  }

  protected check(
    { momentum, dampening, weightDecay, nesterov }: SGDOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(momentum, 'momentum', { who });
    checkRange(dampening, 'dampening', { who, high: 1 });
    checkRange(weightDecay, 'weightDecay', { who });
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError(
        `${who}: nesterov with momentum ${momentum} and dampening ${dampening}, expected ` +
          'momentum > 0 and dampening 0',
      );
    }
    if (sparse && (momentum !== 0 || weightDecay !== 0)) {
      throw new RangeError(
        `${who}: momentum ${momentum} and weightDecay ${weightDecay} for a row-sparse parameter, expected 0; ` +
          'make it dense or give it a group of its own',
      );
    }
  }

  protected states({ momentum }: SGDOptions): Record<State, boolean> {
    return { momentum_buffer: momentum > 0 };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { momentum, dampening, weightDecay, nesterov }: SGDOptions,
  ): void {
    kernels.sgd_step(
      p,
      g,
      /* buffer */ state.momentum_buffer,
      n,
      lr,
      momentum,
      dampening,
      weightDecay,
      nesterov,
      /* first */ this.steps === 1,
    );
  }
}
