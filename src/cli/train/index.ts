/** `throughtime train`: a subcommand a task. */
import { Command } from 'commander';
import { classifierCommand } from './classifier.js';
import { languageModelCommand } from './lm.js';
import { vectorsCommand } from './vectors.js';

export function trainCommand(): Command {
  return new Command('train')
    .description('Train a model.')
    .addCommand(languageModelCommand())
    .addCommand(vectorsCommand())
    .addCommand(classifierCommand());
}
