#!/usr/bin/env node
/** The `throughtime` command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { explainFileError } from '../node/files.js';
import { bpeCommand } from './bpe.js';
import { compareCommand } from './compare.js';
import { convertCommand } from './convert.js';
import { explain } from './errors.js';
import { evalCommand } from './eval.js';
import { inspectCommand } from './inspect.js';
import { interpolateCommand } from './interpolate.js';
import { colours, complain, printError } from './output.js';
import { plotCommand } from './plot/index.js';
import { predictCommand } from './predict.js';
import { quantizeCommand } from './quantize.js';
import { sampleCommand } from './sample.js';
import { trainCommand } from './train/index.js';
import { analogyCommand, nearestCommand } from './vectors.js';
import { wordnetCommand } from './wordnet.js';

const EXAMPLES = `
Examples:
  Train a character model on your own text, sample from it, and evaluate it:
    $ throughtime train lm --input book.txt --out book.safetensors
    $ throughtime sample book.safetensors --prompt "It was "
    $ throughtime eval book.safetensors --input other-book.txt

  Count n-grams of words, and compare with the network:
    $ throughtime train lm --model ngram --level word --input book.txt \\
        --out book.arpa
    $ throughtime compare book.arpa book.safetensors --input other-book.txt

  Train word vectors, and look for the neighbours of a word:
    $ throughtime train vectors --input book.txt --out vectors.safetensors
    $ throughtime nearest vectors.safetensors king

Each command has its own help: throughtime train lm --help`;

const { version, description } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string };

const program = new Command('throughtime')
  .description(description)
  .version(version)
  .addHelpText('after', EXAMPLES)
  .addCommand(trainCommand())
  .addCommand(evalCommand())
  .addCommand(compareCommand())
  .addCommand(interpolateCommand())
  .addCommand(sampleCommand())
  .addCommand(predictCommand())
  .addCommand(quantizeCommand())
  .addCommand(nearestCommand())
  .addCommand(analogyCommand())
  .addCommand(convertCommand())
  .addCommand(bpeCommand())
  .addCommand(wordnetCommand())
  .addCommand(plotCommand())
  .addCommand(inspectCommand());

/** Settings that commander does not hand down to commands made apart. */
function settle(command: Command): void {
  // given twice, which one is meant?
  for (const option of command.options.filter(option => !option.variadic)) {
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      if (++times > 1) command.error(`error: ${option.long} is given twice; give it once`);
    });
  }
  command
    .exitOverride()
    .configureHelp({ styleTitle: colours(process.stdout).bold, minWidthToWrap: 20 })
    .configureOutput({
      outputError: text =>
        complain(
          text
            .replace(/^error: /, '')
            .trim()
            .replace(/\n/g, ' '),
        ),
    });
  command.commands.forEach(settle);
}
settle(program);

// a stream tells only later what it could not take
process.once('beforeExit', () => {
  const error = printError();
  if (error === null) return;
  complain(`standard output: ${explainFileError(error)}`);
  process.exitCode ||= 1;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? 0 : 2; // it has spoken already
  else {
    const { message, code } = explain(error);
    complain(message);
    process.exitCode = code;
  }
}
