/** Standard output, which a pipe's reader may close, and standard error. */
import pc from 'picocolors';
import { table } from './format.js';

/** What a stream could not take; nothing more is written to it. */
const failed = new Map<NodeJS.WriteStream, NodeJS.ErrnoException>();
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => failed.set(stream, error));

/** Writes to a stream; false once it takes nothing more. No work ends for that. */
function write(stream: NodeJS.WriteStream, text: string): boolean {
  if (failed.has(stream)) return false;
  stream.write(text);
  return true;
}

/**
 * Writes to stdout. Returns false once stdout takes nothing more: its reader has left (`| head`),
 * or a disk is full.
 */
export function print(text: string): boolean {
  return write(process.stdout, text);
}

/** Writes to stderr. */
export function tell(text: string): void {
  write(process.stderr, text);
}

/** Why stdout took nothing more, where that is an error: a reader that leaves is none. */
export function printError(): NodeJS.ErrnoException | null {
  const error = failed.get(process.stdout);
  return error && error.code !== 'EPIPE' ? error : null;
}

/** One JSON object a line; numbers that are not finite are null. */
export function printJSON(object: object): void {
  print(`${JSON.stringify(object)}\n`);
}

/** Columns of a terminal; ∞ where the stream leads elsewhere. */
export function columnsOf(stream: { isTTY?: boolean; columns?: number }): number {
  return (stream.isTTY && stream.columns) || Infinity;
}

/** Writes labels and values to stdout in two columns. */
export function printTable(rows: readonly (readonly [label: string, value: string])[]): void {
  const { stdout } = process;
  print(table(rows, { dim: colours(stdout).dim, columns: columnsOf(stdout) }));
}

/** Colours for one stream: plain where it is no terminal. */
export function colours(stream: { isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  return pc.createColors(
    stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
  );
}

/** The one sentence of an error. */
export function complain(message: string): void {
  const { red } = colours(process.stderr);
  tell(`${red('error:')} ${message}\n`);
}
