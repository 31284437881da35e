import { kernels } from '../runtime/kernels.js';
import { type Groups, Optimizer, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters, with PyTorch's defaults. */
export interface AdamOptions {
  /**
   * β₁, β₂: how much of the mean gradient and of the mean square is kept at each step. Default
   * [0.9, 0.999].
   */
  betas: readonly [number, number];
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /**
   * λ. Adam adds λ·p to the gradient, default 0; AdamW takes lr·λ·p off the parameter itself,
   * default 0.01.
   */
  weightDecay: number;
  /** Divides by the largest mean square so far (Reddi et al. 2018). Default false. */
  amsgrad: boolean;
}

type State = 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';

const DEFAULTS: AdamOptions & { lr: number } = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
};

/** Adam and AdamW differ in where the weight decay goes. */
abstract class Moments extends Optimizer<AdamOptions, State> {
  /** Whether weight decay shrinks the parameter, and not by way of the gradient. */
  protected abstract readonly decoupled: boolean;

  protected check(
    { betas, eps, weightDecay }: AdamOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(betas[0], 'betas[0]', { who, high: 1, below: true });
    checkRange(betas[1], 'betas[1]', { who, high: 1, below: true });
    checkRange(eps, 'eps', { who });
    checkRange(weightDecay, 'weightDecay', { who });
    if (sparse && weightDecay !== 0) {
      throw new RangeError(
        `${who}: weightDecay ${weightDecay} for a row-sparse parameter, expected 0; make it ` +
          'dense or give it a group of its own',
      );
    }
  }

  protected states({ amsgrad }: AdamOptions): Record<State, boolean> {
    return { exp_avg: true, exp_avg_sq: true, max_exp_avg_sq: amsgrad };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { betas: [beta1, beta2], eps, weightDecay }: AdamOptions,
  ): void {
    const correction1 = 1 - kernels.pow64(beta1, this.steps);
    const correction2 = 1 - kernels.pow64(beta2, this.steps);
    kernels.adam_step(
      p,
      g,
      /* m */ state.exp_avg,
      /* v */ state.exp_avg_sq,
      /* vmax */ state.max_exp_avg_sq,
      n,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      /* decoupled */ this.decoupled,
      correction1,
      correction2,
    );
  }
}

/**
 * p −= lr·m̂ / (√v̂ + ε) with the bias-corrected means m̂ of the gradient and v̂ of its square.
 * Kingma & Ba 2015, as torch.optim.Adam.
 *
 * Row-sparse parameters are treated as by torch.optim.SparseAdam: the means of rows that the
 * gradient does not touch stay as they are (ε stands where Adam has it; SparseAdam adds it before
 * the correction). They take no weight decay.
 */
export class Adam extends Moments {
  /** Weight decay is added to the gradient. */
  protected readonly decoupled = false;

  constructor(
    parameters: Groups<AdamOptions>,
    options: { lr?: number } & Partial<AdamOptions> = {},
  ) {
    super('Adam', parameters, options, DEFAULTS);
  }
}

/**
 * Adam with decoupled weight decay: p also loses lr·λ·p. Loshchilov & Hutter 2019, as
 * torch.optim.AdamW.
 */
export class AdamW extends Moments {
  /** Weight decay shrinks the parameter itself. */
  protected readonly decoupled = true;

  constructor(
    parameters: Groups<AdamOptions>,
    options: { lr?: number } & Partial<AdamOptions> = {},
  ) {
    super('AdamW', parameters, options, { ...DEFAULTS, weightDecay: 1e-2 });
  }
}
