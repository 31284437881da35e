/** Published trainings by name: what `--recipe` sets. */
import { Refusal } from './errors.js';
import type { Recipe } from './recipe.js';
import { flag } from './resume.js';

/** A recipe: where it is from, and what it sets. */
export interface NamedRecipe {
  /** Who published it, and with what result. */
  source: string;
  set: Partial<Recipe>;
}

/**
 * Zaremba's loss is summed over the window's 20 steps, ours is their mean: his rate of 1 and norm
 * of 5 are 20 and 0.25 here.
 */
const ZAREMBA: Partial<Recipe> = {
  level: 'word',
  cell: 'lstm',
  layers: 2,
  hidden: 200,
  embedding: 200,
  initRange: 0.1,
  bptt: 20,
  batch: 20,
  optimizer: 'sgd',
  lr: 20,
  lrMin: 0,
  schedule: 'epochs',
  decay: 0.5,
  decayAfter: 4,
  clipNorm: 0.25,
  epochs: 13,
};

const PYTORCH: Partial<Recipe> = {
  level: 'word',
  cell: 'lstm',
  layers: 2,
  hidden: 200,
  embedding: 200,
  dropout: 0.2,
  inputDropout: 0.2,
  initRange: 0.1,
  bptt: 35,
  batch: 20,
  optimizer: 'sgd',
  lr: 20,
  lrMin: 0,
  schedule: 'plateau',
  decay: 0.25,
  clipNorm: 0.25,
  epochs: 6,
};

/** By name; the best figures that their sources give stand beside them. */
export const RECIPES: Record<string, NamedRecipe> = {
  'zaremba-small': {
    source: 'Zaremba, Sutskever & Vinyals 2014, small: Penn Treebank, test perplexity 114.5',
    set: ZAREMBA,
  },
  'zaremba-medium': {
    source: 'Zaremba, Sutskever & Vinyals 2014, medium: Penn Treebank, test perplexity 82.7',
    set: {
      ...ZAREMBA,
      hidden: 650,
      embedding: 650,
      dropout: 0.5,
      inputDropout: 0.5,
      initRange: 0.05,
      bptt: 35,
      lr: 35,
      clipNorm: 5 / 35,
      decay: 0.8,
      decayAfter: 6,
      epochs: 39,
    },
  },
  'pytorch-wlm': {
    source: 'pytorch/examples word_language_model: WikiText-2 after 6 epochs, test 142',
    set: PYTORCH,
  },
  'pytorch-wlm-tied': {
    source: 'pytorch/examples word_language_model --tied: WikiText-2 after 6 epochs, test 130',
    set: { ...PYTORCH, tie: true },
  },
  'awd-lstm': {
    source:
      'Merity, Keskar & Socher 2017: 33 million parameters, WikiText-2 after 750 epochs, test 65.8',
    set: {
      level: 'word',
      cell: 'lstm',
      layers: 3,
      hidden: 400,
      embedding: 400,
      width: 1150,
      tie: true,
      dropout: 0.4,
      hiddenDropout: 0.2,
      inputDropout: 0.65,
      embeddingDropout: 0.1,
      weightDrop: 0.5,
      ar: 2,
      tar: 1,
      initRange: 0.1,
      bptt: 70,
      randomLength: true,
      batch: 80,
      optimizer: 'ntasgd',
      lr: 30,
      lrMin: 0,
      weightDecay: 1.2e-6,
      nonmonotone: 5,
      schedule: 'constant',
      clipNorm: 0.25,
      epochs: 750,
    },
  },
  'char-rnn': {
    source: 'karpathy/char-rnn: LSTM 2×128, RMSprop, elements of the gradient clipped at 5',
    set: {
      level: 'char',
      cell: 'lstm',
      layers: 2,
      hidden: 128,
      embedding: 128,
      bptt: 50,
      batch: 50,
      optimizer: 'rmsprop',
      lr: 2e-3,
      lrMin: 0,
      schedule: 'epochs',
      decay: 0.97,
      decayAfter: 10,
      clipNorm: 0,
      clipValue: 5,
      epochs: 50,
    },
  },
  'tiny-shakespeare': {
    source: 'this library, tiny shakespeare 90/10: 1.437 nats per character (nanoGPT: 1.4697)',
    set: {
      level: 'char',
      cell: 'lstm',
      layers: 2,
      hidden: 384,
      embedding: 128,
      dropout: 0.4,
      bptt: 128,
      batch: 32,
      optimizer: 'adam',
      lr: 2e-3,
      lrMin: 1e-5,
      schedule: 'cosine',
      clipNorm: 1,
      epochs: 16,
    },
  },
};

/** The recipe of a name. */
export function namedRecipe(name: string): NamedRecipe {
  const found = Object.hasOwn(RECIPES, name) ? RECIPES[name] : undefined;
  if (!found) throw new Refusal(`--recipe ${name}: there are ${Object.keys(RECIPES).join(', ')}`);
  return found;
}

/** As flags: `--cell lstm --layers 2 …`; of those, what the command line has itself is left out. */
export function spelled({ set }: NamedRecipe, given: Readonly<Record<string, unknown>>): string {
  return Object.entries(set)
    .filter(([name, value]) => given[name] === undefined && value !== null && value !== false)
    .map(([name, value]) => (value === true ? flag(name) : `${flag(name)} ${value}`))
    .join(' ');
}
