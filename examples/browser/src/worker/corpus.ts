/** From a text to ids to train on and to measure by. */
import { text } from 'throughtime';
import { count } from '../format.js';
import type { Source } from '../messages.js';

/** Shorter texts teach nothing. */
export const FEWEST = 500;
/** Rarer characters of a text with more than this many share one id. */
const VOCABULARY = 1024;
/**
 * Of the text, at its end, held out to measure by; never more characters than `HELD_OUT`, for they
 * take time.
 */
const SHARE = 0.05;
const HELD_OUT = 4096;

export interface Corpus {
  vocab: text.Vocab;
  train: Int32Array;
  valid: Int32Array;
}

/** Reads all of it, telling how far it is. */
export async function readText(
  { name, text: content }: Source,
  told: (share: number) => void,
): Promise<string> {
  if (typeof content === 'string') return content;
  const bytes = new Uint8Array(content.size);
  let length = 0;
  const reader = content.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes.set(part.value, length);
    told((length += part.value.length) / bytes.length);
  }
  try {
    return text.decodeUtf8(bytes, name);
  } catch {
    throw new RangeError(`“${name}” is not UTF-8 text; save it as UTF-8 and choose it again.`);
  }
}

/** @param given the vocabulary of a model that already has one */
export function corpusOf(name: string, content: string, given?: text.Vocab): Corpus {
  if (content.length < FEWEST) {
    throw new RangeError(
      `${content.length === 0 ? 'There is no text' : `“${name}” has ${count(content.length)} characters`}; at least ${FEWEST} are needed to learn from.`,
    );
  }
  const vocab = given ?? text.Vocab.fromText(content, { level: 'char', maxSize: VOCABULARY });
  const ids = vocab.encode(content, { unknown: vocab.unknown < 0 ? 'skip' : 'map' });
  const held = Math.min(HELD_OUT, Math.floor(SHARE * ids.length));
  const [train, valid] = text.split(ids, 1 - held / ids.length);
  return { vocab, train, valid };
}
