/**
 * `npm run test:examples`: the programs of examples/, each in its runtime, with the binaries that
 * the packages here hold.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { check, close, freePort, HERE, runtime, withProcess } from './support.js';

const EXAMPLES = `${HERE}../../examples`;
const scratch = mkdtempSync(join(tmpdir(), 'throughtime-'));
const TEXT = join(scratch, 'text.txt');
writeFileSync(TEXT, readFileSync(`${HERE}../../assembly/README.md`, 'utf8').repeat(3));

/** Runs an example's program in the scratch folder. @returns what it printed */
async function output(file, args) {
  const { stdout } = await promisify(execFile)(file, args, {
    cwd: scratch,
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    timeout: 120_000,
  });
  return stdout;
}

await check('node: trains, and goes on from its checkpoint', async () => {
  const program = `${EXAMPLES}/node/train.js`;
  const said = await output(process.execPath, [program, TEXT, '--steps', '100']);
  assert.match(
    said,
    /^step 50: \d\.\d{3} bits, \d+ characters\/s\nstep 100: .*\nheld-out text: \d\.\d{3} bits\nmodel\.safetensors writes:\n/,
  );
  assert.ok(existsSync(join(scratch, 'model.safetensors')));
  const again = await output(process.execPath, [program, TEXT, '--steps', '150']);
  assert.match(again, /^going on after step 100\nstep 150: /);
});

for (const [name, last] of [
  ['loop', /^epoch 8: 0\.0\d\d nats a character$/m],
  ['cell', /^step 300: squared error 0\.00\d\d$/m],
  ['series', /^error (0\.\d+), as it is now (0\.\d+)$/m],
])
  await check(`own: ${name}.js learns what it says`, async () => {
    const program = `${EXAMPLES}/own/${name}.js`;
    const said = await output(process.execPath, [program]);
    const [, error, naive] = last.exec(said) ?? assert.fail(said);
    if (naive) assert.ok(error < naive / 5, `a forecast's error of ${error}, without one ${naive}`);
    const { length } = readFileSync(program, 'utf8').split('\n');
    assert.ok(length <= 40, `${length - 1} lines, 39 at most: it is to be read at a glance`);
  });

for (const [name, args, expected] of [
  [
    'meaning',
    [],
    /hotel and motel 0\n[\s\S]*motel\.n\.01: 0\.333\n[\s\S]*bank: sloping land[\s\S]*bank: a financial/,
  ],
  [
    'topics',
    [],
    /3\.3409 2\.5417\n[\s\S]*topic: graph trees minors[\s\S]*0\.998 the eps user interface/,
  ],
  [
    'neighbours',
    [TEXT, 'kernel'],
    /passes, loss \d\.\d{3}\n[\s\S]*kernel: (\w+, ){5}\w+\nmap\.svg/,
  ],
])
  await check(`words: ${name}.js finds what it says`, async () => {
    const program = `${EXAMPLES}/words/${name}.js`;
    assert.match(await output(process.execPath, [program, ...args]), expected);
    const { length } = readFileSync(program, 'utf8').split('\n');
    assert.ok(length <= 40, `${length - 1} lines, 39 at most: it is to be read at a glance`);
    if (name === 'neighbours')
      assert.match(readFileSync(join(scratch, 'map.svg'), 'utf8'), /^<svg[\s\S]*<\/svg>\n$/);
  });

await check('tasks: names.js tells languages apart', async () => {
  const folder = join(scratch, 'names');
  mkdirSync(folder);
  const endings = { A: ['ov', 'ev'], B: ['ini', 'elli'] };
  for (const [language, own] of Object.entries(endings)) {
    const names = Array.from({ length: 200 }, (_, i) => `${i.toString(5)}${own[i % 2]}`);
    const letters = names.map(name => name.replace(/\d/g, digit => 'bdgkm'[digit]));
    writeFileSync(join(folder, `${language}.txt`), `${letters.join('\n')}\n`);
  }
  const program = `${EXAMPLES}/tasks/names.js`;
  const said = await output(process.execPath, [program, folder, 'bagov', 'Madelli']);
  assert.match(said, /^step 50: loss \d\.\d{3}\n[\s\S]*\n100\.0 % of the names held out\n/);
  assert.match(said, /\nbagov: A\nMadelli: B\n$/);
  const { length } = readFileSync(program, 'utf8').split('\n');
  assert.ok(length <= 40, `${length - 1} lines, 39 at most: it is to be read at a glance`);
});

await check('deno: a slice at each call', async () => {
  const { file, version } = await runtime('@deno/linux-x64-glibc/deno');
  const args = [
    'run',
    '--no-remote',
    '--node-modules-dir=manual',
    '--allow-read',
    '--allow-write',
    `${EXAMPLES}/deno/train.ts`,
    TEXT,
  ];
  const first = await output(file, [...args, '1']);
  const [, steps] = /^steps 0 to (\d+) of 5000: budget\n/.exec(first) ?? assert.fail(first);
  assert.match(
    await output(file, [...args, '1']),
    new RegExp(`^steps ${steps} to \\d+ of 5000: budget\n`),
  );
  return version;
});

await check('bun: trains, then serves what it writes', async () => {
  const { file, version } = await runtime('@oven/bun-linux-x64/bin/bun');
  const port = await freePort();
  const url = `http://localhost:${port}/?prompt=the`;
  await withProcess(file, [`${EXAMPLES}/bun/train.ts`, TEXT, '50', String(port)], url, async () => {
    const response = await fetch(url);
    assert.equal((await response.text()).length, 1000);
  });
  return version;
});

/** The Worker as wrangler bundles it, with its objects' storage in a folder. */
async function bundleWorker(out, port) {
  mkdirSync(`${out}/storage`, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: `${EXAMPLES}/cloudflare`,
    entryPoints: ['worker.js'],
    outdir: out,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['cloudflare:workers'],
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'error',
    metafile: true,
  });
  const modules = Object.keys(metafile.outputs)
    .map(path => path.split('/').at(-1))
    .filter(name => name.endsWith('.wasm'));
  writeFileSync(
    `${out}/config.capnp`,
    `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.js", esModule = embed "worker.js"),
        ${modules.map(name => `(name = "${name}", wasm = embed "${name}")`).join(',\n        ')}
      ],
      compatibilityDate = "2026-11-01",
      durableObjectNamespaces = [(className = "Learner", uniqueKey = "learner", enableSql = true)],
      durableObjectStorage = (localDisk = "storage"),
      bindings = [(name = "LEARNER", durableObjectNamespace = "Learner")]
    )),
    (name = "storage", disk = (path = "${out}/storage", writable = true))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`,
  );
}

await check(
  'cloudflare: an object learns a posted text by alarms, streams samples, and goes on in a new ' +
    'process',
  async () => {
    const { file, version } = await runtime('@cloudflare/workerd-linux-64/bin/workerd');
    const out = join(scratch, 'worker');
    const port = await freePort();
    await bundleWorker(out, port);
    const url = `http://127.0.0.1:${port}`;
    const json = async (path, options) => (await fetch(`${url}/${path}`, options)).json();
    const serving = use => withProcess(file, ['serve', `${out}/config.capnp`], url, use);
    const reach = async step => {
      for (let tries = 0; tries < 600; tries++) {
        const state = await json('alice');
        if (state.step >= step) return state;
        await sleep(100);
      }
      throw new Error(`step ${step} was not reached`);
    };

    let before;
    await serving(async () => {
      assert.deepEqual(await json('alice'), { error: 'there is no text yet; POST one' });
      assert.deepEqual(await json('alice', { method: 'POST', body: 'short' }), {
        error: 'the text has 5 characters; 1000 to 2000000 are taken',
      });
      assert.deepEqual(await json('alice', { method: 'POST', body: readFileSync(TEXT, 'utf8') }), {
        step: 0,
        steps: 1000,
      });
      const first = await reach(50);
      before = await reach(200);
      assert.ok(before.bits < first.bits, `from ${first.bits} to ${before.bits} bits`);
      const response = await fetch(`${url}/alice/sample?prompt=the&length=400`);
      let pieces = 0;
      let written = '';
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        pieces++;
        written += piece;
      }
      assert.equal(written.length, 400);
      assert.ok(pieces > 1, 'the sample comes in pieces');
    });
    await serving(async () => {
      const after = await json('alice');
      assert.ok(
        after.step >= before.step,
        `after step ${before.step} it stands at ${after.step}: it begins anew`,
      );
      await reach(Math.min(after.step + 50, 1000));
      const model = Buffer.from(await (await fetch(`${url}/alice/model`)).arrayBuffer());
      assert.ok(model.includes('lm.recurrent'));
      assert.deepEqual(await json('alice', { method: 'DELETE' }), { forgotten: true });
      assert.deepEqual(await json('alice'), { error: 'there is no text yet; POST one' });
    });
    return version;
  },
);

await check('cloudflare: bytes of any length come back from chunks', async () => {
  const { readBytes, writeBytes } = await import(`${EXAMPLES}/cloudflare/chunks.js`);
  const map = new Map();
  const storage = {
    put: async entries => {
      for (const [key, value] of Object.entries(entries)) {
        assert.ok((value.length ?? 0) <= 2 ** 20);
        map.set(key, value);
      }
    },
    get: async key => (Array.isArray(key) ? new Map(key.map(k => [k, map.get(k)])) : map.get(key)),
  };
  for (const length of [0, 1, 2 ** 20, 2 ** 20 + 1, 3_000_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) >> 3);
    await writeBytes(storage, 'x', bytes);
    assert.deepEqual(await readBytes(storage, 'x'), bytes);
  }
  assert.equal(await readBytes(storage, 'y'), null);
  await assert.rejects(writeBytes(storage, 'x', { length: 2 ** 27 }), RangeError);
});

rmSync(scratch, { recursive: true });
close();
