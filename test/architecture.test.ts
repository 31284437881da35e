/** What ARCHITECTURE.md says of the tree, checked over the source text. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { suite } from './support/suite.js';

const { test, run } = suite('architecture');

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
/** Files below a folder that end in `.ts`, as paths from the root. */
const sources = (folder: string) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => `${folder}/${file}`)
    .sort();

interface Import {
  from: string;
  /** A path from the root, or a bare name. */
  to: string;
  typeOnly: boolean;
}

/** Every static import, re-export and dynamic import of a literal. */
function importsOf(file: string): Import[] {
  const found = read(file).matchAll(
    /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+()['"]([^'"]+)['"]|\bimport\(()['"]([^'"]+)['"]\)/gm,
  );
  return [...found].map(match => {
    const name = match[2] ?? match[4] ?? match[6]!;
    return {
      from: file,
      to: name.startsWith('.')
        ? posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts')
        : name,
      typeOnly: match[1] !== undefined,
    };
  });
}

const files = sources('src');
const imports = files.flatMap(importsOf);
/** `src/ops/linear.ts` → `ops`; `src/index.ts` → `index.ts`. */
const room = (path: string) => path.split('/')[1]!;

/** The table of ARCHITECTURE.md: room → what it may import; null: anything. */
function table(): Map<string, (to: string) => boolean> {
  const rows = [
    ...read('ARCHITECTURE.md').matchAll(/^\| `src\/([a-z.]+)\/?` \|.*\| ([^|]+) \|$/gm),
  ];
  return new Map(
    rows.map(([, name, allowed]) => {
      const listed =
        allowed === 'nothing of ours'
          ? []
          : allowed!.replace('everything but ', '').split(/, | and /);
      if (allowed === 'everything') return [name!, () => true];
      if (allowed!.startsWith('everything but ')) return [name!, to => !listed.includes(room(to))];
      return [
        name!,
        to => listed.includes(room(to)) || listed.includes(to.replace(/^src\/|\.ts$/g, '')),
      ];
    }),
  );
}

/** Fails with all faults at once. */
function none(faults: readonly string[], what: string): void {
  if (faults.length > 0) throw new Error(`${what}:\n  ${faults.join('\n  ')}`);
}

test('every room stands in the table, and imports what it may', () => {
  const rooms = table();
  none(
    [...new Set(files.map(room))].filter(name => !rooms.has(name)),
    'rooms that ARCHITECTURE.md does not know',
  );
  none(
    [...rooms.keys()].filter(name => !files.some(file => room(file) === name)),
    'rooms that are not there',
  );
  const ours = imports.filter(({ to }) => to.startsWith('src/'));
  if (ours.length < 100)
    throw new Error(`only ${ours.length} imports found: the reader of imports is broken`);
  none(
    ours.filter(({ to }) => !files.includes(to)).map(({ from, to }) => `${from} imports ${to}`),
    'imports of files that are not there',
  );
  none(
    ours
      .filter(({ from, to }) => room(from) !== room(to) && !rooms.get(room(from))!(to))
      .map(({ from, to }) => `${from} imports ${to}`),
    'imports against the table',
  );
});

test('the kernels are called by runtime, ops and optim alone', () => {
  none(
    imports
      .filter(
        ({ from, to }) =>
          to === 'src/runtime/kernels.ts' && !['runtime', 'ops', 'optim'].includes(room(from)),
      )
      .map(({ from }) => from),
    'imports of runtime/kernels',
  );
});

/** The arguments of a call, from behind its bracket on. */
function argumentsOf(text: string, from: number): string[] {
  const list = [''];
  for (let at = from, depth = 0; depth > 0 || text[at] !== ')'; at++) {
    const c = text[at]!;
    if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    if (c === ',' && depth === 0) list.push('');
    else list[list.length - 1] += c;
  }
  return list.map(each => each.trim()).filter(each => each !== '');
}

test('a call of a kernel with more than eight arguments names each as the kernel does', () => {
  const declared = new Map(
    ['simd', 'words-simd', 'cells-simd', 'tasks-simd']
      .flatMap(file => [
        ...read(`dist/kernels/${file}.d.ts`).matchAll(/export function (\w+)\((.*?)\): /g),
      ])
      .map(([, name, list]) => [name!, list!.split(', ').map(each => each.split(':')[0]!)]),
  );
  const faults: string[] = [];
  let calls = 0;
  for (const file of files) {
    const text = read(file);
    for (const match of text.matchAll(/kernels\.(\w+)\(/g)) {
      const names = declared.get(match[1]!) ?? [];
      if (names.length <= 8) continue;
      calls++;
      const given = argumentsOf(text, match.index + match[0].length);
      names.forEach((name, i) => {
        if (given[i] !== name && !given[i]?.startsWith(`/* ${name} */ `))
          faults.push(`${file}: ${match[1]}: argument ${i} is ${given[i]}, expected ${name}`);
      });
    }
  }
  if (calls < 20) throw new Error(`only ${calls} calls found: the reader of calls is broken`);
  none(faults, 'arguments without their name, as in `/* aRow */ K`');
});

test('node: is imported by node and cli alone; packages by cli, d3 by plot, the loader by runtime', () => {
  const bare = imports.filter(({ to }) => !to.startsWith('src/'));
  none(
    bare
      .filter(({ from, to }) => to.startsWith('node:') && !['node', 'cli'].includes(room(from)))
      .map(({ from, to }) => `${from} imports ${to}`),
    'imports of node:',
  );
  const allowed = (from: string, to: string) =>
    to.startsWith('node:') ||
    room(from) === 'cli' ||
    (room(from) === 'runtime' && ['#binary', '#kernels', '@assemblyscript/loader'].includes(to)) ||
    (room(from) === 'words' && ['#words', '#words-kernels'].includes(to)) ||
    (room(from) === 'ops' && ['#cells', '#cells-kernels'].includes(to)) ||
    (room(from) === 'tasks' && ['#tasks', '#tasks-kernels'].includes(to)) ||
    (room(from) === 'plot' && ['d3-scale', 'd3-shape'].includes(to));
  none(
    bare
      .filter(({ from, to }) => !allowed(from, to))
      .map(({ from, to }) => `${from} imports ${to}`),
    'imports of packages',
  );
});

test('comments are no wider than code: 100 columns', () => {
  none(
    [...files, ...sources('assembly')].flatMap(file =>
      read(file)
        .split('\n')
        .flatMap((line, i) =>
          /^\s*(\/\*\*|\*|\/\/)/.test(line) && [...line].length > 100 ? [`${file}:${i + 1}`] : [],
        ),
    ),
    'lines of comments above 100 columns',
  );
});

test('there are no cycles', () => {
  const graph = new Map(
    files.map(file => [
      file,
      imports
        .filter(({ from, to, typeOnly }) => from === file && !typeOnly && to.startsWith('src/'))
        .map(({ to }) => to),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file))
      throw new Error(`a cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file)!) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('nothing awaits while it loads but the command itself', () => {
  const waits = (text: string) =>
    /^(?:(?:export\s+)?(?:const|let)\s[^;{]*=\s*|[\w.]+\s*=\s*|void\s+)?await\b|^for await\b|^(?:\{|try \{|if \(.*) *\n +await\b/m.test(
      text,
    );
  none(
    files.filter(file => file !== 'src/cli/index.ts' && waits(read(file))),
    'top-level await',
  );
});

test('the public index re-exports and does nothing else', () => {
  none(
    read('src/index.ts')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter(
        line =>
          line !== '' &&
          !line.startsWith('/// <reference lib=') &&
          !/^export ((type )?\{.*\}|\* as \w+) from '.*';$/.test(line),
      ),
    'other lines',
  );
});

/** Covered by the tests of the layers that share it. */
const SHARED = ['recurrent'];

test('every kernel file has its test and its reference', () => {
  const stems = readdirSync(new URL('assembly', root))
    .filter(file => file.endsWith('.ts') && file !== 'index.ts')
    .map(file => file.slice(0, -3));
  const tests = sources('test/kernels');
  none(
    stems.filter(stem => !SHARED.includes(stem) && !tests.includes(`test/kernels/${stem}.test.ts`)),
    'kernel files without a test',
  );
  none(
    stems.filter(stem => !read('assembly/index.ts').includes(`from './${stem}';`)),
    'kernel files that the ABI does not know',
  );
});

test('every export of the module is called in src, or by another kernel', () => {
  const module = new WebAssembly.Module(readFileSync(new URL('dist/kernels/simd.wasm', root)));
  const text = files.map(read).join('\n');
  const kernels = sources('assembly').map(read).join('\n');
  const functions = WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
  if (functions.length < 50) throw new Error(`only ${functions.length} exports`);
  none(
    functions.filter(
      name =>
        !new RegExp(`kernels\\.${name}\\b`).test(text) &&
        !new RegExp(`(?<!function )\\b${name}\\(`).test(kernels),
    ),
    'exports that nobody calls',
  );
});

test('both builds export the same functions', () => {
  const names = (build: string) =>
    WebAssembly.Module.exports(
      new WebAssembly.Module(readFileSync(new URL(`dist/kernels/${build}.wasm`, root))),
    ).map(({ name, kind }) => `${kind} ${name}`);
  let relaxed: string[];
  try {
    relaxed = names('relaxed');
  } catch {
    relaxed = names('simd'); // this engine cannot compile the relaxed build
  }
  none(
    names('simd').filter(name => !relaxed.includes(name)),
    'missing in relaxed',
  );
});

test('every test file runs its suite', () => {
  none(
    sources('test').filter(
      file => file.endsWith('.test.ts') && !/^(?:\w+\.)?run\(\);$/m.test(read(file)),
    ),
    'test files that never call run()',
  );
});

run();
