/** `throughtime convert` */
import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { readModel } from '../io/model.js';
import { type VectorsFormat, writeVectors } from '../io/vectors.js';
import { NgramLM } from '../lm/ngram/model.js';
import { readFileBytes } from '../node/files.js';
import { init } from '../runtime/init.js';
import { Refusal, refusing } from './errors.js';
import { checkFiles, writeResult } from './files.js';
import { count, plural } from './format.js';
import { formatOf } from './formats.js';
import { isArpa, isModelFile } from './kinds.js';
import { oneOf } from './options.js';
import { printTable } from './output.js';
import { writeNgram } from './train/ngram.js';
import { limitOption, loadVectors } from './vectors.js';

const FORMATS: Record<string, VectorsFormat> = {
  safetensors: 'safetensors',
  word2vec: 'binary',
  text: 'text',
  glove: 'glove',
};

interface Flags {
  to?: string;
  limit?: number;
}

export function convertCommand(): Command {
  return new Command('convert')
    .description('Write word vectors, or an n-gram model, in another format.')
    .argument('<in>', 'file of word vectors, in any format, or an n-gram model')
    .argument('<out>', 'file to write; n-gram models: .arpa or .safetensors')
    .addOption(
      new Option(
        '--to <format>',
        'vectors: safetensors, word2vec (binary), text or glove; default: by the name of <out>',
      ).argParser(oneOf(Object.keys(FORMATS))),
    )
    .addOption(limitOption())
    .addHelpText(
      'after',
      `
Examples:
  $ throughtime convert GoogleNews-vectors.bin.gz news.safetensors --limit 200000

  An n-gram model as ARPA, which other programs read, and back:
    $ throughtime convert words.safetensors words.arpa`,
    )
    .action(async (path: string, out: string, options: Flags) => {
      checkFiles({ read: { 'the file to read': path }, write: { 'the file to write': out } });
      await init();
      const model = await ngramOf(path, out);
      if (model === null) return convertVectors(path, out, options);
      if (options.to !== undefined || options.limit !== undefined)
        throw new Refusal('--to and --limit are for word vectors; leave them out');
      await writeNgram(out, model);
      const n = model.config.counts.reduce((sum, each) => sum + each, 0);
      printTable([
        ['model', `${plural(n, 'n-gram')} of orders 1 to ${model.config.order}`],
        ['written', out],
      ]);
    });
}

/** The n-gram model of a file; null: it is something else. */
async function ngramOf(path: string, out: string): Promise<NgramLM | null> {
  if (extname(path) !== '.arpa' && extname(out) !== '.arpa' && !/\.safetensors$/.test(path))
    return null;
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  return refusing(path, () => {
    if (isArpa(bytes)) return NgramLM.load(bytes);
    const file = isModelFile(bytes) ? readModel(bytes) : null;
    if (file?.kind === NgramLM.kind) return NgramLM.from(file);
    if (extname(path) === '.arpa' || extname(out) === '.arpa')
      throw new Refusal(
        `${path}: ${file ? `holds a model of kind "${file.kind}"` : 'is no model file'}; ARPA is ` +
          'for n-gram models',
      );
    return null;
  });
}

async function convertVectors(path: string, out: string, options: Flags): Promise<void> {
  const vectors = await loadVectors(path, options.limit);
  const format = options.to ? FORMATS[options.to]! : formatOf(out);
  const bytes = await refusing(path, () => writeVectors(vectors, format));
  await writeResult(out, bytes, 'the vectors');
  printTable([
    ['vectors', `${count(vectors.length)} words of ${vectors.size} numbers`],
    ['written', out],
  ]);
}
