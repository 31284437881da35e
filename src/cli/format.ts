/** Numbers and lines for people to read. */
import { stripVTControlCharacters } from 'node:util';

/** 1,003,854 */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** 842, 14.1k, 2.30M */
export function short(n: number): string {
  if (n < 1000) return n.toFixed(0);
  const [value, unit] = n < 999_950 ? [n / 1e3, 'k'] : [n / 1e6, 'M'];
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + unit;
}

/** 8s, 2m 41s, 3h 05m */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
}

/** 17.3 kB: powers of 1000. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  const power = Math.min(3, Math.floor(Math.log10(n) / 3));
  return `${(n / 1000 ** power).toFixed(1)} ${['kB', 'MB', 'GB'][power - 1]}`;
}

/** 3 characters, 1 character */
export function plural(n: number, noun: string, several = `${noun}s`): string {
  return `${count(n)} ${n === 1 ? noun : several}`;
}

/** What one token is called, by the vocabulary's level. */
export const UNITS = { byte: 'byte', char: 'character', word: 'word', custom: 'unit' } as const;

/**
 * Breaks a text between words into lines of at most `columns`, all but the first indented. A word
 * that is longer than a line stays in one piece.
 */
export function wrap(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const [spaced, word] of text.matchAll(/ *([^ ]+)/g)) {
    const longer = line + spaced;
    const fits = indent + stripVTControlCharacters(longer).length <= columns;
    if (line !== '' && !fits) lines.push(line);
    line = line === '' || fits ? longer : word!;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** Two columns: dim labels, and values that are wrapped to the width of the terminal. */
export function table(
  rows: readonly (readonly [label: string, value: string])[],
  { dim, columns }: { dim: (text: string) => string; columns: number },
): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows
    .map(([label, value]) => `${dim(label.padEnd(width))}${wrap(value, columns, width)}\n`)
    .join('');
}
