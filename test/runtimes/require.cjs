/** An ES module without top-level await can be required. */
const { init, runtimeInfo } = require('throughtime');
const { RecurrentLM } = require('throughtime/lm');

init({ deterministic: true }).then(() => console.log(JSON.stringify({ build: runtimeInfo().build, kind: RecurrentLM.kind })));
