/** `npm run api`: takes the present API as the one the test expects. */
import { writeFileSync } from 'node:fs';
import { publicApi, SNAPSHOT } from '../support/api.js';

writeFileSync(SNAPSHOT, publicApi());
