import * as assert from 'uvu/assert';
import { checkOptions, noOthers } from '../../src/runtime/options.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('runtime/options');

interface Options {
  lr?: number;
  seed?: number;
}

const check = (options: object): void =>
  checkOptions<Options>('Maker', options, { lr: true, seed: true });

test('known options pass, whatever their values', () => {
  check({});
  check({ lr: 1 });
  check({ lr: undefined, seed: 2 });
});

test('unknown options are refused by name, all at once', () => {
  assert.throws(
    () => check({ lr: 1, learningRate: 5, sed: 2 }),
    (error: unknown) =>
      error instanceof TypeError &&
      error.message === 'Maker: unknown option "learningRate", "sed"; expected "lr", "seed"',
  );
});

test('a name that every object inherits is not a known option', () => {
  assert.throws(() => check(JSON.parse('{"toString": 1}') as object), /unknown option "toString"/);
});

test('what is no object is refused', () => {
  for (const wrong of [5, 'lr', null, true]) {
    assert.throws(() => check(wrong as unknown as object), /expected an object/);
  }
});

test('what is left of destructured options is refused by name, all at once', () => {
  noOthers('maker', {});
  assert.throws(
    () => noOthers('maker', { learningRate: 5, sed: 2 }),
    (error: unknown) =>
      error instanceof TypeError && error.message === 'maker: unknown option "learningRate", "sed"',
  );
});

run();
