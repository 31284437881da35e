/** `train vectors --algorithm lsa|ppmi`: vectors from a matrix of counts, by its SVD. */
import { basename } from 'node:path';
import { writeVectors } from '../../io/vectors.js';
import { init } from '../../runtime/init.js';
import { cooccurrence } from '../../words/cooccurrence.js';
import { tfidf, wordDocuments } from '../../words/documents.js';
import { type Lsa, lsa } from '../../words/lsa.js';
import { ppmi } from '../../words/ppmi.js';
import type { SparseMatrix } from '../../words/sparse.js';
import type { SvdProgress } from '../../words/svd.js';
import { WordCorpus } from '../../words/train.js';
import { type Corpus, idFileOf, readWords } from '../corpus.js';
import { createDisplay, type Display } from '../display.js';
import { Refusal, refusing } from '../errors.js';
import { checkFiles, writeResult } from '../files.js';
import { count, plural } from '../format.js';
import { formatOf } from '../formats.js';
import { printJSON } from '../output.js';
import { fileArgument } from '../shell.js';

/** What was asked for, with defaults in place. */
export interface Factoring {
  algorithm: 'lsa' | 'ppmi';
  input: readonly string[];
  out: string;
  size: number;
  minCount: number;
  maxVocab: number | null;
  /** ppmi: neighbours on each side. */
  window: number;
  /** lsa: words of a document at most. */
  document: number;
  /** Vectors are rows of U·Σ to this power. */
  power: number;
  seed: number;
  threads: number;
  deterministic: boolean;
  json: boolean;
}

/** Residuals are at most this times the largest singular value: beyond it no similarity changes. */
const TOLERANCE = 1e-3;
const TOPICS = 6;

/** Counts, weights, decomposes, writes. */
export async function factor(job: Factoring): Promise<void> {
  const { input, out, size, json } = job;
  const idFile = idFileOf(out);
  const inputs = input.filter(path => path !== '-');
  checkFiles({ read: { input: inputs }, write: { out, 'the file of ids': idFile } });
  const display = createDisplay({ json });
  await init({ deterministic: job.deterministic, threads: job.threads });
  const corpus = await readWords(
    { input, minCount: job.minCount, maxVocab: job.maxVocab, idFile },
    display,
  );
  try {
    const name = input.map(path => basename(path)).join(', ');
    const { words, counts, matrix, about } = await refusing(input.join(' '), () => counted(job, corpus)); // biome-ignore format: one line
    const smaller = Math.min(...matrix.shape);
    if (size > smaller)
      throw new Refusal(
        `--size ${size}: the matrix has ${smaller} ${matrix.shape[0] < matrix.shape[1] ? 'words' : 'documents'}; ` +
          'choose a smaller size, or give more text',
      );
    const total = counts.reduce((sum, each) => sum + each, 0);
    display.note('text', `${name}: ${plural(total, 'word')}`);
    display.note('matrix', `${about}; ${plural(matrix.nonzeros, 'value')} that are not 0`);
    const began = performance.now();
    const report = ({ passes, residual }: SvdProgress): void => {
      const share = Math.min(0.99, Math.max(0.01, Math.log(residual) / Math.log(TOLERANCE)));
      const eta = ((performance.now() - began) / 1000) * (1 / share - 1);
      display.reading(`${passes} passes`, share, eta);
    };
    const space = await lsa(words, matrix, { size, tolerance: TOLERANCE, seed: job.seed, report });
    const vectors = space.vectors(job.power);
    const content = { words, size: vectors.size, data: vectors.data, counts };
    await writeResult(out, writeVectors(content, formatOf(out)), 'the vectors');
    tell(job, space, display, began);
  } finally {
    corpus.close();
  }
}

interface Counted {
  words: readonly string[];
  counts: Float64Array;
  matrix: SparseMatrix;
  about: string;
}

function counted({ algorithm, window, document }: Factoring, corpus: Corpus): Counted {
  const { vocab } = corpus;
  const text = new WordCorpus(corpus.train);
  if (algorithm === 'ppmi') {
    const { words, counts, matrix } = cooccurrence(text, { vocab, window, weighting: 'none' });
    const about = `${count(words.length)} words beside each other within ${window}, weighted by PPMI`; // biome-ignore format: one line
    return { words, counts, matrix: ppmi(matrix), about };
  }
  const { words, matrix } = wordDocuments(text, vocab, { length: document });
  const [, documents] = matrix.shape;
  if (documents < 2)
    throw new RangeError(
      'lsa: the text is one document; put each on a line of its own, or lower --document',
    );
  const counts = Float64Array.from(words, (_, row) =>
    matrix.values.subarray(matrix.starts[row], matrix.starts[row + 1]).reduce((a, b) => a + b, 0),
  );
  const about = `${count(words.length)} words in ${plural(documents, 'document')}, weighted by TF-IDF`; // biome-ignore format: one line
  return { words, counts, matrix: tfidf(matrix), about };
}

function tell(job: Factoring, space: Lsa, display: Display, began: number): void {
  const { algorithm, out, json } = job;
  const seconds = (performance.now() - began) / 1000;
  const residual = Math.max(...space.residuals) / space.sigma[0]!;
  const topics =
    algorithm === 'lsa'
      ? space.topics(TOPICS).map(topic => topic.map(({ word }) => word))
      : undefined;
  if (json) {
    const { passes, sigma } = space;
    printJSON({ type: 'factor', algorithm, words: space.words.length, size: space.size, passes, residual, seconds, sigma: Array.from(sigma), topics, vectors: out }); // biome-ignore format: one line
    return;
  }
  display.note(
    'finished',
    `${plural(space.size, 'dimension')} in ${count(space.passes)} passes and ` +
      `${seconds.toFixed(1)} s, residual ${residual.toExponential(1)} of the largest value`,
  );
  topics?.slice(0, 8).forEach((topic, i) => {
    display.note(i === 0 ? 'topics' : '', topic.join(' '));
  });
  display.copyable('vectors', out);
  display.copyable('neighbours', `npx throughtime nearest ${fileArgument(out)} WORD`);
}
