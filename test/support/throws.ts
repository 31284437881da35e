/** Fails unless `work` throws an error of the kind `type` whose message matches. */
export function throws(
  work: () => unknown,
  type: new (message?: string) => Error,
  message: RegExp,
): void {
  let error: unknown;
  try {
    work();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) throw new Error(`nothing was thrown, expected ${type.name} ${message}`);
  if (!(error instanceof Error) || error.constructor !== type || !message.test(error.message))
    throw new Error(`thrown: ${String(error)}; expected ${type.name} ${message}`);
}

/** As `throws`, of a promise; any kind of error. */
export async function rejects(work: () => Promise<unknown>, message: RegExp): Promise<void> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof Error && message.test(error.message)))
    throw new Error(`rejected with: ${String(error)}; expected ${message}`);
}
