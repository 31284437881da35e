/** `throughtime quantize` */
import { Command } from 'commander';
import { readModel } from '../io/model.js';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import { readFileBytes } from '../node/files.js';
import { init } from '../runtime/init.js';
import { refusing } from './errors.js';
import { checkFiles, siblingName, writeResult } from './files.js';
import { bytes as size, table } from './format.js';
import { colours, print, printJSON } from './output.js';

const EXAMPLES = `
Examples:
  A quarter of the bytes, and several times as fast where the model is large:
    $ throughtime quantize book.safetensors
    $ throughtime sample book.int8.safetensors --prompt "It was "

  How much it costs:
    $ throughtime eval book.safetensors --input other-book.txt
    $ throughtime eval book.int8.safetensors --input other-book.txt`;

export function quantizeCommand(): Command {
  return new Command('quantize')
    .description('Write a model with weights of 8 bits, to sample and evaluate with.')
    .argument('<model>', 'model file or checkpoint')
    .option(
      '--out <file>',
      'the quantised model (default: book.safetensors gives book.int8.safetensors)',
    )
    .option('--json', 'one JSON object on stdout')
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
  const after = await refusing(path, () => {
    using model = RecurrentLM.from(readModel(before), softmaxOf);
    using quantised = model.quantize();
    return quantised.save();
  });
  await writeResult(out, after, 'the model');
  if (json) printJSON({ type: 'quantize', model: out, bytes: after.length, before: before.length });
  else
    print(
      table(
        [
          ['model', `${path}, ${size(before.length)}`],
          ['quantised', `${out}, ${size(after.length)}`],
        ],
        colours(process.stdout).dim,
      ),
    );
}
