/**
 * Training on batches that stand for themselves: classifiers, regressors, anything without a state
 * that goes from batch to batch.
 */
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize } from '../tensor/shape.js';
import { GradientTrainer } from './gradient.js';
import type { BatchData, Batches, PlainBatch, Trainable } from './trainable.js';

/** Examples to cut into batches. */
export interface ExampleOptions {
  /** Examples there are. */
  length: number;
  /** Examples of one batch; the last one of an epoch may have fewer. */
  batchSize: number;
  /** Tells this data from other data when a run is resumed. */
  fingerprint: string;
}

/**
 * Batches of examples, in a new order each epoch.
 *
 * @param make the batch of these examples: numbers from 0 to length − 1
 * @throws RangeError for sizes below 1
 */
export function batches<Batch>(
  { length: n, batchSize, fingerprint, ...rest }: ExampleOptions,
  make: (rows: Int32Array) => Batch,
): BatchData<Batch> {
  noOthers('batches', rest);
  checkSize(n, 'length', 'batches');
  checkSize(batchSize, 'batchSize', 'batches');
  return {
    fingerprint,
    batches(random) {
      const order = random.shuffle(Int32Array.from({ length: n }, (_, i) => i));
      return {
        length: Math.ceil(n / batchSize),
        position: 0,
        next() {
          const rows = order.subarray(this.position * batchSize, (this.position + 1) * batchSize);
          if (rows.length === 0) return { done: true, value: undefined };
          this.position++;
          return { done: false, value: make(rows) };
        },
      };
    },
  };
}

/**
 * Trains a model on plain batches, in one run or in many, with exact resume.
 *
 *     const flowers = { length: 1000, batchSize: 32, fingerprint: 'flowers 1' };
 *     const data = train.batches(flowers, rows => ({
 *       x: pick(rows), targets: classes(rows), tokens: rows.length,
 *     }));
 *     const trainer = new train.BatchTrainer(model, {
 *       optimizer: new optim.Adam(model.namedParameters()),
 *       epochs: 20,
 *       metric: { name: 'accuracy', better: 'higher' },
 *     });
 *     for await (const report of trainer.run(data, { validate })) console.log(report);
 */
export class BatchTrainer<
  Batch extends PlainBatch,
  Model extends Trainable<Batch> = Trainable<Batch>,
> extends GradientTrainer<Batch, BatchData<Batch>, Model> {
  protected open(data: BatchData<Batch>, random: Random): Batches<Batch> {
    return data.batches(random);
  }
}
