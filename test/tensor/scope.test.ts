import {
  infer,
  init,
  nn,
  ops,
  Parameter,
  runtimeInfo,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('scopes');

const borrowed = () => runtimeInfo().memory.borrowed;

test('a tensor read after its scope is refused', () => {
  const x = scope(() => tensor([1, 2, 3]));
  throws(
    () => x.toArray(),
    Error,
    /^tensor \[3\]: read after its scope closed or it was disposed; copy values out with toArray\(\) or item\(\) before/,
  );
  throws(() => x.grad, Error, /^tensor \[3\]/);
  throws(() => x.set([1, 2, 3]), Error, /^tensor \[3\]/);
  throws(() => scope(() => ops.add(x, 1)), Error, /^tensor \[3\]/);
  const y = infer(() => tensor(1));
  throws(() => y.item(), Error, /^tensor \[\]/);
});

test('a scope returns what its function returns', () => {
  if (scope(() => 'value') !== 'value' || infer(() => 42) !== 42) throw new Error('another value');
});

test('a scope gives all its memory back, tape and gradients included', () => {
  const p = new Parameter([64]);
  const inside = scope(() => {
    ops.sum(ops.mul(ops.exp(p), p)).backward();
    return borrowed();
  });
  if (!(inside > 3 * 64 * 4) || borrowed() !== 0)
    throw new Error(`${inside} bytes inside, ${borrowed()} after`);
  p.dispose();
});

test('a scope that throws frees too, and the next one works', () => {
  const p = new Parameter([4]);
  p.set([1, 2, 3, 4]);
  throws(
    () =>
      scope(() => {
        ops.mul(p, zeros([1000, 4]));
        throw new SyntaxError('stopped');
      }),
    SyntaxError,
    /^stopped$/,
  );
  if (borrowed() !== 0) throw new Error(`${borrowed()} bytes are still borrowed`);
  scope(() => ops.sum(p).backward());
  near(p.grad!, [1, 1, 1, 1], 0, 'gradient after the throw');
  p.dispose();
});

test('operations outside scopes are refused', () => {
  const x = tensor([1, 2]);
  throws(
    () => ops.add(x, x),
    Error,
    /operations run inside scope\(\(\) => …\) or infer\(\(\) => …\)/,
  );
  x.dispose();
});

test('parameters, modules and persistent tensors are not built inside a scope', () => {
  for (const open of [scope, infer]) {
    open(() => {
      throws(
        () => new Parameter([2]),
        Error,
        /^allocate: inside a scope; build modules, optimizers and persistent tensors before it opens/,
      );
      throws(() => new nn.Linear(2, 3), Error, /^allocate: inside a scope/);
    });
  }
});

test('infer may stand inside scope and infer; what it borrows is given back at its own end', () => {
  const outside = tensor([1, 2]);
  scope(() => {
    const x = ops.mul(outside, 2);
    const before = borrowed();
    let inner: Tensor | undefined;
    const values = infer(() => {
      inner = ops.add(x, 1);
      return infer(() => ops.mul(inner!, 2).toArray());
    });
    near(values, [6, 10], 0, 'values');
    if (borrowed() !== before) throw new Error(`${borrowed() - before} bytes stay behind`);
    throws(() => inner!.toArray(), Error, /^tensor \[2\]/);
    near(x.toArray(), [2, 4], 0, 'the outer tensor');
  });
  outside.dispose();
});

test('a training scope stands alone: inside any other it is refused', () => {
  const message =
    /^scope: a scope is already open; only infer\(\(\) => …\) may stand inside another/;
  scope(() => throws(() => scope(() => 1), Error, message));
  infer(() => throws(() => scope(() => 1), Error, message));
  scope(() => infer(() => throws(() => scope(() => 1), Error, message)));
  scope(() => 1);
});

test('infer records nothing and asks for no gradients', () => {
  const p = new Parameter([3]);
  infer(() => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    if (ops.mul(p, x).requiresGrad || x.requiresGrad) throw new Error('recorded');
  });
  near(p.grad!, [0, 0, 0], 0, 'gradient');
  p.dispose();
});

test('a function that returns a promise is refused, and what it does later is no unhandled rejection', async () => {
  const late: unknown[] = [];
  const listen = (reason: unknown) => late.push(reason);
  process.on('unhandledRejection', listen);
  for (const open of [scope, infer]) {
    throws(
      () =>
        open(async () => {
          await null;
          ops.add(1, 2);
        }),
      TypeError,
      /^scope: the function returned a promise; a scope closes at once, so await outside it/,
    );
  }
  await new Promise(resolve => setTimeout(resolve, 5));
  process.off('unhandledRejection', listen);
  if (late.length > 0) throw new Error(`unhandled: ${late}`);
  if (borrowed() !== 0) throw new Error(`${borrowed()} bytes are still borrowed`);
});

test('state leaves a scope by copyFrom', () => {
  const state = zeros([2]);
  for (let step = 0; step < 3; step++) scope(() => state.copyFrom(ops.affine(state, 2, 1)));
  near(state.toArray(), [7, 7], 0, 'after three steps');
  state.dispose();
});

run();
