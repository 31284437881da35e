import { add, affine } from '../ops/elementwise.js';
import { embedding } from '../ops/embedding.js';
import { linearCrossEntropy } from '../ops/head.js';
import { logSoftmax } from '../ops/softmax.js';
import { concat, reshape, slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { defaultRandom } from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import type { Head, HeadLossOptions } from './softmax.js';

/** Options of `AdaptiveSoftmax`. */
export interface AdaptiveSoftmaxOptions {
  /**
   * First class of each cluster, rising, each below `classes`. Default: a sixteenth and a quarter
   * of the classes.
   */
  cutoffs?: readonly number[];
  /** Cluster i sees the input through inputSize / divValue^(i + 1) units. Default: 4. */
  divValue?: number;
  /** Default: false. */
  headBias?: boolean;
  /** Draws the initial values. Default: one that all layers share, the same in each process. */
  random?: Random;
}

/**
 * Softmax in two levels (Grave et al. 2017): p(c) of a frequent class, else p(cluster)·p(c |
 * cluster), where rarer clusters are narrower. Names, shapes and initial values as
 * torch.nn.AdaptiveLogSoftmaxWithLoss. Classes stand by falling frequency.
 */
export class AdaptiveSoftmax extends Module implements Head {
  /** Over the classes below the first cutoff, then the clusters. */
  readonly head: Linear;
  /** Of each cluster: to fewer units, and from there to its classes. */
  readonly tail: readonly (readonly [down: Linear, up: Linear])[];
  /** First class of each cluster. */
  readonly cutoffs: readonly number[];
  /** Number of classes. */
  readonly classes: number;

  constructor(
    inputSize: number,
    classes: number,
    {
      cutoffs = defaultCutoffs(classes),
      divValue = 4,
      headBias = false,
      random = defaultRandom,
      ...rest
    }: AdaptiveSoftmaxOptions = {},
  ) {
    super();
    noOthers('AdaptiveSoftmax', rest);
    if (
      cutoffs.length === 0 ||
      !cutoffs.every(
        (cutoff, i) =>
          Number.isInteger(cutoff) && cutoff > (cutoffs[i - 1] ?? 0) && cutoff < classes,
      )
    ) {
      throw new RangeError(
        `AdaptiveSoftmax: cutoffs are [${cutoffs}], expected rising whole numbers between 0 ` +
          `and ${classes}, the classes`,
      );
    }
    const narrowest = Math.floor(inputSize / divValue ** cutoffs.length);
    if (!(narrowest >= 1))
      throw new RangeError(
        `AdaptiveSoftmax: ${inputSize} units divided ${cutoffs.length} times by ${divValue} ` +
          'leave none; use fewer cutoffs or a smaller divValue',
      );
    this.classes = classes;
    this.cutoffs = cutoffs;
    const made = allOrNothing(() => ({
      head: new Linear(inputSize, cutoffs[0]! + cutoffs.length, { bias: headBias, random }),
      tail: cutoffs.map((from, i) => {
        const units = Math.floor(inputSize / divValue ** (i + 1));
        return [
          new Linear(inputSize, units, { bias: false, random }),
          new Linear(units, (cutoffs[i + 1] ?? classes) - from, { bias: false, random }),
        ] as const;
      }),
    }));
    this.head = made.head;
    this.tail = made.tail;
  }

  protected override *children(): Iterable<[string, Module]> {
    yield ['head', this.head];
    for (const [i, pair] of this.tail.entries())
      for (const [j, linear] of pair.entries()) yield [`tail.${i}.${j}`, linear];
  }

  /**
   * Log-probabilities of all classes, PyTorch's `log_prob`.   x [..., inputSize] → [..., classes]
   */
  forward(x: Tensor): Tensor {
    const head = logSoftmax(this.head.forward(x));
    const first = this.cutoffs[0]!;
    const tail = this.tail.map(([down, up], i) =>
      add(logSoftmax(up.forward(down.forward(x))), slice(head, -1, first + i, first + i + 1)),
    );
    return concat([slice(head, -1, 0, first), ...tail], -1);
  }

  /** As `Head.loss`; each cluster sees its own rows alone. */
  loss(
    x: Tensor,
    targets: Int32Array,
    { reduction = 'mean', random: _, ...rest }: HeadLossOptions = {},
  ): Tensor {
    noOthers('loss', rest);
    const { head, cutoffs, classes } = this;
    const rows = reshape(x, [-1, x.shape.at(-1)!]);
    const members = cutoffs.map((): number[] => []);
    let count = 0;
    const inHead = targets.map((target, n) => {
      if (target === -100) return target;
      if (!(target >= 0 && target < classes))
        throw new RangeError(
          `AdaptiveSoftmax.loss: target ${target} at position ${n} lies outside [0, ${classes})`,
        );
      count++;
      const cluster = cutoffs.findLastIndex(cutoff => target >= cutoff);
      if (cluster < 0) return target;
      members[cluster]!.push(n);
      return cutoffs[0]! + cluster;
    });
    let sum = linearCrossEntropy(rows, head.weight, inHead, { bias: head.bias, reduction: 'sum' });
    this.tail.forEach(([down, up], i) => {
      const own = Int32Array.from(members[i]!);
      if (own.length === 0) return;
      const within = own.map(n => targets[n]! - cutoffs[i]!);
      sum = add(
        sum,
        linearCrossEntropy(down.forward(embedding(rows, own)), up.weight, within, {
          reduction: 'sum',
        }),
      );
    });
    return reduction === 'mean' ? affine(sum, 1 / count) : sum;
  }
}

/** At a 16th and a 4th of the classes; of few classes, at one place. */
function defaultCutoffs(classes: number): number[] {
  const cutoffs = [...new Set([Math.ceil(classes / 16), Math.ceil(classes / 4)])];
  if (classes < 2)
    throw new RangeError(
      `AdaptiveSoftmax: ${classes} class cannot be split into frequent and rare ones; use the ` +
        'full softmax',
    );
  return cutoffs;
}
