/**
 * Step by step reports gathered into a few a second, and into some hundred points of a curve at
 * least.
 */
import type { train } from 'throughtime';
import type { FromWorker } from '../messages.js';

const EVERY_MS = 200;
const POINTS = 100;

export class Pulse {
  private steps = 0;
  private tokens = 0;
  private loss = 0;
  private busy = 0;
  private lastTokens = 0;
  private since = 0;
  /** Seconds a step takes, smoothed. */
  private pace = 0;

  constructor(private readonly planned: number) {}

  restart(): void {
    this.since = performance.now();
  }

  add({ step, tokens, loss, tokensPerSecond }: train.StepReport): FromWorker | null {
    const fresh = tokens - this.lastTokens;
    this.lastTokens = tokens;
    this.steps++;
    this.tokens += fresh;
    this.loss += loss * fresh;
    if (tokensPerSecond !== null) this.busy += fresh / tokensPerSecond;
    const now = performance.now();
    if (now - this.since < EVERY_MS && this.steps * POINTS < this.planned && step < this.planned)
      return null;
    // with validation and samples: what is left has them too
    const wall = (now - this.since) / 1000 / this.steps;
    this.pace = this.pace === 0 ? wall : 0.9 * this.pace + 0.1 * wall;
    const told: FromWorker = {
      type: 'step',
      step,
      bits: this.loss / this.tokens / Math.LN2,
      perSecond: this.busy > 0 ? this.tokens / this.busy : null,
      secondsLeft: (this.planned - step) * this.pace,
    };
    this.steps = this.tokens = this.loss = this.busy = 0;
    this.since = now;
    return told;
  }
}
