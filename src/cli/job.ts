/**
 * What every training of the command has in common, whatever it trains: files, checkpoints by the
 * clock, resuming, the display, interruption, JSON.
 */
import { rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../node/files.js';
import type { Loop } from '../train/loop.js';
import type { EndReason, EndReport, Report, StepReport } from '../train/report.js';
import type { Fingerprinted } from '../train/trainable.js';
import type { Display } from './display.js';
import { Failure, Refusal, refusing } from './errors.js';
import { checkFiles, siblingName, writeResult } from './files.js';
import { supervise } from './interrupt.js';
import { printJSON } from './output.js';
import type { Resumed } from './resume.js';
import { fileArgument } from './shell.js';

/** The options of one run that do not depend on the task. */
export interface JobOptions {
  /** What is trained, as the command line names it: lm, vectors. */
  task: string;
  /** Texts and models that are read, by option. */
  inputs: Readonly<Record<string, string | readonly string[] | null>>;
  /** What else may be written, by what it is. */
  writes?: Readonly<Record<string, string>>;
  /** Where the model goes. */
  out: string;
  /**
   * Where the checkpoint stays; null: beside the model, as long as the run has not come to its end.
   */
  checkpoint: string | null;
  /** Seconds from one checkpoint to the next. */
  checkpointEvery: number;
  resume: Resumed<object> | null;
  /** Take over a checkpoint that was written with another build of the kernels. */
  acceptBuild: boolean;
  /** Steps of this run; null: to the end of the plan. */
  slice: number | null;
  maxSeconds: number | null;
  json: boolean;
}

/** The model and its data. */
export interface Task<Data extends Fingerprinted> {
  trainer: Pick<
    Loop<unknown, Data>,
    'run' | 'restore' | 'save' | 'loadBest' | 'step' | 'dataFingerprint'
  >;
  data: Data;
  /** Measures the loss on held-out data; null: there is none. */
  validate: ((signal: AbortSignal | undefined) => Promise<object>) | null;
  /** What a token is called. */
  unit: string;
  /** What is counted in a second, and a step's report with that rate. Default: tokens. */
  rate?: { of: string; report(report: StepReport): StepReport };
  /** Steps of the whole plan. */
  planned: number;
  /** Prints the plan of the run. */
  introduce(): void;
  /** The bytes of the model's file. */
  save(): Uint8Array;
  dispose(): void;
}

/** The trainer's last report and the files written; null: not written, or not kept. */
export type Outcome = EndReport & { model: string | null; checkpoint: string | null };

/** The checkpoint of a job, and whether it is removed when the run has come to its end. */
export function checkpointOf({ out, checkpoint }: Pick<JobOptions, 'out' | 'checkpoint'>): {
  path: string;
  kept: boolean;
} {
  return { path: checkpoint ?? siblingName(out, 'checkpoint'), kept: checkpoint !== null };
}

/**
 * Runs a job: checks the files, prepares the task, trains, writes the files.
 *
 * @param prepare reads data and makes model and trainer; called once the files are checked
 */
export async function perform<Data extends Fingerprinted>(
  options: JobOptions,
  display: Display,
  prepare: () => Promise<Task<Data>>,
): Promise<Outcome> {
  const { inputs, out, resume } = options;
  const { path, kept } = checkpointOf(options);
  checkFiles({
    read: {
      ...inputs,
      ...(resume && resolve(resume.path) !== resolve(path) && { resume: resume.path }),
    },
    write: { out, checkpoint: path, ...options.writes },
  });
  if (
    !kept &&
    (!resume || resolve(resume.path) !== resolve(path)) &&
    statSync(path, { throwIfNoEntry: false })
  )
    throw new Refusal(
      `${path}: is the checkpoint of a run that did not come to its end; go on with ` +
        `throughtime train ${options.task} --resume ${fileArgument(path)}, or delete it to begin anew`,
    );
  return supervise(display, async signal => {
    const task = await prepare();
    try {
      return await train(task, { options, display, signal, path, kept });
    } catch (error) {
      // weights, the loss or a gradient are not finite
      const told = error instanceof Error && error.message.startsWith('train: step');
      throw told ? new Failure(error.message, { cause: error }) : error;
    } finally {
      display.close();
      task.dispose();
    }
  });
}

interface Run {
  options: JobOptions;
  display: Display;
  signal: AbortSignal;
  /** The checkpoint. */
  path: string;
  kept: boolean;
}

async function train<Data extends Fingerprinted>(
  task: Task<Data>,
  { options, display, signal, path, kept }: Run,
): Promise<Outcome> {
  const { trainer, data, planned } = task;
  const { out, resume } = options;
  if (resume) {
    const accept = options.acceptBuild ? (['build'] as const) : [];
    await refusing(resume.path, () => {
      try {
        trainer.restore(resume.bytes, { accept });
      } catch (error) {
        const message = (error as Error).message.replace("accept: ['build']", '--accept-build');
        throw new RangeError(message, { cause: error });
      }
    });
    if (trainer.dataFingerprint !== null && trainer.dataFingerprint !== data.fingerprint)
      throw new Refusal(
        `${[options.inputs['input']].flat().join(' ')}: is not the text that the run of ` +
          `${resume.path} began with; name that one with --input, or train the model on another ` +
          'text with --from',
      );
  }
  const show = guarded(display);
  show(() => task.introduce());
  display.begin(Math.min(planned, trainer.step + (options.slice ?? Infinity)), {
    step: () => trainer.step,
    rate: task.rate?.of ?? 'tokens',
  });

  const began = performance.now();
  let end: EndReport | undefined;
  let saved = false; // the last checkpoint is written
  const isOver = (reason: EndReason | null): boolean => reason === 'finished' || reason === 'early';
  const events = trainer.run(data, {
    ...(task.validate && {
      validate: (signal: AbortSignal | undefined) => {
        show(() => display.validating());
        return task.validate!(signal);
      },
    }),
    checkpoint: async (bytes, reason) => {
      if (!kept && isOver(reason)) return; // it is removed
      // one that cannot be written now may be later: the training goes on
      saved = await writeFileAtomic(path, bytes).then(
        () => true,
        (error: Error) => {
          display.note('warning', error.message.replace(/^\w+: /, ''));
          return false;
        },
      );
    },
    checkpointEvery: { seconds: options.checkpointEvery },
    signal,
    steps: options.slice ?? undefined,
    maxSeconds: options.maxSeconds ?? undefined,
  });
  for await (const event of events) {
    if (event.type === 'end') end = event;
    else show(() => report(event));
  }
  if (end === undefined) throw new Error('train: the run ended without saying why');

  function report(event: Exclude<Report, EndReport>): void {
    // seconds of this run, validations and all: what a curve over time is drawn by
    if (options.json) printJSON({ ...event, seconds: (performance.now() - began) / 1000 });
    if (event.type === 'step') display.step(task.rate?.report(event) ?? event);
    else display.valid(event, { unit: task.unit });
  }

  const unfinished = !isOver(end.reason);
  if ((unfinished || kept) && !saved) await writeResult(path, trainer.save(), 'the checkpoint');
  const written = end.reason !== 'aborted'; // a model of a few steps must not replace a good one
  if (written) {
    trainer.loadBest();
    await writeResult(out, task.save(), 'the model');
  }
  if (!unfinished && !kept) rmSync(path, { force: true });
  display.end(end);
  return { ...end, model: written ? out : null, checkpoint: unfinished || kept ? path : null };
}

/** Calls what shows something; no failure there may end the training. */
function guarded(display: Display): (work: () => void) => void {
  let failed = false;
  return work => {
    if (failed) return;
    try {
      work();
    } catch (error) {
      failed = true;
      display.close();
      display.note('warning', `reports end here: ${(error as Error).message}`);
    }
  };
}
