/** A process of its own that never calls `init`. */
import {
  infer,
  nn,
  ops,
  Parameter,
  Random,
  runtimeInfo,
  scope,
  tensor,
  text,
  zeros,
} from '../../src/index.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('before init');

test('every call that needs the kernels says to call init first', () => {
  const message = /call `await init\(\)` first/;
  for (const call of [
    () => tensor([1, 2]),
    () => zeros([2]),
    () => new Parameter([2]),
    () => scope(() => 1),
    () => infer(() => 1),
    () => ops.add(1, 2),
    () => new nn.Linear(2, 3),
    () => new nn.LSTM(2, 3),
    () => runtimeInfo(),
  ]) {
    throws(call, Error, message);
  }
});

test('vocabularies and random numbers need no kernels', () => {
  new Random(1).float();
  text.Vocab.fromText('abc', { level: 'char' });
});

run();
