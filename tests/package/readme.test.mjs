// The README's example runs as it stands, from an installed package.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { at } from './support.mjs';

test('the example of the README', async () => {
  const readme = await readFile(at('README.md'), 'utf8');
  const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  const example = examples.find((code) => code.includes("from 'qkscope'"));
  assert.ok(example, 'the README has an example that imports qkscope');
  const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-readme-'));
  try {
    await mkdir(path.join(folder, 'node_modules'));
    await symlink(fileURLToPath(at('pkg')), path.join(folder, 'node_modules/qkscope'), 'dir');
    await writeFile(path.join(folder, 'example.mjs'), example);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
    // Each line of output that the example promises in a comment behind console.log.
    for (const [, promised] of example.matchAll(/console\.log\(.*\); \/\/ (\[.*\])$/gm)) {
      const found = stdout.split('\n').map((line) => line.replaceAll(' ', ''));
      assert.ok(found.includes(promised.replaceAll(' ', '')), `${promised} in ${stdout}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
