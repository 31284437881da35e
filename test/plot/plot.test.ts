/** Plots: well-formed SVG, places that fit the data, labels that can be read. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import * as assert from 'uvu/assert';
import {
  attention,
  type Curve,
  confusion,
  curves,
  heatMap,
  placeLabels,
  type ScatterPoint,
  scatter,
  wordMap,
} from '../../src/plot/index.js';
import { Random } from '../../src/runtime/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('plot');

const NASTY = '<script>"&\' \u0007\ud800 汽车 é';

const line: Curve = { name: 'training', x: [0, 1, 2, 4], y: [3, 2, NaN, 1] };
const points: ScatterPoint[] = [
  { x: 0, y: 0.1, label: 'a–b' },
  { x: 5, y: 0.4, label: NASTY },
  { x: 10, y: 0.9 },
];
const matrix = { rows: ['a', 'b'], columns: ['x', NASTY, 'z'], values: [0, 1, 2, -4, NaN, 0.5] };
const words = [
  { label: 'king', x: 0, y: 0 },
  { label: NASTY, x: 1, y: 3, group: 1 },
];

const pictures: Record<string, string> = {
  curves: curves([line, { ...line, name: NASTY, dashed: true, dots: true }], {
    title: NASTY,
    x: { label: 'steps' },
    y: { label: NASTY, scale: 'log' },
  }),
  scatter: scatter(points, { title: NASTY, line: true, labels: 2 }),
  heatMap: heatMap(matrix, { title: NASTY, rowLabel: 'rows', columnLabel: NASTY }),
  confusion: confusion({ labels: ['a', NASTY], counts: [3, 1, 0, 0] }, { title: NASTY }),
  attention: attention(
    { source: [NASTY, 'b'], target: ['x'], weights: [0.25, 0.75] },
    { title: NASTY },
  ),
  wordMap: wordMap(words, { title: NASTY }),
};

for (const [name, svg] of Object.entries(pictures)) {
  test(`${name} is well-formed, has a name and a description, and holds no number that is none`, () => {
    assert.is(XMLValidator.validate(svg), true);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, 'role="img"');
    assert.match(svg, /<desc>[^<]+<\/desc>/);
    assert.match(svg, 'prefers-color-scheme:dark');
    assert.not.match(svg, '<script');
    assert.not.match(svg, '\u0007');
    for (const value of ['NaN', 'Infinity', 'undefined', 'null'])
      assert.not.match(svg.replace(/<title>[^<]*<\/title>/g, ''), value);
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(svg);
    assert.is(parsed.svg.title, NASTY.replace('\u0007', '\ufffd').replace('\ud800', '\ufffd'));
  });
}

/** [cx, cy] of each circle. */
const circles = (svg: string): [number, number][] =>
  [...svg.matchAll(/<circle cx="([^"]+)" cy="([^"]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);

test('places are linear in the values, and y rises upwards', () => {
  const [a, b, c] = circles(scatter(points)) as [[number, number], [number, number], [number, number]]; // biome-ignore format: one line
  assert.ok(Math.abs(b[0] - (a[0] + c[0]) / 2) < 0.02, 'x = 5 is in the middle of 0 and 10');
  assert.ok(Math.abs((a[1] - b[1]) / (a[1] - c[1]) - 0.3 / 0.8) < 1e-3);
  assert.ok(c[1] < a[1]);
});

test('places on a log scale are linear in the logarithms', () => {
  const svg = scatter([1, 10, 1000].map(y => ({ x: y, y })), { x: { scale: 'log' }, y: { scale: 'log' } }); // biome-ignore format: one line
  const [a, b, c] = circles(svg) as [[number, number], [number, number], [number, number]];
  assert.ok(Math.abs((b[0] - a[0]) / (c[0] - a[0]) - 1 / 3) < 1e-3);
  assert.ok(Math.abs((b[1] - a[1]) / (c[1] - a[1]) - 1 / 3) < 1e-3);
  assert.match(svg, '>1000<');
});

test('a curve has a gap where its value is not finite', () => {
  const path = /class="curve" d="([^"]+)"/.exec(curves([line]))![1]!;
  assert.is(path.split('M').length - 1, 2, path);
});

test('on a log scale values of 0 are gaps', () => {
  const svg = curves([{ name: 'a', x: [0, 1, 2, 3, 4], y: [1, 2, 0, 4, 8] }], { y: { scale: 'log' } }); // biome-ignore format: one line
  assert.is(/class="curve" d="([^"]+)"/.exec(svg)![1]!.split('M').length - 1, 2);
});

test('the line of least squares runs through the points of a line', () => {
  const svg = scatter(
    [0, 1, 2, 3].map(x => ({ x, y: 1 + 2 * x })),
    { line: true },
  );
  const at = circles(svg);
  const [, x1, y1, x2, y2] = /<line x1="([^"]+)" y1="([^"]+)" x2="([^"]+)" y2="([^"]+)" style/.exec(svg)!.map(Number) as [number, number, number, number, number]; // biome-ignore format: one line
  for (const [x, y] of at) {
    const expected = y1 + ((y2 - y1) * (x - x1)) / (x2 - x1);
    assert.ok(Math.abs(y - expected) < 0.5, `${y}, expected ${expected}`);
  }
});

test('the strength of a cell is its value by the largest', () => {
  const svg = heatMap({ rows: ['a'], columns: ['x', 'y', 'z'], values: [1, -4, 2] });
  const cells = [...svg.matchAll(/style="fill:var\(--c(\d)\)" fill-opacity="([^"]+)"/g)];
  assert.equal(cells.map(([, colour, opacity]) => [colour, opacity]), [['0', '0.25'], ['1', '1'], ['0', '0.5']]); // biome-ignore format: one line
  assert.match(svg, '<title>a, y: -4</title>');
});

test('labels neither overlap nor leave the picture, and the first has its place', () => {
  const random = new Random(3);
  const places = Array.from({ length: 300 }, () => ({
    x: 400 * random.float(),
    y: 400 * random.float(),
    width: 20 + 60 * random.float(),
  }));
  const bounds = { left: 0, top: 0, right: 400, bottom: 400 };
  const labels = placeLabels(places, { bounds, height: 15 });
  assert.ok(labels.length > 60 && labels.length < 300, `${labels.length} labels`);
  assert.is(labels[0]!.index, 0);
  labels.forEach(({ index, x, y }, i) => {
    const { width } = places[index]!;
    assert.ok(x >= 0 && x + width <= 400 && y >= 7.5 && y <= 392.5);
    for (const other of labels.slice(0, i)) {
      const apart = x >= other.x + places[other.index]!.width || other.x >= x + width;
      assert.ok(apart || Math.abs(y - other.y) >= 15, `${index} and ${other.index} overlap`);
    }
  });
});

test('a label keeps off other points where there is room', () => {
  const places = [
    { x: 100, y: 100, width: 40 },
    { x: 120, y: 100, width: 40 },
  ];
  const [first] = placeLabels(places, {
    bounds: { left: 0, top: 0, right: 300, bottom: 200 },
    height: 15,
  });
  assert.is(first!.x, 55, 'to the left: to the right is the other point');
});

test('points with one value in common, one point, and equal points are drawn', () => {
  for (const list of [
    [{ x: 1, y: 1 }],
    [
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ],
    [
      { x: 1, y: 5 },
      { x: 2, y: 5 },
    ],
  ]) {
    assert.is(circles(scatter(list)).length, list.length);
    assert.is(circles(wordMap(list.map(each => ({ ...each, label: 'a' })))).length, list.length);
  }
});

const refusals: Record<string, [() => unknown, string | RegExp]> = {
  'no curve': [() => curves([]), 'curves: there is nothing to draw'],
  'a curve with too few values': [
    () => curves([{ name: 'a', x: [1, 2], y: [1] }]),
    'curves: "a" has 2 places for 1 values',
  ],
  'no finite point': [() => scatter([{ x: NaN, y: 1 }]), 'scatter: y: there is nothing to draw'],
  'a log scale of values below 0': [
    () => curves([{ name: 'a', x: [1], y: [-1] }], { y: { scale: 'log' } }),
    'above 0, as a log scale needs',
  ],
  'a range that falls': [() => curves([line], { y: { range: [2, 1] } }), 'range is [2, 1]'],
  'an unknown scale': [() => curves([line], { y: { scale: 'ln' as never } }), 'y.scale is "ln"'],
  'a matrix of another size': [
    () => heatMap({ rows: ['a'], columns: ['b'], values: [1, 2] }),
    'heatMap: 2 values for 1 rows and 1 columns, expected 1',
  ],
  'an empty matrix': [
    () => heatMap({ rows: [], columns: [], values: [] }),
    'there is nothing to draw',
  ],
  'an empty map': [() => wordMap([]), 'wordMap: there is nothing to draw'],
  'a width of 0': [() => wordMap(words, { width: 0 }), 'wordMap: width is 0'],
  'an unknown option': [() => scatter(points, { colour: 1 } as never), 'unknown option "colour"'],
};
for (const [what, [work, message]] of Object.entries(refusals))
  test(`${what} is refused`, () => {
    assert.throws(work, (error: Error) => error.message.includes(String(message)));
  });

run();
