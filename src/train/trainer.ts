/**
 * The training loop: batches → loss → backward → clip → optimizer, with validation, early stopping
 * and exact resume.
 */
import { type ModelFile, readModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import { clipNorm, clipValue, findNonfinite, gradNorm } from '../optim/clip.js';
import { constant } from '../optim/schedule.js';
import { Random } from '../runtime/random.js';
import { scope } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import type { Parameter } from '../tensor/tensor.js';
import { Carry } from './carry.js';
import { type Progress, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { AnyOptimizer, RunOptions, TrainerOptions } from './options.js';
import { Pacer } from './pace.js';
import type { EndReason, EndReport, Report, StepReport } from './report.js';
import type { Trainable, TrainBatch, TrainData, Windows } from './trainable.js';

/** Options that fix what a step is: a resumed run must have the same. */
const FIXED = ['bptt', 'horizon', 'randomLength', 'recompute', 'clipNorm', 'clipValue'] as const;

/**
 * Trains a model on data, in one run or in many; owns the carried state and the place in the data.
 */
export class Trainer<Batch extends TrainBatch, Model extends Trainable<Batch> = Trainable<Batch>> {
  readonly model: Model;
  readonly optimizer: AnyOptimizer;
  private readonly options: Required<
    Pick<TrainerOptions, 'schedule' | 'bptt' | 'horizon' | 'randomLength' | 'reportEvery'>
  > &
    TrainerOptions;
  private readonly baseLr: number;
  private readonly carry: Carry;
  private random: Random;
  private progress: Progress;
  private fingerprint: string | null = null;
  private best: Map<string, StateEntry> | null = null;
  private running = false;

  constructor(model: Model & Trainable<Batch>, options: TrainerOptions) {
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
    this.carry = new Carry(B => model.stateShapes(B));
    this.random = new Random(seed);
    this.progress = {
      step: 0,
      epoch: 0,
      position: 0,
      tokens: 0,
      pendingLoss: 0,
      pendingTokens: 0,
      validationDue: false,
      validLoss: null,
      bestValidLoss: null,
      badValidations: 0,
      random: this.random.state,
      perEpoch: null,
      epochRandom: null,
    };
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
    for (const name of ['steps', 'checkpointEvery'] as const) {
      const value = run[name];
      if (value !== undefined) checkSize(value, name, 'Trainer.run');
    }
    if (this.fingerprint !== null && this.fingerprint !== data.fingerprint) {
      throw new RangeError(
        'Trainer.run: this is not the data that training began with; pass the same text and ' +
          'batch size',
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
    const total = options.steps ?? (options.epochs ?? 1) * progress.perEpoch;
    const last = Math.min(total, progress.step + (run.steps ?? Infinity));
    let busy = 0;
    let sinceReport = 0;
    let savedAt = -1;

    const save = async (): Promise<void> => {
      if (!run.checkpoint || savedAt === progress.step) return;
      this.checkFinite();
      await run.checkpoint(this.save());
      savedAt = progress.step;
    };
    const epochs = (): number => progress.epoch + progress.position / windows.length;

    let reason: EndReason | null = null;
    while (reason === null) {
      if (progress.validationDue && run.validate && !run.signal?.aborted) {
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
          await save();
        }
      }
      if (progress.step >= total) reason = 'finished';
      else if (options.patience !== undefined && progress.badValidations >= options.patience)
        reason = 'early';
      else if (run.signal?.aborted) reason = 'aborted';
      else if (progress.step >= last || seconds() >= (run.maxSeconds ?? Infinity))
        reason = 'budget';
      if (reason !== null) break;

      const start = performance.now();
      let entry = windows.next();
      if (entry.done) {
        progress.epoch++;
        progress.epochRandom = null;
        windows = this.openEpoch(data);
        entry = windows.next();
        if (entry.done) throw new RangeError('Trainer.run: the data has no batches');
      }
      const { lr, norm } = this.trainStep(entry.value, total);
      progress.position = windows.position;
      busy += performance.now() - start;
      sinceReport++;
      const atEnd = progress.step >= total;
      if (
        options.validEvery === undefined
          ? progress.position === windows.length || atEnd
          : progress.step % options.validEvery === 0 || atEnd
      )
        progress.validationDue = true;
      if (progress.step % options.reportEvery === 0 || progress.step >= last) {
        yield this.report(epochs(), lr, norm, busy, ((last - progress.step) * busy) / sinceReport);
        busy = 0;
        sinceReport = 0;
      }
      if (
        run.checkpointEvery !== undefined &&
        progress.step % run.checkpointEvery === 0 &&
        !progress.validationDue
      )
        await save();
      await pacer.pause();
    }
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
  private openEpoch(data: TrainData<Batch>): Windows<Batch> {
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
    windows.position = progress.position;
    return windows;
  }

  private trainStep(batch: Batch, total: number): { lr: number; norm: number } {
    const { model, optimizer, options, progress } = this;
    const parameters = model.namedParameters();
    let lr = options.schedule.lr(progress.step, total, this.baseLr);
    if (options.randomLength) lr *= (batch.T - batch.lossFrom) / options.bptt;
    optimizer.lr = lr;
    const state = this.carry.prepare(batch.B, batch.first);
    let norm = 0;
    optimizer.zeroGrad();
    scope(() => {
      const result = model.loss(batch, {
        state,
        random: this.random,
        recompute: options.recompute,
      });
      const loss = result.loss.item();
      result.loss.backward();
      norm =
        options.clipNorm === undefined
          ? gradNorm(parameters)
          : clipNorm(parameters, options.clipNorm);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw this.notFinite(loss);
      if (options.clipValue !== undefined) clipValue(parameters, options.clipValue);
      this.carry.keep(result.state);
      progress.pendingLoss += loss * batch.tokens;
    });
    optimizer.step();
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

  /** A checkpoint must not replace a good one with broken weights. */
  private checkFinite(): void {
    const culprit = findNonfinite(this.model.namedParameters());
    if (culprit?.part === 'value') {
      throw new Error(
        `train: step ${this.progress.step}: "${culprit.name}" is ${culprit.value} at element ` +
          `${culprit.index}; no checkpoint is written, the last one is good`,
      );
    }
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
    if (progress.bestValidLoss === null || result.loss < progress.bestValidLoss) {
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
    return writeCheckpoint(this.model.describe(), {
      progress: this.progress,
      optimizer: this.optimizer.stateDict(this.names()),
      baseLr: this.baseLr,
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
    bytes: Uint8Array,
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
   * @throws RangeError for a damaged file, another model, or options that change what a step is
   */
  restore(checkpoint: Uint8Array | ModelFile): void {
    const file = checkpoint instanceof Uint8Array ? readModel(checkpoint) : checkpoint;
    const { best, ...saved } = readCheckpoint(file);
    const own = this.model.describe();
    for (const part of ['kind', 'config', 'vocab'] as const) {
      if (JSON.stringify(file[part]) !== JSON.stringify(own[part])) {
        throw new RangeError(
          `resume: the checkpoint's ${part} is ${brief(file[part])}, expected ` +
            `${brief(own[part])}; make the model with the same options`,
        );
      }
    }
    for (const [name, value] of Object.entries(this.fixed())) {
      if (saved.fixed?.[name] !== value)
        throw new RangeError(
          `resume: ${name} was ${saved.fixed?.[name]}, and is ${value} now; a run goes on with ` +
            'what it began with',
        );
    }
    const carried = this.carry.save();
    try {
      if (best) this.model.loadStateDict(best); // checks it
      this.model.loadStateDict(new Map([...file.state].filter(([name]) => own.state.has(name))));
      this.carry.load(saved.carried);
      this.optimizer.loadStateDict(saved.optimizer, this.names());
    } catch (error) {
      this.model.loadStateDict(own.state);
      this.carry.load(carried);
      throw error;
    }
    this.best = best;
    if (saved.schedule) this.options.schedule.restore?.(saved.schedule);
    this.progress = { ...saved.progress };
    this.random = Random.fromState(saved.progress.random);
    this.fingerprint = saved.fingerprint;
  }

  private fixed(): Record<string, unknown> {
    return Object.fromEntries(FIXED.map(name => [name, this.options[name] ?? null]));
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

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
