import { f32 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { type Groups, Optimizer, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters, with PyTorch's defaults. */
export interface AdagradOptions {
  /** The t-th step's rate is lr / (1 + (t − 1)·lrDecay). Default 0. */
  lrDecay: number;
  /** λ: adds λ·p to the gradient. Default 0. */
  weightDecay: number;
  /** What the sums of squares start from. Default 0. */
  initialAccumulatorValue: number;
  /** ε, added to the root. Default 1e-10. */
  eps: number;
}

type State = 'sum';

/**
 * s += g², p −= lr·g / (√s + ε). Duchi, Hazan & Singer 2011, as torch.optim.Adagrad.
 *
 * Row-sparse parameters take no weight decay; the result is that of a dense gradient.
 */
export class Adagrad extends Optimizer<AdagradOptions, State> {
  constructor(
    parameters: Groups<AdagradOptions>,
    options: { lr?: number } & Partial<AdagradOptions> = {},
  ) {
    super('Adagrad', parameters, options, {
      lr: 1e-2,
      lrDecay: 0,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      eps: 1e-10,
    });
    this.eachState('sum', ({ size }, address, { initialAccumulatorValue }) =>
      f32(address, size).fill(initialAccumulatorValue),
    );
  }

  protected check(
    { lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(lrDecay, 'lrDecay', { who });
    checkRange(weightDecay, 'weightDecay', { who });
    checkRange(initialAccumulatorValue, 'initialAccumulatorValue', { who });
    checkRange(eps, 'eps', { who });
    if (sparse && weightDecay !== 0) {
      throw new RangeError(
        `${who}: weightDecay ${weightDecay} for a row-sparse parameter, expected 0; make it ` +
          'dense or give it a group of its own',
      );
    }
  }

  protected states(): Record<State, boolean> {
    return { sum: true };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { lrDecay, weightDecay, eps }: AdagradOptions,
  ): void {
    kernels.adagrad_step(
      p,
      g,
      state.sum,
      n,
      lr / (1 + (this.steps - 1) * lrDecay),
      weightDecay,
      eps,
    );
  }
}
