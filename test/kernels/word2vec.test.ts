import * as assert from 'uvu/assert';
import { type Word2VecCase, word2vec } from '../reference/word2vec.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/word2vec');

const SEED = 0x0123456789abcdefn;

/** A small corpus of Zipfian words with sentence ends, vectors and tables. */
function example(given: Partial<Word2VecCase> & { size: number; words?: number }): Word2VecCase {
  const random = new TestRandom(given.size + (given.negative ?? 5));
  const { size, words = 23 } = given;
  const ids = Array.from({ length: 90 }, () =>
    random.int(12) === 0 ? -1 : Math.floor(words * (random.int(1000) / 1000) ** 2),
  );
  const rows = (n: number, scale: number): number[][] =>
    Array.from({ length: n }, () => Array.from(random.array(size), x => Math.fround(scale * x)));
  const keep = Uint32Array.from({ length: words }, (_, i) => (i < 4 ? 0x90000000 : 0xffffffff));
  const alias = new Uint32Array(2 * words);
  for (let i = 0; i < words; i++) {
    alias[2 * i] = random.int(2 ** 31);
    alias[2 * i + 1] = random.int(words);
  }
  const inputs = given.pieces ? Math.max(...given.pieces.flat()) + 1 : words;
  return {
    ids,
    words,
    window: 4,
    negative: 5,
    bag: 'none',
    shared: true,
    keep,
    alias,
    alpha: 0.05,
    alphaEnd: 0.02,
    seed: SEED,
    input: rows(inputs, 1),
    output: rows(words, 1),
    ...given,
  };
}

/** A balanced tree: paths of five or six steps, longer than a group for the last words. */
function tree(words: number): { starts: number[]; paths: number[] } {
  const starts = [0];
  const paths: number[] = [];
  for (let word = 0; word < words; word++) {
    const length = 1 + (word % 9);
    for (let i = 0; i < length; i++)
      paths.push(2 * ((word * 3 + i * 5) % (words - 1)) + ((word >> i) & 1));
    starts.push(paths.length);
  }
  return { starts, paths };
}

const pieces = Array.from({ length: 23 }, (_, word) =>
  Array.from({ length: 1 + (word % 4) }, (_, i) => (i === 0 ? word : 23 + ((word * 5 + i) % 11))),
);

const CASES: [what: string, given: Partial<Word2VecCase>][] = [
  ['skip-gram, negatives shared by a window', {}],
  ['skip-gram, negatives of each pair', { shared: false }],
  ['skip-gram, 1 negative', { negative: 1 }],
  ['skip-gram, 13 shared negatives: three groups', { negative: 13 }],
  ['skip-gram, 7 negatives of each pair', { negative: 7, shared: false }],
  ['skip-gram, 80 negatives: fourteen groups', { negative: 80, words: 100 }],
  ['skip-gram, hierarchical softmax', { negative: 0, ...tree(23) }],
  ['CBOW, whole gradient', { bag: 'sum' }],
  ['CBOW, mean gradient', { bag: 'mean' }],
  ['CBOW, hierarchical softmax', { bag: 'sum', negative: 0, ...tree(23) }],
  ['CBOW, 13 negatives', { bag: 'sum', negative: 13 }],
  ['skip-gram with subwords', { pieces }],
  ['skip-gram with subwords, negatives of each pair', { pieces, shared: false }],
  ['CBOW with subwords', { pieces, bag: 'sum' }],
];

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.words();
  const RECORD = kernels.word2vec_record();

  /** Runs the kernel on a case; the vectors, without what fills up the rows, and the record. */
  const trained = (c: Word2VecCase, wide = false) => {
    const stride = 4 * Math.ceil(c.size / 4);
    const padded = (rows: number[][]): number[] =>
      rows.flatMap(row => [...row, ...Array<number>(stride - c.size).fill(0)]);
    const groups = Math.ceil(
      (c.negative > 0
        ? c.negative + 1
        : Math.max(
            ...Array.from({ length: c.words }, (_, i) => c.starts![i + 1]! - c.starts![i]!),
          )) / 6,
    );
    const most = c.pieces ? Math.max(...c.pieces.map(list => list.length)) : 1;
    const inputs = 2 * c.window * most;
    const list = (values: ArrayLike<number> | undefined, what: string): number =>
      values ? bench.i32(Array.from(values), what) : 0;
    const starts = c.pieces && [0];
    for (const row of c.pieces ?? []) starts!.push(starts!.at(-1)! + row.length);
    const at = {
      ids: bench.i32([...c.ids], 'ids'),
      input: bench.f32(c.input.length * stride, padded(c.input), 'input'),
      output: bench.f32(c.output.length * stride, padded(c.output), 'output'),
      keep: bench.i32([...new Int32Array(c.keep.buffer)], 'keep'),
      alias: bench.i32([...new Int32Array(c.alias.buffer)], 'alias'),
      starts: list(c.starts, 'starts'),
      paths: list(c.paths, 'paths'),
      parts: list(starts, 'parts'),
      pieces: list(c.pieces?.flat(), 'pieces'),
      scratch: bench.f32(
        Math.ceil(kernels.word2vec_scratch(inputs, groups, 4 * stride) / 4),
        undefined,
        'scratch',
      ),
      record: bench.i32(Array<number>(RECORD / 4).fill(0), 'record'),
    };
    const bag = { none: 0, sum: 1, mean: 2 }[c.bag];
    const fields = [
      at.ids,
      c.ids.length,
      at.input,
      at.output,
      4 * stride,
      c.window,
      c.negative,
      bag,
      c.shared ? 1 : 0,
      at.keep,
      at.alias,
      c.words,
      at.starts,
      at.paths,
      at.parts,
      at.pieces,
      0,
      0,
      at.scratch,
      groups,
      inputs,
      wide ? 1 : 0,
    ];
    const view = bench.view(at.record, RECORD);
    fields.forEach((field, i) => view.setInt32(4 * i, field, true));
    view.setFloat32(64, c.alpha, true);
    view.setFloat32(68, c.alphaEnd, true);
    view.setBigUint64(88, c.seed, true);
    kernels.word2vec_train(at.record, 1);
    bench.checkCanaries();
    const record = bench.view(at.record, RECORD);
    const rows = (address: number, n: number): number[] =>
      Array.from({ length: n }, (_, i) => [...bench.read(address + 4 * i * stride, c.size)]).flat();
    return {
      input: rows(at.input, c.input.length),
      output: rows(at.output, c.output.length),
      state: record.getBigUint64(88, true),
      loss: -Math.log(record.getFloat64(96, true)) - record.getFloat64(104, true) * Math.LN2,
      pairs: record.getFloat64(112, true),
    };
  };

  test(`the record has the fields that the kernel reads (${build})`, () => {
    assert.is(RECORD, 120);
  });

  for (const [what, given] of CASES)
    test(`${what} (${build})`, () => {
      for (const size of [1, 4, 5, 8, 17, 36, 100]) {
        bench.reset();
        const c = example({ size, ...given });
        const before = c.input.flat();
        const got = trained(c);
        const expected = word2vec(c);
        assert.ok(expected.pairs > 20);
        assert.is(got.pairs, expected.pairs, `predictions, size ${size}`);
        assert.is(got.state, expected.state, 'the state of the generator');
        assert.ok(c.input.flat().some((value, i) => value !== before[i]));
        near(got.input, Float64Array.from(c.input.flat()), 2e-4, `input, size ${size}`);
        near(got.output, Float64Array.from(c.output.flat()), 2e-4, `output, size ${size}`);
        assert.ok(
          Math.abs(got.loss - expected.loss) < 1e-4 * expected.loss,
          `loss ${got.loss}, expected ${expected.loss}`,
        );
      }
    });

  test(`the code for 256-bit instructions gives the same bits (${build})`, () => {
    for (const [, given] of CASES)
      for (const size of [1, 4, 8, 17, 36, 100]) {
        bench.reset();
        const narrow = trained(example({ size, ...given }));
        bench.reset();
        assert.equal(trained(example({ size, ...given }), true), narrow);
      }
  });

  test(`few words, of which almost all weight has one, end too (${build})`, () => {
    bench.reset();
    const alias = Uint32Array.from([0xffffffff, 0, 0, 0, 0, 0]);
    const c = example({ size: 4, words: 3, negative: 2, alias });
    const got = trained(c);
    const expected = word2vec(c);
    near(got.output, Float64Array.from(c.output.flat()), 2e-4, 'output');
    assert.is(got.state, expected.state);
  });

  test(`what shards have learnt is added by weight (${build})`, () => {
    for (const [rows, columns, shards] of [
      [1, 4, 1],
      [3, 8, 2],
      [5, 20, 3],
    ] as const) {
      // biome-ignore format: one line
      bench.reset();
      const random = new TestRandom(rows);
      const n = rows * columns;
      const w = random.array(n);
      const copies = random.array(n * shards);
      const weights = Array.from({ length: rows }, (_, i) => 1 / (i + 1));
      const at = {
        w: bench.f32(n, w, 'w'),
        copies: bench.f32(n * shards, copies, 'copies'),
        weights: bench.f32(rows, Float64Array.from(weights), 'weights'),
      };
      kernels.word2vec_merge(at.w, at.copies, at.weights, rows, columns, shards, n);
      const expected = Float64Array.from(w, (old, i) => {
        let sum = 0;
        for (let s = 0; s < shards; s++) sum += copies[s * n + i]! - old;
        return old + weights[Math.floor(i / columns)]! * sum;
      });
      near(bench.read(at.w, n), expected, 1e-6, 'w');
      for (let s = 0; s < shards; s++)
        assert.equal(bench.read(at.copies + 4 * s * n, n), bench.read(at.w, n), `copy ${s}`);
      bench.checkCanaries();
    }
  });
}

run();
