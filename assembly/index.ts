/** The export list is the ABI of the module. */

/** The first address above the module's static tables: nothing below it may be written. */
export function heap_base(): usize {
  return __heap_base;
}

export { gemm, gemm_pack, gemm_pack_size, gemm_packed, gemm_scratch, gemm_tile } from './gemm';
export * from './elementwise';
export * from './activation';
export * from './strided';
export * from './reduce';
export * from './loss';
export * from './scalar';
export * from './sgd';
export * from './adagrad';
export * from './rmsprop';
export * from './adadelta';
export * from './adam';
export * from './clip';
export * from './softmax';
export * from './crossentropy';
export * from './embedding';
export * from './dropout';
export * from './norm';
export * from './linear';
export { recurrent_scratch } from './recurrent';
export * from './lstm';
export * from './gru';
export * from './rnn';
export * from './int8';
