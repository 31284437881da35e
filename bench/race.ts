/**
 * Loss against wall time of five cells with as many parameters: `node build/bench/race.js --input
 * TEXT [--folder FOLDER] [--seconds N] [--threads N] [--parameters N]` trains each for N seconds
 * (default: 600) on characters, one after the other, goes on where an earlier call has stopped, and
 * draws FOLDER/race.svg.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { init, lm, nn, text } from '../src/index.js';
import { command, train } from './trained.js';

const { values } = parseArgs({
  options: {
    input: { type: 'string' },
    folder: { type: 'string', default: 'race' },
    seconds: { type: 'string', default: '600' },
    threads: { type: 'string', default: '1' },
    parameters: { type: 'string', default: '1000000' },
  },
});
const { input, folder } = values;
if (input === undefined) throw new Error('race: --input is missing: name a text');
const target = Number(values.parameters);
const budget = { seconds: Number(values.seconds), threads: Number(values.threads) };

const EMBEDDING = 64;
const CELLS = { rnn: 'rnn', lstm: 'lstm', gru: 'gru', mingru: lm.minGRU(), rglru: lm.hawk() } as const; // biome-ignore format: one line

await init();
await nn.loadCells();
const vocab = text.Vocab.fromText(readFileSync(input, 'utf8'), { level: 'char' });

/** Parameters of two layers of so many hidden units. */
function parameters(cell: keyof typeof CELLS, hiddenSize: number): number {
  const kind = CELLS[cell];
  const embeddingSize = typeof kind === 'string' ? EMBEDDING : hiddenSize;
  using model = new lm.RecurrentLM({ vocab, cell: kind, hiddenSize, embeddingSize, layers: 2 });
  return model.parameters().reduce((sum, { size }) => sum + size, 0);
}

/** The number of hidden units, a multiple of 4, whose parameters come nearest to the target. */
function fitting(cell: keyof typeof CELLS): number {
  let units = 4;
  while (parameters(cell, units) < target) units += 4;
  const over = parameters(cell, units) - target;
  return units > 4 && target - parameters(cell, units - 4) < over ? units - 4 : units;
}

mkdirSync(folder, { recursive: true });
const logs: string[] = [];
for (const cell of Object.keys(CELLS) as (keyof typeof CELLS)[]) {
  const hidden = fitting(cell);
  const size = parameters(cell, hidden);
  console.error(`${cell}: 2×${hidden}, ${size} parameters`);
  const own = typeof CELLS[cell] === 'string' ? ['--embedding', String(EMBEDDING)] : [];
  const args = ['--input', input, '--cell', cell, '--layers', '2', '--hidden', String(hidden), ...own, '--dropout', '0.2', '--schedule', 'constant', '--epochs', '100', '--report-every', '10']; // biome-ignore format: one line
  const { log } = await train(folder, cell, args, budget);
  if (existsSync(log)) logs.push(log);
}
const out = join(folder, 'race.svg');
const title = `Two layers, ${(target / 1e6).toFixed(1)} million parameters, ${values.threads} threads`;
await command(['plot', 'curves', ...logs, '--over', 'seconds', '--title', title, '--out', out]);
console.log(out);
