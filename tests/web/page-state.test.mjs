// What the page keeps: painted masks, the states to go back to, and what a link may say. Without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/** Modules of the page, as one. */
async function load(...files) {
  const root = fileURLToPath(new URL('../../www/src/page/', import.meta.url));
  const contents = files.map((file) => `export * from './${file}.ts';`).join('\n');
  const options = /** @type {const} */ ({ bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' } });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const { decodeBits, encodeBits, linkOf, nothingPainted, paintBlock, paintedFrom, toMask } = await load('painted');

/** Takes `keys` from the first query, of one head or all. */
const remove = (painted, head, keys) => paintBlock(painted, head, { queries: [0, 1], keys }, true);

test('a link with large masks for many heads is not read', () => {
  const entries = (count) => new Map(Array.from({ length: count }, (_, head) => [`mask.${head}`, '4096x4096.gICACA']));
  const start = performance.now();
  assert.equal(paintedFrom(entries(200)), undefined, 'too long');
  assert.equal(paintedFrom(entries(90)), undefined, 'short, and too large');
  assert.ok(performance.now() - start < 100, 'nothing of it is made');
  assert.equal(paintedFrom(entries(8)).heads.size, 8);
  const small = new Map([['mask.99999', encodeBits(remove(nothingPainted(2, 3), 'all', [0, 1]).all)]]);
  assert.equal(paintedFrom(small), undefined, 'there is no such head');
});

test('marks come back from their code, whatever the runs', () => {
  for (const [from, to] of [
    [0, 1],
    [3, 7],
    [7, 9],
    [8, 16],
    [5, 29],
    [0, 30],
  ]) {
    const { all } = remove(nothingPainted(3, 30), 'all', [from, to]);
    assert.deepEqual(decodeBits(encodeBits(all)), all, `${from} to ${to}`);
  }
  const painted = remove(remove(nothingPainted(4, 5), 'all', [1, 3]), 2, [4, 5]);
  assert.deepEqual(paintedFrom(linkOf(painted)), painted);
  assert.equal(decodeBits('4x5.AA'), undefined, 'runs that are not as long as the matrix');
});

test('a mask follows the number of heads, and is made once for the same', () => {
  const painted = remove(nothingPainted(2, 3), 1, [0, 2]);
  const mask = toMask(painted, 4);
  assert.deepEqual(mask.shape, [1, 4, 2, 3]);
  assert.deepEqual([...mask.data.subarray(6, 12)], [0, 0, 1, 1, 1, 1]);
  assert.equal(
    mask.data.reduce((sum, one) => sum + one, 0),
    22,
  );
  assert.equal(toMask(painted, 4), mask);
  assert.deepEqual(toMask(painted, 2).shape, [1, 2, 2, 3]);
  assert.deepEqual(toMask(painted, 1).shape, [1, 1, 2, 3]);
  assert.deepEqual([...toMask(painted, 1).data], [1, 1, 1, 1, 1, 1], 'the one that is painted is not there');
});

test('of the masks that were made only the last is kept', () => {
  const states = Array.from({ length: 3 }, (_, key) => remove(nothingPainted(2, 3), 'all', [key, key + 1]));
  const masks = states.map((painted) => toMask(painted, 1));
  assert.equal(toMask(states[2], 1), masks[2]);
  assert.notEqual(toMask(states[0], 1), masks[0], 'made anew');
  assert.deepEqual(toMask(states[0], 1), masks[0]);
});
