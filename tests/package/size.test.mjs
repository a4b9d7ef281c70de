// What a visitor loads: the modules and the page's script, as a host sends them.
//
// The aim for the kernel is 80 KB. Of its 89, 76 are code and 10 tables and texts (colours, names, refusals). Of the code, before
// gzip: the border with the steps of all questions inlined into it 20 %, normalizers 11, to open a problem 10, the main path and
// its steps 13, options and refusals 7, statistics and pyramid 5, the allocator 5, formatted text 3, closures and the standard
// library most of the rest.
//
// Tried on wasm-opt, in KB after gzip: -Oz twice or until nothing changes -0.2; --flatten --rereloop -0.6;
// --merge-similar-functions -0.7, but functions that had constants then get them as arguments; -Os -0.2; -O3 first +0.1;
// --gufa-optimizing +0.4.

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { at } from '../../xtask/run.mjs';

import { readBytes } from './support.mjs';

/**
 * At most so many kilobytes, gzipped: a little more than there are, so that what grows is noticed.
 *
 * The aim for the element is 120. The module inside is 162 (three would be 262), of 2,300 functions, none above 14 KB before gzip: readers
 * of files an eighth, sessions and tasks a fifth. Script, styles and the words of both languages are 191: sections of the story a fourth,
 * views and their parts a third, the engine 12 %, the lists 9, styles 11 KB, the worker 5. Tried: zopfli in place of zlib, 7 KB less of
 * the module.
 */
const MOST = {
  'qkscope_bg.wasm': 90,
  'qkscope_relaxed_bg.wasm': 90,
  'qkscope_layers_bg.wasm': 111,
  'qkscope_layers_relaxed_bg.wasm': 111,
  'qkscope_files_bg.wasm': 64,
  'qkscope_whole_bg.wasm': 163,
  'qkscope_whole_relaxed_bg.wasm': 163,
  'inline.js': 231,
  'element.js': 360,
  'element.iife.js': 359,
  'anywidget.js': 361,
};

for (const [file, most] of Object.entries(MOST)) {
  test(`${file} has at most ${most} KB, gzipped`, async () => {
    const bytes = gzipSync(await readBytes(`pkg/dist/${file}`), { level: 9 }).length;
    assert.ok(bytes <= most * 1000, `${bytes} bytes`);
    assert.ok(bytes > most * 900, `${bytes} bytes: less is welcome, and the figure here should say so`);
  });
}

/**
 * At most so many kilobytes of script, gzipped: before anything is seen, before the page can be used, and with what it then asks for
 * at once.
 */
const SCRIPT = { seen: 1.35, page: 82, soon: 139 };

test('the page is seen before all but a little of its script, and begins with a part of the rest', async () => {
  const html = await readFile(at('dist/index.html'), 'utf8');
  const soon = [...html.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, file]) => file);
  const seen = await needed('page.js');
  const page = await needed('first.js');
  assert.deepEqual(seen, ['page.js'], 'painting waits for nothing else');
  for (const file of page) assert.ok(soon.includes(file), `${file} is found out late`);
  for (const [files, most] of [
    [seen, SCRIPT.seen],
    [page, SCRIPT.page],
    [soon, SCRIPT.soon],
  ]) {
    const sizes = await Promise.all(
      files.map(async (file) => gzipSync(await readFile(at('dist', file)), { level: 9 }).length),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= most * 1000, `${bytes} bytes: ${files}`);
    assert.ok(bytes > most * 900, `${bytes} bytes: less is welcome, and the figure here should say so`);
  }
});

/** A script of the page and all that it imports from the start. */
async function needed(file, found = [file]) {
  const script = await readFile(at('dist', file), 'utf8');
  for (const [, other] of script.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)) {
    if (found.includes(other)) continue;
    found.push(other);
    await needed(other, found);
  }
  return found;
}

test('the README says how large the element and the one file of the page are', async () => {
  const readme = await readFile(at('README.md'), 'utf8');
  const element = gzipSync(await readBytes('pkg/dist/element.js'), { level: 9 }).length;
  const { size } = await stat(at('dist/qkscope.html'));
  assert.ok(readme.includes(`\`element.js\`, ${Math.ceil(element / 1000)} KB`), `${element} bytes`);
  assert.ok(readme.includes(`in one file of ${(size / 1e6).toFixed(1)} MB`), `${size} bytes`);
});
