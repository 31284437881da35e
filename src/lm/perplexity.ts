/** How well a language model predicts a text. */
export interface Evaluation {
  /** Units predicted. */
  tokens: number;
  /** Mean −log p in nats per token. */
  loss: number;
  /** loss / ln 2. */
  bitsPerToken: number;
  /** e^loss. */
  perplexity: number;
}

/** The usual measures of a mean loss in nats over `tokens` units. */
export function evaluation(loss: number, tokens: number): Evaluation {
  return { tokens, loss, bitsPerToken: loss / Math.LN2, perplexity: Math.exp(loss) };
}
