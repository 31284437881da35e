/** `throughtime plot` */
import { Command } from 'commander';
import { attentionPlot, confusionPlot } from './matrices.js';
import { curvesPlot, sparsityPlot } from './models.js';
import { cooccurrencePlot, correlationPlot, vectorsPlot } from './words.js';

export function plotCommand(): Command {
  return new Command('plot')
    .description('Draw losses, sparsity of n-grams, word vectors, confusions or attention, as SVG.')
    .addCommand(curvesPlot())
    .addCommand(sparsityPlot())
    .addCommand(vectorsPlot())
    .addCommand(correlationPlot())
    .addCommand(cooccurrencePlot())
    .addCommand(confusionPlot())
    .addCommand(attentionPlot());
}
