/** The plot of the gradient's reach: the latest curve of each kind of cell. */

import { powerOfTen, scientific } from '../format.js';
import type { Recipe } from '../recipe.js';
import { Plot } from './plot.js';

/** Below this the error is lost; curves leave the plot there. */
const FLOOR = 1e-12;
const DASHES = { rnn: { dash: [2, 3] }, lstm: {}, gru: { dash: [7, 3] } };
/** What a plot can still take the logarithm of. */
const LEAST = 1e-40;

interface Curve {
  cell: Recipe['cell'];
  label: string;
  reach: Float64Array;
}

export class GradientPlot {
  private readonly plot = new Plot({
    id: 'gradient',
    xLabel: 'characters back',
    xRange: () => [0, 100],
    yScale: { distr: 3, range: [FLOOR, 4] },
    yAxis: {
      splits: () => [1e-12, 1e-9, 1e-6, 1e-3, 1],
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map(powerOfTen),
    },
    format: value => (value > LEAST ? scientific(value) : '0'),
  });
  private readonly curves = new Map<Recipe['cell'], Curve>();

  show(cell: Recipe['cell'], name: string, reach: Float64Array): void {
    this.curves.set(cell, { cell, label: name, reach });
    const curves = [...this.curves.values()].sort((a, b) => (a.cell < b.cell ? 1 : -1));
    this.plot.show(
      curves.map(({ cell, label, reach }) => ({
        label,
        colour: `--${cell}`,
        ...DASHES[cell],
        x: Array.from(reach.keys()),
        y: Array.from(reach, value => Math.max(value, LEAST)),
      })),
    );
    this.plot.describe(
      `Gradient by distance, relative to the last character: ${curves.map(curve => `${curve.label} ${scientific(curve.reach.at(-1)!)}`).join(', ')} at ${reach.length - 1} characters back`,
    );
  }
}
