// The README as the package carries it: its example runs as it stands, and its links lead somewhere.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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

test('every link of the README in the package leads to a file of the package, or to a heading', async () => {
  const readme = await readFile(at('pkg/README.md'), 'utf8');
  const { files } = JSON.parse(await readFile(at('pkg/package.json'), 'utf8'));
  const prose = readme.replaceAll(/^```.*?^```$/gms, '');
  const slugs = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replaceAll(' ', '-'));
  const targets = [...prose.matchAll(/\]\(([^)]*)\)|(?:src|href)="([^"]*)"/g)].map(([, link, html]) => link ?? html);
  const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
  assert.ok(relative.includes('dist/api.d.ts') && relative.includes('#what-there-is'), relative.join(' '));
  for (const target of relative) {
    const [file, heading] = target.split('#');
    if (!file) assert.ok(slugs.includes(heading), `no heading ${heading}`);
    else {
      // npm takes along what the manifest lists, and nothing else.
      assert.ok(files.includes(file) || files.includes(file.split('/')[0]), `${file} is not published`);
      await access(at(`pkg/${file}`));
    }
  }
});

test('the README in the package says all that the other one does', async () => {
  const [own, packaged] = await Promise.all(['README.md', 'pkg/README.md'].map((name) => readFile(at(name), 'utf8')));
  // Words alone: links and pictures are what may differ.
  const words = (text) =>
    text
      .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, '')
      .replaceAll(/\]\([^)]*\)| \(`[^`]*`\)|[[\]]/g, '')
      .split(/\s+/);
  assert.deepEqual(words(packaged), words(own));
});
