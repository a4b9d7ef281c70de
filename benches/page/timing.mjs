// The clock: contestants take turns, so that whatever else the machine does disturbs all alike.

/** The shortest sample, in milliseconds: the clock of a page ticks every 0.1 ms, or 1 ms. */
const SAMPLE = 15;
/** Milliseconds of warm-up, two calls at least: compilers of browsers take a while to see that code is hot. */
const WARM = 250;

/** @typedef {{ median: number, p10: number, p90: number, samples: number }} Spread */

/** @returns {Spread} */
export function spread(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return { median: at(0.5), p10: at(0.1), p90: at(0.9), samples: sorted.length };
}

/**
 * Calls until the code is warm. Returns how many calls make a sample long enough.
 *
 * @param {{ run: () => unknown, calls?: number }} entry
 * @param {number} ms
 */
async function warm({ run, calls }, ms) {
  const start = performance.now();
  let done = 0;
  for (; done < 2 || performance.now() - start < ms; done++) await run();
  return calls ?? Math.ceil((SAMPLE * done) / (performance.now() - start));
}

/**
 * Times each entry in turn, round after round. One that has used up its time sits out once it has three samples.
 *
 * @template {{ run: () => unknown, calls?: number }} Entry
 * @param {Entry[]} entries
 * @param {{ rounds: number, budget: number, warmUp?: number }} settings `budget` and `warmUp` in milliseconds, of each entry.
 * @returns {Promise<Map<Entry, Spread>>} milliseconds of one call.
 */
export async function race(entries, { rounds, budget, warmUp = WARM }) {
  const lanes = [];
  for (const entry of entries) lanes.push({ entry, calls: await warm(entry, warmUp), spent: 0, samples: [] });
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) {
      if (lane.spent >= budget && lane.samples.length >= 3) continue;
      const start = performance.now();
      for (let call = 0; call < lane.calls; call++) await lane.entry.run();
      const took = performance.now() - start;
      lane.spent += took;
      lane.samples.push(took / lane.calls);
    }
  }
  return new Map(lanes.map(({ entry, samples }) => [entry, spread(samples)]));
}
