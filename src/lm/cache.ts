/**
 * The continuous cache (Grave, Joulin & Usunier 2017, "Improving neural language models with a
 * continuous cache"): words that followed states like the present one become more probable.
 */
import { type ModelFile, writeModel } from '../io/model.js';
import { affine } from '../ops/elementwise.js';
import { linear } from '../ops/linear.js';
import { crossEntropy } from '../ops/loss.js';
import { softmax } from '../ops/softmax.js';
import { log, pow } from '../runtime/math.js';
import { checkOptions } from '../runtime/options.js';
import { infer } from '../tensor/scope.js';
import { tensor, view } from '../tensor/tensor.js';
import { type IdSource, idSource } from '../text/batch.js';
import type { Vocab } from '../text/vocab.js';
import { Pacer } from '../train/pace.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { type SampleOptions, sample } from './generate.js';
import type { RecurrentState } from './incremental.js';
import type { LanguageModel, Scores } from './model.js';
import type { RecurrentLM } from './recurrent.js';

/** What a cache is like. */
export interface CacheOptions {
  /** States that it holds. Default: 2000. */
  size?: number;
  /** How much more states count that are like the present one; 0: all alike. Default: 0.3. */
  theta?: number;
  /** Weight of the cache's probability, below 1. Default: 0.1. */
  lambda?: number;
}

/** What the model remembers: a value, never changed once it is made. */
export interface CacheState {
  /** The recurrent model's. */
  readonly model: RecurrentState;
  /** The last hidden state, [hidden]; null: nothing was read. */
  readonly hidden: Float32Array | null;
  /** [n, hidden] states, the oldest first. */
  readonly keys: Float32Array;
  /** [n] the word that followed each. */
  readonly words: Int32Array;
}

/** Tokens of a forward pass. */
const WINDOW = 256;

/** Values of θ that `fit` tries. */
const THETAS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8];

/** What a piece of text gives, token by token. */
interface Parts {
  /** ln p of the recurrent model. */
  logp: Float32Array;
  /** p of the cache for each θ; 0 where it is empty. */
  cached: Float32Array[];
  state: CacheState;
}

/**
 * A recurrent language model with a cache of its last states:
 *
 *   p(w) = (1 − λ)·p_model(w) + λ·p_cache(w)
 *   p_cache(w) ∝ Σᵢ [wᵢ₊₁ = w]·exp(θ·h·hᵢ)      over the last states hᵢ and what followed them
 */
export class CacheLM implements LanguageModel<CacheState> {
  /** The kind that the files of these models declare. */
  static readonly kind = 'lm.cache';
  /** The kind that the model's files declare. */
  readonly kind = CacheLM.kind;
  /** The units that it reads and writes. */
  readonly vocab: Vocab;
  /** Size and weights. */
  readonly config: Required<CacheOptions>;

  /** @throws RangeError for options out of range */
  constructor(
    /** The model whose states are kept. */
    readonly model: RecurrentLM,
    options: CacheOptions = {},
  ) {
    checkOptions('CacheLM', options, { size: true, theta: true, lambda: true });
    const { size = 2000, theta = 0.3, lambda = 0.1 } = options;
    if (!(Number.isInteger(size) && size >= 1))
      throw new RangeError(`CacheLM: size is ${size}, expected a whole number ≥ 1`);
    if (!(theta >= 0 && theta < Infinity))
      throw new RangeError(`CacheLM: theta is ${theta}, expected a number ≥ 0`);
    if (!(lambda >= 0 && lambda < 1))
      throw new RangeError(`CacheLM: lambda is ${lambda}, expected 0 ≤ weight < 1`);
    this.vocab = model.vocab;
    this.config = { size, theta, lambda };
  }

  /**
   * The cache with the θ, of a few, and the λ that give a text the highest probability.
   *
   * @param text that the model was not trained on
   * @throws RangeError for fewer than two ids
   */
  static async fit(
    model: RecurrentLM,
    text: Int32Array | IdSource,
    {
      size = 2000,
      report,
      signal,
      ...rest
    }: Pick<CacheOptions, 'size'> & {
      report?: ((share: number) => void) | undefined;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<CacheLM> {
    checkOptions('CacheLM.fit', rest, {});
    const ids = idSource(text);
    if (ids.length < 2)
      throw new RangeError(`CacheLM.fit: ${ids.length} tokens, expected at least 2`);
    const cache = new CacheLM(model, { size });
    const n = ids.length - 1;
    const p = new Float64Array(n);
    const cached = THETAS.map(() => new Float64Array(n));
    const pacer = new Pacer();
    let state = cache.advance(Int32Array.from(ids.read(0, 1)), cache.start());
    for (let from = 1; from < ids.length; from += WINDOW) {
      signal?.throwIfAborted();
      const to = Math.min(from + WINDOW, ids.length);
      const parts = cache.parts(Int32Array.from(ids.read(from, to)), state, THETAS);
      parts.logp.forEach((each, i) => {
        p[from - 1 + i] = pow(Math.E, each);
      });
      parts.cached.forEach((each, k) => cached[k]!.set(each, from - 1));
      state = parts.state;
      report?.((to - 1) / n);
      await pacer.pause();
    }
    let best = { theta: THETAS[0]!, lambda: 0, loss: Infinity };
    THETAS.forEach((theta, k) => {
      const { lambda, loss } = weightOf(p, cached[k]!);
      if (loss < best.loss) best = { theta, lambda, loss };
    });
    return new CacheLM(model, { size, theta: best.theta, lambda: best.lambda });
  }

  /** The model's start, and an empty cache. */
  start(): CacheState {
    return {
      model: this.model.start(),
      hidden: null,
      keys: new Float32Array(),
      words: new Int32Array(),
    };
  }

  /** The state after reading these tokens. */
  advance(ids: Int32Array, state: CacheState): CacheState {
    return this.parts(ids, state, []).state;
  }

  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: CacheState): Scores<CacheState> {
    const { theta, lambda } = this.config;
    const parts = this.parts(ids, state, [theta]);
    // where the cache is empty the model stands alone
    const empty = state.words.length === 0 ? (state.hidden === null ? 2 : 1) : 0;
    const logp = parts.logp.map((own, t) =>
      t < empty ? own : log((1 - lambda) * pow(Math.E, own) + lambda * parts.cached[0]![t]!),
    );
    return { logp, state: parts.state };
  }

  /** ln p of every token that may come next, [vocabulary]. */
  logits(state: CacheState): Float32Array {
    const { theta, lambda } = this.config;
    const { hidden, keys, words } = state;
    return infer(() => {
      const p = softmax(tensor(this.model.logits(state.model))).toArray();
      if (hidden === null || words.length === 0) return p.map(each => log(each));
      const shares = similarities(hidden, keys, theta);
      const mixed = p.map(each => (1 - lambda) * each);
      words.forEach((word, i) => {
        mixed[word]! += lambda * shares[i]!;
      });
      return mixed.map(each => (each > 0 ? log(each) : -Infinity));
    });
  }

  /** Reads tokens in windows; the cache's probability of each for every θ asked for. */
  private parts(ids: Int32Array, from: CacheState, thetas: readonly number[]): Parts {
    const logp = new Float32Array(ids.length);
    const cached = thetas.map(() => new Float32Array(ids.length));
    let state = from;
    for (let at = 0; at < ids.length; at += WINDOW) {
      const piece = ids.subarray(at, at + WINDOW);
      state = this.window(piece, state, thetas, (t, p, shares) => {
        logp[at + t] = p;
        shares.forEach((share, k) => {
          cached[k]![at + t] = share;
        });
      });
    }
    return { logp, cached, state };
  }

  private window(
    piece: Int32Array,
    { model: before, hidden, keys, words }: CacheState,
    thetas: readonly number[],
    give: (t: number, logp: number, shares: number[]) => void,
  ): CacheState {
    const { size } = this.config;
    const { model, vocab } = this;
    const H = model.config.hiddenSize;
    const T = piece.length;
    return infer(() => {
      const state = before.tensors.map(({ shape, data }) => tensor(data, { shape }));
      const { output, state: last } = model.rnn.forward(model.embedding.forward(piece, [T, 1]), {
        state,
      });
      const logits = view(model.head.forward(output), [T, vocab.size]);
      const outputs = output.toArray();
      // what each token is predicted from: the state before it
      const queries = new Float32Array(T * H);
      if (hidden) queries.set(hidden);
      queries.set(outputs.subarray(0, (T - 1) * H), H);
      const losses = [
        ...crossEntropy(tensor(before.logits, { shape: [1, vocab.size] }), piece.subarray(0, 1), { reduction: 'none' }).toArray(), // biome-ignore format: one line
        ...(T > 1 ? crossEntropy(view(logits, [T - 1, vocab.size], 0), piece.subarray(1), { reduction: 'none' }).toArray() : []), // biome-ignore format: one line
      ];
      // a key and its word enter the cache once the word was predicted
      const first = hidden ? 0 : 1;
      const known = words.length;
      const all = new Float32Array((known + T - first) * H);
      all.set(keys);
      all.set(queries.subarray(first * H), known * H);
      const followed = Int32Array.of(...words, ...piece.subarray(first));
      const shares = thetas.map(() => new Float32Array(T));
      if (thetas.length > 0 && followed.length > 0) {
        const n = followed.length;
        const products = linear(
          tensor(queries, { shape: [T, H] }),
          tensor(all, { shape: [n, H] }),
          null,
        ).toArray();
        thetas.forEach((theta, k) => {
          for (let t = first; t < T; t++) {
            const end = known + t - first; // keys that were there before this token
            const begin = Math.max(0, end - size);
            if (end === begin) continue;
            const row = products.subarray(t * n + begin, t * n + end);
            const weights = softmax(affine(tensor(row), theta)).toArray();
            let sum = 0;
            weights.forEach((weight, i) => {
              if (followed[begin + i] === piece[t]) sum += weight;
            });
            shares[k]![t] = sum;
          }
        });
      }
      for (let t = 0; t < T; t++) give(t, -losses[t]!, shares.map(each => each[t]!)); // biome-ignore format: one line
      const drop = Math.max(0, followed.length - size);
      return {
        model: {
          tensors: last.map(each => ({ shape: each.shape, data: each.toArray() })),
          logits: view(logits, [vocab.size], (T - 1) * vocab.size).toArray(),
        },
        hidden: outputs.slice((T - 1) * H),
        keys: all.slice(drop * H),
        words: followed.slice(drop),
      };
    });
  }

  /**
   * Mean loss of a text, all tokens but the first.
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

  /** The bytes of a model file, with the model in it. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /** What a model file says of this model. */
  describe(): ModelFile {
    const { config, ...file } = this.model.describe();
    return { ...file, kind: this.kind, config: { ...this.config, model: config } };
  }

  /**
   * The model of a model file.
   *
   * @param load makes the recurrent model of what the file says of it
   * @throws RangeError for another kind of file, or one that is damaged
   */
  static from(file: ModelFile, load: (file: ModelFile) => RecurrentLM): CacheLM {
    if (file.kind !== CacheLM.kind)
      throw new RangeError(
        `load: the file holds a model of kind "${file.kind}", expected "${CacheLM.kind}"`,
      );
    const { model, ...options } = (file.config ?? {}) as CacheOptions & { model?: unknown };
    const inner = load({ ...file, kind: 'lm.recurrent', config: model });
    return new CacheLM(inner, options);
  }

  /** Gives back the memory of the model. */
  dispose(): void {
    this.model.dispose();
  }
}

/** softmax of θ·h·hᵢ over all keys. In a scope. */
function similarities(hidden: Float32Array, keys: Float32Array, theta: number): Float32Array {
  const H = hidden.length;
  const products = linear(
    tensor(hidden, { shape: [1, H] }),
    tensor(keys, { shape: [keys.length / H, H] }),
    null,
  );
  return softmax(affine(products, theta)).toArray();
}

/** The λ that maximises Σ ln((1 − λ)·p + λ·c), by expectation maximisation, and the mean loss. */
function weightOf(p: Float64Array, c: Float64Array): { lambda: number; loss: number } {
  let lambda = 0.1;
  for (let round = 0; round < 40; round++) {
    let sum = 0;
    for (let t = 0; t < p.length; t++) {
      const mixed = (1 - lambda) * p[t]! + lambda * c[t]!;
      if (mixed > 0) sum += (lambda * c[t]!) / mixed;
    }
    lambda = Math.min(0.999, sum / p.length);
  }
  let loss = 0;
  for (let t = 0; t < p.length; t++) loss -= log((1 - lambda) * p[t]! + lambda * c[t]!);
  return { lambda, loss: loss / p.length };
}
