/**
 * What is broken, and whose tests judge it: kernels of gradients, and what ops record for the
 * backward pass.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EQUIVALENT } from './equivalent.js';
import { brokenCall, brokenLine } from './rules.js';

export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly within: string;
  readonly before: string;
  readonly after: string;
  /** Tests of which one must fail: below test/, without .test.ts. */
  readonly judges: string[];
}

/** Kernels that compute gradients or apply them; what they call in turn is broken with them. */
const ROOTS = /_backward$|_both$|_step$|_add$|^add_to$|^axpy$|^column_sums$/;

/**
 * The matrix product, the functions and the random bits are shared with the forward: they have
 * tests of their own, to the last bit or in ULP.
 */
const APART = /^assembly\/(?:gemm|core\/(?:gemv|tile|pack|math|random))\.ts$/;

/** Functions that ops record, beside the callbacks of `record`. */
const RECORDED = ['addRecurrentGradient', 'addProjectionGradients', 'addHeadGradients'];

/** The tests of recurrent ops, beside their own. */
const LAYERS = ['nn/recurrent', 'nn/golden', 'nn/cells'];

interface Function {
  readonly file: string;
  readonly name: string;
  readonly exported: boolean;
  /** Index of the first line of the body, and of the bracket after it. */
  readonly from: number;
  readonly to: number;
}

const root = new URL('../../../', import.meta.url);

/** The text of each file that may be broken. */
export const sources = new Map(
  ['assembly/', 'src/ops/'].flatMap(folder =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .sort()
      .map(file => [folder + file, readFileSync(new URL(folder + file, root), 'utf8')] as const),
  ),
);
const lines = new Map([...sources].map(([file, text]) => [file, text.split('\n')]));

function functions(file: string, lines: string[]): Function[] {
  return lines.flatMap((line, at) => {
    const [, exported, name] = /^(?:@inline )?(export )?function (\w+)/.exec(line) ?? [];
    if (name === undefined) return [];
    const from = lines.findIndex((text, n) => n >= at && text.endsWith('{')) + 1;
    return { file, name, exported: exported !== undefined, from, to: lines.indexOf('}', from) };
  });
}

/** Mutants of the engine's kernels; other modules have no gradients yet. */
function kernels(): Mutant[] {
  const all = [...lines].flatMap(([file, text]) =>
    /^assembly\/(core\/)?\w+\.ts$/.test(file) ? functions(file, text) : [],
  );
  /** What a file calls `name`: its own function or an imported one. */
  const find = (file: string, name: string): Function | undefined => {
    const [, from] =
      new RegExp(String.raw`import \{[^}]*\b${name}\b[^}]*\} from '(.*)'`).exec(
        sources.get(file)!,
      ) ?? [];
    const home = from === undefined ? file : join(dirname(file), from) + '.ts';
    return all.find(f => f.file === home && f.name === name);
  };
  const walk = (f: Function, seen: Set<Function>): Set<Function> => {
    if (seen.has(f) || APART.test(f.file)) return seen;
    seen.add(f);
    for (const [, name] of lines
      .get(f.file)!
      .slice(f.from, f.to)
      .join('\n')
      .matchAll(/\b(\w+)(?:<\w+>)?\(/g)) {
      const callee = find(f.file, name!);
      if (callee) walk(callee, seen);
    }
    return seen;
  };
  const broken = new Set<Function>();
  const judges = new Map<Function, Set<string>>();
  for (const f of all) {
    const test = `kernels/${basename(f.file, '.ts')}`;
    if (!f.exported || !existsSync(new URL(`test/${test}.test.ts`, root))) continue;
    for (const reached of walk(f, new Set())) {
      judges.set(reached, (judges.get(reached) ?? new Set()).add(test));
      if (ROOTS.test(f.name)) broken.add(reached);
    }
  }
  return all
    .filter(f => broken.has(f))
    .flatMap(f => mutate(f.file, f.name, f.from, f.to, brokenLine, [...judges.get(f)!]));
}

/**
 * Mutants of what ops record: callbacks of `record(…)` up to the bracket that closes them, and
 * RECORDED.
 */
function ops(): Mutant[] {
  const lost = RECORDED.filter(
    name => ![...sources.values()].some(text => text.includes(`function ${name}(`)),
  );
  if (lost.length > 0) throw new Error(`mutants: no op is named ${lost.join(', ')}`);
  return [...lines].flatMap(([file, text]) => {
    if (!file.startsWith('src/ops/')) return [];
    const test = `ops/${basename(file, '.ts')}`;
    const judges = existsSync(new URL(`test/${test}.test.ts`, root)) ? [test] : [];
    if (file.endsWith('recurrent.ts') || text.some(line => line.includes("from './recurrent.js'")))
      judges.push(...LAYERS);
    let within = '';
    return text.flatMap((line, at) => {
      within = /^(?:export )?(?:function|const) (\w+)/.exec(line)?.[1] ?? within;
      const callback = /^ {2}record\(/.test(line) && !line.endsWith(';');
      if (callback)
        return mutate(
          file,
          within,
          at,
          text.findIndex((end, n) => n > at && /^ {2}\}?\);$/.test(end)),
          brokenCall,
          judges,
        );
      if (/^ {2}record\(/.test(line)) return mutate(file, within, at, at + 1, brokenCall, judges);
      if (/function/.test(line) && RECORDED.includes(within))
        return mutate(file, within, at + 1, text.indexOf('}', at), brokenCall, judges);
      return [];
    });
  });
}

function mutate(
  file: string,
  within: string,
  from: number,
  to: number,
  rules: (line: string) => string[],
  judges: string[],
): Mutant[] {
  return lines
    .get(file)!
    .slice(from, to)
    .flatMap((text, n) =>
      rules(text).map(after => ({
        file,
        line: from + n + 1,
        within,
        before: text.trim(),
        after: after.trim(),
        judges,
      })),
    );
}

/** All mutants and, with them, the entries of EQUIVALENT that fit none. */
export function mutants(): { mutants: Mutant[]; equivalent: number; stale: typeof EQUIVALENT } {
  const found = [...kernels(), ...ops()];
  const fits = (e: (typeof EQUIVALENT)[number], m: Mutant) =>
    e.file === m.file && e.within === m.within && e.after === m.after;
  const kept = found.filter(m => !EQUIVALENT.some(e => fits(e, m)));
  return {
    mutants: kept,
    equivalent: found.length - kept.length,
    stale: EQUIVALENT.filter(e => !found.some(m => fits(e, m))),
  };
}
