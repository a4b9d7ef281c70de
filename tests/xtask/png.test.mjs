// Pictures with few colours: what is read back is as near to what was given as is said.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';

import { indexedPng } from '../../xtask/png.mjs';

/** The chunks of a PNG by name, each with its checksum in order. */
function chunksOf(png) {
  const chunks = {};
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const named = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(named));
    chunks[named.toString('latin1', 0, 4)] = named.subarray(4);
    at += 12 + length;
  }
  return chunks;
}

/** Red, green and blue of each pixel. */
function read(png) {
  const { IHDR, PLTE, IDAT } = chunksOf(png);
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)];
  const rows = inflateSync(IDAT);
  assert.equal(rows.length, height * (width + 1));
  return Array.from({ length: width * height }, (_, at) => {
    const index = rows[at + Math.floor(at / width) + 1];
    return [...PLTE.subarray(3 * index, 3 * index + 3)];
  });
}

for (const [name, count] of [
  ['few colours', 200],
  ['more than 256 colours', 3000],
]) {
  test(`${name} come back as near as is said`, () => {
    const width = 60;
    const given = Array.from({ length: 3600 }, (_, at) => [
      (at % count) % 251,
      ((at % count) * 7) % 256,
      Math.floor((at % count) / 16),
    ]);
    const { png, off } = indexedPng(Uint8Array.from(given.flatMap((color) => [...color, 255])), width);
    let most = 0;
    read(png).forEach((color, at) => {
      color.forEach((value, channel) => (most = Math.max(most, Math.abs(value - given[at][channel]))));
    });
    assert.equal(off === 0, count <= 256);
    assert.ok(most <= off, `${most} of at most ${off}`);
  });
}
