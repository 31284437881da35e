/** `throughtime plot curves|sparsity` */
import { basename, extname } from 'node:path';
import { Command, Option } from 'commander';
import { NgramLM } from '../../lm/ngram/model.js';
import { readText } from '../../node/files.js';
import { type Curve, curves } from '../../plot/curves.js';
import { init } from '../../runtime/init.js';
import { readHeldOut } from '../corpus.js';
import { createDisplay } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { checkFiles } from '../files.js';
import { plural } from '../format.js';
import { loadModel } from '../kinds.js';
import { oneOf } from '../options.js';
import { printJSON } from '../output.js';
import { type PictureFlags, picture, write } from './picture.js';

interface CurvesFlags extends PictureFlags {
  over: 'step' | 'epoch' | 'seconds';
  metric: string;
  log?: boolean;
}

export function curvesPlot(): Command {
  const command = new Command('curves')
    .description('Draw the losses of runs, from what `train --json` printed.')
    .argument('<run...>', 'files of JSON lines, one a run')
    .addOption(
      new Option('--over <what>', 'the axis across: step, epoch or seconds')
        .argParser(oneOf(['step', 'epoch', 'seconds']))
        .default('step'),
    )
    .option('--metric <name>', 'of the validations: loss, bitsPerToken, perplexity', 'loss')
    .option('--log', 'a logarithmic axis across');
  return picture(command, 'curves.svg')
    .addHelpText(
      'after',
      `
Training losses are drawn in dashes, validations as dots on a line.

Example:
  $ throughtime train lm --input book.txt --json > lstm.jsonl
  $ throughtime plot curves lstm.jsonl gru.jsonl --over seconds`,
    )
    .action(async (paths: string[], flags: CurvesFlags) => {
      const { out, over, metric, title, width, log } = flags;
      checkFiles({ read: { 'a run': paths }, write: { out } });
      const list: Curve[] = [];
      for (const path of paths) list.push(...(await curvesOf(path, flags)));
      const svg = await refusing(paths.join(' '), () =>
        curves(list, {
          ...(title !== undefined && { title }),
          ...(width !== undefined && { width }),
          x: { label: over, ...(log && { scale: 'log' as const }) },
          y: { label: metric === 'loss' ? 'loss (nats)' : metric },
          description: `${metric} over ${over}: ${list.map(({ name }) => name).join(', ')}.`,
        }),
      );
      const points = list.reduce((sum, { x }) => sum + x.length, 0);
      await write(flags, svg, [
        ['curves', `${plural(list.length, 'curve')} through ${plural(points, 'point')}`],
      ]);
    });
}

/** A line of a run's log, as far as it is drawn. */
interface Line {
  type?: string;
  step?: number;
  epoch?: number;
  seconds?: number;
  loss?: number;
  metrics?: Record<string, number>;
}

async function curvesOf(path: string, { over, metric }: CurvesFlags): Promise<Curve[]> {
  const text = await refusing(null, () => readText(path, 'the run'));
  const lines = text.split('\n').flatMap((line, i): Line[] => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as Line];
    } catch {
      throw new Refusal(`${path}: line ${i + 1} is not JSON; name what \`train --json\` printed`);
    }
  });
  // a run that was resumed counts its seconds anew
  let before = 0;
  lines.forEach((line, i) => {
    const last = lines[i - 1]?.seconds ?? 0;
    if (line.seconds !== undefined && line.seconds + before < last) before = last;
    if (line.seconds !== undefined) line.seconds += before;
  });
  const name = basename(path, extname(path));
  const valid = lines.filter(({ type }) => type === 'valid');
  const steps = metric === 'loss' ? lines.filter(({ type }) => type === 'step') : [];
  if (valid.length + steps.length === 0)
    throw new Refusal(
      `${path}: has no reports of steps or validations; name what \`train --json\` printed`,
    );
  const values = valid.map(({ metrics }) => metrics?.[metric] ?? NaN);
  if (steps.length === 0 && values.every(value => !Number.isFinite(value)))
    throw new Refusal(`${path}: its validations have no metric "${metric}"`);
  const x = (some: readonly Line[]): number[] => some.map(line => line[over] ?? NaN);
  const result: Curve[] = [];
  if (steps.length > 0)
    result.push({
      name: valid.length > 0 ? `${name}, training` : name,
      x: x(steps),
      y: steps.map(({ loss }) => loss ?? NaN),
      dashed: valid.length > 0,
    });
  if (valid.length > 0) result.push({ name, x: x(valid), y: values, dots: true });
  return result;
}

export function sparsityPlot(): Command {
  const command = new Command('sparsity')
    .description('Draw how many n-grams of a text a model has never seen, by order.')
    .argument('<model>', 'n-gram model or ARPA file')
    .requiredOption('--input <file>', 'text whose n-grams are looked up')
    .option('--json', 'print one JSON object on stdout too');
  return picture(command, 'sparsity.svg')
    .addHelpText(
      'after',
      `
Example:
  $ throughtime plot sparsity words.arpa --input test.txt`,
    )
    .action(async (path: string, flags: PictureFlags & { input: string; json?: boolean }) => {
      const { input, out, title, width, json = false } = flags;
      checkFiles({ read: { 'the model': path, input }, write: { out } });
      await init();
      const model = await loadModel(path);
      if (!(model instanceof NgramLM))
        throw new Refusal(`${path}: is a model of kind ${model.kind}; name an n-gram model`);
      const { ids } = await readHeldOut(input, model.vocab, createDisplay({ json }));
      const orders = model.sparsity(ids);
      const share = orders.map(({ unseen, total }) => (100 * unseen) / Math.max(1, total));
      const name = basename(input, extname(input));
      const svg = curves([{ name, x: orders.map(({ order }) => order), y: share, dots: true }], {
        title: title ?? 'n-grams never seen in training',
        ...(width !== undefined && { width }),
        x: { label: 'words of the n-gram' },
        y: { label: '% of the text’s n-grams' },
        description:
          'Share of n-grams that the model has never seen: ' +
          `${orders.map(({ order }, i) => `${share[i]!.toFixed(1)} % of order ${order}`).join(', ')}.`,
      });
      if (json) printJSON({ type: 'sparsity', input, orders });
      await write(
        flags,
        svg,
        orders.map(({ order, unseen, total }, i) => [
          `order ${order}`,
          `${share[i]!.toFixed(1).padStart(5)} % never seen  (${unseen} of ${total})`,
        ]),
      );
    });
}
