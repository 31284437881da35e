/**
 * The blocks that a matrix product packs its operands into: one persistent area for each thread,
 * shared by all products.
 */
import { allocate } from './arena.js';

let address = 0;

export function createScratch(bytes: number): void {
  address = allocate(bytes);
}

/** The address of `gemm_scratch()` bytes, the first thread's. */
export function scratch(): number {
  return address;
}
