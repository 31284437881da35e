/** One training run: model, trainer and data, from the first step to the last. */
import { type io, lm, optim, runtimeInfo, text, train } from 'throughtime';
import type { Begun, FromWorker } from '../messages.js';
import type { Recipe } from '../recipe.js';
import type { Corpus } from './corpus.js';
import { gradientReach, writeSome } from './measure.js';
import { Pulse } from './pulse.js';

const EMBEDDING = 64;
/** Samples take at most this share of the time, and come at most so often. */
const SAMPLE_SHARE = 0.08;
const SAMPLE_MS = 1200;

type Tell = (message: FromWorker) => void;

export class Session {
  readonly model: lm.RecurrentLM;
  private readonly trainer: train.Trainer<text.SequenceBatch>;
  private readonly data: text.Columns;
  private readonly pulse: Pulse;
  private nextSample = 0;

  constructor(
    readonly recipe: Recipe,
    private readonly corpus: Corpus,
    private readonly tell: Tell,
    model?: lm.RecurrentLM,
  ) {
    const { cell, layers, hidden, dropout, seed, lr, steps, bptt } = recipe;
    this.data = text.columns(corpus.train, { batchSize: rowsFor(recipe, corpus) });
    this.model =
      model ??
      new lm.RecurrentLM({
        vocab: corpus.vocab,
        cell,
        layers,
        hiddenSize: hidden,
        embeddingSize: EMBEDDING,
        dropout,
        seed,
      });
    this.trainer = new train.Trainer(this.model, {
      optimizer: new optim.Adam(this.model.namedParameters(), { lr }),
      schedule: optim.cosine({ min: lr / 50 }),
      clipNorm: 1,
      bptt,
      steps,
      seed,
      reportEvery: 1,
      validEvery: Math.max(10, Math.ceil(steps / 40)),
      note: { recipe },
    });
    this.pulse = new Pulse(steps);
  }

  /**
   * The run that a checkpoint of this page was in the middle of.
   *
   * @throws RangeError where the text is another one
   */
  static restore(
    bytes: Uint8Array,
    recipe: Recipe,
    { corpus, model, tell }: { corpus: Corpus; model: lm.RecurrentLM; tell: Tell },
  ): Session {
    const session = new Session(recipe, corpus, tell, model);
    session.trainer.restore(bytes);
    const { dataFingerprint } = session.trainer;
    if (dataFingerprint !== null && dataFingerprint !== session.data.fingerprint) {
      session.trainer.dispose();
      throw new RangeError('restore: this is not the text that training began with');
    }
    return session;
  }

  get step(): number {
    return this.trainer.step;
  }

  describe(): Begun {
    const { recipe, corpus, model, data } = this;
    return {
      recipe,
      step: this.step,
      steps: recipe.steps,
      build: runtimeInfo().build,
      rows: data.batchSize,
      vocabulary: corpus.vocab.size,
      characters: corpus.train.length,
      heldOut: corpus.valid.length,
      parameters: model.parameters().reduce((sum, { size }) => sum + size, 0),
    };
  }

  /** Trains until it is finished or interrupted; whether it is finished. */
  async advance(signal: AbortSignal): Promise<boolean> {
    const { corpus, model } = this;
    let finished = false;
    if (this.step === 0) this.measure(0);
    this.pulse.restart();
    const validate = (stop: AbortSignal | undefined) =>
      model.evaluate(corpus.valid, { signal: stop });
    for await (const event of this.trainer.run(this.data, {
      signal,
      ...(corpus.valid.length > 1 && { validate }),
    })) {
      if (event.type === 'step') {
        const told = this.pulse.add(event);
        if (told) this.tell(told);
        await this.sampleNowAndThen(event.step);
      } else if (event.type === 'valid') {
        this.tell({ type: 'valid', step: event.step, bits: event.metrics['bitsPerToken']! });
        this.measure(event.step);
      } else finished = event.reason === 'finished';
    }
    if (finished) this.tell({ type: 'sample', step: this.step, text: await writeSome(model) });
    return finished;
  }

  private measure(step: number): void {
    const reach = gradientReach(
      this.model,
      this.corpus.valid.length > 200 ? this.corpus.valid : this.corpus.train,
    );
    if (reach) this.tell({ type: 'gradient', step, reach });
  }

  private async sampleNowAndThen(step: number): Promise<void> {
    const before = performance.now();
    if (before < this.nextSample) return;
    this.tell({ type: 'sample', step, text: await writeSome(this.model) });
    const after = performance.now();
    this.nextSample = after + Math.max(SAMPLE_MS, (after - before) / SAMPLE_SHARE);
  }

  save(what: 'model' | 'checkpoint'): Uint8Array {
    return what === 'model' ? this.model.save() : this.trainer.save();
  }
}

/** The recipe's rows, or as many as the text fills with one window each. */
function rowsFor({ batch, bptt }: Recipe, { train }: Corpus): number {
  return Math.max(1, Math.min(batch, Math.floor(train.length / (bptt + 1))));
}

/** The recipe in a checkpoint of this page; null for other files. */
export function recipeIn(file: io.ModelFile): Recipe | null {
  return (train.noteOf(file) as { recipe?: Recipe } | null)?.recipe ?? null;
}
