/** How well a language model predicts a text. */
import { noOthers } from '../runtime/options.js';
import { infer } from '../tensor/scope.js';
import { type IdSource, IGNORED, idSource } from '../text/batch.js';
import { EOS } from '../text/tokenize.js';
import { Pacer } from '../train/pace.js';
import type { LanguageModel } from './model.js';

/** Steps of one forward pass when reading text without training: bounds the memory. */
export const WINDOW = 256;
/** Steps times parts, about. */
const BATCH = 2048;
/** Tokens that a part reads before its own. */
const WARM_UP = 32;

/** The usual measures. */
export interface Evaluation {
  /** Units predicted. */
  tokens: number;
  /** Mean −log p in nats per token. */
  loss: number;
  /** loss / ln 2. */
  bitsPerToken: number;
  /** e^loss. */
  perplexity: number;
  /**
   * Of the units that the vocabulary knows alone: how many, and their mean loss. Models with
   * vocabularies of different sizes compare by it. null: all are known.
   */
  known: {
    /** Known units predicted. */
    tokens: number;
    /** Their mean −log p in nats. */
    loss: number;
  } | null;
}

/** Bits and perplexity of a mean loss, in nats, over `tokens` units. */
function evaluation(loss: number, tokens: number, known: Evaluation['known']): Evaluation {
  return { tokens, loss, bitsPerToken: loss / Math.LN2, perplexity: Math.exp(loss), known };
}

/** How a text is read. */
export interface EvaluateOptions {
  /**
   * Parts of the text that are read side by side, each from the state that the 32 tokens before it
   * leave. With 12 to 50 of them the time goes into matrix products of many rows, as in training,
   * and the 32 tokens still cost little; the loss of a character model differs in its sixth digit.
   * Default: 1, one stream.
   */
  parts?: number | undefined;
  /** Ends the reading with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/**
 * Mean loss over ids[1…].
 *
 * @param measure reads T steps of ids [T, parts] on from the last call, the state of the first
 *   part zero where `restart` says so → the summed loss of each list of targets; −100 counts for
 *   nothing. Runs in a scope
 * @param unknown the id of units outside the vocabulary; −1: there is none
 */
export async function evaluateText(
  given: Int32Array | IdSource,
  measure: (ids: Int32Array, targets: Int32Array[], T: number, restart: boolean) => number[],
  { parts: B = 1, signal, unknown }: EvaluateOptions & { unknown: number },
): Promise<Evaluation> {
  const ids = idSource(given);
  const n = ids.length - 1;
  if (n < 1)
    throw new RangeError(
      `evaluate: ${ids.length} tokens, expected at least 2: each is predicted from the ones before`,
    );
  const length = Math.ceil(n / B);
  const longest = Math.max(16, Math.min(WINDOW, Math.floor(BATCH / B)));
  const pacer = new Pacer();
  let sum = 0;
  let knownSum = 0;
  let knownTokens = 0;
  for (let start = B === 1 ? 0 : -Math.min(WARM_UP, length), T = 0; start < length; start += T) {
    signal?.throwIfAborted();
    T = Math.min(longest, (start < 0 ? 0 : length) - start);
    const inputs = new Int32Array(T * B);
    const targets = new Int32Array(T * B).fill(IGNORED);
    for (let b = 0; b < B; b++) {
      const origin = b * length + start;
      const first = Math.max(origin, 0);
      const row = ids.read(first, Math.min(origin + T, n) + 1);
      for (let i = 0; i + 1 < row.length; i++) {
        const at = (first - origin + i) * B + b;
        inputs[at] = row[i]!;
        targets[at] = row[i + 1]!;
      }
    }
    const counted = targets.filter(target => target !== IGNORED).length;
    const known = targets.map(target => (target === unknown ? IGNORED : target));
    const knownCount = known.filter(target => target !== IGNORED).length;
    const wanted = start < 0 ? [] : knownCount === counted ? [targets] : [targets, known];
    const [loss = 0, knownLoss = loss] = infer(() => measure(inputs, wanted, T, start === 0));
    sum += loss;
    if (start >= 0) {
      knownSum += knownCount > 0 ? knownLoss : 0;
      knownTokens += knownCount;
    }
    await pacer.pause();
  }
  const known = knownTokens < n ? { tokens: knownTokens, loss: knownSum / knownTokens } : null;
  return evaluation(sum / n, n, known);
}

/**
 * Mean loss of any language model. Read as one stream, each token is predicted from all that come
 * before it, and the first one is only read; a model of sentences predicts every token, from those
 * before it in its line.
 *
 * @throws RangeError for fewer than two ids
 */
export async function evaluate<State>(
  model: LanguageModel<State>,
  ids: Int32Array | IdSource,
  { signal, ...rest }: Pick<EvaluateOptions, 'signal'> = {},
): Promise<Evaluation> {
  noOthers('evaluate', rest);
  let state = model.start();
  const measure = (window: Int32Array, targets: Int32Array[], _: number, restart: boolean) => {
    if (restart) state = model.advance(window.subarray(0, 1), state);
    const scores = model.score(targets[0]!, state);
    state = scores.state;
    return targets.map(each =>
      each.reduce((sum, id, i) => (id === IGNORED ? sum : sum - scores.logp[i]!), 0),
    );
  };
  const source = model.sentences ? afterSentence(ids, model.vocab.idOf(EOS)) : ids;
  return evaluateText(source, measure, { signal, unknown: model.vocab.unknown });
}

/** A text behind the end of a sentence, so that its first token is predicted too. */
function afterSentence(given: Int32Array | IdSource, end: number): IdSource {
  const ids = idSource(given);
  return {
    length: ids.length + 1,
    read(from, to) {
      if (from > 0) return ids.read(from - 1, to - 1);
      const window = new Int32Array(to);
      window[0] = end;
      if (to > 1) window.set(ids.read(0, to - 1), 1);
      return window;
    },
  };
}
