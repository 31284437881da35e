/** A matrix as coloured cells: co-occurrence counts, confusions, attention. */
import { checkOptions } from '../runtime/options.js';
import { checkSize, colour, FONT, type PlotOptions, picture, titleHeight, WIDTH } from './frame.js'; // biome-ignore format: one line
import { element, escaped, textWidth } from './svg.js';

/** A matrix with names for its rows and columns. */
export interface HeatMapData {
  /** Names of the rows, from above. */
  rows: readonly string[];
  /** Names of the columns, from the left. */
  columns: readonly string[];
  /** [rows, columns] row by row. */
  values: ArrayLike<number>;
}

/** Options of `heatMap`. */
export interface HeatMapOptions extends PlotOptions {
  /** What the rows are. */
  rowLabel?: string;
  /** What the columns are. */
  columnLabel?: string;
  /** The value of the strongest colour. Default: the largest there is, without its sign. */
  most?: number;
  /** How a value is written in its cell. Default: rounded to three digits; null: not at all. */
  format?: ((value: number) => string) | null;
}

const GAP = 1;

/**
 * Draws a matrix. The larger a value, the stronger its colour; values below 0 have another colour,
 * and those that are not finite a cross. Values are written where the cells have room.
 *
 *     plot.heatMap({ rows: words, columns: words, values }, { title: 'Co-occurrence' })
 *
 * @returns SVG text
 * @throws RangeError where the values are not rows × columns, or there are none
 */
export function heatMap(data: HeatMapData, options: HeatMapOptions = {}): string {
  checkOptions('heatMap', options, {
    title: true,
    description: true,
    width: true,
    height: true,
    rowLabel: true,
    columnLabel: true,
    most: true,
    format: true,
  });
  checkSize('heatMap', options);
  const { rows, columns, values } = data;
  const [M, N] = [rows.length, columns.length];
  if (values.length !== M * N || M * N === 0)
    throw new RangeError(
      `heatMap: ${values.length} values for ${M} rows and ${N} columns, expected ${M * N}` +
        `${M * N === 0 ? '; there is nothing to draw' : ''}`,
    );
  const { title, width = WIDTH, rowLabel, columnLabel } = options;
  const { format = (value: number) => String(Number(value.toPrecision(3))) } = options;
  const most = options.most ?? largest(values);
  if (!(most >= 0)) throw new RangeError(`heatMap: most is ${most}, expected a number ≥ 0`);

  const left = Math.min(
    width / 2,
    12 + Math.max(...rows.map(row => textWidth(row, FONT))) + 8 + (rowLabel === undefined ? 0 : 20),
  );
  const across = (width - 12 - left) / N;
  const widest = Math.max(...columns.map(column => textWidth(column, FONT)));
  const upright = widest > across - 4; // then names of columns are turned
  const head = titleHeight(title) + (columnLabel === undefined ? 6 : 24);
  const top = head + (upright ? widest + 12 : 22);
  const down =
    options.height === undefined
      ? Math.min(Math.max(across, FONT + 5), 44)
      : (options.height - 12 - top) / M;
  const height = options.height ?? Math.ceil(top + down * M + 12);

  let body = '';
  rows.forEach((row, m) => {
    const y = top + (m + 0.5) * down + 4.5;
    body += element('text', { x: left - 8, y, 'text-anchor': 'end' }, escaped(row));
  });
  columns.forEach((column, n) => {
    const x = left + (n + 0.5) * across;
    body += upright
      ? element('text', { transform: `translate(${Math.round(x + 4)} ${Math.round(top - 8)}) rotate(-90)` }, escaped(column)) // biome-ignore format: one line
      : element('text', { x, y: top - 8, 'text-anchor': 'middle' }, escaped(column));
  });
  if (columnLabel !== undefined)
    body += element(
      'text',
      { class: 'muted', x: left + (across * N) / 2, y: head - 6, 'text-anchor': 'middle' },
      escaped(columnLabel),
    );
  if (rowLabel !== undefined)
    body += element(
      'text',
      {
        class: 'muted',
        transform: `translate(18 ${Math.round(top + (down * M) / 2)}) rotate(-90)`,
        'text-anchor': 'middle',
      },
      escaped(rowLabel),
    );
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      const value = values[m * N + n]!;
      const [x, y] = [left + n * across, top + m * down];
      const place = `${rows[m]}, ${columns[n]}: ${value}`;
      if (!Number.isFinite(value)) {
        const [w, h] = [across - GAP, down - GAP];
        body += element(
          'path',
          { class: 'axis', d: `M${x} ${y}l${w} ${h}M${x + w} ${y}l${-w} ${h}` },
          `<title>${escaped(place)}</title>`,
        );
        continue;
      }
      const strength = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
      body += element('rect', { class: 'grid', x, y, width: across - GAP, height: down - GAP, style: 'fill:none' }); // biome-ignore format: one line
      body += element(
        'rect',
        {
          x,
          y,
          width: across - GAP,
          height: down - GAP,
          style: `fill:${colour(value < 0 ? 1 : 0)}`,
          'fill-opacity': strength,
        },
        `<title>${escaped(place)}</title>`,
      );
      const text = format === null || value === 0 ? '' : format(value);
      if (text !== '' && textWidth(text, FONT) < across - 4 && down > FONT + 2)
        body += element(
          'text',
          {
            class: strength > 0.5 ? 'on' : undefined,
            x: x + across / 2,
            y: y + down / 2 + 4.5,
            'text-anchor': 'middle',
          },
          escaped(text),
        );
    }
  const description =
    options.description ?? `A matrix of ${M} rows and ${N} columns; the largest value is ${most}.`;
  return picture({ width, height }, { title, description }, body);
}

/** The largest finite value, without its sign. */
function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
