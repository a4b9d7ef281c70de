// `npm run bench`: times whole attention (output and row statistics) for every member of the kernel's lists, in Node on one
// thread, on the package that `npm run build` left. Prints a table; each time is the median of several, in turn, and a
// ratio to the plain case of the same run, so that a noisy machine disturbs all alike.

import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { BASE, members } from './cases.mjs';

/** Queries and keys, head size. */
const [LENGTH, SIZE] = [1024, 64];
/** How often each case is timed. */
const ROUNDS = 7;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** A problem of one head, the same on every run. */
export function problem(length, size) {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  const tensor = () => ({ shape: [length, size], data: Float32Array.from({ length: length * size }, next) });
  return [tensor(), tensor(), tensor()];
}

/** Times each case `rounds` times, taking turns. @returns {Promise<Map<string, number>>} medians in milliseconds. */
export async function time(attention, cases, inputs, rounds) {
  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, options } of cases) {
      const start = performance.now();
      const { output } = await attention(...inputs, options);
      // The first round warms up, and is where the answer is looked at.
      if (round > 0) times.get(name).push(performance.now() - start);
      else if (!output.data.every(Number.isFinite)) throw new Error(`${name}: the output is not finite`);
    }
  }
  return new Map([...times].map(([name, each]) => [name, median(each)]));
}

async function main() {
  const { attention, catalog, configure } = await import(new URL('../pkg/dist/inline.js', import.meta.url).href);
  configure({ workers: 0 });
  const medians = await time(attention, members(catalog), problem(LENGTH, SIZE), ROUNDS);
  const base = medians.get(BASE);
  console.log(`N = M = ${LENGTH}, d = dv = ${SIZE}, one head, one thread, Node ${process.versions.node}\n`);
  for (const [name, ms] of medians) {
    console.log(`${name.padEnd(32)} ${ms.toFixed(1).padStart(8)} ms  ${(ms / base).toFixed(2).padStart(6)} x`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
