/** `throughtime train lm` */
import { Command, Option } from 'commander';
import { createDisplay } from './display.js';
import { Refusal } from './errors.js';
import { supervise } from './interrupt.js';
import { decimal, oneOf, whole, wholes } from './options.js';
import { printJSON } from './output.js';
import { OPTIMIZERS, type Recipe, SCHEDULES } from './recipe.js';
import { readCheckpoint, resumedRecipe } from './resume.js';
import type { Job, Outcome } from './run.js';

const EXAMPLES = `
Examples:
  Train a character model with the defaults, the last tenth of the text held out:
    $ throughtime train lm --input book.txt --out book.safetensors

  Choose the recipe, and keep the numbers:
    $ throughtime train lm --input book.txt --cell gru --hidden 256 --dropout 0.2 \\
        --epochs 8 --out book.safetensors --json > book.jsonl

  Train for ten minutes at most, then go on where it stopped:
    $ throughtime train lm --input book.txt --max-seconds 600 --checkpoint book.ckpt
    $ throughtime train lm --resume book.ckpt

  A word model with tied weights, validated on a text of its own:
    $ throughtime train lm --input train.txt --valid valid.txt --level word \\
        --hidden 200 --tie --out words.safetensors

  Tens of thousands of words, several times as fast:
    $ throughtime train lm --input train.txt --level word --softmax adaptive

Ctrl-C saves a checkpoint and says how to go on; a second one leaves at once.
Exit codes: 0, 2 for bad input or options, 130 after Ctrl-C.`;

/** Defaults of what a new run takes; `null`: from other options. */
const DEFAULTS = {
  level: 'char',
  model: 'recurrent',
  cell: 'lstm',
  layers: 2,
  hidden: 128,
  dropout: 0,
  tie: false,
  softmax: 'full',
  cutoffs: null,
  samples: null,
  bptt: 64,
  recompute: null,
  batch: 32,
  optimizer: 'adam',
  schedule: 'cosine',
  clipNorm: 1,
  clipValue: 0,
  seed: 1,
  deterministic: false,
} as const;
const SPLIT = 0.9;
const EMBEDDING = 64;
const EPOCHS = 5;
const OUT = 'model.safetensors';
const REPORT_EVERY = 50;
/** With a live bar. */
const REPORT_EVERY_LIVE = 10;

/** What was written on the command line, by name. */
type Given = Partial<
  Omit<Recipe, 'epochs' | 'steps' | 'split' | 'cutoffs' | 'samples' | 'recompute'> & {
    epochs: number;
    steps: number;
    split: number;
    cutoffs: readonly number[];
    samples: number;
    recompute: number;
  }
> & {
  input?: string;
  valid?: string;
  out?: string;
  checkpoint?: string;
  resume?: string;
  slice?: number;
  maxSeconds?: number;
  reportEvery?: number;
  threads?: number;
  wide?: boolean;
  json?: boolean;
};

export function trainCommand(): Command {
  const command = new Command('train').description('Train a model.');
  command.addCommand(languageModelCommand());
  return command;
}

function languageModelCommand(): Command {
  const group = (title: string, ...options: Option[]): void =>
    options.forEach(option => command.addOption(option.helpGroup(title)));
  const option = (flags: string, description: string, shown?: string | number): Option =>
    new Option(flags, shown === undefined ? description : `${description} (default: ${shown})`);
  const command = new Command('lm')
    .description('Train a language model on a text.')
    .addHelpText('after', EXAMPLES)
    .action((given: Given) => run(given));
  group(
    'Text:',
    option('--input <file>', 'text to train on, UTF-8, may be gzipped'),
    option('--valid <file>', 'text to validate on').conflicts('split'),
    option(
      '--split <share>',
      'without --valid: train on this share of the units, validate on the rest',
      SPLIT,
    ).argParser(decimal({ above: 0, most: 1 })),
    option('--level <unit>', 'what a token is: byte, char or word', DEFAULTS.level).argParser(
      oneOf(['byte', 'char', 'word']),
    ),
  );
  group(
    'Model:',
    option('--model <kind>', 'recurrent', DEFAULTS.model).argParser(oneOf(['recurrent'])),
    option('--cell <cell>', 'rnn, lstm or gru', DEFAULTS.cell).argParser(
      oneOf(['rnn', 'lstm', 'gru']),
    ),
    option('--layers <n>', 'recurrent layers', DEFAULTS.layers).argParser(whole()),
    option('--hidden <n>', 'units of a layer', DEFAULTS.hidden).argParser(whole()),
    option(
      '--embedding <n>',
      'size of the token vectors',
      `${EMBEDDING}; --hidden with --tie`,
    ).argParser(whole()),
    option('--dropout <p>', 'between layers and before the output', DEFAULTS.dropout).argParser(
      decimal({ least: 0, below: 1 }),
    ),
    option('--tie', 'one matrix for embedding and output'),
    option(
      '--softmax <kind>',
      'full; for many words adaptive (rare ones in clusters) or sampled (trained on a few)',
      DEFAULTS.softmax,
    ).argParser(oneOf(['full', 'adaptive', 'sampled'])),
    option(
      '--cutoffs <ids>',
      'adaptive: where clusters begin, as 2000,10000',
      'at a 16th and a 4th of the words',
    ).argParser(wholes),
    option('--samples <n>', 'sampled: words drawn at each step', 'a 32nd of the words').argParser(
      whole(),
    ),
  );
  group(
    'Training:',
    option(
      '--bptt <n>',
      'time steps of a window, which gradients go back over',
      DEFAULTS.bptt,
    ).argParser(whole()),
    option(
      '--recompute <n>',
      'keep the activations of so many steps, compute the others again: less memory',
      'keep all',
    ).argParser(whole()),
    option('--batch <n>', 'rows: places in the text read side by side', DEFAULTS.batch).argParser(
      whole(),
    ),
    option('--optimizer <name>', Object.keys(OPTIMIZERS).join(', '), DEFAULTS.optimizer).argParser(
      oneOf(Object.keys(OPTIMIZERS)),
    ),
    option('--lr <rate>', 'learning rate', 'the optimizer’s; adam 2e-3').argParser(
      decimal({ above: 0 }),
    ),
    option('--lr-min <rate>', 'where the schedule ends', '--lr / 200').argParser(
      decimal({ least: 0 }),
    ),
    option('--schedule <name>', Object.keys(SCHEDULES).join(', '), DEFAULTS.schedule).argParser(
      oneOf(Object.keys(SCHEDULES)),
    ),
    option('--clip-norm <n>', 'limit of the gradient’s norm, 0: none', DEFAULTS.clipNorm).argParser(
      decimal({ least: 0 }),
    ),
    option(
      '--clip-value <n>',
      'limit of each element of the gradient, 0: none',
      DEFAULTS.clipValue,
    ).argParser(decimal({ least: 0 })),
    option('--epochs <n>', 'passes over the text', EPOCHS).argParser(whole()).conflicts('steps'),
    option('--steps <n>', 'planned steps in all, instead of --epochs').argParser(whole()),
    option('--seed <n>', 'of the initial values and dropout', DEFAULTS.seed).argParser(whole(0)),
    option('--deterministic', 'the same bits in every engine, somewhat slower in some'),
    option('--threads <n>', 'threads to train with: the same result, sooner', 1).argParser(whole()),
    option(
      '--wide',
      '256-bit instructions, an experiment of V8’s in Node 24 and later on x64: the same ' +
        'result, sooner',
    ),
  );
  group(
    'This run:',
    option('--slice <n>', 'stop after so many more steps, with a checkpoint').argParser(whole()),
    option('--max-seconds <n>', 'stop after so many seconds, with a checkpoint').argParser(
      decimal({ above: 0 }),
    ),
    option(
      '--report-every <n>',
      'steps between reports',
      `${REPORT_EVERY}; ${REPORT_EVERY_LIVE} with a live bar`,
    ).argParser(whole()),
    option('--out <model>', 'the model: the best in validation, else the last', OUT),
    option('--checkpoint <file>', 'written after each validation and at the end'),
    option('--resume <file>', 'go on exactly where this checkpoint stands; needs no other option'),
    option('--json', 'one JSON object a line on stdout'),
  );
  return command;
}

async function run(given: Given): Promise<void> {
  const display = createDisplay({ json: given.json === true });
  const job = await plan(given, display.live ? REPORT_EVERY_LIVE : REPORT_EVERY);
  const outcome = await supervise(job, { display, ...(given.json && { report: printJSON }) });
  if (given.json) printJSON(outcome);
  for (const [label, text] of whatNext(outcome)) display.note(label, text);
  if (outcome.reason === 'aborted') process.exitCode = 130;
}

/** Where the model is, and commands to type. */
function whatNext({ reason, model, checkpoint }: Outcome): [label: string, text: string][] {
  return [
    ['model', model],
    ...(reason === 'budget' || reason === 'aborted'
      ? [['go on', `npx throughtime train lm --resume ${checkpoint}`] as [string, string]]
      : []),
    ['sample', `npx throughtime sample ${model}`],
  ];
}

/** The command line as a job. */
async function plan(given: Given, reportEvery: number): Promise<Job> {
  const { slice = null, maxSeconds = null, threads = 1, wide = false } = given;
  if (given.resume !== undefined) {
    const resume = await readCheckpoint(given.resume);
    if (given.valid !== undefined && resume.files.valid === null)
      throw new Refusal(`${given.resume}: the run began without --valid; leave it out`);
    return {
      recipe: resumedRecipe(resume, given),
      input: given.input ?? resume.files.input,
      valid: given.valid ?? resume.files.valid,
      out: given.out ?? resume.files.out,
      checkpoint: given.checkpoint ?? given.resume,
      resume,
      slice,
      maxSeconds,
      threads,
      wide,
      reportEvery: given.reportEvery ?? resume.reportEvery,
    };
  }
  if (given.input === undefined)
    throw new Refusal('--input is missing: name the text to train on, or a checkpoint to --resume');
  return {
    recipe: newRecipe(given),
    input: given.input,
    valid: given.valid ?? null,
    out: given.out ?? OUT,
    checkpoint: given.checkpoint ?? null,
    resume: null,
    slice,
    maxSeconds,
    threads,
    wide,
    reportEvery: given.reportEvery ?? reportEvery,
  };
}

/** The recipe of a new run: what is given, completed by the defaults. */
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
    embedding: given.embedding ?? (pick.tie ? pick.hidden : EMBEDDING),
    lr,
    lrMin: given.lrMin ?? lr / 200,
    epochs: given.steps === undefined ? (given.epochs ?? EPOCHS) : null,
    steps: given.steps ?? null,
  };
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
