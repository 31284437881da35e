/** `npm start`: a character LSTM learns to write dictionary definitions in about a minute. */
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDisplay } from '../src/cli/display.js';
import { explain } from '../src/cli/errors.js';
import { loadModel } from '../src/cli/kinds.js';
import { colours, complain, print } from '../src/cli/output.js';
import { write } from '../src/cli/sample.js';
import { trainLanguageModel } from '../src/cli/train/lm.js';
import { newRecipe } from '../src/cli/train/plan.js';
import { writeFileAtomic } from '../src/node/files.js';
import { glosses } from './glosses.js';

/**
 * About a minute on one core of 2024: 1.5 million characters. Many small batches learn more in that
 * time than few large ones.
 */
const STEPS = 3000;
/** 35,000 characters are held out: validation takes about two seconds. */
const SPLIT = 0.995;
const folder = relative('', fileURLToPath(new URL('../../runs', import.meta.url)));
const file = (name: string): string => join(folder, `glosses.${name}`);

async function start(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(file('txt'), new TextEncoder().encode(glosses(1)));
  const display = createDisplay({ json: false });
  const recipe = newRecipe({
    layers: 1,
    hidden: 192,
    batch: 8,
    lr: 1.2e-2,
    steps: STEPS,
    split: SPLIT,
  });
  const outcome = await trainLanguageModel(
    {
      task: 'lm',
      recipe,
      inputs: { input: file('txt') },
      input: [file('txt')],
      valid: null,
      from: null,
      out: file('safetensors'),
      checkpoint: file('checkpoint.safetensors'),
      checkpointEvery: 60,
      resume: null,
      acceptBuild: false,
      json: false,
      slice: null,
      maxSeconds: null,
      threads: 1,
      wide: 'auto',
      reportEvery: display.live ? 20 : 250,
    },
    display,
  );
  if (outcome.model !== null) {
    const model = await loadModel(outcome.model);
    print('\n');
    await write(model, { length: 600, temperature: 0.5, seed: 1 });
    print('\n\n');
    model.dispose();
  }
  const { bold } = colours(process.stderr);
  if (outcome.model !== null) {
    display.note('model', outcome.model);
    display.note('sample', bold(`npx throughtime sample ${outcome.model} --prompt "a "`));
  }
  display.note(
    'go on',
    bold(
      `npx throughtime train lm --resume ${outcome.checkpoint}${outcome.reason === 'finished' ? ` --steps ${4 * STEPS}` : ''}`,
    ),
  );
}

try {
  await start();
} catch (error) {
  const { message, code } = explain(error);
  complain(message);
  process.exitCode = code;
}
