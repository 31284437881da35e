/**
 * Chromium: a three-line app bundled by esbuild, Vite, webpack and Rollup, and one that is not
 * bundled, under a strict policy; threads where a page may have them.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import resolve from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { Absent, check, HERE, withFiles } from './support.js';

const PATHS = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TIMEOUT_MS = 120_000;

const policy = script => ({
  'content-security-policy': `default-src 'none'; connect-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval' ${script}`,
});

/** What a page must be served with to share memory. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/**
 * Where two threads are wanted: the page's headers, the end of its address, and how many it gets.
 */
const threads = {
  'two threads in a Worker of a cross-origin-isolated page': [ISOLATED, '', 2],
  'one thread in a Worker of any other page': [{}, '', 1],
  'one thread in an isolated page itself, which may not wait': [ISOLATED, '#page', 1],
};

const bundlers = {
  async esbuild(out) {
    await esbuild({
      absWorkingDir: HERE,
      entryPoints: ['app.js'],
      bundle: true,
      format: 'esm',
      outdir: out,
      logLevel: 'error',
    });
    copyFileSync(`${HERE}index.html`, `${out}/index.html`);
  },

  async Vite(out) {
    await vite({
      root: HERE,
      base: './',
      configFile: false,
      logLevel: 'error',
      build: { outDir: out, emptyOutDir: false },
    });
  },

  async webpack(out) {
    const stats = await promisify(webpack)({
      context: HERE,
      entry: './app.js',
      mode: 'production',
      output: { path: out, filename: 'app.js' },
      performance: false,
    });
    if (stats.hasErrors() || stats.hasWarnings())
      throw new Error(stats.toString('errors-warnings'));
    copyFileSync(`${HERE}index.html`, `${out}/index.html`);
  },

  async Rollup(out) {
    const bundle = await rollup({
      input: `${HERE}app.js`,
      plugins: [resolve()],
      onwarn: ({ message }) => assert.fail(message),
    });
    await bundle.write({ dir: out });
    copyFileSync(`${HERE}index.html`, `${out}/index.html`);
  },
};

/**
 * Opens a page and waits for what the app writes. @throws Error with all that the page complained
 * about
 */
async function result(browser, url) {
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(`${error}`));
  page.on('requestfailed', request => complaints.push(`${request.url()} failed`));
  try {
    await page.goto(url);
    await page
      .waitForFunction(() => document.body.textContent.trim() !== '', null, {
        timeout: TIMEOUT_MS,
        polling: 100,
      })
      .catch(error => complaints.push(`${error}`));
    assert.deepEqual(complaints, []);
    const said = await page.textContent('body');
    if (!said.startsWith('{')) throw new Error(said);
    return JSON.parse(said);
  } finally {
    await page.close();
  }
}

export async function checkBrowser(same) {
  const executablePath = PATHS.find(path => path && existsSync(path));
  let browser;
  const open = async () => {
    if (!executablePath) throw new Absent('no Chromium; CHROMIUM may name one');
    browser ??= await chromium.launch({ executablePath, args: FLAGS });
  };

  for (const [name, bundle] of Object.entries(bundlers)) {
    await check(`Chromium, bundled by ${name}`, async () => {
      await open();
      const out = `${HERE}out/${name}`;
      mkdirSync(out, { recursive: true });
      await bundle(out);
      await withFiles(out, policy(''), async url =>
        same(await result(browser, `${url}/index.html`)),
      );
      return browser.version();
    });
  }

  await check('Chromium, not bundled, with an import map', async () => {
    await open();
    const map = JSON.stringify({
      imports: {
        throughtime: '../node_modules/throughtime/dist/index.js',
        '#binary': '../node_modules/throughtime/dist/kernels/binary.js',
        '#words': '../node_modules/throughtime/dist/kernels/words.js',
        '#cells': '../node_modules/throughtime/dist/kernels/cells.js',
        '#tasks': '../node_modules/throughtime/dist/kernels/tasks.js',
      },
    });
    const hash = createHash('sha256').update(map).digest('base64');
    mkdirSync(`${HERE}out`, { recursive: true });
    writeFileSync(
      `${HERE}out/map.html`,
      '<!doctype html><head><link rel="icon" href="data:,"><script ' +
        `type="importmap">${map}</script><script type="module" ` +
        'src="../app.js"></script></head><body></body>',
    );
    await withFiles(HERE, policy(`'sha256-${hash}'`), async url =>
      same(await result(browser, `${url}/out/map.html`)),
    );
  });

  for (const [name, [headers, hash, count]] of Object.entries(threads)) {
    await check(`Chromium, ${name}`, async () => {
      await open();
      const out = `${HERE}out/threads`;
      await esbuild({
        absWorkingDir: HERE,
        entryPoints: { app: 'threads.js' },
        bundle: true,
        format: 'esm',
        outdir: out,
        logLevel: 'error',
      });
      copyFileSync(`${HERE}index.html`, `${out}/index.html`);
      await withFiles(out, { ...policy('blob:'), ...headers }, async url => {
        const outcome = await result(browser, `${url}/index.html${hash}`);
        same(outcome);
        assert.equal(outcome.threads, count);
      });
    });
  }

  await browser?.close();
}
