/** What the three examples share: options, and a table that grows as the networks learn. */
import { parseArgs } from 'node:util';
import { init } from '../src/index.js';
import { learn, type Recipe } from './learn.js';
import type { Cell } from './network.js';
import type { Task } from './synthetic.js';

const CELLS: readonly Cell[] = ['rnn', 'gru', 'lstm'];

export interface Example {
  /** What the numbers are. */
  title: string;
  task(T: number): Task;
  recipe: Recipe;
  /** T where none is given. */
  T: number;
}

/**
 * Trains the cells side by side, one row of the table at a time: `[--cell rnn|gru|lstm] [--T 100]
 * [--seed 1]`.
 */
export async function show({ title, task: makeTask, recipe, T: usual }: Example): Promise<void> {
  const { cells, T, seed } = options(usual);
  await init({ deterministic: true });
  const task = makeTask(T);
  const runs = cells.map(cell => learn(task, recipe, { cell, seed, reports: 10 }));
  const row = (first: string, rest: readonly string[]) =>
    console.log(first.padStart(8) + rest.map(text => text.padStart(18)).join(''));

  console.log(`${title}. T = ${T}\n`);
  row('step', cells);
  for (;;) {
    const reports = [];
    for (const run of runs) reports.push((await run.next()).value);
    const progress = reports.filter(report => report !== undefined);
    if (progress.length === 0) break;
    row(
      String(progress[0]!.step),
      progress.map(
        ({ loss, accuracy }) =>
          loss.toFixed(4) +
          (accuracy === null ? '' : `  ${(100 * accuracy).toFixed(1).padStart(5)} %`),
      ),
    );
  }
  console.log(`\nwithout memory: ${task.baseline.toFixed(4)}`);
}

function options(T: number): { cells: readonly Cell[]; T: number; seed: number } {
  try {
    const { values } = parseArgs({
      options: {
        cell: { type: 'string' },
        T: { type: 'string', default: String(T) },
        seed: { type: 'string', default: '1' },
      },
    });
    const cells = CELLS.filter(cell => values.cell === undefined || cell === values.cell);
    if (cells.length === 0)
      throw new RangeError(`--cell is ${values.cell}, expected ${CELLS.join(', ')}`);
    return { cells, T: whole('--T', values.T, 10), seed: whole('--seed', values.seed, 0) };
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new RangeError(`${name} is ${text}, expected a whole number from ${least}`);
  return value;
}
