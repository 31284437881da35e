/**
 * The public API as text: what the published declarations say, without comments and private
 * members.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './bundle.js';

export const SNAPSHOT = `${ROOT}test/api/snapshot.txt`;

export function publicApi(): string {
  const files = readdirSync(`${ROOT}dist`, { recursive: true, encoding: 'utf8' })
    .filter(file => /^(?!kernels|compat).*\.d\.ts$/.test(file))
    .sort();
  return files
    .map(file => `// ${file}\n${bare(readFileSync(`${ROOT}dist/${file}`, 'utf8'))}`)
    .join('\n');
}

function bare(declarations: string): string {
  return declarations
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^ +private .*;$/gm, '')
    .replace(/^(import .*|export \{\};|\s*)\n/gm, '');
}
