/** The export list of the module for words is its ABI. */

/** The first address above the module's static tables. */
export function heap_base(): usize {
  return __heap_base;
}

export * from './glove';
export * from './panel';
export * from './scan';
export * from './sparse';
export * from './word2vec';
