// Environments of Python: where its packages are installed for one project, and nobody else's.

import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { run } from '../../../xtask/run.mjs';
import { install } from '../../web/browser.mjs';

/**
 * Makes an environment anew, where root on Debian gets what is missing for that.
 *
 * @param {string} folder
 * @returns {Promise<(...args: string[]) => Promise<string>>} its `pip`, which resolves with what it wrote.
 */
export async function environment(folder) {
  if (!complete() && !(install(['python3-venv']) && complete())) {
    throw new Error('Python is missing, or its venv and pip: on Debian or Ubuntu `apt-get install python3-venv`.');
  }
  await run('python3', ['-m', 'venv', '--clear', folder]);
  return (...args) => run(path.join(folder, 'bin/pip'), ['--disable-pip-version-check', ...args]);
}

/** Whether there is a Python that has all that an environment takes. */
const complete = () => spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
