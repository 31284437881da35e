/** Initial values. Each fills a parameter in place from a seeded generator. */
import { normalSource } from '../runtime/math.js';
import { noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import type { Parameter } from '../tensor/tensor.js';

/**
 * Where modules draw their initial values from when none is given: the same program gives the same
 * weights.
 */
export const defaultRandom = new Random(0);

/** Inputs and outputs of a weight [out, in]. */
function fans(parameter: Parameter, who: string): { fanIn: number; fanOut: number } {
  const [fanOut, fanIn] = parameter.shape;
  if (parameter.shape.length !== 2)
    throw new RangeError(
      `${who}: the parameter is [${parameter.shape}], expected two axes [out, in]`,
    );
  return { fanIn: fanIn!, fanOut: fanOut! };
}

function fill(parameter: Parameter, next: () => number): void {
  parameter.set(Float32Array.from({ length: parameter.size }, next));
}

/** Every element is `value`. */
export function constant(parameter: Parameter, value: number): void {
  fill(parameter, () => value);
}

/** U(low, high). */
export function uniform(
  parameter: Parameter,
  low: number,
  high: number,
  random = defaultRandom,
): void {
  fill(parameter, () => random.uniform(low, high));
}

/** N(mean, deviation²). */
export function normal(
  parameter: Parameter,
  mean = 0,
  deviation = 1,
  random = defaultRandom,
): void {
  const next = normalSource(random);
  fill(parameter, () => mean + deviation * next());
}

/** U(±gain·√(6/(in + out))) (Glorot & Bengio 2010).   [out, in] */
export function xavierUniform(
  parameter: Parameter,
  { gain = 1, random = defaultRandom, ...rest } = {},
): void {
  noOthers('xavierUniform', rest);
  const { fanIn, fanOut } = fans(parameter, 'xavierUniform');
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  uniform(parameter, -bound, bound, random);
}

/** N(0, gain²·2/(in + out)) (Glorot & Bengio 2010).   [out, in] */
export function xavierNormal(
  parameter: Parameter,
  { gain = 1, random = defaultRandom, ...rest } = {},
): void {
  noOthers('xavierNormal', rest);
  const { fanIn, fanOut } = fans(parameter, 'xavierNormal');
  normal(parameter, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), random);
}

/** U(±√(6/in)), for layers followed by ReLU (He et al. 2015).   [out, in] */
export function kaimingUniform(
  parameter: Parameter,
  { random = defaultRandom, ...rest } = {},
): void {
  noOthers('kaimingUniform', rest);
  const bound = Math.sqrt(6 / fans(parameter, 'kaimingUniform').fanIn);
  uniform(parameter, -bound, bound, random);
}

/** N(0, 2/in), for layers followed by ReLU (He et al. 2015).   [out, in] */
export function kaimingNormal(
  parameter: Parameter,
  { random = defaultRandom, ...rest } = {},
): void {
  noOthers('kaimingNormal', rest);
  normal(parameter, 0, Math.sqrt(2 / fans(parameter, 'kaimingNormal').fanIn), random);
}

/**
 * Each square block of `rows` rows (a gate's) is orthogonal, times gain (Saxe et al. 2013):
 * Gram–Schmidt, twice, of normal deviates in f64. With rows > columns the columns are orthonormal.
 *
 * @param rows height of a block; default all rows. For the recurrent matrix of a gated cell:
 *   hiddenSize
 */
export function orthogonal(
  parameter: Parameter,
  { gain = 1, rows = parameter.shape[0] ?? 0, random = defaultRandom, ...rest } = {},
): void {
  noOthers('orthogonal', rest);
  const { fanIn: columns, fanOut } = fans(parameter, 'orthogonal');
  if (!Number.isInteger(rows) || rows < 1 || fanOut % rows !== 0)
    throw new RangeError(`orthogonal: blocks of ${rows} rows in [${parameter.shape}]`);
  const next = normalSource(random);
  const values = new Float32Array(parameter.size);
  const tall = rows > columns;
  const count = tall ? columns : rows; // vectors to orthonormalise
  const length = tall ? rows : columns;
  for (let block = 0; block < fanOut; block += rows) {
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const v = Float64Array.from({ length }, next);
      for (let pass = 0; pass < 2; pass++) {
        for (const u of vectors) {
          let dot = 0;
          for (let i = 0; i < length; i++) dot += u[i]! * v[i]!;
          for (let i = 0; i < length; i++) v[i]! -= dot * u[i]!;
        }
      }
      let square = 0;
      for (const x of v) square += x * x;
      if (square < 1e-12) continue; // nearly dependent: draw again
      const norm = Math.sqrt(square);
      vectors.push(v.map(x => x / norm));
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++)
        values[(block + r) * columns + c] = gain * (tall ? vectors[c]![r]! : vectors[r]![c]!);
    }
  }
  parameter.set(values);
}

/** The identity times gain, for recurrent matrices of ReLU networks (Le et al. 2015).   [n, n] */
export function identity(parameter: Parameter, { gain = 1, ...rest } = {}): void {
  noOthers('identity', rest);
  const { fanIn, fanOut } = fans(parameter, 'identity');
  if (fanIn !== fanOut)
    throw new RangeError(`identity: the parameter is [${parameter.shape}], expected a square`);
  const values = new Float32Array(parameter.size);
  for (let i = 0; i < fanIn; i++) values[i * fanIn + i] = gain;
  parameter.set(values);
}

/**
 * Sets the forget gate's part of an LSTM bias [4H] (gates i f g o) to `value` (Gers et al. 2000;
 * Jozefowicz et al. 2015: 1).
 */
export function forgetBias(bias: Parameter, value = 1): void {
  if (bias.shape.length !== 1 || bias.size % 4 !== 0)
    throw new RangeError(`forgetBias: the bias is [${bias.shape}], expected [4·hiddenSize]`);
  const H = bias.size / 4;
  bias.set(bias.toArray().fill(value, H, 2 * H));
}
