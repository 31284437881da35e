/**
 * A contestant's side of the conversation: it introduces itself, then answers each line with a
 * line.
 *
 *   → {"about": "…"} or {"error": "…"}
 *   ← {"job": …, "seconds": 1}
 *   → {"perSecond": …} or {"error": "…"}
 */
import { createInterface } from 'node:readline';

/** Nobody waits longer for one step. */
const LONGEST_STEP = 60;

const say = message => process.stdout.write(`${JSON.stringify(message)}\n`);
const now = () => performance.now() / 1000;

/** Runs steps until `seconds` have passed, at least one; the units done per second. */
async function round(step, seconds) {
  const start = now();
  let units = 0;
  do units += await step();
  while (now() - start < seconds);
  return units / (now() - start);
}

/**
 * `make(job)` gives `step`, which does a piece of the job and returns its tokens; `dispose`; and,
 * where steps may be slow, `estimate`: the seconds that a step will take.
 */
export async function serve(about, make) {
  say({ about });
  let name = null;
  let work = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const { job, seconds } = JSON.parse(line);
    try {
      if (job.name !== name) {
        await work?.dispose?.();
        work = null;
        name = job.name;
        work = await make(job);
        const estimate = (await work.estimate?.()) ?? 0;
        if (estimate > LONGEST_STEP)
          throw new Error(`one step would take ${estimate.toFixed(0)} s`);
        // a warm-up; slow steps were warmed up by the estimate
        if (estimate < seconds) await round(work.step, seconds / 2);
      }
      say({ perSecond: await round(work.step, seconds) });
    } catch (error) {
      say({ error: error.message.split('\n')[0] });
    }
  }
}
