// The package's builds, as `npm run build` leaves them.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import { Failure, at } from '../xtask/run.mjs';

export const PACKAGE = 'pkg/dist';

/** A later one is preferred where it runs. */
const BUILDS = [
  { name: 'simd128', file: 'qkscope_bg.wasm' },
  { name: 'relaxed', file: 'qkscope_relaxed_bg.wasm' },
];

/** The builds that are there, with their sizes in bytes; says which are not. */
export async function findBuilds() {
  const missing = BUILDS.filter(({ file }) => !existsSync(at(PACKAGE, file)));
  if (missing.some(({ name }) => name === 'simd128'))
    throw new Failure('There is no package: `npm run build` makes it.');
  for (const { file } of missing) console.log(`${PACKAGE}/${file} is not there: skipped`);
  return Promise.all(BUILDS.filter((build) => !missing.includes(build)).map(measure));
}

async function measure({ name, file }) {
  const bytes = await readFile(at(PACKAGE, file));
  return { name, file, bytes, size: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}
