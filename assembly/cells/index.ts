/** The export list of the module for cells that are scans is its ABI. */

/** The first address above the module's static tables. */
export function heap_base(): usize {
  return __heap_base;
}

export * from './convolution';
export * from './gelu';
export * from './mingru';
export * from './rglru';
export * from './rmsnorm';
