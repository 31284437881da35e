import { embedding, embeddingBackward } from '../reference/embedding.js';
import { inner } from '../support/added.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, SIZES, builds } from '../support/kernels.js';
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

  tests.test(`rows are looked up, and gradients added to them except at the padding (${build})`, () => {
    for (const E of SIZES) {
      for (const N of SIZES) {
        for (const padding of [-1, 0, 3]) {
          bench.reset();
          const random = new TestRandom(E * 100 + N);
          const ids = Array.from({ length: N }, () => random.int(V));
          const [w, dy, dw] = [random.array(V * E), random.array(N * E), random.array(V * E)];
          const at = { y: bench.f32(N * E, undefined, 'y'), w: bench.f32(V * E, w, 'w'), dw: bench.f32(V * E, dw, 'dw'), dy: bench.f32(N * E, dy, 'dy'), ids: bench.i32(ids, 'ids') };
          bench.kernels.embedding_forward(at.y, at.w, at.ids, N, E);
          bench.kernels.embedding_backward(at.dw, at.dy, at.ids, N, E, padding);
          embeddingBackward(dw, dy, ids, E, padding);
          near(bench.read(at.y, N * E), embedding(w, ids, E), 0, 'y');
          near(bench.read(at.dw, V * E), dw, 1e-6, `dw [${V}, ${E}] of ${N} ids, padding ${padding}`);
          bench.checkCanaries();
        }
      }
    }
  });
}

tests.run();
