/**
 * How a training run looks while it runs: a live bar on a terminal, else a line per report. All on
 * stderr.
 */
import { stripVTControlCharacters } from 'node:util';
import cliProgress from 'cli-progress';
import type { EndReport, StepReport, ValidReport } from '../train/report.js';
import { count, duration, plural, short, wrap } from './format.js';
import { colours, columnsOf, tell } from './output.js';

export interface Display {
  /** Whether somebody watches it live. */
  readonly live: boolean;
  /** A line that stays: a dim label and a text, which is wrapped to the terminal's width. */
  note(label: string, text: string): void;
  /** A line that stays with something to copy, a path or a command: it is never broken. */
  copyable(label: string, text: string): void;
  /** How much of a text was read; only what takes long is shown. */
  reading(task: string, share: number, etaSeconds: number): void;
  /**
   * The way to go: steps planned and done, for which `step` is asked again and again, and what is
   * counted in a second.
   */
  begin(planned: number, about: { step: () => number; rate: string }): void;
  step(report: StepReport): void;
  /** Validation begins. */
  validating(): void;
  valid(report: ValidReport, about: ValidContext): void;
  end(report: EndReport): void;
  /** Puts the terminal right; may be called at any time, and again. */
  close(): void;
}

export interface ValidContext {
  /** What a token is called. */
  unit: string;
}

const LABEL_WIDTH = 11;
const colour = colours(process.stderr);

function line(label: string, text: string): string {
  return `${colour.dim(label.padEnd(LABEL_WIDTH))}${text}\n`;
}

function validText({ epoch, metrics, best }: ValidReport, { unit }: ValidContext): string {
  const { accuracy, macroF1 } = metrics;
  if (accuracy !== undefined)
    return (
      `epoch ${epoch.toFixed(2)}  loss ${metrics['loss']?.toFixed(4)}  accuracy ` +
      `${(100 * accuracy).toFixed(2)} %` +
      `${macroF1 === undefined ? '' : `  macro-F1 ${(100 * macroF1).toFixed(2)} %`}` +
      `${best ? `  ${colour.green('best')}` : ''}`
    );
  const { loss = NaN, bitsPerToken = NaN, perplexity = NaN } = metrics;
  const mark = best ? `  ${colour.green('best')}` : '';
  const digits = perplexity < 1000 ? 2 : 0;
  return (
    `epoch ${epoch.toFixed(2)}  loss ${loss.toFixed(4)}  ` +
    `${bitsPerToken.toFixed(3)} bits/${unit}  perplexity ${perplexity.toFixed(digits)}${mark}`
  );
}

const REASONS: Record<EndReport['reason'], string> = {
  finished: 'finished',
  budget: 'paused',
  early: 'early stop',
  aborted: 'stopped',
};

function endText({ step, seconds, best: value, metrics }: EndReport): string {
  const watched =
    metrics?.['accuracy'] === undefined
      ? `loss ${value?.toFixed(4)}`
      : `accuracy ${(100 * (value ?? 0)).toFixed(2)} %`;
  const best = value === null ? '' : `; best validation ${watched}`;
  return `after ${plural(step, 'step')}, ${duration(seconds)} in this run${best}`;
}

/** Milliseconds between lines about reading. */
const READING_MS = 2000;

/** What both have in common. */
abstract class Lines {
  protected abstract write(text: string): void;
  /** When something of the reading was shown, or it began. */
  private readingAt: { task: string; at: number } | null = null;

  reading(task: string, share: number, etaSeconds: number): void {
    const now = performance.now();
    if (this.readingAt?.task !== task) this.readingAt = { task, at: now };
    if (now - this.readingAt.at < READING_MS) return;
    this.readingAt.at = now;
    this.note(task, `${Math.floor(100 * share)}%  eta ${duration(etaSeconds)}`);
  }

  note(label: string, text: string): void {
    this.write(line(label, wrap(text, columnsOf(process.stderr), LABEL_WIDTH)));
  }

  copyable(label: string, text: string): void {
    this.write(line(label, text));
  }

  valid(report: ValidReport, about: ValidContext): void {
    this.note('validation', validText(report, about));
  }

  end(report: EndReport): void {
    this.note(REASONS[report.reason], endText(report));
  }
}

class Plain extends Lines implements Display {
  readonly live = false;
  private planned = 0;
  private rate = '';

  protected write(text: string): void {
    tell(text);
  }

  begin(planned: number, { rate }: { rate: string }): void {
    this.planned = planned;
    this.rate = rate;
  }

  step({ step, epoch, loss, gradNorm, lr, tokensPerSecond, etaSeconds }: StepReport): void {
    const speed = tokensPerSecond === null ? '' : `  ${short(tokensPerSecond)} ${this.rate}/s`;
    const eta = etaSeconds === null ? '' : `  eta ${duration(etaSeconds)}`;
    const gradient = Number.isNaN(gradNorm) ? '' : `  gradient ${gradNorm.toFixed(3)}`;
    this.note(
      'training',
      `step ${count(step)}/${count(this.planned)}  epoch ${epoch.toFixed(2)}  loss ` +
        `${loss.toFixed(4)}${gradient}  lr ${lr.toPrecision(3)}${speed}${eta}`,
    );
  }

  validating(): void {}
  close(): void {}
}

const FRAMES_PER_SECOND = 10;
/** Columns of the bar at most. */
const BAR_WIDTH = 30;
/** Columns of ` 100%  /  loss 1.234  12.3k tokens/s  eta 1h 23m ` without the step numbers. */
const FACTS_WIDTH = 49;

class Bar extends Lines implements Display {
  readonly live = true;
  private readonly bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: (_options, { value, total }) => this.draw(value, total),
    fps: FRAMES_PER_SECOND,
    clearOnComplete: true,
    hideCursor: true,
  });
  private timer: NodeJS.Timeout | undefined;
  private planned = 0;
  private position: () => number = () => 0;
  private rate = '';
  private last: { report: StepReport; at: number } | null = null;
  private phase: 'training' | 'validating' = 'training';

  /** A line above the bar. */
  protected write(text: string): void {
    const shown = this.timer !== undefined;
    if (shown) this.bar.stop();
    tell(text);
    if (shown) this.bar.start(this.planned, this.position());
  }

  begin(planned: number, { step, rate }: { step: () => number; rate: string }): void {
    this.planned = planned;
    this.position = step;
    this.rate = rate;
    this.bar.start(planned, step());
    this.timer = setInterval(() => this.bar.update(step()), 1000 / FRAMES_PER_SECOND);
  }

  step(report: StepReport): void {
    this.phase = 'training';
    this.last = { report, at: performance.now() };
  }

  validating(): void {
    this.phase = 'validating';
    this.bar.update(this.position());
  }

  override valid(report: ValidReport, about: ValidContext): void {
    this.phase = 'training';
    super.valid(report, about);
  }

  override end(report: EndReport): void {
    this.close();
    super.end(report);
  }

  close(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.bar.stop();
  }

  private draw(step: number, planned: number): string {
    const share = Math.min(1, step / planned);
    const total = count(planned);
    const columns = process.stderr.columns ?? 80;
    const room = columns - LABEL_WIDTH - 2 * total.length - FACTS_WIDTH;
    const width = Math.max(0, Math.min(BAR_WIDTH, room));
    const filled = Math.round(width * share);
    const bar = colour.cyan('━'.repeat(filled)) + colour.dim('─'.repeat(width - filled));
    const begin =
      colour.dim(this.phase.padEnd(LABEL_WIDTH)) +
      `${bar}${`${Math.floor(100 * share)}%`.padStart(5)}  ` +
      `${count(step).padStart(total.length)}/${total}`;
    return begin + this.facts(columns - 1 - stripVTControlCharacters(begin).length);
  }

  /** What fits into so many columns: on narrow terminals the speed is left out, then the loss. */
  private facts(columns: number): string {
    if (this.phase === 'validating' || this.last === null) return '';
    const { report, at } = this.last;
    const { loss, tokensPerSecond, etaSeconds } = report;
    const left = (etaSeconds ?? 0) - (performance.now() - at) / 1000;
    const lossText = `  loss ${loss.toFixed(3)}`;
    const speed = tokensPerSecond === null ? '' : `  ${short(tokensPerSecond)} ${this.rate}/s`;
    const eta = etaSeconds === null ? '' : `  eta ${duration(Math.max(0, left))}`;
    const choices = [lossText + speed + eta, lossText + eta, eta];
    return choices.find(text => text.length <= columns) ?? '';
  }
}

/**
 * A live bar where stderr is a terminal that can draw one, and nothing else would write into it.
 */
export function createDisplay({ json }: { json: boolean }): Display {
  const terminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  return terminal && !(json && process.stdout.isTTY) ? new Bar() : new Plain();
}
