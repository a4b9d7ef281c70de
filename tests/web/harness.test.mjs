// The harness catches what it promises to catch: without this, every other browser test could pass by seeing nothing.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';

const site = await startSite({ folder: 'tests/web' });
after(() => site.close());

const nothing = async () => {};
const settled = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));

test('a quiet page passes', async () => {
  const html = '<!doctype html><title>quiet</title><link rel="icon" href="data:,">';
  await site.visit({ html }, async (page) => assert.equal(await page.title(), 'quiet'));
});

test('an error on the console fails', async () => {
  const html = '<script>console.error("broken")</script>';
  await assert.rejects(site.visit({ html }, nothing), /errors on the console/);
  await site.visit({ html, expectedErrors: /broken|404/ }, nothing);
});

test('an exception that nobody catches fails, in promises too', async () => {
  for (const html of [
    '<script>throw new Error("thrown")</script>',
    '<script>Promise.reject(new Error("no"))</script>',
  ]) {
    await assert.rejects(site.visit({ html }, settled), /errors on the console/);
  }
});

test('a request to another origin fails', async () => {
  const html = '<img src="http://127.0.0.1:9/x.png">';
  await assert.rejects(site.visit({ html, expectedErrors: /./ }, nothing), /another origin/);
});

test('a visit has the viewport, theme and language asked for', async () => {
  const options = { html: '<link rel="icon" href="data:,">', width: 360, height: 640, scale: 2 };
  await site.visit({ ...options, theme: 'dark', language: 'zh-CN' }, async (page) => {
    const found = await page.evaluate(() => [
      innerWidth,
      innerHeight,
      devicePixelRatio,
      matchMedia('(prefers-color-scheme: dark)').matches,
      navigator.language,
    ]);
    assert.deepEqual(found, [360, 640, 2, true, 'zh-CN']);
  });
});
