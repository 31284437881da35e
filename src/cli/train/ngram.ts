/** `train lm --model ngram`: counting and smoothing; no steps, no checkpoints. */
import { basename, dirname, extname } from 'node:path';
import type { Smoothing } from '../../lm/ngram/estimate.js';
import { NgramLM } from '../../lm/ngram/model.js';
import { openRuns } from '../../node/runs.js';
import { init } from '../../runtime/init.js';
import type { Level } from '../../text/tokenize.js';
import { type Corpus, idFileOf, readCorpus } from '../corpus.js';
import type { Display } from '../display.js';
import { refusing } from '../errors.js';
import { checkFiles, writeResult } from '../files.js';
import { bytes, count, plural, UNITS } from '../format.js';
import { supervise } from '../interrupt.js';
import { printJSON } from '../output.js';
import { fileArgument } from '../shell.js';

/** What was asked for, with defaults in place. */
export interface Counting {
  input: readonly string[];
  valid: string | null;
  /** Share that is counted; null where a text of its own validates. */
  split: number | null;
  exactSplit: boolean;
  level: Level;
  minCount: number | null;
  maxVocab: number | null;
  order: number;
  smoothing: Smoothing;
  k: number | undefined;
  prune: readonly number[] | undefined;
  entropy: number | undefined;
  out: string;
  deterministic: boolean;
  json: boolean;
}

/** Counts, smooths, measures, writes. */
export async function trainNgram(job: Counting, display: Display): Promise<void> {
  const { input, valid, out } = job;
  const idFile = idFileOf(out);
  const inputs = input.filter(path => path !== '-');
  checkFiles({ read: { input: inputs, valid }, write: { out, 'the file of ids': idFile } });
  await init({ deterministic: job.deterministic });
  await supervise(display, async signal => {
    const corpus = await readCorpus({ ...job, bptt: 1, batch: 1, idFile }, display);
    // a text that is kept in a file has counts that are kept in one
    const store = corpus.idFile === null ? undefined : openRuns(dirname(out));
    try {
      const { vocab, train } = corpus;
      const began = performance.now();
      const { order, smoothing, k, prune, entropy } = job;
      const report = (tokens: number): void => {
        const share = tokens / train.length;
        const eta = ((performance.now() - began) / 1000) * (1 / share - 1);
        display.reading('counting', share, eta);
      };
      display.note('text', about(job, corpus));
      const model = await refusing(input.join(' '), () =>
        NgramLM.train(train, {
          ...{ vocab, order, smoothing, store, report, signal },
          ...(k !== undefined && { k }),
          ...(prune && { prune }),
          ...(entropy !== undefined && { entropy }),
        }),
      );
      const seconds = (performance.now() - began) / 1000;
      for (const note of model.notes) display.note('discounts', note);
      await writeNgram(out, model);
      const measured = corpus.valid && (await model.evaluate(corpus.valid, { signal }));
      tell(job, model, { seconds, measured }, display);
    } catch (error) {
      if (signal.aborted) return; // nothing is written, and nothing lost but seconds
      throw error;
    } finally {
      corpus.close();
      store?.close();
    }
  });
}

function about({ input, level }: Counting, { train, valid, unknown, skipped }: Corpus): string {
  const held = valid === null ? '' : ` and ${count(valid.length)} held out`;
  const outside =
    unknown > 0 ? `; ${count(unknown)} not in the vocabulary${skipped ? ' are left out' : ''}` : '';
  const name = input.map(path => basename(path)).join(', ');
  return `${name}: ${plural(train.length, UNITS[level])}${held}${outside}`;
}

function tell(
  { out, smoothing, level, json }: Counting,
  model: NgramLM,
  {
    seconds,
    measured,
  }: { seconds: number; measured: Awaited<ReturnType<NgramLM['evaluate']>> | null },
  display: Display,
): void {
  const { order, counts } = model.config;
  if (json) {
    const { notes } = model;
    const { loss, perplexity } = measured ?? { loss: null, perplexity: null };
    printJSON({ type: 'ngram', order, smoothing, counts, bytes: model.bytes, seconds, notes, loss, perplexity, model: out }); // biome-ignore format: one line
  }
  const n = counts.reduce((sum, each) => sum + each, 0);
  display.note(
    'model',
    `${counts.map(count).join(' + ')} n-grams of orders 1 to ${order}, ${smoothing}: ` +
      `${bytes(model.bytes)} in memory, ${(model.bytes / n).toFixed(1)} bytes each; ` +
      `${seconds.toFixed(1)} s`,
  );
  if (measured)
    display.note(
      'validation',
      `loss ${measured.loss.toFixed(4)}  ${measured.bitsPerToken.toFixed(3)} bits/${UNITS[level]}  ` +
        `perplexity ${measured.perplexity.toFixed(2)}`,
    );
  display.copyable('model', out);
  display.copyable('sample', `npx throughtime sample ${fileArgument(out)}`);
}

/** Writes a model: as ARPA where the file is called so, else as a model file. */
export async function writeNgram(path: string, model: NgramLM): Promise<void> {
  if (extname(path) !== '.arpa') return writeResult(path, model.save(), 'the model');
  await writeResult(path, () => model.arpa(), 'the model');
}
