/** What all plots share: size, title, theme, axes. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { element, escaped, textWidth } from './svg.js';

/** Options of every plot. */
export interface PlotOptions {
  /** Stands above the plot, and names it to screen readers. */
  title?: string;
  /** One sentence for those who cannot see the plot. Default: what is drawn, and how much. */
  description?: string;
  /** In CSS pixels; shown smaller where there is less room. Default: 480. */
  width?: number;
  /** In CSS pixels. Default: as the plot needs. */
  height?: number;
}

/** One axis. */
export interface AxisOptions {
  /** What it measures, with the unit. */
  label?: string;
  /** How values become places. Default: 'linear'. */
  scale?: 'linear' | 'log';
  /** Smallest and largest value. Default: those of the data, rounded outwards. */
  range?: readonly [number, number];
  /** How a tick is written. Default: in as many digits as tell ticks apart. */
  format?: (value: number) => string;
}

export const WIDTH = 480;
/** Of text, in CSS pixels: 10 are left at the width of a phone. */
export const FONT = 13;

/**
 * Both themes: the same roles, dark on light and light on dark.
 */
const STYLE = `
.tt{--ground:#fff;--ink:#1c1e21;--muted:#5c6166;--line:#e3e1dc;--on:#fff;--c0:#0a6e64;--c1:#c2410c;--c2:#1d63b8;--c3:#8e3a86;--c4:#8a6100;--c5:#4b5563}
@media (prefers-color-scheme:dark){.tt{--ground:#15171a;--ink:#e8e6e3;--muted:#a2a8af;--line:#2f343a;--on:#08211e;--c0:#4cc3b2;--c1:#f59460;--c2:#6cabf2;--c3:#d58fd0;--c4:#e3b341;--c5:#a9b2bd}}
.tt text{font:${FONT}px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.tt .title{font-weight:600;font-size:15px}
.tt .muted{fill:var(--muted)}
.tt .ground{fill:var(--ground)}
.tt .grid{stroke:var(--line);stroke-width:1}
.tt .axis{stroke:var(--muted);stroke-width:1}
.tt .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.tt .halo{paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}
.tt .on{fill:var(--on)}
`.trim();

/** Colours of series, by index. */
export const colour = (index: number): string => `var(--c${index % 6})`;

/** Numbers of a name's plot that must be numbers. */
export function checkSize(name: string, { width = WIDTH, height }: PlotOptions): void {
  for (const [key, value] of Object.entries({ width, height }))
    if (value !== undefined && !(Number.isFinite(value) && value >= 120 && value <= 20000))
      throw new RangeError(`${name}: ${key} is ${value}, expected 120 to 20000`);
}

/** A whole picture. `body` is drawn over the ground; what stands first in it lies lowest. */
export function picture(
  { width, height }: { width: number; height: number },
  { title, description }: { title?: string | undefined; description: string },
  body: string,
): string {
  const heading =
    title === undefined ? '' : element('text', { class: 'title', x: 12, y: 22 }, escaped(title));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="tt" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" style="max-width:100%;height:auto" role="img" ` +
    `aria-label="${escaped(title === undefined ? description : `${title}. ${description}`)}">` +
    `<title>${escaped(title ?? description)}</title><desc>${escaped(description)}</desc>` +
    `<style>${STYLE}</style>` +
    element('rect', { class: 'ground', width, height }) +
    `${heading}${body}</svg>\n`
  );
}

/** Height that a title takes. */
export const titleHeight = (title: string | undefined): number => (title === undefined ? 0 : 26);

interface Scale {
  (value: number): number;
  ticks: number[];
  write(value: number): string;
}

/** Where the axes are, and how values become places. */
export interface Axes {
  x: Scale;
  y: Scale;
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Grid, ticks and names of the axes. */
  drawn: string;
}

/** Smallest and largest finite value; on a log scale, of those above 0. */
function extent(
  name: string,
  axis: AxisOptions,
  values: Iterable<number>,
): readonly [number, number] {
  if (axis.range) {
    const [from, to] = axis.range;
    if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
      throw new RangeError(`${name}: range is [${from}, ${to}], expected two rising numbers`);
    if (axis.scale === 'log' && from <= 0)
      throw new RangeError(`${name}: range begins at ${from}, a log scale above 0`);
    return axis.range;
  }
  let [from, to] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (axis.scale === 'log' && value <= 0)) continue;
    if (value < from) from = value;
    if (value > to) to = value;
  }
  if (from > to)
    throw new RangeError(
      `${name}: there is nothing to draw: no point is finite` +
        `${axis.scale === 'log' ? ' and above 0, as a log scale needs' : ''}`,
    );
  if (from < to) return [from, to];
  if (axis.scale === 'log') return [from / 2, from * 2];
  const room = Math.abs(from) / 2 || 1;
  return [from - room, from + room];
}

/** Powers of ten as people write them: 10⁻³. */
function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= -2 && exponent <= 3) return String(Number((10 ** exponent).toFixed(2)));
  return `10${[...String(exponent)].map(c => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('')}`;
}

function scaleOf(
  axis: AxisOptions,
  domain: readonly [number, number],
  [from, to]: [number, number],
  count: number,
): Scale {
  if (axis.scale === 'log') {
    const scale = scaleLog().domain(domain).range([from, to]);
    if (!axis.range) scale.nice();
    const [least, most] = scale.domain() as [number, number];
    const decades = Math.round(Math.log10(most / least));
    const every = Math.max(1, Math.ceil(decades / count));
    const ticks =
      decades < 1
        ? scale.ticks(count)
        : scale.ticks().filter(value => {
            const exponent = Math.log10(value);
            return (
              Math.abs(exponent - Math.round(exponent)) < 1e-9 &&
              Math.round(exponent - Math.ceil(Math.log10(least))) % every === 0
            );
          });
    const write = axis.format ?? (decades < 1 ? String : power);
    return Object.assign((value: number) => scale(value), { ticks, write });
  }
  const scale = scaleLinear().domain(domain).range([from, to]);
  if (!axis.range) scale.nice(count);
  return Object.assign((value: number) => scale(value), {
    ticks: scale.ticks(count),
    write: axis.format ?? scale.tickFormat(count),
  });
}

/** Axes around the data of a plot; `below` is kept free under them, for a legend. */
export function layAxes(
  name: string,
  data: { x: Iterable<number>; y: Iterable<number> },
  options: { x: AxisOptions; y: AxisOptions; width: number; height: number; title?: string | undefined; below?: number }, // biome-ignore format: one line
): Axes {
  const { width, height, title, below = 0 } = options;
  for (const [axis, { scale }] of [['x', options.x], ['y', options.y]] as const) // biome-ignore format: one line
    if (scale !== undefined && scale !== 'linear' && scale !== 'log')
      throw new RangeError(`${name}: ${axis}.scale is "${String(scale)}", expected linear or log`);
  const top = titleHeight(title) + (options.y.label === undefined ? 14 : 32);
  const bottom = height - below - (options.x.label === undefined ? 30 : 50);
  const right = width - 20;
  const yDomain = extent(`${name}: y`, options.y, data.y);
  const rows = Math.max(2, Math.min(7, Math.floor((bottom - top) / 40)));
  const y = scaleOf(options.y, yDomain, [bottom, top], rows);
  const widest = Math.max(...y.ticks.map(tick => textWidth(y.write(tick), FONT)), 8);
  const left = Math.ceil(20 + widest);
  const columns = Math.max(2, Math.min(8, Math.floor((right - left) / 70)));
  const x = scaleOf(options.x, extent(`${name}: x`, options.x, data.x), [left, right], columns);
  let drawn = '';
  for (const tick of y.ticks) {
    const at = y(tick);
    drawn += element('line', { class: 'grid', x1: left, x2: right, y1: at, y2: at });
    drawn += element(
      'text',
      { class: 'muted', x: left - 8, y: at + 4.5, 'text-anchor': 'end' },
      escaped(y.write(tick)),
    );
  }
  drawn += element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom });
  for (const tick of x.ticks) {
    const at = x(tick);
    const text = x.write(tick);
    // the last one may not leave the picture
    const middle = Math.min(at, width - 4 - textWidth(text, FONT) / 2);
    drawn += element('line', { class: 'axis', x1: at, x2: at, y1: bottom, y2: bottom + 4 });
    drawn += element(
      'text',
      { class: 'muted', x: middle, y: bottom + 19, 'text-anchor': 'middle' },
      escaped(text),
    );
  }
  if (options.x.label !== undefined)
    drawn += element(
      'text',
      { class: 'muted', x: (left + right) / 2, y: bottom + 40, 'text-anchor': 'middle' },
      escaped(options.x.label),
    );
  if (options.y.label !== undefined)
    drawn += element('text', { class: 'muted', x: 12, y: top - 14 }, escaped(options.y.label));
  return { x, y, left, top, right, bottom, drawn };
}
