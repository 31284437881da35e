/**
 * n-gram models for decoders: reading and scoring, no training.
 *
 * @module throughtime/ngram
 */

export { NgramDecoder, type NgramScore, type NgramState } from './decoder.js';
export type { NgramMemory } from './model.js';
