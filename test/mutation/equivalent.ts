/** Mutants that no test can tell from the kernel, each with the reason. */
export const EQUIVALENT: { file: string; within: string; after: string; why: string }[] = [
];
