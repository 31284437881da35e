/**
 * The training loop: batches → loss → backward → clip → optimizer, with validation, early stopping
 * and exact resume.
 */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import { clipNorm, clipValue, findNonfinite, gradNorm } from '../optim/clip.js';
import { constant } from '../optim/schedule.js';
import { runtimeInfo } from '../runtime/init.js';
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { scope } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { type Parameter, watchGradients } from '../tensor/tensor.js';
import { CarriedState } from './carry.js';
import { beginning, type Progress, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import {
  type AnyOptimizer,
  RUN_OPTIONS,
  type RunOptions,
  TRAINER_OPTIONS,
  type TrainerOptions,
} from './options.js';
import { Pacer } from './pace.js';
import type { EndReason, EndReport, Report, StepReport } from './report.js';
import type { Batches, Trainable, TrainBatch, TrainData } from './trainable.js';

/** From one checkpoint to the next passes at least this many times what one takes: 2 %. */
const SAVING = 50;

/** Options that fix what a step is: a resumed run must have the same. */
const FIXED = ['bptt', 'horizon', 'randomLength', 'recompute', 'clipNorm', 'clipValue'] as const;

/** What a resumed run may have otherwise, where the caller says so. */
export type Acceptable = (typeof FIXED)[number] | 'optimizer' | 'schedule' | 'build';

/**
 * Trains a model on data, in one run or in many; owns the carried state and the place in the data.
 */
export class Trainer<Batch extends TrainBatch, Model extends Trainable<Batch> = Trainable<Batch>> {
  /** The model that is trained. */
  readonly model: Model;
  /** Moves the model's parameters. */
  readonly optimizer: AnyOptimizer;
  private readonly options: Required<
    Pick<TrainerOptions, 'schedule' | 'bptt' | 'horizon' | 'randomLength' | 'reportEvery'>
  > &
    TrainerOptions;
  private readonly baseLr: number;
  private readonly carry: CarriedState;
  private random: Random;
  private progress: Progress;
  private fingerprint: string | null = null;
  private best: Map<string, StateEntry> | null = null;
  private running = false;
  /** Whether the first step has shown that the model knows all parameters it trains. */
  private known = false;

  constructor(model: Model & Trainable<Batch>, options: TrainerOptions) {
    checkOptions('Trainer', options, TRAINER_OPTIONS);
    const { bptt = 64, horizon = bptt, seed = 1, epochs, steps } = options;
    checkSize(bptt, 'bptt', 'Trainer');
    checkSize(horizon, 'horizon', 'Trainer');
    if (horizon < bptt)
      throw new RangeError(`Trainer: horizon ${horizon} is shorter than bptt ${bptt}`);
    for (const name of [
      'recompute',
      'epochs',
      'steps',
      'reportEvery',
      'validEvery',
      'patience',
    ] as const) {
      const value = options[name];
      if (value !== undefined) checkSize(value, name, 'Trainer');
    }
    for (const name of ['clipNorm', 'clipValue'] as const) {
      const value = options[name];
      if (value !== undefined && !(value > 0))
        throw new RangeError(`Trainer: ${name} is ${value}, expected a number > 0`);
    }
    if (epochs !== undefined && steps !== undefined)
      throw new RangeError('Trainer: give epochs or steps, not both');
    this.model = model;
    this.optimizer = options.optimizer;
    this.options = {
      schedule: constant(),
      randomLength: false,
      reportEvery: 50,
      ...options,
      bptt,
      horizon,
    };
    this.baseLr = options.optimizer.lr;
    this.carry = new CarriedState(B => model.stateShapes?.(B) ?? []);
    this.random = new Random(seed);
    this.progress = beginning(this.random.state);
  }

  /** Steps done since the start of training. */
  get step(): number {
    return this.progress.step;
  }

  /** Fingerprint of the data that training began with; null before. */
  get dataFingerprint(): string | null {
    return this.fingerprint;
  }

  /** The lowest validation loss so far; null before the first validation. */
  get bestValidLoss(): number | null {
    return this.progress.bestValidLoss;
  }

  /**
   * Trains, and yields a report every `reportEvery` steps, after each validation, and at the end.
   * Leaving the loop early stops training between two steps; another `run` goes on from there.
   *
   * @throws Error when the loss or a gradient is not finite: names the step and the parameter; the
   *   weights stay as they were before that step
   */
  async *run(
    data: TrainData<Batch>,
    run: RunOptions = {},
  ): AsyncGenerator<Report, void, undefined> {
    if (this.running)
      throw new Error('Trainer.run: already running; finish or leave the other loop first');
    checkOptions('Trainer.run', run, RUN_OPTIONS);
    const { steps, checkpointEvery: every } = run;
    if (steps !== undefined) checkSize(steps, 'steps', 'Trainer.run');
    if (typeof every === 'number') checkSize(every, 'checkpointEvery', 'Trainer.run');
    else if (every && !(every.seconds > 0))
      throw new RangeError(
        `Trainer.run: checkpointEvery.seconds is ${every.seconds}, expected a number > 0`,
      );
    if (this.fingerprint !== null && this.fingerprint !== data.fingerprint) {
      throw new RangeError(
        'Trainer.run: this is not the data that training began with; pass the same text and ' +
          'batch size, or train the model on other data with a new Trainer',
      );
    }
    this.fingerprint = data.fingerprint;
    this.running = true;
    try {
      yield* this.loop(data, run);
    } finally {
      this.running = false;
    }
  }

  private async *loop(
    data: TrainData<Batch>,
    run: RunOptions,
  ): AsyncGenerator<Report, void, undefined> {
    const { progress, options } = this;
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const pacer = new Pacer();
    let windows = this.openEpoch(data);
    progress.perEpoch ??= windows.length;
    const { steps, epochs: passes = 1 } = options;
    const total = steps ?? passes * progress.perEpoch; // with random lengths an estimate
    const budget = progress.step + (run.steps ?? Infinity);
    const last = Math.min(total, budget);
    const finished = (): boolean =>
      steps === undefined
        ? progress.epoch + 1 >= passes && progress.position >= windows.length
        : progress.step >= steps;
    let busy = 0;
    let sinceReport = 0;
    let reason: EndReason | null = null;
    let saved = { step: -1, due: false, at: began, took: 0 };

    const save = async (): Promise<void> => {
      const { step, validationDue: due } = progress;
      if (!run.checkpoint || (saved.step === step && saved.due === due)) return;
      this.checkFinite();
      const start = performance.now();
      await run.checkpoint(this.save(), reason);
      const at = performance.now();
      saved = { step, due, at, took: at - start };
    };
    const { checkpointEvery: every } = run;
    const saveIsDue = (): boolean =>
      typeof every === 'number'
        ? progress.step % every === 0
        : every !== undefined &&
          performance.now() - saved.at >= Math.max(1000 * every.seconds, SAVING * saved.took);
    const epochs = (): number => progress.epoch + progress.position / windows.length;

    while (reason === null) {
      if (progress.validationDue && run.validate && !run.signal?.aborted) {
        this.checkFinite();
        if (typeof every === 'object' && saveIsDue()) await save(); // validation may take long
        const result = await this.validate(run.validate, run.signal);
        if (result) {
          yield {
            type: 'valid',
            step: progress.step,
            epoch: epochs(),
            validLoss: result.loss,
            bitsPerToken: result.loss / Math.LN2,
            perplexity: Math.exp(result.loss),
            tokens: result.tokens,
          };
          if (typeof every !== 'object' || saveIsDue()) await save();
        }
      }
      if (finished() && !(progress.validationDue && run.validate)) reason = 'finished';
      else if (options.patience !== undefined && progress.badValidations >= options.patience)
        reason = 'early';
      else if (run.signal?.aborted) reason = 'aborted';
      else if (progress.step >= budget || seconds() >= (run.maxSeconds ?? Infinity))
        reason = 'budget';
      if (reason !== null) break;

      const start = performance.now();
      if (progress.position >= windows.length) {
        progress.epoch++;
        progress.epochRandom = null;
        windows = this.openEpoch(data);
      }
      const entry = windows.next();
      if (entry.done)
        throw new RangeError(
          `Trainer.run: the data promised ${windows.length} batches and gave ${progress.position}`,
        );
      const { lr, norm } = this.trainStep(entry.value, total);
      progress.position = windows.position;
      busy += performance.now() - start;
      sinceReport++;
      const atEnd = finished();
      if (
        options.validEvery === undefined
          ? progress.position === windows.length || atEnd
          : progress.step % options.validEvery === 0 || atEnd
      )
        progress.validationDue = true;
      const due = progress.step % options.reportEvery === 0 || atEnd || progress.step >= budget;
      if (due && progress.pendingTokens > 0) {
        const left = Math.max(last - progress.step, 0);
        yield this.report(epochs(), lr, norm, busy, (left * busy) / sinceReport);
        busy = 0;
        sinceReport = 0;
      }
      if (!(progress.validationDue && run.validate) && saveIsDue()) await save();
      await pacer.pause();
    }
    this.checkFinite();
    await save();
    const end: EndReport = {
      type: 'end',
      reason,
      step: progress.step,
      validLoss: progress.validLoss,
      bestValidLoss: progress.bestValidLoss,
      seconds: seconds(),
    };
    yield end;
  }

  /** The windows of the present epoch, from where it stands. */
  private openEpoch(data: TrainData<Batch>): Batches<Batch> {
    const { progress } = this;
    const { bptt, horizon, randomLength } = this.options;
    if (progress.epochRandom === null) {
      progress.epochRandom = this.random.fork().state;
      progress.position = 0;
    }
    const windows = data.windows({
      bptt,
      horizon,
      randomLength,
      random: Random.fromState(progress.epochRandom),
    });
    if (windows.length === 0)
      throw new RangeError(
        'Trainer.run: the data has no batches; give more of it, or smaller ones',
      );
    windows.position = progress.position;
    return windows;
  }

  private trainStep(batch: Batch, total: number): { lr: number; norm: number } {
    const { model, optimizer, options, progress } = this;
    const { parameters } = optimizer;
    // random lengths may make more steps than were estimated
    let lr = options.schedule.lr(Math.min(progress.step, total - 1), total, this.baseLr);
    if (options.randomLength) lr *= (batch.T - batch.lossFrom) / options.bptt;
    const state = this.carry.prepare(batch.B, batch.first);
    let norm = 0;
    model.zeroGrad(); // also what the optimizer was not given
    scope(() => {
      const result = model.loss(batch, {
        state,
        random: this.random,
        recompute: options.recompute,
      });
      if (batch.tokens === 0) return this.carry.keep(result.state); // nothing to learn from
      const loss = result.loss.item();
      if (this.known) result.loss.backward();
      else this.checkKnown(() => result.loss.backward());
      norm =
        options.clipNorm === undefined
          ? gradNorm(parameters)
          : clipNorm(parameters, options.clipNorm);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw this.notFinite(loss);
      if (options.clipValue !== undefined) clipValue(parameters, options.clipValue);
      this.carry.keep(result.state);
      progress.pendingLoss += loss * batch.tokens;
    });
    if (batch.tokens > 0) {
      optimizer.lr = lr;
      try {
        optimizer.step();
      } finally {
        optimizer.lr = this.baseLr; // as it was given: another trainer starts from it
      }
    }
    progress.step++;
    progress.tokens += batch.tokens;
    progress.pendingTokens += batch.tokens;
    return { lr, norm };
  }

  private notFinite(loss: number): Error {
    const culprit = findNonfinite(this.model.namedParameters());
    const where = culprit
      ? `the ${culprit.part} of "${culprit.name}" is ${culprit.value} at element ${culprit.index}`
      : 'the norm of the gradient is not finite';
    return new Error(
      `train: step ${this.progress.step + 1}: loss ${loss}, ${where}; lower the learning rate ` +
        `or clip the gradient's norm, and go on from the last checkpoint`,
    );
  }

  /** Broken weights must not be measured, nor replace good ones in a file. */
  private checkFinite(): void {
    const culprit = findNonfinite(this.model.namedParameters());
    if (culprit?.part === 'value') {
      throw new Error(
        `train: step ${this.progress.step}: "${culprit.name}" is ${culprit.value} at element ` +
          `${culprit.index}; nothing is written, the last checkpoint is good; lower the learning ` +
          'rate, and go on from there',
      );
    }
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

  private async validate(
    validate: NonNullable<RunOptions['validate']>,
    signal: AbortSignal | undefined,
  ): Promise<{ loss: number; tokens: number } | null> {
    const { progress } = this;
    let result: { loss: number; tokens: number };
    try {
      result = await validate(signal);
    } catch (error) {
      if (signal?.aborted) return null; // stays due: the resumed run begins with it
      throw error;
    }
    progress.validationDue = false;
    progress.validLoss = result.loss;
    if (result.loss < (progress.bestValidLoss ?? Infinity)) {
      progress.bestValidLoss = result.loss;
      progress.badValidations = 0;
      this.best = this.model.stateDict();
    } else progress.badValidations++;
    this.options.schedule.observe?.(result.loss);
    return result;
  }

  private report(
    epoch: number,
    lr: number,
    gradNorm: number,
    busy: number,
    etaMs: number,
  ): StepReport {
    const { progress } = this;
    const clock = busy > 0;
    const report: StepReport = {
      type: 'step',
      step: progress.step,
      epoch,
      tokens: progress.tokens,
      loss: progress.pendingLoss / progress.pendingTokens,
      gradNorm,
      lr,
      tokensPerSecond: clock ? (1000 * progress.pendingTokens) / busy : null,
      etaSeconds: clock ? etaMs / 1000 : null,
    };
    progress.pendingLoss = progress.pendingTokens = 0;
    return report;
  }

  /**
   * Puts the weights of the best validation back into the model; does nothing where there was none.
   */
  loadBest(): void {
    if (this.best) this.model.loadStateDict(this.best);
  }

  /**
   * The bytes of a checkpoint: with them `restore` goes on exactly where this stands. Call between
   * runs, or in `checkpoint`.
   */
  save(): Uint8Array {
    this.progress.random = this.random.state;
    return writeCheckpoint(this.describe(), {
      progress: this.progress,
      optimizer: this.optimizer.stateDict(this.names()),
      schedule: this.options.schedule.state?.() ?? null,
      fingerprint: this.fingerprint,
      carried: this.carry.save(),
      best: this.best,
      fixed: this.fixed(),
      note: this.options.note ?? null,
    });
  }

  /**
   * The trainer of a checkpoint, for a process that knows nothing but its bytes. `make` builds
   * model and trainer anew, with the options of the first run: a checkpoint holds numbers, not the
   * code of an optimizer or a schedule. It may look up options in the checkpoint's note (`noteOf`).
   * The file is read once, and model and trainer are disposed if it does not fit.
   *
   *     const make = (model: RecurrentLM) => new Trainer(model, { optimizer: new
   *     Adam(model.namedParameters()), steps: 5000 }); const trainer = bytes ? Trainer.load(bytes,
   *     file => make(RecurrentLM.from(file))) : make(new RecurrentLM({ vocab }));
   *
   * @throws RangeError as `restore`
   */
  static load<T extends Pick<Trainer<never>, 'model' | 'restore' | 'dispose'>>(
    bytes: Bytes,
    make: (file: ModelFile) => T,
  ): T {
    const file = readModel(bytes);
    const trainer = make(file);
    try {
      trainer.restore(file);
    } catch (error) {
      trainer.dispose();
      trainer.model.dispose();
      throw error;
    }
    return trainer;
  }

  /**
   * Goes on from a checkpoint, in a trainer made with the same model and options. Nothing changes
   * unless everything fits.
   *
   * @param options accept: what may differ from the run that wrote the checkpoint: options that
   *   change what a step is, the `optimizer` or its hyper-parameters (the state of another kind of
   *   optimizer is not taken over), the `schedule`, the `build` of the kernels
   * @throws RangeError for a damaged file, another model, or a difference that is not accepted
   */
  restore(
    checkpoint: Bytes | ModelFile,
    { accept = [] }: { accept?: readonly Acceptable[] } = {},
  ): void {
    const file = 'state' in checkpoint ? checkpoint : readModel(checkpoint);
    const { best, ...saved } = readCheckpoint(file);
    const own = this.describe();
    for (const part of ['kind', 'config', 'vocab'] as const) {
      if (JSON.stringify(file[part]) !== JSON.stringify(own[part])) {
        throw new RangeError(
          `resume: the checkpoint's ${part} is ${brief(file[part])}, expected ` +
            `${brief(own[part])}; make the model with the same options`,
        );
      }
    }
    const now = this.fixed();
    const accepted = (name: string): boolean => accept.includes(name as Acceptable);
    const changed = (name: string): boolean =>
      JSON.stringify(saved.fixed[name]) !== JSON.stringify(now[name]);
    for (const [name, value] of Object.entries(now)) {
      if (changed(name) && !accepted(name))
        throw new RangeError(
          `resume: ${name} was ${brief(saved.fixed[name])}, and is ${brief(value)} now; a run ` +
            `goes on with what it began with, unless told to accept: ['${name}']`,
        );
    }
    const kind = (fixed: Record<string, unknown>): unknown =>
      (fixed['optimizer'] as { kind?: unknown } | null)?.kind;
    const carried = this.carry.save();
    const { schedule } = this.options;
    const scheduled = schedule.state?.();
    try {
      if (saved.schedule && !(accepted('schedule') && changed('schedule')))
        schedule.restore?.(saved.schedule);
      if (best) this.model.loadStateDict(best); // checks it
      this.model.loadStateDict(new Map([...file.state].filter(([name]) => own.state.has(name))));
      this.carry.load(saved.carried);
      if (kind(saved.fixed) === kind(now))
        this.optimizer.loadStateDict(saved.optimizer, this.names());
    } catch (error) {
      this.model.loadStateDict(own.state);
      this.carry.load(carried);
      if (scheduled) schedule.restore?.(scheduled);
      throw error;
    }
    this.optimizer.lr = this.baseLr;
    this.best = best;
    this.progress = { ...saved.progress };
    this.random = Random.fromState(saved.progress.random);
    this.fingerprint = saved.fingerprint;
  }

  /** What files say of the model. */
  private describe(): ModelFile {
    const { model } = this;
    const plain = { kind: 'model', config: null, vocab: null };
    return model.describe?.() ?? { ...plain, state: model.stateDict() };
  }

  private fixed(): Record<string, unknown> {
    const optimizer = this.optimizer.describe?.();
    return {
      ...Object.fromEntries(FIXED.map(name => [name, this.options[name] ?? null])),
      optimizer: optimizer
        ? { kind: optimizer.kind, lr: this.baseLr, groups: optimizer.groups }
        : null,
      schedule: this.options.schedule.config ?? null,
      build: runtimeInfo().build,
    };
  }

  /** The model's names, whatever the optimizer was given. */
  private names(): Map<Parameter, string> {
    return new Map([...this.model.namedParameters()].map(([name, parameter]) => [parameter, name]));
  }

  /** Gives the carried state's and the optimizer's memory back; the model stays. */
  dispose(): void {
    this.carry.dispose();
    this.optimizer.dispose();
  }

  /** As `dispose`, at the end of a block: `using trainer = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
