// What the tests of the page share: files made by hand, attention in double precision, and ways to read the picture.
//
// Nothing here comes from the project's own code, so that the two can be held against each other.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

// ---- files

/** A safetensors file as a Map of name to { shape, data }; 32-bit floats only. */
export async function readSafetensors(path) {
  const file = await readFile(new URL(`../../${path}`, import.meta.url));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString());
  delete header.__metadata__;
  const bytes = ([from, to]) =>
    file.buffer.slice(file.byteOffset + 8 + length + from, file.byteOffset + 8 + length + to);
  return new Map(
    Object.entries(header).map(([name, { shape, data_offsets: at }]) => [
      name,
      { shape, data: new Float32Array(bytes(at)) },
    ]),
  );
}

/** Numbers with a shape, for the writers below. */
export const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });

const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** A safetensors file of `tensors`, a record of names, with string metadata; of floats or of bytes. */
export function safetensors(tensors, metadata = {}) {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, one]) => {
    const from = end;
    end += one.data.byteLength;
    return [
      name,
      { dtype: one.data instanceof Uint8Array ? 'U8' : 'F32', shape: one.shape, data_offsets: [from, end] },
    ];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...Object.values(tensors).map(bytesOf)]);
}

/** An npy file, version 1.0. */
export function npy({ shape, data }) {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([start, header, bytesOf({ data })]);
}

/** An npz file: a zip of stored npy files. */
export function npz(tensors) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, one] of Object.entries(tensors)) {
    const entry = zipEntry(`${name}.npy`, npy(one), offset);
    parts.push(entry.local);
    directory.push(entry.central);
    offset += entry.local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

function zipEntry(name, content, offset) {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), common, Buffer.from(name), content]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  const central = Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), common, rest, Buffer.from(name)]);
  return { local, central };
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A JSON capture of named tensors. */
export const json = (tensors, metadata = {}) =>
  Buffer.from(
    JSON.stringify({
      __metadata__: metadata,
      ...Object.fromEntries(
        Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
      ),
    }),
  );

/** Numbers that look random and are the same in every run, from -1 to 1. */
export function noise(count, seed = 1) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

// ---- attention, in double precision

/**
 * One query row of one head: the numbers of each pair, and the softmax weights.
 *
 * @param {{ shape: number[], data: Float32Array }} query
 * @param {{ shape: number[], data: Float32Array }} key
 * @param {{ head?: number, row: number, scale?: number }} at
 */
export function explainRow(query, key, { head = 0, row, scale }) {
  const [heads, n, d] = query.shape.slice(-3);
  const m = key.shape.at(-2);
  assert.ok(head < heads && row < n);
  const q = query.data.subarray((head * n + row) * d, (head * n + row + 1) * d);
  const factor = scale ?? 1 / Math.sqrt(d);
  const pairs = Array.from({ length: m }, (_, column) =>
    explainPair(q, key.data.subarray((head * m + column) * d, (head * m + column + 1) * d), factor),
  );
  const top = Math.max(...pairs.map(({ scaled }) => scaled));
  const sum = pairs.reduce((total, { scaled }) => total + Math.exp(scaled - top), 0);
  return pairs.map((pair) => ({ ...pair, weight: Math.exp(pair.scaled - top) / sum }));
}

function explainPair(q, k, factor) {
  const dot = (a, b) => a.reduce((sum, x, index) => sum + x * b[index], 0);
  const product = dot([...q], k);
  const [queryNorm, keyNorm] = [Math.sqrt(dot([...q], q)), Math.sqrt(dot([...k], k))];
  return { product, queryNorm, keyNorm, cosine: product / (queryNorm * keyNorm), scaled: product * factor };
}

// ---- the picture

// Viridis (Smith and van der Walt 2015, CC0) at every 8th of 256 steps, and the last.
const VIRIDIS =
  '440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e 23898e 21918c ' +
  '1f988b 1fa088 22a785 28ae80 32b67a 3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725';
const STOPS = VIRIDIS.split(' ').map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
// The last stop stands at 255, the others at multiples of 8.
const stopAt = (index) => Math.min(255, 8 * index);

/** The colour of `share`, from 0 to 1. */
export function viridis(share) {
  const step = Math.max(0, Math.min(1, share)) * 255;
  const index = Math.min(STOPS.length - 2, Math.floor(step / 8));
  const part = (step - stopAt(index)) / (stopAt(index + 1) - stopAt(index));
  return STOPS[index].map((value, channel) => value + (STOPS[index + 1][channel] - value) * part);
}

/**
 * Waits until the picture, and what is said of its rows, are what the page's state asks for. Of a page that was just opened it
 * brings that part to the top of the window, where the mouse reaches it.
 */
export async function settled(page) {
  await page.evaluate(() => {
    if (!globalThis['explored']) document.querySelector('#explore')?.scrollIntoView();
    globalThis['explored'] = true;
  });
  await page.waitForFunction(
    () =>
      ['.matrix', '.axis-captions'].every(
        (part) => document.querySelector(part)?.getAttribute('aria-busy') === 'false',
      ) && !document.querySelector('main[aria-busy="true"]'),
  );
}

/** Waits until a section of the story is made and nothing in it is about to change; `near`: keeps it in the window meanwhile. */
export const sectionReady = (page, id, near = false) =>
  page.waitForFunction(([id, near]) => {
    const host = document.querySelector(`#${id} .story-view`);
    // What is above it may grow, once it is drawn.
    if (near && Math.abs(host?.getBoundingClientRect().top) > innerHeight) document.getElementById(id).scrollIntoView();
    return host?.childElementCount > 0 && !host.querySelector('[aria-busy="true"], .heads-waiting');
  }, /** @type {const} */ ([id, near]));

/** Brings a section of the story to the top of the window, and waits until it is made. */
export async function showSection(page, id) {
  await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
  await sectionReady(page, id, true);
}

/**
 * For a page's beginning: files called `held…` reach no worker before `globalThis.letGo()`. There are enough workers
 * for the others.
 */
export function holdFiles() {
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });
  const held = [];
  let holding = true;
  const isHeld = (value) =>
    value instanceof File
      ? value.name.startsWith('held')
      : value?.constructor === Object && Object.values(value).some(isHeld);
  const send = Worker.prototype.postMessage;
  /** @this {Worker} */
  Worker.prototype.postMessage = function (...message) {
    if (holding && isHeld(message[0])) held.push(() => Reflect.apply(send, this, message));
    else Reflect.apply(send, this, message);
  };
  globalThis['letGo'] = () => {
    holding = false;
    held.forEach((go) => go());
  };
}

/** The red, green and blue in the middle of each cell of a picture of `rows` x `columns`, row by row. */
export function cellColors(page, rows, columns) {
  return page.evaluate(
    ([rows, columns]) => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('.plot-canvas'));
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const at = (cell, cells, pixels) => Math.floor(((cell + 0.5) * pixels) / cells);
      return Array.from({ length: rows * columns }, (_, index) => {
        const y = at(Math.floor(index / columns), rows, canvas.height);
        const x = at(index % columns, columns, canvas.width);
        return [...data.subarray(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3)];
      });
    },
    [rows, columns],
  );
}

/** Everything that can be seen of the picture, as one text: its pixels, its scale, and what its axes say. */
export function fingerprint(page) {
  return page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('.plot-canvas'));
    const text = (selector) => document.querySelector(selector).textContent;
    return [canvas.toDataURL(), text('.legend-numbers'), text('.axis-captions')].join('|');
  });
}

/** Moves the mouse over a cell of a picture of `rows` x `columns`. */
export async function hover(page, row, column, rows, columns) {
  await page.locator('.plot').scrollIntoViewIfNeeded();
  const box = await page.locator('.plot').boundingBox();
  await page.mouse.move(box.x + ((column + 0.5) / columns) * box.width, box.y + ((row + 0.5) / rows) * box.height);
}

/** The number that the panel of one cell shows for `name`, as text. */
export const shown = (page, name) => page.locator(`[data-number="${name}"]`).textContent();

/** A number that a page has printed. */
export function parse(text) {
  const plain = text.replace('−', '-').replace(/×10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, minus, digits) => {
    return `e${minus ? '-' : ''}${[...digits].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)).join('')}`;
  });
  return Number(plain);
}

/** Asserts that the panel shows `value` for `name`, to the four digits that it prints. */
export async function assertShown(page, name, value) {
  const text = await shown(page, name);
  const tolerance = Math.max(6e-4 * Math.abs(value), name === 'weight' || name === 'mass' ? 6e-4 : 1e-5);
  assert.ok(Math.abs(parse(text) - value) <= tolerance, `${name} shows ${text}, expected ${value}`);
}

/** Drops files, each { name, content }, on the page, all in one drop. */
export async function drop(page, ...files) {
  const list = files.map(({ name, content }) => ({ name, base64: Buffer.from(content).toString('base64') }));
  await page.evaluate((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, list);
}
