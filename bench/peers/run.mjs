/**
 * node bench/peers/run.mjs [--rounds n] [--json | --readme] [part…]
 *
 * Measures the contestants at each job in turns, a round of about a second each (at least one
 * step), after a warm-up, and prints medians and the ratios of throughtime's rounds to theirs. A
 * part of a contestant's name chooses contestants (throughtime with one thread always takes part),
 * any other chooses jobs. `--json`: one object a line. `--readme` puts the table in ../README.md,
 * in place of the last one of the same build.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Child } from './child.mjs';
import { contestants, ONE_THREAD } from './contestants.mjs';
import { JOBS } from './jobs.mjs';
import { markdown, print, writeReadme } from './table.mjs';

/**
 * Seconds of a round; and those after which a contestant whose steps are slow has run enough rounds
 * of a job.
 */
const ROUND = 1;
const ENOUGH = 20;

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
if (!(Number.isInteger(rounds) && rounds >= 1))
  throw new RangeError(`bench:peers: --rounds is ${options.rounds}, expected a whole number ≥ 1`);

const enrolled = contestants();
const chooses = part => enrolled.some(({ name }) => name.includes(part));
const people = parts.filter(chooses);
const tasks = parts.filter(part => !chooses(part));
const jobs = JOBS.filter(
  ({ name }) => tasks.length === 0 || tasks.some(part => name.includes(part)),
);
if (jobs.length === 0)
  throw new RangeError(`bench:peers: no job or contestant is named ${tasks.join(' or ')}`);
const chosen = enrolled.filter(
  ({ name }) =>
    name === ONE_THREAD || people.length === 0 || people.some(part => name.includes(part)),
);

const median = values => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** All rounds of one job: for each contestant its rates, or why it has none. */
async function measure(job, children) {
  const results = children.map(({ error }) => ({ rates: [], error }));
  const spent = children.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [i, child] of children.entries()) {
      if (results[i].error || spent[i] > ENOUGH) continue;
      const start = performance.now();
      const { perSecond, error = null } = await child.ask({ job, seconds: ROUND });
      spent[i] += (performance.now() - start) / 1000;
      if (error) results[i].error = error;
      else results[i].rates.push(perSecond);
    }
  }
  return results;
}

/**
 * Median rate, its spread (median absolute deviation, as a share), and `times`: how many times as
 * fast each throughtime was, round by round, in the order in which they take part.
 */
function summary(job, children, results) {
  const ours = results.filter((_, i) => children[i].ours);
  return children.map(({ name, ours: own }, i) => {
    const { rates, error } = results[i];
    if (error) return { job: job.name, contestant: name, error };
    const perSecond = median(rates);
    const ratio = base =>
      base.length > 0 ? median(rates.map((rate, round) => base[round] / rate)) : null;
    return {
      job: job.name,
      contestant: name,
      perSecond,
      spread: median(rates.map(rate => Math.abs(rate - perSecond))) / perSecond,
      rounds: rates.length,
      times: own ? [] : ours.map(({ rates }) => ratio(rates)),
    };
  });
}

const children = [];
for (const contestant of chosen) children.push(await Child.start(contestant));
try {
  const conditions = [
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node} (V8 ` +
      `${process.versions.v8}), ${new Date().toISOString().slice(0, 10)}`,
    ...children.map(({ name, about, error }) => `${name}: ${about ?? error}`),
  ];
  if (options.json) console.log(JSON.stringify({ conditions }));
  else console.log(conditions.join('\n'));
  const all = [];
  for (const job of jobs) {
    const rows = summary(job, children, await measure(job, children));
    all.push(rows);
    if (options.json) for (const row of rows) console.log(JSON.stringify(row));
    else print(job.name, rows);
  }
  const { about } = children.find(({ name }) => name === ONE_THREAD);
  if (options.readme) writeReadme(/(\w+) build/.exec(about)[1], markdown(conditions, all));
} finally {
  for (const child of children) child.close();
}
