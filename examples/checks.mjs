/** Tests of the examples: one after the other, a line each, and the closing line of all our runners. */
const checks = [];

/** Adds a test; its name is a sentence. */
export const check = (title, body) => checks.push({ title, body });

/** Adds a test that cannot run here, and says why. */
export const skip = (title, reason) => checks.push({ title, reason });

/** Runs them; call once, at the end. */
export async function run() {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { title, body, reason } of checks) {
    const began = performance.now();
    const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
    if (reason !== undefined) {
      sum.skipped++;
      console.log(`SKIP ${title} (${reason})`);
      continue;
    }
    try {
      await body();
      sum.passed++;
      console.log(`ok   ${title}  ${seconds()}`);
    } catch (error) {
      sum.failed++;
      console.log(`FAIL ${title}  ${seconds()}\n${String(error?.stack ?? error).replace(/^/gm, '     ')}`);
    }
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  process.exitCode = sum.failed > 0 || checks.length === 0 ? 1 : 0;
}
