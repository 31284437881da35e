/** `throughtime sample` */
import { Command } from 'commander';
import type { SampleOptions } from '../lm/generate.js';
import { init } from '../runtime/init.js';
import type { Vocab } from '../text/vocab.js';
import { Refusal, refusing } from './errors.js';
import { loadModel, type StoredModel } from './kinds.js';
import { decimal, whole } from './options.js';
import { print, tell } from './output.js';

const EXAMPLES = `
Examples:
  Write 400 characters:
    $ throughtime sample book.safetensors

  Continue a prompt to the end of the line, with safer choices:
    $ throughtime sample book.safetensors --prompt "It was " \\
        --temperature 0.5 --stop $'\\n'

  Write the same text every time:
    $ throughtime sample book.safetensors --seed 7 --top-p 0.9 --length 2000`;

export function sampleCommand(): Command {
  return new Command('sample')
    .description('Write text with a language model: a prompt and its continuation.')
    .argument('<model>', 'model or checkpoint')
    .option('--prompt <text>', 'text to continue', '')
    .option('--length <n>', 'number of tokens to write', whole(0), 400)
    .option(
      '--temperature <t>',
      'below 1: safer; above 1: more varied; 0: the most probable token',
      decimal({ least: 0 }),
      0.8,
    )
    .option('--top-k <k>', 'choose among the k most probable tokens', whole())
    .option(
      '--top-p <p>',
      'choose among the most probable tokens, whose probabilities sum to p',
      decimal({ above: 0, most: 1 }),
    )
    .option('--stop <text>', 'stop before this text')
    .option('--seed <n>', 'seed of the random choices', whole(0), 0)
    .option('--deterministic', 'compute the same bits in every engine')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(
  path: string,
  { deterministic, ...options }: SampleOptions & { deterministic?: boolean },
): Promise<void> {
  await init({ deterministic: deterministic === true });
  await write(await loadModel(path), options);
}

/** The units of a prompt that the vocabulary has no id for, each once. */
function unknownWords(vocab: Vocab, prompt: string): string[] {
  if (vocab.encodeCounting(prompt).unknown === 0) return [];
  const units = vocab.level === 'word' ? prompt.split(/\s+/u).filter(Boolean) : [...prompt];
  return [...new Set(units)].filter(unit => vocab.idOf(unit) < 0);
}

/** Writes the prompt and the sampled text to stdout as it comes. */
export async function write(model: StoredModel, options: SampleOptions): Promise<void> {
  const { prompt = '' } = options;
  await refusing(null, () => {
    try {
      const unknown = unknownWords(model.vocab, prompt);
      if (unknown.length > 0)
        tell(
          `prompt: the model does not know ${unknown.map(word => `"${word}"`).join(', ')}; ` +
            'it reads <unk> there\n',
        );
    } catch (error) {
      throw new Refusal(
        `--prompt: ${(error as Error).message.replace(/^Vocab\.encode: |; encode with .*$/g, '')}`,
        { cause: error },
      );
    }
  });
  let open = print(prompt);
  let last = prompt;
  for await (const piece of model.sample(options)) {
    open = print(piece);
    last = piece;
    if (!open) break;
  }
  if (process.stdout.isTTY && !last.endsWith('\n')) print('\n');
}
