/**
 * node tfjs.mjs cpu | wasm [one-hot]
 *
 * A stateful model of tf.layers. The gradients are clipped by hand, since tf.layers only clips
 * values. With `one-hot` the embedding is a Dense layer on one-hot vectors, whose gradient the wasm
 * backend has; the embedding's own it lacks.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { CLIP_NORM, LEARNING_RATE, randomIds, TEMPERATURE, WINDOWS } from './jobs.mjs';
import { serve } from './serve.mjs';

const [backend, input] = process.argv.slice(2);
const oneHot = input === 'one-hot';
setWasmPaths(
  `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`,
);
await tf.setBackend(backend);
await tf.ready();

function network({ cell, V, H, layers }, B) {
  const Cell = { lstm: tf.layers.lstm, gru: tf.layers.gru }[cell];
  return tf.sequential({
    layers: [
      oneHot
        ? tf.layers.dense({ units: H, useBias: false, batchInputShape: [B, null, V] })
        : tf.layers.embedding({ inputDim: V, outputDim: H, batchInputShape: [B, null] }),
      // Glorot's, since the default, orthogonal, takes minutes at 512 units
      ...Array.from({ length: layers }, () =>
        Cell({
          units: H,
          returnSequences: true,
          stateful: true,
          recurrentActivation: 'sigmoid',
          recurrentInitializer: 'glorotUniform',
        }),
      ),
      tf.layers.dense({ units: V }),
    ],
  });
}

/** ids [B, T] → what the first layer takes. */
const inputs = (ids, B, T, V) =>
  oneHot ? tf.oneHot(tf.tensor2d(ids, [B, T], 'int32'), V) : tf.tensor2d(ids, [B, T], 'int32');

function sampler(job) {
  const model = network(job, 1);
  let id = 0;
  const step = () => {
    id = tf.tidy(
      () =>
        tf
          .multinomial(
            model
              .predict(inputs([id], 1, 1, job.V))
              .reshape([1, job.V])
              .div(TEMPERATURE),
            1,
          )
          .dataSync()[0],
    );
    return 1;
  };
  return { step, dispose: () => model.dispose() };
}

function trainer(job) {
  const { V, T, B } = job;
  const model = network(job, B);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const columns = Array.from({ length: B }, (_, row) =>
    randomIds(B * (WINDOWS * T + 1), V).subarray(
      row * (WINDOWS * T + 1),
      (row + 1) * (WINDOWS * T + 1),
    ),
  );
  let window = 0;
  const train = length => {
    const cut = shift =>
      Int32Array.from(
        columns.flatMap(column => [
          ...column.subarray(window * T + shift, window * T + shift + length),
        ]),
      );
    tf.tidy(() => {
      const x = inputs(cut(0), B, length, V);
      const y = tf.oneHot(tf.tensor1d(cut(1), 'int32'), V);
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }).reshape([-1, V])),
        model.trainableWeights.map(weight => weight.val),
      );
      const norm = tf.sqrt(tf.addN(Object.values(grads).map(grad => tf.sum(tf.square(grad)))));
      const factor = tf.minimum(tf.div(CLIP_NORM, norm), 1);
      optimizer.applyGradients(
        Object.fromEntries(
          Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, factor)]),
        ),
      );
      value.dataSync();
    });
    window = (window + 1) % WINDOWS;
    return B * length;
  };
  const time = length => {
    const start = performance.now();
    train(length);
    return (performance.now() - start) / 1000;
  };
  return {
    step: () => train(T),
    estimate: () => {
      train(2); // compiled, and the optimizer's moments allocated
      const [two, four] = [time(2), time(4)];
      // a part of a step, such as Adam, does not grow with T
      return four + Math.max(0, (four - two) / 2) * (T - 4);
    },
    dispose: () => model.dispose(),
  };
}

await serve(
  `TensorFlow.js ${tf.version.tfjs}, ${backend}${oneHot ? ', one-hot input' : ''}`,
  job => (job.kind === 'train' ? trainer(job) : sampler(job)),
);
