/** The loss plot: training, validation, and the run before in grey. */
import { type Line, Plot } from './plot.js';

interface Curve {
  x: number[];
  y: number[];
}

export class LossPlot {
  private readonly plot = new Plot({
    id: 'loss',
    xLabel: 'training step',
    xRange: () => [0, this.steps],
    yScale: {
      range: (_, low, high) =>
        low === null ? [0, 7] : [Math.floor(low * 2 - 0.2) / 2, Math.ceil(high * 2 + 0.2) / 2],
    },
    format: bits => bits.toFixed(2),
  });
  private train: Curve = { x: [], y: [] };
  private valid: Curve = { x: [], y: [] };
  private before: (Curve & { name: string }) | null = null;
  private name = '';
  private steps = 3000;

  begin(name: string, steps: number): void {
    if (this.valid.x.length > 1) this.before = { ...this.valid, name: this.name };
    this.name = name;
    this.steps = steps;
    this.train = { x: [], y: [] };
    this.valid = { x: [], y: [] };
    this.draw();
  }

  step(step: number, bits: number): void {
    this.train.x.push(step);
    this.train.y.push(bits);
    this.draw();
  }

  validated(step: number, bits: number): void {
    this.valid.x.push(step);
    this.valid.y.push(bits);
    this.draw();
    this.plot.describe(
      `Loss by training step: ${this.train.y.at(-1)?.toFixed(2) ?? 'unknown'} bits per ` +
        `character in training, ${bits.toFixed(2)} on held-out text after ${step} steps`,
    );
  }

  private draw(): void {
    const { train, valid, before } = this;
    const lines: Line[] = [
      { label: 'training', colour: '--train', ...train },
      { label: 'held-out text', colour: '--valid', points: true, ...valid },
    ];
    if (before)
      lines.push({
        label: `before: ${before.name}`,
        colour: '--before',
        dash: [5, 4],
        x: before.x,
        y: before.y,
      });
    this.plot.show(lines);
  }
}
