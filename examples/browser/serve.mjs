/** Serves dist/ on localhost. `node serve.mjs [port]`, default: the first free port from 8080. */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = fileURLToPath(new URL('dist/', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.txt': 'text/plain; charset=utf-8',
};

/** The page's own policy, as a header: it holds for the worker as well. */
const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(
  readFileSync(`${dist}index.html`, 'utf8'),
)[1];

/** @returns the server, once it listens; port 0 takes any free one */
export function serve(port) {
  const server = createServer(({ url = '/' }, response) => {
    const name = /^\/([a-z-]*(\.[a-z]+)?)(\?.*)?$/.exec(url)?.[1] || 'index.html';
    const type = TYPES[extname(name)];
    if (type === undefined || !existsSync(dist + name))
      return response.writeHead(404).end('not found');
    response.writeHead(200, {
      'Content-Type': type,
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-cache',
    });
    createReadStream(dist + name).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, 'localhost', () => resolve(server));
  });
}

async function firstFree(port) {
  try {
    return await serve(port);
  } catch (error) {
    if (error.code !== 'EADDRINUSE' || port > 8180) throw error;
    return firstFree(port + 1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await (process.argv[2] === undefined
    ? firstFree(8080)
    : serve(Number(process.argv[2])));
  console.log(`http://localhost:${server.address().port}/   (Ctrl-C ends it)`);
}
