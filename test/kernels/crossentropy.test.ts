import { crossEntropy, crossEntropyBackward, nll, nllBackward } from '../reference/crossentropy.js';
import { logSoftmax } from '../reference/softmax.js';
import { added, inner } from '../support/added.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/crossentropy');
const IGNORE = -100;

/** Targets of N rows; from three rows on one of them is ignored. */
function randomTargets(random: TestRandom, N: number, C: number): number[] {
  return Array.from({ length: N }, (_, n) => (n === 2 ? IGNORE : random.int(C)));
}

const goldens = [
  { stem: 'cross_entropy_ignore', smoothing: 0 },
  { stem: 'cross_entropy_smooth', smoothing: 0.1 },
].map(({ stem, smoothing }) => {
  const file = golden(stem);
  const [N, C] = file.shape('in.logits') as [number, number];
  const targets = file.values('in.target');
  // reduction: mean over what is not ignored
  const dloss = new Float64Array(N).fill(1 / targets.filter(t => t !== IGNORE).length);
  return {
    stem,
    smoothing,
    N,
    C,
    logits: file.values('in.logits'),
    targets,
    dloss,
    loss: file.values('out.loss'),
    gradient: file.values('g.logits'),
  };
});

tests.test('the references agree with PyTorch', () => {
  for (const { stem, smoothing, N, C, logits, targets, dloss, loss, gradient } of goldens) {
    const options = { ignoreIndex: IGNORE, smoothing };
    near([inner(crossEntropy(logits, targets, N, C, options), dloss)], loss, 1e-7, stem);
    near(
      crossEntropyBackward(dloss, logits, targets, N, C, options),
      gradient,
      1e-7,
      `${stem}: gradient`,
    );
  }
});

tests.test('the gradients of the references are those of central differences', () => {
  const random = new TestRandom(1);
  const [N, C] = [4, 5];
  const targets = randomTargets(random, N, C);
  const [x, dloss] = [random.array(N * C, 2), random.array(N)];
  for (const smoothing of [0, 0.2]) {
    const options = { ignoreIndex: IGNORE, smoothing };
    gradcheck(
      () => inner(crossEntropy(x, targets, N, C, options), dloss),
      { x },
      { x: crossEntropyBackward(dloss, x, targets, N, C, options) },
    );
  }
  gradcheck(
    () => inner(nll(x, targets, N, C, IGNORE), dloss),
    { x },
    { x: nllBackward(dloss, targets, N, C, IGNORE) },
  );
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  /** @param before null: the gradient takes the place of the logits */
  function run(
    logits: ArrayLike<number>,
    targets: ArrayLike<number>,
    dloss: ArrayLike<number>,
    before: ArrayLike<number> | null,
    N: number,
    C: number,
    smoothing: number,
  ) {
    bench.reset();
    const x = bench.f32(N * C, logits, 'logits');
    const at = {
      losses: bench.f32(N, undefined, 'losses'),
      stats: bench.bytes(16 * N, 'stats'),
      logits: x,
      targets: bench.i32(targets, 'targets'),
      dlogits: before ? bench.f32(N * C, before, 'dlogits') : x,
      dloss: bench.f32(N, dloss, 'dloss'),
    };
    kernels.cross_entropy_forward(
      at.losses,
      at.stats,
      at.logits,
      at.targets,
      N,
      C,
      IGNORE,
      smoothing,
    );
    kernels.cross_entropy_backward(
      at.dlogits,
      at.dloss,
      at.logits,
      at.stats,
      at.targets,
      N,
      C,
      IGNORE,
      smoothing,
    );
    bench.checkCanaries();
    return {
      losses: bench.read(at.losses, N),
      dlogits: bench.read(at.dlogits, N * C),
    };
  }

  tests.test(`cross entropy agrees with PyTorch (${build})`, () => {
    for (const { stem, smoothing, N, C, logits, targets, dloss, loss, gradient } of goldens) {
      const { losses, dlogits } = run(
        logits,
        targets,
        dloss,
        new Float64Array(N * C),
        N,
        C,
        smoothing,
      );
      near([inner(losses, dloss)], loss, 1e-6, stem);
      near(dlogits, gradient, 1e-6, `${stem}: gradient`);
    }
  });

  tests.test(`cross entropy agrees with the reference (${build})`, () => {
    for (const C of [...SIZES, 15, 16, 31, 33, 1000, 33_278]) {
      for (const N of C < 100 ? [1, 5] : [3]) {
        for (const smoothing of [0, 0.1]) {
          const random = new TestRandom(C + N);
          const [logits, dloss, before] = [
            random.array(N * C, 4),
            random.array(N),
            random.array(N * C),
          ];
          const targets = randomTargets(random, N, C);
          const options = { ignoreIndex: IGNORE, smoothing };
          const what = `[${N}, ${C}] ε ${smoothing}`;
          const losses = crossEntropy(logits, targets, N, C, options);
          const gradient = crossEntropyBackward(dloss, logits, targets, N, C, options);
          const result = run(logits, targets, dloss, before, N, C, smoothing);
          near(result.losses, losses, 1e-6, `losses ${what}`);
          near(result.dlogits, added(before, gradient), 1e-6, `dlogits ${what}`);
          const alone = run(logits, targets, dloss, new Float64Array(N * C), N, C, smoothing);
          if (C > 1) {
            near(alone.dlogits, gradient, 2e-6, `dlogits alone ${what}`);
            near(
              run(logits, targets, dloss, null, N, C, smoothing).dlogits,
              gradient,
              2e-6,
              `dlogits in place ${what}`,
            );
            notZero(gradient, 'dlogits');
          }
        }
      }
    }
  });

  tests.test(`the loss of a single class is 0, with gradient 0 (${build})`, () => {
    const { losses, dlogits } = run([3, -1e4, 88], [0, 0, 0], [1, 2, 3], [0, 0, 0], 3, 1, 0.1);
    near(losses, [0, 0, 0], 0, 'losses');
    for (const d of dlogits) if (!(Math.abs(d) <= 3e-7)) throw new Error(`dlogits is ${d}`);
  });

  tests.test(`logits of ±1e4 give finite losses and gradients (${build})`, () => {
    const random = new TestRandom(4);
    const [N, C] = [6, 37];
    const logits = random.array(N * C, 1e4);
    const targets = Array.from({ length: N }, () => random.int(C));
    const dloss = random.array(N);
    for (const smoothing of [0, 0.1]) {
      const options = { ignoreIndex: IGNORE, smoothing };
      const { losses, dlogits } = run(
        logits,
        targets,
        dloss,
        new Float64Array(N * C),
        N,
        C,
        smoothing,
      );
      near(losses, crossEntropy(logits, targets, N, C, options), 1e-6, 'losses');
      near(dlogits, crossEntropyBackward(dloss, logits, targets, N, C, options), 1e-6, 'dlogits');
    }
  });

  tests.test(
    `large logits that lie close together keep every digit of their gradient (${build})`,
    () => {
      const random = new TestRandom(5);
      const [N, C] = [4, 37];
      const targets = Array.from({ length: N }, () => random.int(C));
      const dloss = random.array(N);
      for (const offset of [1e4, -1e4, 1e6, -1e6]) {
        const logits = Float32Array.from(random.array(N * C, 4), x => x + offset);
        const options = { ignoreIndex: IGNORE, smoothing: 0 };
        const gradient = crossEntropyBackward(dloss, logits, targets, N, C, options);
        for (const before of [new Float64Array(N * C), null]) {
          const { dlogits } = run(logits, targets, dloss, before, N, C, 0);
          near(dlogits, gradient, 1e-6, `dlogits around ${offset}`);
        }
        notZero(gradient, 'dlogits');
      }
    },
  );

  tests.test(`loss and gradient at once agree with the references (${build})`, () => {
    for (const C of [...SIZES, 15, 16, 31, 33, 1000, 33_278]) {
      for (const [N, range] of [
        [C < 100 ? 5 : 3, 4],
        [3, 1e4],
      ] as const) {
        const random = new TestRandom(C + N);
        const logits = random.array(N * C, range);
        logits[C - 1] = 3 * range; // the greatest stands last
        const targets = randomTargets(random, N, C);
        const options = { ignoreIndex: IGNORE, smoothing: 0 };
        const gradient = crossEntropyBackward(
          new Float64Array(N).fill(0.3),
          logits,
          targets,
          N,
          C,
          options,
        );
        bench.reset();
        const at = {
          losses: bench.f32(N, undefined, 'losses'),
          logits: bench.f32(N * C, logits, 'logits'),
          targets: bench.i32(targets, 'targets'),
        };
        kernels.cross_entropy_both(at.losses, at.logits, at.targets, N, C, IGNORE, 0.3);
        bench.checkCanaries();
        const what = `[${N}, ${C}] of ±${range}`;
        near(
          bench.read(at.losses, N),
          crossEntropy(logits, targets, N, C, options),
          1e-6,
          `losses ${what}`,
        );
        if (C > 1) near(bench.read(at.logits, N * C), gradient, 2e-6, `dlogits ${what}`);
        if (C > 1 && range === 4) notZero(gradient, 'dlogits');
      }
    }
  });

  tests.test(`an ignored row has loss 0 and its gradient is left alone (${build})`, () => {
    const { losses, dlogits } = run([NaN, NaN, 1, 2], [IGNORE, 1], [NaN, 1], [5, 6, 0, 0], 2, 2, 0);
    near([losses[0]!], [0], 0, 'loss');
    near(dlogits.subarray(0, 2), [5, 6], 0, 'dlogits');
    near(
      run([NaN, NaN, 1, 2], [IGNORE, 1], [NaN, 1], null, 2, 2, 0).dlogits.subarray(0, 2),
      [0, 0],
      0,
      'dlogits in place',
    );
  });

  tests.test(
    `negative log-likelihood of log-probabilities agrees with the reference (${build})`,
    () => {
      for (const C of SIZES) {
        bench.reset();
        const N = 5;
        const random = new TestRandom(C);
        const logp = logSoftmax(random.array(N * C, 2), N, C);
        const [dloss, before] = [random.array(N), random.array(N * C)];
        const targets = randomTargets(random, N, C);
        const [losses, dlogp, ids] = [bench.f32(N), bench.f32(N * C, before), bench.i32(targets)];
        kernels.nll_forward(losses, bench.f32(N * C, logp), ids, N, C, IGNORE);
        kernels.nll_backward(dlogp, bench.f32(N, dloss), ids, N, C, IGNORE);
        near(bench.read(losses, N), nll(logp, targets, N, C, IGNORE), 1e-7, 'losses');
        near(
          bench.read(dlogp, N * C),
          added(before, nllBackward(dloss, targets, N, C, IGNORE)),
          1e-7,
          'dlogp',
        );
        bench.checkCanaries();
      }
    },
  );
}

tests.run();
