/** Signals while a model trains. */
import { basename } from 'node:path';
import type { Display } from './display.js';

/** Exit codes by convention: 128 and the signal's number. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Stop = keyof typeof CODES;

const NAMES: Record<Stop, string> = {
  SIGINT: 'Ctrl-C',
  SIGTERM: 'SIGTERM',
  SIGHUP: 'hangup',
};

/**
 * npm hands a Ctrl-C on to a program that has had it from the terminal already: within this time it
 * is the same one.
 */
const SAME_MS = 300;

/**
 * Whether `nohup` started the command. It ignores SIGHUP for what it starts, which Node undoes; the
 * shell's variable `_` still names it.
 */
const underNohup = (): boolean => basename(process.env['_'] ?? '') === 'nohup';

/**
 * Does `work`, which ends after the present step and saves when its signal aborts: at the first
 * Ctrl-C, SIGTERM (docker, systemd, Slurm) or SIGHUP (a closed terminal). A second one leaves at
 * once. The process then ends with 128 and the signal's number.
 */
export async function supervise<T>(
  display: Display,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let asked = -Infinity;
  const stopFor = (signal: Stop): void => {
    const now = performance.now();
    if (now - asked < SAME_MS) return;
    process.exitCode = CODES[signal];
    if (stop.signal.aborted) {
      display.close();
      process.exit();
    }
    asked = now;
    display.note(NAMES[signal], 'finishing the step and saving; once more leaves at once');
    stop.abort();
  };
  const signals = (Object.keys(CODES) as Stop[]).filter(
    signal => signal !== 'SIGHUP' || !underNohup(),
  );
  const goOn = (): void => {};
  if (underNohup()) process.on('SIGHUP', goOn);
  for (const signal of signals) process.on(signal, stopFor);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, stopFor);
  }
}
