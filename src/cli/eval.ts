/** `throughtime eval` */
import { Command } from 'commander';
import { QuantizedLM } from '../lm/quantized.js';
import { init } from '../runtime/init.js';
import { readHeldOut } from './corpus.js';
import { createDisplay } from './display.js';
import { Refusal } from './errors.js';
import { count, plural, UNITS } from './format.js';
import { loadModel } from './kinds.js';
import { whole } from './options.js';
import { printJSON, printTable } from './output.js';

const EXAMPLES = `
Examples:
  Measure how well a model predicts a text:
    $ throughtime eval book.safetensors --input other-book.txt

  Measure a long text sooner, as 96 parts side by side. Each part has only
  a short context before it, so that the loss differs slightly:
    $ throughtime eval book.safetensors --input other-book.txt --parts 96

  Print JSON, for a script:
    $ throughtime eval book.safetensors --input other-book.txt --json`;

export function evalCommand(): Command {
  return new Command('eval')
    .description('Measure how well a model predicts a text.')
    .argument('<model>', 'model or checkpoint')
    .requiredOption('--input <file>', 'text to predict')
    .option('--parts <n>', 'cut the text into n parts and read them side by side', whole(), 1)
    .option('--deterministic', 'compute the same bits in every engine')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  path: string,
  options: { input: string; parts: number; deterministic?: boolean; json?: boolean },
): Promise<void> {
  await init({ deterministic: options.deterministic === true });
  const model = await loadModel(path);
  const { parts } = options;
  if (parts > 1 && model instanceof QuantizedLM)
    throw new Refusal(`--parts ${parts}: a quantised model reads one stream; leave it out`);
  const display = createDisplay({ json: options.json === true });
  const { ids, unknown } = await readHeldOut(options.input, model.vocab, display);
  const { tokens, loss, bitsPerToken, perplexity, known } = await (model instanceof QuantizedLM
    ? model.evaluate(ids)
    : model.evaluate(ids, { parts }));
  const { kind, vocab } = model;
  if (options.json) {
    printJSON({
      type: 'eval',
      kind,
      unit: vocab.level,
      tokens,
      unknown,
      loss,
      bitsPerToken,
      perplexity,
      known,
      state: 'carried',
      parts,
    });
    return;
  }
  const unit = UNITS[vocab.level];
  const outside = unknown > 0 ? `, ${count(unknown)} not in the vocabulary` : '';
  printTable([
    ['model', `${path} (${kind})`],
    ['text', `${options.input}: ${plural(tokens, unit)} predicted${outside}`],
    ['loss', `${loss.toFixed(4)} nats per ${unit}`],
    ['', `${bitsPerToken.toFixed(4)} bits per ${unit}`],
    ['perplexity', perplexity.toPrecision(5)],
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
