import { add, mul, sub } from '../ops/elementwise.js';
import { embedding } from '../ops/embedding.js';
import { linear } from '../ops/linear.js';
import { crossEntropy } from '../ops/loss.js';
import { sum } from '../ops/reduce.js';
import { concat, reshape, slice } from '../ops/strided.js';
import { f32 } from '../runtime/arena.js';
import { log, pow } from '../runtime/math.js';
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { Parameter, type Tensor, tensor } from '../tensor/tensor.js';
import { defaultRandom, uniform } from './init.js';
import { FullSoftmax, type HeadLossOptions } from './softmax.js';

/** Options of `SampledSoftmax`. */
export interface SampledSoftmaxOptions {
  /** Classes drawn at each step, at most half of them. Default: a 32nd. */
  samples?: number;
  /** [classes, inputSize], to tie; row-sparse where few rows are to be updated. */
  weight?: Parameter;
  /** Draws the initial values. Default: one that all layers share, the same in each process. */
  random?: Random;
}

/**
 * Linear → softmax, trained on the target and a few drawn classes (Bengio & Senécal 2003; Jean et
 * al. 2015), evaluated over all.
 *
 * All rows of a step share the drawn classes, which are distinct, class c with p(c) = ln((c + 2)/(c
 * + 1)) / ln(classes + 1): classes stand by falling frequency. Logits are less the logarithm of the
 * expected count 1 − (1 − p)^tries, a drawn target does not compete with itself: TensorFlow's
 * log_uniform_candidate_sampler and sampled_softmax_loss.
 *
 * The weight is row-sparse: optimizers update the rows of targets and drawn classes.
 */
export class SampledSoftmax extends FullSoftmax {
  /** Classes drawn at each step of the training. */
  readonly samples: number;

  constructor(
    inputSize: number,
    classes: number,
    {
      samples = Math.ceil(classes / 32),
      weight,
      random = defaultRandom,
      ...rest
    }: SampledSoftmaxOptions = {},
  ) {
    noOthers('SampledSoftmax', rest);
    if (!(Number.isInteger(samples) && samples >= 1 && 2 * samples <= classes)) {
      throw new RangeError(
        `SampledSoftmax: samples is ${samples}, expected a whole number from 1 to half of the ` +
          `${classes} classes`,
      );
    }
    super(inputSize, classes, { weight: weight ?? sparse(inputSize, classes, random), random });
    this.samples = samples;
  }

  /** As `Head.loss`; of the drawn classes where `random` is given, else of all. */
  override loss(x: Tensor, targets: Int32Array, options: HeadLossOptions = {}): Tensor {
    const { random, reduction = 'mean', ...rest } = options;
    noOthers('loss', rest);
    if (!random) return super.loss(x, targets, options);
    const { samples: S, weight } = this;
    const [V, H] = weight.shape as readonly [number, number];
    const N = targets.length;
    const rows = reshape(x, [N, H]);
    const { drawn, tries } = draw(S, V, random);
    const classes = new Int32Array(S + N);
    classes.set(drawn);
    classes.set(
      targets.map(target => (target === -100 ? 0 : target)),
      S,
    );
    const expected = Float64Array.from(classes, c =>
      log(1 - pow(1 - log((c + 2) / (c + 1)) / log(V + 1), tries)),
    );
    const w = embedding(weight, classes);
    const b = sub(
      reshape(embedding(reshape(this.bias!, [V, 1]), classes), [S + N]),
      tensor(expected),
    );

    const others = linear(rows, slice(w, 0, 0, S), slice(b, 0, 0, S));
    const place = new Map(Array.from(drawn, (c, i) => [c, i]));
    targets.forEach((target, n) => {
      const hit = place.get(target);
      if (hit !== undefined) f32(others.ptr + 4 * (n * S + hit), 1)[0] = -1e30;
    });
    const own = add(sum(mul(rows, slice(w, 0, S, S + N)), { axis: 1 }), slice(b, 0, S, S + N));
    return crossEntropy(
      concat([reshape(own, [N, 1]), others], 1),
      targets.map(target => (target === -100 ? target : 0)),
      { reduction },
    );
  }
}

/** As Linear's weight, with gradients in rows. */
function sparse(inputSize: number, classes: number, random: Random): Parameter {
  const weight = new Parameter([classes, inputSize], { sparse: true });
  uniform(weight, -1 / Math.sqrt(inputSize), 1 / Math.sqrt(inputSize), random);
  return weight;
}

/** S distinct classes of V, log-uniform, and how many were drawn until there were as many. */
function draw(S: number, V: number, random: Random): { drawn: Int32Array; tries: number } {
  const drawn = new Set<number>();
  let tries = 0;
  for (; drawn.size < S; tries++) drawn.add(Math.floor(pow(V + 1, random.float())) - 1);
  return { drawn: Int32Array.from(drawn), tries };
}
