/** The driver's side of the conversation that serve.mjs describes. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Child {
  /**
   * Starts the process; `about` is how it introduces itself, or null and `error` says why it cannot
   * take part.
   */
  static async start({ name, command: [program, ...args], env, ours = false }) {
    const child = new Child(name, spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] }));
    const { about = null, error = null } = await child.hear();
    return Object.assign(child, { about, error, ours });
  }

  constructor(name, process) {
    this.name = name;
    this.process = process;
    this.lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    this.complaint = '';
    process.stderr.on('data', data => (this.complaint = (this.complaint + data).slice(-1000)));
    process.stdin.on('error', () => {}); // it has ended: `hear` says so
    this.ended = new Promise(resolve => {
      process.on('error', ({ message }) => resolve({ error: message }));
      process.on('close', (code, signal) => {
        const lines = this.complaint.trim().split('\n');
        resolve({
          error:
            lines.findLast(line => line.includes('Error')) ??
            (lines.at(-1) || `ended with ${signal ?? code}`),
        });
      });
    });
  }

  async hear() {
    const { value, done } = await Promise.race([
      this.lines.next(),
      this.ended.then(() => ({ done: true })),
    ]);
    return done ? this.ended : JSON.parse(value);
  }

  ask(request) {
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.hear();
  }

  close() {
    this.process.stdin.end();
    this.process.kill();
  }
}
