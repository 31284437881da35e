/** One training run of the command, from the text to the files. */
import { basename } from 'node:path';
import { RecurrentLM } from '../lm/recurrent.js';
import { softmaxOf } from '../lm/softmax.js';
import { writeFileAtomic } from '../node/files.js';
import { init, runtimeInfo } from '../runtime/init.js';
import { columns } from '../text/batch.js';
import type { EndReport, Report } from '../train/report.js';
import { Trainer } from '../train/trainer.js';
import { readCorpus } from './corpus.js';
import type { Display } from './display.js';
import { Failure, Refusal, refusing } from './errors.js';
import { checkDistinct, checkpointName, checkWritable } from './files.js';
import { count, plural, UNITS } from './format.js';
import { modelOptions, type Recipe, trainerOptions } from './recipe.js';
import { noteFor, type Resumed } from './resume.js';

export interface Job {
  recipe: Recipe;
  input: string;
  valid: string | null;
  /** Where the model goes. */
  out: string;
  /**
   * Written after each validation and at the end; null: only when the run ends before its plan, at
   * a name derived from `out`.
   */
  checkpoint: string | null;
  resume: Resumed | null;
  /** Steps of this run; null: to the end of the plan. */
  slice: number | null;
  maxSeconds: number | null;
  reportEvery: number;
  /** Threads to train with, and whether with 256-bit instructions; they change no result. */
  threads: number;
  wide: boolean;
}

/** The trainer's last report and the files written. */
export type Outcome = EndReport & { model: string; checkpoint: string | null };

export interface RunContext {
  display: Display;
  signal?: AbortSignal;
  /** Receives each report but the last. */
  report?: (report: Exclude<Report, EndReport>) => void;
}

export async function train(job: Job, { display, signal, report }: RunContext): Promise<Outcome> {
  const { recipe, input, valid, out, resume } = job;
  const checkpoint = job.checkpoint ?? checkpointName(out);
  checkDistinct({ input, valid, out, checkpoint }, ['out', 'checkpoint']);
  checkWritable(out, 'out');
  checkWritable(checkpoint, 'checkpoint');

  await init({ deterministic: recipe.deterministic, threads: job.threads, wide: job.wide });
  const resumed =
    resume && (await refusing(resume.path, () => RecurrentLM.from(resume.file, softmaxOf)));
  const corpus = await readCorpus({ ...recipe, input, valid, vocab: resumed?.vocab });
  const data = columns(corpus.train, { batchSize: recipe.batch });
  const model = resumed ?? new RecurrentLM(modelOptions(recipe, corpus.vocab));
  const note = noteFor(checkpoint, {
    recipe,
    files: { input, valid, out },
    reportEvery: job.reportEvery,
  });
  const trainer = new Trainer(model, {
    ...trainerOptions(recipe, model.namedParameters()),
    reportEvery: job.reportEvery,
    note,
  });
  const write = (bytes: Uint8Array): Promise<void> => writeFileAtomic(checkpoint, bytes);
  const validate = (ids: Int32Array) => (signal: AbortSignal | undefined) => {
    display.validating();
    return model.evaluate(ids, { signal });
  };
  try {
    if (resume) await refusing(resume.path, () => trainer.restore(resume.bytes));
    if (resume && trainer.dataFingerprint !== data.fingerprint)
      throw new Refusal(
        `${input}: is not the text that the run of ${resume.path} began with; name that one ` +
          'with --input',
      );
    const planned =
      recipe.steps ?? (recipe.epochs ?? 1) * data.windows({ bptt: recipe.bptt }).length;
    introduce(display, {
      job,
      corpus,
      planned,
      parameters: model.parameters().reduce((sum, { size }) => sum + size, 0),
      step: trainer.step,
    });
    display.begin(Math.min(planned, trainer.step + (job.slice ?? Infinity)), () => trainer.step);

    let end: EndReport | undefined;
    const events = trainer.run(data, {
      ...(corpus.valid && { validate: validate(corpus.valid) }),
      ...(job.checkpoint !== null && { checkpoint: write }),
      signal,
      steps: job.slice ?? undefined,
      maxSeconds: job.maxSeconds ?? undefined,
    });
    for await (const event of events) {
      if (event.type === 'end') end = event;
      else report?.(event);
      if (event.type === 'step') display.step(event);
      if (event.type === 'valid')
        display.valid(event, {
          unit: recipe.level,
          best: event.validLoss === trainer.bestValidLoss,
        });
    }
    if (end === undefined) throw new Error('train: the run ended without saying why');
    const saved = job.checkpoint !== null || end.reason === 'aborted' || end.reason === 'budget';
    if (saved && job.checkpoint === null) await write(trainer.save());
    trainer.loadBest();
    await writeFileAtomic(out, model.save());
    display.end(end);
    return { ...end, model: out, checkpoint: saved ? checkpoint : null };
  } catch (error) {
    // the loss or a gradient is not finite
    const told = error instanceof Error && error.message.startsWith('train: step');
    throw told ? new Failure(error.message, { cause: error }) : error;
  } finally {
    display.close();
    trainer.dispose();
    model.dispose();
  }
}

/** What is about to happen, in three lines. */
function introduce(
  display: Display,
  {
    job,
    corpus,
    planned,
    parameters,
    step,
  }: {
    job: Job;
    corpus: {
      vocab: { size: number };
      train: Int32Array;
      valid: Int32Array | null;
      unknown: number;
    };
    planned: number;
    parameters: number;
    step: number;
  },
): void {
  const { recipe } = job;
  const { build, threads, wide } = runtimeInfo();
  const unit = UNITS[recipe.level];
  const held = corpus.valid === null ? '' : ` and ${count(corpus.valid.length)} held out`;
  const unknown =
    corpus.unknown > 0 ? `; ${count(corpus.unknown)} not in the vocabulary are left out` : '';
  display.note(
    'text',
    `${basename(job.input)}: ${plural(corpus.train.length, unit)}${held}${unknown}`,
  );
  display.note(
    'model',
    `${recipe.cell.toUpperCase()} ${recipe.layers}×${recipe.hidden}, embedding ${recipe.embedding}, vocabulary ${count(corpus.vocab.size)}${recipe.softmax === 'full' ? '' : `, ${recipe.softmax} softmax`}: ${plural(parameters, 'parameter')}`,
  );
  const length =
    recipe.epochs === null
      ? plural(planned, 'step')
      : `${plural(recipe.epochs, 'epoch')}, ${plural(planned, 'step')}`;
  display.note(
    'plan',
    `${length} of ${recipe.batch}×${recipe.bptt}; ${recipe.optimizer}, lr ${recipe.lr}, ${recipe.schedule}; ${build} build${wide ? ', wide' : ''}${threads > 1 ? `, ${threads} threads` : ''}`,
  );
  if (step > 0) display.note('resumed', `${job.resume!.path}, after ${plural(step, 'step')}`);
}
