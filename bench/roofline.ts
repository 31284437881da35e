/**
 * A roofline (Williams, Waterman & Patterson 2009) as SVG: a kernel of i operations a byte does at
 * most min(peak, i·bandwidth) operations a second. Its middle tones, on no background of its own,
 * are legible on light and on dark pages.
 */
export interface Dot {
  name: string;
  /** FLOP a byte. */
  intensity: number;
  gflops: number;
  /** Index of its colour. */
  group: number;
}

export interface Roofline {
  title: string;
  dots: readonly Dot[];
  /** GFLOP/s of the processor. */
  peak: number;
  /** GB/s of a core's own cache, and of memory. */
  bandwidths: readonly [Bandwidth, Bandwidth];
}

export interface Bandwidth {
  /** What was measured. */
  label: string;
  gbps: number;
}

const [WIDTH, LEFT, RIGHT, TOP, BOTTOM] = [980, 56, 964, 44, 540] as const;
const [INK, ROOFS, GROUPS] = ['#7a828e', '#c2415b', ['#2f81e0', '#d9730d']] as const;
const [COLUMNS, LINE] = [3, 18] as const;
const RADIUS = 4;

type Box = readonly [left: number, top: number, right: number, bottom: number];
const overlap = (a: Box, b: Box): boolean =>
  a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
const around = (x: number, y: number, width: number, height: number): Box => [
  x - width / 2,
  y - height / 2,
  x + width / 2,
  y + height / 2,
];

/**
 * A logarithmic scale from values [low, high] to coordinates [from, to], with ticks at 1, 2 and 5
 * of each power of ten.
 */
function scale(
  low: number,
  high: number,
  from: number,
  to: number,
): { at: (value: number) => number; ticks: number[]; low: number } {
  const at = (value: number): number =>
    from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
  const powers = Array.from({ length: 8 }, (_, i) => 10 ** (i - 3));
  return {
    at,
    low,
    ticks: powers
      .flatMap(power => [1, 2, 5].map(digit => Number((digit * power).toPrecision(1))))
      .filter(tick => tick >= low && tick <= high),
  };
}

const escapeXml = (text: string): string => text.replace(/[&<>]/g, c => `&#${c.charCodeAt(0)};`);
const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeXml(content)}</text>`;
const segment = (x1: number, y1: number, x2: number, y2: number, attributes = ''): string =>
  `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" ${attributes}/>`;

/**
 * A label's middle for each dot: the nearest place that is free, in the plot, and not within
 * `reserved`.
 */
function labels(
  dots: readonly (readonly [x: number, y: number])[],
  widthOf: (i: number) => number,
  reserved: readonly Box[],
): (readonly [x: number, y: number, distance: number])[] {
  const taken = [
    ...reserved,
    ...dots.map(([x, y]) => around(x, y, 2 * RADIUS + 1, 2 * RADIUS + 1)),
  ];
  return dots.map(([dotX, dotY], i) => {
    for (let step = 0; step < 16 * 50; step++) {
      // sixteen directions, from the upper right on, at growing distances
      const [distance, angle] = [11 + 2 * Math.floor(step / 16), ((step % 16) - 2) * (Math.PI / 8)];
      const [x, y] = [dotX + distance * Math.cos(angle), dotY + distance * Math.sin(angle)];
      const box = around(x, y, widthOf(i), 12);
      if (
        box[0] < LEFT ||
        box[2] > RIGHT ||
        box[1] < TOP ||
        box[3] > BOTTOM ||
        taken.some(other => overlap(box, other))
      )
        continue;
      taken.push(box);
      return [x, y, distance];
    }
    return [dotX, dotY, 0];
  });
}

export function roofline({ title, dots, peak, bandwidths }: Roofline): string {
  const [intensities, rates] = [dots.map(dot => dot.intensity), dots.map(dot => dot.gflops)];
  const x = scale(Math.min(...intensities) / 1.5, Math.max(...intensities) * 1.5, LEFT, RIGHT);
  const y = scale(Math.min(...rates) / 1.6, Math.max(peak, ...rates) * 1.6, BOTTOM, TOP);

  const grid = [
    ...x.ticks.flatMap(tick => [
      segment(x.at(tick), TOP, x.at(tick), BOTTOM),
      text(x.at(tick), BOTTOM + 18, String(tick), 'text-anchor="middle" class="t"'),
    ]),
    ...y.ticks.flatMap(tick => [
      segment(LEFT, y.at(tick), RIGHT, y.at(tick)),
      text(LEFT - 8, y.at(tick) + 4, String(tick), 'text-anchor="end" class="t"'),
    ]),
  ];
  const axes = [
    text(RIGHT, BOTTOM + 36, 'FLOP a byte', 'text-anchor="end"'),
    text(LEFT - 44, TOP - 12, 'GFLOP/s'),
    text(
      (LEFT + RIGHT) / 2,
      TOP - 26,
      title,
      'text-anchor="middle" font-size="14" font-weight="600"',
    ),
  ];

  const height = y.at(peak);
  const [cache, memory] = bandwidths.map(({ gbps }) => x.at(peak / gbps)) as [number, number];
  const roofs = [
    segment(cache, height, RIGHT, height, 'class="r"'),
    ...bandwidths.map(({ gbps }) =>
      segment(
        LEFT,
        y.at(gbps * x.low),
        x.at(peak / gbps),
        height,
        'class="r" clip-path="url(#plot)"',
      ),
    ),
    ...bandwidths.map(({ label, gbps }, i) =>
      text(
        [cache, memory][i]!,
        height - 8,
        `${gbps.toFixed(0)} GB/s over ${label}`,
        `text-anchor="${['end', 'start'][i]}" class="r"`,
      ),
    ),
    text(
      RIGHT,
      height - 8,
      `multiply-adds in registers: ${peak.toFixed(0)} GFLOP/s`,
      'text-anchor="end" class="r"',
    ),
  ];

  const places = dots.map(dot => [x.at(dot.intensity), y.at(dot.gflops)] as const);
  const slopes = bandwidths.flatMap(({ gbps }) =>
    Array.from({ length: 200 }, (_, i) => x.low * 1.03 ** i)
      .filter(i => i * gbps < peak)
      .map(i => around(x.at(i), y.at(i * gbps), 4, 4)),
  );
  const numbers = labels(places, i => 7 * String(i + 1).length + 3, [
    [0, height - 22, WIDTH, height + 3],
    ...slopes,
  ]);
  const marks = dots.map(({ name, group, intensity, gflops }, i) => {
    const [[cx, cy], [lx, ly, distance]] = [places[i]!, numbers[i]!];
    const colour = GROUPS[group % GROUPS.length]!;
    const near = 1 - 7 / distance;
    return [
      distance > 13
        ? segment(
            cx,
            cy,
            cx + (lx - cx) * near,
            cy + (ly - cy) * near,
            `stroke="${colour}" stroke-width="0.8" opacity="0.7"`,
          )
        : '',
      `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${RADIUS}" ` +
        `fill="${colour}"><title>${escapeXml(name)}: ${intensity.toPrecision(3)} FLOP a byte, ` +
        `${gflops.toPrecision(3)} GFLOP/s</title></circle>`,
      text(lx, ly + 4, String(i + 1), `text-anchor="middle" class="t" style="fill:${colour}"`),
    ].join('');
  });

  const rows = Math.ceil(dots.length / COLUMNS);
  const legend = dots.map(({ name, group }, i) => {
    const [lx, ly] = [
      LEFT + Math.floor(i / rows) * ((RIGHT - LEFT) / COLUMNS),
      BOTTOM + 66 + (i % rows) * LINE,
    ];
    return (
      text(
        lx + 20,
        ly,
        String(i + 1),
        `text-anchor="end" style="fill:${GROUPS[group % GROUPS.length]}"`,
      ) + text(lx + 30, ly, name)
    );
  });

  const tall = BOTTOM + 66 + rows * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${tall}" width="${WIDTH}" ` +
      `height="${tall}" font-family="system-ui, sans-serif" font-size="12">`,
    `<style>text{fill:${INK}}.t{font-size:11px}path{fill:none}.g ` +
      `path{stroke:${INK};stroke-opacity:.22}path.r{stroke:${ROOFS};stroke-width:1.6}text.r{fill:${ROOFS}}</style>`,
    `<clipPath id="plot"><rect x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" ` +
      `height="${BOTTOM - TOP}"/></clipPath>`,
    `<g class="g">${grid.join('')}</g>`,
    ...axes,
    ...roofs,
    ...marks,
    ...legend,
    '</svg>\n',
  ].join('\n');
}
