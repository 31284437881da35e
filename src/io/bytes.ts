/** Bytes, wherever they come from. */

/**
 * Bytes as `fetch`, files and other threads give them: an ArrayBuffer, a SharedArrayBuffer, or any
 * view of one, of this realm or another (an iframe, a sandbox, a test runner).
 */
export type Bytes = ArrayBufferLike | ArrayBufferView<ArrayBufferLike>;

/**
 * The bytes as an array of this realm; a copy only where their memory is shared.
 *
 * @param who names the function in the error
 * @throws TypeError for what holds no bytes
 */
export function asBytes(value: Bytes, who: string): Uint8Array<ArrayBuffer> {
  const tag = (each: unknown): string => Object.prototype.toString.call(each).slice(8, -1);
  const view = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : /^(Shared)?ArrayBuffer$/.test(tag(value))
      ? new Uint8Array(value)
      : null;
  if (view === null)
    throw new TypeError(
      `${who}: ${tag(value)} holds no bytes; give a Uint8Array or an ArrayBuffer, as ` +
        'response.arrayBuffer() does',
    );
  // a shared memory may change while it is read, and decoders refuse it
  return tag(view.buffer) === 'ArrayBuffer' ? (view as Uint8Array<ArrayBuffer>) : view.slice();
}
