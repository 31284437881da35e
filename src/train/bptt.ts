/**
 * Truncated backpropagation through time: what recurrent models add to gradient descent on batches:
 * windows of time steps, the horizon of the gradients, and the state carried from window to window.
 */
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize } from '../tensor/shape.js';
import { CarriedState } from './carry.js';
import { checkFields, type OwnState } from './checkpoint.js';
import { GradientTrainer } from './gradient.js';
import type { StepResult } from './loop.js';
import { TRAINER_OPTIONS, type TrainerOptions } from './options.js';
import type { Batches, LossResult, Trainable, TrainBatch, TrainData } from './trainable.js';

/**
 * Trains a model on data, in one run or in many; owns the carried state and the place in the data.
 */
export class Trainer<
  Batch extends TrainBatch,
  Model extends Trainable<Batch> = Trainable<Batch>,
> extends GradientTrainer<Batch, TrainData<Batch>, Model> {
  private readonly window: { bptt: number; horizon: number; randomLength: boolean };
  private readonly recompute: number | undefined;
  private readonly carry: CarriedState;

  constructor(model: Model & Trainable<Batch>, options: TrainerOptions) {
    checkOptions('Trainer', options, TRAINER_OPTIONS);
    const { bptt = 64, horizon = bptt, randomLength = false, recompute, ...rest } = options;
    checkSize(bptt, 'bptt', 'Trainer');
    checkSize(horizon, 'horizon', 'Trainer');
    if (horizon < bptt)
      throw new RangeError(`Trainer: horizon ${horizon} is shorter than bptt ${bptt}`);
    if (recompute !== undefined) checkSize(recompute, 'recompute', 'Trainer');
    super(model, rest);
    this.window = { bptt, horizon, randomLength };
    this.recompute = recompute;
    this.carry = new CarriedState(B => model.stateShapes?.(B) ?? []);
  }

  protected open(data: TrainData<Batch>, random: Random): Batches<Batch> {
    return data.windows({ ...this.window, random });
  }

  protected override trainStep(batch: Batch, total: number): StepResult {
    this.carry.prepare(batch.B, batch.first);
    return super.trainStep(batch, total);
  }

  protected override loss(batch: Batch): LossResult {
    const { random, recompute } = this;
    return this.model.loss(batch, { state: this.carry.state, random, recompute });
  }

  protected override keep({ state }: LossResult): void {
    this.carry.keep(state);
  }

  /** Windows of random length learn at a rate in proportion to it (Merity et al. 2017). */
  protected override rate({ T, lossFrom }: Batch): number {
    const { bptt, randomLength } = this.window;
    return randomLength ? (T - lossFrom) / bptt : 1;
  }

  protected override ownState(): OwnState {
    const { values, tensors } = super.ownState();
    const carried = this.carry.save();
    carried.forEach((entry, i) => tensors.set(`carry.${i}`, entry));
    return { values: { ...values, carried: carried.length }, tensors };
  }

  protected override adopt(own: OwnState, changed: (name: string) => boolean): void {
    checkFields(own.values, { carried: 0 }, 'own.');
    const length = own.values['carried'] as number;
    this.carry.load(Array.from({ length }, (_, i) => own.tensors.get(`carry.${i}`)));
    super.adopt(own, changed);
  }

  protected override recipe(): Record<string, unknown> {
    return { ...this.window, recompute: this.recompute ?? null, ...super.recipe() };
  }

  /** Gives the carried state's and the optimizer's memory back; the model stays. */
  override dispose(): void {
    this.carry.dispose();
    super.dispose();
  }
}
