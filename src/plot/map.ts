/** A map of words: points of a plane with names that can be read. */
import { checkOptions } from '../runtime/options.js';
import { checkSize, colour, FONT, type PlotOptions, picture, titleHeight, WIDTH } from './frame.js'; // biome-ignore format: one line
import { placeLabels } from './labels.js';
import { element, escaped, textWidth } from './svg.js';

/** A word and its place. */
export interface MapPoint {
  /** The word. */
  label: string;
  /** Place across, in any unit. */
  x: number;
  /** Place upwards, in the same unit. */
  y: number;
  /** Words of a group share a colour. Default: 0. */
  group?: number;
}

/** Options of `wordMap`. */
export interface MapOptions extends PlotOptions {
  /** One unit is as long across as upwards. Default: false, the points fill the picture. */
  equal?: boolean;
}

const EDGE = 14;

/**
 * Draws words where they are. Earlier points get their labels first; where there is no room for one
 * the point is left alone, and names itself when hovered over.
 *
 *     const at = words.tsne(vectors, names);
 *     plot.wordMap(names.map((label, i) => ({ label, x: at[2 * i], y: at[2 * i + 1] })))
 *
 * @returns SVG text
 * @throws RangeError where no point is finite
 */
export function wordMap(points: readonly MapPoint[], options: MapOptions = {}): string {
  checkOptions('wordMap', options, {
    title: true,
    description: true,
    width: true,
    height: true,
    equal: true,
  });
  checkSize('wordMap', options);
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (finite.length === 0)
    throw new RangeError('wordMap: there is nothing to draw: no point is finite');
  const { title, width = WIDTH, equal = false } = options;
  const height = options.height ?? width + titleHeight(title);
  const bounds = {
    left: EDGE,
    top: EDGE + titleHeight(title),
    right: width - EDGE,
    bottom: height - EDGE,
  };
  const across = spread(finite.map(({ x }) => x));
  const upwards = spread(finite.map(({ y }) => y));
  // room for the label of a word at the edge
  const room = { x: bounds.right - bounds.left - 60, y: bounds.bottom - bounds.top - 24 };
  let scale = { x: room.x / across.size, y: room.y / upwards.size };
  if (equal) scale = { x: Math.min(scale.x, scale.y), y: Math.min(scale.x, scale.y) };
  const middle = { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
  const places = finite.map(({ label, x, y }) => ({
    x: middle.x + (x - across.middle) * scale.x,
    y: middle.y - (y - upwards.middle) * scale.y,
    width: textWidth(label, FONT),
  }));
  const labels = placeLabels(places, { bounds, height: FONT + 2, radius: 2.5 });
  let body = '';
  for (const { index, x, y } of labels)
    body += element('text', { class: 'halo', x, y: y + 4.5 }, escaped(finite[index]!.label));
  finite.forEach(({ label, group = 0 }, i) => {
    const { x, y } = places[i]!;
    body += element(
      'circle',
      { cx: x, cy: y, r: 2.5, style: `fill:${colour(group)}` },
      `<title>${escaped(label)}</title>`,
    );
  });
  const hidden = finite.length - labels.length;
  const description =
    options.description ??
    `A map of ${finite.length} words${hidden > 0 ? `, of which ${labels.length} are named` : ''}.`;
  return picture({ width, height }, { title, description }, body);
}

/** Middle of the values, and how far they reach. */
function spread(values: readonly number[]): { middle: number; size: number } {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return { middle: least / 2 + most / 2, size: most - least || 1 };
}
