/** Errors that print one sentence, and their exit codes. */

/** What was asked for cannot be done: bad input or options. Exit code 2. */
export class Refusal extends Error {}

/**
 * The request was good, and yet the work failed for a reason that one sentence explains. Exit code
 * 1.
 */
export class Failure extends Error {}

/**
 * Does `work`; whatever it throws becomes a refusal in one sentence, which begins with `subject`
 * where there is one.
 */
export async function refusing<T>(subject: string | null, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal((subject === null ? '' : `${subject}: `) + sentence(error), { cause: error });
  }
}

/** The message without the name of the function it came from. */
function sentence(error: unknown): string {
  return (error as Error).message.replace(/^[a-z]\w*(\.\w+)*: /i, '');
}

/** The engine's own words for memory that it could not get. */
const OUT_OF_MEMORY =
  /allocation failed|could not allocate|invalid (typed )?array length|string longer/i;

/** What to say on stderr, and the exit code. */
export function explain(error: unknown): { message: string; code: 1 | 2 } {
  if (error instanceof Refusal) return { message: error.message, code: 2 };
  if (error instanceof Failure) return { message: error.message, code: 1 };
  if (!(error instanceof Error)) return { message: String(error), code: 1 };
  if (typeof ((error.cause ?? error) as NodeJS.ErrnoException).syscall === 'string')
    return { message: sentence(error), code: 2 }; // a full disk
  if (error instanceof RangeError) {
    if (OUT_OF_MEMORY.test(error.message))
      return {
        message:
          `the memory does not suffice (${error.message}); ` + 'use a smaller model, batch or text',
        code: 2,
      };
    // the library's own checks begin with the function's name
    if (/^[\w.]+: /.test(error.message)) return { message: error.message, code: 2 };
  }
  return { message: error.stack ?? error.message, code: 1 };
}
