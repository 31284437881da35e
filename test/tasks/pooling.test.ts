import * as assert from 'uvu/assert';
import { infer, init, tasks, tensor } from '../../src/index.js';
import { at, build, type Dense } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('tasks/pooling');
const { attentionPool, lastState, maxPool, meanPool } = tasks;

await init({ deterministic: true });

const steps = (n: number): number[] => Array.from({ length: n }, (_, t) => t);
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Each row by itself, its first steps alone. */
const REFERENCES: Record<string, (x: Dense, length: number, b: number, h: number) => number> = {
  last: (x, length, b, h) => at(x, [length - 1, b, h]),
  max: (x, length, b, h) => Math.max(...steps(length).map(t => at(x, [t, b, h]))),
  mean: (x, length, b, h) => total(steps(length).map(t => at(x, [t, b, h]))) / length,
};
const OPS = { last: lastState, max: maxPool, mean: meanPool };

/** Attention's weights of row b, in the equations of `attentionPool`. */
function shares(x: Dense, length: number, b: number, [w, bias, q]: readonly Dense[]): number[] {
  const [A, H] = w!.shape as [number, number];
  const scores = steps(length).map(t =>
    total(
      steps(A).map(a => {
        const u = at(bias!, [a]) + total(steps(H).map(h => at(w!, [a, h]) * at(x, [t, b, h])));
        return at(q!, [0, a]) * Math.tanh(u);
      }),
    ),
  );
  const powers = scores.map(score => Math.exp(score));
  return powers.map(power => power / total(powers));
}

const CASES: [T: number, H: number, lengths: number[]][] = [
  [1, 3, [1]],
  [5, 4, [5, 5]],
  [7, 5, [1, 7, 3]],
  [17, 8, [16, 2, 17, 9, 4]],
];

for (const [T, H, given] of CASES) {
  const lengths = Int32Array.from(given);
  const B = given.length;
  for (const name of ['last', 'max', 'mean'] as const)
    test(`${name} of [${T},${B},${H}] sees the steps that count, and so do its gradients`, () => {
      checkOp(`${name} ${T} ${B} ${H}`, {
        inputs: [[T, B, H]],
        op: x => OPS[name](x!, lengths),
        reference: x => build([B, H], ([b, h]) => REFERENCES[name]!(x!, lengths[b!]!, b!, h!)),
      });
    });

  test(`attention over [${T},${B},${H}] sees the steps that count, and so do its gradients`, () => {
    const A = 6;
    checkOp(`attention ${T} ${B} ${H}`, {
      inputs: [[T, B, H], [A, H], [A], [1, A]],
      op: (x, weight, bias, query) =>
        attentionPool(x!, lengths, { weight: weight!, bias: bias!, query: query! }).pooled,
      reference: (x, ...weights) =>
        build([B, H], ([b, h]) =>
          total(
            shares(x!, lengths[b!]!, b!, weights).map((share, t) => share * at(x!, [t, b!, h!])),
          ),
        ),
      // of one step each, nothing depends on the weights
      ...(T === 1 && { constants: [1, 2, 3] }),
    });
  });
}

test('the last state of two directions is at the first step for the second', () => {
  const lengths = Int32Array.of(2, 4, 1);
  checkOp('last of two directions', {
    inputs: [[4, 3, 6]],
    op: x => lastState(x!, lengths, { bidirectional: true }),
    reference: x => build([3, 6], ([b, h]) => at(x!, [h! < 3 ? lengths[b!]! - 1 : 0, b!, h!])),
  });
});

test('attention weights are 0 beyond the length, and add up to 1', () => {
  infer(() => {
    const random = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 7 + 1)); // biome-ignore format: one line
    const { weights } = attentionPool(
      tensor(random(4 * 2 * 3), { shape: [4, 2, 3] }),
      Int32Array.of(2, 4),
      {
        weight: tensor(random(6), { shape: [2, 3] }),
        bias: tensor(random(2)),
        query: tensor(random(2), { shape: [1, 2] }),
      },
    );
    const p = weights.toArray();
    assert.equal(weights.shape, [2, 4]);
    assert.equal([p[2], p[3]], [0, 0]);
    near([p[0]! + p[1]!, total([...p.slice(4)])], [1, 1], 1e-6, 'sums');
  });
});

test('lengths that do not fit are refused', () => {
  infer(() => {
    const x = tensor(new Float32Array(12), { shape: [3, 2, 2] });
    for (const pool of [lastState, maxPool, meanPool]) {
      throws(() => pool(x, Int32Array.of(3)), RangeError, /: 1 lengths for 2 rows$/);
      throws(
        () => pool(x, Int32Array.of(3, 0)),
        RangeError,
        /: length 0 of row 1, expected 1 … 3$/,
      );
      throws(
        () => pool(x, Int32Array.of(4, 1)),
        RangeError,
        /: length 4 of row 0, expected 1 … 3$/,
      );
    }
    throws(
      () =>
        lastState(tensor(new Float32Array(3), { shape: [1, 1, 3] }), Int32Array.of(1), {
          bidirectional: true,
        }),
      RangeError,
      /two directions of 3 numbers/,
    );
  });
});

run();
