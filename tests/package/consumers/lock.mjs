// `node tests/package/consumers/lock.mjs` writes the lock files of what list.mjs names.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { at, main } from '../../../xtask/run.mjs';
import { npm } from '../../../xtask/setup.mjs';
import { TOOLS } from './list.mjs';
import { manifest } from './project.mjs';

const HOW = ['--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--omit-lockfile-registry-resolved'];

main(async () => {
  for (const [name, tools] of TOOLS) {
    const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-lock-'));
    await writeFile(path.join(folder, 'package.json'), manifest(tools));
    await npm(['install', '--prefix', folder, ...HOW]);
    await cp(path.join(folder, 'package-lock.json'), at('tests/package/consumers/locks', `${name}.json`));
    await rm(folder, { recursive: true });
    console.log(name);
  }
});
