/** Lines of text files, with their numbers and their ends. */
import { asBytes, type Bytes } from './bytes.js';

/** Options of readers that go line by line. */
export interface ReadOptions {
  /** What the file is called in errors. Default: the format's name. */
  name?: string;
  /**
   * Called with each fault, in place of throwing the first one. What has the fault is then left
   * out, and the rest is read.
   */
  onFault?: (fault: RangeError) => void;
}

/** Says that a line is wrong: throws, or hands the fault to whoever takes it. */
export type Complain = (line: number, message: string) => void;

/** The function that says what is wrong with a line of a file. */
export function complainer({ name, onFault }: ReadOptions, format: string): Complain {
  return (line, message) => {
    const fault = new RangeError(`${name ?? format}: line ${line}: ${message}`);
    if (onFault === undefined) throw fault;
    onFault(fault);
  };
}

/**
 * The text of UTF-8 bytes, with its byte order mark where there is one; a text as it is.
 *
 * @throws RangeError with the line that is not UTF-8
 */
export function textOf(given: string | Bytes, who: string): string {
  if (typeof given === 'string') return given;
  const bytes = asBytes(given, who);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    // a line end is never a part of another character
    let line = 1;
    for (let at = 0; at < bytes.length; line++) {
      const end = bytes.indexOf(0x0a, at);
      const stop = end < 0 ? bytes.length : end + 1;
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at, stop));
      } catch {
        throw new RangeError(`${who}: line ${line} is not UTF-8; convert the file`, { cause });
      }
      at = stop;
    }
    throw cause; // too long for one string
  }
}

/** The lines of a text, each with its end: LF, CR LF, or none behind the last. */
export function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end < 0 ? text.length : end + 1;
    lines.push(text.slice(at, stop));
    at = stop;
  }
  return lines;
}

/** The end of a line as `linesOf` gives it. */
export function endOf(line: string): string {
  return line.endsWith('\r\n') ? '\r\n' : line.endsWith('\n') ? '\n' : '';
}

/** A line without its end, nor a byte order mark where it is the first. */
export function bareLine(line: string, first: boolean): string {
  const bare = line.slice(
    first && line.startsWith('\ufeff') ? 1 : 0,
    line.length - endOf(line).length,
  );
  // the last line of a file of CR LF that was cut off
  return bare.endsWith('\r') ? bare.slice(0, -1) : bare;
}

/** How text stands in an error: in quotes, and not all of a long one. */
export function quote(text: string): string {
  const signs = [...text];
  return JSON.stringify(signs.length > 40 ? `${signs.slice(0, 40).join('')}…` : text);
}
