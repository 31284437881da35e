import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { bundle, ROOT } from '../support/bundle.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/files');

type Target = string | { [condition: string]: Target };

const manifest = JSON.parse(readFileSync(ROOT + 'package.json', 'utf8')) as {
  exports: Record<string, Target>;
  imports: Record<string, Target>;
  bin: Record<string, string>;
  dependencies?: object;
};
const packed = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
) as unknown;
// npm 12 gives an object by package name, the others a list
const files = Object.values(packed as Record<string, { files: { path: string }[] }>)[0]!.files.map(
  ({ path }) => path,
);
const entries = Object.keys(manifest.exports)
  .filter(entry => !/\.(wasm|json)$/.test(entry))
  .map(entry => entry.replace('.', 'throughtime'));

const targets = (target: Target): string[] =>
  typeof target === 'string' ? [target.replace('./', '')] : Object.values(target).flatMap(targets);

test('the package holds what its entries name', () => {
  const named = [manifest.exports, manifest.imports, manifest.bin].flatMap(targets);
  assert.equal(
    named.filter(path => !files.includes(path)),
    [],
  );
});

test('the package holds nothing else', () => {
  const wanted =
    /^(README\.md|CHANGELOG\.md|LICENSE|package\.json|dist\/(index|cli|chunks\/\w+|(nn|lm|ops|optim|text|train|words|tasks|plot|io|node|ngram)\/index|kernels\/(binary|words|cells|tasks)(\.[\w-]+)?)\.js|dist\/(compat\/)?(\w+\/)*\w+\.d\.ts|dist\/kernels\/[\w-]+\.wasm|dist\/licences\.txt)$/;
  assert.equal(
    files.filter(path => !wanted.test(path)),
    [],
  );
  assert.equal(
    files.filter(path => /^dist\/(cli|kernels)\/.*\.d\.ts$/.test(path)),
    [],
  );
});

test('the package depends on nothing', () => {
  assert.is(manifest.dependencies, undefined);
});

test('types come before all other conditions, and the default last', () => {
  for (const target of [...Object.values(manifest.exports), ...Object.values(manifest.imports)]) {
    if (typeof target === 'string') continue;
    const conditions = Object.keys(target);
    // those of old compilers first: a compiler takes the first that it matches
    if (conditions.includes('types')) assert.is(conditions.slice(0, 2).join(), 'types@<5.7,types');
    assert.is(conditions.at(-1), 'default');
  }
});

test('every entry but the files names no built-in module of Node', async () => {
  for (const entry of entries) {
    const { code } = await bundle(`export * from '${entry}'`);
    assert.is(/from ?"node:/.test(code), entry === 'throughtime/node', entry);
  }
});

test('no entry awaits at its top level', async () => {
  // refuses top-level await
  for (const entry of entries) await bundle(`export * from '${entry}'`, { format: 'cjs' });
});

test('no code is made from strings', () => {
  for (const path of files.filter(path => path.endsWith('.js') && path !== 'dist/cli.js')) {
    assert.not.match(
      readFileSync(ROOT + path, 'utf8'),
      /\beval\s*\(|\bnew\s+Function\b|[^.\w]Function\s*\(/,
      path,
    );
  }
});

for (const [condition, file] of [
  ['workerd', 'simd.wasm'],
  ['edge-light', 'simd.wasm?module'],
] as const) {
  test(`under the condition ${condition} the binaries are files like ${file}`, async () => {
    const { code, files } = await bundle(`export * from 'throughtime'`, {
      conditions: [condition],
    });
    const pattern = file.replace(/[.?]/g, '\\$&');
    for (const prefix of ['', 'words-'])
      assert.ok(new RegExp(`import [\\w$]+ from ?"\\./${prefix}${pattern}"`).test(code), prefix);
    assert.not(files.includes('kernels/binary.js') || files.includes('kernels/words.js'));
  });
}

run();
