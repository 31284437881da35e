/** The export list is the ABI of the module. */

/** The first address above the module's static tables: nothing below it may be written. */
export function heap_base(): usize {
  return __heap_base;
}

export * from './gemm';
export { recurrent_scratch } from './recurrent';
export * from './lstm';
export * from './gru';
export * from './rnn';
