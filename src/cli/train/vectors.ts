/** `throughtime train vectors` */
import { basename } from 'node:path';
import { Command } from 'commander';
import { writeVectors } from '../../io/vectors.js';
import { init, runtimeInfo } from '../../runtime/init.js';
import { cooccurrence } from '../../words/cooccurrence.js';
import { CountedPairs, Glove, GloveTrainer } from '../../words/glove.js';
import { Word2VecTrainer, WordCorpus } from '../../words/train.js';
import { Word2Vec } from '../../words/word2vec.js';
import { idFileOf, readWords } from '../corpus.js';
import { createDisplay, type Display } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { count, plural } from '../format.js';
import { formatOf } from '../formats.js';
import { checkpointOf, type JobOptions, type Outcome, perform, type Task } from '../job.js';
import { decimal, oneOf, whole } from '../options.js';
import { printJSON } from '../output.js';
import { flag, noteFor, type Resumed, readCheckpoint } from '../resume.js';
import { fileArgument } from '../shell.js';
import { factor } from './factor.js';
import { addRunOptions, goingOn, group, howToGoOn, jobOf, option, type RunFlags } from './run.js';

const EXAMPLES = `
Examples:
  Train word vectors with the defaults, then look for neighbours:
    $ throughtime train vectors --input corpus.txt --out vectors.safetensors
    $ throughtime nearest vectors.safetensors king

  Write the format of word2vec, which other programs read:
    $ throughtime train vectors --input corpus.txt --out vectors.bin

  Train with n-grams of characters, on two threads:
    $ throughtime train vectors --input corpus.txt --subwords --threads 2

  Latent semantic analysis of a file with a document on each line:
    $ throughtime train vectors --input articles.txt --algorithm lsa

The file's name decides its format: .bin is word2vec's binary, .txt and .vec are
its text, .glove is GloVe's text, all others are safetensors.`;

/** All that decides the vectors. Plain data, kept in the checkpoint. */
interface Recipe {
  algorithm: 'skipgram' | 'cbow' | 'glove';
  size: number;
  window: number;
  negative: number;
  hierarchical: boolean;
  perPair: boolean;
  gradient: 'sum' | 'mean';
  sample: number;
  subwords: boolean;
  minCount: number;
  /** null: all. */
  maxVocab: number | null;
  lr: number;
  epochs: number;
  /** Never: the length is given in epochs. */
  steps: null;
  /** null: as many as the text is long enough for. */
  shards: number | null;
  /** glove: pairs that occur more often weigh 1, and the power of rarer ones. */
  xMax: number;
  alpha: number;
  seed: number;
  deterministic: boolean;
}

const DEFAULTS: Omit<Recipe, 'lr' | 'steps' | 'window' | 'epochs'> = {
  algorithm: 'skipgram',
  size: 100,
  negative: 5,
  hierarchical: false,
  perPair: false,
  gradient: 'sum',
  sample: 1e-4,
  subwords: false,
  minCount: 5,
  maxVocab: null,
  shards: null,
  xMax: 10,
  alpha: 0.75,
  seed: 1,
  deterministic: false,
};
/** What an algorithm has of its own. */
const OWN = {
  skipgram: { lr: 0.025, window: 5, epochs: 3 },
  cbow: { lr: 0.075, window: 5, epochs: 3 },
  glove: { lr: 0.05, window: 10, epochs: 15 },
};
const OUT = 'vectors.safetensors';
/** Steps between reports: a step takes some tenths of a second. */
const REPORT_EVERY = 10;

/** Algorithms that decompose a matrix instead: they have no steps. */
const FACTORED = ['lsa', 'ppmi'];
const FACTORING = { window: 5, document: 1000, power: 0.5 };

/** What was written on the command line, by name. */
type Given = RunFlags & {
  -readonly [Name in Exclude<keyof Recipe, 'algorithm'>]?: NonNullable<Recipe[Name]>;
} & {
  algorithm?: Recipe['algorithm'] | 'lsa' | 'ppmi';
  document?: number;
  power?: number;
  input?: string[];
  wide?: boolean | 'auto';
};

/** One run. */
interface Job extends JobOptions {
  resume: Resumed<Recipe> | null;
  recipe: Recipe;
  input: readonly string[];
  reportEvery: number;
  threads: number;
  wide: boolean | 'auto';
}

export function vectorsCommand(): Command {
  const command = new Command('vectors')
    .description('Train word vectors on texts.')
    .addHelpText('after', EXAMPLES)
    .action((given: Given) => run(given));
  group(
    command,
    'Text:',
    option(
      '--input <file...>',
      'texts to train on: files, folders, or - for standard input; may be gzipped. Words are ' +
        'separated by white space, a line is a sentence',
    ),
    option(
      '--min-count <n>',
      'leave out words seen fewer than n times',
      DEFAULTS.minCount,
    ).argParser(whole()),
    option('--max-vocab <n>', 'keep the n most frequent words', 'all').argParser(whole(4)),
  );
  group(
    command,
    'Vectors:',
    option(
      '--algorithm <name>',
      'skipgram or cbow: each neighbour predicts a word, or the mean of all neighbours does; ' +
        'glove: vectors fit the counts of pairs; lsa, ppmi: a matrix of words and documents, ' +
        'or of words and neighbours, is decomposed',
      DEFAULTS.algorithm,
    ).argParser(oneOf([...Object.keys(OWN), ...FACTORED])),
    option('--size <n>', 'numbers in a vector', DEFAULTS.size).argParser(whole()),
    option('--window <n>', 'neighbours on each side, at most', '5, 10 for glove').argParser(
      whole(),
    ),
    option(
      '--negative <n>',
      'words drawn against each word that was there',
      DEFAULTS.negative,
    ).argParser(whole()),
    option('--hierarchical', 'hierarchical softmax instead of drawn words'),
    option('--per-pair', 'skipgram: draw for each neighbour, not once for all; slower'),
    option(
      '--gradient <form>',
      'cbow: sum (as word2vec) or mean of the gradient for each neighbour',
      DEFAULTS.gradient,
    ).argParser(oneOf(['sum', 'mean'])),
    option(
      '--sample <t>',
      'leave out frequent words at random; 0: none',
      DEFAULTS.sample,
    ).argParser(decimal({ least: 0, most: 1 })),
    option('--subwords', 'n-grams of 3 to 6 characters have vectors too, as in fastText'),
    option(
      '--x-max <n>',
      'glove: pairs that occur more often all weigh 1',
      DEFAULTS.xMax,
    ).argParser(decimal({ above: 0 })),
    option('--alpha <n>', 'glove: power of the weight of rarer pairs', DEFAULTS.alpha).argParser(
      decimal({ least: 0 }),
    ),
    option(
      '--document <n>',
      'lsa: a line is a document; longer ones are cut every n words',
      FACTORING.document,
    ).argParser(whole()),
    option(
      '--power <n>',
      'lsa, ppmi: singular values count with this power; 0: all dimensions alike',
      FACTORING.power,
    ).argParser(decimal({ least: 0, most: 1 })),
  );
  group(
    command,
    'Training:',
    option(
      '--lr <rate>',
      'learning rate at the beginning',
      '0.025, 0.075 for cbow, 0.05 for glove',
    ).argParser(decimal({ above: 0 })),
    option(
      '--epochs <n>',
      'passes over the text, or for glove over the pairs',
      '3, 15 for glove',
    ).argParser(whole()),
    option(
      '--shards <n>',
      'parts of the text that learn apart, on a thread each; changes the result',
      '2 for more than 4 million words, else 1',
    ).argParser(whole()),
    option('--seed <n>', 'seed of the initial vectors and of all draws', DEFAULTS.seed).argParser(
      whole(0),
    ),
    option('--deterministic', 'the same bits in every engine, somewhat slower in some'),
    option('--threads <n>', 'threads to train with: the same result, sooner', 1).argParser(whole()),
    option('--wide', '256-bit instructions: the same result, sooner', 'by a trial'),
    option('--no-wide', 'without 256-bit instructions, and without the trial'),
  );
  addRunOptions(
    command,
    { flag: 'file', of: 'vectors', name: OUT, beside: 'vectors' },
    REPORT_EVERY,
  );
  return command;
}

async function run(given: Given): Promise<void> {
  if (given.resume === undefined && FACTORED.includes(given.algorithm ?? ''))
    return factor(factoring(given));
  const display = createDisplay({ json: given.json === true });
  const job = await plan(given);
  const outcome = await perform<WordCorpus | CountedPairs>(
    job,
    display,
    () => prepare(job, display) as Promise<Task<WordCorpus | CountedPairs>>,
  );
  if (given.json) printJSON(outcome);
  for (const [label, text] of whatNext(outcome)) display.copyable(label, text);
}

function whatNext(outcome: Outcome): [label: string, text: string][] {
  const { model } = outcome;
  const lines = howToGoOn('vectors', outcome);
  if (model !== null)
    lines.push(['vectors', model], ['neighbours', `npx throughtime nearest ${fileArgument(model)} WORD`]); // biome-ignore format: one call
  return lines;
}

/** The command line as a job. */
async function plan(given: Given): Promise<Job> {
  const common = { ...jobOf('vectors', given), wide: given.wide ?? ('auto' as const) };
  if (given.resume !== undefined) {
    const resume = await readCheckpoint<Recipe>(given.resume, Word2Vec.kind, Glove.kind);
    const input = given.input ?? resume.files.input;
    const own = goingOn(resume, given);
    return {
      ...common,
      ...own,
      inputs: { input },
      writes: { 'the file of ids': idFileOf(own.out) },
      input,
    };
  }
  const { input, out = OUT } = given;
  if (input === undefined)
    throw new Refusal('--input is missing: name the text to train on, or a checkpoint to --resume');
  return {
    ...common,
    recipe: newRecipe(given),
    inputs: { input },
    writes: { 'the file of ids': idFileOf(out) },
    input,
    out,
    checkpoint: given.checkpoint ?? null,
    resume: null,
    reportEvery: given.reportEvery ?? REPORT_EVERY,
  };
}

/** The command line of an algorithm that decomposes a matrix. */
function factoring(given: Given): Parameters<typeof factor>[0] {
  checkBelonging(given);
  const { input, algorithm, out = OUT, size = DEFAULTS.size, minCount = DEFAULTS.minCount } = given;
  if (input === undefined) throw new Refusal('--input is missing: name the text to learn from');
  return {
    algorithm: algorithm as 'lsa' | 'ppmi',
    input,
    out,
    size,
    minCount,
    maxVocab: given.maxVocab ?? null,
    window: given.window ?? FACTORING.window,
    document: given.document ?? FACTORING.document,
    power: given.power ?? FACTORING.power,
    seed: given.seed ?? DEFAULTS.seed,
    threads: given.threads ?? 1,
    deterministic: given.deterministic ?? DEFAULTS.deterministic,
    json: given.json ?? false,
  };
}

/** Options that only some algorithms have. */
const TRAINED = Object.keys(OWN);
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  gradient: ['cbow'],
  perPair: ['skipgram'],
  negative: ['skipgram', 'cbow'],
  hierarchical: ['skipgram', 'cbow'],
  sample: ['skipgram', 'cbow'],
  subwords: ['skipgram', 'cbow'],
  shards: ['skipgram', 'cbow'],
  xMax: ['glove'],
  alpha: ['glove'],
  window: [...TRAINED, 'ppmi'],
  document: ['lsa'],
  power: FACTORED,
  ...Object.fromEntries(
    // a decomposition has no steps
    [
      'lr',
      'epochs',
      'slice',
      'maxSeconds',
      'reportEvery',
      'checkpoint',
      'checkpointEvery',
      'wide',
    ].map(name => [name, TRAINED]),
  ),
};

function checkBelonging(given: Given): void {
  const { algorithm = DEFAULTS.algorithm } = given;
  for (const [name, algorithms] of Object.entries(BELONGS))
    if (given[name as keyof Given] !== undefined && !algorithms.includes(algorithm))
      throw new Refusal(
        `${flag(name)} goes with --algorithm ${listed(algorithms)}, not ${algorithm}; leave it out`,
      );
}

/** a, b or c */
const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(each => each !== '').join(' or ');

function newRecipe(given: Given): Recipe {
  checkBelonging(given);
  const pick = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [name, given[name as keyof Given] ?? value]),
  ) as unknown as Recipe;
  const { algorithm, hierarchical } = pick;
  if (given.negative !== undefined && hierarchical)
    throw new Refusal('--negative and --hierarchical are two ways; give one of them');
  const { lr, window, epochs } = OWN[algorithm];
  return {
    ...pick,
    lr: given.lr ?? lr,
    window: given.window ?? window,
    epochs: given.epochs ?? epochs,
    steps: null,
  };
}

/** Reads the text and makes model and trainer. */
async function prepare(job: Job, display: Display): Promise<Task<WordCorpus> | Task<CountedPairs>> {
  const { recipe, input, out, resume } = job;
  await init({ deterministic: recipe.deterministic, threads: job.threads, wide: job.wide });
  const corpus = await readWords(
    { input, minCount: recipe.minCount, maxVocab: recipe.maxVocab, idFile: idFileOf(out) },
    display,
  );
  const note = noteFor(checkpointOf(job).path, {
    recipe,
    files: { input, valid: null, out },
    reportEvery: job.reportEvery,
  });
  const { lr, epochs, seed, size } = recipe;
  const common = { lr, epochs, seed, reportEvery: job.reportEvery, note };
  const introduce = (model: Word2Vec | Glove, about: string, planned: number): void => {
    const { build, threads, wide } = runtimeInfo();
    const name = input.map(path => basename(path)).join(', ');
    const counts = Array.from(model.counts ?? []);
    const total = counts.reduce((sum, each) => sum + each, 0);
    const rare = corpus.unknown > 0 ? `; ${count(corpus.unknown)} rare ones are left out` : '';
    display.note('text', `${name}: ${plural(total, 'word')}${rare}`);
    display.note('vectors', `${count(model.words.length)} words of ${size} numbers; ${about}`);
    display.note(
      'plan',
      `${plural(epochs, 'epoch')}, ${plural(planned, 'step')}; lr ${lr}; ${build} build` +
        `${wide ? ', wide' : ''}${threads > 1 ? `, ${threads} threads` : ''}`,
    );
  };
  const finish = (
    model: Word2Vec | Glove,
    trainer: Word2VecTrainer | GloveTrainer,
  ): Pick<Task<never>, 'validate' | 'unit' | 'save' | 'dispose'> => ({
    validate: null,
    unit: 'word',
    save: () => writeVectors(model.vectors(), formatOf(out)),
    dispose() {
      corpus.close();
      trainer.dispose();
      model.dispose();
    },
  });
  const resumed = (trainer: { step: number }): void => {
    if (resume) display.note('resumed', `${resume.path}, after ${plural(trainer.step, 'step')}`);
  };
  const words = new WordCorpus(corpus.train);
  const name = input.join(' ');

  if (recipe.algorithm === 'glove') {
    const { window, xMax, alpha } = recipe;
    display.note('counting', `pairs of words up to ${window} apart`);
    const counts = await refusing(name, () => cooccurrence(words, { vocab: corpus.vocab, window }));
    const pairs = await refusing(name, () => new CountedPairs(counts, { xMax, alpha, seed }));
    const model = resume
      ? await refusing(resume.path, () => Glove.load(resume.file))
      : await Glove.create({ words: counts.words, counts: counts.counts, size, seed });
    const trainer = new GloveTrainer(model, common);
    const planned = epochs * trainer.stepsOf(pairs);
    return {
      ...finish(model, trainer),
      trainer,
      data: pairs,
      rate: { of: 'pairs', report: report => report },
      planned,
      introduce() {
        introduce(model, `glove, window ${window}, ${plural(pairs.length, 'pair')}`, planned);
        resumed(trainer);
      },
    };
  }

  const { algorithm, window, negative, hierarchical, gradient, sample, shards } = recipe;
  const model = resume
    ? await refusing(resume.path, () => Word2Vec.load(resume.file))
    : await refusing(name, () =>
        Word2Vec.create({
          vocab: corpus.vocab,
          algorithm,
          size,
          window,
          negative,
          shared: !recipe.perPair,
          hierarchical,
          gradient,
          sample,
          subwords: recipe.subwords ? {} : null,
          seed,
        }),
      );
  const trainer = new Word2VecTrainer(model, { ...common, ...(shards !== null && { shards }) });
  const planned = epochs * trainer.stepsOf(words);
  return {
    ...finish(model, trainer),
    trainer,
    data: words,
    // predictions are what the loss is the mean of; people count words
    rate: {
      of: 'words',
      report: report => ({
        ...report,
        tokensPerSecond:
          report.tokensPerSecond &&
          (report.tokensPerSecond * report.epoch * words.ids.length) / report.tokens,
      }),
    },
    planned,
    introduce() {
      const against = hierarchical ? 'hierarchical softmax' : `${negative} negatives`;
      const parts = recipe.subwords ? ', subwords' : '';
      introduce(model, `${algorithm}, window ${window}, ${against}${parts}`, planned);
      resumed(trainer);
    },
  };
}
