/** A text as lines of words: lower case, without punctuation. */

/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
const WORD = /[\p{L}\p{M}\p{N}]+(?:[’'][\p{L}\p{M}]+)*/gu;

/** One line a sentence or paragraph of the text, words with spaces between them. */
export function linesOfWords(text: string): string {
  const start = text.slice(0, 10_000);
  const unspaced = (start.match(UNSPACED)?.length ?? 0) > start.length / 10;
  const segmenter = unspaced ? new Intl.Segmenter(undefined, { granularity: 'word' }) : null;
  return text
    .toLowerCase()
    .split(/\r\n|\r|\n/)
    .map(line =>
      segmenter
        ? [...segmenter.segment(line)].flatMap(({ segment, isWordLike }) => isWordLike ? [segment] : []).join(' ') // biome-ignore format: one line
        : (line.match(WORD) ?? []).join(' '),
    )
    .filter(line => line !== '')
    .join('\n');
}

/** A word as a user types it, as the text has it. */
export const asWord = (typed: string): string => typed.trim().toLowerCase();
