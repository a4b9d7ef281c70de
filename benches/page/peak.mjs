// The most that one thread of this browser can do: multiplications and additions in registers, and nothing else.

/** A run of about 5 ms. */
const TURNS = 2 ** 18;
const RUNS = 25;

/**
 * The fastest of some modules, ready to run.
 *
 * @param {{ accumulators: number, flops: number, bytes: Uint8Array }[]} modules
 */
export async function findPeak(modules) {
  const lanes = await Promise.all(modules.map(open));
  for (let run = 0; run < RUNS; run++) lanes.forEach((lane) => lane.measure());
  const { accumulators, best, run, flops } = lanes.reduce((a, b) => (a.best > b.best ? a : b));
  return { accumulators, gflops: best, run, flops };
}

async function open({ accumulators, flops, bytes }) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { run } = /** @type {any} */ (instance.exports);
  const lane = {
    accumulators,
    best: 0,
    flops: flops * TURNS,
    run: () => run(TURNS, 0.5, 1),
    measure() {
      const start = performance.now();
      lane.run();
      lane.best = Math.max(lane.best, lane.flops / (performance.now() - start) / 1e6);
    },
  };
  return lane;
}
