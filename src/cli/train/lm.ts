/** `throughtime train lm` */
import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readModel } from '../../io/model.js';
import { FeedforwardLM } from '../../lm/feedforward.js';
import { MOST } from '../../lm/ngram/count.js';
import { SMOOTHINGS, type Smoothing } from '../../lm/ngram/estimate.js';
import { RecurrentLM } from '../../lm/recurrent.js';
import type { AWDOptions } from '../../nn/awd.js';
import { readFileBytes } from '../../node/files.js';
import { init, runtimeInfo } from '../../runtime/init.js';
import { type Columns, columns } from '../../text/batch.js';
import { Trainer } from '../../train/bptt.js';
import { type Corpus, idFileOf, readCorpus } from '../corpus.js';
import { createDisplay, type Display } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { count, plural, UNITS } from '../format.js';
import { checkpointOf, type JobOptions, type Outcome, perform, type Task } from '../job.js';
import { checkTokenizer } from '../kinds.js';
import { decimal, oneOf, whole, wholes } from '../options.js';
import { printJSON } from '../output.js';
import {
  loadKernels,
  newModel,
  OPTIMIZERS,
  REGULARIZERS,
  type Recipe,
  SCHEDULES,
  trainedModel,
  trainerOptions,
} from '../recipe.js';
import { namedRecipe, RECIPES, spelled } from '../recipes.js';
import { flag, noteFor, type Resumed, readCheckpoint, resumedRecipe } from '../resume.js';
import { fileArgument } from '../shell.js';
import { type Counting, trainNgram } from './ngram.js';

const EXAMPLES = `
Examples:
  Train a character model with the defaults, and validate on the last tenth:
    $ throughtime train lm --input book.txt --out book.safetensors

  Choose model and training, and keep the reports as JSON:
    $ throughtime train lm --input book.txt --cell gru --hidden 256 \\
        --dropout 0.2 --epochs 8 --out book.safetensors --json > book.jsonl

  Train for ten minutes at most, then continue where it stopped:
    $ throughtime train lm --input book.txt --max-seconds 600 \\
        --checkpoint book.ckpt
    $ throughtime train lm --resume book.ckpt

  Fine-tune a model on another text:
    $ throughtime train lm --from book.safetensors --input letters.txt \\
        --out letters.safetensors

  Train a word model with tied weights, validated on a second text:
    $ throughtime train lm --input train.txt --valid valid.txt --level word \\
        --hidden 200 --tie --out words.safetensors

  Train faster with tens of thousands of words:
    $ throughtime train lm --input train.txt --level word --softmax adaptive

  Train as somebody has published it:
    $ throughtime train lm --recipe pytorch-wlm-tied --input train.txt \\
        --valid valid.txt --threads 2

  Count n-grams, for a model of sentences in seconds; .arpa is read elsewhere:
    $ throughtime train lm --model ngram --order 5 --level word \\
        --input train.txt --split 1 --out words.arpa

Checkpoints: every minute the command saves a checkpoint beside the model. It
removes the checkpoint when the training has finished.

Interruption: Ctrl-C, SIGTERM and SIGHUP save the checkpoint, leave the model's
file as it was and print the command to continue. A second signal quits at once.
Under nohup the training continues when the terminal closes.

Exit codes: 0 success; 1 the training failed; 2 bad input or options, or a file
that cannot be written; 130, 143, 129 after Ctrl-C, SIGTERM, SIGHUP.`;

/** Defaults of what a new run takes; `null`: from other options. */
const DEFAULTS = {
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
const SPLIT = 0.9;
const EMBEDDING = 64;
const EPOCHS = 5;
const OUT = 'model.safetensors';
const CHECKPOINT_EVERY = 60;
/** What a model's file says of the model. */
const MODEL = [
  'level',
  'model',
  'cell',
  'layers',
  'hidden',
  'embedding',
  'context',
  'direct',
  'dropout',
  'tie',
  'softmax',
  'cutoffs',
  'samples',
] as const;
const REPORT_EVERY = 50;
/** With a live bar. */
const REPORT_EVERY_LIVE = 10;

/** What was written on the command line, by name. */
type Given = Partial<
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
  out?: string;
  checkpoint?: string;
  checkpointEvery?: number;
  resume?: string;
  from?: string;
  recipe?: string;
  acceptBuild?: boolean;
  slice?: number;
  maxSeconds?: number;
  reportEvery?: number;
  threads?: number;
  wide?: boolean | 'auto';
  json?: boolean;
};

export function languageModelCommand(): Command {
  const group = (title: string, ...options: Option[]): void =>
    options.forEach(option => command.addOption(option.helpGroup(title)));
  const option = (flags: string, description: string, shown?: string | number): Option =>
    new Option(flags, shown === undefined ? description : `${description} (default: ${shown})`);
  const names = (choices: object): string => Object.keys(choices).join(', ');
  const command = new Command('lm')
    .description('Train a language model on texts.')
    .addHelpText('after', EXAMPLES)
    .action((given: Given) => run(given));
  group(
    'Recipe:',
    option(
      '--recipe <name>',
      `settings of a published training, which other options may change: ${Object.keys(RECIPES).join(', ')}`,
    ).conflicts(['resume', 'from']),
  );
  group(
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
    'Feed-forward (--model feedforward):',
    option(
      '--context <n>',
      'tokens that the next one is predicted from',
      DEFAULTS.context,
    ).argParser(whole()),
    option('--direct', 'the output layer reads the embeddings too'),
  );
  group(
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
  group(
    'This run:',
    option('--slice <n>', 'stop after n steps of this run and keep a checkpoint').argParser(
      whole(),
    ),
    option('--max-seconds <n>', 'stop after n seconds and keep a checkpoint').argParser(
      decimal({ above: 0 }),
    ),
    option(
      '--report-every <n>',
      'steps between two reports',
      `${REPORT_EVERY}; ${REPORT_EVERY_LIVE} with a live bar`,
    ).argParser(whole()),
    option('--out <model>', 'file of the model: the best in validation, else the last', OUT),
    option(
      '--checkpoint <file>',
      'file of the checkpoint, kept when the training has finished',
      'beside the model, then removed',
    ),
    option(
      '--checkpoint-every <seconds>',
      'seconds between two checkpoints',
      CHECKPOINT_EVERY,
    ).argParser(decimal({ above: 0 })),
    option('--resume <file>', 'continue exactly from this checkpoint; needs no other option'),
    option('--accept-build', 'with --resume: continue also with another build of the kernels'),
    option('--json', 'print one JSON object per line on stdout'),
  );
  return command;
}

/** One run: its recipe, and what may differ from run to run. */
export interface LanguageModelJob extends JobOptions {
  resume: Resumed | null;
  recipe: Recipe;
  input: readonly string[];
  valid: string | null;
  /** The model whose weights are the first; null: new ones. */
  from: string | null;
  reportEvery: number;
  /** Threads to train with, and whether with 256-bit instructions; they change no result. */
  threads: number;
  wide: boolean | 'auto';
}

/** Options that only one kind of model reads. */
const OWN: Record<Recipe['model'] | 'ngram', readonly string[]> = {
  recurrent: ['cell', 'layers', 'tie', 'recompute', 'inputDropout', 'initRange', ...REGULARIZERS], // biome-ignore format: one line
  feedforward: ['context', 'direct'],
  ngram: ['order', 'smoothing', 'k', 'prune', 'entropy'],
};
/** Options that all kinds of models read. */
const SHARED = ['input', 'valid', 'split', 'level', 'minCount', 'maxVocab', 'model', 'out', 'json', 'deterministic', 'seed', 'threads']; // biome-ignore format: one line

/** Refuses options that the kind of model does not read. */
function checkKind(given: Given): void {
  const { model = DEFAULTS.model } = given;
  const names = Object.keys(given) as (keyof Given)[];
  const others = (name: string): string[] =>
    Object.entries(OWN).flatMap(([kind, own]) =>
      kind !== model && own.includes(name) ? [kind] : [],
    );
  const strange = names.filter(
    name =>
      others(name).length > 0 || (model === 'ngram' && ![...SHARED, ...OWN.ngram].includes(name)),
  );
  if (strange.length === 0) return;
  const kind = others(strange[0]!)[0];
  throw new Refusal(
    `${strange.map(flag).join(', ')}: not for --model ${model}; leave ` +
      `${strange.length > 1 ? 'them' : 'it'} out${kind ? `, or give --model ${kind}` : ''}`,
  );
}

/** The command line as a job of counting. */
function counting(given: Given): Counting {
  const { input, valid = null, split, level = DEFAULTS.level, out = OUT } = given;
  if (input === undefined) throw new Refusal('--input is missing: name the text to count');
  const { order = 5, prune = [] } = given;
  if (order > MOST) throw new Refusal(`--order is ${order}, expected 1 to ${MOST}`);
  if (prune.length > order || prune.some((least, i) => least < (prune[i - 1] ?? 0)))
    throw new Refusal(
      `--prune is ${prune.join(',')}, expected at most ${order} numbers, none below the one before`,
    );
  return {
    input,
    valid,
    split: valid === null ? (split ?? SPLIT) : null,
    exactSplit: split !== undefined,
    level,
    minCount: given.minCount ?? null,
    maxVocab: given.maxVocab ?? null,
    order,
    smoothing: given.smoothing ?? 'modified-kneser-ney',
    k: given.k,
    prune: given.prune,
    entropy: given.entropy,
    out,
    deterministic: given.deterministic ?? false,
    json: given.json ?? false,
  };
}

async function run(own: Given): Promise<void> {
  const display = createDisplay({ json: own.json === true });
  let given = own;
  if (own.recipe !== undefined) {
    const { recipe: name, ...rest } = own;
    const recipe = namedRecipe(name);
    display.note('recipe', `${name}: ${recipe.source}`);
    display.note('sets', spelled(recipe, rest));
    given = { ...(recipe.set as Given), ...rest };
    if (rest.steps !== undefined) delete given.epochs;
  }
  if (given.resume === undefined && given.from === undefined) checkKind(given);
  if (given.model === 'ngram') return trainNgram(counting(given), display);
  const job = await plan(given, display.live ? REPORT_EVERY_LIVE : REPORT_EVERY);
  const outcome = await trainLanguageModel(job, display);
  if (given.json) printJSON(outcome);
  for (const [label, text] of whatNext(outcome)) display.copyable(label, text);
}

/** Trains a language model: from the text to the files. */
export function trainLanguageModel(job: LanguageModelJob, display: Display): Promise<Outcome> {
  return perform(job, display, () => prepare(job, display));
}

/** Where the model is, and commands to type. */
function whatNext({ reason, model, checkpoint }: Outcome): [label: string, text: string][] {
  const lines: [string, string][] = [];
  if (model !== null) lines.push(['model', model]);
  if (reason === 'budget' || reason === 'aborted')
    lines.push(['go on', `npx throughtime train lm --resume ${fileArgument(checkpoint!)}`]);
  lines.push(['sample', `npx throughtime sample ${fileArgument(model ?? checkpoint!)}`]);
  return lines;
}

/** The command line as a job. */
async function plan(given: Given, reportEvery: number): Promise<LanguageModelJob> {
  const {
    slice = null,
    maxSeconds = null,
    threads = 1,
    wide = 'auto',
    acceptBuild = false,
    checkpointEvery = CHECKPOINT_EVERY,
    json = false,
  } = given;
  const task = 'lm';
  const common = { task, slice, maxSeconds, threads, wide, acceptBuild, checkpointEvery, json };
  if (given.resume !== undefined) {
    const resume = await readCheckpoint<Recipe>(given.resume, RecurrentLM.kind, FeedforwardLM.kind);
    if (given.valid !== undefined && resume.files.valid === null)
      throw new Refusal(`${given.resume}: the run began without --valid; leave it out`);
    const input = given.input ?? resume.files.input;
    const valid = given.valid ?? resume.files.valid;
    const out = given.out ?? resume.files.out;
    const beside = resolve(given.resume) === resolve(checkpointOf({ out, checkpoint: null }).path);
    return {
      ...common,
      recipe: resumedRecipe(resume, given),
      inputs: { input, valid },
      writes: { 'the file of ids': idFileOf(out) },
      input,
      valid,
      from: null,
      out,
      checkpoint: given.checkpoint ?? (beside ? null : given.resume),
      resume,
      reportEvery: given.reportEvery ?? resume.reportEvery,
    };
  }
  if (given.input === undefined)
    throw new Refusal('--input is missing: name the text to train on, or a checkpoint to --resume');
  const { input, valid = null, from = null } = given;
  return {
    ...common,
    recipe: newRecipe(from === null ? given : { ...given, ...(await recipeOf(from, given)) }),
    inputs: { input, valid, from },
    writes: { 'the file of ids': idFileOf(given.out ?? OUT) },
    input,
    valid,
    from,
    out: given.out ?? OUT,
    checkpoint: given.checkpoint ?? null,
    resume: null,
    reportEvery: given.reportEvery ?? reportEvery,
  };
}

/** The part of a recipe that the model in a file has already. */
async function recipeOf(path: string, given: Given): Promise<Partial<Given>> {
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  const file = await refusing(path, () => readModel(bytes));
  if (file.kind !== RecurrentLM.kind && file.kind !== FeedforwardLM.kind)
    throw new Refusal(
      `${path}: holds a model of kind "${file.kind}", expected ${RecurrentLM.kind} or ` +
        FeedforwardLM.kind,
    );
  type Config = RecurrentLM['config'] & FeedforwardLM['config'] & Partial<Recipe>;
  const config = file.config as Config;
  const forward = file.kind === FeedforwardLM.kind;
  const regularized = (config.cell as string) === 'awd' ? (config.cellOptions as AWDOptions) : null;
  const { level } = file.vocab as { level: Recipe['level'] };
  checkTokenizer(path, level);
  const own: Partial<Recipe> = {
    level,
    model: forward ? 'feedforward' : 'recurrent',
    ...(forward
      ? { context: config.context, direct: config.direct }
      : {
          cell: regularized?.cell ?? (config.cell as Recipe['cell']),
          layers: config.layers,
          tie: config.tie,
        }),
    ...(regularized &&
      Object.fromEntries(
        [...REGULARIZERS, 'inputDropout' as const].map(name => [name, regularized[name] ?? DEFAULTS[name]]), // biome-ignore format: one line
      )),
    hidden: config.hiddenSize,
    embedding: config.embeddingSize,
    dropout: regularized ? (regularized.outputDropout ?? 0) : (given.dropout ?? config.dropout),
    softmax: config.softmax ?? 'full',
    cutoffs: config.cutoffs ?? null,
    samples: config.samples ?? null,
  };
  const changed = MODEL.filter(
    name => name in own && given[name] !== undefined && String(given[name]) !== String(own[name]),
  ).map(name => `${flag(name)} is ${own[name]}`);
  if (changed.length > 0)
    throw new Refusal(
      `${path}: the model is what it is: ${changed.join(', ')}; ` +
        'leave these out, or begin a new model',
    );
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
}

/** Reads the text and makes model and trainer. */
async function prepare(job: LanguageModelJob, display: Display): Promise<Task<Columns>> {
  const { recipe, input, valid, out, resume, from } = job;
  await init({ deterministic: recipe.deterministic, threads: job.threads, wide: job.wide });
  await loadKernels({ cell: recipe.cell });
  const made = resume
    ? await refusing(resume.path, () => trainedModel(resume.file))
    : from !== null
      ? await refusing(from, async () =>
          trainedModel(readModel(await readFileBytes(from, 'the model'))),
        )
      : null;
  const idFile = idFileOf(out);
  const corpus = await readCorpus({ ...recipe, input, valid, vocab: made?.vocab, idFile }, display);
  const data = columns(corpus.train, { batchSize: recipe.batch });
  const model = made ?? newModel(recipe, corpus.vocab);
  const trainer = new Trainer(model, {
    ...trainerOptions(recipe, model.namedParameters()),
    reportEvery: job.reportEvery,
    note: noteFor(checkpointOf(job).path, {
      recipe,
      files: { input, valid, out },
      reportEvery: job.reportEvery,
    }),
  });
  const planned = recipe.steps ?? (recipe.epochs ?? 1) * data.windows({ bptt: recipe.bptt }).length;
  const { valid: heldOut } = corpus;
  return {
    trainer,
    data,
    validate: heldOut && (signal => model.evaluate(heldOut, { signal })),
    unit: recipe.level,
    planned,
    introduce: () => introduce(display, { job, corpus, planned, parameters: model.parameters() }),
    save: () => model.save(),
    dispose() {
      corpus.close();
      trainer.dispose();
      model.dispose();
    },
  };
}

/** The plan of the run, in a few lines. */
function introduce(
  display: Display,
  {
    job: { recipe, input, resume, from },
    corpus: { train, valid, vocab, unknown, skipped },
    planned,
    parameters,
  }: {
    job: LanguageModelJob;
    corpus: Corpus;
    planned: number;
    parameters: readonly { size: number }[];
  },
): void {
  const { build, threads, wide } = runtimeInfo();
  const unit = UNITS[recipe.level];
  const held = valid === null ? '' : ` and ${count(valid.length)} held out`;
  const outside =
    unknown > 0 ? `; ${count(unknown)} not in the vocabulary${skipped ? ' are left out' : ''}` : '';
  const name = input.map(path => basename(path)).join(', ');
  display.note('text', `${name}: ${plural(train.length, unit)}${held}${outside}`);
  const size = parameters.reduce((sum, each) => sum + each.size, 0);
  const softmax = recipe.softmax === 'full' ? '' : `, ${recipe.softmax} softmax`;
  display.note(
    'model',
    `${layersOf(recipe)}, embedding ${recipe.embedding}, vocabulary ${count(vocab.size)}${softmax}: ` +
      plural(size, 'parameter') +
      `${from === null ? '' : `, from ${from}`}`,
  );
  const length =
    recipe.epochs === null
      ? plural(planned, 'step')
      : `${plural(recipe.epochs, 'epoch')}, ${plural(planned, 'step')}`;
  display.note(
    'plan',
    `${length} of ${recipe.batch}×${recipe.bptt}; ${recipe.optimizer}, lr ${recipe.lr}, ` +
      `${recipe.schedule}; ${build} build${wide ? ', wide' : ''}` +
      `${threads > 1 ? `, ${threads} threads` : ''}`,
  );
  if (resume)
    display.note('resumed', `${resume.path}, after ${plural(stepOf(resume.file.trainer), 'step')}`);
}

/** LSTM 2×128 */
const layersOf = ({ model, cell, layers, hidden, width, context, direct }: Recipe): string =>
  model === 'feedforward'
    ? `${plural(context, 'token')} → ${hidden}${direct ? ', direct connections' : ''}`
    : width && layers > 1
      ? `${cell.toUpperCase()} ${layers - 1}×${width} + ${hidden}`
      : `${cell.toUpperCase()} ${layers}×${hidden}`;

const stepOf = (trainer: unknown): number =>
  (trainer as { progress?: { step?: number } }).progress?.step ?? 0;

/** Whether the layers are blocks, which read as many numbers as they give. */
const blocks = ({ model, cell }: Recipe): boolean =>
  model === 'recurrent' && (cell === 'mingru' || cell === 'rglru');

/** Whether the layers read as many numbers as they give. */
const asWide = (recipe: Recipe): boolean =>
  blocks(recipe) ||
  (recipe.model === 'recurrent' && REGULARIZERS.some(name => Boolean(recipe[name])));

/** The recipe of a new run: the given options, completed by the defaults. */
export function newRecipe(given: Given): Recipe {
  const pick = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [
      name,
      given[name as keyof typeof DEFAULTS] ?? value,
    ]),
  ) as unknown as Recipe;
  const lr = given.lr ?? OPTIMIZERS[pick.optimizer].lr;
  const recipe: Recipe = {
    ...pick,
    split: given.valid === undefined ? (given.split ?? SPLIT) : null,
    exactSplit: given.split !== undefined,
    minCount: given.minCount ?? null,
    maxVocab: given.maxVocab ?? null,
    embedding: given.embedding ?? (pick.tie || asWide(pick) ? pick.hidden : EMBEDDING),
    lr,
    lrMin: given.lrMin ?? lr / 200,
    epochs: given.steps === undefined ? (given.epochs ?? EPOCHS) : null,
    steps: given.steps ?? null,
  };
  const strange = REGULARIZERS.find(name => recipe[name]);
  if (strange && blocks(recipe))
    throw new Refusal(
      `${flag(strange)} is for --cell rnn, lstm and gru, --cell is ${recipe.cell}; leave it out`,
    );
  if (given.nonmonotone !== undefined && recipe.optimizer !== 'ntasgd')
    throw new Refusal(
      `--nonmonotone goes with --optimizer ntasgd, not ${recipe.optimizer}; leave it out`,
    );
  if (recipe.weightDecay !== null && !['sgd', 'ntasgd', 'adamw'].includes(recipe.optimizer))
    throw new Refusal(
      `--weight-decay goes with --optimizer sgd, ntasgd and adamw, not ${recipe.optimizer}; leave it out`,
    );
  if (recipe.optimizer === 'ntasgd' && recipe.split === 1)
    throw new Refusal('--optimizer ntasgd needs validation; give --valid, or a --split below 1');
  if (recipe.optimizer === 'ntasgd' && recipe.softmax === 'sampled')
    throw new Refusal(
      '--optimizer ntasgd averages every row, --softmax sampled updates a few; give --optimizer sgd',
    );
  if (asWide(recipe) && recipe.embedding !== recipe.hidden)
    throw new Refusal(
      `${strange ? flag(strange) : `--cell ${recipe.cell}`} needs --embedding (${recipe.embedding}) to be --hidden ` +
        `(${recipe.hidden}); leave it out`,
    );
  if (recipe.tie && recipe.embedding !== recipe.hidden)
    throw new Refusal(
      `--tie needs --embedding (${recipe.embedding}) to be --hidden (${recipe.hidden})`,
    );
  const { softmax } = recipe;
  if (softmax !== 'full' && recipe.level !== 'word')
    throw new Refusal(
      `--softmax ${softmax} is for words, --level is ${recipe.level}; leave it out, or give ` +
        '--level word',
    );
  if (softmax === 'adaptive' && recipe.tie)
    throw new Refusal(
      '--tie needs one matrix, --softmax adaptive has several sizes; leave one of them out, or ' +
        'give --softmax sampled',
    );
  if (softmax === 'sampled' && recipe.optimizer === 'adamw')
    throw new Refusal(
      '--optimizer adamw decays every row of a matrix, --softmax sampled updates a few; give ' +
        '--optimizer adam',
    );
  if (recipe.cutoffs !== null && softmax !== 'adaptive')
    throw new Refusal(`--cutoffs goes with --softmax adaptive, not ${softmax}`);
  if (recipe.samples !== null && softmax !== 'sampled')
    throw new Refusal(`--samples goes with --softmax sampled, not ${softmax}`);
  if (recipe.lrMin > lr) throw new Refusal(`--lr-min is ${recipe.lrMin}, above --lr ${lr}`);
  if (recipe.schedule === 'exponential' && recipe.lrMin === 0)
    throw new Refusal('--schedule exponential never comes to --lr-min 0; give a number above 0');
  if (recipe.schedule === 'plateau' && recipe.split === 1)
    throw new Refusal('--schedule plateau needs validation; give --valid, or a --split below 1');
  return recipe;
}
