import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { serve } from '../../xtask/server.mjs';

const parent = await mkdtemp(path.join(tmpdir(), 'server-'));
const folder = path.join(parent, 'site');
await mkdir(path.join(folder, 'sub folder'), { recursive: true });
await writeFile(path.join(parent, 'secret.txt'), 'secret');
await writeFile(path.join(folder, 'index.html'), '<title>site</title>');
await writeFile(path.join(folder, 'a.wasm'), Buffer.from('0061736d', 'hex'));
await writeFile(path.join(folder, 'sub folder/b.js'), 'export {}');

const site = await serve(folder, { headers: { 'X-Extra': 'yes' } });
after(async () => {
  await site.close();
  await rm(parent, { recursive: true });
});

const get = (address, how) => fetch(new URL(address, site.url), how);

test('types are those that browsers insist on', async () => {
  const types = {
    '': 'text/html; charset=utf-8',
    'a.wasm': 'application/wasm',
    'sub%20folder/b.js?v=1': 'text/javascript; charset=utf-8',
  };
  for (const [address, type] of Object.entries(types)) {
    const response = await get(address);
    assert.equal(response.status, 200, address);
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(response.headers.get('x-extra'), 'yes');
  }
});

test('the bytes arrive whole, and HEAD has none', async () => {
  assert.deepEqual([...new Uint8Array(await (await get('a.wasm')).arrayBuffer())], [0, 0x61, 0x73, 0x6d]);
  const head = await get('a.wasm', { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '4');
  assert.equal(await head.text(), '');
});

test('what is not there is not found', async () => {
  for (const address of ['none.js', 'sub%20folder', 'sub%20folder/', '%', '%00']) {
    assert.equal((await get(address)).status, 404, address);
  }
});

test('no path leads out of the folder', async () => {
  for (const address of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '//../secret.txt']) {
    assert.match(await raw(address), /^HTTP\/1.1 404/, address);
  }
});

test('a taken port gives the next free one', async () => {
  const port = Number(new URL(site.url).port);
  const second = await serve(folder, { port });
  assert.ok(Number(new URL(second.url).port) > port);
  await second.close();
});

/** Sends a path as it is: fetch would tidy it. */
function raw(address) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
    let answer = '';
    socket
      .on('data', (bytes) => (answer += bytes))
      .on('end', () => resolve(answer))
      .on('error', reject);
    socket.write(`GET ${address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
}
