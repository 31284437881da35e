/**
 * How a line of a kernel goes wrong: a sign flipped, a term or a factor dropped, a sum overwritten,
 * a statement or a tail left out. Addresses and the steps of loops stay as they are: the rules see
 * them blanked out.
 */

/** What a call of the name may become; $1 … are its arguments. */
const CALLS: Record<string, string[]> = {
  'f32x4.add': ['f32x4.sub($1, $2)', '$1', '$2'],
  'f64x2.add': ['f64x2.sub($1, $2)', '$1', '$2'],
  'i32x4.add': ['i32x4.sub($1, $2)', '$1'],
  'f32x4.sub': ['f32x4.add($1, $2)', '$1', 'f32x4.neg($2)'],
  'f32x4.mul': ['$1', '$2'],
  'f32x4.div': ['$1', 'f32x4.mul($1, $2)'],
  'f32x4.max': ['$1', '$2'],
  'f32x4.sqrt': ['$1'],
  'v128.and': ['$1'],
  addPromoted: ['$1', 'addPromoted(f64x2.splat(0), $2)'],
  madd: [
    'madd($1, f32x4.neg($2), $3)',
    '$3',
    'f32x4.mul($1, $2)',
    'f32x4.add($1, $3)',
    'f32x4.add($2, $3)',
  ],
  flush: ['$1'], // subnormal numbers stay
  carry: ['$1'],
};

/** An operand of * and /: a name, a number or a call, with one level of brackets within. */
const OPERAND = String.raw`(?:<\w+>)?(?:[\w.]*(?:<\w+>)?\((?:[^()]|\([^()]*\))*\)|[\w.]+)`;

const TEXT: [pattern: RegExp, becomes: string][] = [
  [/ \+ /g, ' - '],
  [/ - /g, ' + '],
  [/ \+= /g, ' -= '],
  [/ \+= /g, ' = '],
  [/ -= /g, ' += '],
  [/(?<=[(>:?] ?)-(?=[a-z])/g, ''],
  [new RegExp(` [*/] ${OPERAND}`, 'g'), ''],
  [new RegExp(String.raw`${OPERAND} \* `, 'g'), ''],
  [/(?<=store<f32>\((\w+), )load<f32>\(_+\) [+-] /g, ''], // written, not added to
];

/**
 * Conditions of a tail, on the line as it is. (A vector loop before a scalar one may be skipped
 * without harm: its elements fall to the scalar one.)
 */
const TAILS: [pattern: RegExp, becomes: string][] = [
  [/(?<=for \([^;]*; )(?:\w+ < (?!body)\w+|\w+ > 0|left >= 4)(?=;)/g, 'false'],
  [/(?<=if \()(?:left > 0|whole < n)(?=\))/g, 'false'],
];

/** The index of the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return text.length;
}

/** Arguments between the brackets at `open` and `close`. */
function split(text: string, open: number, close: number): [from: number, to: number][] {
  const parts: [number, number][] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open + 1; i <= close; i++) {
    const c = text[i];
    if (i === close || (c === ',' && depth === 0)) {
      parts.push([from, i]);
      from = i + 2;
    } else if (c === '(') depth++;
    else if (c === ')') depth--;
  }
  return parts;
}

const blank = (text: string, from: number, to: number) =>
  text.slice(0, from) + '_'.repeat(to - from) + text.slice(to);

/** `line` at its length, without comment, addresses and heads of loops. */
function masked(line: string): string {
  let text = line.replace(/\/\/.*$/, comment => ' '.repeat(comment.length));
  if (/^ *const (?:end|body)\b/.test(text)) return blank(text, 0, text.length);
  for (const { index, 0: call } of line.matchAll(/\b(?:load|store)\w*(?:<\w+>)?\(|\bfor \(/g)) {
    const open = index + call.length - 1;
    if (open >= text.trimEnd().length) continue;
    const close = closing(text, open);
    text = blank(text, open + 1, call === 'for (' ? close : split(text, open, close)[0]![1]);
  }
  return text;
}

/**
 * The line without its statement, where that is a call: `if (dw) v128.store(…);` becomes `if (dw)
 * {}`.
 */
function dropped(line: string, text: string): string[] {
  let from = line.length - line.trimStart().length;
  for (
    let head: RegExpExecArray | null;
    (head = /^(?:else |(?:if|for) \()/.exec(text.slice(from))) !== null;
  ) {
    from = head[0] === 'else ' ? from + 5 : closing(text, from + head[0].length - 1) + 2;
  }
  const rest = text.slice(from).trimEnd();
  return /^[\w.]+(?:<\w+>)?\(.*\);$/.test(rest)
    ? [line.slice(0, from) + '{}' + line.slice(from + rest.length)]
    : [];
}

/** Every way the rules break `line`, each once. */
export function brokenLine(line: string): string[] {
  const text = masked(line);
  const results = dropped(line, text);
  const replace = (where: string, [pattern, becomes]: [RegExp, string]) => {
    for (const { index, 0: found } of where.matchAll(pattern))
      results.push(line.slice(0, index) + becomes + line.slice(index + found.length));
  };
  if (results.length === 0) for (const rule of TAILS) replace(line, rule);
  for (const [name, becomes] of Object.entries(CALLS)) {
    for (let at = text.indexOf(name + '('); at >= 0; at = text.indexOf(name + '(', at + 1)) {
      if (/[\w.]/.test(text[at - 1] ?? '')) continue;
      const open = at + name.length;
      const close = closing(text, open);
      const values = split(text, open, close).map(([from, to]) => line.slice(from, to));
      for (const form of becomes)
        results.push(
          line.slice(0, at) +
            form.replace(/\$(\d)/g, (_, n) => values[n - 1]!) +
            line.slice(close + 1),
        );
    }
  }
  for (const rule of TEXT) replace(text, rule);
  return [...new Set(results)].filter(result => result !== line);
}

/**
 * Of the lines that ops record: a call left out (its arguments evaluated), a gradient not wanted,
 * an address in place of another, an offset.
 */
const RECORDS: [pattern: RegExp, becomes: string][] = [
  [/(?:kernels\.\w+|\bbackward|\badd\w*)\((?!.*=>)/g, 'Array.of('],
  [/\w+(?:\.\w+)*\??\.wantGrad\(\)/g, '0'],
  [/\.gradPtr/g, '.ptr'],
  [
    /(\w+(?:\??\.\w+)*\.(?:ptr|gradPtr|wantGrad\(\))), (\w+(?:\??\.\w+)*\.(?:ptr|gradPtr|wantGrad\(\)))/g,
    '$2, $1',
  ],
  [/ \+ [^,;)?:]+/g, ''],
  [/ - /g, ' + '],
];

/** Every way RECORDS break `line`, each once. */
export function brokenCall(line: string): string[] {
  const results = RECORDS.flatMap(([pattern, becomes]) =>
    [...line.replace(/\/\/.*/, '').matchAll(pattern)].map(
      ({ index, 0: found }) =>
        line.slice(0, index) +
        found.replace(new RegExp(pattern.source), becomes) +
        line.slice(index + found.length),
    ),
  );
  return [...new Set(results)].filter(result => result !== line);
}
