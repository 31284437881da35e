/** Arithmetic with broadcasting (NumPy's rule): operands are tensors or numbers. */
import { copy } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { broadcastShapes } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor, tensor } from '../tensor/tensor.js';
import { expand } from './strided.js';

/** A tensor or a number. */
export type Operand = Tensor | number;

/** scale·x + shift, with numbers. */
export function affine(x: Tensor, scale: number, shift = 0): Tensor {
  const y = output(x.shape, [x]);
  kernels.affine(y.ptr, x.ptr, x.size, scale, shift);
  record([y], () => kernels.axpy(x.wantGrad(), y.gradPtr, x.size, scale));
  return y;
}

function together(a: Operand, b: Operand, who: string): [Tensor, Tensor] {
  const x = typeof a === 'number' ? tensor(a) : a;
  const y = typeof b === 'number' ? tensor(b) : b;
  const shape = broadcastShapes(x.shape, y.shape, who);
  return [expand(x, shape), expand(y, shape)];
}

/** a + b. */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine(a, 1, b);
  if (typeof a === 'number' && typeof b !== 'number') return affine(b, 1, a);
  const [x, y] = together(a, b, 'add');
  const z = output(x.shape, [x, y]);
  kernels.add(z.ptr, x.ptr, y.ptr, z.size);
  record([z], () => {
    if (x.requiresGrad) kernels.add_to(x.wantGrad(), z.gradPtr, z.size);
    if (y.requiresGrad) kernels.add_to(y.wantGrad(), z.gradPtr, z.size);
  });
  return z;
}

/** a − b. */
export function sub(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine(a, 1, -b);
  if (typeof a === 'number' && typeof b !== 'number') return affine(b, -1, a);
  const [x, y] = together(a, b, 'sub');
  const z = output(x.shape, [x, y]);
  kernels.sub(z.ptr, x.ptr, y.ptr, z.size);
  record([z], () => {
    if (x.requiresGrad) kernels.add_to(x.wantGrad(), z.gradPtr, z.size);
    if (y.requiresGrad) kernels.axpy(y.wantGrad(), z.gradPtr, z.size, -1);
  });
  return z;
}

/** a · b, element by element. */
export function mul(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine(a, b);
  if (typeof a === 'number' && typeof b !== 'number') return affine(b, a);
  const [x, y] = together(a, b, 'mul');
  const z = output(x.shape, [x, y]);
  kernels.mul(z.ptr, x.ptr, y.ptr, z.size);
  record([z], () => {
    if (x.requiresGrad) kernels.mul_add(x.wantGrad(), z.gradPtr, y.ptr, z.size);
    if (y.requiresGrad) kernels.mul_add(y.wantGrad(), z.gradPtr, x.ptr, z.size);
  }, [x, y]);
  return z;
}

/** a / b, element by element. */
export function div(a: Operand, b: Operand): Tensor {
  const [x, y] = together(a, b, 'div');
  const z = output(x.shape, [x, y]);
  kernels.div(z.ptr, x.ptr, y.ptr, z.size);
  record(
    [z],
    () => kernels.div_backward(x.wantGrad(), y.wantGrad(), z.gradPtr, y.ptr, z.ptr, z.size),
    [y, z],
  );
  return z;
}

/** −x. */
export function neg(x: Tensor): Tensor {
  return affine(x, -1);
}

/** The values of x as a constant: no gradient flows through. */
export function detach(x: Tensor): Tensor {
  const y = output(x.shape, []);
  copy(y.ptr, x.ptr, y.size);
  return y;
}
