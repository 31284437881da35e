import * as assert from 'uvu/assert';
import { type Activation, activations, backward, forward } from '../reference/activation.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/activation');
const random = new TestRandom(1);

/** n numbers in (low, high) */
const draw = (n: number, { low, high }: Activation): Float64Array =>
  random.array(n).map(v => Math.fround((low + high) / 2 + (v * (high - low)) / 2));

type Name = keyof typeof activations;

for (const name of Object.keys(activations) as Name[]) {
  const activation: Activation = activations[name];

  test(`the reference derivative of ${name} is that of its central differences`, () => {
    const x = draw(20, activation);
    const dy = random.array(20);
    const dx = new Float64Array(20);
    backward(activation, dx, dy, x);
    gradcheck(
      () => forward(activation, x).reduce((sum, y, i) => sum + dy[i]! * y, 0),
      { x },
      { x: dx },
    );
  });

  for (const build of builds) {
    const bench = new Bench(build);
    const { args = [] } = activation;
    const forwardKernel = (y: number, x: number, n: number): void =>
      (bench.kernels[`${name}_forward`] as (...list: number[]) => void)(y, x, n, ...args);
    const backwardKernel = (dx: number, dy: number, saved: number, n: number): void =>
      (bench.kernels[`${name}_backward`] as (...list: number[]) => void)(dx, dy, saved, n, ...args);

    test(`${name} writes y and adds dx as the reference does (${build})`, () => {
      for (const n of SIZES) {
        bench.reset();
        const x = draw(n, activation);
        x[n - 1] = Math.min(Math.abs(x[n - 1]!), 0.7); // relu, clamp: at least one gradient
        const dy = random.array(n);
        const dx = random.array(n);
        const xAt = bench.f32(n, x, 'x');
        const yAt = bench.f32(n, undefined, 'y');
        const dxAt = bench.f32(n, dx, 'dx');
        const before = dx.slice();
        forwardKernel(yAt, xAt, n);
        near(bench.read(yAt, n), forward(activation, x), 4e-7, `y, n = ${n}`);
        backwardKernel(dxAt, bench.f32(n, dy, 'dy'), activation.saved === 'x' ? xAt : yAt, n);
        backward(activation, dx, dy, x);
        near(bench.read(dxAt, n), dx, 1e-6, `dx, n = ${n}`);
        notZero(
          dx.map((v, i) => v - before[i]!),
          `the gradient of ${name}`,
        );
        bench.checkCanaries();
      }
    });

    test(`${name} gives an element the same bits in the body and in the tail, at any address (${build})`, () => {
      const n = 37;
      bench.reset();
      const x = bench.f32(n, draw(n, activation));
      const dy = bench.f32(n, random.array(n));
      const dx = random.array(n);
      const y = bench.f32(n);
      forwardKernel(y, x, n);
      const saved = activation.saved === 'x' ? x : y;
      const whole = bench.f32(n, dx);
      backwardKernel(whole, dy, saved, n);
      for (const cut of [1, 2, 3, 18]) {
        const parts = bench.f32(n);
        forwardKernel(parts, x, cut);
        forwardKernel(parts + 4 * cut, x + 4 * cut, n - cut);
        assert.equal(bench.read(parts, n), bench.read(y, n));
        const gradient = bench.f32(n, dx);
        backwardKernel(gradient, dy, saved, cut);
        backwardKernel(gradient + 4 * cut, dy + 4 * cut, saved + 4 * cut, n - cut);
        assert.equal(bench.read(gradient, n), bench.read(whole, n));
      }
      bench.checkCanaries();
    });
  }
}

for (const build of builds) {
  test(`relu passes NaN on, and a gradient where y is positive or NaN (${build})`, () => {
    const bench = new Bench(build);
    const x = [NaN, -1, 0, 2, NaN, -1];
    const y = bench.f32(6);
    bench.kernels.relu_forward(y, bench.f32(6, x), 6);
    assert.equal([...bench.read(y, 6)], [NaN, 0, 0, 2, NaN, 0]);
    const dx = bench.f32(6, [1, 1, 1, 1, 1, 1]);
    bench.kernels.relu_backward(dx, bench.f32(6, [5, 5, 5, 5, 5, 5]), y, 6);
    assert.equal([...bench.read(dx, 6)], [6, 1, 1, 6, 6, 1]);
  });
}

for (const build of builds) {
  test(`exp is infinite where it overflows, 0 where it underflows, NaN for NaN (${build})`, () => {
    const bench = new Bench(build);
    const x = [88.7228, 88.7229, 1e4, Infinity, -100, -Infinity, NaN]; // body and tail
    for (const list of [x, x.toReversed()]) {
      const y = bench.f32(x.length);
      bench.kernels.exp_forward(y, bench.f32(x.length, list), x.length);
      const result = [...bench.read(y, x.length)];
      if (list !== x) result.reverse();
      const [largest, ...others] = result;
      if (!(largest! > 3.4e38 && largest! < Infinity)) throw new Error(`e^88.7228 is ${largest}`);
      assert.equal(others, [Infinity, Infinity, Infinity, 0, 0, NaN]);
    }
  });
}

for (const build of builds) {
  test(`edges: |x| has the slope 0 at 0, the limits belong to clamp, x⁰ is constant; NaN stays (${build})`, () => {
    const bench = new Bench(build);
    const x = [0, -1, 1, NaN, -2, 2];
    const evaluate = (
      forward: (y: number, x: number) => void,
      backward: (dx: number, dy: number, x: number) => void,
    ): number[][] => {
      bench.reset();
      const [at, y] = [bench.f32(6, x), bench.f32(6)];
      const dx = bench.f32(6, new Float32Array(6).fill(10));
      forward(y, at);
      backward(dx, bench.f32(6, new Float32Array(6).fill(5)), at);
      bench.checkCanaries();
      return [[...bench.read(y, 6)], [...bench.read(dx, 6)]];
    };
    const k = bench.kernels;
    assert.equal(
      evaluate(
        (y, x) => k.abs_forward(y, x, 6),
        (dx, dy, x) => k.abs_backward(dx, dy, x, 6),
      ),
      [
        [0, 1, 1, NaN, 2, 2],
        [10, 5, 15, NaN, 5, 15],
      ],
    );
    assert.equal(
      evaluate(
        (y, x) => k.clamp_forward(y, x, 6, -1, 1),
        (dx, dy, x) => k.clamp_backward(dx, dy, x, 6, -1, 1),
      ),
      [
        [0, -1, 1, NaN, -1, 1],
        [15, 15, 15, 15, 10, 10],
      ],
    );
    assert.equal(
      evaluate(
        (y, x) => k.pow_forward(y, x, 6, 0),
        (dx, dy, x) => k.pow_backward(dx, dy, x, 6, 0),
      ),
      [
        [1, 1, 1, 1, 1, 1],
        [10, 10, 10, 10, 10, 10],
      ],
    );
  });
}

run();
