/** Curves over one axis: losses over steps, gradients over distance. */
import { line } from 'd3-shape';
import { checkOptions } from '../runtime/options.js';
import { type AxisOptions, checkSize, colour, FONT, layAxes, type PlotOptions, picture, WIDTH } from './frame.js'; // biome-ignore format: one line
import { element, escaped, textWidth } from './svg.js';

/** One curve. */
export interface Curve {
  /** Its name in the legend. */
  name: string;
  /** Places along the x axis. */
  x: ArrayLike<number>;
  /** As many values; where one is not finite the curve has a gap. */
  y: ArrayLike<number>;
  /** Drawn in dashes. Default: false. */
  dashed?: boolean;
  /** A dot at each value. Default: false. */
  dots?: boolean;
}

/** Options of `curves`. */
export interface CurvesOptions extends PlotOptions {
  /** The axis across. */
  x?: AxisOptions;
  /** The axis upwards. */
  y?: AxisOptions;
}

const ROW = 22;

/**
 * Draws curves.
 *
 *     plot.curves([{ name: 'training', x: steps, y: losses }], { y: { label: 'nats' } })
 *
 * @returns SVG text
 * @throws RangeError where nothing is finite, or a curve's x and y differ in length
 */
export function curves(list: readonly Curve[], options: CurvesOptions = {}): string {
  checkOptions('curves', options, {
    title: true,
    description: true,
    width: true,
    height: true,
    x: true,
    y: true,
  });
  checkSize('curves', options);
  if (list.length === 0) throw new RangeError('curves: there is nothing to draw: no curve');
  const { title, width = WIDTH, x = {}, y = {} } = options;
  for (const each of list)
    if (each.x.length !== each.y.length)
      throw new RangeError(
        `curves: "${each.name}" has ${each.x.length} places for ${each.y.length} values`,
      );
  const legend = layLegend(list, width);
  const height = options.height ?? 300 + legend.height;
  const all = (which: 'x' | 'y') => list.flatMap(each => Array.from(each[which]));
  const axes = layAxes('curves', { x: all('x'), y: all('y') }, { x, y, width, height, title, below: legend.height }); // biome-ignore format: one line
  const shown = (value: number, { scale }: AxisOptions): boolean =>
    Number.isFinite(value) && (scale !== 'log' || value > 0);
  let body = axes.drawn;
  list.forEach((each, i) => {
    const points = Array.from(each.x, (at, k): [number, number] => [at, each.y[k]!]);
    const path = line<[number, number]>()
      .defined(([at, value]) => shown(at, x) && shown(value, y))
      .x(([at]) => axes.x(at))
      .y(([, value]) => axes.y(value))
      .digits(2);
    body += element('path', {
      class: 'curve',
      d: path(points) ?? '',
      style: `stroke:${colour(i)}`,
      'stroke-dasharray': each.dashed ? '2 5' : undefined,
    });
    if (each.dots)
      for (const [at, value] of points)
        if (shown(at, x) && shown(value, y))
          body += element('circle', { cx: axes.x(at), cy: axes.y(value), r: 3, style: `fill:${colour(i)}` }); // biome-ignore format: one line
  });
  body += legend.draw(height - legend.height);
  const points = list.reduce((sum, each) => sum + each.x.length, 0);
  const description =
    options.description ??
    `${list.length === 1 ? 'A curve' : `${list.length} curves`} through ${points} points` +
      `: ${list.map(({ name }) => name).join(', ')}.`;
  return picture({ width, height }, { title, description }, body);
}

/** Names of curves in rows below the axes; one alone needs none. */
function layLegend(
  list: readonly Curve[],
  width: number,
): { height: number; draw: (top: number) => string } {
  if (list.length < 2) return { height: 0, draw: () => '' };
  const places: { left: number; row: number }[] = [];
  let [left, row] = [20, 0];
  for (const { name } of list) {
    const wide = 46 + textWidth(name, FONT);
    if (left > 20 && left + wide > width - 12) [left, row] = [20, row + 1];
    places.push({ left, row });
    left += wide;
  }
  const draw = (top: number): string =>
    list
      .map(({ name, dashed }, i) => {
        const { left: x, row: line } = places[i]!;
        const y = top + line * ROW + ROW / 2 - 4;
        return (
          element('path', {
            class: 'curve',
            d: `M${x} ${y}h20`,
            style: `stroke:${colour(i)}`,
            'stroke-dasharray': dashed ? '2 5' : undefined,
          }) + element('text', { x: x + 27, y: y + 4.5 }, escaped(name))
        );
      })
      .join('');
  return { height: (row + 1) * ROW + 4, draw };
}
