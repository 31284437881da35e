/** What every optimizer's step must do, whatever its rule. */
import { Bench, builds, SIZES } from './kernels.js';
import { near } from './near.js';
import { TestRandom } from './random.js';
import { golden } from './safetensors.js';
import { noSubnormals } from './sequences.js';
import type { suite } from './suite.js';

export interface Case {
  readonly name: string;
  /** Arrays of state beside the parameters, all zero at the start. */
  readonly states: number;
  /** One step of the f64 reference; `t` counts from 1. */
  reference(p: Float64Array, g: Float64Array, states: Float64Array[], t: number): void;
  /** One step of the kernel on addresses. */
  kernel(bench: Bench, p: number, g: number, states: number[], n: number, t: number): void;
  /** Golden trajectory with the same hyper-parameters. */
  readonly golden?: string | undefined;
}

/** Hyper-parameters with the name of the case and its golden trajectory. */
export type Named<Options> = Options & { name: string; golden?: string };

const SMALLEST_NORMAL = 2 ** -126;

type Tests = ReturnType<typeof suite>;

/** Reference against PyTorch, kernel against PyTorch and the reference, rows alone, idle rows. */
export function optimizerTests(
  tests: Tests,
  { name, states, reference, kernel, golden: stem }: Case,
): void {
  if (stem !== undefined) {
    const file = golden(stem);
    const [steps, n] = file.shape('in.grads') as [number, number];
    const grads = file.values('in.grads');
    const expected = file.values('out.trajectory');

    tests.test(`the reference of ${name} follows PyTorch`, () => {
      const p = file.values('in.p');
      const state = Array.from({ length: states }, () => new Float64Array(n));
      for (let t = 1; t <= steps; t++) {
        reference(p, grads.slice((t - 1) * n, t * n), state, t);
        near(p, expected.subarray((t - 1) * n, t * n), 1e-7, `p after step ${t}`);
      }
    });

    for (const build of builds) {
      tests.test(`${name} follows PyTorch (${build})`, () => {
        const bench = new Bench(build);
        const p = bench.f32(n, file.values('in.p'), 'p');
        const state = Array.from({ length: states }, (_, k) =>
          bench.f32(n, new Float64Array(n), `state ${k}`),
        );
        for (let t = 1; t <= steps; t++) {
          kernel(bench, p, bench.f32(n, grads.subarray((t - 1) * n, t * n), 'g'), state, n, t);
          near(bench.read(p, n), expected.subarray((t - 1) * n, t * n), 1e-6, `p after step ${t}`);
        }
        bench.checkCanaries();
      });
    }
  }

  for (const build of builds) {
    tests.test(
      `${name} agrees with the reference in parameters and state, and leaves g alone (${build})`,
      () => {
        const bench = new Bench(build);
        for (const n of [...SIZES, 64, 65]) {
          bench.reset();
          const random = new TestRandom(n);
          const p = random.array(n);
          const state = Array.from({ length: states }, () => new Float64Array(n));
          const at = bench.f32(n, p, 'p');
          const stateAt = state.map((values, k) => bench.f32(n, values, `state ${k}`));
          for (let t = 1; t <= 7; t++) {
            const g = random.array(n);
            const gAt = bench.f32(n, g, 'g');
            const before = bench.read(at, n);
            reference(p, g, state, t);
            kernel(bench, at, gAt, stateAt, n, t);
            near(bench.read(at, n), p, 2e-6, `p [${n}] after step ${t}`);
            state.forEach((values, k) =>
              near(bench.read(stateAt[k]!, n), values, 1e-5, `state ${k} [${n}] after step ${t}`),
            );
            near(bench.read(gAt, n), g, 0, 'g');
            const after = bench.read(at, n);
            if (after.some((value, i) => value === before[i]))
              throw new Error(`a parameter of ${n} did not move in step ${t}`);
          }
          bench.checkCanaries();
        }
      },
    );

    tests.test(`${name} gives a row the same bits alone as within the whole (${build})`, () => {
      const bench = new Bench(build);
      const rows = 7;
      const E = 5;
      const random = new TestRandom(3);
      const [p, g] = [random.array(rows * E), random.array(rows * E)];
      const whole = bench.f32(rows * E, p);
      const alone = bench.f32(rows * E, p);
      const gAt = bench.f32(rows * E, g);
      const fresh = () =>
        Array.from({ length: states }, () => bench.f32(rows * E, new Float64Array(rows * E)));
      const [wholeState, aloneState] = [fresh(), fresh()];
      for (let t = 1; t <= 3; t++) {
        kernel(bench, whole, gAt, wholeState, rows * E, t);
        for (let row = 0; row < rows; row++) {
          const offset = row * E * 4;
          kernel(
            bench,
            alone + offset,
            gAt + offset,
            aloneState.map(address => address + offset),
            E,
            t,
          );
        }
      }
      near(bench.read(alone, rows * E), bench.read(whole, rows * E), 0, 'p row by row');
      wholeState.forEach((address, k) =>
        near(
          bench.read(aloneState[k]!, rows * E),
          bench.read(address, rows * E),
          0,
          `state ${k} row by row`,
        ),
      );
      bench.checkCanaries();
    });

    tests.test(`${name} leaves no parameter subnormal (${build})`, () => {
      const bench = new Bench(build);
      const n = 7;
      const p = bench.f32(
        n,
        Array.from({ length: n }, (_, i) => (-1) ** i * 1e-39 * (i + 1)),
        'p',
      );
      const state = Array.from({ length: states }, (_, k) =>
        bench.f32(n, new Float64Array(n), `state ${k}`),
      );
      kernel(bench, p, bench.f32(n, new Float64Array(n), 'g'), state, n, 1);
      noSubnormals(bench.read(p, n), 'p');
    });

    tests.test(`${name} leaves no subnormal number in 10,000 idle rows (${build})`, () => {
      const bench = new Bench(build);
      const n = 10_000 * 2;
      const random = new TestRandom(11);
      const p = bench.f32(n, random.array(n));
      // squares up to 1e-34: a few hundred steps reach the subnormal range
      const g = bench.f32(n, random.array(n, 1e-17));
      const zeros = bench.f32(n, new Float64Array(n));
      const state = Array.from({ length: states }, () => bench.f32(n, new Float64Array(n)));
      kernel(bench, p, g, state, n, 1);
      for (let t = 2; t <= 1200; t++) {
        kernel(bench, p, zeros, state, n, t);
        if (t % 100 !== 0) continue;
        for (const address of [p, ...state]) {
          const bad = bench
            .read(address, n)
            .findIndex(x => !Number.isFinite(x) || (x !== 0 && Math.abs(x) < SMALLEST_NORMAL));
          if (bad >= 0)
            throw new Error(
              `after ${t} steps element ${bad} of ${address === p ? 'p' : 'a state'} is ` +
                `${bench.read(address, n)[bad]}`,
            );
        }
      }
      bench.checkCanaries();
    });
  }
}
