/** uvu with names for what is skipped: the runner lists them and never counts them as passed. */
import { suite as uvuSuite } from 'uvu';

export type TestBody = () => void | Promise<void>;

/** Under the mutation check the first failure ends the file: it says enough. */
const stopping =
  (body: TestBody): TestBody =>
  async () => {
    try {
      await body();
    } catch {
      process.exit(1);
    }
  };

/** One file's tests. Call `run()` once, at the end of the file. */
export function suite(name: string) {
  const tests = uvuSuite(name);
  return {
    /** Adds a test; its name is a sentence. */
    test(title: string, body: TestBody): void {
      tests(title, process.env['THROUGHTIME_KERNELS'] ? stopping(body) : body);
    },
    /**
     * Adds a test that runs only where `condition` holds; elsewhere it is reported as skipped, with
     * the reason.
     */
    testIf(condition: unknown, reason: string, title: string, body: TestBody): void {
      if (condition) return void tests(title, body);
      tests.skip(title, body);
      console.log(`SKIP ${name}: ${title} (${reason})`);
    },
    run(): void {
      tests.run();
    },
  };
}
