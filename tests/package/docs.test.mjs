// The documentation that is made of the types: complete, with the examples, and no link that leads nowhere.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { docs } from '../../xtask/docs.mjs';
import { qkscope } from './support.mjs';

let folder;
let pages;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qkscope-docs-'));
  await docs(folder);
  pages = (await readdir(folder, { recursive: true })).map((file) => file.split(path.sep).join('/'));
});
after(() => rm(folder, { recursive: true }));

const read = (page) => readFile(path.join(folder, page), 'utf8');

test('whatever the package exports has a page', async () => {
  for (const name of Object.keys(qkscope)) {
    assert.ok(
      pages.some((page) => page.endsWith(`/index.${name}.html`)),
      name,
    );
  }
  assert.ok(pages.includes('classes/element.QkScopeElement.html'));
  assert.ok(pages.includes('interfaces/anywidget.Traits.html'));
});

test('the first page says what holds for all', async () => {
  const page = await read('index.html');
  assert.match(page, /heads of the queries/);
  assert.match(page, /href="classes\/index\.QkscopeError\.html"/);
});

test('a function has its text and its example', async () => {
  const page = await read('functions/index.rollout.html');
  assert.match(page, /Abnar and Zuidema 2020/);
  assert.match(page, /Example/);
  assert.match(page, /0\.4375/);
});

test('every link between pages leads to a page', async () => {
  for (const page of pages.filter((name) => name.endsWith('.html'))) {
    for (const [, target] of (await read(page)).matchAll(/href="([^"#:]+)(?:#[^"]*)?"/g)) {
      const file = path.posix.join(path.posix.dirname(page), target);
      assert.ok(pages.includes(file), `${page} leads to ${file}`);
    }
  }
});
