/** `throughtime eval` */
import { Command, Option } from 'commander';
import { evaluateDynamic } from '../lm/dynamic.js';
import type { Evaluation } from '../lm/evaluate.js';
import { FeedforwardLM } from '../lm/feedforward.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { init } from '../runtime/init.js';
import { Classifier } from '../tasks/classifier.js';
import { confusionText } from '../tasks/metrics/accuracy.js';
import { readHeldOut } from './corpus.js';
import { createDisplay } from './display.js';
import { Refusal, refusing } from './errors.js';
import { readExamples } from './examples.js';
import { count, plural, UNITS } from './format.js';
import { readStored, type StoredModel, storedModel } from './kinds.js';
import { decimal, whole } from './options.js';
import { print, printJSON, printTable } from './output.js';
import { evaluateVectors } from './vectors.js';

const EXAMPLES = `
Examples:
  Measure how well a model predicts a text:
    $ throughtime eval book.safetensors --input other-book.txt

  Measure a long text sooner, as 96 parts side by side. Each part has only
  a short context before it, so that the loss differs slightly:
    $ throughtime eval book.safetensors --input other-book.txt --parts 96

  Measure word vectors by similarity of words and by analogies:
    $ throughtime eval vectors.bin --similarity word-sim/ \\
        --analogies questions-words.txt --restrict 30000

  Print JSON, for a script:
    $ throughtime eval book.safetensors --input other-book.txt --json`;

export function evalCommand(): Command {
  return new Command('eval')
    .description(
      'Measure a language model on a text, a classifier, or word vectors on published sets.',
    )
    .argument('<model>', 'model, checkpoint or file of word vectors')
    .option('--input <file>', 'language models: text to predict; classifiers: texts with labels')
    .option(
      '--similarity <path>',
      'word vectors: file of word pairs and scores, or a folder of such',
    )
    .option('--analogies <file>', 'word vectors: questions such as questions-words.txt')
    .addOption(
      new Option('--restrict <n>', 'analogies: only among the first n words').argParser(whole()),
    )
    .option('--parts <n>', 'cut the text into n parts and read them side by side', whole(), 1)
    .addOption(
      new Option(
        '--dynamic <lr>',
        'let a recurrent model go on learning at this rate from what it has predicted',
      ).argParser(decimal({ above: 0 })),
    )
    .option('--coarse', 'classifiers: a label ends before its first colon')
    .option('--deterministic', 'compute the same bits in every engine')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  path: string,
  options: {
    input?: string;
    similarity?: string;
    analogies?: string;
    restrict?: number;
    parts: number;
    dynamic?: number;
    coarse?: boolean;
    deterministic?: boolean;
    json?: boolean;
  },
): Promise<void> {
  const { input } = options;
  if (options.similarity !== undefined || options.analogies !== undefined) {
    if (input !== undefined)
      throw new Refusal(
        '--input is for language models; leave it out, or --similarity and --analogies',
      );
    return evaluateVectors(path, options);
  }
  if (input === undefined)
    throw new Refusal(
      '--input is missing: name the text to predict; for word vectors give --similarity or ' +
        '--analogies',
    );
  await init({ deterministic: options.deterministic === true });
  const stored = await readStored(path);
  const { file } = stored;
  if (file?.kind === Classifier.kind) {
    const classifier = await refusing(path, () => Classifier.from(file));
    return evaluateClassifier(classifier, path, { ...options, input });
  }
  if (options.coarse) throw new Refusal('--coarse is for classifiers; leave it out');
  const model: StoredModel = await storedModel(path, stored);
  const { parts } = options;
  const inParts = model instanceof RecurrentLM || model instanceof FeedforwardLM;
  if (parts > 1 && !inParts)
    throw new Refusal(
      `--parts ${parts}: a model of kind ${model.kind} reads one stream; leave it out`,
    );
  const display = createDisplay({ json: options.json === true });
  const { ids, unknown, characters } = await readHeldOut(input, model.vocab, display);
  const { dynamic } = options;
  if (dynamic !== undefined && (parts > 1 || !(model instanceof RecurrentLM)))
    throw new Refusal(
      `--dynamic ${dynamic}: a recurrent model learns from one stream; leave it out` +
        `${parts > 1 ? ', or --parts' : ''}`,
    );
  const measure = (): Promise<Evaluation> => {
    if (dynamic !== undefined) return evaluateDynamic(model as RecurrentLM, ids, { lr: dynamic });
    return model instanceof RecurrentLM || model instanceof FeedforwardLM
      ? model.evaluate(ids, { parts })
      : model.evaluate(ids);
  };
  const { tokens, loss, bitsPerToken, perplexity, known } = await measure();
  const { kind, vocab } = model;
  const bitsPerCharacter = (bitsPerToken * tokens) / characters;
  // what a token is predicted from: all before it, or those of its line
  const { sentences = false } = model as StoredModel;
  const state = sentences ? 'sentence' : 'carried';
  if (options.json) {
    printJSON({
      type: 'eval',
      kind,
      unit: vocab.level,
      tokens,
      unknown,
      loss,
      bitsPerToken,
      bitsPerCharacter,
      perplexity,
      known,
      state,
      parts,
      dynamic: dynamic ?? null,
    });
    return;
  }
  const unit = UNITS[vocab.level];
  const outside = unknown > 0 ? `, ${count(unknown)} not in the vocabulary` : '';
  printTable([
    ['model', `${path} (${kind})`],
    ['text', `${input}: ${plural(tokens, unit)} predicted${outside}`],
    ['loss', `${loss.toFixed(4)} nats per ${unit}`],
    ['', `${bitsPerToken.toFixed(4)} bits per ${unit}`],
    ...(vocab.level === 'char'
      ? []
      : ([['', `${bitsPerCharacter.toFixed(4)} bits per character`]] as [string, string][])),
    ['perplexity', perplexity.toPrecision(5)],
    [
      'state',
      sentences
        ? 'each line by itself, every word counted'
        : `carried on, all but the first counted${dynamic === undefined ? '' : `; learning at ${dynamic}`}`,
    ],
    ...(known === null
      ? []
      : ([
          [
            'unknown',
            `${((100 * (tokens - known.tokens)) / tokens).toFixed(1)} % of the ${unit}s; ` +
              `without them ${known.loss.toFixed(4)} nats, perplexity ` +
              Math.exp(known.loss).toPrecision(5),
          ],
        ] as [string, string][])),
  ]);
}

/** Accuracy, macro-F1 and the confusion matrix; JSON has fractions. */
async function evaluateClassifier(
  model: Classifier,
  path: string,
  { input, coarse = false, json = false }: { input: string; coarse?: boolean; json?: boolean },
): Promise<void> {
  const { several } = model.config;
  const display = createDisplay({ json });
  const examples = await readExamples(input, { coarse, several }, display);
  const { loss, accuracy, macroF1, confusion } = await refusing(input, () =>
    model.evaluate(examples),
  );
  if (json) {
    const matrix = confusion && { labels: confusion.labels, counts: [...confusion.counts] };
    printJSON({ type: 'eval', kind: model.kind, examples: examples.length, loss, accuracy, macroF1, confusion: matrix }); // biome-ignore format: one line
    return;
  }
  printTable([
    ['model', `${path} (${model.kind})`],
    ['texts', `${input}: ${plural(examples.length, 'text')}`],
    ['loss', `${loss.toFixed(4)} nats per text`],
    ['accuracy', `${(100 * accuracy).toFixed(2)} %`],
    ['macro-F1', `${(100 * macroF1).toFixed(2)} %`],
  ]);
  if (confusion) print(`\n${confusionText(confusion)}`);
}
