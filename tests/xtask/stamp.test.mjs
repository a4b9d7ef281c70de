import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { at } from '../../xtask/run.mjs';
import { step } from '../../xtask/stamp.mjs';

const folder = await mkdtemp(path.join(tmpdir(), 'stamp-test-'));
const input = path.join(folder, 'input');
const output = path.join(folder, 'output');
const name = path.basename(folder);
after(async () => {
  await rm(folder, { recursive: true });
  await rm(at('target/stamps', name));
});

let made = 0;
/** @returns {Promise<boolean>} whether there was something to do. */
async function ran() {
  const before = made;
  await step(name, { inputs: [input], outputs: [output], make: () => writeFile(output, `made ${++made}`) });
  return made > before;
}

test('a step runs when its input or its output changed, and only then', async () => {
  await writeFile(input, 'one');
  assert.equal(await ran(), true, 'the first time');
  assert.equal(await ran(), false, 'nothing changed');

  await utimes(input, new Date(), new Date());
  assert.equal(await ran(), false, 'only the time changed');

  await writeFile(input, 'two');
  assert.equal(await ran(), true, 'the input changed');

  await writeFile(output, 'spoilt');
  assert.equal(await ran(), true, 'the output changed');

  await rm(output);
  assert.equal(await ran(), true, 'the output is gone');
  assert.equal(await ran(), false);
});

test('a step that fails leaves no stamp', async () => {
  await writeFile(input, 'three');
  const fail = { inputs: [input], outputs: [output], make: () => Promise.reject(new Error('no')) };
  await assert.rejects(step(name, fail), /no/);
  assert.equal(await ran(), true);
});
