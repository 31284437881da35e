/**
 * One module for many mutants: every broken line becomes a choice by the global `mutant`, so that a
 * file is compiled once.
 *
 *   const d = a + b;       const d = mutant == 7 ? a - b : mutant == 8 ? a : a + b;
 *   store(p, d);           if (mutant == 9) { } else { store(p, d); }
 */
import { type Mutant, sources } from './mutants.js';

const withoutComment = (line: string): string => line.replace(/ *\/\/.*$/, '');

/**
 * `before` with its alternatives (number, text), or nothing where a choice cannot be written in one
 * line.
 */
function choice(
  before: string,
  alternatives: [number: number, after: string][],
  next: string,
): string | undefined {
  const [, head, value] = /^((?:const|let) \w+(?:: \w+)? = |return )(.*);$/.exec(before) ?? [];
  if (head !== undefined && value !== undefined) {
    if (/, \w+ = /.test(value)) return undefined;
    return (
      head +
      alternatives
        .map(([n, after]) => `mutant == ${n} ? ${after.slice(head.length, -1)} : `)
        .join('') +
      value +
      ';'
    );
  }
  if (/^(?:const|let|else|return)\b|^\}|\{$/.test(before) || /^\s*else\b/.test(next))
    return undefined;
  return (
    alternatives.map(([n, after]) => `if (mutant == ${n}) { ${after} } else `).join('') +
    `{ ${before} }`
  );
}

/** Names a mutant among those of its file. */
export const key = ({ line, after }: Mutant): string => `${line} ${after}`;

/**
 * The sources with all of `mutants` (of one file) in place, and their numbers by key; what has none
 * needs a module of its own.
 */
export function switched(mutants: Mutant[]): {
  files: Map<string, string>;
  numbers: Map<string, number>;
} {
  const files = new Map(sources);
  const numbers = new Map<string, number>();
  const file = mutants[0]!.file;
  const lines = sources.get(file)!.split('\n');
  for (const at of new Set(mutants.map(m => m.line))) {
    const own = mutants.filter(m => m.line === at);
    const first = numbers.size + 1;
    const text = choice(
      withoutComment(lines[at - 1]!.trim()),
      own.map((m, n) => [first + n, withoutComment(m.after)]),
      lines[at]!,
    );
    if (text === undefined) continue;
    lines[at - 1] = text;
    own.forEach((m, n) => numbers.set(key(m), first + n));
  }
  files.set('assembly/switch.ts', 'export let mutant: i32 = 0;\n');
  files.set(
    'assembly/index.ts',
    sources.get('assembly/index.ts')! + "export { mutant } from './switch';\n",
  );
  files.set(
    file,
    'import { mutant } from ' +
      `'${file.startsWith('assembly/core/') ? '../' : './'}switch';\n${lines.join('\n')}`,
  );
  return { files, numbers };
}
