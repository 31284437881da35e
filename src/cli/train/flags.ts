/** The options of `train lm`, and what a new run takes without them. */
import type { Command } from 'commander';
import { SMOOTHINGS, type Smoothing } from '../../lm/ngram/estimate.js';
import { decimal, oneOf, whole, wholes } from '../options.js';
import { OPTIMIZERS, type Recipe, SCHEDULES } from '../recipe.js';
import { RECIPES } from '../recipes.js';
import { addRunOptions, group, option, type RunFlags } from './run.js';

/** Defaults of what a new run takes; `null`: from other options. */
export const DEFAULTS = {
  level: 'char',
  model: 'recurrent',
  cell: 'lstm',
  layers: 2,
  hidden: 128,
  context: 4,
  direct: false,
  dropout: 0,
  inputDropout: 0,
  width: null,
  embeddingDropout: 0,
  hiddenDropout: 0,
  weightDrop: 0,
  ar: 0,
  tar: 0,
  initRange: null,
  tie: false,
  softmax: 'full',
  cutoffs: null,
  samples: null,
  bptt: 64,
  randomLength: false,
  recompute: null,
  batch: 32,
  optimizer: 'adam',
  weightDecay: null,
  nonmonotone: 5,
  schedule: 'cosine',
  decay: 0.5,
  decayAfter: 1,
  clipNorm: 1,
  clipValue: 0,
  seed: 1,
  deterministic: false,
} as const;
export const SPLIT = 0.9;
export const EMBEDDING = 64;
export const EPOCHS = 5;
export const REPORT_EVERY = 50;
export const OUT = 'model.safetensors';
/** With a live bar. */
export const REPORT_EVERY_LIVE = 10;

/** What was written on the command line, by name. */
export type Given = RunFlags &
  Partial<
    Omit<
      Recipe,
      | 'epochs'
      | 'steps'
      | 'split'
      | 'exactSplit'
      | 'minCount'
      | 'maxVocab'
      | 'cutoffs'
      | 'samples'
      | 'recompute'
      | 'initRange'
      | 'width'
      | 'weightDecay'
      | 'model'
    > & {
      model: Recipe['model'] | 'ngram';
      order: number;
      smoothing: Smoothing;
      k: number;
      prune: readonly number[];
      entropy: number;
      epochs: number;
      steps: number;
      split: number;
      minCount: number;
      maxVocab: number;
      cutoffs: readonly number[];
      samples: number;
      recompute: number;
      initRange: number;
      width: number;
      weightDecay: number;
    }
  > & {
    input?: string[];
    valid?: string;
    from?: string;
    recipe?: string;
    wide?: boolean | 'auto';
  };

/** Adds the options, in groups of the help. */
export function addFlags(command: Command): void {
  const names = (choices: object): string => Object.keys(choices).join(', ');
  group(
    command,
    'Recipe:',
    option(
      '--recipe <name>',
      `settings of a published training, which other options may change: ${Object.keys(RECIPES).join(', ')}`,
    ).conflicts(['resume', 'from']),
  );
  group(
    command,
    'Text:',
    option(
      '--input <file...>',
      'texts to train on: files, folders, or - for standard input; may be gzipped',
    ),
    option('--from <model>', 'start from the weights and the vocabulary of this model').conflicts(
      'resume',
    ),
    option('--valid <file>', 'text to validate on').conflicts('split'),
    option(
      '--split <share>',
      'without --valid: train on this share of the text, validate on the rest',
      `${SPLIT}, and at most a million units held out`,
    ).argParser(decimal({ above: 0, most: 1 })),
    option('--min-count <n>', 'replace units seen fewer than n times by <unk>', 1).argParser(
      whole(),
    ),
    option(
      '--max-vocab <n>',
      'keep the n most frequent units, replace others by <unk>',
      'all',
    ).argParser(whole(2)),
    option(
      '--level <unit>',
      'unit of the text that is a token: byte, char or word',
      DEFAULTS.level,
    ).argParser(oneOf(['byte', 'char', 'word'])),
  );
  group(
    command,
    'Model:',
    option(
      '--model <kind>',
      'kind of model: recurrent, feedforward or ngram',
      DEFAULTS.model,
    ).argParser(oneOf(['recurrent', 'feedforward', 'ngram'])),
    option(
      '--cell <cell>',
      'recurrent cell: rnn, lstm, gru, or blocks of mingru or rglru',
      DEFAULTS.cell,
    ).argParser(oneOf(['rnn', 'lstm', 'gru', 'mingru', 'rglru'])),
    option('--layers <n>', 'number of recurrent layers', DEFAULTS.layers).argParser(whole()),
    option('--hidden <n>', 'hidden units per layer', DEFAULTS.hidden).argParser(whole()),
    option(
      '--embedding <n>',
      'size of the token embeddings',
      `${EMBEDDING}; --hidden with --tie and for blocks`,
    ).argParser(whole()),
    option(
      '--dropout <p>',
      'dropout probability, between layers and before the output',
      DEFAULTS.dropout,
    ).argParser(decimal({ least: 0, below: 1 })),
    option(
      '--input-dropout <p>',
      'dropout probability of the embeddings',
      DEFAULTS.inputDropout,
    ).argParser(decimal({ least: 0, below: 1 })),
    option(
      '--init-range <r>',
      'embedding and output layer begin at U(±r), its bias at 0',
      'PyTorch’s initial values',
    ).argParser(decimal({ above: 0 })),
    option('--tie', 'share one matrix between embedding and output'),
    option(
      '--softmax <kind>',
      'full; for large vocabularies adaptive (rare words in clusters) or sampled (trained on a ' +
        'sample of the words)',
      DEFAULTS.softmax,
    ).argParser(oneOf(['full', 'adaptive', 'sampled'])),
    option(
      '--cutoffs <ids>',
      'adaptive: ids at which clusters begin, as 2000,10000',
      'at a 16th and a 4th of the words',
    ).argParser(wholes),
    option(
      '--samples <n>',
      'sampled: number of words drawn at each step',
      'a 32nd of the words',
    ).argParser(whole()),
  );
  group(
    command,
    'AWD-LSTM (rnn, lstm, gru; one dropout mask for all steps of a window):',
    option('--width <n>', 'hidden units of all layers but the last', '--hidden').argParser(whole()),
    option(
      '--embedding-dropout <p>',
      'dropout probability of whole words of a window',
      DEFAULTS.embeddingDropout,
    ).argParser(decimal({ least: 0, below: 1 })),
    option(
      '--hidden-dropout <p>',
      'dropout probability between layers; --dropout is then that of the output',
      DEFAULTS.hiddenDropout,
    ).argParser(decimal({ least: 0, below: 1 })),
    option(
      '--weight-drop <p>',
      'dropout probability of the recurrent weights',
      DEFAULTS.weightDrop,
    ).argParser(decimal({ least: 0, below: 1 })),
    option('--ar <α>', 'penalty of large outputs', DEFAULTS.ar).argParser(decimal({ least: 0 })),
    option('--tar <β>', 'penalty of outputs that change from step to step', DEFAULTS.tar).argParser(
      decimal({ least: 0 }),
    ),
  );
  group(
    command,
    'Feed-forward (--model feedforward):',
    option(
      '--context <n>',
      'tokens that the next one is predicted from',
      DEFAULTS.context,
    ).argParser(whole()),
    option('--direct', 'the output layer reads the embeddings too'),
  );
  group(
    command,
    'n-grams (--model ngram):',
    option('--order <n>', 'tokens of the longest n-grams, 1 to 8', 5).argParser(whole()),
    option(
      '--smoothing <name>',
      `how probabilities are made of counts: ${SMOOTHINGS.join(', ')}`,
      SMOOTHINGS[0],
    ).argParser(oneOf(SMOOTHINGS)),
    option('--k <n>', 'add-k: what is added to each count', 1).argParser(decimal({ above: 0 })),
    option(
      '--prune <counts>',
      'leave out n-grams seen at most so often, by order from 1, as 0,0,1',
      'none',
    ).argParser(text => text.split(',').map(whole(0))),
    option(
      '--entropy <share>',
      'leave out n-grams that change the perplexity by less, as 1e-8',
      'none',
    ).argParser(decimal({ least: 0, below: 1 })),
  );
  group(
    command,
    'Training:',
    option(
      '--bptt <n>',
      'time steps per window, over which gradients flow back',
      DEFAULTS.bptt,
    ).argParser(whole()),
    option('--random-length', 'windows of random length about --bptt; the rate goes with it'),
    option(
      '--recompute <n>',
      'save memory: keep the activations of n time steps, recompute the others',
      'keep all',
    ).argParser(whole()),
    option(
      '--batch <n>',
      'batch size: places in the text that are read side by side',
      DEFAULTS.batch,
    ).argParser(whole()),
    option('--optimizer <name>', `optimizer: ${names(OPTIMIZERS)}`, DEFAULTS.optimizer).argParser(
      oneOf(Object.keys(OPTIMIZERS)),
    ),
    option('--lr <rate>', 'learning rate', 'the optimizer’s own; 2e-3 for adam').argParser(
      decimal({ above: 0 }),
    ),
    option('--lr-min <rate>', 'learning rate at the end of the schedule', '--lr / 200').argParser(
      decimal({ least: 0 }),
    ),
    option(
      '--weight-decay <λ>',
      'sgd, ntasgd and adamw: decay of the weights',
      'the optimizer’s own; 0.01 for adamw, else 0',
    ).argParser(decimal({ least: 0 })),
    option(
      '--nonmonotone <n>',
      'ntasgd: averages the weights once n validations in a row are no better than one before',
      DEFAULTS.nonmonotone,
    ).argParser(whole()),
    option(
      '--schedule <name>',
      `learning-rate schedule: ${names(SCHEDULES)}`,
      DEFAULTS.schedule,
    ).argParser(oneOf(Object.keys(SCHEDULES))),
    option(
      '--decay <factor>',
      'plateau and epochs: what the rate is multiplied by',
      DEFAULTS.decay,
    ).argParser(decimal({ above: 0, below: 1 })),
    option(
      '--decay-after <n>',
      'epochs: n epochs pass before the rate falls with each',
      DEFAULTS.decayAfter,
    ).argParser(whole()),
    option(
      '--clip-norm <n>',
      'clip the norm of the gradient to n; 0: off',
      DEFAULTS.clipNorm,
    ).argParser(decimal({ least: 0 })),
    option(
      '--clip-value <n>',
      'clip each element of the gradient to ±n; 0: off',
      DEFAULTS.clipValue,
    ).argParser(decimal({ least: 0 })),
    option('--epochs <n>', 'passes over the text', EPOCHS).argParser(whole()).conflicts('steps'),
    option('--steps <n>', 'total number of steps, instead of --epochs').argParser(whole()),
    option('--seed <n>', 'seed of the initial weights and of dropout', DEFAULTS.seed).argParser(
      whole(0),
    ),
    option('--deterministic', 'the same bits in every engine, somewhat slower in some'),
    option('--threads <n>', 'threads to train with: the same result, sooner', 1).argParser(whole()),
    option(
      '--wide',
      '256-bit instructions, an experiment of V8’s in Node 24 and later on x64: the same ' +
        'result, sooner',
      'where a trial at the start shows both',
    ),
    option('--no-wide', 'without 256-bit instructions, and without the trial'),
  );
  addRunOptions(
    command,
    {
      flag: 'model',
      of: 'model: the best in validation, else the last',
      name: OUT,
      beside: 'model',
    },
    `${REPORT_EVERY}; ${REPORT_EVERY_LIVE} with a live bar`,
  );
}
