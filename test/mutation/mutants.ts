/** Which functions are broken, and by whose tests each is judged. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EQUIVALENT } from './equivalent.js';
import { broken } from './rules.js';

export interface Mutant {
  /** Below assembly/. */
  readonly file: string;
  readonly line: number;
  readonly within: string;
  readonly before: string;
  readonly after: string;
  /** Stems whose kernel tests must notice. */
  readonly judges: string[];
}

/** Kernels that compute gradients or apply them; what they call in turn is broken with them. */
const ROOTS = /_backward$|_step$|_add$|^add_to$|^axpy$|^column_sums$/;

/** The matrix product, the functions and the random bits are shared with the forward: they have tests of their own, to the last bit or in ULP. */
const APART = /^(?:gemm|core\/(?:gemv|tile|pack|math|random))\.ts$/;

interface Function {
  readonly file: string;
  readonly name: string;
  readonly exported: boolean;
  /** Index of the first line of the body, and of the bracket after it. */
  readonly from: number;
  readonly to: number;
}

const root = new URL('../../../assembly/', import.meta.url);

/** Text of each file of assembly/. */
export const sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .sort()
    .map(file => [file, readFileSync(new URL(file, root), 'utf8')]),
);

function functions(file: string, lines: string[]): Function[] {
  return lines.flatMap((line, at) => {
    const [, exported, name] = /^(?:@inline )?(export )?function (\w+)/.exec(line) ?? [];
    if (name === undefined) return [];
    const from = lines.findIndex((text, n) => n >= at && text.endsWith('{')) + 1;
    return { file, name, exported: exported !== undefined, from, to: lines.indexOf('}', from) };
  });
}

/** All mutants and, with them, the entries of EQUIVALENT that fit none. */
export function mutants(): { mutants: Mutant[]; equivalent: number; stale: typeof EQUIVALENT } {
  const lines = new Map([...sources].map(([file, text]) => [file, text.split('\n')]));
  const all = [...lines].flatMap(([file, text]) => functions(file, text));
  /** What a file calls `name`: its own function or an imported one. */
  const find = (file: string, name: string): Function | undefined => {
    const [, from] = new RegExp(String.raw`import \{[^}]*\b${name}\b[^}]*\} from '(.*)'`).exec(sources.get(file)!) ?? [];
    const home = from === undefined ? file : join(dirname(file), from) + '.ts';
    return all.find(f => f.file === home && f.name === name);
  };
  const judges = new Map<Function, Set<string>>();
  const reach = (f: Function, stem: string) => {
    const known = judges.get(f) ?? new Set();
    if (known.has(stem) || APART.test(f.file)) return;
    judges.set(f, known.add(stem));
    for (const [, name] of lines.get(f.file)!.slice(f.from, f.to).join('\n').matchAll(/\b(\w+)(?:<\w+>)?\(/g)) {
      const callee = find(f.file, name!);
      if (callee) reach(callee, stem);
    }
  };
  for (const f of all) if (f.exported && ROOTS.test(f.name)) reach(f, f.file.slice(0, -3));

  const found = all.flatMap(f =>
    lines.get(f.file)!.slice(f.from, judges.has(f) ? f.to : f.from).flatMap((text, n) =>
      broken(text).map(after => ({ file: f.file, line: f.from + n + 1, within: f.name, before: text.trim(), after: after.trim(), judges: [...judges.get(f)!] })),
    ),
  );
  const fits = (e: (typeof EQUIVALENT)[number], m: Mutant) => e.file === m.file && e.within === m.within && e.after === m.after;
  const kept = found.filter(m => !EQUIVALENT.some(e => fits(e, m)));
  return { mutants: kept, equivalent: found.length - kept.length, stale: EQUIVALENT.filter(e => !found.some(m => fits(e, m))) };
}
