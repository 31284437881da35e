/** `throughtime compare` */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { init } from '../runtime/init.js';
import { readHeldOut } from './corpus.js';
import { createDisplay } from './display.js';
import { bytes, short, UNITS } from './format.js';
import { loadModel } from './kinds.js';
import { whole } from './options.js';
import { colours, print, printJSON } from './output.js';

const EXAMPLES = `
Example:
  $ throughtime compare words.arpa words.safetensors mix.safetensors --input test.txt

Every model counts its own units. Perplexities of one column compare where the
units are the same; bits per character compare in any case.`;

interface Row {
  model: string;
  kind: string;
  unit: string;
  tokens: number;
  unknown: number;
  loss: number;
  perplexity: number;
  bitsPerCharacter: number;
  state: 'sentence' | 'carried';
  bytes: number;
  tokensPerSecond: number;
}

export function compareCommand(): Command {
  return new Command('compare')
    .description('Measure several language models on one text, as a table.')
    .argument('<model...>', 'models, checkpoints or ARPA files')
    .requiredOption('--input <file>', 'text to predict')
    .option('--threads <n>', 'threads to compute with', whole(), 1)
    .option('--deterministic', 'compute the same bits in every engine')
    .option('--json', 'print one JSON object a model on stdout')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  paths: string[],
  options: { input: string; threads: number; deterministic?: boolean; json?: boolean },
): Promise<void> {
  const { input, threads, json = false } = options;
  await init({ deterministic: options.deterministic === true, threads });
  const display = createDisplay({ json });
  const rows: Row[] = [];
  for (const [i, path] of paths.entries()) {
    const row = await measured(path, input, display);
    rows.push(row);
    if (json) printJSON({ type: 'compare', ...row });
    else display.note('measured', `${i + 1} of ${paths.length}: ${path}`);
  }
  if (!json) printRows(rows);
}

async function measured(
  path: string,
  input: string,
  display: ReturnType<typeof createDisplay>,
): Promise<Row> {
  const model = await loadModel(path);
  try {
    const { vocab, kind } = model;
    const { ids, unknown, characters } = await readHeldOut(input, vocab, display);
    const began = performance.now();
    const { tokens, loss, bitsPerToken, perplexity } = await model.evaluate(ids);
    const seconds = (performance.now() - began) / 1000;
    return {
      model: path,
      kind,
      unit: vocab.level,
      tokens,
      unknown,
      loss,
      perplexity,
      bitsPerCharacter: (bitsPerToken * tokens) / characters,
      state: model.sentences ? 'sentence' : 'carried',
      bytes: (await stat(path)).size,
      tokensPerSecond: tokens / seconds,
    };
  } finally {
    model.dispose();
  }
}

/** The table, the best perplexity in bold. */
function printRows(rows: readonly Row[]): void {
  const { bold, dim } = colours(process.stdout);
  const head = ['model', 'perplexity', 'nats', 'bits/char', 'size', 'per second', 'state'];
  const best = Math.min(...rows.map(({ bitsPerCharacter }) => bitsPerCharacter));
  const cells = rows.map(row => [
    basename(row.model),
    row.perplexity.toPrecision(5),
    row.loss.toFixed(4),
    row.bitsPerCharacter.toFixed(4),
    bytes(row.bytes),
    `${short(row.tokensPerSecond)} ${UNITS[row.unit as keyof typeof UNITS]}s`,
    row.state,
  ]);
  const widths = head.map((name, c) => Math.max(...[name, ...cells.map(row => row[c]!)].map(({ length }) => length))); // biome-ignore format: one line
  const line = (row: readonly string[]): string =>
    row.map((text, c) => (c === 0 || c === 6 ? text.padEnd(widths[c]!) : text.padStart(widths[c]!))).join('  ').trimEnd(); // biome-ignore format: one line
  print(`${dim(line(head))}\n`);
  cells.forEach((row, i) => {
    print(`${rows[i]!.bitsPerCharacter === best ? bold(line(row)) : line(row)}\n`);
  });
}
