/** The form ↔ a recipe. */
import type { Recipe } from '../recipe.js';
import { byId } from './dom.js';

const form = byId<HTMLFormElement>('setup');

export function readSettings(): Recipe {
  const data = new FormData(form);
  const number = (name: string): number => Number(data.get(name));
  return {
    cell: data.get('cell') as Recipe['cell'],
    layers: number('layers'),
    hidden: number('hidden'),
    bptt: number('bptt'),
    steps: number('steps'),
    lr: number('lr'),
    batch: number('batch'),
    dropout: number('dropout'),
    seed: number('seed'),
    deterministic: data.has('deterministic'),
  };
}

export function showSettings(recipe: Recipe): void {
  for (const [name, value] of Object.entries(recipe)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === 'checkbox')
      field.checked = Boolean(value);
    else if (
      field instanceof RadioNodeList ||
      field instanceof HTMLInputElement ||
      field instanceof HTMLSelectElement
    )
      field.value = String(value);
  }
}
