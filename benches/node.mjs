// Our builds in Node, where there are no peers, on the main thread.

import { at } from '../xtask/run.mjs';
import { pathToFileURL } from 'node:url';

import { PACKAGE } from './builds.mjs';
import { openBench } from './page/bench.mjs';
import { loopModule, peakModules } from './wat.mjs';

/** @param {{ name: string, bytes: BufferSource }[]} builds */
export async function openNode(builds) {
  const modules = {};
  for (const { name, bytes } of builds) {
    if (WebAssembly.validate(bytes)) modules[name] = await WebAssembly.compile(bytes);
  }
  const peaks = Object.entries(peakModules()).map(([kind, list]) => [
    kind,
    list.filter(({ bytes }) => WebAssembly.validate(bytes)),
  ]);
  const script = pathToFileURL(at(PACKAGE, 'index.js')).href;
  return openBench({ script, modules, peaks: Object.fromEntries(peaks), loop: loopModule() });
}
