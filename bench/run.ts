/**
 * node build/bench/run.js [--json | --readme] [--cpu] [--threads N] [--wide] [part…]
 *
 * Runs all benches, or those whose file or case name contains a part, and prints a table; `--json`
 * one object a line; `--readme` puts the table in bench/README.md and draws
 * bench/roofline-BUILD.svg, in place of the last ones of the same build (`wide` counts as one).
 * `--cpu` counts the process's own time (case.ts). `--threads N`, `--wide`: what `init` gets.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { init, runtimeInfo } from '../src/index.js';
import { peakBandwidth } from './bandwidth.js';
import { type Cases, measureCase, type Result } from './case.js';
import { type Bandwidth, type Dot, roofline } from './roofline.js';

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    readme: { type: 'boolean' },
    cpu: { type: 'boolean' },
    threads: { type: 'string', default: '1' },
    wide: { type: 'boolean', default: false },
  },
});

const HEADER = ['', 'median', 'spread', 'per second', 'GFLOP/s', 'GB/s', 'of peak', 'MFLOP', 'MB'];

const significant = (x: number): string =>
  x >= 100 ? Math.round(x).toLocaleString('en') : x.toPrecision(3);

function row({
  name,
  medianMs,
  spread,
  tokensPerSecond,
  gflops,
  gbps,
  share,
  flop,
  bytes,
}: Result): string[] {
  const time = medianMs >= 1 ? `${significant(medianMs)} ms` : `${significant(1000 * medianMs)} µs`;
  const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
  const given = (x: number | null, format: (x: number) => string): string =>
    x === null ? '' : format(x);
  return [
    name,
    time,
    percent(spread),
    given(tokensPerSecond, significant),
    given(gflops, x => x.toFixed(1)),
    given(gbps, x => x.toFixed(1)),
    given(share, percent),
    given(flop, x => significant(x / 1e6)),
    given(bytes, x => significant(x / 1e6)),
  ];
}

/** What runs: `simd`, `relaxed`, or `wide`, the relaxed build with 256-bit instructions. */
function kind(): string {
  const { build, wide } = runtimeInfo();
  return wide ? 'wide' : build;
}

/** The machine and the engine, in a line. */
function conditions(): string {
  const { build, threads, wide } = runtimeInfo();
  return `${build} build${wide ? ', 256-bit instructions' : ''}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, Node ${process.versions.node} (V8 ${process.versions.v8}), ${cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}${options.cpu ? ', own time' : ''}`;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

async function* results(): AsyncGenerator<Result> {
  for (const file of readdirSync(folder)
    .filter(file => file.endsWith('.bench.js'))
    .sort()) {
    const { default: cases } = (await import(new URL(file, import.meta.url).href)) as {
      default: Cases;
    };
    for (const each of cases()) {
      if (parts.length === 0 || parts.some(part => file.includes(part) || each.name.includes(part)))
        yield measureCase(each);
    }
  }
}

/** The picture and the table in Markdown, between marks that name the build. */
function writeReadme(rows: readonly string[][], peaks: string, picture: string): void {
  const path = `${folder}../../bench/README.md`;
  const [begin, end] = [`<!-- ${kind()} -->`, `<!-- /${kind()} -->`];
  const readme = readFileSync(path, 'utf8');
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`bench: README.md has no place for a table, expected ${begin} and ${end}`);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [line(HEADER), '|---|' + '---:|'.repeat(HEADER.length - 1), ...rows.map(line)].join(
    '\n',
  );
  writeFileSync(
    path,
    `${readme.slice(0, from + begin.length)}\n${conditions()}; ` +
      `${peaks}.\n\n${picture}${table}\n${readme.slice(to)}`,
  );
}

/** Kernels whose operations and bytes are known; matrix products in the first colour. */
function dot({ name, flop, bytes, gflops }: Result): Dot[] {
  return flop === null || bytes === null || gflops === null
    ? []
    : [{ name, intensity: flop / bytes, gflops, group: name.startsWith('gemm') ? 0 : 1 }];
}

/** The speed of memory that stays in a core's own cache, and of memory that fits in none. */
async function bandwidths(): Promise<[Bandwidth, Bandwidth]> {
  return [
    { label: '256 KiB', gbps: await peakBandwidth(2 ** 18) },
    { label: '64 MiB', gbps: await peakBandwidth(2 ** 26) },
  ];
}

await init({ threads: Number(options.threads), wide: options.wide });
const all: Result[] = [];
const print = (cells: readonly string[]): void =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(36) : cell.padStart(10))).join(' '));
if (!options.json) {
  console.log(conditions());
  print(HEADER);
}
for await (const result of results()) {
  if (options.json) console.log(JSON.stringify(result));
  else print(row(result));
  all.push(result);
}
if (all.length === 0) throw new RangeError(`bench: nothing is named ${parts.join(' or ')}`);
const peak = Math.max(...all.map(({ peakGflops }) => peakGflops));
const speeds = await bandwidths();
const peaks = `peak ${peak.toFixed(1)} GFLOP/s; memory ${speeds.map(({ label, gbps }) => `${gbps.toFixed(0)} GB/s over ${label}`).join(', ')}`;
if (!options.json) console.log(peaks);
if (options.readme) {
  const dots = all.flatMap(dot);
  const file = `roofline-${kind()}.svg`;
  if (dots.length > 0)
    writeFileSync(
      `${folder}../../bench/${file}`,
      roofline({ title: `Kernels, ${conditions()}`, dots, peak, bandwidths: speeds }),
    );
  writeReadme(
    all.map(row),
    peaks,
    dots.length > 0 ? `![roofline of the kernels](${file})\n\n` : '',
  );
}
