/** `throughtime train`: a subcommand a task. */
import { Command } from 'commander';
import { languageModelCommand } from './lm.js';

export function trainCommand(): Command {
  return new Command('train').description('Train a model.').addCommand(languageModelCommand());
}
