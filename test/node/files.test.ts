import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { readFileBytes, readText, readTextBytes, writeFileAtomic } from '../../src/node/files.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('files');

const folder = mkdtempSync(join(tmpdir(), 'throughtime-test-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

let made = 0;
/** A new empty folder. */
function fresh(): string {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function rejects(promise: Promise<unknown>, ...parts: string[]): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof Error)) throw new Error('nothing was thrown');
  for (const part of parts)
    assert.ok(
      error.message.includes(part),
      `${JSON.stringify(part)} in ${JSON.stringify(error.message)}`,
    );
}

/**
 * Writes `size` bytes over old.bin of a fresh folder in a process of its own and returns the error,
 * or 'written'.
 * @param shell sets the process up; "$@" starts it, $FOLDER is the folder
 */
function writeElsewhere(shell: string, size: number): string {
  const program = `
    import { writeFileAtomic } from ${JSON.stringify(new URL('../../src/node/files.js', import.meta.url).href)};
    import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
    const path = process.env.FOLDER + '/old.bin';
    writeFileSync(path, 'old');
    const message = await writeFileAtomic(path, new Uint8Array(${size})).then(() => 'written', e => e.message);
    console.log(JSON.stringify({ message, names: readdirSync(process.env.FOLDER), size: readFileSync(path).length }));`;
  const command = ['-c', shell, 'sh', process.execPath, '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync('sh', command, {
    encoding: 'utf8',
    env: { ...process.env, FOLDER: fresh() },
  });
  assert.ok(stdout, stderr);
  const result = JSON.parse(stdout) as { message: string; names: string[]; size: number };
  assert.equal(result.names, ['old.bin'], 'the temporary file is gone');
  assert.is(result.size, result.message === 'written' ? size : 3, 'the old file is as it was');
  return result.message;
}

/** A disk of 64 KiB, mounted for one process alone. */
const onSmallDisk = `exec unshare -rm sh -c 'mount -t tmpfs -o size=64k none "$FOLDER" && exec "$@"' sh "$@"`;
const canMount =
  spawnSync('sh', ['-c', onSmallDisk, 'sh', 'true'], { env: { ...process.env, FOLDER: folder } })
    .status === 0;
const windows = process.platform === 'win32';

/**
 * How to be a user whom permissions bind: root must become another; absent where that cannot be.
 */
const nobody = (() => {
  if (windows) return undefined;
  if (process.getuid!() !== 0) return { enter() {}, leave() {} };
  const user = { enter: () => process.seteuid!(65534), leave: () => process.seteuid!(0) };
  try {
    user.enter();
    user.leave();
    chmodSync(folder, 0o755);
    return user;
  } catch {
    return undefined;
  }
})();

test('a new file is written, and nothing else', async () => {
  const at = fresh();
  await writeFileAtomic(join(at, 'a.bin'), Uint8Array.of(1, 2, 3));
  assert.equal([...readFileSync(join(at, 'a.bin'))], [1, 2, 3]);
  assert.equal(readdirSync(at), ['a.bin']);
});

test('an old file is replaced, a view writes its own part alone', async () => {
  const path = join(fresh(), 'a.bin');
  writeFileSync(path, 'something longer than the new');
  await writeFileAtomic(path, Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
  assert.equal([...readFileSync(path)], [1, 2]);
  await writeFileAtomic(path, new Uint8Array());
  assert.is(readFileSync(path).length, 0);
});

test('writers at the same time leave one whole file', async () => {
  const at = fresh();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      writeFileAtomic(join(at, 'a.bin'), new Uint8Array(50_000).fill(i)),
    ),
  );
  const content = readFileSync(join(at, 'a.bin'));
  assert.is(content.length, 50_000);
  assert.ok(content.every(byte => byte === content[0]));
  assert.equal(readdirSync(at), ['a.bin']);
});

testIf(!windows, 'no permissions', 'a private file stays private', async () => {
  const path = join(fresh(), 'a.bin');
  writeFileSync(path, 'old', { mode: 0o600 });
  await writeFileAtomic(path, bytes('new'));
  assert.is(statSync(path).mode & 0o777, 0o600);
});

testIf(
  !windows,
  'no symbolic links',
  'a symbolic link stays one, the file it leads to is replaced',
  async () => {
    const at = fresh();
    writeFileSync(join(at, 'real'), 'old');
    symlinkSync('real', join(at, 'link'));
    await writeFileAtomic(join(at, 'link'), bytes('new'));
    assert.ok(lstatSync(join(at, 'link')).isSymbolicLink());
    assert.is(readFileSync(join(at, 'real'), 'utf8'), 'new');
  },
);

test('a folder that is missing or is none is named in the error', async () => {
  const at = fresh();
  await rejects(
    writeFileAtomic(join(at, 'no', 'a.bin'), bytes('x')),
    `writeFileAtomic: ${join(at, 'no', 'a.bin')} is not written: there is no such file or ` +
      'folder (ENOENT); make the folder first',
  );
  writeFileSync(join(at, 'file'), 'old');
  await rejects(
    writeFileAtomic(join(at, 'file', 'a.bin'), bytes('x')),
    join(at, 'file', 'a.bin'),
    'a part of the path is not a folder (ENOTDIR)',
  );
  assert.equal(readdirSync(at), ['file']);
});

test('a folder is not replaced', async () => {
  const at = fresh();
  mkdirSync(join(at, 'folder'));
  await rejects(
    writeFileAtomic(join(at, 'folder'), bytes('x')),
    'it is not a regular file (EISDIR); name a file',
  );
  assert.equal(readdirSync(at), ['folder']);
});

// A pipe stands for every special file: a test that could lose /dev/null to a bug would take the
// machine with it.
testIf(!windows, 'no named pipes', 'a special file is not replaced', async () => {
  const path = join(fresh(), 'pipe');
  spawnSync('mkfifo', [path]);
  await rejects(writeFileAtomic(path, bytes('x')), path, 'it is not a regular file');
  assert.ok(lstatSync(path).isFIFO());
});

testIf(!windows, 'no ulimit', 'a file past the size limit leaves the old one and no other', () => {
  const message = writeElsewhere('ulimit -f 16; exec "$@"', 1 << 20);
  assert.match(
    message,
    /old\.bin is not written: it is larger than a file may be here \(EFBIG\); raise the limit/,
  );
  assert.is(writeElsewhere('ulimit -f 16; exec "$@"', 1000), 'written');
});

testIf(
  canMount,
  'no small disk can be mounted',
  'a full disk leaves the old file and no other',
  () => {
    const message = writeElsewhere(onSmallDisk, 1 << 20);
    assert.is(writeElsewhere(onSmallDisk, 1000), 'written');
    assert.match(
      message,
      /old\.bin is not written: the disk is full \(ENOSPC\); free some space, or name a folder on another disk/,
    );
  },
);

test('bytes are read as they are, not as a Buffer', async () => {
  const path = join(fresh(), 'a.bin');
  writeFileSync(path, Uint8Array.of(0, 255, 10));
  const read = await readFileBytes(path, 'the model');
  assert.is(Object.getPrototypeOf(read), Uint8Array.prototype);
  assert.equal([...read], [0, 255, 10]);
});

test('a file that is missing, a folder, or empty is named with what it was to be', async () => {
  const at = fresh();
  const missing = join(at, 'missing.txt');
  await rejects(
    readFileBytes(missing, 'the training text'),
    `readFileBytes: the training text ${missing} cannot be read: there is no such file or ` +
      'folder (ENOENT); check the path',
  );
  await rejects(
    readFileBytes(at, 'the model'),
    `the model ${at} cannot be read: it is not a regular file (EISDIR); name a file`,
  );
  writeFileSync(join(at, 'empty'), '');
  await rejects(
    readFileBytes(join(at, 'empty'), 'the model'),
    `the model ${join(at, 'empty')} is empty; name a file`,
  );
});

testIf(
  nobody,
  'this user may read and write everything',
  'a file or folder without permission is named',
  async () => {
    const at = fresh();
    writeFileSync(join(at, 'secret'), 'x');
    chmodSync(join(at, 'secret'), 0);
    chmodSync(at, 0o555);
    nobody!.enter();
    try {
      await rejects(
        readFileBytes(join(at, 'secret'), 'the model'),
        'permission is denied (EACCES); change its permissions',
      );
      await rejects(
        writeFileAtomic(join(at, 'new'), bytes('x')),
        'permission is denied (EACCES); name a folder you may write to',
      );
    } finally {
      nobody!.leave();
      chmodSync(at, 0o755);
    }
  },
);

test('a text is read packed or plain, whatever its name', async () => {
  const at = fresh();
  const text = 'wörld 😀\n'.repeat(1000);
  writeFileSync(join(at, 'plain.txt'), text);
  writeFileSync(join(at, 'packed.txt.gz'), gzipSync(text));
  writeFileSync(join(at, 'two members'), Buffer.concat([gzipSync('one '), gzipSync('two')]));
  writeFileSync(join(at, 'plain.gz'), 'not packed');
  assert.is(await readText(join(at, 'plain.txt'), 'the text'), text);
  assert.is(await readText(join(at, 'packed.txt.gz'), 'the text'), text);
  assert.is(await readText(join(at, 'two members'), 'the text'), 'one two');
  assert.is(await readText(join(at, 'plain.gz'), 'the text'), 'not packed');
  assert.equal(await readTextBytes(join(at, 'packed.txt.gz'), 'the text'), bytes(text));
});

test('a packed text cut off or damaged anywhere is refused', async () => {
  const path = join(fresh(), 'a.gz');
  const packed = gzipSync('to be or not to be, that is the question');
  for (let length = 2; length < packed.length; length++) {
    writeFileSync(path, packed.subarray(0, length));
    await rejects(
      readText(path, 'the text'),
      `the text ${path} cannot be unpacked: `,
      'fetch or pack it again',
    );
  }
  packed[20]! ^= 0xff;
  writeFileSync(path, packed);
  await rejects(readText(path, 'the text'), 'cannot be unpacked');
  writeFileSync(path, gzipSync(''));
  await rejects(readText(path, 'the text'), 'is empty once unpacked');
});

test('a text that is not UTF-8 is refused with path and offset', async () => {
  const path = join(fresh(), 'latin1.txt');
  writeFileSync(path, Uint8Array.of(0x61, 0xf0, 0x62));
  await rejects(
    readText(path, 'the training text'),
    `the training text ${path} is not UTF-8: byte 0xf0 at offset 1`,
  );
});

run();
