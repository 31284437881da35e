/** t-SNE: a plane in which words that are near each other stay near. */
import { log, pow } from '../runtime/math.js';
import { checkOptions } from '../runtime/options.js';
import { pca, unitVectors } from './pca.js';
import type { Vectors } from './vectors.js';

/** Options of `tsne`. */
export interface TsneOptions {
  /**
   * About how many neighbours each word keeps. Default: 30, or a third of the words where that is
   * less.
   */
  perplexity?: number;
  /** Steps of gradient descent. Default: 1000. */
  iterations?: number;
  /**
   * [words, 2] places to go on from, such as those of vectors a few steps of training ago. Default:
   * the two principal components.
   */
  start?: ArrayLike<number>;
}

/** More words take minutes: time grows with their square. */
const MOST = 5000;
/** In the first steps attraction counts so many times as much, so that groups can form. */
const EXAGGERATION = 12;
const EXAGGERATED = 250;

/** eˣ, the same in every engine. */
const exp = (x: number): number => pow(Math.E, x);

/**
 * Places of words in a plane by t-SNE (van der Maaten & Hinton 2008), computed exactly: O(words²) a
 * step. It begins with the two principal components, which keeps the large picture (Kobak & Berens
 * 2019) and needs no seed: the same vectors give the same map.
 *
 *     const positions = words.tsne(vectors, names);   // call `await init()` before
 *
 * @returns [words, 2] row by row, about the origin
 * @throws RangeError for words without a vector, fewer than 4 words, or an option out of range;
 *   Error before `init`
 */
export function tsne(
  vectors: Vectors,
  names: readonly string[],
  options: TsneOptions = {},
): Float64Array {
  checkOptions('tsne', options, { perplexity: true, iterations: true, start: true });
  const N = names.length;
  if (!(N >= 4 && N <= MOST)) throw new RangeError(`tsne: ${N} words, expected 4 to ${MOST}`);
  const { perplexity = Math.min(30, (N - 1) / 3), iterations = 1000, start } = options;
  if (!(perplexity >= 1 && perplexity <= N - 1))
    throw new RangeError(`tsne: perplexity is ${perplexity}, expected 1 to ${N - 1}`);
  if (!(Number.isInteger(iterations) && iterations >= 1))
    throw new RangeError(`tsne: iterations is ${iterations}, expected a whole number ≥ 1`);
  if (vectors.size < 2) throw new RangeError('tsne: the vectors have one number, expected 2');
  const p = affinities(unitVectors('tsne', vectors, names), N, perplexity);
  if (start !== undefined && start.length !== 2 * N)
    throw new RangeError(`tsne: start has ${start.length} numbers, expected ${2 * N}`);
  const y = start === undefined ? small(pca(vectors, names).positions) : Float64Array.from(start);
  if (!y.every(Number.isFinite))
    throw new RangeError('tsne: start holds a number that is not finite');

  const gradient = new Float64Array(2 * N);
  const speed = new Float64Array(2 * N);
  const gains = new Float64Array(2 * N).fill(1);
  // Belkina et al. 2019: N / exaggeration; a quarter of it, since our gradient has the factor 4
  const rate = Math.max(N / EXAGGERATION / 4, 12.5);
  for (let step = 0; step < iterations; step++) {
    const early = start === undefined && step < Math.min(EXAGGERATED, iterations / 2);
    klGradient(p, y, gradient, early ? EXAGGERATION : 1);
    const momentum = early ? 0.5 : 0.8;
    for (let i = 0; i < y.length; i++) {
      // delta-bar-delta (Jacobs 1988): a step that goes on in its direction grows
      const turns = gradient[i]! > 0 === speed[i]! > 0;
      gains[i] = Math.max(0.01, turns ? gains[i]! * 0.8 : gains[i]! + 0.2);
      speed[i] = momentum * speed[i]! - rate * gains[i]! * gradient[i]!;
      y[i]! += speed[i]!;
    }
  }
  return centred(y);
}

/** A small beginning: no point is so far out that it feels no force. */
function small(y: Float64Array): Float64Array {
  let square = 0;
  for (let i = 0; i < y.length; i += 2) square += (2 * y[i]! ** 2) / y.length;
  const scale = square > 0 ? 1e-4 / Math.sqrt(square) : 1;
  return y.map(place => place * scale);
}

/** Moves the mean of places to the origin. */
function centred(y: Float64Array): Float64Array {
  for (const axis of [0, 1]) {
    let mean = 0;
    for (let i = axis; i < y.length; i += 2) mean += (2 * y[i]!) / y.length;
    for (let i = axis; i < y.length; i += 2) y[i]! -= mean;
  }
  return y;
}

/**
 * pᵢⱼ = (pⱼ|ᵢ + pᵢ|ⱼ) / 2N, where pⱼ|ᵢ ∝ exp(−βᵢ·‖xᵢ − xⱼ‖²) and βᵢ is such that the entropy of
 * row i is ln perplexity, by bisection.
 *
 * @param x [N, D]
 * @returns [N, N], sums to 1
 * @internal
 */
export function affinities(x: Float64Array, N: number, perplexity: number): Float64Array {
  const D = x.length / N;
  const distances = new Float64Array(N * N);
  for (let i = 0; i < N; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += (x[i * D + d]! - x[j * D + d]!) ** 2;
      distances[i * N + j] = distances[j * N + i] = sum;
    }
  const wanted = log(perplexity);
  const p = new Float64Array(N * N);
  const row = new Float64Array(N);
  for (let i = 0; i < N; i++) {
    let nearest = Infinity;
    for (let j = 0; j < N; j++) if (j !== i) nearest = Math.min(nearest, distances[i * N + j]!);
    let [beta, low, high] = [1, 0, Infinity];
    for (let attempt = 0; attempt < 64; attempt++) {
      let [sum, mean] = [0, 0];
      for (let j = 0; j < N; j++) {
        // relative to the nearest: the sum is at least 1
        const away = distances[i * N + j]! - nearest;
        row[j] = j === i ? 0 : exp(-beta * away);
        sum += row[j]!;
        mean += away * row[j]!;
      }
      const entropy = log(sum) + (beta * mean) / sum;
      for (let j = 0; j < N; j++) row[j]! /= sum;
      if (Math.abs(entropy - wanted) < 1e-6) break;
      if (entropy > wanted) low = beta;
      else high = beta;
      beta = high === Infinity ? 2 * beta : (low + high) / 2;
    }
    for (let j = 0; j < N; j++) {
      p[i * N + j]! += row[j]! / (2 * N);
      p[j * N + i]! += row[j]! / (2 * N);
    }
  }
  return p;
}

/**
 * The gradient of KL(P‖Q) at places y, where qᵢⱼ ∝ 1 / (1 + ‖yᵢ − yⱼ‖²):
 *
 *   dyᵢ = 4·Σⱼ (e·pᵢⱼ − qᵢⱼ)·(yᵢ − yⱼ) / (1 + ‖yᵢ − yⱼ‖²)          e: exaggeration
 *
 *   dy [N, 2]  written
 *   p [N, N], y [N, 2]  read
 *
 * @internal
 */
export function klGradient(p: Float64Array, y: Float64Array, dy: Float64Array, e: number): void {
  const N = y.length / 2;
  let sum = 0;
  for (let i = 0; i < N; i++)
    for (let j = 0; j < i; j++) {
      const [u, v] = [y[2 * i]! - y[2 * j]!, y[2 * i + 1]! - y[2 * j + 1]!];
      sum += 2 / (1 + u * u + v * v);
    }
  dy.fill(0);
  for (let i = 0; i < N; i++)
    for (let j = 0; j < i; j++) {
      const [u, v] = [y[2 * i]! - y[2 * j]!, y[2 * i + 1]! - y[2 * j + 1]!];
      const near = 1 / (1 + u * u + v * v);
      const force = 4 * (e * p[i * N + j]! - near / sum) * near;
      dy[2 * i]! += force * u;
      dy[2 * i + 1]! += force * v;
      dy[2 * j]! -= force * u;
      dy[2 * j + 1]! -= force * v;
    }
}
