/** Mutants that no test can tell from the original, each with the reason. */
export const EQUIVALENT: { file: string; within: string; after: string; why: string }[] = [
  {
    file: 'assembly/recurrent.ts',
    within: 'packedSize',
    after: 'const rest = (G + 1) * H;',
    why: 'asks for more scratch than is used',
  },
  ...['gather', 'gatherAdd', 'scatter', 'scatterAdd'].map(within => ({
    file: 'assembly/strided.ts',
    within,
    after: 'body = c - ((n & ~3) << 2);',
    why: 'the loop of vectors does nothing, and the one behind it does all elements',
  })),
];
