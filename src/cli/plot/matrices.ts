/** `throughtime plot confusion|attention` */
import { Command } from 'commander';
import { readText } from '../../node/files.js';
import { attention, confusion } from '../../plot/matrices.js';
import { Refusal, refusing } from '../errors.js';
import { checkFiles } from '../files.js';
import { plural } from '../format.js';
import { type PictureFlags, picture, write } from './picture.js';

export function confusionPlot(): Command {
  const command = new Command('confusion')
    .description('Draw which class was taken for which.')
    .argument('<file>', 'JSON with labels and counts, a row for each class');
  return picture(command, 'confusion.svg')
    .addHelpText(
      'after',
      `
The file:
  {"labels": ["a", "b"], "counts": [[9, 1], [2, 8]]}`,
    )
    .action(async (path: string, flags: PictureFlags) => {
      const { labels, counts } = await read(path, flags, 'labels', 'counts');
      const names = strings(path, 'labels', labels);
      const values = numbers(path, 'counts', counts);
      const svg = await refusing(path, () => confusion({ labels: names, counts: values }, options(flags))); // biome-ignore format: one call
      await write(flags, svg, [['confusion', plural(names.length, 'label')]]);
    });
}

export function attentionPlot(): Command {
  const command = new Command('attention')
    .description('Draw where a decoder looked as it wrote each token.')
    .argument('<file>', 'JSON with source, target and weights, a row for each target token');
  return picture(command, 'attention.svg')
    .addHelpText(
      'after',
      `
The file:
  {"source": ["ein", "Hund"], "target": ["a", "dog"], "weights": [[0.9, 0.1], [0.2, 0.8]]}`,
    )
    .action(async (path: string, flags: PictureFlags) => {
      const data = await read(path, flags, 'source', 'target', 'weights');
      const source = strings(path, 'source', data['source']);
      const target = strings(path, 'target', data['target']);
      const weights = numbers(path, 'weights', data['weights']);
      const svg = await refusing(path, () => attention({ source, target, weights }, options(flags))); // biome-ignore format: one call
      await write(flags, svg, [
        ['attention', `${target.length} tokens written, ${source.length} read`],
      ]);
    });
}

const options = ({ title, width }: PictureFlags): { title?: string; width?: number } => ({
  ...(title !== undefined && { title }),
  ...(width !== undefined && { width }),
});

/** The last object of a file, of JSON or of JSON lines, that has all these fields. */
async function read(
  path: string,
  { out }: PictureFlags,
  ...fields: string[]
): Promise<Record<string, unknown>> {
  checkFiles({ read: { 'the file': path }, write: { out } });
  const text = await refusing(null, () => readText(path, 'the file'));
  const objects = [text, ...text.split('\n')].flatMap((json): Record<string, unknown>[] => {
    try {
      const value = JSON.parse(json) as Record<string, unknown> | null;
      return value !== null && typeof value === 'object' ? [value] : [];
    } catch {
      return [];
    }
  });
  const found = objects.findLast(object => fields.every(field => Object.hasOwn(object, field)));
  if (!found) throw new Refusal(`${path}: has no JSON object with ${fields.join(', ')}`);
  return found;
}

function strings(path: string, name: string, value: unknown): string[] {
  if (!Array.isArray(value) || !value.every(each => typeof each === 'string'))
    throw new Refusal(`${path}: ${name} is no list of texts`);
  return value as string[];
}

/** Numbers, or rows of them. */
function numbers(path: string, name: string, value: unknown): number[] {
  const flat: unknown[] = Array.isArray(value) ? value.flat() : [null];
  if (!flat.every(each => typeof each === 'number'))
    throw new Refusal(`${path}: ${name} is no list of rows of numbers`);
  return flat as number[];
}
