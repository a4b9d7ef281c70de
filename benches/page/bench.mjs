// The benchmark of one page or process: who takes part, and one group of cases at a time. What comes out is plain data.

import { allCases } from '../cases.mjs';
import { define, errorOf, rowsToCheck } from './definition.mjs';
import { knows, openPackage, prepareCall, prepareOpen } from './ours.mjs';
import { findPeak } from './peak.mjs';
import { prepareLoop, preparePlain } from './plain.mjs';
import { flops, makeProblem } from './problem.mjs';
import { race } from './timing.mjs';

/** @typedef {import('../cases.mjs').Case} Case */
/** @typedef {{ run: () => any, dispose?: () => unknown, note?: string }} Prepared */
/** @typedef {{ prepare: (problem: any) => Prepared | Promise<Prepared>, peak: 'simd128' | 'relaxed' }} Contestant */

/**
 * What one contestant did in one case. `failed` says why there are no numbers.
 *
 * @typedef {object} Result
 * @property {string} group
 * @property {string} case
 * @property {string} who
 * @property {string} [note]
 * @property {number} flops of one call.
 * @property {number} [error]
 * @property {number} bound
 * @property {import('./timing.mjs').Spread} [ms]
 * @property {number} [peak] GFLOP/s of the peak's own loop, between the others' turns.
 * @property {string} [failed]
 */

/**
 * @param {object} parts
 * @param {string} parts.script the package's entry.
 * @param {Record<string, WebAssembly.Module>} parts.modules the package's builds that run here, by name.
 * @param {{ simd128: any[], relaxed: any[] }} parts.peaks modules of `wat.mjs` that run here.
 * @param {Uint8Array} parts.loop the plain loop.
 * @param {Record<string, (problem: any) => any>} [parts.peers]
 * @param {boolean} [parts.workers] whether there are any.
 */
export async function openBench({ script, modules, peaks, loop, peers = {}, workers = false }) {
  const builds = Object.keys(modules);
  const open = (name, build, count) => openPackage(script, name, { module: modules[build], workers: count });
  /** @type {Record<string, Contestant>} */
  const contestants = {};
  const add = (name, prepare, peak = 'simd128') => (contestants[name] = { prepare, peak });
  /** @type {any} */
  let api;
  for (const build of builds) {
    const own = (api = await open(build, build, 0));
    add(build, (problem) => prepareCall(own, problem), build);
  }
  // Variants run on the build that the package would choose.
  const chosen = builds.at(-1);
  add('problem open', (problem) => prepareOpen(api, problem), chosen);
  for (const count of workers ? [1, 2] : []) {
    const name = `${count} worker${count > 1 ? 's' : ''}`;
    const pooled = await open(name, chosen, count);
    add(name, (problem) => prepareCall(pooled, problem), chosen);
  }
  for (const [name, prepare] of Object.entries(peers)) add(name, prepare);
  add('plain JS', preparePlain);
  add('plain wasm', (problem) => prepareLoop(loop, problem));

  const peak = {};
  for (const [kind, list] of Object.entries(peaks)) if (list.length > 0) peak[kind] = await findPeak(list);

  return {
    /** What can be timed here, and on what. */
    async about() {
      const all = allCases(api.catalog);
      const options = new Set(all.map(({ needs }) => needs).filter(Boolean));
      const unknown = [];
      for (const option of options) if (!(await knows(api, option))) unknown.push(option);
      const peaks = Object.entries(peak).map(([kind, { accumulators, gflops }]) => ({ kind, accumulators, gflops }));
      return { builds, peaks, unknown, cases: all.filter(({ needs }) => !unknown.includes(needs)) };
    },
    /** @param {Case[]} cases of one group */
    run: (cases, settings) => runGroup(cases, contestants, peak, settings),
  };
}

/**
 * Checks and times cases that take turns.
 *
 * @param {Case[]} cases
 * @param {Record<string, Contestant>} contestants those that are not here are left out.
 * @param {Record<string, { run: () => unknown, flops: number }>} peak
 * @param {{ rounds: number, budget: number }} settings
 * @returns {Promise<Result[]>}
 */
export async function runGroup(cases, contestants, peak, settings) {
  const lanes = [];
  for (const entry of cases) {
    const problem = makeProblem(entry);
    const rows = rowsToCheck(entry.shape);
    const expected = define(problem, rows);
    for (const who of entry.who.filter((name) => name in contestants)) {
      lanes.push(await makeLane(entry, who, contestants[who], problem, { rows, expected }));
    }
  }
  const able = lanes.filter(({ result }) => result.failed === undefined);
  const ceilings = Object.values(peak).map(({ run, flops }) => ({ run, flops, calls: 2 }));
  const { rounds = settings.rounds } = cases[0];
  const times = await race([...able, ...ceilings], { ...settings, rounds });
  const ceiling = Object.fromEntries(
    Object.keys(peak).map((kind, at) => [kind, ceilings[at].flops / times.get(ceilings[at]).median / 1e6]),
  );
  for (const lane of able) {
    lane.result.ms = times.get(lane);
    lane.result.peak = ceiling[lane.kind];
  }
  for (const { prepared } of lanes) await prepared?.dispose?.();
  return lanes.map(({ result }) => result);
}

/** One contestant in one case, checked: a wrong answer is not timed. */
async function makeLane(entry, who, { prepare, peak }, problem, { rows, expected }) {
  const { group, name, bound, shape, calls } = entry;
  /** @type {Result} */
  const result = { group, case: name, who, flops: flops(entry), bound };
  const lane = { result, kind: peak, calls, run: undefined, prepared: undefined };
  try {
    lane.prepared = await prepare(problem);
    lane.run = lane.prepared.run;
    result.note = lane.prepared.note;
    const output = await lane.run();
    const length = shape.heads * shape.n * shape.dv;
    if (output.length !== length) throw new Error(`${output.length} numbers came out, and should be ${length}`);
    result.error = errorOf(output, rows, expected, shape.dv);
    if (!(result.error <= bound)) result.failed = `the error is ${result.error}, and may be ${bound}`;
  } catch (error) {
    result.failed = String(error?.message ?? error);
  }
  return lane;
}
