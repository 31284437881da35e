/** The built command as a child process, in a folder of its own. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const COMMAND = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Called with all of stdout so far whenever something comes. */
  onStdout?: (text: string, child: { kill(signal: NodeJS.Signals): boolean }) => void;
  /** A shell command before the command itself: `ulimit -f 8`. */
  before?: string;
  /** Leave repeated flags in. */
  asGiven?: boolean;
  /** Descriptors of stdout and stderr instead of pipes. */
  stdio?: ['ignore', number | 'pipe', number | 'pipe'];
}

/** The last of each flag with its value: a test's own replace those of the recipe it starts from. */
function lastOfEach(args: readonly string[]): string[] {
  const isFlag = (arg: string | undefined) => arg?.startsWith('--') === true;
  return args.filter((arg, i) => {
    const at = isFlag(arg) ? i : isFlag(args[i - 1]) ? i - 1 : -1;
    return at < 0 || args.lastIndexOf(args[at]!) === at;
  });
}

/** A temporary folder with a command in it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'throughtime-'));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.file(name), content);
  }

  read(name: string): Buffer {
    return readFileSync(this.file(name));
  }

  run(
    given: readonly string[],
    { onStdout, before, asGiven = false, stdio = ['ignore', 'pipe', 'pipe'] }: RunOptions = {},
  ): Promise<Result> {
    const args = asGiven ? given : lastOfEach(given);
    const [file, all] =
      before === undefined
        ? [process.execPath, [COMMAND, ...args]]
        : ['sh', ['-c', `${before}; exec "$@"`, 'sh', process.execPath, COMMAND, ...args]];
    const child = spawn(file, all, {
      cwd: this.path,
      stdio,
      env: { ...process.env, NO_COLOR: '1' },
    });
    const result: Result = { code: null, stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text;
      onStdout?.(result.stdout, child);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', code => resolve({ ...result, code }));
    });
  }

  /** Names, times and contents of all files: equal before and after says that nothing changed. */
  snapshot(): Record<string, string> {
    const names = readdirSync(this.path, { recursive: true, encoding: 'utf8' }).sort();
    return Object.fromEntries(
      names.map(name => {
        const stat = statSync(this.file(name), { throwIfNoEntry: false });
        return [
          name,
          stat?.isFile()
            ? `${stat.mtimeMs} ${createHash('sha256').update(this.read(name)).digest('hex')}`
            : 'folder',
        ];
      }),
    );
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The objects of `--json`. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);
}

/**
 * A text with some structure, the same every time: `n` characters of lower-case words, lines and
 * full stops.
 */
export function corpus(n: number): string {
  const words = [
    'the',
    'cat',
    'sat',
    'on',
    'a',
    'mat',
    'and',
    'saw',
    'another',
    'cat',
    'which',
    'ran',
    'away',
  ];
  let text = '';
  for (let i = 0, x = 1; text.length < n; i++) {
    x = (x * 16807) % 2147483647;
    text += words[x % words.length]! + (i % 11 === 10 ? '.\n' : ' ');
  }
  return text.slice(0, n);
}

/** Flags of a model that trains in no time. */
export const TINY = [
  '--hidden',
  '8',
  '--embedding',
  '4',
  '--layers',
  '1',
  '--batch',
  '4',
  '--bptt',
  '32',
];
