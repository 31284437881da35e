/** The declarations, in strict programs under each TypeScript 5 from 5.4 on. */
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Absent, check, HERE } from './support.js';

const FOLDER = `${HERE}types`;

/** Module kinds and how each resolves `throughtime/train`. */
const SETTINGS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];

export async function checkTypes() {
  let compilers = [];
  await check('the TypeScript compilers of users are installed', async () => {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--prefix', FOLDER]).catch(
      error => {
        throw new Absent(error.message.split('\n')[0]);
      },
    );
    compilers = readdirSync(`${FOLDER}/node_modules`).filter(name => /^typescript-/.test(name));
  });
  for (const compiler of compilers)
    await check(`a strict program compiles with ${compiler}`, async () => {
      for (const settings of SETTINGS) {
        const config = `${FOLDER}/tsconfig.${settings.module}.json`;
        writeFileSync(
          config,
          JSON.stringify({
            compilerOptions: {
              ...settings,
              target: 'es2022',
              lib: ['es2022', 'dom'],
              types: [],
              strict: true,
              exactOptionalPropertyTypes: true,
              noUncheckedIndexedAccess: true,
              skipLibCheck: false,
              noEmit: true,
            },
            files: ['app.ts'],
          }),
        );
        const tsc = `${FOLDER}/node_modules/${compiler}/bin/tsc`;
        await promisify(execFile)(process.execPath, [tsc, '--project', config]).catch(error => {
          throw new Error(`${settings.moduleResolution}: ${error.stdout.slice(0, 2000)}`);
        });
      }
    });
}
