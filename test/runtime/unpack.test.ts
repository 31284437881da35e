import { deflateSync } from 'node:zlib';
import { equal } from 'uvu/assert';
import { unpack } from '../../src/runtime/unpack.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('unpack');

test('each build comes out whole, also where the other has more pieces', async () => {
  const piece = 400;
  for (const [simd, relaxed] of [
    [300, 200],
    [400, 400],
    [500, 800],
    [900, 200],
    [200, 900],
    [1200, 800],
    [800, 1300],
  ] as const) {
    const builds = {
      simd: Uint8Array.from({ length: simd }, (_, i) => i + 1),
      relaxed: Uint8Array.from({ length: relaxed }, (_, i) => 255 - i),
    };
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < Math.max(simd, relaxed); at += piece)
      pieces.push(builds.simd.subarray(at, at + piece), builds.relaxed.subarray(at, at + piece));
    const packed = {
      base64: deflateSync(Buffer.concat(pieces)).toString('base64'),
      piece,
      sizes: { simd, relaxed },
    };
    equal(await unpack(packed, 'simd'), builds.simd, `simd of ${simd} and ${relaxed}`);
    equal(await unpack(packed, 'relaxed'), builds.relaxed, `relaxed of ${simd} and ${relaxed}`);
  }
});

run();
