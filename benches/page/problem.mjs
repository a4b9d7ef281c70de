// The numbers of a case, the same on every run and in every browser.

/**
 * @param {import('../cases.mjs').Case} entry
 * @returns {{ shape: any, options: any, q: Float32Array, k: Float32Array, v: Float32Array }}
 */
export function makeProblem({ shape, options, data }) {
  const { heads, kvHeads, n, m, d, dv } = shape;
  const next = normal(uniform(1));
  const draw = (length, factor = 1) => Float32Array.from({ length }, () => factor * next());
  // Flat: all logits of a row lie so close together that every key is within reach of any threshold.
  const q = draw(heads * n * d, data === 'flat' ? 1e-3 : 1);
  return { shape, options, q, k: draw(kvHeads * m * d), v: draw(kvHeads * m * dv) };
}

/** Numbers in (0, 1): a 32-bit counter, its bits well mixed. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 + 2 ** -33;
  };
}

/** Standard normal numbers, by Box and Muller. */
function normal(next) {
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/**
 * The keys `[from, to)` that query `i` may see, for the masks that cases use.
 *
 * @returns {[number, number]}
 */
export function seen({ shape: { m }, options: { causal = false, leftWindowSize = -1 } }, i) {
  const to = causal ? Math.min(m, i + 1) : m;
  return [leftWindowSize < 0 ? 0 : Math.min(to, Math.max(0, i - leftWindowSize)), to];
}

/** How many pairs of a query and a key one head has to look at. */
export function pairs(entry) {
  const counts = Array.from({ length: entry.shape.n }, (_, i) => seen(entry, i));
  return counts.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** Floating-point operations: a product and a sum for each number of q·k and of w·v. */
export const flops = (entry) => 2 * entry.shape.heads * pairs(entry) * (entry.shape.d + entry.shape.dv);

/** The mask as peers want it: 0 where a query sees a key, so low elsewhere that exp gives 0. None: every key is seen. */
export function additiveMask(problem) {
  const { n, m } = problem.shape;
  if (pairs(problem) === n * m) return undefined;
  const mask = new Float32Array(n * m).fill(-1e9);
  for (let i = 0; i < n; i++) {
    const [from, to] = seen(problem, i);
    mask.fill(0, i * m + from, i * m + to);
  }
  return mask;
}
