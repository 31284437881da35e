/** `throughtime train classifier` */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Command } from 'commander';
import { readVectors } from '../../node/vectors.js';
import { Adam } from '../../optim/adam.js';
import { init, runtimeInfo } from '../../runtime/init.js';
import { Random } from '../../runtime/random.js';
import { Classifier, type ClassifierExample } from '../../tasks/classifier.js';
import { Labels } from '../../text/labels.js';
import { BatchTrainer } from '../../train/batches.js';
import type { BatchData } from '../../train/trainable.js';
import { createDisplay, type Display } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { readExamples } from '../examples.js';
import { count, plural } from '../format.js';
import { checkpointOf, type JobOptions, type Outcome, perform, type Task } from '../job.js';
import { decimal, oneOf, whole } from '../options.js';
import { printJSON } from '../output.js';
import { noteFor, type Resumed, readCheckpoint } from '../resume.js';
import { fileArgument } from '../shell.js';
import { addRunOptions, goingOn, group, howToGoOn, jobOf, option, type RunFlags } from './run.js';

const EXAMPLES = `
Examples:
  Train on lines of a label, a tab and a text; a tenth of them is held out:
    $ throughtime train classifier --input reviews.tsv --out reviews.safetensors

  Which language is this surname? A folder with a file for each class:
    $ throughtime train classifier --input names/ --level char

  TREC's questions, whose labels are COARSE:fine:
    $ throughtime train classifier --input TREC.train.txt --coarse

  Then classify lines, or measure:
    $ echo "Who wrote Hamlet ?" | throughtime predict classifier.safetensors
    $ throughtime eval classifier.safetensors --input TREC.test.txt --coarse`;

/** All that decides the model. Plain data, kept in the checkpoint. */
interface Recipe {
  coarse: boolean;
  several: boolean;
  level: 'word' | 'char';
  case: boolean;
  minCount: number;
  cell: 'rnn' | 'lstm' | 'gru';
  embedding: number;
  hidden: number;
  layers: number;
  oneWay: boolean;
  pooling: 'last' | 'max' | 'mean' | 'attention';
  dropout: number;
  wordDropout: number;
  balance: boolean;
  frozen: boolean;
  batch: number;
  lr: number;
  epochs: number;
  /** Never: the length is given in epochs. */
  steps: null;
  patience: number;
  seed: number;
  deterministic: boolean;
}

const DEFAULTS: Recipe = {
  coarse: false,
  several: false,
  level: 'word',
  case: false,
  minCount: 1,
  cell: 'lstm',
  embedding: 100,
  hidden: 100,
  layers: 1,
  oneWay: false,
  pooling: 'max',
  dropout: 0.5,
  wordDropout: 0.25,
  balance: false,
  frozen: false,
  batch: 32,
  lr: 2e-3,
  epochs: 20,
  steps: null,
  patience: 5,
  seed: 1,
  deterministic: false,
};
const REPORT_EVERY = 50;
const OUT = 'classifier.safetensors';
/** Share of the examples that is held out where no file is. */
const HELD_OUT = 0.1;
/** Of the gradient, as for language models. */
const CLIP_NORM = 5;

/** What was written on the command line, by name. */
type Given = RunFlags & { -readonly [Name in keyof Recipe]?: NonNullable<Recipe[Name]> } & {
  input?: string;
  valid?: string;
  vectors?: string;
};

/** One run. */
interface Job extends JobOptions {
  resume: Resumed<Recipe> | null;
  recipe: Recipe;
  input: string;
  valid: string | null;
  /** Vectors that words begin with. */
  vectors: string | null;
  reportEvery: number;
  threads: number;
}

export function classifierCommand(): Command {
  const command = new Command('classifier')
    .description('Train a classifier of texts.')
    .addHelpText('after', EXAMPLES)
    .action((given: Given) => run(given));
  const share = decimal({ least: 0, below: 1 });
  group(
    command,
    'Texts:',
    option(
      '--input <path>',
      'lines of label, tab, text (or label, space, text), or a folder with a file for each ' +
        'class, a text on each line',
    ),
    option('--valid <path>', 'texts to validate on', 'a tenth of the input, held out'),
    option('--coarse', 'a label ends before its first colon: LOC:city is LOC'),
    option('--several', 'a text may have several labels, with commas between them'),
    option('--level <unit>', 'read words or characters: word, char', DEFAULTS.level).argParser(
      oneOf(['word', 'char']),
    ),
    option('--case', 'tell capital letters from small ones', 'for characters alone'),
    option('--min-count <n>', 'units seen less often are unknown', DEFAULTS.minCount).argParser(
      whole(),
    ),
  );
  group(
    command,
    'Model:',
    option('--cell <name>', 'rnn, lstm or gru', DEFAULTS.cell).argParser(
      oneOf(['rnn', 'lstm', 'gru']),
    ),
    option('--embedding <n>', 'numbers that stand for a unit', DEFAULTS.embedding).argParser(
      whole(),
    ),
    option('--hidden <n>', 'hidden units of each direction', DEFAULTS.hidden).argParser(whole()),
    option('--layers <n>', 'recurrent layers', DEFAULTS.layers).argParser(whole()),
    option('--one-way', 'read from the beginning alone, not from both ends'),
    option(
      '--pooling <name>',
      'what becomes of the states: last, max, mean or attention',
      DEFAULTS.pooling,
    ).argParser(oneOf(['last', 'max', 'mean', 'attention'])),
    option(
      '--dropout <p>',
      'dropout of the embeddings and before the output',
      DEFAULTS.dropout,
    ).argParser(share),
    option(
      '--word-dropout <a>',
      'read a unit seen c times as an unknown one with probability a/(a + c)',
      DEFAULTS.wordDropout,
    ).argParser(decimal({ least: 0 })),
    option('--balance', 'rare classes count as much as frequent ones'),
    option('--vectors <file>', 'vectors that words begin with: word2vec, GloVe, fastText, ours'),
    option('--frozen', 'do not train the embeddings; goes with --vectors'),
  );
  group(
    command,
    'Training:',
    option('--batch <n>', 'texts of a step', DEFAULTS.batch).argParser(whole()),
    option('--lr <rate>', 'learning rate of Adam', DEFAULTS.lr).argParser(decimal({ above: 0 })),
    option('--epochs <n>', 'passes over the texts, at most', DEFAULTS.epochs).argParser(whole()),
    option(
      '--patience <n>',
      'stop after so many epochs without a better accuracy',
      DEFAULTS.patience,
    ).argParser(whole()),
    option('--seed <n>', 'seed of initial values and of all draws', DEFAULTS.seed).argParser(
      whole(0),
    ),
    option('--deterministic', 'the same bits in every engine, somewhat slower in some'),
    option('--threads <n>', 'threads to train with: the same result, sooner', 1).argParser(whole()),
  );
  addRunOptions(command, { flag: 'file', of: 'model', name: OUT, beside: 'model' }, REPORT_EVERY);
  return command;
}

async function run(given: Given): Promise<void> {
  const display = createDisplay({ json: given.json === true });
  const job = await plan(given);
  const outcome = await perform(job, display, () => prepare(job, display));
  if (given.json) printJSON(outcome);
  for (const [label, text] of whatNext(outcome)) display.copyable(label, text);
}

function whatNext(outcome: Outcome): [label: string, text: string][] {
  const { model } = outcome;
  const lines = howToGoOn('classifier', outcome);
  if (model !== null)
    lines.push(['model', model], ['classify', `npx throughtime predict ${fileArgument(model)}`]);
  return lines;
}

/** The command line as a job. */
async function plan(given: Given): Promise<Job> {
  const common = jobOf('classifier', given);
  if (given.resume !== undefined) {
    const resume = await readCheckpoint<Recipe>(given.resume, Classifier.kind);
    if (given.vectors !== undefined)
      throw new Refusal('--vectors: a run goes on with the words it has; leave it out');
    const input = given.input ?? resume.files.input[0]!;
    const valid = given.valid ?? resume.files.valid;
    return {
      ...common,
      ...goingOn(resume, given),
      inputs: { input, valid },
      input,
      valid,
      vectors: null,
    };
  }
  const { input, valid = null, vectors = null, out = OUT } = given;
  if (input === undefined)
    throw new Refusal('--input is missing: name texts with labels, or a checkpoint to --resume');
  if (given.frozen && vectors === null)
    throw new Refusal('--frozen goes with --vectors: else the embeddings stay as they were drawn');
  const pick = Object.entries(DEFAULTS).map(([name, value]) => [
    name,
    given[name as keyof Recipe] ?? value,
  ]);
  const recipe = Object.fromEntries(pick) as Recipe;
  return {
    ...common,
    recipe: { ...recipe, case: given.case ?? recipe.level === 'char' },
    inputs: { input, valid, vectors },
    input,
    valid,
    vectors,
    out,
    checkpoint: given.checkpoint ?? null,
    resume: null,
    reportEvery: given.reportEvery ?? REPORT_EVERY,
  };
}

/** Examples to train on and to validate on. */
async function examplesOf(
  { input, valid, recipe }: Job,
  display: Display,
): Promise<{ train: ClassifierExample[]; held: ClassifierExample[] }> {
  const all = await readExamples(input, recipe, display);
  if (valid !== null) return { train: all, held: await readExamples(valid, recipe, display) };
  const order = new Random(recipe.seed).shuffle(Int32Array.from(all, (_, i) => i));
  const n = Math.floor(HELD_OUT * all.length);
  if (n === 0)
    throw new Refusal(
      `${input}: of ${plural(all.length, 'text')} no tenth can be held out; give more, or --valid`,
    );
  const pick = (ids: Int32Array): ClassifierExample[] =>
    Array.from(ids.slice().sort(), i => all[i]!);
  return { train: pick(order.subarray(n)), held: pick(order.subarray(0, n)) };
}

const classesOf = ({ label }: ClassifierExample): readonly string[] =>
  typeof label === 'string' ? [label] : label;

/** n/(C·n_c) for each class c: then all count alike. */
function balanced(labels: Labels, examples: readonly ClassifierExample[]): number[] {
  const counts = new Array<number>(labels.size).fill(0);
  for (const each of examples) for (const label of classesOf(each)) counts[labels.idOf(label)]!++;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map(n => total / (labels.size * Math.max(1, n)));
}

/** Reads the texts and makes model and trainer. */
async function prepare(job: Job, display: Display): Promise<Task<BatchData<never>>> {
  const { recipe, input, valid, out, resume } = job;
  await init({ deterministic: recipe.deterministic, threads: job.threads });
  const { train, held } = await examplesOf(job, display);
  const pretrained =
    job.vectors === null ? undefined : await refusing(null, () => readVectors(job.vectors!));
  const model = await refusing(resume?.path ?? input, () => {
    if (resume) return Classifier.from(resume.file);
    const labels = Labels.of([...train, ...held].map(classesOf));
    const { level, minCount, cell, hidden, layers, pooling, dropout } = recipe;
    const lowercase = !recipe.case;
    return new Classifier({
      vocab: Classifier.vocab(
        train.map(({ text }) => text),
        { level, lowercase, minCount },
      ),
      labels,
      lowercase,
      cell,
      embeddingSize: pretrained?.size ?? recipe.embedding,
      hiddenSize: hidden,
      layers,
      bidirectional: !recipe.oneWay,
      pooling,
      dropout,
      wordDropout: recipe.wordDropout,
      several: recipe.several,
      classWeights: recipe.balance ? balanced(labels, train) : undefined,
      vectors: pretrained,
      frozen: recipe.frozen,
      seed: recipe.seed,
    });
  });
  const { batch, lr, epochs, patience, seed } = recipe;
  const fingerprint = createHash('sha256').update(JSON.stringify(train)).digest('hex');
  const data = await refusing(input, () => model.data(train, { batchSize: batch, fingerprint }));
  const trainer = new BatchTrainer(model, {
    optimizer: new Adam(model.namedParameters(), { lr }),
    clipNorm: CLIP_NORM,
    epochs,
    patience,
    seed,
    metric: { name: 'accuracy', better: 'higher' },
    reportEvery: job.reportEvery,
    note: noteFor(checkpointOf(job).path, {
      recipe,
      files: { input: [input], valid, out },
      reportEvery: job.reportEvery,
    }),
  });
  const planned = epochs * Math.ceil(train.length / batch);
  return {
    trainer,
    data: data as BatchData<never>,
    validate: async () => {
      const { loss, accuracy, macroF1 } = model.evaluate(held);
      return { loss, accuracy, macroF1 };
    },
    unit: 'text',
    rate: { of: 'texts', report: report => report },
    planned,
    introduce() {
      const { build, threads } = runtimeInfo();
      const { level, cell, layers, hidden, pooling, oneWay } = recipe;
      display.note(
        'texts',
        `${basename(input)}: ${count(train.length)} and ${count(held.length)} held out, ` +
          plural(model.labels.size, 'class', 'classes'),
      );
      const size = model.parameters().reduce((sum, each) => sum + each.size, 0);
      display.note(
        'model',
        `${oneWay ? '' : 'bi'}${cell.toUpperCase()} ${layers}×${hidden}, ${pooling} over ` +
          `${count(model.vocab.size)} ${level === 'char' ? 'characters' : 'words'}: ` +
          plural(size, 'parameter'),
      );
      display.note(
        'plan',
        `${plural(epochs, 'epoch')} of ${batch} texts a step; adam, lr ${lr}; ${build} build` +
          `${threads > 1 ? `, ${threads} threads` : ''}`,
      );
      if (resume) display.note('resumed', `${resume.path}, after ${plural(trainer.step, 'step')}`);
    },
    save: () => model.save(),
    dispose() {
      trainer.dispose();
      model.dispose();
    },
  };
}
