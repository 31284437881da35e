/** A text with the statistics of language, the same every time. */

/**
 * `n` sentences of words w0, w1, …: a few are frequent, most are rare, and each likes to follow some
 * others.
 */
export function sentences(n: number, words = 20_000): string {
  let x = 12345;
  const random = (): number => {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    return x / 2 ** 31;
  };
  const lines: string[] = [];
  for (let i = 0; i < n; i++) {
    const line: string[] = [];
    let last = 0;
    for (let length = 2 + Math.floor(random() * 10); length > 0; length--) {
      const rare = Math.floor(words ** random()) - 1;
      last = random() < 0.5 ? (last * 7 + Math.floor(60 ** random())) % words : rare;
      line.push(`w${last}`);
    }
    lines.push(line.join(' '));
  }
  return `${lines.join('\n')}\n`;
}
