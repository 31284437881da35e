/** Standard output, which a pipe's reader may close, and standard error. */
import pc from 'picocolors';

let closed = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  closed = true;
});

/** Writes to stdout; false once nobody reads it any more (`| head`), which is no error. */
export function print(text: string): boolean {
  if (!closed) process.stdout.write(text);
  return !closed;
}

/** One JSON object a line; numbers that are not finite are null. */
export function printJSON(object: object): void {
  print(`${JSON.stringify(object)}\n`);
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
  process.stderr.write(`${red('error:')} ${message}\n`);
}
