// What a visitor loads: the modules, as a host sends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { readBytes } from './support.mjs';

/** At most so many kilobytes, gzipped: a little more than there are, so that what grows is noticed. */
const MOST = {
  'qkscope_bg.wasm': 89,
  'qkscope_relaxed_bg.wasm': 89,
  'qkscope_layers_bg.wasm': 111,
  'qkscope_layers_relaxed_bg.wasm': 111,
  'qkscope_files_bg.wasm': 64,
};

for (const [file, most] of Object.entries(MOST)) {
  test(`${file} has at most ${most} KB, gzipped`, async () => {
    const bytes = gzipSync(await readBytes(`pkg/dist/${file}`), { level: 9 }).length;
    assert.ok(bytes <= most * 1000, `${bytes} bytes`);
    assert.ok(bytes > most * 900, `${bytes} bytes: less is welcome, and the figure here should say so`);
  });
}
