/** Where training ends. */
import { learn, type Progress, type Recipe } from '../../examples/learn.js';
import type { Cell } from '../../examples/network.js';
import type { Task } from '../../examples/synthetic.js';

/** How a cell does on unseen sequences after all steps of the recipe. */
export async function outcome(task: Task, recipe: Recipe, cell: Cell): Promise<Progress> {
  let last: Progress | null = null;
  for await (const progress of learn(task, recipe, { cell, seed: 1, reports: 1 })) last = progress;
  return last!;
}
