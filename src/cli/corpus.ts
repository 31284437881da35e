/** Text files as ids to train on and to measure by. */
import { readTextBytes } from '../node/files.js';
import { split as splitIds } from '../text/batch.js';
import { decodeUtf8, type Level } from '../text/tokenize.js';
import { Vocab } from '../text/vocab.js';
import { Refusal, refusing } from './errors.js';
import { count, plural, UNITS } from './format.js';

/** A file's text; bytes as they are at byte level. */
async function readUnits(path: string, level: Level): Promise<string | Uint8Array> {
  return refusing(null, async () => {
    const bytes = await readTextBytes(path, 'the text');
    const text = level === 'byte' ? bytes : decodeUtf8(bytes, path);
    if (text.length === 0) throw new Refusal(`${path} is empty; name a file with something in it`);
    return text;
  });
}

/**
 * The ids of a text. Units outside the vocabulary become its unknown id; where it has none they are
 * left out.
 */
function encode(vocab: Vocab, text: string | Uint8Array): { ids: Int32Array; unknown: number } {
  return vocab.encodeCounting(text, {
    unknown: vocab.unknown < 0 && vocab.level !== 'byte' ? 'skip' : 'map',
  });
}

/** A text to measure by, at least two units of it. */
export async function readHeldOut(
  path: string,
  vocab: Vocab,
): Promise<{ ids: Int32Array; unknown: number }> {
  const read = encode(vocab, await readUnits(path, vocab.level));
  if (read.ids.length < 2) {
    throw new Refusal(
      `${path}: has ${plural(read.ids.length, UNITS[vocab.level])} of the vocabulary, at least ` +
        '2 are needed: each is predicted from the ones before',
    );
  }
  return read;
}

export interface CorpusOptions {
  input: string;
  /** A text of its own to validate on. */
  valid: string | null;
  /** Without one: the share of `input` that is trained on; 1: no validation. */
  split: number | null;
  level: Level;
  /** Default: all units of `input`. */
  vocab?: Vocab | undefined;
  bptt: number;
  batch: number;
}

export interface Corpus {
  vocab: Vocab;
  train: Int32Array;
  valid: Int32Array | null;
  /** Units outside the vocabulary. */
  unknown: number;
  /** Whether these are left out; else the unknown id stands for them. */
  skipped: boolean;
}

export async function readCorpus({
  input,
  valid,
  split,
  level,
  vocab: given,
  bptt,
  batch,
}: CorpusOptions): Promise<Corpus> {
  const text = await readUnits(input, level);
  const vocab = given ?? Vocab.fromText(text, { level });
  const { ids: all, unknown: outside } = await refusing(input, () => encode(vocab, text));
  const skipped = vocab.unknown < 0;
  const [train, rest] = splitIds(all, split ?? 1);
  const window = (bptt + 1) * batch;
  if (train.length < window) {
    const part =
      train.length < all.length
        ? `${count(train.length)} of its ${plural(all.length, UNITS[level])} are`
        : `its ${plural(all.length, UNITS[level])} are`;
    throw new Refusal(
      `${input}: ${part} for training, one window of ${bptt} + 1 steps in ${batch} rows takes ` +
        `${count(window)}; use a longer text, or a smaller --bptt or --batch`,
    );
  }
  if (valid !== null) {
    const { ids, unknown } = await readHeldOut(valid, vocab);
    return { vocab, train, valid: ids, unknown: outside + unknown, skipped };
  }
  if (rest.length === 1)
    throw new Refusal(
      `${input}: --split ${split} leaves 1 ${UNITS[level]} to validate on, at least 2 are ` +
        'needed; use a longer text, or --split 1 for no validation',
    );
  return { vocab, train, valid: rest.length > 0 ? rest : null, unknown: outside, skipped };
}
