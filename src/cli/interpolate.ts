/** `throughtime interpolate` */
import { basename } from 'node:path';
import { Command } from 'commander';
import { MixLM } from '../lm/mix.js';
import { init } from '../runtime/init.js';
import { readHeldOut } from './corpus.js';
import { createDisplay } from './display.js';
import { refusing } from './errors.js';
import { checkFiles, writeResult } from './files.js';
import { loadModel, type StoredModel } from './kinds.js';
import { whole } from './options.js';
import { printJSON, printTable } from './output.js';
import { fileArgument } from './shell.js';

const EXAMPLES = `
Example:
  Mix counts and a network, with the weights that fit a text that neither saw:
    $ throughtime interpolate words.arpa words.safetensors --valid valid.txt \\
        --out mix.safetensors
    $ throughtime eval mix.safetensors --input test.txt

The mix is a model as the others are, and holds them all.`;

export function interpolateCommand(): Command {
  return new Command('interpolate')
    .description('Mix language models: their probabilities, weighted and summed.')
    .argument('<model...>', 'two models or more, with the same words')
    .requiredOption('--valid <file>', 'text that the weights are fitted to')
    .option('--out <file>', 'file of the mix', 'mix.safetensors')
    .option('--threads <n>', 'threads to compute with', whole(), 1)
    .option('--deterministic', 'compute the same bits in every engine')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  paths: string[],
  options: {
    valid: string;
    out: string;
    threads: number;
    deterministic?: boolean;
    json?: boolean;
  },
): Promise<void> {
  const { valid, out, threads } = options;
  checkFiles({ read: { 'a model': paths, valid }, write: { out } });
  await init({ deterministic: options.deterministic === true, threads });
  const display = createDisplay({ json: options.json === true });
  const models: StoredModel[] = [];
  try {
    for (const path of paths) models.push(await loadModel(path));
    const names = paths.join(', ');
    await refusing(names, () => new MixLM(models)); // before a long text is read
    const { ids, unknown } = await readHeldOut(valid, models[0]!.vocab, display);
    const began = performance.now();
    const report = (share: number): void =>
      display.reading('fitting', share, ((performance.now() - began) / 1000) * (1 / share - 1));
    const mix = await refusing(names, () => MixLM.fit(models, ids, { report }));
    await writeResult(out, mix.save(), 'the mix');
    if (options.json)
      printJSON({ type: 'interpolate', models: paths, weights: mix.weights, unknown, model: out });
    else {
      printTable(paths.map((path, i) => [mix.weights[i]!.toFixed(4), basename(path)]));
      display.copyable('mix', out);
      display.copyable('measure', `npx throughtime eval ${fileArgument(out)} --input TEXT`);
    }
  } finally {
    for (const model of models) model.dispose();
  }
}
