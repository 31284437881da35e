/** Scopes: everything computed inside is freed at the end, by one pointer put back. */
import { close, isOpen, open } from '../runtime/arena.js';
import { swapTape } from './tape.js';

/** How long a tensor may be read. */
export interface Life {
  open: boolean;
  /** Whether the tensor owns a persistent block. */
  owned: boolean;
}

/** The innermost open scope; the initial one, outside all scopes, holds no tensor. */
let life: Life = { open: false, owned: false };

/** The innermost open scope's. */
export function currentLife(): Life {
  return life;
}

/**
 * @internal Runs `work` in a scope of its own, inside another or not, with this tape (null: none).
 */
export function within<T>(work: () => T, tape: [] | null): T {
  const outerLife = life;
  const outerTape = swapTape(tape);
  const mark = open();
  const own: Life = { open: true, owned: false };
  life = own;
  try {
    const result = work();
    if (result instanceof Promise) {
      // what it did after its first await has no scope, and is not the error to report
      result.catch(() => {});
      throw new TypeError(
        'scope: the function returned a promise; a scope closes at once, so await outside it',
      );
    }
    return result;
  } finally {
    own.open = false;
    life = outerLife;
    close(mark);
    swapTape(outerTape);
  }
}

/**
 * Runs one training step: operations are recorded for `backward`, and all tensors made inside are
 * freed at the end, also on throw. Return numbers or arrays, never tensors.
 *
 * @throws Error if a scope is already open
 */
export function scope<T>(work: () => T): T {
  if (isOpen())
    throw new Error('scope: a scope is already open; only infer(() => …) may stand inside another');
  return within(work, []);
}

/** A scope without a tape: for inference and evaluation. May stand inside another scope. */
export function infer<T>(work: () => T): T {
  return within(work, null);
}
