// What the package's tests share. They run what ships: `npm run build` makes it first.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

/** A path of the repository as a URL. */
export const at = (path) => new URL(`../../${path}`, import.meta.url);

/** The package as Node finds it. Untyped: half of these tests hand it what its types forbid. @type {any} */
export const qkscope = await import(at('pkg/dist/inline.js').href);

/** Numbers in (-1, 1) that are the same on every run: a linear congruential generator. */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
}

/** A tensor of such numbers. */
export function tensor(shape, seed = 1) {
  const next = numbers(seed);
  return { data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, next), shape };
}

/**
 * A tensor that JSON holds: `{ shape, data }` with "nan", "inf" and "-inf" as text.
 *
 * @param {{ shape: number[], data: any[] }} tensor
 * @param {any} Type
 */
export function fromJson({ shape, data }, Type = Float32Array) {
  const words = { nan: NaN, inf: Infinity, '-inf': -Infinity };
  return { shape, data: Type.from(data, (value) => words[value] ?? value) };
}

export const readBytes = async (path) => new Uint8Array(await readFile(at(path)));

/** The largest difference; NaN where one side alone is NaN, so that no comparison lets it pass. */
export function deviation(found, expected) {
  if (found.length !== expected.length) return NaN;
  const differences = Array.from(found, (value, index) => {
    if (Object.is(value, expected[index]) || value === expected[index]) return 0;
    return Math.abs(value - expected[index]);
  });
  return differences.reduce((worst, each) => (each > worst || Number.isNaN(each) ? each : worst), 0);
}

/** For `assert.rejects` and `assert.throws`: an error of the package with this code, whose message names all of these. */
export const refusal =
  (code, ...named) =>
  (error) => {
    const wrong = named.filter((text) => !error.message.includes(String(text)));
    if (error instanceof qkscope.QkscopeError && error.code === code && wrong.length === 0) return true;
    throw new Error(`expected ${code} naming ${named.join(', ')}, got ${error.code}: ${error.message}`, {
      cause: error,
    });
  };

/**
 * A server on this machine for one test.
 *
 * @param {import('node:http').RequestListener} answer
 * @param {(url: string) => Promise<void>} test gets its address, with no slash at the end.
 */
export async function serving(answer, test) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  try {
    await test(`http://127.0.0.1:${typeof address === 'object' && address?.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** How often the thread is free for other things during a call, and how many milliseconds of its own that takes. */
export async function turnsDuring(call) {
  let [turns, going] = [0, true];
  const turn = () => {
    turns++;
    if (going) setImmediate(turn);
  };
  turn();
  const [start, before] = [performance.now(), process.cpuUsage()];
  await call();
  going = false;
  const { user } = process.cpuUsage(before);
  // By the clock, not by the work done: a busy machine makes slices shorter, not fewer. What other processes took does not count.
  return { turns, took: Math.min(performance.now() - start, user / 1000) };
}
