// What the engine's browser tests share: a bare page that imports the package, and ways to hurt its workers from outside.
//
// The hooks are the page's, not the package's: `Worker` and `WebAssembly.Instance` are replaced before it loads.

import { test as nodeTest } from 'node:test';

import { startSite } from './harness.mjs';

/** A test that fails rather than waits for ever: a lost job shows as nothing happening. */
export const test = (name, work) => nodeTest(name, { timeout: 120_000 }, work);

/** A site with the built package at its root. */
export const packageSite = () => startSite({ folder: 'pkg/dist' });

/** Imports the package as `qk` and makes inputs; `workers` keeps every worker that the page ever started. */
export const PAGE = `<!doctype html><link rel="icon" href="data:," /><title>engine</title>`;

/**
 * Before the page: counts workers, and puts code in front of the source of those that `globalThis.infect(index)` names.
 */
export function watchWorkers() {
  const page = /** @type {any} */ (globalThis);
  const Real = Worker;
  page.workers = [];
  page.infect = () => undefined;
  page.Worker = class extends Real {
    constructor(url) {
      const code = page.infect(page.workers.length);
      super(
        code === undefined
          ? url
          : URL.createObjectURL(new Blob([`${code};importScripts(${JSON.stringify(String(url))})`])),
      );
      this.alive = true;
      page.workers.push(this);
    }
    terminate() {
      this.alive = false;
      super.terminate();
    }
  };
  /** Code for a worker, or the page itself: does `act` at the kernel's steps for which `when` holds. */
  const atSteps = (when, act) => `{
    const { Instance } = WebAssembly;
    let steps = 0;
    WebAssembly.Instance = function (module, imports) {
      const { exports } = new Instance(module, imports);
      const task_advance = (...given) => {
        steps++;
        if (${when}) ${act};
        return exports.task_advance(...given);
      };
      return { exports: { ...exports, task_advance } };
    };
  }`;
  /** The kernel traps at its `at`-th step, and at each one after that. */
  page.trapAt = (at, once = false) =>
    atSteps(once ? `steps === ${at}` : `steps >= ${at}`, `throw new WebAssembly.RuntimeError('unreachable')`);
  /** The kernel says on the channel "dwell" that it is at its `at`-th step, and never leaves it. */
  page.dwellAt = (at) => atSteps(`steps === ${at}`, `for (new BroadcastChannel('dwell').postMessage(0); ; );`);
  page.tensor = (shape, seed = 1) => {
    let state = seed;
    const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
    return { data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next), shape };
  };
  /** A number that two arrays share only when they are the same, bit for bit. */
  page.digest = ({ data }) => {
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    return bits.reduce((sum, each) => (Math.imul(sum, 31) + each) >>> 0, 7);
  };
  page.caught = (promise) =>
    promise.then(
      () => 'no error',
      (error) => ({ name: error.name, code: error.code, message: error.message }),
    );
}

/** The visit of a test that needs no page of its own. */
export const VISIT = { html: PAGE, before: watchWorkers };
