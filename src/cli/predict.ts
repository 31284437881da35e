/** `throughtime predict`: a line in, a line out. */
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { type ModelFile, readModel } from '../io/model.js';
import { readFileBytes } from '../node/files.js';
import { init } from '../runtime/init.js';
import { Classifier, type Explanation } from '../tasks/classifier.js';
import { Refusal, refusing } from './errors.js';
import { colours, print } from './output.js';

const EXAMPLES = `
Examples:
  Classify each line of a file:
    $ throughtime predict reviews.safetensors < lines.txt > answers.tsv

  See which words decided:
    $ echo "a stirring and funny film" | throughtime predict reviews.safetensors --explain`;

interface Options {
  explain?: boolean;
  json?: boolean;
}

/** What becomes of a line. */
type Predictor = (line: string) => string;

/** Models by the kind that their files name. */
const KINDS: Record<string, (file: ModelFile, options: Options) => Predictor> = {
  [Classifier.kind]: (file, options) => {
    const model = Classifier.from(file);
    return line => classified(model, line, options);
  },
};

export function predictCommand(): Command {
  return new Command('predict')
    .description(
      'Read lines from stdin, write an answer to each: its class and how probable it is.',
    )
    .argument('<model>', 'model or checkpoint: a classifier')
    .option('--explain', 'classifiers: the words of the line, coloured by what they did')
    .option('--json', 'print one JSON object per line')
    .option('--deterministic', 'compute the same bits in every engine')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(path: string, options: Options & { deterministic?: boolean }): Promise<void> {
  await init({ deterministic: options.deterministic === true });
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  const predict = await refusing(path, () => {
    const file = readModel(bytes);
    if (!Object.hasOwn(KINDS, file.kind))
      throw new Refusal(
        `${path}: is a model of kind "${file.kind}", expected ${Object.keys(KINDS).join(', ')}`,
      );
    return KINDS[file.kind]!(file, options);
  });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
    if (!print(`${predict(line)}\n`)) return; // nobody reads on
}

/** label TAB probability, and with `explain` TAB words; labels of several classes with commas. */
function classified(model: Classifier, line: string, { explain, json }: Options): string {
  const classes = model.classify(line);
  const chosen = model.config.several ? classes.filter(({ p }) => p >= 0.5) : classes.slice(0, 1);
  const because = explain ? model.explain(line) : undefined;
  if (json) return JSON.stringify({ labels: chosen.map(({ label }) => label), classes, ...(because && { explain: because }) }); // biome-ignore format: one line
  const answer = [
    chosen.map(({ label }) => label).join(','),
    chosen.map(({ p }) => p.toFixed(4)).join(','),
  ];
  return [...answer, ...(because ? [coloured(because)] : [])].join('\t');
}

/** Green words spoke for the class, red ones against it; elsewhere than on a terminal by number. */
function coloured({ units }: Explanation): string {
  const c = colours(process.stdout);
  const most = Math.max(...units.map(({ score }) => Math.abs(score)));
  return units
    .map(({ text, score }) => {
      if (!c.isColorSupported) return `${text}(${score >= 0 ? '+' : ''}${score.toFixed(2)})`;
      const share = Math.abs(score) / most;
      if (!(share > 0.1)) return c.dim(text);
      const paint = score > 0 ? c.green : c.red;
      return share > 0.5 ? c.bold(paint(text)) : paint(text);
    })
    .join(' ');
}
