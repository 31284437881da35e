/** Long work in one thread: letting the event loop run, cheaply. */

/** A macrotask: timers, messages and aborts get their turn. */
function nextTask(): Promise<void> {
  return new Promise(resolve => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else setTimeout(resolve, 0);
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
