/** Texts as ids to train on and to measure by, in memory where they fit, else in a file. */
import { createWriteStream, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { temporaryName } from '../node/files.js';
import { type IdFile, openIds, writeIds } from '../node/ids.js';
import { type TextFile, textFiles, textPieces } from '../node/text.js';
import { type IdSource, split as splitIds } from '../text/batch.js';
import type { VocabJSON } from '../text/count.js';
import { encodeUtf8, type Level } from '../text/tokenize.js';
import { type Encoder, Vocab, VocabBuilder } from '../text/vocab.js';
import type { Display } from './display.js';
import { Refusal, refusing } from './errors.js';
import { count, plural, UNITS } from './format.js';

/** Bytes of text from which on its ids are kept in a file. */
const LARGE = 64 * 2 ** 20;

/** Units held out by default at most: to measure more takes longer than to train. */
const HELD_OUT = 1_000_000;

/** Where the name `-` leads: standard input, in a temporary file, as it is read twice. */
async function spooled(paths: readonly string[]): Promise<{ paths: string[]; remove(): void }> {
  const file = temporaryName(tmpdir());
  let used = false;
  const own: string[] = [];
  for (const path of paths) {
    if (path === '-' && used) throw new Refusal('--input -: standard input is read once');
    if (path === '-') {
      used = true;
      await pipeline(process.stdin, createWriteStream(file));
    }
    own.push(path === '-' ? file : path);
  }
  return { paths: own, remove: () => used && rmSync(file, { force: true }) };
}

/** The pieces of files, with what was read of them shown. */
async function* shown(
  files: readonly TextFile[],
  display: Display,
  task: string,
): AsyncGenerator<string> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const began = performance.now();
  yield* textPieces(files, bytes => {
    const share = total > 0 ? Math.min(1, bytes / total) : 1;
    const eta = ((performance.now() - began) / 1000) * (1 / share - 1);
    display.reading(task, share, eta);
  });
}

/** The vocabulary of a text. */
async function vocabularyOf(
  pieces: AsyncIterable<string>,
  options: { level: Level; minCount: number | null; maxVocab: number | null },
): Promise<Vocab> {
  const { level, minCount, maxVocab } = options;
  const builder = new VocabBuilder({
    level,
    ...(minCount !== null && { minCount }),
    ...(maxVocab !== null && { maxSize: maxVocab }),
  });
  if (level !== 'byte') for await (const piece of pieces) builder.add(piece);
  return builder.vocab();
}

/**
 * An encoder of a vocabulary. Units outside it become its unknown id; where it has none they are
 * left out.
 */
function encoderOf(vocab: Vocab): Encoder {
  return vocab.encoder({ unknown: vocab.unknown < 0 && vocab.level !== 'byte' ? 'skip' : 'map' });
}

async function* encoded(
  encoder: Encoder,
  level: Level,
  pieces: AsyncIterable<string>,
): AsyncGenerator<Int32Array> {
  for await (const piece of pieces)
    yield encoder.push(level === 'byte' ? encodeUtf8(piece) : piece);
  yield encoder.end();
}

/** Ids and how many units were outside the vocabulary. */
interface Ids<Source extends Int32Array | IdSource = Int32Array | IdSource> {
  ids: Source;
  unknown: number;
}

async function inMemory(vocab: Vocab, pieces: AsyncIterable<string>): Promise<Ids<Int32Array>> {
  const encoder = encoderOf(vocab);
  const parts: Int32Array[] = [];
  let length = 0;
  for await (const part of encoded(encoder, vocab.level, pieces)) {
    parts.push(part);
    length += part.length;
  }
  const ids = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  return { ids, unknown: encoder.unknown };
}

/** A text to measure by, at least two units of it, and its length in characters. */
export async function readHeldOut(
  path: string,
  vocab: Vocab,
  display: Display,
): Promise<Ids<Int32Array> & { characters: number }> {
  let characters = 0;
  async function* counted(pieces: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const piece of pieces) {
      characters += lengthOf(piece);
      yield piece;
    }
  }
  const read = await refusing(null, async () => {
    const files = await textFiles([path]);
    return inMemory(vocab, counted(shown(files, display, 'reading')));
  });
  if (read.ids.length < 2) {
    const why = read.unknown === 0 && read.ids.length === 0 ? 'is empty: it ' : '';
    throw new Refusal(
      `${path}: ${why}has ${plural(read.ids.length, UNITS[vocab.level])} of the vocabulary, at ` +
        'least 2 are needed: each is predicted from the ones before',
    );
  }
  return { ...read, characters };
}

/** Code points: a character beyond U+FFFF has two halves, of which the second does not count. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) length--;
  return length;
}

/** The files to read, and the level that splits them into units. */
export interface CorpusOptions {
  /** Files, folders, `-`. */
  input: readonly string[];
  /** A text of its own to validate on. */
  valid: string | null;
  /** Without one: the share of `input` that is trained on; 1: no validation. */
  split: number | null;
  /** Whether `split` was asked for; else at most a million units are held out. */
  exactSplit: boolean;
  level: Level;
  minCount: number | null;
  maxVocab: number | null;
  /** Default: all units of `input`. */
  vocab?: Vocab | undefined;
  bptt: number;
  batch: number;
  /** Where the ids of a large text are kept. */
  idFile: string;
}

/** What a model is trained on. */
export interface Corpus {
  vocab: Vocab;
  train: Int32Array | IdSource;
  valid: Int32Array | IdSource | null;
  /** Units outside the vocabulary. */
  unknown: number;
  /** Whether these are left out; else the unknown id stands for them. */
  skipped: boolean;
  /** The file that holds the ids; null: they are in memory. */
  idFile: string | null;
  close(): void;
}

/** What the ids in a file are of. */
interface IdNote {
  files: TextFile[];
  level: Level;
  minCount: number | null;
  maxVocab: number | null;
  vocab: VocabJSON;
  unknown: number;
}

export async function readCorpus(options: CorpusOptions, display: Display): Promise<Corpus> {
  const { input, level, valid, split, exactSplit, bptt, batch } = options;
  const name = input.join(' ');
  const spool = await spooled(input);
  let file: IdFile | null = null;
  try {
    const files = await refusing(null, () => textFiles(spool.paths));
    const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes === 0) throw new Refusal(`${name} is empty; name a file with something in it`);
    const large = bytes >= LARGE;
    if (large) file = openIds(options.idFile);
    if (file && !fits(file.note, files, options)) {
      file.close();
      file = null;
    }
    let vocab = options.vocab;
    let all: Ids;
    if (file) {
      const note = file.note as IdNote;
      vocab ??= Vocab.fromJSON(note.vocab);
      all = { ids: file, unknown: note.unknown };
      display.note('reading', `${options.idFile} holds the text as ids already`);
    } else {
      vocab ??= await refusing(null, () =>
        vocabularyOf(shown(files, display, 'counting'), options),
      );
      const own = vocab;
      all = large
        ? await refusing(null, () => toFile(own, files, options, display))
        : await refusing(null, () => inMemory(own, shown(files, display, 'reading')));
      if (large) file = all.ids as IdFile;
    }
    return {
      ...(await cut(all, vocab, { name, valid, split, exactSplit, bptt, batch, level }, display)),
      idFile: large ? options.idFile : null,
      close: () => file?.close(),
    };
  } catch (error) {
    file?.close();
    throw error;
  } finally {
    spool.remove();
  }
}

/** All of a text as words, none held out: what word vectors and counts are made of. */
export function readWords(
  options: Pick<CorpusOptions, 'input' | 'minCount' | 'maxVocab' | 'idFile'>,
  display: Display,
): Promise<Corpus> {
  return readCorpus(
    { ...options, valid: null, split: null, exactSplit: true, level: 'word', bptt: 1, batch: 1 },
    display,
  );
}

function fits(note: unknown, files: TextFile[], options: CorpusOptions): boolean {
  const { level, minCount, maxVocab, vocab } = options;
  const own = note as IdNote;
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  return (
    same([own?.files, own?.level], [files, level]) &&
    (vocab ? same(own.vocab, vocab) : same([own.minCount, own.maxVocab], [minCount, maxVocab]))
  );
}

async function toFile(
  vocab: Vocab,
  files: TextFile[],
  { idFile, level, minCount, maxVocab }: CorpusOptions,
  display: Display,
): Promise<Ids<IdFile>> {
  const encoder = encoderOf(vocab);
  const pieces = shown(files, display, 'encoding');
  await writeIds(idFile, encoded(encoder, level, pieces), {
    size: vocab.size,
    note: (): IdNote => ({
      files,
      level,
      minCount,
      maxVocab,
      vocab: vocab.toJSON(),
      unknown: encoder.unknown,
    }),
  });
  const ids = openIds(idFile);
  if (ids === null) throw new Error(`${idFile} cannot be read back; check the disk`);
  display.note(
    'reading',
    `${basename(idFile)} holds the text as ids from now on, for other runs too; delete it freely`,
  );
  return { ids, unknown: encoder.unknown };
}

/** The part to train on and the part to validate on. */
async function cut(
  { ids: all, unknown: outside }: Ids,
  vocab: Vocab,
  {
    name,
    valid,
    split,
    exactSplit,
    bptt,
    batch,
    level,
  }: Pick<CorpusOptions, 'valid' | 'split' | 'exactSplit' | 'bptt' | 'batch' | 'level'> & {
    name: string;
  },
  display: Display,
): Promise<Omit<Corpus, 'idFile' | 'close'>> {
  const skipped = vocab.unknown < 0;
  let share = split ?? 1;
  if (!exactSplit) share = Math.max(share, 1 - HELD_OUT / Math.max(1, all.length));
  const [train, rest] = splitIds(all, share);
  const window = (bptt + 1) * batch;
  if (train.length < window) {
    const part =
      train.length < all.length
        ? `${count(train.length)} of its ${plural(all.length, UNITS[level])} are`
        : `its ${plural(all.length, UNITS[level])} are`;
    throw new Refusal(
      `${name}: ${part} for training, one window of ${bptt} + 1 steps in ${batch} rows takes ` +
        `${count(window)}; use a longer text, or a smaller --bptt or --batch`,
    );
  }
  if (valid !== null) {
    const { ids, unknown } = await readHeldOut(valid, vocab, display);
    return { vocab, train, valid: ids, unknown: outside + unknown, skipped };
  }
  if (rest.length === 1)
    throw new Refusal(
      `${name}: --split ${split} leaves 1 ${UNITS[level]} to validate on, at least 2 are ` +
        'needed; use a longer text, or --split 1 for no validation',
    );
  return { vocab, train, valid: rest.length > 0 ? rest : null, unknown: outside, skipped };
}

/** book.safetensors → book.ids */
export function idFileOf(out: string): string {
  return out.replace(/(\.[^./\\]*)?$/, '.ids');
}
