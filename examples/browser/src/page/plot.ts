/**
 * What both plots share: size and colours that follow the page, a legend below that reads the
 * values under the pointer.
 */
import uPlot from 'uplot';
import { byId, make } from './dom.js';

export interface Line {
  label: string;
  /** A custom property of style.css. */
  colour: string;
  dash?: number[];
  points?: boolean;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

export interface PlotOptions {
  id: string;
  xLabel: string;
  /** Ends of the x axis and of the y axis, from the data's. */
  xRange: () => [number, number];
  yScale: uPlot.Scale;
  yAxis?: Partial<uPlot.Axis>;
  format: (y: number) => string;
}

const HEIGHT = 220;
const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Plot {
  private readonly host: HTMLElement;
  private readonly legend: HTMLElement;
  private plot: uPlot | null = null;
  private lines: readonly Line[] = [];
  private frame = 0;

  constructor(private readonly options: PlotOptions) {
    this.host = byId(`${options.id}-plot`);
    this.legend = byId(`${options.id}-legend`);
    new ResizeObserver(() =>
      this.plot?.setSize({ width: this.host.clientWidth, height: HEIGHT }),
    ).observe(this.host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.rebuild());
    this.rebuild();
  }

  /** Shows these lines at the next frame. */
  show(lines: readonly Line[]): void {
    const same =
      lines.length === this.lines.length &&
      lines.every(
        (line, i) => line.label === this.lines[i]!.label && line.colour === this.lines[i]!.colour,
      );
    this.lines = lines;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (same && this.plot) this.plot.setData(this.data());
      else this.rebuild();
      this.readOut(null);
    });
  }

  describe(text: string): void {
    this.host.setAttribute('aria-label', text);
  }

  private data(): uPlot.AlignedData {
    if (this.lines.every(({ x }) => x.length === 0))
      return [
        [0, 1],
        ...Array.from({ length: Math.max(1, this.lines.length) }, () => [null, null]),
      ];
    return uPlot.join(
      this.lines.map(({ x, y }) => [Array.from(x), Array.from(y)] as uPlot.AlignedData),
    );
  }

  private rebuild(): void {
    this.plot?.destroy();
    const { xLabel, xRange, yScale, yAxis } = this.options;
    const ink = colour('--muted');
    const grid = { stroke: colour('--line'), width: 1 };
    const axis: uPlot.Axis = {
      stroke: ink,
      grid,
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
      gap: 6,
    };
    const lines =
      this.lines.length > 0
        ? this.lines
        : [{ label: '', colour: '--muted', x: [], y: [] } satisfies Line];
    this.plot = new uPlot(
      {
        width: this.host.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: xRange }, y: yScale },
        axes: [
          {
            ...axis,
            label: xLabel,
            labelFont: '12px system-ui, sans-serif',
            labelSize: 20,
            size: 34,
          },
          { ...axis, size: 46, ...yAxis },
        ],
        series: [
          {},
          ...lines.map(line => ({
            label: line.label,
            stroke: colour(line.colour),
            width: 2,
            spanGaps: true,
            ...(line.dash && { dash: line.dash }),
            points: { show: line.points ?? false, size: 5, fill: colour(line.colour) },
          })),
        ],
        hooks: { setCursor: [plot => this.readOut(plot.cursor.idx ?? null)] },
      },
      this.data(),
      this.host,
    );
    this.legend.replaceChildren(
      ...this.lines.map(line => {
        const item = make('li', line.label);
        item.style.setProperty('--swatch', `var(${line.colour})`);
        if (line.dash) item.classList.add('dashed');
        item.append(make('output'));
        return item;
      }),
    );
  }

  /** Values at an index of the joined x, or the last ones. */
  private readOut(index: number | null): void {
    const x = index === null ? Infinity : (this.plot?.data[0][index] ?? Infinity);
    this.lines.forEach((line, i) => {
      let at = line.x.length - 1;
      while (at > 0 && line.x[at]! > x) at--;
      const output = this.legend.children[i]?.querySelector('output');
      if (output) output.textContent = at < 0 ? '' : this.options.format(line.y[at]!);
    });
  }
}
