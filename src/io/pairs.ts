/**
 * Files of examples that stand in lines: pairs of texts, pronunciations, labelled texts. Blank
 * lines are passed over; line ends are LF or CR LF.
 */
import type { Bytes } from './bytes.js';
import { bareLine, complainer, linesOf, quote, type ReadOptions, textOf } from './lines.js';

/** A text and what it becomes. */
export interface Pair {
  /** The text that is read. */
  source: string;
  /** The text that is to be written. */
  target: string;
  /** Its line in the file, from 1. */
  line: number;
}

/** A word and one of its pronunciations. */
export interface Pronunciation {
  /** The word, without the number of a variant. */
  word: string;
  /** Its phonemes. */
  phonemes: string[];
  /** Its line in the file, from 1. */
  line: number;
}

/** A text of a class. */
export interface Labelled {
  /** The name of the class. */
  label: string;
  /** The text. */
  text: string;
  /** Its line in the file, from 1. */
  line: number;
}

/** Visits the lines that are not blank. */
function each(text: string, visit: (content: string, line: number) => void): void {
  linesOf(text).forEach((line, i) => {
    const content = bareLine(line, i === 0);
    if (content.trim() !== '') visit(content, i + 1);
  });
}

/**
 * Reads pairs: `source TAB target`.
 *
 * @param given UTF-8 bytes, or their text
 * @param options what the file is called, and what becomes of faults
 * @returns the pairs, in the order of the file
 * @throws RangeError with the line of the first fault, unless `onFault` takes them: other than two
 *   columns, or an empty one
 */
export function readPairs(given: string | Bytes, options: ReadOptions = {}): Pair[] {
  const complain = complainer(options, 'pairs');
  const pairs: Pair[] = [];
  each(textOf(given, 'readPairs'), (content, line) => {
    const fields = content.split('\t');
    const [source, target] = fields.map(field => field.trim()) as [string, string];
    if (fields.length !== 2)
      complain(line, `${fields.length} columns, expected 2: source, tab, target`);
    else if (source === '') complain(line, `no source before the target ${quote(target)}`);
    else if (target === '') complain(line, `no target behind the source ${quote(source)}`);
    else pairs.push({ source, target, line });
  });
  return pairs;
}

/**
 * Reads pairs from two files, whose lines belong together. Lines that are blank in both are passed
 * over.
 *
 * @param sources UTF-8 bytes or text of the sources, one a line
 * @param targets UTF-8 bytes or text of the targets, one a line
 * @param options names: what the two files are called in errors; what becomes of faults
 * @returns the pairs, in the order of the files
 * @throws RangeError where one file has more lines than the other: nobody knows then which lines
 *   belong together, so that no pair is safe, and `onFault` is not asked; with the line of the
 *   first that is blank in one file alone, unless `onFault` takes them
 */
export function readParallel(
  sources: string | Bytes,
  targets: string | Bytes,
  {
    names = ['sources', 'targets'],
    onFault,
  }: {
    /** What the files are called in errors. */
    names?: readonly [sources: string, targets: string];
    /** Called with each fault, in place of throwing the first one. */
    onFault?: (fault: RangeError) => void;
  } = {},
): Pair[] {
  const [from, to] = [sources, targets].map(given =>
    linesOf(textOf(given, 'readParallel')).map((line, i) => bareLine(line, i === 0).trim()),
  ) as [string[], string[]];
  // blank lines at the end of one file are nobody's counterpart
  for (const lines of [from, to]) while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  if (from.length !== to.length) {
    const [longer, name] = from.length > to.length ? [from, names[0]] : [to, names[1]];
    const first = Math.min(from.length, to.length);
    throw new RangeError(
      `readParallel: ${names[0]} has ${from.length} lines, ${names[1]} ${to.length}; line ` +
        `${first + 1} of ${name}, ${quote(longer[first]!)}, is the first without a counterpart` +
        firstBlank(from, to, names),
    );
  }
  const pairs: Pair[] = [];
  from.forEach((source, i) => {
    const target = to[i]!;
    if (source === '' && target === '') return;
    if (source !== '' && target !== '') return void pairs.push({ source, target, line: i + 1 });
    const [empty, full] = source === '' ? names : [names[1], names[0]];
    const fault = new RangeError(
      `readParallel: line ${i + 1} of ${empty} is empty, that of ${full} is ${quote(source + target)}`,
    );
    if (onFault === undefined) throw fault;
    onFault(fault);
  });
  return pairs;
}

/** Where the two files may have lost each other. */
function firstBlank(
  from: readonly string[],
  to: readonly string[],
  names: readonly [string, string],
): string {
  const at = from.findIndex((line, i) => i < to.length && (line === '') !== (to[i] === ''));
  if (at < 0) return '';
  return `; line ${at + 1} is empty in ${from[at] === '' ? names[0] : names[1]} alone`;
}

/**
 * Reads pronunciations as CMUdict has them: `WORD  PH PH`, variants as `WORD(2)` or as a repeated
 * word, comments behind ` # ` or on lines that begin with `;;;`.
 *
 * @param given UTF-8 bytes, or their text
 * @param options what the file is called, and what becomes of faults
 * @returns the pronunciations, in the order of the file
 * @throws RangeError with the line of the first word without phonemes, unless `onFault` takes them
 */
export function readPronunciations(
  given: string | Bytes,
  options: ReadOptions = {},
): Pronunciation[] {
  const complain = complainer(options, 'pronunciations');
  const all: Pronunciation[] = [];
  each(textOf(given, 'readPronunciations'), (content, line) => {
    if (content.startsWith(';;;')) return;
    const [first, ...phonemes] = content.replace(/\s#(\s.*)?$/, '').trim().split(/\s+/); // biome-ignore format: one chain
    const word = first!.replace(/(.)\(\d+\)$/, '$1');
    if (phonemes.length === 0) complain(line, `${quote(word)} has no phonemes behind it`);
    else all.push({ word, phonemes, line });
  });
  return all;
}

/**
 * Reads texts of classes: `label TAB text`. Where the first line has no tab, `label text`: the
 * label is then all before the first space.
 *
 * @param given UTF-8 bytes, or their text
 * @param options what the file is called, and what becomes of faults
 * @returns the texts, in the order of the file
 * @throws RangeError with the line of the first fault, unless `onFault` takes them: no label, no
 *   text, or no tab where the first line has one
 */
export function readLabelled(given: string | Bytes, options: ReadOptions = {}): Labelled[] {
  const complain = complainer(options, 'labelled');
  const all: Labelled[] = [];
  let separator = '';
  each(textOf(given, 'readLabelled'), (content, line) => {
    separator ||= content.includes('\t') ? '\t' : ' ';
    const at = content.indexOf(separator);
    const label = content.slice(0, Math.max(0, at)).trim();
    const text = content.slice(at + 1).trim();
    if (at < 0)
      complain(line, `${quote(content)} has no ${separator === ' ' ? 'space' : 'tab'} behind a label`); // biome-ignore format: one sentence
    else if (label === '') complain(line, `no label before ${quote(text)}`);
    else if (text === '') complain(line, `no text behind the label ${quote(label)}`);
    else all.push({ label, text, line });
  });
  return all;
}
