/** Points of two values: human judgement against cosine. */
import { checkOptions } from '../runtime/options.js';
import { type AxisOptions, checkSize, colour, FONT, layAxes, type PlotOptions, picture, WIDTH } from './frame.js'; // biome-ignore format: one line
import { placeLabels } from './labels.js';
import { element, escaped, textWidth } from './svg.js';

/** A point. */
export interface ScatterPoint {
  /** Place across. */
  x: number;
  /** Place upwards. */
  y: number;
  /** What the point is: shown on hovering, and beside it where `labels` says so. */
  label?: string;
}

/** Options of `scatter`. */
export interface ScatterOptions extends PlotOptions {
  /** The axis across. */
  x?: AxisOptions;
  /** The axis upwards. */
  y?: AxisOptions;
  /** Draw the line of least squares. Default: false. */
  line?: boolean;
  /** How many points have their label beside them: those farthest from the line. Default: 0. */
  labels?: number;
}

/** y = intercept + slope·x of least squares; null where all x are the same. */
function leastSquares(
  points: readonly ScatterPoint[],
): { intercept: number; slope: number } | null {
  const n = points.length;
  const mean = { x: 0, y: 0 };
  for (const { x, y } of points) [mean.x, mean.y] = [mean.x + x / n, mean.y + y / n];
  let [xx, xy] = [0, 0];
  for (const { x, y } of points) {
    xx += (x - mean.x) ** 2;
    xy += (x - mean.x) * (y - mean.y);
  }
  if (!(xx > 0)) return null;
  return { slope: xy / xx, intercept: mean.y - (xy / xx) * mean.x };
}

/**
 * Draws a point for each pair of values; pairs that are not finite are left out.
 *
 *     plot.scatter(points, { y: { label: 'cosine' }, line: true, labels: 10 })
 *
 * @returns SVG text
 * @throws RangeError where no point is finite
 */
export function scatter(points: readonly ScatterPoint[], options: ScatterOptions = {}): string {
  checkOptions('scatter', options, {
    title: true,
    description: true,
    width: true,
    height: true,
    x: true,
    y: true,
    line: true,
    labels: true,
  });
  checkSize('scatter', options);
  const { title, width = WIDTH, height = 360, x = {}, y = {}, labels = 0 } = options;
  const finite = points.filter(
    point =>
      Number.isFinite(point.x) &&
      Number.isFinite(point.y) &&
      (x.scale !== 'log' || point.x > 0) &&
      (y.scale !== 'log' || point.y > 0),
  );
  const axes = layAxes('scatter', { x: finite.map(each => each.x), y: finite.map(each => each.y) }, { x, y, width, height, title }); // biome-ignore format: one line
  const fit = leastSquares(finite);
  const crowded = finite.length > 400;
  let body = axes.drawn;
  for (const point of finite)
    body += element(
      'circle',
      {
        cx: axes.x(point.x),
        cy: axes.y(point.y),
        r: crowded ? 2 : 3,
        style: `fill:${colour(0)}`,
        'fill-opacity': crowded ? 0.35 : 0.6,
      },
      point.label === undefined ? '' : `<title>${escaped(point.label)}</title>`,
    );
  const straight = x.scale !== 'log' && y.scale !== 'log';
  if (options.line && fit && straight) body += fittedLine(fit, axes);
  if (labels > 0) {
    const distance = ({ x, y }: ScatterPoint): number =>
      fit ? Math.abs(y - fit.intercept - fit.slope * x) : 0;
    const shown = finite
      .filter(({ label }) => label !== undefined)
      .sort((a, b) => distance(b) - distance(a))
      .slice(0, labels);
    const places = placeLabels(
      shown.map(point => ({
        x: axes.x(point.x),
        y: axes.y(point.y),
        width: textWidth(point.label!, FONT),
      })),
      { bounds: axes, height: FONT + 3 },
    );
    for (const { index, x, y } of places)
      body += element('text', { class: 'halo', x, y: y + 4.5 }, escaped(shown[index]!.label!));
  }
  const description = options.description ?? `${finite.length} points.`;
  return picture({ width, height }, { title, description }, body);
}

/** The part of a line that is inside the axes. */
function fittedLine(
  { slope, intercept }: { slope: number; intercept: number },
  axes: ReturnType<typeof layAxes>,
): string {
  // in places: y = a + b·x through two points of the line
  const [x1, x2] = [axes.left, axes.right];
  const [y1, y2] = [axes.y(intercept), axes.y(intercept + slope)];
  const [u1, u2] = [axes.x(0), axes.x(1)];
  const b = (y2 - y1) / (u2 - u1);
  const at = (x: number): number => y1 + b * (x - u1);
  const cut = (x: number): [number, number] => {
    const y = Math.max(axes.top, Math.min(axes.bottom, at(x)));
    return b === 0 ? [x, y] : [u1 + (y - y1) / b, y];
  };
  const [[fromX, fromY], [toX, toY]] = [cut(x1), cut(x2)];
  return element('line', {
    x1: fromX,
    y1: fromY,
    x2: toX,
    y2: toY,
    style: `stroke:${colour(1)};stroke-width:2`,
    'stroke-dasharray': '6 4',
  });
}
