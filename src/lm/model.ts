/** What every language model can do, whatever it is made of. */
import type { Vocab } from '../text/vocab.js';

/**
 * A language model: it reads tokens, and gives the probability of the one to come. Evaluation
 * (`evaluate`) and sampling (`sample`) stand on it alone, and so does every model of one's own.
 * States are values: reading gives a new one, and the old one can be read on from again.
 */
export interface LanguageModel<State = unknown> {
  /** The tokens that it knows. */
  readonly vocab: Vocab;
  /**
   * Whether each line is a text of its own: after `<eos>` the state is that of `start()`, from
   * which the first token is predicted too. Default: the state is carried on.
   */
  readonly sentences?: boolean;
  /** The state of a model that has read nothing. */
  start(): State;
  /** The state after reading these tokens. */
  advance(ids: Int32Array, state: State): State;
  /**
   * Logits of the next token, [vocabulary]: the softmax of them is its distribution. The
   * logarithms of probabilities are logits, −∞ is a token that cannot come.
   */
  logits(state: State): Float32Array;
  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: State): Scores<State>;
}

/** What `score` gives. */
export interface Scores<State> {
  /** log p of each token, in nats. */
  logp: Float32Array;
  /** The state after the last token. */
  state: State;
}
