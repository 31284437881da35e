/** Long work in one thread: letting the event loop run, cheaply. */

/**
 * Ways to let timers, messages and aborts get their turn, the quickest first. What a host lacks, or
 * has as a stub that throws, is found out by trying.
 */
const WAYS: ((done: () => void) => void)[] = [
  done => void setImmediate(done),
  done => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  },
  done => void setTimeout(done, 0),
];

function nextTask(): Promise<void> {
  return new Promise(resolve => {
    for (const way of WAYS)
      try {
        return way(resolve);
      } catch {} // the next one
  });
}

const SLICE_MS = 40;
/** Some runtimes stop the clock while code runs: there, every so many calls. */
const SLICE_CALLS = 256;

/** Yields to the event loop about every 40 ms of work. */
export class Pacer {
  private since = performance.now();
  private calls = 0;

  /** Call between pieces of work. */
  async pause(): Promise<void> {
    if (performance.now() - this.since < SLICE_MS && ++this.calls < SLICE_CALLS) return;
    await nextTask();
    this.since = performance.now();
    this.calls = 0;
  }
}
