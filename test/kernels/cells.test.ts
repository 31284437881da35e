/** The scans in each build: against f64, inside their buffers, and cut by rows as threads cut them. */
import * as assert from 'uvu/assert';
import * as reference from '../reference/cells.js';
import { added, inner } from '../support/added.js';
import { centralDifferences } from '../support/checkop.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/cells');
const [T, B] = [3, 2];

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.cells();

  test(`minGRU, forward and backward (${build})`, () => {
    for (const H of SIZES) {
      bench.reset();
      const random = new TestRandom(H);
      const scan = { T, B, H, lengths: [3, 2], resets: [0, 0, 1, 0, 0, 0] };
      const a = random.array(T * B * 2 * H, 2);
      const [h0, dy, dh] = [random.array(B * H), random.array(T * B * H), random.array(B * H)];
      // the last step of row 1 is frozen: its y is 0 whatever comes
      const loss = () => {
        const { y, h } = reference.minGRU(a, h0, scan, true);
        return inner(y, dy) + inner(h, dh);
      };
      const expected = reference.minGRU(a, h0, scan, true);
      const [da, dh0] = [centralDifferences(loss, a), centralDifferences(loss, h0)];
      const at = {
        y: bench.f32(T * B * H, undefined, 'y'),
        h: bench.f32(B * H, h0, 'h'),
        h0: bench.f32(B * H, h0, 'h0'),
        gates: bench.f32(T * B * 2 * H, a, 'gates'),
        dy: bench.f32(T * B * H, dy, 'dy'),
        dh: bench.f32(B * H, dh, 'dh'),
        lengths: bench.i32(scan.lengths, 'lengths'),
        resets: bench.i32(scan.resets, 'resets'),
      };
      const sizes = [T, B, H, 2 * H, B, 1] as const;
      kernels.mingru_forward(at.y, at.h, at.gates, at.lengths, at.resets, ...sizes);
      near(bench.read(at.y, T * B * H), expected.y, 2e-6, `y, H ${H}`);
      near(bench.read(at.h, B * H), expected.h, 2e-6, `h, H ${H}`);
      kernels.mingru_backward(at.gates, at.dh, at.dy, at.y, at.h0, at.lengths, at.resets, ...sizes);
      near(bench.read(at.gates, a.length), da, 1e-5, `da, H ${H}`);
      near(bench.read(at.dh, B * H), dh0, 1e-5, `dh0, H ${H}`);
      notZero(da, 'da');
      bench.checkCanaries();
    }
  });

  test(`RG-LRU, forward and backward (${build})`, () => {
    for (const H of SIZES) {
      bench.reset();
      const random = new TestRandom(H + 40);
      const scan = { T, B, H, lengths: [2, 3], resets: [0, 0, 0, 1, 0, 0] };
      const gates = random.array(T * B * 2 * H, 2);
      const x = random.array(T * B * H);
      const lambda = random.array(H, 2);
      const [h0, dy, dh] = [random.array(B * H), random.array(T * B * H), random.array(B * H)];
      const before = random.array(T * B * H);
      const all = () => reference.rglru(x, gates, lambda, h0, scan);
      const loss = () => {
        const { y, h } = all();
        return inner(y, dy) + inner(h, dh);
      };
      const expected = all();
      const [dgates, dx, dh0, dlambda] = [gates, x, h0, lambda].map(each => centralDifferences(loss, each)); // biome-ignore format: one line
      const s = lambda.map(each => Math.log1p(Math.exp(each)));
      const at = {
        y: bench.f32(T * B * H, undefined, 'y'),
        h: bench.f32(B * H, h0, 'h'),
        h0: bench.f32(B * H, h0, 'h0'),
        gates: bench.f32(gates.length, gates, 'gates'),
        x: bench.f32(x.length, x, 'x'),
        s: bench.f32(H, s, 's'),
        dx: bench.f32(x.length, before, 'dx'),
        ds: bench.f32(x.length, undefined, 'ds'),
        dy: bench.f32(T * B * H, dy, 'dy'),
        dh: bench.f32(B * H, dh, 'dh'),
        lengths: bench.i32(scan.lengths, 'lengths'),
        resets: bench.i32(scan.resets, 'resets'),
      };
      const sizes = [T, B, H, 2 * H, B] as const;
      kernels.rglru_forward(at.y, at.h, at.gates, at.x, at.s, at.lengths, at.resets, ...sizes);
      near(bench.read(at.y, T * B * H), expected.y, 3e-6, `y, H ${H}`);
      near(bench.read(at.h, B * H), expected.h, 3e-6, `h, H ${H}`);
      kernels.rglru_backward(at.gates, at.dx, at.ds, at.dh, at.dy, at.y, at.x, at.s, at.h0, at.lengths, at.resets, ...sizes); // biome-ignore format: one line
      near(bench.read(at.gates, gates.length), dgates!, 2e-5, `dgates, H ${H}`);
      near(bench.read(at.dx, x.length), added(before, dx!), 1e-5, `dx, H ${H}`);
      near(bench.read(at.dh, B * H), dh0!, 1e-5, `dh0, H ${H}`);
      const ds = bench.read(at.ds, x.length);
      const summed = lambda.map((each, j) => {
        let sum = 0;
        for (let row = 0; row < T * B; row++) sum += ds[row * H + j]!;
        return sum * reference.sigmoid(each);
      });
      near(summed, dlambda!, 2e-5, `dΛ, H ${H}`);
      bench.checkCanaries();
    }
  });

  test(`rows that are computed apart have the same bits (${build})`, () => {
    const H = 7;
    const random = new TestRandom(3);
    const [a, h0] = [random.array(T * 3 * 2 * H), random.array(3 * H)];
    const forward = (rows: readonly [number, number][]): Float32Array => {
      bench.reset();
      const [y, h, gates] = [bench.f32(T * 3 * H), bench.f32(3 * H, h0), bench.f32(a.length, a)];
      for (const [from, to] of rows)
        kernels.mingru_forward(y + 4 * from * H, h + 4 * from * H, gates + 8 * from * H, 0, 0, T, to - from, H, 2 * H, 3, 0); // biome-ignore format: one line
      bench.checkCanaries();
      return bench.read(y, T * 3 * H);
    };
    assert.equal(forward([[0, 1], [1, 3]]), forward([[0, 3]])); // biome-ignore format: one line
  });
}

run();
