// Small PNGs: at most 256 colours, each pixel as near to its own as that allows.

import { crc32, deflateSync } from 'node:zlib';

const COLORS = 256;

/**
 * A picture of `width` x `height` pixels, four bytes each and none of them transparent, as an indexed PNG.
 *
 * @param {Uint8Array} pixels
 * @param {number} width
 * @returns {{ png: Buffer, off: number }} `off` is how far a pixel may be from its own colour, of 255, in any channel.
 */
export function indexedPng(pixels, width) {
  const colors = new Uint32Array(pixels.length / 4).map((_, at) => colorAt(pixels, 4 * at));
  const { palette, of, off } = fewer(colors);
  const height = colors.length / width;
  const rows = Buffer.alloc(height * (width + 1));
  colors.forEach((color, at) => (rows[at + Math.floor(at / width) + 1] = of.get(color)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { png, off };
}

const colorAt = (pixels, at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];

const channels = (color) => [color >> 16, (color >> 8) & 255, color & 255];

/** Those that stand for all, the most frequent first: as near to each as 256 can be. */
function fewer(colors) {
  const counts = new Map();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  const all = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  for (let off = 0; ; off += 1) {
    const palette = [];
    const of = new Map();
    for (const color of all) {
      let at = palette.findIndex((one) => distance(one, color) <= off);
      if (at < 0) at = palette.push(color) - 1;
      if (at >= COLORS) break;
      of.set(color, at);
    }
    if (of.size === all.length) return { palette, of, off };
  }
}

function distance(a, b) {
  const [red, green, blue] = [(a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255)];
  return Math.max(Math.abs(red), Math.abs(green), Math.abs(blue));
}

function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
