/**
 * What the checks share: the runner, child processes, the runtimes' binaries, servers on this
 * machine.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const HERE = fileURLToPath(new URL('.', import.meta.url));
const TIMEOUT_MS = 5 * 60_000;

const sum = { passed: 0, failed: 0, skipped: 0 };

/** Thrown by a check whose runtime cannot be had. */
export class Absent extends Error {}

/** Runs a check, and prints what became of it. */
export async function check(title, body) {
  const began = Date.now();
  let line;
  try {
    const said = await body();
    sum.passed++;
    line = `ok   ${title}${said === undefined ? '' : `: ${said}`}`;
  } catch (error) {
    if (error instanceof Absent) {
      sum.skipped++;
      line = `SKIP ${title} (${error.message})`;
    } else {
      sum.failed++;
      line = `FAIL ${title}\n${`${error.stack}\n${error.stderr ?? ''}`.trim().replace(/^/gm, '     ')}`;
    }
  }
  console.log(`${line}  ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** Prints the closing line. */
export function close() {
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

/** Runs a program to its end. @returns what it printed */
export async function output(file, args) {
  const env = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };
  const { stdout } = await promisify(execFile)(file, args, { cwd: HERE, env, timeout: TIMEOUT_MS });
  return stdout;
}

/**
 * The path of a runtime that a package holds, and its version. @throws Absent where it is not
 * installed or does not start
 */
export async function runtime(path) {
  const file = `${HERE}node_modules/${path}`;
  if (!existsSync(file)) throw new Absent(`${path} is not installed`);
  try {
    return { file, version: (await output(file, ['--version'])).split('\n')[0] };
  } catch (error) {
    throw new Absent(`${path} does not start: ${error.message.split('\n')[0]}`);
  }
}

/** A port that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = socket.address();
        socket.close(() => resolve(port));
      });
  });
}

/** Starts a server of its own process, and stops it after `use`. */
export async function withProcess(file, args, url, use) {
  const child = spawn(file, args, { cwd: HERE, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', text => (said += text));
  child.stderr.on('data', text => (said += text));
  try {
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null || tries > 300) throw new Error(`${file} did not serve: ${said}`);
      const up = await fetch(url).then(
        response => response.arrayBuffer(),
        () => null,
      );
      if (up) break;
      await sleep(100);
    }
    return await use();
  } finally {
    // the next one gets its port only when it is gone
    const gone = child.exitCode === null && child.signalCode === null && once(child, 'exit');
    child.kill();
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
}

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Serves a folder while `use` runs, under a policy that allows no code but the folder's own and
 * WebAssembly.
 */
export async function withFiles(folder, headers, use) {
  const server = createServer((request, response) => {
    const path = join(
      folder,
      decodeURIComponent(new URL(request.url, 'http://localhost').pathname),
    );
    if (!path.startsWith(folder) || !existsSync(path)) return void response.writeHead(404).end();
    response
      .writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        ...headers,
      })
      .end(readFileSync(path));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
