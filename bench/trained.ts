/** Trainings by command that go on where they stopped, each up to its budget of seconds. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Relative to build/bench. */
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Runs `throughtime`; its messages go to stderr as they come, stdout to `log`, or is given back. */
export async function command(args: readonly string[], log?: string): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let text = '';
  const file = log === undefined ? null : createWriteStream(log, { flags: 'a' });
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    if (file) file.write(piece);
    else text += piece;
  });
  const status = await code;
  if (file) await new Promise<void>(resolve => file.end(resolve));
  if (status !== 0) throw new Error(`throughtime ${args.join(' ')}: exit code ${status}`);
  return text;
}

/** What a training has come to. */
export interface Trained {
  /** The file of the model. */
  model: string;
  /** What `train --json` printed, in all its runs. */
  log: string;
  /** Seconds of all its runs. */
  seconds: number;
  /** Epochs, the last one in part. */
  epochs: number;
  /** Whether all that was planned is done. */
  finished: boolean;
}

interface Line {
  type?: string;
  seconds?: number;
  epoch?: number;
  reason?: string;
}

/** Seconds, epochs and end of what a log holds; each run counts its seconds from 0, after a mark. */
function progress(log: string): Omit<Trained, 'model' | 'log'> {
  let [seconds, before, last, epochs, finished] = [0, 0, 0, 0, false];
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  for (const text of lines) {
    if (!text.startsWith('{') || !text.endsWith('}')) continue; // cut off where a run was killed
    const line = JSON.parse(text) as Line;
    if (line.type === 'run') {
      before += last;
      last = 0;
    }
    if (line.seconds === undefined) continue;
    last = line.seconds;
    seconds = before + last;
    epochs = line.epoch ?? epochs;
    finished = line.type === 'end' && (line.reason === 'finished' || line.reason === 'early');
  }
  return { seconds, epochs, finished };
}

/**
 * Trains `throughtime train lm …args` until its plan or its budget is done, from where earlier calls
 * with the same folder and name left it.
 *
 * @throws Error where the folder holds a training of that name with other arguments
 */
export async function train(
  folder: string,
  name: string,
  args: readonly string[],
  { seconds, threads }: { seconds: number; threads: number },
): Promise<Trained> {
  mkdirSync(folder, { recursive: true });
  const file = (end: string): string => join(folder, name + end);
  const model = file('.safetensors');
  const log = file('.jsonl');
  const checkpoint = file('.checkpoint.safetensors');
  const plan = JSON.stringify(args);
  if (existsSync(file('.args')) && readFileSync(file('.args'), 'utf8') !== plan)
    throw new Error(`${file('.args')}: ${name} was begun with other arguments; remove its files`);
  writeFileSync(file('.args'), plan);
  const before = progress(log);
  const left = seconds - before.seconds;
  if (!(before.finished && existsSync(model)) && left > 1) {
    const from = existsSync(checkpoint)
      ? ['--resume', checkpoint]
      : [...args, '--out', model, '--checkpoint-every', '60'];
    const run = ['--max-seconds', String(Math.round(left)), '--threads', String(threads), '--json'];
    appendFileSync(log, '{"type":"run"}\n');
    await command(['train', 'lm', ...from, ...run], log);
  }
  return { model, log, ...progress(log) };
}
