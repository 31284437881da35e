/**
 * node build/bench/run.js [--json | --readme] [--cpu] [part…]
 *
 * Runs all benches, or those whose file or case name contains a part, and prints a table; `--json` one object a line; `--readme` puts the
 * table in bench/README.md, in place of the last one of the same build. `--cpu` counts the process's own time (case.ts).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { init, runtimeInfo } from '../src/index.js';
import { measureCase, type Cases, type Result } from './case.js';

const options = process.argv.slice(2).filter(argument => argument.startsWith('--'));
const parts = process.argv.slice(2).filter(argument => !argument.startsWith('--'));
const known = ['--json', '--readme', '--cpu'];
const unknown = options.find(option => !known.includes(option));
if (unknown) throw new RangeError(`bench: unknown option ${unknown}, expected ${known.join(' or ')}`);

const HEADER = ['', 'median', 'spread', 'per second', 'GFLOP/s', 'of peak', 'MFLOP'];

const significant = (x: number): string => (x >= 100 ? Math.round(x).toLocaleString('en') : x.toPrecision(3));

function row({ name, medianMs, spread, tokensPerSecond, gflops, share, flop }: Result): string[] {
  const time = medianMs >= 1 ? `${significant(medianMs)} ms` : `${significant(1000 * medianMs)} µs`;
  const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
  return [name, time, percent(spread), tokensPerSecond === null ? '' : significant(tokensPerSecond), gflops.toFixed(1), percent(share), significant(flop / 1e6)];
}

/** The machine and the engine, in a line. */
function conditions(): string {
  const { build } = runtimeInfo();
  return `${build} build, Node ${process.versions.node} (V8 ${process.versions.v8}), ${cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}${options.includes('--cpu') ? ', own time' : ''}`;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

async function* results(): AsyncGenerator<Result> {
  for (const file of readdirSync(folder).filter(file => file.endsWith('.bench.js')).sort()) {
    const { default: cases } = (await import(new URL(file, import.meta.url).href)) as { default: Cases };
    for (const each of cases()) {
      if (parts.length === 0 || parts.some(part => file.includes(part) || each.name.includes(part))) yield measureCase(each);
    }
  }
}

/** The table in Markdown, between marks that name the build. */
function writeReadme(rows: readonly string[][], peak: number): void {
  const path = `${folder}../../bench/README.md`;
  const { build } = runtimeInfo();
  const [begin, end] = [`<!-- ${build} -->`, `<!-- /${build} -->`];
  const readme = readFileSync(path, 'utf8');
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`bench: README.md has no place for a table, expected ${begin} and ${end}`);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [line(HEADER), '|---|' + '---:|'.repeat(HEADER.length - 1), ...rows.map(line)].join('\n');
  writeFileSync(path, `${readme.slice(0, from + begin.length)}\n${conditions()}; peak ${peak.toFixed(1)} GFLOP/s.\n\n${table}\n${readme.slice(to)}`);
}

await init();
const rows: string[][] = [];
const peaks: number[] = [];
const print = (cells: readonly string[]): void => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(36) : cell.padStart(10))).join(' '));
if (!options.includes('--json')) {
  console.log(conditions());
  print(HEADER);
}
for await (const result of results()) {
  if (options.includes('--json')) console.log(JSON.stringify(result));
  else print(row(result));
  rows.push(row(result));
  peaks.push(result.peakGflops);
}
if (rows.length === 0) throw new RangeError(`bench: nothing is named ${parts.join(' or ')}`);
if (!options.includes('--json')) console.log(`peak ${Math.max(...peaks).toFixed(1)} GFLOP/s: multiply-adds in registers alone, measured again before each line`);
if (options.includes('--readme')) writeReadme(rows, Math.max(...peaks));
