/** `throughtime quantize` */
import { Command } from 'commander';
import { readModel } from '../io/model.js';
import { cellOf } from '../lm/cells.js';
import { NgramLM } from '../lm/ngram/model.js';
import { quantize } from '../lm/quantized.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import { readFileBytes } from '../node/files.js';
import { init } from '../runtime/init.js';
import { refusing } from './errors.js';
import { checkFiles, siblingName, writeResult } from './files.js';
import { bytes as size } from './format.js';
import { printJSON, printTable } from './output.js';
import { loadKernels } from './recipe.js';

const EXAMPLES = `
Examples:
  Quantise a model to a quarter of its bytes; large models become faster:
    $ throughtime quantize book.safetensors
    $ throughtime sample book.int8.safetensors --prompt "It was "

  Compare the losses of both:
    $ throughtime eval book.safetensors --input other-book.txt
    $ throughtime eval book.int8.safetensors --input other-book.txt`;

export function quantizeCommand(): Command {
  return new Command('quantize')
    .description('Convert a model to 8-bit weights or n-gram probabilities, for sample and eval.')
    .argument('<model>', 'model or checkpoint')
    .option(
      '--out <file>',
      'file of the quantised model (default: book.int8.safetensors for book.safetensors)',
    )
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  path: string,
  { out = siblingName(path, 'int8'), json }: { out?: string; json?: boolean },
): Promise<void> {
  checkFiles({ read: { 'the model itself': path }, write: { out } });
  await init();
  const before = await refusing(null, () => readFileBytes(path, 'the model'));
  const after = await refusing(path, async () => {
    const file = readModel(before);
    await loadKernels(file.config);
    if (file.kind === NgramLM.kind) return NgramLM.from(file).compact(8).save();
    using model = RecurrentLM.from(file, softmaxOf, cellOf);
    using quantised = quantize(model);
    return quantised.save();
  });
  await writeResult(out, after, 'the model');
  if (json) printJSON({ type: 'quantize', model: out, bytes: after.length, before: before.length });
  else
    printTable([
      ['model', `${path}, ${size(before.length)}`],
      ['quantised', `${out}, ${size(after.length)}`],
    ]);
}
