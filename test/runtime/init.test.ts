import { init, ops, runtimeInfo, scope, tensor } from '../../src/index.js';
import { builds } from '../support/kernels.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('init');

test('init takes the fastest build that the engine validates', async () => {
  await init();
  const { build, threads, wide, memory } = runtimeInfo();
  if (build !== builds.at(-1) || threads !== 1 || wide)
    throw new Error(`${build}, ${threads} threads, wide ${wide}`);
  if (!(memory.total >= memory.persistent && memory.persistent > 0 && memory.borrowed === 0))
    throw new Error(JSON.stringify(memory));
});

test('init is idempotent: tensors live through later calls, also at the same time', async () => {
  const x = tensor([1, 2, 3]);
  const { total } = runtimeInfo().memory;
  await Promise.all([init(), init({}), init({ deterministic: false })]);
  if (String(Array.from(x.toArray())) !== '1,2,3' || runtimeInfo().memory.total !== total)
    throw new Error('the memory is another one');
  scope(() => {
    if (ops.sum(x).item() !== 6) throw new Error('wrong sum');
  });
  x.dispose();
});

testIf(
  builds.includes('relaxed'),
  'this engine has no relaxed SIMD',
  'deterministic results cannot be had once the relaxed build runs',
  async () => {
    let message = '';
    await init({ deterministic: true }).catch((error: Error) => (message = error.message));
    if (
      message !==
      'init: the relaxed build is already running; ask for { deterministic: true } in the ' +
        'first call'
    )
      throw new Error(`"${message}"`);
  },
);

testIf(
  !builds.includes('relaxed'),
  'this engine has relaxed SIMD',
  'where there is only the simd build it is deterministic already',
  async () => {
    await init({ deterministic: true });
  },
);

run();
