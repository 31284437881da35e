/** The export list is the ABI of the module. */

/** The first address above the module's static tables: nothing below it may be written. */
export function heap_base(): usize {
  return __heap_base;
}

export * from './activation';
export * from './adadelta';
export * from './adagrad';
export * from './adam';
export * from './clip';
export * from './crossentropy';
export * from './dropout';
export * from './elementwise';
export * from './embedding';
export { gemm, gemm_pack, gemm_pack_size, gemm_packed, gemm_scratch, gemm_tile } from './gemm';
export * from './gru';
export * from './int8';
export * from './linear';
export * from './loss';
export * from './lstm';
export * from './norm';
export { recurrent_scratch } from './recurrent';
export * from './reduce';
export * from './rmsprop';
export * from './rnn';
export * from './scalar';
export * from './sgd';
export * from './softmax';
export * from './strided';
