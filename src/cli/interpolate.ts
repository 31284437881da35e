/** `throughtime interpolate` */
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { CacheLM } from '../lm/cache.js';
import { MixLM } from '../lm/mix.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { init } from '../runtime/init.js';
import { readHeldOut } from './corpus.js';
import { createDisplay } from './display.js';
import { Refusal, refusing } from './errors.js';
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
    .argument('<model...>', 'two models or more, with the same words; one with --cache')
    .requiredOption('--valid <file>', 'text that the weights are fitted to')
    .option('--out <file>', 'file of the mix', 'mix.safetensors')
    .addOption(
      new Option(
        '--cache <n>',
        'let recurrent models remember n states, and the words that followed them',
      ).argParser(whole()),
    )
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
    cache?: number;
    threads: number;
    deterministic?: boolean;
    json?: boolean;
  },
): Promise<void> {
  const { valid, out, threads } = options;
  checkFiles({ read: { 'a model': paths, valid }, write: { out } });
  await init({ deterministic: options.deterministic === true, threads });
  const display = createDisplay({ json: options.json === true });
  const { cache } = options;
  const models: StoredModel[] = [];
  try {
    for (const path of paths) models.push(await loadModel(path));
    const names = paths.join(', ');
    const recurrent = models.some(model => model instanceof RecurrentLM);
    if (cache !== undefined && !recurrent)
      throw new Refusal(`--cache ${cache}: none of ${names} is a recurrent model; leave it out`);
    const alone = cache !== undefined && models.length === 1;
    if (!alone) await refusing(names, () => new MixLM(models)); // before a long text is read
    const { ids, unknown } = await readHeldOut(valid, models[0]!.vocab, display);
    const began = performance.now();
    const report = (share: number): void =>
      display.reading('fitting', share, ((performance.now() - began) / 1000) * (1 / share - 1));
    const cached = async (model: StoredModel): Promise<StoredModel> =>
      cache !== undefined && model instanceof RecurrentLM
        ? CacheLM.fit(model, ids, { size: cache, report })
        : model;
    for (const [i, model] of models.entries()) models[i] = await cached(model);
    const mix = alone
      ? (models[0] as CacheLM)
      : await refusing(names, () => MixLM.fit(models, ids, { report }));
    const weights = mix instanceof MixLM ? mix.weights : [1];
    const caches = models.map(model => (model instanceof CacheLM ? model.config : null));
    await writeResult(out, mix.save(), 'the mix');
    if (options.json)
      printJSON({ type: 'interpolate', models: paths, weights, caches, unknown, model: out });
    else {
      printTable(
        paths.map((path, i) => [
          weights[i]!.toFixed(4),
          basename(path) +
            (caches[i] ? `, cache: λ ${caches[i].lambda.toFixed(3)}, θ ${caches[i].theta}` : ''),
        ]),
      );
      display.copyable('mix', out);
      display.copyable('measure', `npx throughtime eval ${fileArgument(out)} --input TEXT`);
    }
  } finally {
    for (const model of models) model.dispose();
  }
}
