/** What a training run tells, as it goes. Losses are in nats per token; null where unknown. */

/** Every `reportEvery` steps. */
export interface StepReport {
  /** Tells it from other reports. */
  type: 'step';
  /** Steps done since the start of training. */
  step: number;
  /** Epochs done, with the fraction of the present one. */
  epoch: number;
  /** Tokens trained on since the start of training. */
  tokens: number;
  /** Mean over the tokens since the last report. */
  loss: number;
  /** Norm of the last step's gradient, before clipping. */
  gradNorm: number;
  /** Learning rate of the last step. */
  lr: number;
  /** Since the last report, validation apart. */
  tokensPerSecond: number | null;
  /** Seconds to the last planned step, at the speed since the last report. */
  etaSeconds: number | null;
}

/** What a validation measured, by name: loss, accuracy, … */
export type Metrics = Readonly<Record<string, number>>;

/** After each validation. */
export interface ValidReport {
  /** Tells it from other reports. */
  type: 'valid';
  /** Steps done since the start of training. */
  step: number;
  /** Epochs done, with the fraction of the present one. */
  epoch: number;
  /** The numbers that `validate` gave. */
  metrics: Metrics;
  /** Whether no validation was better before, by the metric that is watched. */
  best: boolean;
}

/**
 * Why a run ended: all planned steps done, this run's budget used, no improvement for `patience`
 * validations, or aborted.
 */
export type EndReason = 'finished' | 'budget' | 'early' | 'aborted';

/** Once, at the end. */
export interface EndReport {
  /** Tells it from other reports. */
  type: 'end';
  /** Why it ended. */
  reason: EndReason;
  /** Steps done since the start of training. */
  step: number;
  /** Of the last validation; null: there was none. */
  metrics: Metrics | null;
  /** The best value of the metric that is watched since the start of training. */
  best: number | null;
  /** Of this run. */
  seconds: number;
}

/** What `Trainer.run` yields: tell them apart by `type`. */
export type Report = StepReport | ValidReport | EndReport;
