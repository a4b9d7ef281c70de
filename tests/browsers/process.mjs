// Programs that a browser runs as: started, listened to, and gone when the tests are.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** How long a program may take to say that it is there, in milliseconds; the first start after an installation is slow. */
export const PATIENCE = 60_000;

// A run that is ended leaves no browser behind: `exit` is heard below, and a signal alone would not be.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/**
 * Starts a program.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [cwd] the folder that it works in.
 */
export function start(file, args, env = process.env, cwd = undefined) {
  const child = spawn(file, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  // All that is written is read, whether it is listened to or not: a full pipe would stop the program.
  child.stdout.resume();
  child.stderr.resume();
  const gone = new Promise((resolve) => child.once('close', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    /** What `sign` matches, once the program writes it. */
    hear: (sign) => hear(child, file, sign),
    async stop() {
      child.kill();
      const timer = setTimeout(kill, 5000);
      await gone;
      clearTimeout(timer);
      process.off('exit', kill);
    },
  };
}

/** @returns {Promise<RegExpExecArray>} */
function hear(child, file, sign) {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${file} ${why}:\n${output}`));
    const timer = setTimeout(() => fail(`did not write ${sign} within ${PATIENCE / 1000} s`), PATIENCE);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-10_000);
        const said = sign.exec(output);
        if (!said) return;
        clearTimeout(timer);
        resolve(said);
      });
    }
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code}`));
  });
}

/** A folder that is there until `remove` is called. */
export async function folder(name) {
  const at = await mkdtemp(path.join(tmpdir(), `qkscope-${name}-`));
  // A browser may still be writing its last.
  return { at, remove: () => rm(at, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}
