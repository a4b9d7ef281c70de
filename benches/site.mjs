// Lays out what the browser loads, in a folder of its own: the page's script, the package as it ships, the peers' modules.

import { build } from 'esbuild';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { at } from '../xtask/run.mjs';
import { PACKAGE, PEER_MODULES } from './builds.mjs';
import { loopModule, peakModules } from './wat.mjs';

export const SITE = at('target/bench/site');

/** @param {{ name: string, file: string }[]} builds */
export async function layOut(builds) {
  await rm(SITE, { recursive: true, force: true });
  await mkdir(path.join(SITE, 'qkscope'), { recursive: true });
  await script();
  await copyFile(at('benches/page/index.html'), path.join(SITE, 'index.html'));
  for (const { file } of PEER_MODULES) await copyFile(at(file), path.join(SITE, path.basename(file)));
  for (const file of ['index.js', ...builds.map(({ file }) => file)]) {
    await copyFile(at(PACKAGE, file), path.join(SITE, 'qkscope', file));
  }
  await writeFile(path.join(SITE, 'loop.wasm'), loopModule());
  const listed = builds.map(({ name, file }) => ({ name, file: `qkscope/${file}` }));
  await writeFile(path.join(SITE, 'site.json'), JSON.stringify({ builds: listed, peaks: await peaks() }));
}

const script = () =>
  build({
    entryPoints: { page: at('benches/page/main.mjs') },
    outdir: SITE,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'error',
    // Peers look for these in Node alone.
    external: ['fs', 'path', 'os', 'crypto', 'perf_hooks', 'worker_threads', 'util', 'string_decoder'],
  });

async function peaks() {
  const written = [];
  for (const [kind, modules] of Object.entries(peakModules())) {
    for (const { bytes, ...rest } of modules) {
      const file = `peak-${kind}-${rest.accumulators}.wasm`;
      await writeFile(path.join(SITE, file), bytes);
      written.push({ kind, file, ...rest });
    }
  }
  return written;
}
