/**
 * The Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016), as
 * torch.nn.functional.gelu with approximate='tanh'.
 *
 *   t = tanh(√(2/π)·(x + 0.044715·x³)),   y = ½·x·(1 + t)
 *
 *   y, x, dy, dx [n]
 */
import { backward4, forward4 } from '../core/gelu';

/** y written, x read */
export function gelu_forward(y: usize, x: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4, y += 16, x += 16) forward4<v128>(y, x, left);
  if (left > 0) forward4<f32>(y, x, left);
}

/** dx added to, dy and x read */
export function gelu_backward(dx: usize, dy: usize, x: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4, dx += 16, dy += 16, x += 16) backward4<v128>(dx, dy, x, left);
  if (left > 0) backward4<f32>(dx, dy, x, left);
}
