/** SVG text: elements, escaping, and the width of text that nobody has laid out yet. */

/** Characters that XML 1.0 does not allow, also half a surrogate pair. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as it stands in XML; what XML cannot hold becomes U+FFFD. */
export const escaped = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, character => ENTITIES[character]!);

/** A number with at most two decimals, for coordinates. */
export const fixed = (value: number): string => String(Math.round(value * 100) / 100);

/** `<name a="1">…</name>`; attributes that are undefined are left out, `content` is SVG. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = '',
): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? fixed(value) : escaped(value!)}"`) // biome-ignore format: one line
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

/** Widths of characters, as shares of the font's size: between Arial's and Segoe UI's. */
const NARROW = /[iljtfrI.,:;'|!()[\]{} -]/;
const BROAD = /[mwMW@%&]/;
const CAPITAL = /[\p{Lu}\d]/u;
/** East Asian characters and emoji are as wide as they are high. */
const SQUARE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f000}-\u{3fffd}]/u;

/** About how wide a text is in a sans-serif font of `size`. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) {
    if (SQUARE.test(character)) width += 1;
    else if (NARROW.test(character)) width += 0.34;
    else if (BROAD.test(character)) width += 0.88;
    else if (CAPITAL.test(character)) width += 0.64;
    else width += 0.55;
  }
  return width * size;
}
