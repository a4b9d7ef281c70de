// What stands in `integrity` for a file of the package, so that a page takes it from elsewhere and no other in its place.

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';

import { at } from './run.mjs';

/** @param {Uint8Array} bytes */
export const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`;

/** A line for every script and module in a folder of the build: its hash and its path. */
export async function integrities(folder) {
  const names = (await readdir(at(folder))).filter((name) => /\.(js|wasm)$/.test(name)).sort();
  return Promise.all(names.map(async (name) => `${integrity(await readFile(at(folder, name)))}  ${folder}/${name}`));
}
