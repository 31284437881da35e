/** The largest singular values of a sparse matrix, and their vectors. */
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { symmetricEigen } from './eigen.js';
import { loadKernels, type WordKernels } from './kernels.js';
import { add, type Panel, products } from './panel.js';
import type { SparseMatrix } from './sparse.js';

/** Options of `svd`. */
export interface SvdOptions {
  /** Singular values that are wanted. */
  k: number;
  /**
   * `exact`: dense, for matrices whose smaller side is a few thousand; `lanczos`: block Lanczos
   * with full reorthogonalisation, until the residuals are small; `randomized`: a fixed number of
   * passes (Halko, Martinsson & Tropp 2011). Default: exact up to a side of 1,500, else lanczos.
   */
  method?: 'exact' | 'lanczos' | 'randomized';
  /** Lanczos: residuals ‖A·v − σ·u‖ are at most this times the largest value. Default: 1e-5. */
  tolerance?: number;
  /**
   * Columns that the matrix is multiplied with at once. Default: 16, for randomized max(10, k) more
   * than k.
   */
  block?: number;
  /**
   * Lanczos: at most so many passes over the matrix. Randomized: exactly so many. Default: 500; 10.
   */
  passes?: number;
  /** Seed of the first block. Default: 1. */
  seed?: number;
  /**
   * Lanczos: is told, whenever it is known, how far the worst residual is, as a multiple of the
   * largest value, and after how many passes.
   */
  report?: (progress: SvdProgress) => void;
}

/** How far a decomposition is. */
export interface SvdProgress {
  /** Passes over the matrix. */
  passes: number;
  /** The largest of the wanted residuals by the largest value; it ends at `tolerance`. */
  residual: number;
}

/** Singular values and vectors: A ≈ U·diag(sigma)·Vᵀ. */
export interface Svd {
  /** [k] falling. */
  sigma: Float64Array;
  /** [k, rows] one left vector a row; its largest element is positive. */
  u: Float64Array;
  /** [k, columns] one right vector a row. */
  v: Float64Array;
  /** [k] ‖A·v − σ·u‖ of each. */
  residuals: Float64Array;
  /** Products with the matrix or its transpose, of however many columns. */
  passes: number;
}

/** Sides up to this are decomposed exactly. */
const DENSE = 1500;

/**
 * The k largest singular values of a sparse matrix, and their vectors. Fewer where the matrix has a
 * smaller rank.
 *
 * @throws RangeError for an option out of range, Error before `init`
 */
export async function svd(matrix: SparseMatrix, options: SvdOptions): Promise<Svd> {
  checkOptions('svd', options, {
    k: true,
    method: true,
    tolerance: true,
    block: true,
    passes: true,
    seed: true,
    report: true,
  });
  const [M, N] = matrix.shape;
  const side = Math.min(M, N);
  const { k, tolerance = 1e-5, seed = 1 } = options;
  const { method = side <= DENSE ? 'exact' : 'lanczos' } = options;
  if (!(Number.isInteger(k) && k >= 1 && k <= side))
    throw new RangeError(`svd: k is ${k}, expected a whole number from 1 to ${side}, the smaller side`); // biome-ignore format: one call
  if (!(tolerance > 0)) throw new RangeError(`svd: tolerance is ${tolerance}, expected > 0`);
  // rows become the smaller side; G = A·Aᵀ has the squares of the singular values
  const wide = M <= N ? matrix : matrix.transpose();
  const tall = M <= N ? matrix.transpose() : matrix;
  const operator = new Operator(wide, tall, await loadKernels());
  let basis: Float64Array; // [count, side]
  if (method === 'exact') basis = exact(wide, k);
  else if (method === 'randomized')
    basis = await randomized(operator, k, { seed, passes: options.passes ?? 10, block: options.block }); // biome-ignore format: one call
  else if (method === 'lanczos')
    basis = await lanczos(operator, k, {
      seed,
      tolerance,
      passes: options.passes ?? 500,
      block: Math.min(options.block ?? 16, side),
      report: options.report,
    });
  else throw new RangeError(`svd: method "${method}", expected exact, lanczos or randomized`);
  return finish(operator, basis, k, M <= N);
}

/** Products with A and Aᵀ; vectors are rows here, columns for the kernels. */
class Operator {
  passes = 0;
  constructor(
    readonly wide: SparseMatrix,
    readonly tall: SparseMatrix,
    readonly kernels: WordKernels,
  ) {}

  get side(): number {
    return this.wide.shape[0];
  }

  /** For each of the rows x: A·x, or Aᵀ·x. */
  async times(which: 'wide' | 'tall', x: Float64Array, count: number): Promise<Float64Array> {
    const matrix = this[which];
    const [M, N] = matrix.shape;
    const columns = new Float32Array(N * count);
    for (let i = 0; i < count; i++)
      for (let n = 0; n < N; n++) columns[n * count + i] = x[i * N + n]!;
    const y = await matrix.multiply(columns, count);
    this.passes++;
    const rows = new Float64Array(M * count);
    for (let i = 0; i < count; i++) for (let m = 0; m < M; m++) rows[i * M + m] = y[m * count + i]!;
    return rows;
  }

  /** A·Aᵀ·x for each of the rows x. */
  async gram(x: Float64Array, count: number): Promise<Float64Array> {
    return this.times('wide', await this.times('tall', x, count), count);
  }
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, n: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += a[i + k]! * b[j + k]!;
  return sum;
}

/** y += s·x over n elements. */
function addTo(y: Float64Array, i: number, x: Float64Array, j: number, n: number, s: number): void {
  for (let k = 0; k < n; k++) y[i + k]! += s * x[j + k]!;
}

/**
 * Makes rows orthonormal to each other and to those of a basis, by two rounds of Gram and Schmidt;
 * rows that depend on others are dropped.
 *
 * @returns the rows that are left, packed
 */
function orthonormal(
  kernels: WordKernels,
  rows: Float64Array,
  { count, n, basis }: { count: number; n: number; basis: Panel },
): Float64Array {
  const x = { data: rows.slice(0, count * n), rows: count };
  const before = Array.from({ length: count }, (_, i) => Math.sqrt(dot(x.data, i * n, x.data, i * n, n))); // biome-ignore format: one line
  const kept = new Float64Array(count * n);
  let left = 0;
  for (let round = 0; round < 2; round++) {
    const along = products(kernels, x, basis);
    add(kernels, x, along.map(value => -value), basis); // biome-ignore format: one line
  }
  for (let i = 0; i < count; i++) {
    const row = x.data.subarray(i * n, (i + 1) * n);
    for (let round = 0; round < 2; round++)
      for (let j = 0; j < left; j++) addTo(row, 0, kept, j * n, n, -dot(row, 0, kept, j * n, n));
    const length = Math.sqrt(dot(row, 0, row, 0, n));
    if (!(length > 1e-10 * before[i]!)) continue;
    for (let m = 0; m < n; m++) kept[left * n + m] = row[m]! / length;
    left++;
  }
  return kept.slice(0, left * n);
}

/** count rows of numbers from [−1, 1). */
function start(n: number, count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: n * count }, () => random.uniform(-1, 1));
}

/** Eigenvectors of A·Aᵀ, dense. */
function exact(wide: SparseMatrix, k: number): Float64Array {
  const [n, N] = wide.shape;
  const gram = new Float64Array(n * n);
  const row = new Float64Array(N);
  for (let i = 0; i < n; i++) {
    for (let a = wide.starts[i]!; a < wide.starts[i + 1]!; a++) row[wide.columns[a]!] = wide.values[a]!; // biome-ignore format: one line
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let a = wide.starts[j]!; a < wide.starts[j + 1]!; a++) sum += wide.values[a]! * row[wide.columns[a]!]!; // biome-ignore format: one line
      gram[i * n + j] = gram[j * n + i] = sum;
    }
    for (let a = wide.starts[i]!; a < wide.starts[i + 1]!; a++) row[wide.columns[a]!] = 0;
  }
  return symmetricEigen(gram, n).vectors.slice(0, k * n);
}

/** Subspace iteration from a random block, orthonormal after each product. */
async function randomized(
  operator: Operator,
  k: number,
  { seed, passes, block }: { seed: number; passes: number; block: number | undefined },
): Promise<Float64Array> {
  const n = operator.side;
  const count = Math.min(n, block ?? k + Math.max(10, k));
  const { kernels } = operator;
  const none = { data: new Float64Array(0), rows: 0 };
  let q = orthonormal(kernels, start(n, count, seed), { count, n, basis: none });
  for (let done = 0; done < passes; done += 2) {
    const size = q.length / n;
    q = orthonormal(kernels, await operator.gram(q, size), { count: size, n, basis: none });
  }
  const size = q.length / n;
  return ritz(kernels, { data: q, rows: size }, await operator.gram(q, size), k).vectors;
}

/** The first eigenvectors of G within the span of q, where w = G·q: rows, by falling eigenvalue. */
function ritz(
  kernels: WordKernels,
  q: Panel,
  w: Float64Array,
  wanted: number,
): { values: Float64Array; vectors: Float64Array; mixed: Float64Array } {
  const count = q.rows;
  const keep = Math.min(wanted, count);
  const t = products(kernels, q, { data: w, rows: count });
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++)
      t[i * count + j] = t[j * count + i] = (t[i * count + j]! + t[j * count + i]!) / 2;
  const { values, vectors } = symmetricEigen(t, count);
  const factors = vectors.slice(0, keep * count);
  const combined = (data: Float64Array): Float64Array => {
    const result = { data: new Float64Array((keep * data.length) / count), rows: keep };
    add(kernels, result, factors, { data, rows: count });
    return result.data;
  };
  return { values, vectors: combined(q.data), mixed: combined(w) };
}

/**
 * Block Lanczos on G with full reorthogonalisation: each block is what G makes of the last one,
 * made orthonormal to all before. When the basis has 2k + 4 blocks of rows, the best k Ritz vectors
 * take its place (thick restart, Wu & Simon 2000). It ends when the residuals of the k largest are
 * small.
 */
async function lanczos(
  operator: Operator,
  k: number,
  { seed, tolerance, passes, block, report }: { seed: number; tolerance: number; passes: number; block: number; report: SvdOptions['report'] }, // biome-ignore format: one line
): Promise<Float64Array> {
  const n = operator.side;
  const most = Math.min(n, 2 * k + 4 * block);
  let q: Float64Array = new Float64Array(0);
  let w: Float64Array = new Float64Array(0); // G·q
  const { kernels } = operator;
  let next = orthonormal(kernels, start(n, block, seed), { count: block, n, basis: { data: q, rows: 0 } }); // biome-ignore format: one line
  for (;;) {
    const size = next.length / n;
    const product = await operator.gram(next, size);
    q = joined(q, next);
    w = joined(w, product);
    const count = q.length / n;
    // the new directions of the last products, beside all of the basis, before it is cut
    next = orthonormal(kernels, product, { count: size, n, basis: { data: q, rows: count } });
    const full = count + block > most || next.length === 0 || operator.passes + 2 > passes;
    if (full) {
      const keep = Math.min(count, k + block);
      const best = ritz(kernels, { data: q, rows: count }, w, keep);
      const wanted = Math.min(k, count);
      const largest = Math.sqrt(Math.max(0, best.values[0]!));
      let worst = 0;
      for (let i = 0; i < wanted; i++) {
        // ‖G·u − λ·u‖ / σ is ‖A·v − σ·u‖ for v = Aᵀ·u / σ
        const residual = best.mixed.slice(i * n, (i + 1) * n);
        addTo(residual, 0, best.vectors, i * n, n, -best.values[i]!);
        const sigma = Math.sqrt(Math.max(best.values[i]!, 1e-300));
        worst = Math.max(worst, Math.sqrt(dot(residual, 0, residual, 0, n)) / sigma);
      }
      report?.({ passes: operator.passes, residual: largest > 0 ? worst / largest : 0 });
      if (worst <= tolerance * largest || next.length === 0 || operator.passes + 2 > passes)
        return best.vectors;
      q = best.vectors;
      w = best.mixed;
    }
  }
}

function joined(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Singular triples of the first rows of an orthonormal basis of eigenvectors. */
async function finish(
  operator: Operator,
  basis: Float64Array,
  k: number,
  upright: boolean,
): Promise<Svd> {
  // biome-ignore format: one line
  const n = operator.side;
  const N = operator.wide.shape[1];
  const count = Math.min(k, basis.length / n);
  const u = basis.slice(0, count * n);
  const v = await operator.times('tall', u, count);
  const sigma = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    sigma[i] = Math.sqrt(dot(v, i * N, v, i * N, N));
    const scale = sigma[i]! > 0 ? 1 / sigma[i]! : 0;
    for (let m = 0; m < N; m++) v[i * N + m]! *= scale;
  }
  const back = await operator.times('wide', v, count);
  const residuals = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    addTo(back, i * n, u, i * n, n, -sigma[i]!);
    residuals[i] = Math.sqrt(dot(back, i * n, back, i * n, n));
  }
  let rank = count;
  while (rank > 1 && !(sigma[rank - 1]! > 1e-6 * sigma[0]!)) rank--;
  const [left, right] = upright ? [u, v] : [v, u];
  const [rows, columns] = upright ? [n, N] : [N, n];
  const kept = { u: left.slice(0, rank * rows), v: right.slice(0, rank * columns) };
  for (let i = 0; i < rank; i++) {
    let peak = 0;
    for (let m = 0; m < rows; m++)
      if (Math.abs(kept.u[i * rows + m]!) > Math.abs(peak) * (1 + 1e-6)) peak = kept.u[i * rows + m]!; // biome-ignore format: one line
    if (peak >= 0) continue;
    for (let m = 0; m < rows; m++) kept.u[i * rows + m]! *= -1;
    for (let m = 0; m < columns; m++) kept.v[i * columns + m]! *= -1;
  }
  return { ...kept, sigma: sigma.slice(0, rank), residuals: residuals.slice(0, rank), passes: operator.passes }; // biome-ignore format: one object
}
