/**
 * Imported before the library by a child process: an engine without the features that
 * THROUGHTIME_TEST_LACKS lists.
 */
const lacks = process.env['THROUGHTIME_TEST_LACKS']!.split(' ');

if (lacks.includes('builtins')) Reflect.deleteProperty(process, 'getBuiltinModule');
if (lacks.includes('SharedArrayBuffer')) Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');

/**
 * SIMD opcodes begin with the byte fd; those of relaxed SIMD go on with a LEB128 number from 256,
 * whose second byte is 2.
 */
const uses = (bytes: Uint8Array, relaxed: boolean): boolean =>
  bytes.some((byte, i) => byte === 0xfd && (!relaxed || bytes[i + 2] === 2));

const validate = WebAssembly.validate;
WebAssembly.validate = source => {
  const bytes = new Uint8Array(source as ArrayBuffer);
  if (lacks.includes('SIMD') && uses(bytes, false)) return false;
  if (lacks.includes('relaxed') && uses(bytes, true)) return false;
  return validate(source);
};

export {};
