/** The export list of the module for sequence tasks is its ABI. */

/** The first address above the module's static tables. */
export function heap_base(): usize {
  return __heap_base;
}

export * from './attention';
