/**
 * CoNLL-U (universaldependencies.org/format.html) and CoNLL's columns: words with their tags, a
 * word a line, sentences between blank lines. What is read and written again has the same bytes,
 * but for the fields of words that were changed.
 */
import type { Bytes } from './bytes.js';
import {
  bareLine,
  type Complain,
  complainer,
  linesOf,
  quote,
  type ReadOptions,
  textOf,
} from './lines.js';

/** A syntactic word of CoNLL-U: one row of ten columns. `_` stands for nothing. */
export interface ConlluWord {
  /** Its line in the sentence's `lines`. */
  row: number;
  /** Number of the word in its sentence, from 1. */
  id: number;
  /** The word as it stands in the text. */
  form: string;
  /** Its base form. */
  lemma: string;
  /** Universal part of speech. */
  upos: string;
  /** Part of speech of the language's own set. */
  xpos: string;
  /** Morphological features. */
  feats: string;
  /** Number of the word it depends on; 0: none. */
  head: string;
  /** Relation to its head. */
  deprel: string;
  /** Enhanced dependencies. */
  deps: string;
  /** Anything else. */
  misc: string;
}

/** A sentence of CoNLL-U. */
export interface ConlluSentence {
  /** Number of its first line in the file, from 1. */
  line: number;
  /**
   * All its lines with their ends: comments, words, multi-word tokens, empty nodes, and the blank
   * line behind them.
   */
  lines: string[];
  /** Its words: not the multi-word tokens, which cover several of them, nor empty nodes. */
  words: ConlluWord[];
  /** True where the sentence has a fault; it then has no words, and is written as it was read. */
  broken: boolean;
}

/** A word of CoNLL's columns. */
export interface ConllWord {
  /** Its line in the sentence's `lines`. */
  row: number;
  /** What stands in its columns. A field that is added becomes a new last column. */
  fields: string[];
}

/** A sentence of CoNLL's columns. */
export interface ConllSentence {
  /** Number of its first line in the file, from 1. */
  line: number;
  /** All its lines with their ends, and the blank line behind them. */
  lines: string[];
  /** Its words. */
  words: ConllWord[];
  /** True where the sentence has a fault; it then has no words, and is written as it was read. */
  broken: boolean;
}

/** Lines of one sentence, with the number of the first. */
interface Block {
  line: number;
  lines: string[];
}

/** Cuts lines behind blank ones; blank lines at the start belong to the first sentence. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let ended = true;
  let block: Block = { line: 1, lines: [] };
  linesOf(text).forEach((line, i) => {
    const blank = isBlankLine(bareLine(line, i === 0));
    if (ended && !blank) {
      if (blocks.length > 0) block = { line: i + 1, lines: [] };
      blocks.push(block);
    }
    block.lines.push(line);
    ended = blank;
  });
  if (blocks.length === 0 && block.lines.length > 0) blocks.push(block);
  return blocks;
}

const isBlankLine = (line: string): boolean => /^[ \t\r]*$/.test(line);

const COLUMNS = 'ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC'.split(' ');
/** Columns that may have spaces in them: FORM, LEMMA and MISC. */
const SPACED = [1, 2, 9];

/**
 * Reads CoNLL-U.
 *
 *     const sentences = io.readConllu(bytes, { onFault: fault => console.warn(fault.message) });
 *     for (const { words } of sentences) console.log(words.map(({ form }) => form));
 *
 * @param given UTF-8 bytes, or their text
 * @param options what the file is called, and what becomes of faults
 * @returns all sentences; those with a fault are `broken`
 * @throws RangeError with the line of the first fault, unless `onFault` takes them: other than ten
 *   columns, an empty one, white space where none may be; numbers that are none, or not in order;
 *   multi-word tokens that overlap, or cover words that are not there; empty nodes out of order;
 *   heads that are not in the sentence; a comment among the words; a sentence without words
 */
export function readConllu(given: string | Bytes, options: ReadOptions = {}): ConlluSentence[] {
  const complain = complainer(options, 'conllu');
  return blocksOf(textOf(given, 'readConllu')).flatMap((block): ConlluSentence[] => {
    if (isBlank(block)) return [{ ...block, words: [], broken: false }];
    let broken = false;
    const words = wordsOf(block, (line, message) => {
      broken = true;
      complain(line, message);
    });
    return [{ ...block, words: broken ? [] : words, broken }];
  });
}

/** Is there nothing in it? So it is for a file of blank lines alone. */
const isBlank = ({ line, lines }: Block): boolean =>
  lines.every((each, i) => isBlankLine(bareLine(each, line + i === 1)));

/** The words of a sentence; every fault is told. */
function wordsOf({ line: start, lines }: Block, complain: Complain): ConlluWord[] {
  const words: ConlluWord[] = [];
  /** Lines of ranges and heads, to be compared with the number of words. */
  const ranges: { line: number; from: number; to: number }[] = [];
  let empties = 0;
  let rows = 0;
  for (const [row, raw] of lines.entries()) {
    const line = start + row;
    const bare = bareLine(raw, line === 1);
    if (bare === '') continue;
    if (isBlankLine(bare)) {
      complain(line, 'white space alone; leave the line between two sentences empty');
      continue;
    }
    if (bare.startsWith('#')) {
      if (rows > 0) complain(line, 'a comment among the words; comments stand before them');
      continue;
    }
    rows++;
    const fields = bare.split('\t');
    if (fields.length !== COLUMNS.length) {
      const hint = fields.length === 1 ? '; columns are separated by tabs' : '';
      complain(line, `${fields.length} columns, expected ${COLUMNS.length}${hint}`);
      return [];
    }
    const bad = fields.findIndex((field, i) => !isField(field, SPACED.includes(i)));
    if (bad >= 0)
      complain(line, `${COLUMNS[bad]} is ${quote(fields[bad]!)}${fields[bad] === '' ? ': nothing is written _' : ', which has white space'}`); // biome-ignore format: one sentence
    const id = fields[0]!;
    const [, from, sign, to] = /^(0|[1-9]\d*)(?:([-.])([1-9]\d*))?$/.exec(id) ?? [];
    const last = words.length;
    if (from === undefined) {
      complain(line, `ID is ${quote(id)}, expected a number such as 3, 3-4 or 3.1`);
      return [];
    }
    if (sign === '.') {
      if (Number(from) !== last || Number(to) !== empties + 1)
        complain(line, `empty node ${id}, expected ${last}.${empties + 1}`);
      empties++;
    } else if (sign === '-') {
      const range = { line, from: Number(from), to: Number(to) };
      if (range.from !== last + 1)
        complain(line, `the multi-word token ${id} does not stand before its first word`);
      else if (range.to <= range.from)
        complain(line, `the multi-word token ${id} ends before it begins, or covers one word`);
      else if (range.from <= (ranges.at(-1)?.to ?? 0))
        complain(line, `the multi-word token ${id} overlaps with the one before`);
      ranges.push(range);
    } else {
      if (Number(from) !== last + 1) complain(line, `word ${id}, expected ${last + 1}`);
      empties = 0;
      const [, form, lemma, upos, xpos, feats, head, deprel, deps, misc] = fields as [
        string, string, string, string, string, string, string, string, string, string,
      ]; // biome-ignore format: ten fields
      words.push({ row, id: last + 1, form, lemma, upos, xpos, feats, head, deprel, deps, misc });
    }
  }
  const N = words.length;
  for (const { line, to } of ranges)
    if (to > N) complain(line, `the multi-word token ends at word ${to} of ${N}`);
  for (const { row, id, head } of words) {
    if (head === '_') continue;
    if (!/^(0|[1-9]\d*)$/.test(head) || Number(head) > N || Number(head) === id)
      complain(start + row, `HEAD is ${quote(head)}, expected _, 0 or another of the ${N} words`);
  }
  if (N === 0 && rows === 0) complain(start, 'a sentence without words');
  return words;
}

/** Is it no empty text, and has it white space only where that may be? */
function isField(field: string, spaced: boolean): boolean {
  if (field === '') return false;
  return spaced ? !/^ | $|[\t\n]/.test(field) : !/[ \t\n]/.test(field);
}

/**
 * Writes CoNLL-U. Sentences as they were read have the bytes they had; of words whose fields were
 * changed the row is new.
 *
 * @returns the text of the file
 * @throws RangeError for a field that CoNLL-U cannot hold
 */
export function writeConllu(sentences: readonly ConlluSentence[]): string {
  return sentences
    .map(({ line, lines, words }) => {
      const all = lines.slice();
      for (const word of words) {
        const { row, id, form, lemma, upos, xpos, feats, head, deprel, deps, misc } = word;
        const fields = [`${id}`, form, lemma, upos, xpos, feats, head, deprel, deps, misc];
        const bad = fields.findIndex((field, i) => !isField(field, SPACED.includes(i)));
        if (bad >= 0)
          throw new RangeError(
            `writeConllu: line ${line + row}: ${COLUMNS[bad]} is ${quote(fields[bad]!)}, expected ` +
              'no white space and not nothing',
          );
        all[row] = replaced(all[row]!, fields.join('\t'));
      }
      return all.join('');
    })
    .join('');
}

/** The line with another content: its byte order mark and its end stay. */
function replaced(line: string, content: string): string {
  const ending = /\r?\n?$/.exec(line)![0];
  return (line.startsWith('\ufeff') ? '\ufeff' : '') + content + ending;
}

/** Without spaces at its ends; white space of other kinds is text. */
const stripped = (line: string): string => line.replace(/^ +| +$/g, '');

/** What separates the columns of a line: tabs where it has one, else spaces. */
const separatorOf = (line: string): RegExp => (line.includes('\t') ? /(\t)/ : /( +)/);

/**
 * Reads CoNLL's columns: a word a line, then its tags, with tabs or spaces between them, as in
 * CoNLL-2000, CoNLL-2003 and most sets of named entities. `-DOCSTART-` is a sentence as any other.
 *
 * @param given UTF-8 bytes, or their text
 * @param options what the file is called, and what becomes of faults
 * @returns all sentences; those with a fault are `broken`
 * @throws RangeError with the line of the first fault, unless `onFault` takes them: fewer than two
 *   columns, an empty one, or another number of them than the sentence's first word has
 */
export function readConll(given: string | Bytes, options: ReadOptions = {}): ConllSentence[] {
  const complain = complainer(options, 'conll');
  return blocksOf(textOf(given, 'readConll')).map(block => {
    const words: ConllWord[] = [];
    let broken = false;
    const fault = (line: number, message: string): void => {
      broken = true;
      complain(line, message);
    };
    for (const [row, raw] of block.lines.entries()) {
      const line = block.line + row;
      const bare = bareLine(raw, line === 1);
      if (isBlankLine(bare)) continue;
      const content = bare.includes('\t') ? bare : stripped(bare);
      const fields = content.split(separatorOf(content)).filter((_, i) => i % 2 === 0);
      const expected = words[0]?.fields.length ?? fields.length;
      if (fields.length < 2) fault(line, '1 column, expected a word and its tags');
      else if (fields.length !== expected)
        fault(line, `${fields.length} columns, expected ${expected} as in the word before`);
      else if (fields.includes('')) fault(line, `column ${fields.indexOf('') + 1} is empty`);
      words.push({ row, fields });
    }
    return { ...block, words: broken ? [] : words, broken };
  });
}

/**
 * Writes CoNLL's columns. Sentences as they were read have the bytes they had.
 *
 * @returns the text of the file
 * @throws RangeError for a field that is empty, or has white space
 */
export function writeConll(sentences: readonly ConllSentence[]): string {
  return sentences
    .map(({ line, lines, words }) => {
      const all = lines.slice();
      for (const { row, fields } of words) {
        const bare = bareLine(all[row]!, line + row === 1);
        const tabs = bare.includes('\t');
        const bad = fields.find(field => field === '' || (tabs ? /[\t\n]/ : /[ \t\n]/).test(field));
        if (bad !== undefined)
          throw new RangeError(
            `writeConll: line ${line + row}: a field is ${quote(bad)}, expected no white space ` +
              'and not nothing',
          );
        const content = tabs ? bare : stripped(bare);
        const pieces = content.split(separatorOf(content));
        fields.forEach((field, i) => {
          if (2 * i >= pieces.length) pieces.push(tabs ? '\t' : ' ');
          pieces[2 * i] = field;
        });
        const indent = /^ */.exec(bare)![0].length;
        const at = tabs ? 0 : indent;
        all[row] = replaced(
          all[row]!,
          bare.slice(0, at) + pieces.join('') + bare.slice(at + content.length),
        );
      }
      return all.join('');
    })
    .join('');
}
