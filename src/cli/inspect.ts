/** `throughtime inspect` */
import { Command } from 'commander';
import { FORMAT } from '../io/model.js';
import type { SafetensorsHeader } from '../io/safetensors.js';
import { readHeader } from '../node/safetensors.js';
import type { Progress } from '../train/checkpoint.js';
import type { Metrics } from '../train/report.js';
import { refusing } from './errors.js';
import { count, plural, bytes as size, UNITS } from './format.js';
import { colours, print, printJSON, printTable } from './output.js';

const EXAMPLES = `
Examples:
  Show what is in a model:
    $ throughtime inspect book.safetensors

  Show how far a training run has come:
    $ throughtime inspect book.checkpoint.safetensors

  Print names and shapes of any safetensors file as JSON:
    $ throughtime inspect weights.safetensors --json`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show what is in a model, a checkpoint or any safetensors file.')
    .argument('<file>', 'model, checkpoint or safetensors file')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

interface TensorInfo {
  name: string;
  dtype: string;
  shape: readonly number[];
  size: number;
}

/** null where the file does not say. */
interface Inspection {
  type: 'inspect';
  file: string;
  bytes: number;
  format: string | null;
  kind: string | null;
  config: unknown;
  vocab: { level: keyof typeof UNITS; size: number; first: string[] } | null;
  /** Elements of the model's tensors, tied ones once; training state apart. */
  parameters: number;
  trainer: {
    step: number;
    epoch: number;
    tokens: number;
    /** The last validation's. */
    metrics: Metrics | null;
    /** The best value of the metric that is watched. */
    best: number | null;
  } | null;
  tensors: TensorInfo[];
}

const FIRST_TOKENS = 40;
/** What a checkpoint holds beside the model's own tensors. */
const TRAINING_STATE = /^@(optimizer|carry|best)\./;
/** What belongs to the rows of quantised weights. */
const SCALE = /\.scale$/;

async function run(path: string, { json }: { json?: boolean }): Promise<void> {
  const { bytes, ...header } = await refusing(path, () => readHeader(path));
  const inspection = await refusing(path, () => inspect(path, bytes, header));
  if (json)
    printJSON({
      ...inspection,
      tensors: inspection.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    });
  else show(inspection);
}

function inspect(
  file: string,
  bytes: number,
  { tensors, metadata }: SafetensorsHeader,
): Inspection {
  const ours = metadata['format'] === FORMAT;
  const parse = (key: string): unknown =>
    ours && metadata[key] !== undefined ? JSON.parse(metadata[key]) : null;
  const config = parse('config') as { tie?: boolean } | null;
  const list = tensors.map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape,
    size: shape.reduce((size, extent) => size * extent, 1),
  }));
  const counted = list.filter(
    ({ name }) =>
      !TRAINING_STATE.test(name) && !SCALE.test(name) && !(config?.tie && name === 'head.weight'),
  );
  return {
    type: 'inspect',
    file,
    bytes,
    format: metadata['format'] ?? null,
    kind: (ours && metadata['kind']) || null,
    config,
    vocab: vocabulary(parse('vocab')),
    parameters: counted.reduce((sum, tensor) => sum + tensor.size, 0),
    trainer: standing(parse('trainer')),
    tensors: list,
  };
}

function vocabulary(vocab: unknown): Inspection['vocab'] {
  if (vocab === null) return null;
  const { level, tokens } = vocab as { level: keyof typeof UNITS; tokens?: string[] };
  return { level, size: tokens?.length ?? 256, first: tokens?.slice(0, FIRST_TOKENS) ?? [] };
}

function standing(trainer: unknown): Inspection['trainer'] {
  if (trainer === null) return null;
  const { step, epoch, position, perEpoch, tokens, metrics, best } = (
    trainer as { progress: Progress }
  ).progress;
  const begun = perEpoch ? position / perEpoch : 0;
  return { step, epoch: epoch + begun, tokens, metrics: metrics ?? null, best: best ?? null };
}

function show({
  file,
  bytes,
  format,
  kind,
  config,
  vocab,
  parameters,
  trainer,
  tensors,
}: Inspection): void {
  const { dim, bold } = colours(process.stdout);
  const rows: [label: string, value: string][] = [
    ['file', `${bold(file)}, ${size(bytes)}${format === null ? '' : `, ${format}`}`],
    ['kind', kind ?? 'not a model of this library: tensors alone'],
  ];
  if (config !== null)
    rows.push([
      'config',
      Object.entries(config as object)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ]);
  if (vocab !== null) rows.push(['vocabulary', vocabularyText(vocab)]);
  rows.push(['parameters', count(parameters)]);
  if (trainer !== null) {
    const { step, epoch, tokens, metrics, best } = trainer;
    rows.push([
      'training',
      `${plural(step, 'step')}, epoch ${epoch.toFixed(2)}, ${plural(tokens, 'token')}`,
    ]);
    if (best !== null && metrics !== null)
      rows.push([
        'validation',
        `best ${best.toFixed(4)}, last ${(metrics['loss'] ?? NaN).toFixed(4)} nats`,
      ]);
  }
  const own = trainer === null ? tensors : tensors.filter(({ name }) => !TRAINING_STATE.test(name));
  const rest = tensors.length - own.length;
  rows.push(['tensors', `${own.length}${rest > 0 ? `, and ${rest} of the training state` : ''}`]);
  printTable(rows);
  const width = Math.max(0, ...own.map(({ name }) => name.length)) + 2;
  const dtypeWidth = Math.max(4, ...own.map(({ dtype }) => dtype.length)) + 1;
  for (const { name, dtype, shape } of own)
    print(`  ${name.padEnd(width)}${dim(dtype.padEnd(dtypeWidth))}[${shape.join(', ')}]\n`);
}

function vocabularyText({ level, size, first }: NonNullable<Inspection['vocab']>): string {
  const shown = first.map(token => JSON.stringify(token).slice(1, -1)).join(' ');
  const more = first.length > 0 && size > first.length ? ' …' : '';
  return `${count(size)} ${UNITS[level]}s${shown && `: ${shown}`}${more}`;
}
