// What follows from the times: speeds and ratios. Every ratio is between medians of contestants that took turns.

/** @typedef {import('./page/bench.mjs').Result} Result */

/** Those that ours are compared with, and how the table calls them. */
export const PEERS = { 'onnxruntime-web': 'ort', tfjs: 'tfjs', 'plain JS': 'js', 'plain wasm': 'loop' };

/**
 * @typedef {Result & { entry: import('./cases.mjs').Case, gflops?: number, ofPeak?: number, ratio?: number,
 *   faster: Record<string, number | undefined> }} Figure `ratio` is of times: to the base; `faster` is a peer's time over
 *   this one.
 */

/**
 * @param {import('./cases.mjs').Case[]} cases of one group
 * @param {Result[]} results of the same group
 * @returns {Figure[]}
 */
export function figures(cases, results) {
  const median = (name, who) => results.find((result) => result.case === name && result.who === who)?.ms?.median;
  return results.map((result) => {
    const entry = cases.find(({ name }) => name === result.case);
    const own = result.ms?.median;
    const gflops = own && result.flops / own / 1e6;
    const base = entry.against ? median(entry.name, entry.against) : entry.base && median(entry.base, result.who);
    const faster = Object.keys(PEERS).map((peer) => [
      peer,
      peer === result.who ? undefined : over(median(entry.name, peer), own),
    ]);
    return {
      ...result,
      entry,
      gflops,
      ofPeak: over(gflops, result.peak),
      ratio: over(own, base),
      faster: Object.fromEntries(faster),
    };
  });
}

const over = (a, b) => (a === undefined || b === undefined ? undefined : a / b);
