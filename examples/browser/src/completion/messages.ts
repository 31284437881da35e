/** What the page of completions and its worker say to each other. */
import type { Source } from '../messages.js';

export type ToWorker =
  | { type: 'learn'; source: Source; order: number }
  /** What was typed so far; the answer carries the same number. */
  | { type: 'complete'; text: string; number: number };

export interface Suggestion {
  word: string;
  /** Its probability, given what was typed. */
  p: number;
}

export type FromWorker =
  | { type: 'reading'; share: number }
  | { type: 'learnt'; note: string; words: number; ngrams: number; bytes: number; seconds: number }
  | { type: 'suggestions'; number: number; list: Suggestion[]; context: number }
  | { type: 'problem'; message: string };
