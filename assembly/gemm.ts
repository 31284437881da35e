import { madd } from './core/v128';

export function gemm_test(a: usize, b: usize, n: i32): void {
  v128.store(a, madd(v128.load(a), v128.load(b), v128.load(a, 16)));
}
