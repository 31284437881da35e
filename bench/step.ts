/**
 * Whole training steps as the Trainer makes them: embedding → cells → output layer and
 * cross-entropy, backward, clip by norm, Adam.
 */
import { type lm, optim, text, train } from '../src/index.js';
import type { Case } from './case.js';

export interface Step {
  name: string;
  /** What the columns are made of; the loss does not matter. */
  ids: Int32Array;
  T: number;
  B: number;
  /** Of the matrix products of one step. */
  flop: number;
}

export function* stepCase(model: lm.RecurrentLM, { name, ids, T, B, flop }: Step): Generator<Case> {
  using trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 1e-3 }),
    clipNorm: 1,
    bptt: T,
    steps: 1e9,
    reportEvery: 1,
  });
  const reports = trainer.run(text.columns(ids, { batchSize: B }));
  yield { name, flop, tokens: T * B, run: () => reports.next() };
}
