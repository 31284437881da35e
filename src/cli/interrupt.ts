/** Ctrl-C while a model trains. */
import { type Job, type Outcome, type RunContext, train } from './run.js';

/**
 * npm hands a Ctrl-C on to a program that has had it from the terminal already: within this time it
 * is the same one.
 */
const SAME_MS = 300;

/**
 * Runs a job; the first Ctrl-C ends it after the present step, with a checkpoint, the second leaves
 * at once with exit code 130.
 */
export async function supervise(job: Job, context: Omit<RunContext, 'signal'>): Promise<Outcome> {
  const { display } = context;
  const stop = new AbortController();
  let asked = -Infinity;
  const interrupt = (): void => {
    const now = performance.now();
    if (now - asked < SAME_MS) return;
    if (stop.signal.aborted) {
      display.close();
      process.exit(130);
    }
    asked = now;
    display.note('Ctrl-C', 'finishing the step and saving; once more leaves at once');
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  try {
    return await train(job, { ...context, signal: stop.signal });
  } finally {
    process.off('SIGINT', interrupt);
  }
}
