/** Gradient descent: loss → backward → clip → optimizer, whatever the batches are. */
import type { StateEntry } from '../nn/module.js';
import { clipNorm, clipValue, findNonfinite, gradNorm } from '../optim/clip.js';
import { constant, type ScheduleState } from '../optim/schedule.js';
import { checkOptions } from '../runtime/options.js';
import { scope } from '../tensor/scope.js';
import { type Parameter, watchGradients } from '../tensor/tensor.js';
import { checkFields, type OwnState } from './checkpoint.js';
import { Loop, type Nonfinite, type StepResult } from './loop.js';
import { type AnyOptimizer, BATCH_OPTIONS, type BatchTrainerOptions } from './options.js';
import type { Metrics } from './report.js';
import type { Fingerprinted, LossResult, PlainBatch, Trainable } from './trainable.js';

/**
 * What the trainers of models with gradients share; a client adds how its data is cut into batches.
 */
export abstract class GradientTrainer<
  Batch extends PlainBatch,
  Data extends Fingerprinted,
  Model extends Trainable<Batch> = Trainable<Batch>,
> extends Loop<Batch, Data, Model> {
  /** Moves the model's parameters. */
  readonly optimizer: AnyOptimizer;
  private readonly descent: BatchTrainerOptions & {
    schedule: NonNullable<BatchTrainerOptions['schedule']>;
  };
  private readonly baseLr: number;
  /** Whether the first step has shown that the model knows all parameters it trains. */
  private known = false;

  constructor(model: Model & Trainable<Batch>, options: BatchTrainerOptions) {
    checkOptions('Trainer', options, BATCH_OPTIONS);
    for (const name of ['clipNorm', 'clipValue'] as const) {
      const value = options[name];
      if (value !== undefined && !(value > 0))
        throw new RangeError(`Trainer: ${name} is ${value}, expected a number > 0`);
    }
    super(model, options);
    this.optimizer = options.optimizer;
    this.descent = { ...options, schedule: options.schedule ?? constant() };
    this.baseLr = options.optimizer.lr;
  }

  /** The loss of a batch, inside a scope. */
  protected loss(batch: Batch): LossResult {
    return this.model.loss(batch, { state: undefined, random: this.random });
  }

  /** Called inside the scope once the step is known to be good. */
  protected keep?(result: LossResult): void;

  /** What the learning rate of a batch is multiplied by. */
  protected rate(_batch: Batch): number {
    return 1;
  }

  protected trainStep(batch: Batch, total: number): StepResult {
    const { model, optimizer, descent } = this;
    const { parameters } = optimizer;
    const { tokens } = batch;
    // where the number of batches varies there may be more steps than were estimated
    const at = Math.min(this.step, total - 1);
    const lr = descent.schedule.lr(at, total, this.baseLr) * this.rate(batch);
    let loss = 0;
    let norm = 0;
    model.zeroGrad(); // also what the optimizer was not given
    scope(() => {
      const result = this.loss(batch);
      if (tokens === 0) return this.keep?.(result); // nothing to learn from
      loss = result.loss.item();
      if (this.known) result.loss.backward();
      else this.checkKnown(() => result.loss.backward());
      norm =
        descent.clipNorm === undefined
          ? gradNorm(parameters)
          : clipNorm(parameters, descent.clipNorm);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw this.notFinite(loss);
      if (descent.clipValue !== undefined) clipValue(parameters, descent.clipValue);
      this.keep?.(result);
    });
    if (tokens > 0) {
      optimizer.lr = lr;
      try {
        optimizer.step();
      } finally {
        optimizer.lr = this.baseLr; // as it was given: another trainer starts from it
      }
    }
    return { loss, tokens, lr, gradNorm: norm };
  }

  private notFinite(loss: number): Error {
    const culprit = findNonfinite(this.model.namedParameters());
    const where = culprit
      ? `the ${culprit.part} of "${culprit.name}" is ${culprit.value} at element ${culprit.index}`
      : 'the norm of the gradient is not finite';
    return new Error(
      `train: step ${this.step + 1}: loss ${loss}, ${where}; lower the learning rate ` +
        `or clip the gradient's norm, and go on from the last checkpoint`,
    );
  }

  protected nonfinite(): Nonfinite | undefined {
    const culprit = findNonfinite(this.model.namedParameters());
    return culprit?.part === 'value' ? culprit : undefined;
  }

  /** Runs the first backward: each parameter it reaches must be one that the model's files hold. */
  private checkKnown(backward: () => void): void {
    const own = new Set(this.model.parameters());
    watchGradients(parameter => {
      if (!own.has(parameter))
        throw new TypeError(
          `Trainer: the loss depends on a Parameter [${parameter.shape}] that is in no field of ` +
            'the model, where files would miss it; keep it in a field, an array or a plain ' +
            'object (not a #private field), or set its requiresGrad to false',
        );
    }, backward);
    this.known = true;
  }

  protected override observe({ loss }: Metrics): void {
    if (loss === undefined) return;
    this.descent.schedule.observe?.(loss);
    this.optimizer.observe?.(loss);
  }

  protected override measured(): (() => void) | undefined {
    return this.optimizer.average?.();
  }

  protected ownState(): OwnState {
    const names = this.names();
    const shapes = new Map([...names].map(([{ shape }, name]) => [name, shape]));
    const { tensors, step, lr } = this.optimizer.stateDict(names);
    const named = Object.entries(tensors).map(([name, data]): [string, StateEntry] => {
      const parameter = name.split('.').slice(2).join('.');
      return [name, { shape: shapes.get(parameter) ?? [data.length], data }];
    });
    return {
      values: {
        optimizer: { kind: this.kind, step, lr },
        schedule: this.descent.schedule.state?.() ?? null,
      },
      tensors: new Map(named),
    };
  }

  /** The optimizer's name; null where it does not say. */
  private get kind(): string | null {
    return this.optimizer.describe?.().kind ?? null;
  }

  protected adopt({ values, tensors }: OwnState, changed: (name: string) => boolean): void {
    checkFields(values, { optimizer: {}, schedule: {} }, 'own.');
    const { schedule } = this.descent;
    const { optimizer, schedule: then } = values as {
      optimizer: { kind: string | null; step: number; lr: number };
      schedule: ScheduleState | null;
    };
    const own = [...tensors].filter(([name]) => name.startsWith('optimizer.'));
    if (then && !changed('schedule')) schedule.restore?.(then);
    if (optimizer.kind === this.kind)
      this.optimizer.loadStateDict(
        { ...optimizer, tensors: Object.fromEntries(own.map(([name, { data }]) => [name, data])) },
        this.names(),
      );
    this.optimizer.lr = this.baseLr;
  }

  protected recipe(): Record<string, unknown> {
    const { clipNorm = null, clipValue = null, schedule } = this.descent;
    const optimizer = this.optimizer.describe?.();
    return {
      clipNorm,
      clipValue,
      optimizer: optimizer
        ? { kind: optimizer.kind, lr: this.baseLr, groups: optimizer.groups }
        : null,
      schedule: schedule.config ?? null,
    };
  }

  /** The model's names, whatever the optimizer was given. */
  private names(): Map<Parameter, string> {
    return new Map([...this.model.namedParameters()].map(([name, parameter]) => [parameter, name]));
  }

  /** Gives the optimizer's memory back; the model stays. */
  dispose(): void {
    this.optimizer.dispose();
  }
}
