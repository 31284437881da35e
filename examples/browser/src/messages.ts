/** What page and worker tell each other. Losses in bits per character. */
import type { Recipe } from './recipe.js';

/** Where the text comes from; the worker reads files itself. */
export interface Source {
  name: string;
  text: string | Blob;
}

export type ToWorker =
  | { type: 'train'; source: Source; recipe: Recipe }
  /** A model file or checkpoint; a checkpoint goes on with the text it was trained on. */
  | { type: 'open'; file: File; source: Source }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'stop' }
  | { type: 'write'; prompt: string; temperature: number; seed: number }
  | { type: 'save'; what: 'model' | 'checkpoint' };

export type Phase = 'idle' | 'preparing' | 'training' | 'paused' | 'done';

/** What is being trained. */
export interface Begun {
  recipe: Recipe;
  vocabulary: number;
  parameters: number;
  /** Characters to train on and to measure by. */
  characters: number;
  heldOut: number;
  /** The rows that fit the text: no more than the recipe's. */
  rows: number;
  /** Steps done and planned. */
  step: number;
  steps: number;
  build: string;
}

export type FromWorker =
  | { type: 'phase'; phase: Phase; note: string }
  /** Of reading a text: 0 … 1. */
  | { type: 'reading'; share: number }
  | ({ type: 'begun' } & Begun)
  /** The file had a model alone. */
  | { type: 'opened'; name: string }
  | {
      type: 'step';
      step: number;
      bits: number;
      perSecond: number | null;
      secondsLeft: number | null;
    }
  | { type: 'valid'; step: number; bits: number }
  /** Norm of the gradient at distance 0, 1, …, divided by the first. */
  | { type: 'gradient'; step: number; reach: Float64Array }
  | { type: 'sample'; step: number; text: string }
  | { type: 'written'; piece: string; first: boolean; last: boolean }
  | { type: 'file'; name: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'problem'; message: string };
