import { embedding, embeddingBackward } from '../reference/embedding.js';
import { inner } from '../support/added.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/embedding');
const V = 7;

tests.test('the gradient of the reference is that of central differences', () => {
  const random = new TestRandom(1);
  const [ids, E] = [[3, 0, 3, 6, 1], 3];
  const [w, dy] = [random.array(V * E), random.array(ids.length * E)];
  const dw = new Float64Array(V * E);
  embeddingBackward(dw, dy, ids, E, -1);
  gradcheck(() => inner(embedding(w, ids, E), dy), { w }, { w: dw });
});

for (const build of builds) {
  const bench = new Bench(build);

  tests.test(
    `rows are looked up, and gradients added to them except at the padding (${build})`,
    () => {
      for (const E of SIZES) {
        for (const N of SIZES) {
          for (const padding of [-1, 0, 3]) {
            bench.reset();
            const random = new TestRandom(E * 100 + N);
            const ids = Array.from({ length: N }, () => random.int(V));
            const [w, dy, dw] = [random.array(V * E), random.array(N * E), random.array(V * E)];
            const at = {
              y: bench.f32(N * E, undefined, 'y'),
              w: bench.f32(V * E, w, 'w'),
              dw: bench.f32(V * E, dw, 'dw'),
              dy: bench.f32(N * E, dy, 'dy'),
              ids: bench.i32(ids, 'ids'),
            };
            bench.kernels.embedding_forward(at.y, at.w, at.ids, N, E);
            bench.kernels.embedding_backward(at.dw, at.dy, at.ids, N, E, E, padding);
            embeddingBackward(dw, dy, ids, E, padding);
            near(bench.read(at.y, N * E), embedding(w, ids, E), 0, 'y');
            near(
              bench.read(at.dw, V * E),
              dw,
              1e-6,
              `dw [${V}, ${E}] of ${N} ids, padding ${padding}`,
            );
            bench.checkCanaries();
          }
        }
      }
    },
  );

  tests.test(`gradients of some columns are the same bits, and the others stay (${build})`, () => {
    const [N, E] = [17, 21];
    bench.reset();
    const random = new TestRandom(3);
    const [dy, dw] = [random.array(N * E), random.array(V * E)];
    const ids = bench.i32(
      Array.from({ length: N }, () => random.int(V)),
      'ids',
    );
    const at = {
      dy: bench.f32(N * E, dy, 'dy'),
      whole: bench.f32(V * E, dw, 'whole'),
      parts: bench.f32(V * E, dw, 'parts'),
    };
    bench.kernels.embedding_backward(at.whole, at.dy, ids, N, E, E, 3);
    for (const [from, to] of [
      [0, 5],
      [5, 16],
      [16, 21],
    ] as const)
      bench.kernels.embedding_backward(
        at.parts + 4 * from,
        at.dy + 4 * from,
        ids,
        N,
        to - from,
        E,
        3,
      );
    near(bench.read(at.parts, V * E), Float64Array.from(bench.read(at.whole, V * E)), 0, 'dw');
    bench.checkCanaries();
  });
}

tests.run();
