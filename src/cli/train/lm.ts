/** `throughtime train lm` */
import { basename } from 'node:path';
import { Command } from 'commander';
import { readModel } from '../../io/model.js';
import { FeedforwardLM } from '../../lm/feedforward.js';
import { RecurrentLM } from '../../lm/recurrent.js';
import { readFileBytes } from '../../node/files.js';
import { init, runtimeInfo } from '../../runtime/init.js';
import { type Columns, columns } from '../../text/batch.js';
import { Trainer } from '../../train/bptt.js';
import { type Corpus, idFileOf, readCorpus } from '../corpus.js';
import { createDisplay, type Display } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { count, plural, UNITS } from '../format.js';
import { checkpointOf, type JobOptions, type Outcome, perform, type Task } from '../job.js';
import { printJSON } from '../output.js';
import { loadKernels, newModel, type Recipe, trainedModel, trainerOptions } from '../recipe.js';
import { namedRecipe, spelled } from '../recipes.js';
import { noteFor, type Resumed, readCheckpoint } from '../resume.js';
import { fileArgument } from '../shell.js';
import { addFlags, type Given, OUT, REPORT_EVERY, REPORT_EVERY_LIVE } from './flags.js';
import { trainNgram } from './ngram.js';
import { checkKind, counting, newRecipe, recipeOf } from './plan.js';
import { goingOn, howToGoOn, jobOf } from './run.js';

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

export function languageModelCommand(): Command {
  const command = new Command('lm')
    .description('Train a language model on texts.')
    .addHelpText('after', EXAMPLES)
    .action((given: Given) => run(given));
  addFlags(command);
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
function whatNext(outcome: Outcome): [label: string, text: string][] {
  const { model, checkpoint } = outcome;
  const lines: [string, string][] = model === null ? [] : [['model', model]];
  lines.push(...howToGoOn('lm', outcome));
  lines.push(['sample', `npx throughtime sample ${fileArgument(model ?? checkpoint!)}`]);
  return lines;
}

/** The command line as a job. */
async function plan(given: Given, reportEvery: number): Promise<LanguageModelJob> {
  const common = { ...jobOf('lm', given), wide: given.wide ?? ('auto' as const) };
  if (given.resume !== undefined) {
    const resume = await readCheckpoint<Recipe>(given.resume, RecurrentLM.kind, FeedforwardLM.kind);
    if (given.valid !== undefined && resume.files.valid === null)
      throw new Refusal(`${given.resume}: the run began without --valid; leave it out`);
    const input = given.input ?? resume.files.input;
    const valid = given.valid ?? resume.files.valid;
    const own = goingOn(resume, given);
    return {
      ...common,
      ...own,
      inputs: { input, valid },
      writes: { 'the file of ids': idFileOf(own.out) },
      input,
      valid,
      from: null,
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
