/** Text from a language model, token by token. */
import { affine } from '../ops/elementwise.js';
import { softmax } from '../ops/softmax.js';
import { f32 } from '../runtime/arena.js';
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { infer } from '../tensor/scope.js';
import { tensor } from '../tensor/tensor.js';
import { Pacer } from '../train/pace.js';
import { type ChooseOptions, choose, mostProbable } from './choose.js';
import type { LanguageModel } from './model.js';

/** How a text is generated. */
export interface SampleOptions extends ChooseOptions {
  /**
   * Text to continue. Default: a line end; where the vocabulary has none, the first of its units.
   */
  prompt?: string;
  /** Tokens to generate. Default: 200. */
  length?: number;
  /**
   * Divides the logits: below 1 safer, above 1 wilder, 0 (and all below 1e-6) always the most
   * probable. Default: 1.
   */
  temperature?: number;
  /** Ends the text before the first place where this string would appear. */
  stop?: string;
  /** The same seed gives the same text. Default: 0. */
  seed?: number;
}

/** Below it logits / temperature would overflow. */
const COLDEST = 1e-6;

/**
 * Generates text from any language model, piece by piece as it comes. The same seed gives the same
 * text.
 *
 * @throws RangeError for options out of range; Error where the logits are not finite
 */
export async function* sample<State>(
  model: LanguageModel<State>,
  options: SampleOptions = {},
): AsyncGenerator<string, void, undefined> {
  checkOptions('sample', options, {
    prompt: true,
    length: true,
    temperature: true,
    topK: true,
    topP: true,
    stop: true,
    seed: true,
  });
  const { prompt = '', length = 200, temperature = 1, topK, topP, stop, seed = 0 } = options;
  if (!Number.isInteger(length) || length < 0)
    throw new RangeError(`sample: length is ${length}, expected a whole number ≥ 0`);
  if (!(temperature >= 0))
    throw new RangeError(`sample: temperature is ${temperature}, expected a number ≥ 0`);
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new RangeError(`sample: topK is ${topK}, expected a whole number ≥ 1`);
  if (topP !== undefined && !(topP > 0 && topP <= 1))
    throw new RangeError(`sample: topP is ${topP}, expected 0 < p ≤ 1`);
  const greedy = temperature < COLDEST;
  const random = new Random(seed);
  const { vocab } = model;
  let state = model.start();
  const pacer = new Pacer();
  const decoder = vocab.decoder();
  const next = new Float32Array(vocab.size);
  const advance = (ids: Int32Array): void => {
    state = model.advance(ids, state);
    const logits = model.logits(state);
    if (greedy) next.set(logits);
    else
      infer(() => {
        const { ptr, size } = softmax(affine(tensor(logits), 1 / temperature));
        next.set(f32(ptr, size));
      });
    // −∞ is a token that cannot come; NaN and ∞ are broken weights
    if (next.some(value => !(value < Infinity)))
      throw new Error(
        'sample: the model gives logits that are not finite; its weights are broken, take a ' +
          'checkpoint from before',
      );
  };
  let held = ''; // text that may be the beginning of `stop`
  const prompted = prompt === '' ? vocab.encode('\n', { unknown: 'skip' }) : vocab.encode(prompt);
  for (const id of prompted) decoder.push(id); // a word after a word needs a space,
  let spaced = /\s$/.test(prompt); // which the prompt may have already
  const context = prompted.length > 0 ? prompted : new Int32Array(1);
  const chosen = new Int32Array(1);
  advance(context);
  for (let n = 0; n < length; n++) {
    const id = greedy ? mostProbable(next) : choose(next, random, { topK, topP });
    const piece = decoder.push(id);
    held += spaced && vocab.level === 'word' ? piece.replace(/^ /, '') : piece;
    spaced = false;
    if (stop) {
      const at = held.indexOf(stop);
      if (at >= 0) {
        if (at > 0) yield held.slice(0, at);
        return;
      }
    }
    const ready = held.length - (stop ? overlap(held, stop) : 0);
    if (ready > 0) yield held.slice(0, ready);
    held = held.slice(ready);
    chosen[0] = id;
    if (n + 1 < length) advance(chosen);
    await pacer.pause();
  }
  held += decoder.end();
  if (held) yield held;
}

/** Length of the longest end of `text` that is a beginning of `pattern`. */
function overlap(text: string, pattern: string): number {
  for (let n = Math.min(text.length, pattern.length - 1); n > 0; n--)
    if (text.endsWith(pattern.slice(0, n))) return n;
  return 0;
}
