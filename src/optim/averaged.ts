import * as arena from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { checkSize } from '../tensor/shape.js';
import type { Parameter } from '../tensor/tensor.js';
import { type Groups, Optimizer, type OptimizerState, type Stretch } from './optimizer.js';
import { checkRange } from './range.js';

/** Hyper-parameters of `AveragedSGD`. */
export interface AveragedSGDOptions {
  /** λ: adds λ·p to the gradient. Default 0. */
  weightDecay: number;
  /**
   * n: averaging begins at the first validation that is no better than the best before the last n.
   * Default 5.
   */
  nonmonotone: number;
}

type State = 'ax';

/** Where the count of the averaged steps and the losses stand in a saved state. */
const HISTORY = 'optimizer.history';
/** Steps are kept as two numbers that f32 holds exactly. */
const WORD = 65536;

/**
 * Stochastic gradient descent whose weights are averaged once it has stopped improving: NT-ASGD
 * (Merity et al. 2017; averaging: Polyak & Juditsky 1992).
 *
 *   p −= lr·g;   from the trigger on, at its k-th step:   ax += (p − ax)/k
 *
 * The trigger is a validation loss above the smallest of those before the last `nonmonotone`. The
 * trainer shows the losses (`observe`), and measures and keeps the averages (`average`); steps go
 * on from the weights themselves. torch.optim.ASGD with lambd = 0, t0 = 0 is the same, but that
 * it counts the first step twice. Not for row-sparse parameters.
 */
export class AveragedSGD extends Optimizer<AveragedSGDOptions, State> {
  private readonly nonmonotone: number;
  /** Validation losses so far, as f32. */
  private losses: number[] = [];
  /** Steps before the first that is averaged; null: none is. */
  private start: number | null = null;

  /** @throws RangeError for a hyper-parameter out of range, or a row-sparse parameter */
  constructor(
    parameters: Groups<AveragedSGDOptions>,
    options: { lr: number } & Partial<AveragedSGDOptions>,
  ) {
    const defaults = { lr: undefined, weightDecay: 0, nonmonotone: 5 };
    super('AveragedSGD', parameters, options, defaults);
    this.nonmonotone = options.nonmonotone ?? defaults.nonmonotone;
    const other = this.describe().groups.find(each => each['nonmonotone'] !== this.nonmonotone);
    if (other) {
      this.dispose();
      throw new RangeError(
        `AveragedSGD: a group's nonmonotone is ${other['nonmonotone']}, the optimizer's ` +
          `${this.nonmonotone}; all weights are averaged from one step on, leave it out`,
      );
    }
  }

  protected check(
    { weightDecay, nonmonotone }: AveragedSGDOptions,
    { who, sparse }: { who: string; sparse: boolean },
  ): void {
    checkRange(weightDecay, 'weightDecay', { who });
    checkSize(nonmonotone, 'nonmonotone', who);
    if (sparse)
      throw new RangeError(
        `${who}: averages every row, and this parameter is row-sparse; make it dense`,
      );
  }

  protected states(): Record<State, boolean> {
    return { ax: true };
  }

  protected update(
    { p, g, state, n, lr }: Stretch<State>,
    { weightDecay }: AveragedSGDOptions,
  ): void {
    sgd(p, g, n, lr, weightDecay);
    // ax −= −1/k · (p + (−1)·ax)
    if (this.start !== null) sgd(state.ax, p, n, -1 / (this.steps - this.start), -1);
  }

  /** Steps that the averages are of; 0 before the trigger. */
  get averaged(): number {
    return this.start === null ? 0 : this.steps - this.start;
  }

  /** Looks at a validation loss: the averages may begin. */
  observe(loss: number): void {
    const seen = Math.fround(loss);
    const earlier = this.losses.slice(0, -this.nonmonotone);
    if (this.start === null && earlier.length > 0 && !(seen <= Math.min(...earlier)))
      this.start = this.steps;
    if (this.start === null) this.losses.push(seen);
  }

  /**
   * Puts the averages in the weights' place, where there are any.
   *
   * @returns puts the weights back; call it before the next step
   */
  average(): () => void {
    if (this.averaged === 0) return () => {};
    const exchange = (): void =>
      this.eachState('ax', (parameter, address) => {
        if (!parameter.requiresGrad) return;
        const weights = arena.f32(parameter.ptr, parameter.size);
        const averages = arena.f32(address, parameter.size);
        const kept = weights.slice();
        weights.set(averages);
        averages.set(kept);
        parameter.wrote();
      });
    exchange();
    return exchange;
  }

  /** As `Optimizer.stateDict`, with the losses seen and the step that averaging began at. */
  override stateDict(names?: ReadonlyMap<Parameter, string>): OptimizerState {
    const state = super.stateDict(names);
    const { start, losses } = this;
    const [high, low] = start === null ? [-1, 0] : [Math.floor(start / WORD), start % WORD];
    return { ...state, tensors: { ...state.tensors, [HISTORY]: Float32Array.of(high, low, ...losses) } }; // biome-ignore format: one line
  }

  /** As `Optimizer.loadStateDict`. */
  override loadStateDict(state: OptimizerState, names?: ReadonlyMap<Parameter, string>): void {
    const { [HISTORY]: history, ...tensors } = state.tensors;
    const [high = NaN, low = NaN, ...losses] = history ?? [];
    const start = high === -1 ? null : high * WORD + low;
    if (start !== null && !(Number.isInteger(start) && start >= 0 && start <= state.step))
      throw new Error(
        `AveragedSGD.loadStateDict: "${HISTORY}" ${history ? `begins with ${high}, ${low}` : 'is missing'}`,
      );
    super.loadStateDict({ ...state, tensors }, names);
    this.start = start;
    this.losses = losses;
  }
}

/** p −= lr·(g + decay·p) */
function sgd(p: number, g: number, n: number, lr: number, weightDecay: number): void {
  kernels.sgd_step(
    p,
    g,
    /* buffer */ 0,
    n,
    lr,
    /* momentum */ 0,
    /* dampening */ 0,
    weightDecay,
    /* nesterov */ false,
    /* first */ false,
  );
}
