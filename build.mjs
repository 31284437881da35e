/**
 * Builds everything, in order:
 *   assembly/ → dist/kernels/{simd,relaxed}.wasm      AssemblyScript, two builds of one source
 *             → dist/kernels/binary*.js               what `#binary` is: both inline, or files, by package condition
 *   assembly/words/ → dist/kernels/words-*.wasm, words*.js        the same for `#words`, a module on the same memory
 *   assembly/cells/ → dist/kernels/cells-*.wasm, cells*.js        the same for `#cells`
 *   assembly/tasks/ → dist/kernels/tasks-*.wasm, tasks*.js        the same for `#tasks`
 *   src/      → dist/, dist/<room>/     index.js by esbuild with shared chunks, index.d.ts by tsc; dist/cli.js
 *   src/ test/ bench/ examples/ → build/              plain JavaScript, file by file, for tests and benches
 *
 * `node build.mjs --kernels` stops after the kernels.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zopfli from '@gfx/zopfli';

const root = fileURLToPath(new URL('.', import.meta.url));
// zopfli's glue would answer every error with its own source
for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event);
const run = (file, ...args) =>
  execFileSync(process.execPath, [root + 'node_modules/' + file, ...args], {
    cwd: root,
    stdio: 'inherit',
  });

/**
 * Bytes of one build before the other's turn: deflate, which looks back 32,768, still sees the same
 * place in the other, though the two drift apart: the relaxed build has 7,000 bytes of tiles more.
 * Of all multiples of 2,000 this packs best.
 */
const PIECE = 18000;

/**
 * The builds are nearly the same: cut into pieces that alternate, the second costs a third of the
 * first. `src/runtime/unpack.ts` undoes it. Zopfli's streams are 5 % smaller than zlib's smallest.
 */
async function pack(simd, relaxed) {
  const pieces = [];
  for (let at = 0; at < Math.max(simd.length, relaxed.length); at += PIECE)
    pieces.push(simd.subarray(at, at + PIECE), relaxed.subarray(at, at + PIECE));
  const packed = await promisify(zopfli.zlib)(Buffer.concat(pieces), { numiterations: 15 });
  const base64 = Buffer.from(packed).toString('base64');
  return { base64, piece: PIECE, sizes: { simd: simd.length, relaxed: relaxed.length } };
}

/** Where the static tables of a module begin; the arena begins above the last one's. */
const TABLES = { '': 0, 'words-': 4096, 'cells-': 8192, 'tasks-': 12288 };

/** One module of kernels in both builds: `prefix` of its files, and what its `#name` resolves to. */
async function kernels(entry, prefix, name) {
  mkdirSync(root + 'dist/kernels', { recursive: true });
  const [simd, relaxed] = ['simd', 'relaxed'].map(target => {
    const file = `dist/kernels/${prefix}${target}`;
    run(
      'assemblyscript/bin/asc.js',
      entry,
      ...['--target', target, '--outFile', `${file}.wasm`],
      ...['--memoryBase', String(TABLES[prefix])],
      ...['--transform', root + 'assembly/polynomials.mjs'],
    );
    rmSync(root + `${file}.js`); // asc's glue: @assemblyscript/loader instantiates instead
    return readFileSync(root + `${file}.wasm`);
  });
  const write = (file, text) => writeFileSync(root + 'dist/kernels/' + file, text);
  const files = (names, query) =>
    names.map(name => `import ${name} from './${prefix}${name}.wasm${query}';\n`).join('') +
    `export const builds = { ${names.join(', ')} };\n`;
  write(`${name}.js`, `export const builds = ${JSON.stringify(await pack(simd, relaxed))};\n`);
  write(`${name}.workerd.js`, files(['simd', 'relaxed'], ''));
  // compiled before any code runs, also by engines that lack relaxed SIMD (Node 20, for Next.js)
  write(`${name}.edge-light.js`, files(['simd'], '?module'));
}

function scripts() {
  rmSync(root + 'build', { recursive: true, force: true });
  run('typescript/bin/tsc');
}

/**
 * CommonJS packages `require` built-in modules, which an ES module cannot: they get static imports,
 * so that only bundles that need a built-in module name it.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const pattern = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);
    onResolve({ filter: pattern }, ({ path, kind }) => {
      const name = path.replace(/^(node:)?/, 'node:');
      return kind === 'require-call'
        ? { path: name, namespace: 'builtins' }
        : { path: name, external: true };
    });
    onLoad({ filter: /./, namespace: 'builtins' }, ({ path }) => ({
      contents: `import value from '${path}'; module.exports = value;`,
    }));
  },
};

/**
 * The loader without its code for strings, which the kernels have none of, and without what it does
 * while it is imported: a polyfill that frozen intrinsics refuse, a TextDecoder that a runtime may
 * lack. A module is told by its tag: in another realm (a sandbox, a test runner) it is an instance
 * of another class.
 */
const EDITS = [
  ['const utf16 = new TextDecoder("utf-16le", { fatal: true });', 'let utf16;'],
  [/Object\.hasOwn = [\s\S]*?\n\};\n/, ''],
  ['  if (isResponse(source = await source)) return instantiateStreaming(source, imports);\n', ''],
  [
    'src instanceof WebAssembly.Module',
    'Object.prototype.toString.call(src) === "[object WebAssembly.Module]"',
  ],
  ...[1, 2].flatMap(() => [
    ['  const extended = preInstantiate(imports);\n', ''],
    ['postInstantiate(extended, instance)', 'instance.exports'],
  ]),
  [/export default \{[^}]*\};?/, ''],
];
const loader = {
  name: 'loader',
  setup({ onLoad }) {
    onLoad({ filter: /@assemblyscript[\\/]loader[\\/]index\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [from, to] of EDITS) {
        const edited = contents.replace(from, to);
        if (edited === contents) throw new Error(`build: the loader has no ${from} any more`);
        contents = edited;
      }
      return { contents };
    });
  },
};

/** The licences of the packages whose code is in the bundles. */
function licences(inputs) {
  const folders = new Set(
    Object.keys(inputs).flatMap(file => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  return [...folders]
    .sort()
    .map(folder => {
      const { name, version, license, homepage } = JSON.parse(
        readFileSync(`${root}${folder}/package.json`, 'utf8'),
      );
      const file = readdirSync(root + folder).find(file => /^licen[cs]e/i.test(file));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(`${root}${folder}/${file}`, 'utf8').trim() : homepage}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

const ROOMS = [
  'nn',
  'lm',
  'ops',
  'optim',
  'text',
  'train',
  'ngram',
  'words',
  'tasks',
  'plot',
  'io',
  'node',
];

/**
 * `export * as nn from './nn/index.js'` stays an import of that bundle: whoever bundles
 * `throughtime` drops the rooms not used.
 */
const rooms = {
  name: 'rooms',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/\w+\/index\.js$/ }, ({ path, importer }) =>
      importer === root + 'src/index.ts' ? { path, external: true } : undefined,
    );
  },
};

/** Removes declarations that no entry's types lead to. */
function prune(entries) {
  const reached = new Set();
  const visit = file => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(
      /(?:from|import)\s*\(?'(\.[^']+)\.js'/g,
    ))
      visit(resolve(dirname(file), `${path}.d.ts`));
  };
  entries.forEach(visit);
  for (const file of readdirSync(root + 'dist', { recursive: true, encoding: 'utf8' })) {
    if (
      file.endsWith('.d.ts') &&
      !file.startsWith('kernels') &&
      !reached.has(root + 'dist/' + file)
    )
      rmSync(root + 'dist/' + file);
  }
}

/**
 * The declarations for TypeScript before 5.7, whose typed arrays take no argument: the package's
 * `types@<5.7` condition leads there.
 */
function compat() {
  for (const file of readdirSync(root + 'dist', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts') || file.startsWith('kernels')) continue;
    const text = readFileSync(root + 'dist/' + file, 'utf8');
    mkdirSync(dirname(root + 'dist/compat/' + file), { recursive: true });
    writeFileSync(
      root + 'dist/compat/' + file,
      text.replace(
        /\b((?:Ui|I)nt\d+Array|Float\d+Array|ArrayBufferView)<ArrayBuffer(Like)?>/g,
        '$1',
      ),
    );
  }
}

async function bundles() {
  for (const name of readdirSync(root + 'dist'))
    if (name !== 'kernels') rmSync(root + 'dist/' + name, { recursive: true });
  run('typescript/bin/tsc', '--project', 'tsconfig.dist.json');
  prune(['index', ...ROOMS.map(room => `${room}/index`)].map(entry => `${root}dist/${entry}.d.ts`));
  compat();
  const { build } = await import('esbuild');
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: {
      index: 'src/index.ts',
      cli: 'src/cli/index.ts',
      ...Object.fromEntries(ROOMS.map(room => [`${room}/index`, `src/${room}/index.ts`])),
    },
    outdir: 'dist',
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    minifySyntax: true,
    mainFields: ['module', 'main'],
    conditions: ['node'],
    external: ['#binary', '#words', '#cells', '#tasks'],
    plugins: [builtins, rooms, loader],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    // for side effects, of which there are none
    writeFileSync(path, text.replace(/^import "[./]*(chunks\/)?[A-Z0-9]{8}\.js";\n/gm, ''));
  }
  writeFileSync(root + 'dist/licences.txt', licences(metafile.inputs));
  chmodSync(root + 'dist/cli.js', 0o755); // a rewritten file loses its executable bit
}

await kernels('assembly/index.ts', '', 'binary');
await kernels('assembly/words/index.ts', 'words-', 'words');
await kernels('assembly/cells/index.ts', 'cells-', 'cells');
await kernels('assembly/tasks/index.ts', 'tasks-', 'tasks');
if (!process.argv.includes('--kernels')) {
  scripts();
  await bundles();
}
