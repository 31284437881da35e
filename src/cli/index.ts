#!/usr/bin/env node
/** The `throughtime` command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { explain } from './errors.js';
import { evalCommand } from './eval.js';
import { inspectCommand } from './inspect.js';
import { colours, complain } from './output.js';
import { quantizeCommand } from './quantize.js';
import { sampleCommand } from './sample.js';
import { trainCommand } from './train.js';

const EXAMPLES = `
Examples:
  Train a character model on a text, let it write, measure it:
    $ throughtime train lm --input book.txt --out book.safetensors
    $ throughtime sample book.safetensors --prompt "It was "
    $ throughtime eval book.safetensors --input other-book.txt

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
  .addCommand(sampleCommand())
  .addCommand(quantizeCommand())
  .addCommand(inspectCommand());

/** Settings that commander does not hand down to commands made apart. */
function settle(command: Command): void {
  command
    .exitOverride()
    .configureHelp({ styleTitle: colours(process.stdout).bold })
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
