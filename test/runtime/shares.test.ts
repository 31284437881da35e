/** Each kernel that threads share: the shares, in any order, leave the same bits as the whole. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { CUTS as CELLS } from '../../src/ops/cells.js';
import { CUTS, RECURRENT, shares } from '../../src/runtime/shares.js';
import { CUTS as TASKS } from '../../src/tasks/kernels.js';
import { CUTS as WORDS } from '../../src/words/kernels.js';
import { Bench, builds, type Kernels } from '../support/kernels.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('runtime/shares');

/**
 * A buffer of n random floats, or of ids below a number; scratch of so many bytes, the last buffer.
 */
interface Draw {
  f: (n: number) => number;
  ids: (n: number, below: number) => number;
  scratch: (bytes: number) => number;
}

interface Case {
  name: keyof Kernels;
  /** What is shared out; default: the kernel itself. */
  parts?: (keyof Kernels)[];
  what?: string;
  args: (draw: Draw, kernels: Kernels) => number[];
}

const gemm = (kernels: Kernels): number => 3 * kernels.gemm_scratch();

/** Odd sizes, just large enough to be worth sharing. */
const CASES: Case[] = [
  {
    name: 'gemm',
    what: 'A·B',
    args: ({ f, scratch }, k) => [
      f(131 * 259),
      f(131 * 129),
      f(129 * 257),
      scratch(gemm(k)),
      131,
      257,
      129,
      259,
      129,
      1,
      257,
      1,
      0,
    ],
  },
  {
    name: 'gemm',
    what: 'Aᵀ·B, added',
    args: ({ f, scratch }, k) => [
      f(131 * 257),
      f(131 * 129),
      f(129 * 257),
      scratch(gemm(k)),
      131,
      257,
      129,
      257,
      1,
      131,
      257,
      1,
      1,
    ],
  },
  {
    name: 'gemm',
    what: 'few rows, A·Bᵀ',
    args: ({ f, scratch }, k) => [
      f(9 * 4001),
      f(9 * 131),
      f(131 * 4001),
      scratch(gemm(k)),
      9,
      4001,
      131,
      4001,
      131,
      1,
      1,
      131,
      0,
    ],
  },
  {
    name: 'linear_forward',
    args: ({ f, scratch }, k) => [
      f(131 * 257),
      f(131 * 129),
      f(257 * 129),
      f(257),
      scratch(gemm(k)),
      131,
      129,
      257,
    ],
  },
  {
    name: 'linear_backward',
    parts: ['gemm'],
    args: ({ f, scratch }, k) => [
      f(131 * 129),
      f(257 * 129),
      f(257),
      f(131 * 257),
      f(131 * 129),
      f(257 * 129),
      scratch(gemm(k)),
      131,
      129,
      257,
    ],
  },
  { name: 'column_sums', args: ({ f }) => [f(517), f(1031 * 520), 1031, 517, 520] },
  {
    name: 'cross_entropy_forward',
    args: ({ f, ids }) => [f(257), f(4 * 257), f(257 * 691), ids(257, 691), 257, 691, 3, 0.1],
  },
  {
    name: 'cross_entropy_both',
    args: ({ f, ids }) => [f(257), f(257 * 691), ids(257, 691), 257, 691, 3, 0.7],
  },
  {
    name: 'cross_entropy_backward',
    args: ({ f, ids }) => [
      f(257 * 691),
      f(257),
      f(257 * 691),
      f(4 * 257),
      ids(257, 691),
      257,
      691,
      3,
      0.1,
    ],
  },
  {
    name: 'embedding_forward',
    args: ({ f, ids }) => [f(1367 * 517), f(7 * 517), ids(1367, 7), 1367, 517],
  },
  {
    name: 'embedding_backward',
    args: ({ f, ids }) => [f(7 * 520), f(1367 * 520), ids(1367, 7), 1367, 517, 520, 3],
  },
  {
    name: 'adam_step',
    args: ({ f }) => [
      f(131_101),
      f(131_101),
      f(131_101),
      f(131_101),
      0,
      131_101,
      1e-3,
      0.9,
      0.999,
      1e-8,
      0.01,
      1,
      0.1,
      0.01,
    ],
  },
  {
    name: 'sgd_step',
    args: ({ f }) => [f(131_101), f(131_101), f(131_101), 131_101, 0.1, 0.9, 0, 0.01, 1, 0],
  },
  {
    name: 'rmsprop_step',
    args: ({ f }) => [
      f(131_101),
      f(131_101),
      f(131_101),
      0,
      f(131_101),
      131_101,
      0.1,
      0.9,
      1e-8,
      0.01,
      0.5,
    ],
  },
  {
    name: 'adagrad_step',
    args: ({ f }) => [f(131_101), f(131_101), f(131_101), 131_101, 0.1, 0.01, 1e-8],
  },
  {
    name: 'adadelta_step',
    args: ({ f }) => [
      f(131_101),
      f(131_101),
      f(131_101),
      f(131_101),
      131_101,
      0.1,
      0.9,
      1e-8,
      0.01,
    ],
  },
  {
    name: 'lstm_forward',
    args: ({ f, ids, scratch }, k) => [
      f(5 * 7 * 175),
      f(7 * 175),
      f(7 * 175),
      f(5 * 7 * 175),
      f(5 * 7 * 700),
      f(11 * 700),
      ids(5 * 7, 11),
      f(700 * 175),
      f(7 * 175),
      f(7 * 175),
      ids(7, 7),
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 4)),
      5,
      7,
      175,
      175,
      0,
      0,
      7,
    ],
  },
  {
    name: 'lstm_backward',
    args: ({ f, ids, scratch }, k) => [
      f(5 * 7 * 700),
      f(7 * 175),
      f(7 * 175),
      f(5 * 7 * 175),
      f(5 * 7 * 175),
      f(7 * 175),
      f(7 * 175),
      f(5 * 7 * 700),
      f(700 * 175),
      f(7 * 175),
      ids(7, 7),
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 4)),
      5,
      7,
      175,
      175,
      0,
      0,
      7,
    ],
  },
  {
    name: 'gru_forward',
    args: ({ f, ids, scratch }, k) => [
      f(7 * 7 * 175),
      f(7 * 175),
      f(7 * 7 * 175),
      f(7 * 7 * 175),
      f(7 * 7 * 525),
      0,
      0,
      f(525 * 175),
      f(525),
      f(7 * 175),
      ids(7, 9),
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 3)),
      7,
      7,
      175,
      175,
      1,
      0,
      7,
    ],
  },
  {
    name: 'gru_backward',
    args: ({ f, ids, scratch }, k) => [
      f(7 * 7 * 525),
      f(7 * 7 * 175),
      f(7 * 175),
      f(7 * 7 * 175),
      f(7 * 175),
      f(7 * 7 * 525),
      f(7 * 7 * 175),
      f(7 * 7 * 175),
      f(525 * 175),
      ids(7, 9),
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 3)),
      7,
      7,
      175,
      175,
      1,
      0,
      7,
    ],
  },
  {
    name: 'rnn_forward',
    args: ({ f, scratch }, k) => [
      f(20 * 7 * 175),
      f(7 * 175),
      f(20 * 7 * 175),
      f(20 * 7 * 175),
      0,
      0,
      f(175 * 175),
      f(7 * 175),
      0,
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 1)),
      20,
      7,
      175,
      175,
      0,
      0,
      0,
      7,
    ],
  },
  {
    name: 'rnn_backward',
    args: ({ f, scratch }, k) => [
      f(20 * 7 * 175),
      f(7 * 175),
      f(20 * 7 * 175),
      f(7 * 175),
      f(20 * 7 * 175),
      f(175 * 175),
      0,
      0,
      scratch(3 * k.recurrent_scratch(7, 175, 1)),
      20,
      7,
      175,
      175,
      0,
      0,
      0,
      7,
    ],
  },
];

for (const build of builds) {
  const bench = new Bench(build);

  /**
   * The bytes of all buffers but scratch after the kernel, whole (0 threads) or shared out; the
   * kernels and numbers of shares.
   */
  const after = (
    { name, args }: Case,
    threads: number,
  ): { bytes: Uint8Array; changed: boolean; parts: [keyof Kernels, number][] } => {
    bench.reset();
    const random = new TestRandom(1);
    const sizes = new Map<number, number>();
    const kept = (address: number, n: number): number => (sizes.set(address, n), address);
    const list = args(
      {
        f: n => kept(bench.f32(n, random.array(n, 0.5).map(Math.abs)), n),
        ids: (n, below) => kept(bench.i32(Array.from({ length: n }, () => random.int(below))), n),
        scratch: bytes => bench.bytes(bytes, 'scratch'),
      },
      bench.kernels,
    );
    const read = (): Uint8Array =>
      Buffer.concat(
        Array.from(sizes, ([address, n]) => new Uint8Array(bench.read(address, n).buffer)),
      );
    const before = read();
    const parts: [keyof Kernels, number][] = [];
    const call = (kernel: keyof Kernels, values: number[]): void =>
      (bench.kernels[kernel] as (...list: number[]) => void)(...values);
    if (threads === 0) call(name, list);
    else {
      const shared = shares(bench.kernels, threads, (given, pieces) => {
        const kernel = given as keyof Kernels;
        parts.push([kernel, pieces.length]);
        for (const piece of pieces.toReversed()) call(kernel, piece);
      });
      (shared[name] as (...list: number[]) => void)(...list);
    }
    bench.checkCanaries();
    const bytes = read();
    return { bytes, changed: !Buffer.from(before).equals(bytes), parts };
  };

  for (const each of CASES) {
    test(`${each.name}${each.what ? `, ${each.what},` : ''} leaves the same bits whole and in 1, 2 or 3 shares (${build})`, () => {
      const whole = after(each, 0);
      assert.ok(whole.changed);
      for (const threads of [1, 2, 3]) {
        const { bytes, parts } = after(each, threads);
        assert.ok(Buffer.from(whole.bytes).equals(bytes), `${threads} shares`);
        assert.ok(
          parts.length > 0 &&
            parts.every(
              ([kernel, count]) =>
                (each.parts ?? [each.name]).includes(kernel) && count === threads,
            ),
          JSON.stringify(parts),
        );
      }
    });
  }

  test(`what is worth no hand-over is done at once (${build})`, () => {
    const online: Case = {
      name: 'gemm',
      args: ({ f, scratch }, k) => [
        f(25 * 512),
        f(25 * 128),
        f(128 * 512),
        scratch(gemm(k)),
        25,
        512,
        128,
        512,
        128,
        1,
        512,
        1,
        0,
      ],
    };
    assert.equal(after(online, 2).parts, []);
  });

  test(`every kernel that is shared has a case (${build})`, () => {
    const shared = Object.keys(shares(bench.kernels, 2, () => {})).filter(
      name => name !== 'recurrent_scratch',
    );
    assert.equal(
      shared.filter(name => !CASES.some(each => each.name === name)),
      [],
    );
  });
}

test('the arguments that threads find by name are those of the compiled kernels', () => {
  const declarations = ['simd', 'words-simd', 'cells-simd', 'tasks-simd']
    .map(file =>
      readFileSync(new URL(`../../../dist/kernels/${file}.d.ts`, import.meta.url), 'utf8'),
    )
    .join('');
  const names = (kernel: string): string => {
    const [, list] = new RegExp(`export function ${kernel}\\((.*)\\): void`).exec(declarations)!;
    return list!
      .split(', ')
      .map(argument => argument.split(':')[0])
      .join(' ');
  };
  for (const [kernel, { args }] of Object.entries({ ...CUTS, ...WORDS, ...CELLS, ...TASKS }))
    assert.is(args, names(kernel), kernel);
  for (const [kernel, args] of Object.entries(RECURRENT)) assert.is(args, names(kernel), kernel);
});

run();
