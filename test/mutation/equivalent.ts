/** Mutants that no test can tell from the original, each with the reason. */
export const EQUIVALENT: { file: string; within: string; after: string; why: string }[] = [
  {
    file: 'assembly/recurrent.ts',
    within: 'packedSize',
    after: 'const rest = (G + 1) * H;',
    why: 'asks for more scratch than is used',
  },
];
