/**
 * word2vec over a stretch of a corpus: skip-gram and CBOW, with negative sampling or hierarchical
 * softmax (Mikolov et al. 2013, arXiv:1301.3781 and 1310.4546), as word2vec.c draws its windows and
 * subsamples. One call trains many windows without a tape.
 *
 *   d  = ⟨x, y⟩          x: row of an input word, or the mean of several; y: row of an output
 *   e  = label − σ(d)     label 1: the word that was there; 0: a drawn one
 *   x += α·Σ e·y,   y += α·e·x
 *
 * The work on one window is done in phases: all scalar products, all sigmoids, all updates (Ji et
 * al. 2016, arXiv:1604.04661). Outputs come in groups of six, whose rows stay in registers while
 * the inputs of the window pass by; places of the last group that have no output point to a row of
 * zeros, and their e is 0.
 */
import { sigmoid4 } from '../core/math';
import { collect, dots1, dots2, update, update1 } from '../core/six';
import { madd } from '../core/v128';

/** Outputs of a group. */
const SIX: usize = 6;
/** Bytes of the e of a group: six floats and two zeros. */
const GROUP: usize = 32;
/** A sentence has at most so many words, longer ones are cut: as word2vec.c's. */
const SENTENCE: usize = 1000;
/** A probability that counts in the loss is at least 2⁻²⁴. */
const LEAST: f32 = 5.9604644775390625e-8;

/** What one thread trains, in the memory: 4 bytes each, unless said. */
@unmanaged
class Shard {
  /** Tokens [count], i32; negative: the end of a sentence. */
  ids: usize;
  count: i32;
  /** Input rows [rows, row bytes]. */
  input: usize;
  /** Output rows [rows, row bytes]. */
  output: usize;
  /** Bytes of a row, a multiple of 16. */
  row: usize;
  /** Words on each side, at most. */
  window: i32;
  /** Drawn outputs for each that was there; 0: hierarchical softmax. */
  negative: i32;
  /** 0: skip-gram; 1: CBOW, whose inputs each get the whole gradient of their mean; 2: its mean. */
  bag: i32;
  /** Whether the inputs of a window share their drawn outputs. */
  shared: i32;
  /** Keep word i if 32 random bits are at most keep[i]; u32. */
  keep: usize;
  /** Alias table [words, 2]: a threshold, u32, and the other word (Vose 1991). */
  alias: usize;
  words: i32;
  /** Hierarchical softmax: word i has the outputs starts[i] … starts[i + 1] − 1 of paths. */
  starts: usize;
  /** Output row · 2 + its label. */
  paths: usize;
  /** Subwords: word i has the input rows parts[i] … parts[i + 1] − 1 of pieces; 0: row i. */
  parts: usize;
  pieces: usize;
  /** Learning rate at the first token and behind the last. */
  alpha: f32;
  alphaEnd: f32;
  /** word2vec_scratch bytes. */
  scratch: usize;
  /** Outputs of a word at most, in groups. */
  groups: i32;
  /** Inputs of a window at most. */
  inputs: i32;
  /** Whether the engine makes 256-bit instructions. */
  wide: i32;
  /** State of the generator of random numbers, u64. */
  random: u64;
  /** The probabilities of all outputs, multiplied: product · 2^exponent; f64, written. */
  product: f64;
  exponent: f64;
  /** Inputs that predicted, f64, written. */
  pairs: f64;
}

let state: u64 = 0;

/** 32 random bits: the upper half of word2vec.c's generator. */
function random(): u32 {
  state = state * 25214903917 + 11;
  return <u32>(state >> 32);
}

/** A whole number below n. */
function below(n: i32): i32 {
  return <i32>((<u64>random() * <u64>n) >> 32);
}

/** Bytes of a shard's scratch: `inputs` and `groups` as in the record, `row` the bytes of a row. */
export function word2vec_scratch(inputs: i32, groups: i32, row: usize): usize {
  return (
    SENTENCE * 4 +
    2 * SIX * 32 + // sums
    16 + // factor
    <usize>inputs * 4 + // rows of the window's inputs
    <usize>(inputs * groups) * (SIX * 4 + GROUP) + // outputs and their e
    <usize>groups * 2 * GROUP + // labels, masks
    row * (<usize>inputs + 2) + // gradients of inputs, their mean, zeros
    64
  );
}

// where the parts of the present shard's scratch are
let rows: usize = 0;
let outs: usize = 0;
let errors: usize = 0;
let labels: usize = 0;
let masks: usize = 0;
let zeros: usize = 0;
let mean: usize = 0;
let gradients: usize = 0;

/** Sums of vectors of scalar products, [2, 6, 2 vectors]. */
let sums: usize = 0;
/** A number that vectors are multiplied by: in memory, for 256-bit instructions. */
let factor: usize = 0;
/** Whether the engine makes 256-bit instructions. */
let wide = false;

/** The loss so far: −ln of product · 2^exponent, of two lanes. */
let product: v128 = f64x2.splat(1);
let exponent: i64 = 0;
let pairs: i64 = 0;

/** Trains on the tokens of each of the shards, one after the other. */
export function word2vec_train(records: usize, shards: i32): void {
  for (let s = 0; s < shards; s++) train(changetype<Shard>(records + <usize>s * offsetof<Shard>()));
}

/** Bytes of a record. */
export function word2vec_record(): usize {
  return offsetof<Shard>();
}

/**
 * Joins what shards have learnt apart from the same beginning:
 *
 *   W += weight · Σₛ (Wₛ − W),   Wₛ = W
 *
 *   w       [rows, columns]          the beginning, read and written
 *   copies  [shards, rows, columns]  a copy of each shard, `stride` floats apart, read and written
 *   weights [rows]                   from 1 / shards, a mean, to 1, a sum
 *   columns                          a multiple of 4
 */
export function word2vec_merge(
  w: usize,
  copies: usize,
  weights: usize,
  rows: i32,
  columns: i32,
  shards: i32,
  stride: usize,
): void {
  for (let m = 0; m < rows; m++, weights += 4)
    for (let k = 0; k < columns; k += 4, w += 16, copies += 16) {
      const old = v128.load(w);
      let sum = f32x4.splat(0);
      let at = copies;
      for (let s = 0; s < shards; s++, at += stride << 2)
        sum = f32x4.add(sum, f32x4.sub(v128.load(at), old));
      const joined = madd(v128.load32_splat(weights), sum, old);
      v128.store(w, joined);
      at = copies;
      for (let s = 0; s < shards; s++, at += stride << 2) v128.store(at, joined);
    }
}

function train(shard: Shard): void {
  state = shard.random;
  product = f64x2.splat(1);
  exponent = 0;
  pairs = 0;
  const row = shard.row;
  const groups = <usize>shard.groups;
  const inputs = <usize>shard.inputs;
  const sentence = shard.scratch;
  sums = (sentence + SENTENCE * 4 + 15) & ~15;
  factor = sums + 2 * SIX * 32;
  zeros = factor + 16;
  wide = shard.wide != 0;
  mean = zeros + row;
  gradients = mean + row;
  errors = gradients + row * inputs;
  labels = errors + inputs * groups * GROUP;
  masks = labels + groups * GROUP;
  outs = masks + groups * GROUP;
  rows = outs + inputs * groups * SIX * 4;
  memory.fill(zeros, 0, row);
  memory.fill(gradients, 0, row);
  if (shard.negative > 0) setOutputs(shard.negative + 1, <i32>groups);
  const ids = shard.ids;
  const count = shard.count;
  const keep = shard.keep;
  let i = 0;
  while (i < count) {
    let length = 0;
    while (i < count && length < <i32>SENTENCE) {
      const id = load<i32>(ids + ((<usize>i) << 2));
      i++;
      if (id < 0) break;
      const threshold = load<u32>(keep + ((<usize>id) << 2));
      if (threshold != 0xffffffff && random() > threshold) continue;
      store<i32>(sentence + ((<usize>length) << 2), id);
      length++;
    }
    const done: f32 = <f32>i / <f32>count;
    const alpha = shard.alpha + (shard.alphaEnd - shard.alpha) * done;
    for (let at = 0; at < length; at++) window(shard, sentence, at, length, alpha);
  }
  shard.random = state;
  shard.product = f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
  shard.exponent = <f64>exponent;
  shard.pairs = <f64>pairs;
}

/** Labels and masks of one output that was there and of those that were drawn. */
function setOutputs(outputs: i32, groups: i32): void {
  for (let g = 0; g < groups; g++)
    for (let lane = 0; lane < 8; lane++) {
      const i = g * <i32>SIX + lane;
      const there = lane < <i32>SIX && i < outputs;
      const at = (<usize>(g * 8 + lane)) << 2;
      store<f32>(labels + at, there && i == 0 ? 1 : 0);
      store<i32>(masks + at, there ? -1 : 0);
    }
}

/** One window: the word at `at` of the sentence and its neighbours. */
function window(shard: Shard, sentence: usize, at: i32, length: i32, alpha: f32): void {
  const reach = shard.window - below(shard.window);
  const from = max(0, at - reach);
  const to = min(length - 1, at + reach);
  const C = to - from;
  if (C == 0) return;
  const centre = load<i32>(sentence + ((<usize>at) << 2));
  const negative = shard.negative;
  let groups = shard.groups;
  if (negative == 0) groups = path(shard, centre);
  else drawOutputs(shard, outs, centre);
  const row = shard.row;
  const input = shard.input;
  const parts = shard.parts;
  if (shard.bag == 0 && parts == 0) {
    let n: usize = 0;
    for (let i = from; i <= to; i++)
      if (i != at) {
        store<usize>(rows + n, input + row * <usize>load<i32>(sentence + ((<usize>i) << 2)));
        n += 4;
      }
    if (shard.shared || negative == 0) inputsOn(shard, rows, C, outs, groups, alpha);
    else {
      const size = <usize>groups * SIX * 4;
      for (let c = 1; c < C; c++) drawOutputs(shard, outs + <usize>c * size, centre);
      pairsOn(shard, C, groups, alpha);
    }
    return;
  }
  let n: i32 = 0;
  for (let i = from; i <= to; i++) {
    if (i == at) continue;
    const word = load<i32>(sentence + ((<usize>i) << 2));
    if (parts == 0) {
      store<usize>(rows + ((<usize>n) << 2), input + row * <usize>word);
      n++;
    } else {
      const end = load<i32>(parts + ((<usize>word) << 2), 4);
      for (let j = load<i32>(parts + ((<usize>word) << 2)); j < end; j++) {
        const piece = load<i32>(shard.pieces + ((<usize>j) << 2));
        store<usize>(rows + ((<usize>n) << 2), input + row * <usize>piece);
        n++;
      }
      if (shard.bag == 0) {
        if (negative > 0 && !shard.shared) drawOutputs(shard, outs, centre);
        bagOn(shard, rows, n, outs, groups, alpha);
        n = 0;
      }
    }
  }
  if (n > 0) bagOn(shard, rows, n, outs, groups, alpha);
}

/** The word itself, and others drawn for it, each at most once. */
function drawOutputs(shard: Shard, list: usize, centre: i32): void {
  const words = shard.words;
  const alias = shard.alias;
  const output = shard.output;
  const row = shard.row;
  const K = (<usize>shard.negative) << 2;
  store<usize>(list, output + row * <usize>centre);
  for (let k: usize = 4; k <= K; k += 4) {
    let address: usize;
    let tries = 0;
    do {
      let id = below(words);
      const entry = alias + ((<usize>id) << 3);
      // no branch: half of them would be guessed wrong
      id = select(load<i32>(entry, 4), id, random() >= load<u32>(entry));
      // where few words have all the weight: any other
      if (++tries > 64) id = below(words);
      address = output + row * <usize>id;
    } while (has(list, k, address));
    store<usize>(list + k, address);
  }
  const end = <usize>shard.groups * (SIX * 4);
  for (let k = K + 4; k < end; k += 4) store<usize>(list + k, zeros);
}

function has(list: usize, bytes: usize, address: usize): bool {
  for (let k: usize = 0; k < bytes; k += 4) if (load<usize>(list + k) == address) return true;
  return false;
}

/** The nodes above a word and its turns there, as outputs and labels; how many groups they fill. */
function path(shard: Shard, word: i32): i32 {
  const first = shard.starts + ((<usize>word) << 2);
  const from = load<i32>(first);
  const n = load<i32>(first, 4) - from;
  const groups = (n + <i32>SIX - 1) / <i32>SIX;
  const paths = shard.paths;
  const output = shard.output;
  const row = shard.row;
  for (let i = 0; i < groups * <i32>SIX; i++) {
    const at = ((<usize>i / SIX) * 8 + (<usize>i % SIX)) << 2;
    const there = i < n;
    const code = there ? load<i32>(paths + ((<usize>(from + i)) << 2)) : 0;
    store<usize>(outs + ((<usize>i) << 2), there ? output + row * <usize>(code >> 1) : zeros);
    store<f32>(labels + at, <f32>(code & 1));
    store<i32>(masks + at, there ? -1 : 0);
  }
  for (let g = 0; g < groups; g++)
    v128.store(
      masks + <usize>g * GROUP + 16,
      v128.and(v128.load(masks + <usize>g * GROUP + 16), i32x4(-1, -1, 0, 0)),
    );
  return groups;
}

/** C inputs on the same outputs. */
function inputsOn(shard: Shard, list: usize, C: i32, out: usize, groups: i32, alpha: f32): void {
  const row = shard.row;
  const stride = <usize>groups * GROUP;
  for (let g = 0; g < groups; g++) {
    const y = out + <usize>g * (SIX * 4);
    const e = errors + <usize>g * GROUP;
    let c: usize = 0;
    const even = <usize>(C & ~1);
    if (!ASC_FEATURE_RELAXED_SIMD) {
      for (; c < <usize>C; c++)
        dots1(load<usize>(list + (c << 2)), y, e + c * stride, row, sums, wide);
    } else {
      for (; c < even; c += 2)
        dots2(
          load<usize>(list + (c << 2)),
          load<usize>(list + (c << 2), 4),
          y,
          e + c * stride,
          e + c * stride + stride,
          row,
          sums,
          wide,
        );
      if (c < <usize>C) dots1(load<usize>(list + (c << 2)), y, e + c * stride, row, sums, wide);
    }
  }
  for (let c = 0; c < C; c++) toErrors(errors + <usize>c * stride, groups, alpha);
  pairs += C;
  if (groups == 1) {
    update(list, C, out, errors, row, wide);
    return;
  }
  memory.fill(gradients, 0, <usize>C * row);
  for (let g = 0; g < groups; g++)
    collect(list, C, gradients, out + <usize>g * (SIX * 4), errors + <usize>g * GROUP, stride, row);
  for (let c: usize = 0; c < <usize>C; c++)
    add(load<usize>(list + (c << 2)), gradients + c * row, row);
}

/** C inputs, each on outputs of its own. */
function pairsOn(shard: Shard, C: i32, groups: i32, alpha: f32): void {
  const row = shard.row;
  const stride = <usize>groups * GROUP;
  const size = <usize>groups * SIX * 4;
  for (let c: usize = 0; c < <usize>C; c++)
    for (let g: usize = 0; g < <usize>groups; g++)
      dots1(
        load<usize>(rows + (c << 2)),
        outs + c * size + g * (SIX * 4),
        errors + c * stride + g * GROUP,
        row,
        sums,
        wide,
      );
  for (let c = 0; c < C; c++) toErrors(errors + <usize>c * stride, groups, alpha);
  pairs += C;
  for (let c: usize = 0; c < <usize>C; c++) {
    const list = rows + (c << 2);
    if (groups == 1) {
      update1(
        load<usize>(list),
        load<usize>(list),
        outs + c * size,
        errors + c * stride,
        row,
        wide,
      );
      continue;
    }
    memory.fill(gradients, 0, row);
    for (let g: usize = 0; g < <usize>groups; g++)
      update1(
        load<usize>(list),
        gradients,
        outs + c * size + g * (SIX * 4),
        errors + c * stride + g * GROUP,
        row,
        wide,
      );
    add(load<usize>(list), gradients, row);
  }
}

/** Scalar products become α·e, and their probabilities part of the loss. */
function toErrors(at: usize, groups: i32, alpha: f32): void {
  let label = labels;
  let mask = masks;
  const end = at + <usize>groups * GROUP;
  let all = product;
  for (; at < end; at += GROUP, label += GROUP, mask += GROUP) {
    const a = v128.and(f32x4.sub(v128.load(label), sigmoid4(v128.load(at))), v128.load(mask));
    const b = v128.and(
      f32x4.sub(v128.load(label, 16), sigmoid4(v128.load(at, 16))),
      v128.load(mask, 16),
    );
    const one = f32x4.splat(1);
    const least = f32x4.splat(LEAST);
    const p = f32x4.mul(
      f32x4.pmax(f32x4.sub(one, f32x4.abs(a)), least),
      f32x4.pmax(f32x4.sub(one, f32x4.abs(b)), least),
    );
    all = f64x2.mul(all, f64x2.promote_low_f32x4(p));
    all = f64x2.mul(all, f64x2.promote_low_f32x4(i32x4.shuffle(p, p, 2, 3, 0, 1)));
    const rate = f32x4.splat(alpha);
    v128.store(at, f32x4.mul(a, rate));
    v128.store(at, f32x4.mul(b, rate), 16);
    // a group makes at least 2^-96: the exponent is taken out before it runs short
    const bits = i64x2.shr_u(all, 52);
    exponent += i64x2.extract_lane(bits, 0) + i64x2.extract_lane(bits, 1) - 2046;
    all = v128.or(v128.and(all, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3ff0000000000000));
  }
  product = all;
}

/** The mean of n input rows predicts; each of them takes over the gradient, or its share of it. */
function bagOn(shard: Shard, list: usize, n: i32, out: usize, groups: i32, alpha: f32): void {
  const row = shard.row;
  const last = list + ((<usize>n) << 2);
  const share: f32 = 1 / <f32>n;
  store<f32>(factor, share);
  let k: usize = 0;
  for (; k + 64 <= row; k += 64) average<v128>(list, last, k);
  for (; k < row; k += 16) average<f32>(list, last, k);
  for (let g: usize = 0; g < <usize>groups; g++)
    dots1(mean, out + g * (SIX * 4), errors + g * GROUP, row, sums, wide);
  toErrors(errors, groups, alpha);
  pairs++;
  for (let g: usize = 0; g < <usize>groups; g++)
    update1(mean, gradients, out + g * (SIX * 4), errors + g * GROUP, row, wide);
  if (shard.bag != 2) store<f32>(factor, 1);
  for (k = 0; k + 64 <= row; k += 64) spread<v128>(list, last, k);
  for (; k < row; k += 16) spread<f32>(list, last, k);
}

/** Sixteen floats from k on (`Size` v128) or four (f32) of the mean of rows. */
function average<Size>(list: usize, last: usize, k: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; list < last; list += 4) {
    const x = load<usize>(list) + k;
    a = f32x4.add(a, v128.load(x));
    if (sizeof<Size>() == 16) {
      b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32));
      d = f32x4.add(d, v128.load(x, 48));
    }
  }
  const s = v128.load32_splat(factor);
  const y = mean + k;
  v128.store(y, f32x4.mul(a, s));
  if (sizeof<Size>() == 16) {
    v128.store(y, f32x4.mul(b, s), 16);
    v128.store(y, f32x4.mul(c, s), 32);
    v128.store(y, f32x4.mul(d, s), 48);
  }
}

/** Adds rate · gradient to the same floats of all rows, and clears it. */
function spread<Size>(list: usize, last: usize, k: usize): void {
  const s = v128.load32_splat(factor);
  const zero = f32x4.splat(0);
  const y = gradients + k;
  const a = f32x4.mul(v128.load(y), s);
  v128.store(y, zero);
  if (sizeof<Size>() == 4) {
    for (; list < last; list += 4) {
      const x = load<usize>(list) + k;
      v128.store(x, f32x4.add(v128.load(x), a));
    }
    return;
  }
  const b = f32x4.mul(v128.load(y, 16), s);
  const c = f32x4.mul(v128.load(y, 32), s);
  const d = f32x4.mul(v128.load(y, 48), s);
  v128.store(y, zero, 16);
  v128.store(y, zero, 32);
  v128.store(y, zero, 48);
  for (; list < last; list += 4) {
    const x = load<usize>(list) + k;
    v128.store(x, f32x4.add(v128.load(x), a));
    v128.store(x, f32x4.add(v128.load(x, 16), b), 16);
    v128.store(x, f32x4.add(v128.load(x, 32), c), 32);
    v128.store(x, f32x4.add(v128.load(x, 48), d), 48);
  }
}

/** x += d */
function add(x: usize, d: usize, row: usize): void {
  for (let k: usize = 0; k < row; k += 16)
    v128.store(x + k, f32x4.add(v128.load(x + k), v128.load(d + k)));
}
