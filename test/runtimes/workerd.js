/**
 * workerd, the runtime of Cloudflare Workers: static .wasm modules, no compiling of bytes, nothing
 * kept between requests.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { check, freePort, HERE, runtime, withProcess } from './support.js';

const OUT = `${HERE}out/workerd`;

/** Workers get 128 MB for everything; this much may be WebAssembly memory. */
const MEMORY = 96 * 2 ** 20;

const KERNELS = [
  'simd',
  'relaxed',
  'words-simd',
  'words-relaxed',
  'cells-simd',
  'cells-relaxed',
  'tasks-simd',
  'tasks-relaxed',
].map(name => `${name}.wasm`);

/** The worker as wrangler bundles it: condition `workerd`, .wasm files beside it. */
async function bundle() {
  await build({
    absWorkingDir: HERE,
    entryPoints: ['worker.js'],
    outdir: OUT,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'error',
  });
}

function writeConfig(port) {
  writeFileSync(
    `${OUT}/config.capnp`,
    `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [
      (name = "worker.js", esModule = embed "worker.js"),
      ${KERNELS.map(name => `(name = "${name}", wasm = embed "${name}")`).join(',\n      ')}
    ],
    compatibilityDate = "2026-11-01"
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`,
  );
}

export async function checkWorkerd(same) {
  let file;
  /** Runs `use` with a worker that has just started. */
  const fresh = async use => {
    const port = await freePort();
    writeConfig(port);
    const url = `http://127.0.0.1:${port}`;
    const ask = async (path, body) => {
      const response = await fetch(`${url}/${path}`, { method: 'POST', ...(body && { body }) });
      if (!response.ok) throw new Error(`workerd: ${path}: ${await response.text()}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    return withProcess(file, ['serve', `${OUT}/config.capnp`], url, () => use(ask));
  };
  const json = bytes => JSON.parse(new TextDecoder().decode(bytes));

  await check('workerd, in slices of 50 steps, each with its own process', async () => {
    const found = await runtime('@cloudflare/workerd-linux-64/bin/workerd');
    file = found.file;
    mkdirSync(OUT, { recursive: true });
    await bundle();
    let checkpoint;
    for (let slice = 0; slice < 4; slice++)
      checkpoint = await fresh(ask => ask('slice?steps=50', checkpoint));
    const result = await fresh(async ask => json(await ask('outcome', checkpoint)));
    same(result);
    assert.deepEqual(result.compiled, []);
    return found.version;
  });

  await check('workerd, in slices of 10 steps, one process', async () => {
    await runtime('@cloudflare/workerd-linux-64/bin/workerd');
    const result = await fresh(async ask => {
      let checkpoint;
      for (let slice = 0; slice < 20; slice++) checkpoint = await ask('slice?steps=10', checkpoint);
      return json(await ask('outcome', checkpoint));
    });
    same(result);
    assert.deepEqual(result.compiled, []);
  });

  await check('workerd refuses to compile bytes: the slices above did without', async () => {
    await runtime('@cloudflare/workerd-linux-64/bin/workerd');
    await fresh(async ask =>
      assert.deepEqual(json(await ask('bytes')), ['refused', 'refused', 'refused']),
    );
  });

  await check(
    'workerd: 2 layers of 256, 16 rows, windows of 64, a checkpoint and on from it',
    async () => {
      await runtime('@cloudflare/workerd-linux-64/bin/workerd');
      const { step, bytes } = await fresh(async ask => json(await ask('memory')));
      assert.equal(step, 4);
      assert.ok(bytes <= MEMORY, `${bytes} bytes of WebAssembly memory, more than ${MEMORY}`);
      return `${(bytes / 2 ** 20).toFixed(1)} MiB of WebAssembly memory, at most ${MEMORY / 2 ** 20}`;
    },
  );
}
