/**
 * What a training run is: everything that decides its steps. Plain data, kept in the checkpoint.
 */
import type { ModelFile } from '../io/model.js';
import { awd, type Cell, cellOf, hawk, minGRU } from '../lm/cells.js';
import { FeedforwardLM } from '../lm/feedforward.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import type { AWDOptions } from '../nn/awd.js';
import { loadCells } from '../nn/cells.js';
import { constant, uniform } from '../nn/init.js';
import * as optim from '../optim/index.js';
import { pow } from '../runtime/math.js';
import { Random } from '../runtime/random.js';
import type { Parameter } from '../tensor/tensor.js';
import type { Level } from '../text/tokenize.js';
import type { Vocab } from '../text/vocab.js';
import type { TrainerOptions } from '../train/options.js';

export interface Recipe {
  level: Level;
  /** null where a text of its own validates. */
  split: number | null;
  /** Whether the split was asked for; else at most a million units are held out. */
  exactSplit: boolean;
  /** Units seen less often are unknown; null: none is. */
  minCount: number | null;
  /** At most so many units; null: all. */
  maxVocab: number | null;
  model: 'recurrent' | 'feedforward';
  cell: 'rnn' | 'lstm' | 'gru' | 'mingru' | 'rglru';
  layers: number;
  hidden: number;
  embedding: number;
  /** feedforward: tokens that the next one is predicted from. */
  context: number;
  /** feedforward: whether the output reads the embeddings too. */
  direct: boolean;
  dropout: number;
  /** recurrent: dropout of the embeddings. */
  inputDropout: number;
  /** recurrent: the AWD-LSTM's; null or 0: not. */
  width: number | null;
  embeddingDropout: number;
  hiddenDropout: number;
  weightDrop: number;
  ar: number;
  tar: number;
  /** Embedding and output begin at U(±this); null: as the library has it. */
  initRange: number | null;
  tie: boolean;
  softmax: 'full' | 'adaptive' | 'sampled';
  /** null: `nn.AdaptiveSoftmax`'s own. */
  cutoffs: readonly number[] | null;
  /** null: `nn.SampledSoftmax`'s own. */
  samples: number | null;
  bptt: number;
  /** Windows of random length about `bptt`. */
  randomLength: boolean;
  /** null: the activations of all steps are kept. */
  recompute: number | null;
  batch: number;
  optimizer: keyof typeof OPTIMIZERS;
  lr: number;
  lrMin: number;
  /** sgd, ntasgd, adamw: null is the optimizer's own. */
  weightDecay: number | null;
  /** ntasgd: validations without improvement before the weights are averaged. */
  nonmonotone: number;
  schedule: keyof typeof SCHEDULES;
  /** plateau, epochs: what the rate is multiplied by. */
  decay: number;
  /** epochs: so many pass before the rate falls. */
  decayAfter: number;
  /** 0: none. */
  clipNorm: number;
  /** 0: none. */
  clipValue: number;
  /** null where `steps` are planned. */
  epochs: number | null;
  steps: number | null;
  seed: number;
  deterministic: boolean;
}

/** Options that some optimizers read. */
interface Own {
  decay: { weightDecay?: number };
  nonmonotone: number;
}

/** How each optimizer is made, and its learning rate by default. */
export const OPTIMIZERS = {
  sgd: {
    lr: 1,
    make: (p: optim.ParameterSource, lr: number, { decay }: Own) =>
      new optim.SGD(p, { lr, ...decay }),
  },
  ntasgd: {
    lr: 30,
    make: (p: optim.ParameterSource, lr: number, { decay, nonmonotone }: Own) =>
      new optim.AveragedSGD(p, { lr, nonmonotone, ...decay }),
  },
  adagrad: {
    lr: 0.05,
    make: (p: optim.ParameterSource, lr: number) => new optim.Adagrad(p, { lr }),
  },
  rmsprop: {
    lr: 2e-3,
    make: (p: optim.ParameterSource, lr: number) => new optim.RMSprop(p, { lr }),
  },
  adadelta: {
    lr: 1,
    make: (p: optim.ParameterSource, lr: number) => new optim.Adadelta(p, { lr }),
  },
  adam: { lr: 2e-3, make: (p: optim.ParameterSource, lr: number) => new optim.Adam(p, { lr }) },
  adamw: {
    lr: 2e-3,
    make: (p: optim.ParameterSource, lr: number, { decay }: Own) =>
      new optim.AdamW(p, { lr, ...decay }),
  },
};

/** Schedules from --lr down to `min` over the planned steps. */
export const SCHEDULES = {
  constant: (): optim.Schedule => optim.constant(),
  /** Halved after each tenth. */
  step: (min: number): optim.Schedule => ({
    lr: (step, total, base) =>
      Math.max(min, optim.step({ size: Math.ceil(total / 10), gamma: 0.5 }).lr(step, total, base)),
  }),
  /** base·(min/base)^(step/total) */
  exponential: (min: number): optim.Schedule => ({
    lr: (step, total, base) => base * pow(min / base, step / total),
  }),
  cosine: (min: number): optim.Schedule => optim.cosine({ min }),
  onecycle: (): optim.Schedule => optim.oneCycle(),
  /** Halved whenever the validation loss has not fallen. */
  plateau: (min: number, { decay }: Decay): optim.Schedule =>
    optim.reduceOnPlateau({ factor: decay, patience: 0, threshold: 0, min }),
  /** base, and after some epochs times `decay` with each (Zaremba et al. 2014). */
  epochs: (min: number, { decay, decayAfter, epochs }: Decay): optim.Schedule => ({
    config: { kind: 'epochs', decay, decayAfter, epochs },
    lr: (step, total, base) => {
      const epoch = Math.floor((step / total) * (epochs ?? 1) + 1e-9);
      return Math.max(min, base * pow(decay, Math.max(0, epoch + 1 - decayAfter)));
    },
  }),
};

/** How the rate falls. */
type Decay = Pick<Recipe, 'decay' | 'decayAfter' | 'epochs'>;

/** The models that are trained by steps. */
export type TrainedLM = RecurrentLM | FeedforwardLM;

/**
 * Loads the kernels that models of these files need beside the engine's.
 *
 * @param configs what the files say of the models; a mix has one for each part, a cache that of its
 *   model
 */
export async function loadKernels(...configs: readonly unknown[]): Promise<void> {
  const needed = (config: unknown): boolean => {
    const { cell, parts, model } = (config ?? {}) as Record<'cell' | 'parts' | 'model', unknown>;
    const own = cell === 'mingru' || cell === 'rglru';
    const inner = Array.isArray(parts) ? parts.map(part => part?.config) : [];
    return own || [...inner, ...(model ? [model] : [])].some(needed);
  };
  if (configs.some(needed)) await loadCells();
}

/** A new model. Its kernels are loaded. */
export function newModel(recipe: Recipe, vocab: Vocab): TrainedLM {
  const { hidden, embedding, dropout, seed, cutoffs, samples } = recipe;
  const softmax =
    recipe.softmax === 'full'
      ? undefined
      : softmaxOf({
          softmax: recipe.softmax,
          ...(cutoffs && { cutoffs }),
          ...(samples !== null && { samples }),
        });
  const shared = { vocab, hiddenSize: hidden, embeddingSize: embedding, dropout, softmax, seed };
  if (recipe.model === 'feedforward') {
    const { context, direct } = recipe;
    return new FeedforwardLM({ ...shared, context, direct });
  }
  const { cell, layers, tie, inputDropout, initRange } = recipe;
  const kind = cell === 'mingru' ? minGRU() : cell === 'rglru' ? hawk() : cell;
  const regularized = regularizedCell(recipe);
  const model = regularized
    ? new RecurrentLM({ ...shared, cell: regularized, layers, tie, dropout: 0 })
    : new RecurrentLM({ ...shared, cell: kind, layers, tie, inputDropout });
  if (initRange !== null) {
    const random = new Random(seed);
    for (const [name, parameter] of model.namedParameters())
      if (/^(embedding|head)\.weight$/.test(name))
        uniform(parameter, -initRange, initRange, random);
      else if (name === 'head.bias') constant(parameter, 0);
  }
  return model;
}

/** Settings of the AWD-LSTM that its own layers need. */
export const REGULARIZERS = [
  'width',
  'embeddingDropout',
  'hiddenDropout',
  'weightDrop',
  'ar',
  'tar',
] as const;

/** The layers of the AWD-LSTM, where a setting asks for them; dropout is then locked. */
function regularizedCell(recipe: Recipe): Cell | null {
  const own = REGULARIZERS.filter(name => recipe[name]);
  if (own.length === 0) return null;
  return awd({
    cell: recipe.cell as NonNullable<AWDOptions['cell']>,
    inputDropout: recipe.inputDropout,
    outputDropout: recipe.dropout,
    ...Object.fromEntries(own.map(name => [name, recipe[name]])),
  });
}

/** The model of a file or checkpoint. Its kernels are loaded. */
export function trainedModel(file: ModelFile): TrainedLM {
  return file.kind === FeedforwardLM.kind
    ? FeedforwardLM.from(file, softmaxOf)
    : RecurrentLM.from(file, softmaxOf, cellOf);
}

export function trainerOptions(
  recipe: Recipe,
  parameters: ReadonlyMap<string, Parameter>,
): TrainerOptions {
  const {
    optimizer,
    lr,
    lrMin,
    schedule,
    clipNorm,
    clipValue,
    epochs,
    steps,
    bptt,
    recompute,
    seed,
    randomLength,
    weightDecay,
    nonmonotone,
  } = recipe;
  // recipes of older checkpoints lack it
  const decay = typeof weightDecay === 'number' ? { weightDecay } : {};
  return {
    optimizer: OPTIMIZERS[optimizer].make(parameters, lr, { decay, nonmonotone }),
    schedule: SCHEDULES[schedule](lrMin, recipe),
    ...(clipNorm > 0 && { clipNorm }),
    ...(clipValue > 0 && { clipValue }),
    ...(steps !== null ? { steps } : { epochs: epochs ?? 1 }),
    bptt,
    ...(randomLength && { randomLength }),
    ...(recompute !== null && { recompute }),
    seed,
  };
}
