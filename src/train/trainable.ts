/** What the trainers ask of models and data. */
import type { ModelFile } from '../io/model.js';
import type { Module } from '../nn/module.js';
import type { Random } from '../runtime/random.js';
import type { Tensor } from '../tensor/tensor.js';

/** What a training step gives the model beside the batch. */
export interface LossContext {
  /** The carried state; undefined: zeros. */
  state: readonly Tensor[] | undefined;
  /** Draws the dropout masks; undefined: no dropout. */
  random: Random | undefined;
  /**
   * Time steps of a segment whose activations are computed again in the backward pass
   * (`ops.recompute`); undefined: all activations are kept.
   */
  recompute?: number | undefined;
}

/** What a training step takes from the model. */
export interface LossResult {
  /** One element: the mean over the batch's tokens, in nats. */
  loss: Tensor;
  /** The state to carry to the next batch; undefined: zeros. */
  state?: readonly Tensor[] | undefined;
}

/** Data that a resumed run knows again. */
export interface Fingerprinted {
  /** Tells this data from other data when a run is resumed. */
  readonly fingerprint: string;
}

/** What gradient descent reads of a batch. */
export interface PlainBatch {
  /** What the loss is the mean of: targets that count, or examples; 0: nothing to learn from. */
  tokens: number;
}

/** What the trainer reads of a batch. `text.SequenceBatch` has it all. */
export interface TrainBatch {
  /** Time steps. */
  T: number;
  /** Rows. */
  B: number;
  /** Time index from which the loss counts. */
  lossFrom: number;
  /** Targets that count. */
  tokens: number;
  /** The carried state starts from zeros here. */
  first: boolean;
}

/** How one epoch is cut into batches; for data without time steps only `random` matters. */
export interface WindowPlan {
  /** New time steps per window, h′. */
  bptt: number;
  /** Time steps that gradients go back, h ≥ h′. */
  horizon: number;
  /** Windows of random length. */
  randomLength: boolean;
  /** Shuffles, and draws the lengths. */
  random: Random;
}

/** The batches of one epoch; `position` counts those handed out, and may be set. */
export interface Batches<Batch> {
  /** Batches in the epoch. */
  readonly length: number;
  /** Batches handed out; to resume, set it. */
  position: number;
  /** The next batch of the epoch. */
  next(): IteratorResult<Batch, undefined>;
}

/**
 * Data that can be gone through epoch after epoch: `text.columns`, `text.sequences`, or your own.
 */
export interface TrainData<Batch> extends Fingerprinted {
  /** The batches of one epoch, determined by the plan alone. */
  windows(plan: WindowPlan): Batches<Batch>;
}

/** Data without time steps: `train.batches`, or your own. */
export interface BatchData<Batch> extends Fingerprinted {
  /** The batches of one epoch, determined by the generator alone. */
  batches(random: Random): Batches<Batch>;
}

/**
 * A model that the trainer can train: a module with a loss.
 *
 * ```ts
 * class Tagger extends nn.Module implements train.Trainable<text.SequenceBatch> {
 *   readonly embedding = new nn.Embedding(1000, 64);
 *   readonly head = new nn.Linear(64, 1000);
 *   loss({ inputs, targets }: text.SequenceBatch): train.LossResult {
 *     const logits = this.head.forward(this.embedding.forward(inputs));
 *     return { loss: ops.crossEntropy(logits, targets), state: undefined };
 *   }
 * }
 * ```
 */
export interface Trainable<Batch> extends Module {
  /** Runs inside a scope. */
  loss(batch: Batch, context: LossContext): LossResult;
  /** Shapes of the carried state for B rows. Absent: nothing is carried. */
  stateShapes?(B: number): number[][];
  /**
   * What its checkpoints say of it; `restore` refuses those of another kind, config or vocabulary.
   * Absent: its parameters alone.
   */
  describe?(): ModelFile;
}
