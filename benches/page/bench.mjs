// The benchmark of one page or process: who takes part, and one group of cases at a time. What comes out is plain data.

// First: it has to see every memory that is made.
import { memoryBytes } from './watch.mjs';

import { allCases } from '../cases.mjs';
import { define, errorOf, rowsToCheck } from './definition.mjs';
import { knows, openPackage, prepareCall, prepareOpen } from './ours.mjs';
import { findPeak } from './peak.mjs';
import { prepareLoop, preparePlain } from './plain.mjs';
import { flops, makeProblem } from './problem.mjs';
import { race } from './timing.mjs';

/** @typedef {import('../cases.mjs').Case} Case */
/** @typedef {{ run: () => any, dispose?: () => unknown, note?: string, ordered?: (output: any) => any }} Prepared */
/**
 * @typedef {object} Contestant
 * @property {(problem: any) => Prepared | Promise<Prepared>} prepare
 * @property {string} peak what its module may use, and so which peak it is held to.
 * @property {(problem: any) => Promise<Prepared>} [fresh] the same with a memory that nothing has grown yet.
 */

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
 * @property {number} [memory] bytes of the wasm memory after the call, where that is what is watched.
 * @property {string} [failed]
 */

/**
 * @typedef {object} Parts
 * @property {string} script the package's entry.
 * @property {Record<string, WebAssembly.Module>} modules the package's builds that run here, by name; it would choose the last.
 * @property {{ simd128: any[], relaxed: any[] }} peaks modules of `wat.mjs` that run here.
 * @property {Uint8Array<ArrayBuffer>} loop the plain loop.
 * @property {Record<string, Omit<Contestant, 'peak'>>} [peers]
 * @property {boolean} [workers] whether there are any.
 */

/** @param {Parts} parts */
export async function openBench(parts) {
  const builds = Object.keys(parts.modules);
  const chosen = builds.at(-1);
  const api = await openBuild(parts, chosen, 'problem open', 0);
  const contestants = {
    ...(await ours(parts, builds)),
    'problem open': { prepare: (problem) => prepareOpen(api, problem), peak: chosen },
    ...(parts.workers ? await pools(parts, chosen) : {}),
    ...others(parts),
  };
  const peaks = Object.entries(parts.peaks).filter(([, modules]) => modules.length > 0);
  const peak = {};
  for (const [kind, modules] of peaks) peak[kind] = await findPeak(modules);
  return {
    /** What can be timed here, and on what. */
    about: async () => ({ builds, peaks: speeds(peak), ...(await casesFor(api)) }),
    /** @param {Case[]} cases of one group */
    run: (cases, settings) => runGroup(cases, contestants, peak, settings),
  };
}

const openBuild = ({ script, modules }, build, name, workers) =>
  openPackage(script, name, { module: modules[build], workers });

/** Each build on the main thread. */
async function ours(parts, builds) {
  /** @type {Record<string, Contestant>} */
  const contestants = {};
  let copies = 0;
  for (const build of builds) {
    const own = await openBuild(parts, build, build, 0);
    contestants[build] = {
      peak: build,
      prepare: (problem) => prepareCall(own, problem),
      fresh: async (problem) => prepareCall(await openBuild(parts, build, `${build}, fresh ${copies++}`, 0), problem),
    };
  }
  return contestants;
}

/** The build that the package would choose, in workers. */
async function pools(parts, build) {
  const contestants = {};
  for (const [name, count] of Object.entries({ '1 worker': 1, '2 workers': 2 })) {
    const pooled = await openBuild(parts, build, name, count);
    contestants[name] = { prepare: (problem) => prepareCall(pooled, problem), peak: build };
  }
  return contestants;
}

function others({ peers = {}, loop }) {
  const plain = { prepare: preparePlain };
  const wasm = { prepare: (problem) => prepareLoop(loop, problem) };
  const all = Object.entries({ ...peers, 'plain JS': plain, 'plain wasm': wasm });
  return Object.fromEntries(all.map(([name, contestant]) => [name, { ...contestant, peak: 'simd128' }]));
}

/** The cases that this package has the options for, and the options that it lacks. */
async function casesFor(api) {
  const all = allCases(api.catalog);
  const unknown = [];
  for (const option of new Set(all.flatMap(({ needs }) => needs ?? []))) {
    if (!(await knows(api, option))) unknown.push(option);
  }
  return { unknown, cases: all.filter(({ needs }) => !unknown.includes(needs)) };
}

const speeds = (peak) =>
  Object.entries(peak).map(([kind, { accumulators, gflops }]) => ({ kind, accumulators, gflops }));

/**
 * Checks cases, and times them in turn or watches their memory.
 *
 * @param {Case[]} cases of one group
 * @param {Record<string, Contestant>} contestants those that are not here are left out.
 * @param {Record<string, { run: () => unknown, flops: number }>} peak
 * @param {{ rounds: number, budget: number, warmUp?: number }} settings
 * @returns {Promise<Result[]>}
 */
export async function runGroup(cases, contestants, peak, settings) {
  const lanes = [];
  for (const entry of cases) lanes.push(...(await lanesOf(entry, contestants)));
  const able = lanes.filter(({ result, entry }) => result.failed === undefined && !entry.memory);
  if (able.length > 0) await time(able, peak, { ...settings, rounds: cases[0].rounds ?? settings.rounds });
  for (const { prepared } of lanes) await prepared?.dispose?.();
  return lanes.map(({ result }) => result);
}

/** One lane for each contestant of a case. */
async function lanesOf(entry, contestants) {
  const problem = makeProblem(entry);
  const rows = rowsToCheck(entry.shape);
  const truth = { rows, expected: define(problem, rows) };
  const lanes = [];
  for (const who of entry.who.filter((name) => name in contestants)) {
    lanes.push(await makeLane(entry, who, contestants[who], problem, truth));
  }
  compare(lanes, entry.identical ?? []);
  return lanes;
}

/** One contestant in one case, checked: a wrong answer is not timed. */
async function makeLane(entry, who, { prepare, peak, fresh }, problem, { rows, expected }) {
  const { group, name, bound, shape, calls, memory } = entry;
  /** @type {Result} */
  const result = { group, case: name, who, flops: flops(entry), bound };
  const lane = { entry, result, kind: peak, calls, run: undefined, prepared: undefined, output: undefined };
  const before = memoryBytes();
  try {
    lane.prepared = await (memory && fresh ? fresh : prepare)(problem);
    lane.run = lane.prepared.run;
    result.note = lane.prepared.note;
    const output = await lane.run();
    if (memory) result.memory = memoryBytes() - before;
    lane.output = lane.prepared.ordered?.(output) ?? output;
    check(result, lane.output, shape, rows, expected);
  } catch (error) {
    result.failed = String(error?.message ?? error);
  }
  return lane;
}

function check(result, output, { heads, n, dv }, rows, expected) {
  const length = heads * n * dv;
  if (output.length !== length) throw new Error(`${output.length} numbers came out, and should be ${length}`);
  result.error = errorOf(output, rows, expected, dv);
  if (!(result.error <= result.bound)) throw new Error(`the error is ${result.error}, and may be ${result.bound}`);
}

/** Where outputs have to be the same bit for bit, those that are not like the first have failed. */
function compare(lanes, identical) {
  const [first, ...others] = lanes.filter(({ result }) => identical.includes(result.who));
  for (const { result, output } of others) {
    if (result.failed !== undefined || first.output === undefined) continue;
    const differs = output.findIndex((value, at) => !Object.is(value, first.output[at]));
    if (differs >= 0) result.failed = `number ${differs} is not that of ${first.result.who}, bit for bit`;
  }
}

async function time(lanes, peak, settings) {
  const ceilings = Object.entries(peak).map(([kind, { run, flops }]) => ({ kind, run, flops, calls: 2 }));
  const times = await race([...lanes, ...ceilings], settings);
  for (const lane of lanes) {
    const ceiling = ceilings.find(({ kind }) => kind === lane.kind);
    lane.result.ms = times.get(lane);
    lane.result.peak = ceiling && ceiling.flops / times.get(ceiling).median / 1e6;
  }
}
