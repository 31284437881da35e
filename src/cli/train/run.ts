/** What the commands of all trainings share: the options of one run, and how a run goes on. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { checkpointOf, type JobOptions, type Outcome } from '../job.js';
import { decimal, whole } from '../options.js';
import { type Resumed, resumedRecipe } from '../resume.js';
import { fileArgument } from '../shell.js';

const CHECKPOINT_EVERY = 60;

/** What may differ from run to run, as it was written on the command line. */
export type RunFlags = {
  out?: string;
  checkpoint?: string;
  checkpointEvery?: number;
  resume?: string;
  acceptBuild?: boolean;
  slice?: number;
  maxSeconds?: number;
  reportEvery?: number;
  threads?: number;
  json?: boolean;
};

/** An option whose help says its default. */
export function option(flags: string, description: string, shown?: string | number): Option {
  return new Option(
    flags,
    shown === undefined ? description : `${description} (default: ${shown})`,
  );
}

/** Adds options below a heading of the help. */
export function group(command: Command, title: string, ...options: Option[]): void {
  for (const each of options) command.addOption(each.helpGroup(title));
}

/**
 * Adds the options of one run.
 *
 * @param out what `--out` is the file of, its default, and what the checkpoint lies beside
 * @param reportEvery the default, as the help says it
 */
export function addRunOptions(
  command: Command,
  out: { flag: string; of: string; name: string; beside: string },
  reportEvery: string | number,
): void {
  group(
    command,
    'This run:',
    option('--slice <n>', 'stop after n steps of this run and keep a checkpoint').argParser(
      whole(),
    ),
    option('--max-seconds <n>', 'stop after n seconds and keep a checkpoint').argParser(
      decimal({ above: 0 }),
    ),
    option('--report-every <n>', 'steps between two reports', reportEvery).argParser(whole()),
    option(`--out <${out.flag}>`, `file of the ${out.of}`, out.name),
    option(
      '--checkpoint <file>',
      'file of the checkpoint, kept when the training has finished',
      `beside the ${out.beside}, then removed`,
    ),
    option(
      '--checkpoint-every <seconds>',
      'seconds between two checkpoints',
      CHECKPOINT_EVERY,
    ).argParser(decimal({ above: 0 })),
    option('--resume <file>', 'continue exactly from this checkpoint; needs no other option'),
    option('--accept-build', 'with --resume: continue also with another build of the kernels'),
    option('--json', 'print one JSON object per line on stdout'),
  );
}

/** What a job takes from the flags alone. */
export function jobOf(
  task: string,
  given: RunFlags,
): Pick<
  JobOptions,
  'task' | 'slice' | 'maxSeconds' | 'acceptBuild' | 'checkpointEvery' | 'json'
> & { threads: number } {
  return {
    task,
    slice: given.slice ?? null,
    maxSeconds: given.maxSeconds ?? null,
    threads: given.threads ?? 1,
    acceptBuild: given.acceptBuild ?? false,
    checkpointEvery: given.checkpointEvery ?? CHECKPOINT_EVERY,
    json: given.json ?? false,
  };
}

/** What a resumed run takes from its checkpoint, unless a flag says otherwise. */
export function goingOn<Recipe extends Parameters<typeof resumedRecipe>[0]['recipe']>(
  resume: Resumed<Recipe>,
  given: RunFlags,
): {
  recipe: Recipe;
  out: string;
  checkpoint: string | null;
  resume: Resumed<Recipe>;
  reportEvery: number;
} {
  const out = given.out ?? resume.files.out;
  const beside = resolve(resume.path) === resolve(checkpointOf({ out, checkpoint: null }).path);
  return {
    recipe: resumedRecipe(resume, given),
    out,
    checkpoint: given.checkpoint ?? (beside ? null : resume.path),
    resume,
    reportEvery: given.reportEvery ?? resume.reportEvery,
  };
}

/** The command that goes on with a run that has not come to its end; nothing for one that has. */
export function howToGoOn(
  task: string,
  { reason, checkpoint }: Outcome,
): [label: string, text: string][] {
  if (reason !== 'budget' && reason !== 'aborted') return [];
  return [['go on', `npx throughtime train ${task} --resume ${fileArgument(checkpoint!)}`]];
}
