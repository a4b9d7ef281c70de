// The page's own script: gathers the parts that the runner laid beside it, and answers the runner's calls.

import { openBench } from './bench.mjs';
import { prepareFastest, prepareFused } from './onnxruntime.mjs';
import { prepareTfjs } from './tfjs.mjs';

const near = (name) => new URL(name, import.meta.url).href;
const bytesOf = async (name) => new Uint8Array(await (await fetch(near(name))).arrayBuffer());

/** The builds that are there and that this browser can run, in the order in which the package prefers the later. */
async function builds(list) {
  const modules = {};
  for (const { name, file } of list) {
    const bytes = await bytesOf(file);
    if (WebAssembly.validate(bytes)) modules[name] = await WebAssembly.compile(bytes);
  }
  return modules;
}

async function peaks(list) {
  const found = { simd128: [], relaxed: [] };
  for (const { kind, file, ...rest } of list) {
    const bytes = await bytesOf(file);
    if (WebAssembly.validate(bytes)) found[kind].push({ ...rest, bytes });
  }
  return found;
}

async function open() {
  const site = await (await fetch(near('site.json'))).json();
  return openBench({
    script: near('qkscope/index.js'),
    modules: await builds(site.builds),
    peaks: await peaks(site.peaks),
    loop: await bytesOf('loop.wasm'),
    peers: { 'onnxruntime-web': { prepare: prepareFastest, fresh: prepareFused }, tfjs: { prepare: prepareTfjs } },
    workers: true,
  });
}

/** As text: drivers pass on objects in ways of their own. */
const bench = open();
Object.assign(globalThis, {
  about: async () => JSON.stringify(await (await bench).about()),
  run: async (work) => JSON.stringify(await (await bench).run(...JSON.parse(work))),
});
