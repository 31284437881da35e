import { fileURLToPath } from 'node:url';

/** The package and the job lie in the folder above. */
const root = fileURLToPath(new URL('..', import.meta.url));

export default { outputFileTracingRoot: root, turbopack: { root }, devIndicators: false };
