/**
 * Next.js's edge runtime, whose sandbox has stubs that throw and a realm of its own: the job as a
 * route, built and in development, in Node 20 and 22.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { Absent, check, freePort, HERE, runtime, withProcess } from './support.js';

const FOLDER = `${HERE}next`;
const NEXT = `${FOLDER}/node_modules/next/dist/bin/next`;

/** The job's result, from a server that `next` starts. */
async function served(file, command) {
  const port = await freePort();
  return withProcess(
    file,
    [NEXT, command, FOLDER, '--port', String(port)],
    `http://127.0.0.1:${port}/missing`,
    async () => {
      const response = await fetch(`http://127.0.0.1:${port}/train`);
      const text = await response.text();
      if (!response.ok) throw new Error(text.slice(0, 1000));
      return JSON.parse(text);
    },
  );
}

/** @param same compares a result with the other runtimes' */
export async function checkNext(same) {
  process.env.NEXT_TELEMETRY_DISABLED = '1';
  let installed = null;
  const install = () => {
    installed ??= promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--prefix', FOLDER]);
    return installed.catch(error => {
      throw new Absent(`Next.js cannot be installed: ${error.message.split('\n')[0]}`);
    });
  };
  const nodes = {
    [`Node ${process.versions.node}`]: async () => process.execPath,
    'Node 22': async () => (await runtime('node-22/bin/node')).file,
  };
  for (const [name, find] of Object.entries(nodes)) {
    const fresh = () => rmSync(`${FOLDER}/.next`, { recursive: true, force: true });
    await check(`Next.js, built, trains in its edge runtime in ${name}`, async () => {
      await install();
      const file = await find();
      fresh();
      await promisify(execFile)(file, [NEXT, 'build', FOLDER], { cwd: FOLDER });
      same(await served(file, 'start'));
    });
    await check(`Next.js trains in development in ${name}`, async () => {
      await install();
      const file = await find();
      fresh();
      same(await served(file, 'dev'));
    });
  }
}
