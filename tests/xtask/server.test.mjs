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

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
await writeFile(path.join(folder, 'letters.txt'), ALPHABET);
await writeFile(path.join(folder, 'empty.txt'), '');

const range = (value, headers = {}, address = 'letters.txt') => get(address, { headers: { Range: value, ...headers } });

for (const [value, from, to] of /** @type {const} */ ([
  ['bytes=0-0', 0, 0],
  ['bytes=3-7', 3, 7],
  ['bytes=20-', 20, 25],
  ['bytes=-4', 22, 25],
  ['bytes=-400', 0, 25],
  ['bytes=24-99999999999999999999999', 24, 25],
  ['BYTES=0-25', 0, 25],
])) {
  test(`${value} is answered with just that`, async () => {
    const response = await range(value);
    assert.equal(response.status, 206);
    assert.equal(response.headers.get('content-range'), `bytes ${from}-${to}/26`);
    assert.equal(response.headers.get('content-length'), String(to - from + 1));
    assert.equal(response.headers.get('x-extra'), 'yes');
    assert.equal(await response.text(), ALPHABET.slice(from, to + 1));
  });
}

test('a range that is not there is refused with the size of the file', async () => {
  for (const [value, address, size] of [
    ['bytes=26-', 'letters.txt', 26],
    ['bytes=26-30', 'letters.txt', 26],
    ['bytes=-0', 'letters.txt', 26],
    ['bytes=0-', 'empty.txt', 0],
    ['bytes=-1', 'empty.txt', 0],
  ]) {
    const response = await range(value, {}, address);
    assert.equal(response.status, 416, `${value} of ${address}`);
    assert.equal(response.headers.get('content-range'), `bytes */${size}`);
    assert.equal(await response.text(), '');
  }
  assert.equal((await range('bytes=0-', {}, 'none.txt')).status, 404);
});

test('what is no range, or several, is answered with the whole file, as RFC 9110 has it', async () => {
  for (const value of [
    'bytes=',
    'bytes=-',
    'bytes=7-3',
    'bytes=a-b',
    'bytes=1-2,4-5',
    'bytes=1 2-3',
    'lines=1-2',
    '1-2',
  ]) {
    const response = await range(value);
    assert.equal(response.status, 200, value);
    assert.equal(response.headers.get('content-range'), null);
    assert.equal(await response.text(), ALPHABET, value);
  }
});

test('HEAD says that ranges are known, and of what size the whole is', async () => {
  const head = await get('letters.txt', { method: 'HEAD', headers: { Range: 'bytes=3-7' } });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('accept-ranges'), 'bytes');
  assert.equal(head.headers.get('content-length'), '26');
});

test('If-Range: a part of the same version, all of another', async () => {
  const { headers } = await get('letters.txt', { method: 'HEAD' });
  const [tag, modified] = [headers.get('etag'), headers.get('last-modified')];
  assert.match(tag, /^"[0-9a-f-]+"$/);
  for (const version of [tag, modified]) {
    assert.equal((await range('bytes=0-2', { 'If-Range': version })).status, 206, version);
  }
  for (const version of ['"other"', `W/${tag}`, new Date(0).toUTCString()]) {
    const response = await range('bytes=0-2', { 'If-Range': version });
    assert.equal(response.status, 200, version);
    assert.equal(await response.text(), ALPHABET);
  }
  await writeFile(path.join(folder, 'version.txt'), 'one');
  const before = (await get('version.txt')).headers.get('etag');
  await writeFile(path.join(folder, 'version.txt'), 'other');
  const after = await range('bytes=0-1', { 'If-Range': before }, 'version.txt');
  assert.equal(await after.text(), 'other', 'the tag follows the file');
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

test('a host that compresses: text and modules whole, other files by ranges as before', async () => {
  const packed = await serve(folder, { gzip: true });
  try {
    const headers = { 'Accept-Encoding': 'gzip', Range: 'bytes=0-1' };
    const module = await fetch(new URL('a.wasm', packed.url), { headers });
    assert.deepEqual([module.status, module.headers.get('content-encoding')], [200, 'gzip']);
    assert.deepEqual([...new Uint8Array(await module.arrayBuffer())], [0, 0x61, 0x73, 0x6d]);
    const letters = await fetch(new URL('letters.txt', packed.url), { headers });
    assert.deepEqual([letters.status, letters.headers.get('content-encoding')], [206, null]);
    assert.equal(await letters.text(), ALPHABET.slice(0, 2));
    const plain = await fetch(new URL('a.wasm', packed.url), { headers: { 'Accept-Encoding': 'identity' } });
    assert.equal(plain.headers.get('content-encoding'), null);
  } finally {
    await packed.close();
  }
});
