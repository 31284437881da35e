/**
 * The messages of the page to its worker, in a queue, between which the worker does its own work. A
 * message aborts `signal`, so that training stops between two steps and nothing is saved in the
 * middle of one.
 */
type Scope = Pick<Worker, 'addEventListener' | 'postMessage'>;
const scope = globalThis as unknown as Scope;

export class Inbox<Message> {
  private readonly queue: Message[] = [];
  private interrupt = new AbortController();
  private wake = (): void => {};

  constructor() {
    scope.addEventListener('message', ({ data }) => {
      this.queue.push(data as Message);
      this.interrupt.abort();
      this.wake();
    });
  }

  /** Whether messages wait. */
  get waiting(): boolean {
    return this.queue.length > 0;
  }

  /** Aborted by the next message. */
  get signal(): AbortSignal {
    return this.interrupt.signal;
  }

  /** The next message, if there is one; `signal` is new. */
  take(): Message | undefined {
    this.interrupt = new AbortController();
    return this.queue.shift();
  }

  /** Until there is a message. */
  wait(): Promise<void> {
    return new Promise(resolve => (this.wake = resolve));
  }
}

/** Sends a message to the page. */
export function post(message: object, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
