/**
 * Node's built-in modules where there are some: nothing here imports `node:`, so that the same code
 * runs in browsers.
 */

interface Process {
  getBuiltinModule?: (name: string) => unknown;
}

/**
 * The module, or undefined outside Node and before 20.16 (Deno and Bun have most of them).
 * Sandboxes have stubs of `process` that throw: what a host has is found out by trying.
 */
export function builtin<Module>(name: string): Module | undefined {
  try {
    return (globalThis as { process?: Process }).process?.getBuiltinModule?.(name) as
      | Module
      | undefined;
  } catch {
    return undefined;
  }
}
