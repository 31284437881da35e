/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Recurrent language models, trained on WebAssembly SIMD kernels.
 *
 * @module throughtime
 */

export * as io from './io/index.js';
export * as lm from './lm/index.js';
export * as ngram from './ngram/index.js';
export * as nn from './nn/index.js';
export * as ops from './ops/index.js';
export * as optim from './optim/index.js';
export * as plot from './plot/index.js';
export { type InitOptions, init, type RuntimeInfo, runtimeInfo } from './runtime/init.js';
export { Random } from './runtime/random.js';
export type { Build } from './runtime/unpack.js';
export * as tasks from './tasks/index.js';
export { infer, scope } from './tensor/scope.js';
export type { Shape } from './tensor/shape.js';
export type { Nested, TensorOptions } from './tensor/tensor.js';
export { Parameter, Tensor, tensor, zeros } from './tensor/tensor.js';
export * as text from './text/index.js';
export * as train from './train/index.js';
export * as words from './words/index.js';
