/** Results as text, and as the tables of ../README.md. */
import { readFileSync, writeFileSync } from 'node:fs';

const rate = x => (x >= 100 ? Math.round(x).toLocaleString('en') : x.toPrecision(3));
const ratio = x =>
  x === null ? '–' : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);
const percent = x => `${(100 * x).toFixed(0)} %`;

/** One job's table, for a terminal; last how many times as fast each throughtime was. */
export function print(job, rows) {
  const line = ([name, ...cells]) =>
    console.log(`  ${name.padEnd(28)} ${cells.map(cell => cell.padStart(12)).join(' ')}`);
  console.log(`\n${job}`);
  line(['', 'per second', 'spread', 'rounds', 'times']);
  for (const { contestant, error, perSecond, spread, rounds, times } of rows) {
    if (error) console.log(`  ${contestant.padEnd(28)} ${error}`);
    else
      line([
        contestant,
        rate(perSecond),
        percent(spread),
        String(rounds),
        times.map(ratio).join(' · '),
      ]);
  }
}

/** Jobs by contestants; below, why a place is empty. */
export function markdown([machine, ...engines], all) {
  const names = all[0].map(({ contestant }) => contestant);
  const cell = ({ error, perSecond, spread, times }) => {
    if (error) return '–';
    return `${rate(perSecond)} ± ${percent(spread)}${times.length > 0 ? `<br>${times.map(x => `**${ratio(x)}**`).join(' · ')}` : ''}`;
  };
  const line = cells => `| ${cells.join(' | ')} |`;
  const reasons = new Map();
  for (const { contestant, error, job } of all.flat())
    if (error)
      reasons.set(`${contestant}: ${error}`, [
        ...(reasons.get(`${contestant}: ${error}`) ?? []),
        job,
      ]);
  return [
    `${machine}.\n`,
    ...engines.map(engine => `- ${engine}`),
    '',
    line(['', ...names]),
    `|---|${'---:|'.repeat(names.length)}`,
    ...all.map(rows => line([rows[0].job, ...rows.map(cell)])),
    ...(reasons.size > 0 ? ['\nEmpty places:\n'] : []),
    ...[...reasons].map(
      ([reason, jobs]) =>
        `- ${reason} (${jobs.length === all.length ? 'all jobs' : jobs.join(', ')})`,
    ),
  ].join('\n');
}

/** Puts `text` between the marks that name the build. */
export function writeReadme(build, text) {
  const path = new URL('../README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- peers ${build} -->`, `<!-- /peers ${build} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(
      `bench:peers: README.md has no place for a table, expected ${begin} and ${end}`,
    );
  writeFileSync(path, `${readme.slice(0, from + begin.length)}\n${text}\n${readme.slice(to)}`);
}
