/** What both views have: complaints, files to save, the way to the results. */
import { byId, make } from './dom.js';

export function complain(why: string | null): void {
  const problem = byId('problem');
  problem.textContent = why ?? '';
  problem.hidden = why === null;
  if (why !== null) problem.scrollIntoView({ block: 'nearest' });
}

export function say(note: string): void {
  byId('status').textContent = note;
}

export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** On a phone the results are below the form. */
export function showResults(): void {
  if (!matchMedia('(max-width: 820px)').matches) return;
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  byId('numbers').scrollIntoView({ block: 'start', behavior });
}

/** Ctrl+Enter sends the form from anywhere. */
export function submitByKey(form: HTMLFormElement): void {
  addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** A worker that tells its messages to `hear`, and complains if it cannot be loaded. */
export function startWorker<Message>(script: string, hear: (message: Message) => void): Worker {
  const worker = new Worker(script, { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<Message>) => hear(data));
  worker.addEventListener('error', event =>
    complain(event.message || 'The worker could not be loaded; reload the page.'),
  );
  return worker;
}
