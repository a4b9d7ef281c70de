// The package's builds, as `npm run build` leaves them.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { Failure, at } from '../xtask/run.mjs';

export const PACKAGE = 'pkg/dist';

/** A later one is preferred where it runs. */
const BUILDS = [
  { name: 'simd128', file: 'qkscope_bg.wasm' },
  { name: 'relaxed', file: 'qkscope_relaxed_bg.wasm' },
];

const INSTALLED = 'benches/node_modules';
/** What the peers load, by the name that they ask for. */
export const PEER_MODULES = [
  { name: 'onnxruntime-web', file: `${INSTALLED}/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm` },
  { name: 'tfjs', file: `${INSTALLED}/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm` },
];

/** The sizes of the peers' modules. */
export const peerSizes = () => Promise.all(PEER_MODULES.map(measure));

/** The builds that are there, with their sizes in bytes; says which are not. */
export async function findBuilds() {
  const missing = BUILDS.filter(({ file }) => !existsSync(at(PACKAGE, file)));
  if (missing.some(({ name }) => name === 'simd128'))
    throw new Failure('There is no package: `npm run build` makes it.');
  for (const { file } of missing) console.log(`${PACKAGE}/${file} is not there: skipped`);
  return Promise.all(BUILDS.filter((build) => !missing.includes(build)).map(ofPackage));
}

async function ofPackage({ name, file }) {
  const bytes = await readFile(at(PACKAGE, file));
  return { name, file, bytes, ...(await measure({ name, file: path.join(PACKAGE, file) })) };
}

/** Bytes of a module, as it is and as servers send it. */
async function measure({ name, file }) {
  const bytes = await readFile(at(file));
  return { name, size: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}
