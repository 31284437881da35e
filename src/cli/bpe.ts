/** `throughtime bpe learn|apply` */
import { Command, Option } from 'commander';
import { readText, writeFileAtomic } from '../node/files.js';
import { Random } from '../runtime/random.js';
import { BPE } from '../text/bpe.js';
import { Refusal, refusing } from './errors.js';
import { checkFiles, writeResult } from './files.js';
import { count, plural } from './format.js';
import { decimal, whole } from './options.js';
import { print, printTable } from './output.js';

const EXAMPLES = `
Examples:
  Learn subword units of both languages together, and cut a text into them:
    $ throughtime bpe learn --input train.de train.en --merges 10000 --out codes
    $ throughtime bpe apply codes --input train.de --out train.bpe.de
    $ cat other.de | throughtime bpe apply codes > other.bpe.de

The files are those of subword-nmt.`;

export function bpeCommand(): Command {
  return new Command('bpe')
    .description('Learn subword units by byte pair encoding, and cut texts into them.')
    .addCommand(learnCommand())
    .addCommand(applyCommand())
    .addHelpText('after', EXAMPLES);
}

interface LearnFlags {
  input: string[];
  out: string;
  merges: number;
  minFrequency: number;
  vocabulary?: string;
}

function learnCommand(): Command {
  return new Command('learn')
    .description('Learn the pairs that are merged from texts with spaces between words.')
    .requiredOption('--input <file...>', 'texts; units are learnt of all together')
    .requiredOption('--out <file>', 'file of codes to write')
    .addOption(new Option('--merges <n>', 'how many pairs').argParser(whole()).default(10_000))
    .addOption(
      new Option('--min-frequency <n>', 'pairs that occur less often are not merged')
        .argParser(whole())
        .default(2),
    )
    .option('--vocabulary <file>', 'write the units of the texts and their counts too')
    .action(async ({ input, out, merges, minFrequency, vocabulary }: LearnFlags) => {
      checkFiles({ read: { input }, write: { out, vocabulary: vocabulary ?? null } });
      const texts: string[] = [];
      for (const path of input) texts.push(await refusing(null, () => readText(path, 'the text')));
      const bpe = await refusing(null, () => BPE.learn(texts, { merges, minFrequency }));
      await writeResult(out, new TextEncoder().encode(bpe.toString()), 'the file of codes');
      const rows: [string, string][] = [
        ['merges', count(bpe.merges.length)],
        ['written', out],
      ];
      if (vocabulary !== undefined) {
        const units = unitsOf(bpe, texts);
        const lines = units.map(([unit, n]) => `${unit} ${n}\n`).join('');
        await writeResult(vocabulary, new TextEncoder().encode(lines), 'the vocabulary');
        rows.push(['vocabulary', `${plural(units.length, 'unit')} in ${vocabulary}`]);
      }
      printTable(rows);
    });
}

/** The units of texts and how often they occur, the most frequent first. */
function unitsOf(bpe: BPE, texts: readonly string[]): [unit: string, n: number][] {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const line of text.split('\n'))
      for (const unit of bpe.units(line)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

interface ApplyFlags {
  input?: string;
  out?: string;
  merges?: number;
  separator: string;
  vocabulary?: string;
  vocabularyThreshold?: number;
  dropout: number;
  seed: number;
}

function applyCommand(): Command {
  return new Command('apply')
    .description('Cut a text into subword units.')
    .argument('<codes>', 'file of codes')
    .option('--input <file>', 'text; default: standard input')
    .option('--out <file>', 'file to write; default: standard output')
    .addOption(new Option('--merges <n>', 'only the first so many pairs').argParser(whole()))
    .option('--separator <text>', 'marks units that do not end their word', '@@')
    .option('--vocabulary <file>', 'undo merges that lead to other units than these')
    .addOption(
      new Option('--vocabulary-threshold <n>', 'units that occur less often are none').argParser(
        whole(0),
      ),
    )
    .addOption(
      new Option('--dropout <p>', 'leave merges out with this probability, in training texts')
        .argParser(decimal({ least: 0, most: 1 }))
        .default(0),
    )
    .addOption(new Option('--seed <n>', 'of --dropout').argParser(whole(0)).default(1))
    .action(apply);
}

async function apply(path: string, flags: ApplyFlags): Promise<void> {
  const { input, out, merges, separator, vocabulary, vocabularyThreshold, dropout } = flags;
  if (vocabularyThreshold !== undefined && vocabulary === undefined)
    throw new Refusal('--vocabulary-threshold needs a --vocabulary; give both, or leave it out');
  checkFiles({
    read: { 'the codes': path, input: input ?? null, vocabulary: vocabulary ?? null },
    write: { out: out ?? null },
  });
  const codes = await refusing(null, () => readText(path, 'the codes'));
  const list = vocabulary && (await refusing(null, () => readText(vocabulary, 'the vocabulary')));
  const bpe = await refusing(path, () =>
    BPE.parse(codes, {
      separator,
      ...(merges !== undefined && { merges }),
      ...(list && { vocabulary: BPE.readVocabulary(list, vocabularyThreshold) }),
    }),
  );
  const random = new Random(flags.seed);
  const segment = (text: string): string => bpe.segment(text, { dropout, random });
  if (input === undefined && out === undefined) {
    for await (const lines of standardInput()) if (!print(segment(lines))) return;
    return;
  }
  let text = '';
  if (input === undefined) for await (const lines of standardInput()) text += lines;
  else text = await refusing(null, () => readText(input, 'the text'));
  if (out === undefined) print(segment(text));
  else await writeFileAtomic(out, new TextEncoder().encode(segment(text)));
}

/** Standard input in pieces of whole lines. */
async function* standardInput(): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  const decoded = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new Refusal('standard input: is not UTF-8; convert the text to UTF-8', { cause });
    }
  };
  for await (const bytes of process.stdin) {
    rest += decoded(bytes as Uint8Array);
    const end = rest.lastIndexOf('\n') + 1;
    if (end > 0) yield rest.slice(0, end);
    rest = rest.slice(end);
  }
  rest += decoded();
  if (rest !== '') yield rest;
}
