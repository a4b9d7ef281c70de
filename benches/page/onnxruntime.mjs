// The peer onnxruntime-web: its wasm back end (SIMD), one thread, all optimizations of the graph.

import * as ort from 'onnxruntime-web/wasm';

import { GRAPHS } from './graphs.mjs';
import { additiveMask } from './problem.mjs';

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL('ort-wasm-simd-threaded.wasm', import.meta.url).href };
ort.env.logLevel = 'error';

/** Trials of each graph, of which the fastest counts. */
const TRIALS = 2;

/** The fastest of the graphs that can express the problem. A graph may fail on it: some overflow where n is large. */
export async function prepareFastest(problem) {
  let best;
  const failures = [];
  for (const open of graphs(problem)) {
    const session = await open();
    const ms = await trial(session.run).catch((error) => void failures.push(error));
    const better = ms !== undefined && !(best?.ms <= ms);
    await (better ? best : session)?.dispose();
    if (better) best = { ...session, ms };
  }
  if (best === undefined) throw failures[0];
  return best;
}

/** The first graph that does not fail, fused ones first: where memory is watched, trials of the others would count. */
export async function prepareFused(problem) {
  const failures = [];
  for (const open of graphs(problem)) {
    const session = await open();
    if (await session.run().catch((error) => void failures.push(error))) return session;
    await session.dispose();
  }
  throw failures[0];
}

/** The graphs that can express the problem, not yet opened. */
function graphs(problem) {
  const mask = additiveMask(problem);
  const made = Object.entries(GRAPHS).map(([note, make]) => ({ note, graph: make(problem, mask !== undefined) }));
  const data = { q: problem.q, k: problem.k, v: problem.v, mask };
  return made
    .filter(({ graph }) => graph !== undefined)
    .map(
      ({ note, graph }) =>
        () =>
          openGraph(note, graph, data),
    );
}

/** Arrays are put in the order of the graph beforehand; its output only to be checked. */
async function openGraph(note, { bytes, inputs, heads = 1 }, data) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [
      name,
      new ort.Tensor('float32', swapped(data[name], [heads, shape[1]]), shape),
    ]),
  );
  return {
    note,
    run: async () => (await session.run(feeds)).y.data,
    ordered: (output) => swapped(output, [inputs.q[1], heads]),
    dispose: () => session.release(),
  };
}

/** Rows of numbers in another order: what was (a, b, size) as (b, a, size). */
function swapped(data, [a, b]) {
  if (a === 1 || b === 1) return data;
  const size = data.length / (a * b);
  const turned = new Float32Array(data.length);
  for (let row = 0; row < a * b; row++) {
    const to = (row % b) * a + Math.floor(row / b);
    turned.set(data.subarray(row * size, (row + 1) * size), to * size);
  }
  return turned;
}

async function trial(run) {
  let best = Infinity;
  for (let count = 0; count < TRIALS; count++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
