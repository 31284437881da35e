/** Several language models as one: their probabilities, weighted and summed. */
import { type ModelFile, writeModel } from '../io/model.js';
import { log, pow } from '../runtime/math.js';
import { type IdSource, idSource } from '../text/batch.js';
import type { Vocab } from '../text/vocab.js';
import { Pacer } from '../train/pace.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { type SampleOptions, sample } from './generate.js';
import type { LanguageModel, Scores } from './model.js';

/** A model that can be part of a mix that is saved. */
export interface MixPart extends LanguageModel<unknown> {
  /** What a model file says of it. */
  describe?(): ModelFile;
  /** Gives back its memory. */
  dispose?(): void;
}

/** Tokens whose probabilities are asked for at a time. */
const STRETCH = 2048;

/** Rounds of expectation maximisation at most, and the change of a weight that ends them. */
const ROUNDS = 100;
const CHANGE = 1e-6;

/** How the weights of a mix are found. */
export interface FitOptions {
  /** Is told the share of the text that was read. */
  report?: ((share: number) => void) | undefined;
  /** Ends the reading with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

const exp = (x: number): number => pow(Math.E, x);

/**
 * A linear interpolation: p(w) = Σ λᵢ·pᵢ(w). All models know the same units; their numbers may
 * differ. The mix is a model as they are, and keeps a state for each.
 */
export class MixLM implements LanguageModel<readonly unknown[]> {
  /** The kind that the files of these models declare. */
  static readonly kind = 'lm.mix';
  /** The kind that the model's files declare. */
  readonly kind = MixLM.kind;
  /** The units that it reads and writes: those of the first model. */
  readonly vocab: Vocab;
  /** Whether lines are sentences for all the models. */
  readonly sentences: boolean;
  /** λ of each model; they sum to 1. */
  readonly weights: readonly number[];
  /** Each model's own number of each unit; null: the same. */
  private readonly own: readonly (Int32Array | null)[];

  /**
   * @param models two or more
   * @param weights ≥ 0, one for each, brought to a sum of 1. Default: equal ones
   * @throws RangeError for models of different vocabularies, or weights that do not fit
   */
  constructor(
    readonly models: readonly MixPart[],
    weights: readonly number[] = models.map(() => 1),
  ) {
    if (models.length < 2)
      throw new RangeError(`MixLM: there are ${models.length} models, expected at least 2`);
    const sum = weights.reduce((all, weight) => all + weight, 0);
    if (
      weights.length !== models.length ||
      !weights.every(w => w >= 0) ||
      !(sum > 0 && sum < Infinity)
    )
      throw new RangeError(
        `MixLM: the weights are [${weights.join(', ')}], expected ${models.length} numbers ≥ 0, ` +
          'not all of them 0',
      );
    this.vocab = models[0]!.vocab;
    this.sentences = models.every(({ sentences }) => sentences === true);
    this.weights = weights.map(weight => weight / sum);
    this.own = models.map(({ vocab }, i) => numbers(this.vocab, vocab, i));
  }

  /**
   * The mix with the weights that give a text the highest probability, by expectation maximisation.
   *
   * @param ids numbered as in the first model's vocabulary; a text that none was trained on
   * @throws RangeError for models of different vocabularies, or a text that is too short
   */
  static async fit(
    models: readonly MixPart[],
    text: Int32Array | IdSource,
    { report, signal }: FitOptions = {},
  ): Promise<MixLM> {
    const equal = new MixLM(models);
    const ids = idSource(text);
    const first = equal.sentences ? 0 : 1; // a stream's first token is only read
    const n = ids.length - first;
    if (n < 1)
      throw new RangeError(`MixLM.fit: ${ids.length} tokens, expected at least ${first + 1}`);
    const logp = models.map(() => new Float32Array(n));
    const pacer = new Pacer();
    let states = equal.start();
    if (first > 0) states = equal.advance(Int32Array.from(ids.read(0, 1)), states);
    for (let from = first; from < ids.length; from += STRETCH) {
      signal?.throwIfAborted();
      const to = Math.min(from + STRETCH, ids.length);
      const piece = Int32Array.from(ids.read(from, to));
      const scores = equal.scores(piece, states);
      scores.forEach((each, i) => logp[i]!.set(each.logp, from - first));
      states = scores.map(({ state }) => state);
      report?.((to - first) / n);
      await pacer.pause();
    }
    return new MixLM(models, fitted(logp));
  }

  /** The models' states before anything was read. */
  start(): readonly unknown[] {
    return this.models.map(model => model.start());
  }

  /** The models' states after reading these tokens. */
  advance(ids: Int32Array, states: readonly unknown[]): readonly unknown[] {
    return this.models.map((model, i) => model.advance(this.numbered(ids, i), states[i]));
  }

  private numbered(ids: Int32Array, i: number): Int32Array {
    const own = this.own[i];
    return own ? ids.map(id => own[id]!) : ids;
  }

  private scores(ids: Int32Array, states: readonly unknown[]): Scores<unknown>[] {
    return this.models.map((model, i) => model.score(this.numbered(ids, i), states[i]));
  }

  /** Log-probability of each token given those before it, and the states after all of them. */
  score(ids: Int32Array, states: readonly unknown[]): Scores<readonly unknown[]> {
    const { weights } = this;
    const scores = this.scores(ids, states);
    const logp = new Float32Array(ids.length);
    for (let t = 0; t < ids.length; t++) {
      let p = 0;
      for (let i = 0; i < weights.length; i++) p += weights[i]! * exp(scores[i]!.logp[t]!);
      logp[t] = p > 0 ? log(p) : -Infinity;
    }
    return { logp, state: scores.map(({ state }) => state) };
  }

  /** ln p of every token that may come next, [vocabulary]. */
  logits(states: readonly unknown[]): Float32Array {
    const V = this.vocab.size;
    const p = new Float64Array(V);
    this.models.forEach((model, i) => {
      const logits = model.logits(states[i]);
      const most = logits.reduce((max, value) => Math.max(max, value), -Infinity);
      const shares = Float64Array.from(logits, value => exp(value - most));
      const scale = this.weights[i]! / shares.reduce((sum, share) => sum + share, 0);
      const own = this.own[i];
      for (let id = 0; id < V; id++) p[id]! += scale * shares[own ? own[id]! : id]!;
    });
    return Float32Array.from(p, each => (each > 0 ? log(each) : -Infinity));
  }

  /**
   * Mean loss of a text. Where lines are sentences for all models every token counts, else all but
   * the first.
   *
   * @throws RangeError for fewer than two ids
   */
  evaluate(
    ids: Int32Array | IdSource,
    options: Pick<EvaluateOptions, 'signal'> = {},
  ): Promise<Evaluation> {
    return evaluate(this, ids, options);
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return sample(this, options);
  }

  /** The bytes of a model file, with all the models in it. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /**
   * What a model file says of this model.
   *
   * @throws TypeError for a model of one's own that does not describe itself
   */
  describe(): ModelFile {
    const file: ModelFile = {
      kind: this.kind,
      config: null,
      vocab: this.vocab.toJSON(),
      state: new Map(),
      int8: new Map(),
      uint32: new Map(),
    };
    const parts = this.models.map((model, i): Part => {
      if (!model.describe)
        throw new TypeError(`MixLM: model ${i + 1} has no \`describe\`, and cannot be saved`);
      const { kind, config, vocab, state, int8 = new Map(), uint32 = new Map() } = model.describe();
      for (const [
        all,
        some,
      ] of [[file.state, state], [file.int8!, int8], [file.uint32!, uint32]] as const) // biome-ignore format: one line
        for (const [name, tensor] of some) all.set(`${i}.${name}`, tensor as never);
      return { kind, config, vocab: this.own[i] ? vocab : null };
    });
    return { ...file, config: { weights: this.weights, parts } };
  }

  /**
   * The mix of a model file.
   *
   * @param load makes a model of what the file says of it
   * @throws RangeError for another kind of file, or one that is damaged
   */
  static from(file: ModelFile, load: (part: ModelFile) => MixPart): MixLM {
    if (file.kind !== MixLM.kind)
      throw new RangeError(
        `load: the file holds a model of kind "${file.kind}", expected "${MixLM.kind}"`,
      );
    const { weights, parts } = (file.config ?? {}) as { weights?: number[]; parts?: Part[] };
    if (!Array.isArray(weights) || !Array.isArray(parts) || parts.length !== weights.length)
      throw new RangeError('load: the config of the mix has no parts, each with its weight');
    const models: MixPart[] = [];
    try {
      for (const [i, { kind, config, vocab }] of parts.entries()) {
        const own = <Tensor>(all: ReadonlyMap<string, Tensor> = new Map()): Map<string, Tensor> =>
          new Map(
            [...all]
              .filter(([name]) => name.startsWith(`${i}.`))
              .map(([name, tensor]) => [name.slice(`${i}.`.length), tensor]),
          );
        models.push(
          load({
            kind,
            config,
            vocab: vocab ?? file.vocab,
            state: own(file.state),
            int8: own(file.int8),
            uint32: own(file.uint32),
          }),
        );
      }
      return new MixLM(models, weights);
    } catch (error) {
      for (const model of models) model.dispose?.();
      throw error;
    }
  }

  /** Gives back the memory of all the models. */
  dispose(): void {
    for (const model of this.models) model.dispose?.();
  }
}

/** What the file of a mix says of a model; vocab null: the mix's. */
interface Part {
  kind: string;
  config: unknown;
  vocab: unknown;
}

/** The numbers that the units of `vocab` have in another vocabulary; null: the same. */
function numbers(vocab: Vocab, other: Vocab, i: number): Int32Array | null {
  if (other === vocab) return null;
  const name = (of: Vocab, id: number): string => JSON.stringify(of.tokenOf(id));
  const all = (of: Vocab): number[] => Array.from({ length: of.size }, (_, id) => id);
  const lacking = (a: Vocab, b: Vocab): number[] => all(a).filter(id => b.idOf(a.tokenOf(id)) < 0);
  const [left, right] = [lacking(vocab, other), lacking(other, vocab)];
  if (vocab.level !== other.level || left.length > 0 || right.length > 0) {
    const why =
      vocab.level !== other.level
        ? `its units are of level "${other.level}", the first one's of "${vocab.level}"`
        : left.length > 0
          ? `it lacks ${left.length} of the first one's ${vocab.size} units, ${name(vocab, left[0]!)} for one`
          : `${right.length} of its ${other.size} units are not the first one's, ${name(other, right[0]!)} for one`;
    throw new RangeError(
      `MixLM: model ${i + 1} has another vocabulary: ${why}; train all on the same text, or with ` +
        'the same vocabulary',
    );
  }
  const own = Int32Array.from(all(vocab), id => other.idOf(vocab.tokenOf(id)));
  return own.every((place, id) => place === id) ? null : own;
}

/**
 * Weights that maximise Σₜ ln Σᵢ λᵢ·pᵢ(t), by expectation maximisation:
 *
 *   λᵢ ← 1/n · Σₜ λᵢ·pᵢ(t) / Σⱼ λⱼ·pⱼ(t)
 *
 * @param logp [models][n] ln pᵢ(t)
 */
function fitted(logp: readonly Float32Array[]): number[] {
  const n = logp[0]!.length;
  // relative to the best model at each token: what all give 0 decides nothing
  const p = logp.map(() => new Float64Array(n));
  for (let t = 0; t < n; t++) {
    const most = Math.max(...logp.map(each => each[t]!));
    if (most > -Infinity) for (const [i, each] of logp.entries()) p[i]![t] = exp(each[t]! - most);
  }
  let weights = logp.map(() => 1 / logp.length);
  for (let round = 0; round < ROUNDS; round++) {
    const next = weights.map(() => 0);
    let counted = 0;
    for (let t = 0; t < n; t++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * p[i]![t]!;
      if (!(sum > 0)) continue;
      counted++;
      for (let i = 0; i < weights.length; i++) next[i]! += (weights[i]! * p[i]![t]!) / sum;
    }
    if (counted === 0) return weights;
    const better = next.map(weight => weight / counted);
    const change = Math.max(...better.map((weight, i) => Math.abs(weight - weights[i]!)));
    weights = better;
    if (change < CHANGE) break;
  }
  return weights;
}
