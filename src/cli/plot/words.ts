/** `throughtime plot vectors|correlation|cooccurrence` */
import { basename, extname } from 'node:path';
import { Command, Option } from 'commander';
import { readText } from '../../node/files.js';
import { heatMap } from '../../plot/heatmap.js';
import { wordMap } from '../../plot/map.js';
import { scatter } from '../../plot/scatter.js';
import { init } from '../../runtime/init.js';
import { cooccurrence } from '../../words/cooccurrence.js';
import { parsePairs, wordSimilarity } from '../../words/evaluate.js';
import { pca } from '../../words/pca.js';
import { ppmi } from '../../words/ppmi.js';
import { WordCorpus } from '../../words/train.js';
import { tsne } from '../../words/tsne.js';
import { idFileOf, readWords } from '../corpus.js';
import { createDisplay } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { checkFiles } from '../files.js';
import { plural } from '../format.js';
import { oneOf, whole } from '../options.js';
import { checkWords, limitOption, loadVectors } from '../vectors.js';
import { type PictureFlags, picture, write } from './picture.js';

/** Up to so many words stand along two directions; more, near their neighbours. */
const FEW = 30;

interface MapFlags extends PictureFlags {
  words?: string[];
  around?: string;
  top?: number;
  method?: 'pca' | 'tsne';
  limit?: number;
}

export function vectorsPlot(): Command {
  const command = new Command('vectors')
    .description('Draw a map of words: those that are near each other mean similar things.')
    .argument('<vectors>', 'file of word vectors')
    .option('--words <word...>', 'these words')
    .option('--around <word>', 'a word and those nearest to it')
    .addOption(
      new Option('--top <n>', 'how many words (default: 100, the most frequent ones)').argParser(
        whole(2),
      ),
    )
    .addOption(
      new Option(
        '--method <name>',
        `pca: two directions in which the words differ most; tsne: neighbours stay neighbours (default: pca up to ${FEW} words)`,
      ).argParser(oneOf(['pca', 'tsne'])),
    )
    .addOption(limitOption());
  return picture(command, 'map.svg')
    .addHelpText(
      'after',
      `
Examples:
  $ throughtime plot vectors vectors.safetensors --around music --top 60
  $ throughtime plot vectors vectors.safetensors --words king queen man woman`,
    )
    .action(async (path: string, flags: MapFlags) => {
      checkFiles({ read: { 'the vectors': path }, write: { out: flags.out } });
      if (flags.words && (flags.around !== undefined || flags.top !== undefined))
        throw new Refusal('--words names the words itself; leave --around and --top out');
      await init();
      const vectors = await loadVectors(path, flags.limit);
      const { around, top = 100 } = flags;
      let names: readonly string[] = [...new Set(flags.words)];
      checkWords(path, vectors, around === undefined ? names : [around]);
      if (around !== undefined) {
        const near = await vectors.nearest(around, { top: top - 1 });
        names = [around, ...near.map(({ word }) => word)];
      } else if (!flags.words) names = vectors.words.slice(0, top);
      const method = flags.method ?? (names.length > FEW ? 'tsne' : 'pca');
      const { places, about } = await refusing(path, () => {
        if (method === 'tsne')
          return {
            places: tsne(vectors, names),
            about: 'by t-SNE: only near or far has a meaning',
          };
        const { positions, explained } = pca(vectors, names);
        const share = 100 * (explained[0]! + explained[1]!);
        return {
          places: positions,
          about: `by two principal components, which have ${share.toFixed(0)} % of the variance`,
        };
      });
      const points = names.map((label, i) => ({
        label,
        x: places[2 * i]!,
        y: places[2 * i + 1]!,
        group: label === around ? 1 : 0,
      }));
      const { title, width } = flags;
      const svg = wordMap(points, {
        ...(title !== undefined && { title }),
        ...(width !== undefined && { width }),
        equal: method === 'tsne',
        description: `A map of ${names.length} words, ${about}.`,
      });
      await write(flags, svg, [['map', `${plural(names.length, 'word')}, ${about}`]]);
    });
}

export function correlationPlot(): Command {
  const command = new Command('correlation')
    .description('Draw what people say of pairs of words against the cosine of their vectors.')
    .argument('<vectors>', 'file of word vectors')
    .requiredOption('--similarity <file>', 'word pairs and scores')
    .addOption(
      new Option('--labels <n>', 'name the n pairs that fit least').argParser(whole(0)).default(8),
    )
    .addOption(limitOption());
  return picture(command, 'correlation.svg')
    .addHelpText(
      'after',
      `
Example:
  $ throughtime plot correlation vectors.bin --similarity word-sim/EN-WS-353-ALL.txt`,
    )
    .action(
      async (
        path: string,
        flags: PictureFlags & { similarity: string; labels: number; limit?: number },
      ) => {
        const { similarity: file, labels, out, width } = flags;
        checkFiles({ read: { 'the vectors': path, similarity: file }, write: { out } });
        await init();
        const pairs = await refusing(file, async () =>
          parsePairs(await readText(file, 'the pairs')),
        );
        const vectors = await loadVectors(path, flags.limit);
        const { points, found, spearman } = wordSimilarity(vectors, pairs);
        if (found === 0) throw new Refusal(`${path}: has vectors for none of the pairs of ${file}`);
        const rank = spearman === null ? 'none' : spearman.toFixed(3);
        const name = basename(file, extname(file));
        const svg = scatter(
          points.map(({ a, b, score, cosine }) => ({ x: score, y: cosine, label: `${a}–${b}` })),
          {
            title: flags.title ?? `${name}: Spearman’s ρ ${rank}`,
            ...(width !== undefined && { width }),
            x: { label: 'judgement of people' },
            y: { label: 'cosine' },
            line: true,
            labels,
            description: `Human judgement against cosine of ${found} pairs of words, Spearman’s ρ ${rank}.`,
          },
        );
        await write(flags, svg, [
          ['pairs', `${found} of ${pairs.length} have vectors`],
          ['Spearman', rank],
        ]);
      },
    );
}

interface CountFlags extends PictureFlags {
  input: string[];
  words?: string[];
  top: number;
  window: number;
  weighting: 'distance' | 'none';
  ppmi?: boolean;
}

export function cooccurrencePlot(): Command {
  const command = new Command('cooccurrence')
    .description('Draw how often words stand near each other in a text.')
    .requiredOption('--input <file...>', 'texts: files, folders, or - for standard input')
    .option('--words <word...>', 'these words')
    .addOption(
      new Option('--top <n>', 'without --words: the n most frequent ones')
        .argParser(whole(1))
        .default(20),
    )
    .addOption(new Option('--window <n>', 'words on each side').argParser(whole()).default(5))
    .addOption(
      new Option('--weighting <name>', 'none: each pair counts 1; distance: 1 / its distance')
        .argParser(oneOf(['none', 'distance']))
        .default('none'),
    )
    .option('--ppmi', 'how much more often than by chance, instead of how often');
  return picture(command, 'cooccurrence.svg')
    .addHelpText(
      'after',
      `
Example:
  $ throughtime plot cooccurrence --input book.txt --words king queen crown war --ppmi`,
    )
    .action(async (flags: CountFlags) => {
      const { input, out, top, window, weighting, title, width } = flags;
      const inputs = input.filter(path => path !== '-');
      checkFiles({ read: { input: inputs }, write: { out, 'the file of ids': idFileOf(out) } });
      await init();
      const corpus = await readWords(
        { input, minCount: 1, maxVocab: null, idFile: idFileOf(out) },
        createDisplay({ json: false }),
      );
      try {
        const counted = await refusing(input.join(' '), () =>
          cooccurrence(new WordCorpus(corpus.train), { vocab: corpus.vocab, window, weighting }),
        );
        const rowOf = new Map(counted.words.map((word, row) => [word, row]));
        const names = flags.words ? [...new Set(flags.words)] : counted.words.slice(0, top);
        const unknown = names.filter(name => !rowOf.has(name));
        if (unknown.length > 0)
          throw new Refusal(
            `--words: the text does not have ${unknown.map(word => `"${word}"`).join(', ')}`,
          );
        const matrix = flags.ppmi ? ppmi(counted.matrix) : counted.matrix;
        const columnOf = new Map(names.map((name, n) => [rowOf.get(name)!, n]));
        const values = new Float64Array(names.length ** 2);
        names.forEach((name, m) => {
          const row = rowOf.get(name)!;
          for (let i = matrix.starts[row]!; i < matrix.starts[row + 1]!; i++) {
            const n = columnOf.get(matrix.columns[i]!);
            if (n !== undefined) values[m * names.length + n] = matrix.values[i]!;
          }
        });
        const what = flags.ppmi ? 'positive pointwise mutual information' : 'counts of pairs';
        const svg = heatMap(
          { rows: names, columns: names, values },
          {
            ...(title !== undefined && { title }),
            ...(width !== undefined && { width }),
            description: `${what} of ${names.length} words, up to ${window} apart.`,
          },
        );
        await write(flags, svg, [
          ['matrix', `${plural(names.length, 'word')}, ${what}, up to ${window} apart`],
        ]);
      } finally {
        corpus.close();
      }
    });
}
