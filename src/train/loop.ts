/**
 * The training loop of every kind of model: batches, steps, validation, early stopping, reports,
 * checkpoints and exact resume. What a step does is its clients' part: gradient descent on plain
 * batches (`batches.ts`), truncated backpropagation through time (`bptt.ts`), or kernels without a
 * tape. The loop knows neither time steps nor carried state nor what a metric means.
 */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import { runtimeInfo } from '../runtime/init.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { checkSize } from '../tensor/shape.js';
import {
  beginning,
  type OwnState,
  type Progress,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoint.js';
import { type LoopOptions, type Metric, RUN_OPTIONS, type RunOptions } from './options.js';
import { Pacer } from './pace.js';
import type { EndReason, Metrics, Report, StepReport } from './report.js';
import type { Batches, Fingerprinted } from './trainable.js';

/** From one checkpoint to the next passes at least this many times what one takes: 2 %. */
const SAVING = 50;

/** What the loop asks of whatever is trained; a `Module` has it. */
export interface Learned {
  /** Copies of the weights, by name. */
  stateDict(): Map<string, StateEntry>;
  /** Takes over all weights, or throws and changes none. */
  loadStateDict(state: ReadonlyMap<string, StateEntry>): unknown;
  /**
   * What checkpoints say of it; `restore` refuses those of another kind, config or vocabulary.
   * Absent: its weights alone.
   */
  describe?(): ModelFile;
  /** Gives the memory back. */
  dispose(): void;
}

/** What one step tells the loop. */
export interface StepResult {
  /** Mean over the batch's tokens. */
  loss: number;
  /** Tokens that the mean is over; 0: the batch taught nothing. */
  tokens: number;
  /** Learning rate of the step. */
  lr: number;
  /** Norm of the gradient before clipping; NaN where no gradient was made. */
  gradNorm: number;
}

/** One element of the weights that is not finite. */
export interface Nonfinite {
  /** The tensor. */
  name: string;
  /** The element. */
  index: number;
  /** NaN or an infinity. */
  value: number;
}

/**
 * Trains a model on data, in one run or in many; owns the place in the data and the generator of
 * random numbers. A client of one's own extends it: `open`, `trainStep`, `nonfinite`, `ownState`,
 * `adopt` and `recipe` are all that it says.
 */
export abstract class Loop<Batch, Data extends Fingerprinted, Model extends Learned = Learned> {
  /** The model that is trained. */
  readonly model: Model;
  /** Draws whatever is random in a step; checkpoints hold its state. */
  protected random: Random;
  private progress: Progress;
  private readonly plan: LoopOptions & { metric: Metric; reportEvery: number };
  private fingerprint: string | null = null;
  private best: Map<string, StateEntry> | null = null;
  private running = false;

  constructor(model: Model, options: LoopOptions) {
    const { seed = 1, epochs, steps, reportEvery = 50, metric } = options;
    for (const name of ['epochs', 'steps', 'reportEvery', 'validEvery', 'patience'] as const) {
      const value = options[name];
      if (value !== undefined) checkSize(value, name, 'Trainer');
    }
    if (epochs !== undefined && steps !== undefined)
      throw new RangeError('Trainer: give epochs or steps, not both');
    if (metric !== undefined && metric.better !== 'lower' && metric.better !== 'higher')
      throw new RangeError(
        `Trainer: metric.better is "${metric.better}", expected "lower" or "higher"`,
      );
    this.model = model;
    this.plan = { ...options, reportEvery, metric: metric ?? { name: 'loss', better: 'lower' } };
    this.random = new Random(seed);
    this.progress = beginning(this.random.state);
  }

  /** The batches of one epoch of the data, determined by the generator alone. */
  protected abstract open(data: Data, random: Random): Batches<Batch>;

  /**
   * One step on a batch. Throws, and leaves the weights as they were, where the loss or the
   * gradient is not finite.
   *
   * @param total planned steps of the whole training: what schedules run over
   */
  protected abstract trainStep(batch: Batch, total: number): StepResult;

  /** An element of the weights that is not finite; undefined: there is none. */
  protected abstract nonfinite(): Nonfinite | undefined;

  /** What checkpoints hold beside the weights and the loop's own state. */
  protected abstract ownState(): OwnState;

  /**
   * Takes over what `ownState` gave. Where it throws, it is called once more, with what `ownState`
   * gave before.
   *
   * @param changed whether the named part of the recipe is another one than the checkpoint's, which
   *   the caller has accepted
   */
  protected abstract adopt(own: OwnState, changed: (name: string) => boolean): void;

  /** What decides the bits of a step, as JSON: a resumed run must have the same. */
  protected abstract recipe(): Record<string, unknown>;

  /** After each validation: schedules may look at the metrics. */
  protected observe?(metrics: Metrics): void;

  /**
   * Before each validation: may put in other weights than those that learn. They are measured, and
   * kept as the best; what it gives puts the others back.
   */
  protected measured?(): (() => void) | undefined;

  /** Steps done since the start of training. */
  get step(): number {
    return this.progress.step;
  }

  /** Fingerprint of the data that training began with; null before. */
  get dataFingerprint(): string | null {
    return this.fingerprint;
  }

  /** The best value so far of the metric that is watched; null before the first validation. */
  get bestMetric(): number | null {
    return this.progress.best;
  }

  /**
   * Trains, and yields a report every `reportEvery` steps, after each validation, and at the end.
   * Leaving the loop early stops training between two steps; another `run` goes on from there.
   *
   * @throws Error when the loss or a gradient is not finite: names the step and the parameter; the
   *   weights stay as they were before that step
   */
  async *run(data: Data, run: RunOptions = {}): AsyncGenerator<Report, void, undefined> {
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

  private async *loop(data: Data, run: RunOptions): AsyncGenerator<Report, void, undefined> {
    const { progress, plan } = this;
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const pacer = new Pacer();
    let batches = this.openEpoch(data);
    progress.perEpoch ??= batches.length;
    const { steps, epochs: passes = 1 } = plan;
    const total = steps ?? passes * progress.perEpoch; // with random lengths an estimate
    const budget = progress.step + (run.steps ?? Infinity);
    const last = Math.min(total, budget);
    const finished = (): boolean =>
      steps === undefined
        ? progress.epoch + 1 >= passes && progress.position >= batches.length
        : progress.step >= steps;
    let busy = 0;
    let sinceReport = 0;
    let reason: EndReason | null = null;
    let saved = { step: -1, due: false, at: began, took: 0 };
    let finite = -1; // the last step after which the weights were looked at
    // broken weights must not be measured, nor replace good ones in a file
    const checkFinite = (): void => {
      if (finite === progress.step) return;
      const culprit = this.nonfinite();
      if (culprit)
        throw new Error(
          `train: step ${progress.step}: "${culprit.name}" is ${culprit.value} at element ` +
            `${culprit.index}; nothing is written, the last checkpoint is good; lower the ` +
            'learning rate, and go on from there',
        );
      finite = progress.step;
    };

    const save = async (): Promise<void> => {
      const { step, validationDue: due } = progress;
      if (!run.checkpoint || (saved.step === step && saved.due === due)) return;
      checkFinite();
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
    const epochs = (): number => progress.epoch + progress.position / batches.length;

    while (reason === null) {
      if (progress.validationDue && run.validate && !run.signal?.aborted) {
        checkFinite();
        if (typeof every === 'object' && saveIsDue()) await save(); // validation may take long
        const putBack = this.measured?.();
        const valid = await this.validate(run.validate, run.signal).finally(putBack);
        if (valid) {
          yield { type: 'valid', step: progress.step, epoch: epochs(), ...valid };
          if (typeof every !== 'object' || saveIsDue()) await save();
        }
      }
      if (finished() && !(progress.validationDue && run.validate)) reason = 'finished';
      else if (plan.patience !== undefined && progress.badValidations >= plan.patience)
        reason = 'early';
      else if (run.signal?.aborted) reason = 'aborted';
      else if (progress.step >= budget || seconds() >= (run.maxSeconds ?? Infinity))
        reason = 'budget';
      if (reason !== null) break;

      const start = performance.now();
      if (progress.position >= batches.length) {
        progress.epoch++;
        progress.epochRandom = null;
        batches = this.openEpoch(data);
      }
      const entry = batches.next();
      if (entry.done)
        throw new RangeError(
          `Trainer.run: the data promised ${batches.length} batches and gave ${progress.position}`,
        );
      const { loss, tokens, lr, gradNorm } = this.trainStep(entry.value, total);
      progress.step++;
      progress.tokens += tokens;
      if (tokens > 0) progress.pendingLoss += loss * tokens;
      progress.pendingTokens += tokens;
      progress.position = batches.position;
      busy += performance.now() - start;
      sinceReport++;
      const atEnd = finished();
      if (
        plan.validEvery === undefined
          ? progress.position === batches.length || atEnd
          : progress.step % plan.validEvery === 0 || atEnd
      )
        progress.validationDue = true;
      const due = progress.step % plan.reportEvery === 0 || atEnd || progress.step >= budget;
      if (due && progress.pendingTokens > 0) {
        const left = Math.max(last - progress.step, 0);
        yield this.report(epochs(), lr, gradNorm, busy, (left * busy) / sinceReport);
        busy = 0;
        sinceReport = 0;
      }
      if (!(progress.validationDue && run.validate) && saveIsDue()) await save();
      await pacer.pause();
    }
    checkFinite();
    await save();
    const { step, metrics, best } = progress;
    yield { type: 'end', reason, step, metrics, best, seconds: seconds() };
  }

  /** The batches of the present epoch, from where it stands. */
  private openEpoch(data: Data): Batches<Batch> {
    const { progress } = this;
    if (progress.epochRandom === null) {
      progress.epochRandom = this.random.fork().state;
      progress.position = 0;
    }
    const batches = this.open(data, Random.fromState(progress.epochRandom));
    if (batches.length === 0)
      throw new RangeError(
        'Trainer.run: the data has no batches; give more of it, or smaller ones',
      );
    batches.position = progress.position;
    return batches;
  }

  /** Measures; null where the signal ended it: it stays due, and a resumed run begins with it. */
  private async validate(
    validate: NonNullable<RunOptions['validate']>,
    signal: AbortSignal | undefined,
  ): Promise<{ metrics: Metrics; best: boolean } | null> {
    const { progress, plan } = this;
    const { name, better } = plan.metric;
    let result: object;
    try {
      result = await validate(signal);
    } catch (error) {
      if (signal?.aborted) return null;
      throw error;
    }
    const metrics: Metrics = Object.fromEntries(
      Object.entries(result).filter(([, value]) => typeof value === 'number'),
    );
    const value = metrics[name];
    if (value === undefined)
      throw new RangeError(
        `Trainer.run: validate gave ${Object.keys(metrics).join(', ') || 'nothing'}, expected "${name}"`,
      );
    progress.validationDue = false;
    progress.metrics = metrics;
    const sign = better === 'lower' ? 1 : -1;
    const best = sign * value < (progress.best === null ? Infinity : sign * progress.best);
    if (best) {
      progress.best = value;
      progress.badValidations = 0;
      this.best = this.model.stateDict();
    } else progress.badValidations++;
    this.observe?.(metrics);
    return { metrics, best };
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
      fingerprint: this.fingerprint,
      best: this.best,
      fixed: this.fixed(),
      note: this.plan.note ?? null,
      own: this.ownState(),
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
  static load<T extends Pick<Loop<never, never>, 'model' | 'restore' | 'dispose'>>(
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
   *   optimizer is not taken over), the `schedule`, the `metric`, the `build` of the kernels
   * @throws RangeError for a damaged file, another model, or a difference that is not accepted
   */
  restore(
    checkpoint: Bytes | ModelFile,
    { accept = [], ...rest }: { accept?: readonly string[] } = {},
  ): void {
    noOthers('Trainer.restore', rest);
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
    const unknown = accept.find(name => !Object.hasOwn(now, name));
    if (unknown !== undefined)
      throw new RangeError(
        `resume: accept: "${unknown}" is none of ${Object.keys(now).join(', ')}`,
      );
    const changed = (name: string): boolean =>
      JSON.stringify(saved.fixed[name]) !== JSON.stringify(now[name]);
    for (const [name, value] of Object.entries(now)) {
      if (changed(name) && !accept.includes(name))
        throw new RangeError(
          `resume: ${name} was ${brief(saved.fixed[name])}, and is ${brief(value)} now; a run ` +
            `goes on with what it began with, unless told to accept: ['${name}']`,
        );
    }
    const before = this.ownState();
    const weights = [...file.state].filter(([name]) => own.state.has(name));
    try {
      if (best) this.model.loadStateDict(best); // checks it
      this.model.loadStateDict(new Map(weights));
      this.adopt(saved.own, changed);
    } catch (error) {
      this.model.loadStateDict(own.state);
      this.adopt(before, () => false);
      throw error;
    }
    this.best = changed('metric') ? null : best;
    this.progress = { ...saved.progress };
    if (changed('metric')) Object.assign(this.progress, { best: null, badValidations: 0 });
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
    return { ...this.recipe(), metric: this.plan.metric, build: runtimeInfo().build };
  }

  /** Gives back the memory of the training; the model stays. */
  abstract dispose(): void;

  /** As `dispose`, at the end of a block: `using trainer = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
