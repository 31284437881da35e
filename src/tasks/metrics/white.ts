/** White space as Python's `str.split` has it, which sacreBLEU cuts by. */

const WHITE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** What stands between white space. */
export function splitWhite(text: string): string[] {
  return text.split(WHITE).filter(token => token !== '');
}

/** The text without white space at its end. */
export function trimEndWhite(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
