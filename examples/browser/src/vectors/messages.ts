/** What the page of word vectors and its worker tell each other. */
import type { Phase, Source } from '../messages.js';

/** What a training is. */
export interface Recipe {
  algorithm: 'skipgram' | 'cbow';
  size: number;
  window: number;
  epochs: number;
  minCount: number;
  seed: number;
  deterministic: boolean;
}

/** What can be asked of vectors. */
export type Question =
  | { about: 'nearest'; word: string }
  | { about: 'analogy'; a: string; b: string; c: string };

export interface Neighbour {
  word: string;
  similarity: number;
}

export type ToWorker =
  | { type: 'train'; source: Source; recipe: Recipe }
  /** A file of word vectors, of any format that the library reads. */
  | { type: 'open'; file: File }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'stop' }
  | { type: 'ask'; question: Question }
  | { type: 'save' };

export type FromWorker =
  | { type: 'phase'; phase: Phase; note: string }
  /** Of reading a text: 0 … 1. */
  | { type: 'reading'; share: number }
  /** Vectors are there; these words are on the map. */
  | { type: 'begun'; words: number; epochs: number; names: string[]; note: string }
  | {
      type: 'step';
      /** Epochs done. */
      epoch: number;
      loss: number;
      perSecond: number | null;
      secondsLeft: number | null;
    }
  /** [names, 2] where the words are now. */
  | { type: 'map'; positions: Float64Array }
  /** `unknown`: words of the question that have no vector. */
  | { type: 'answer'; question: Question; neighbours: Neighbour[]; unknown: string[] }
  | { type: 'file'; name: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'problem'; message: string };
