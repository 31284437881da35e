/**
 * brain.js has no batches: a step is one text of T characters, forward, backward and its own
 * RMSProp-like update. Texts are whole: it carries no state, and adds a start and an end to each.
 */
import { readFileSync } from 'node:fs';
import brain from 'brain.js';
import { LEARNING_RATE, randomIds, TEMPERATURE, WINDOWS } from './jobs.mjs';
import { serve } from './serve.mjs';

const { version } = JSON.parse(
  readFileSync(new URL('node_modules/brain.js/package.json', import.meta.url), 'utf8'),
);

await serve(`brain.js ${version}`, ({ kind, cell, V, H, layers, T: length = 25 }) => {
  const ids = randomIds(WINDOWS * length, V);
  const Net = { lstm: brain.recurrent.LSTM, gru: brain.recurrent.GRU }[cell];
  const net = new Net({
    inputSize: H,
    inputRange: V,
    outputSize: V,
    hiddenLayers: Array.from({ length: layers }, () => H),
  });
  net.initialize();
  net.trainOpts = { learningRate: LEARNING_RATE };
  const texts = Array.from({ length: WINDOWS }, (_, i) => [
    ...ids.subarray(i * length, (i + 1) * length),
  ]);
  let next = 0;
  const train = () => {
    net.trainPattern(texts[next++ % WINDOWS]);
    return length;
  };
  if (kind === 'train') return { step: train };
  train(); // an untrained net refuses to run
  return { step: () => net.run([], true, TEMPERATURE).length };
});
