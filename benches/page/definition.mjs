// Attention by its definition, in double precision and nothing else in mind: what every contestant is checked against.
// Parameters of members are at their defaults, which leaves out those that only tables turn on (learned, t5).

import { seen } from './problem.mjs';

/** A loop: of all this, it alone takes time. */
function dot(x, y) {
  let sum = 0;
  for (let c = 0; c < x.length; c++) sum += x[c] * y[c];
  return sum;
}
const norm = (x) => Math.sqrt(dot(x, x));
const over = (x, divisor) => x.map((value) => value / divisor);
const unit = (eps) => (x) => over(x, Math.max(norm(x), eps));
const same = (x) => x;
const mean = (x) => x.reduce((sum, value) => sum + value, 0) / x.length;

const rms = (x) => over(x, Math.sqrt(dot(x, x) / x.length + 1e-6));
const layerNorm = (x) => {
  const centre = mean(x);
  return rms(x.map((value) => value - centre));
};
const distance = (x, y) => -x.reduce((sum, value, c) => sum + (value - y[c]) ** 2, 0);
const tanhs = (x, y) => x.reduce((sum, value, c) => sum + Math.tanh(value + y[c]), 0);
const root = ({ d }) => 1 / Math.sqrt(d);
const plain = () => 1;

/** How rows are prepared, how two are compared, and the factor on that. */
const SCORES = {
  dot: [same, dot, plain],
  scaled_dot: [same, dot, root],
  cosine: [unit(1e-8), dot, plain],
  general: [same, dot, plain],
  additive: [same, tanhs, plain],
  concat: [same, tanhs, plain],
  neg_l2: [same, distance, root],
  rbf: [same, distance, (shape) => root(shape) / 2],
  qk_norm_l2: [unit(1e-12), dot, ({ m }) => Math.log2(m * m - m)],
  qk_norm_rms: [rms, dot, root],
  qk_norm_ln: [layerNorm, dot, root],
  swin_v2_cosine: [unit(1e-12), dot, () => 10],
  elu1: [(x) => x.map((value) => (value > 0 ? value + 1 : Math.exp(value))), dot, plain],
};

/** exp(l - max) over its sum, the largest of which may be a sink. */
function softmax(logits, sink = -Infinity) {
  const max = logits.reduce((most, l) => Math.max(most, l), sink);
  const terms = logits.map((l) => Math.exp(l - max));
  const sum = terms.reduce((total, term) => total + term, Math.exp(sink - max));
  return terms.map((term) => term / sum);
}

const descending = (numbers) => Float64Array.from(numbers).sort().reverse();
const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, value), -Infinity);

function sparsemax(logits) {
  let [sum, tau] = [0, 0];
  descending(logits).forEach((z, index) => {
    sum += z;
    if (1 + (index + 1) * z > sum) tau = (sum - 1) / (index + 1);
  });
  return logits.map((l) => Math.max(l - tau, 0));
}

function entmax15(logits) {
  const max = largest(logits);
  const halves = logits.map((l) => (l - max) / 2);
  let [sum, square, tau] = [0, 0, -1];
  descending(halves).forEach((z, index) => {
    [sum, square] = [sum + z, square + z * z];
    const [count, centre] = [index + 1, sum / (index + 1)];
    const candidate = centre - Math.sqrt(Math.max(0, (1 - Math.max(0, square - count * centre ** 2)) / count));
    if (candidate <= z) tau = candidate;
  });
  return halves.map((z) => Math.max(z - tau, 0) ** 2);
}

/** A row of logits to its weights; `m` counts all keys, masked ones too. */
const NORMALIZERS = {
  softmax: (logits) => softmax(logits),
  sigmoid: (logits, m) => logits.map((l) => 1 / (1 + m * Math.exp(-l))),
  softmax1: (logits) => softmax(logits, 0),
  softmax_sink: (logits) => softmax(logits, 0),
  sparsemax,
  entmax15,
  relu_n: (logits, m) => logits.map((l) => Math.max(l, 0) / m),
  topk: (logits) => {
    const bound = descending(logits)[Math.min(8, logits.length) - 1];
    return softmax(logits.map((l) => (l >= bound ? l : -Infinity)));
  },
  soft_threshold: (logits) => softmax(logits).map((w) => Math.max(w - 0.5 / logits.length, 0)),
  linear_elu1: (logits) => {
    const sum = logits.reduce((total, l) => total + l, 1e-6);
    return logits.map((l) => l / sum);
  },
};

const wave = (x, p, c) => p / 10000 ** ((2 * Math.floor(c / 2)) / x.length);

function rotate(x, p) {
  const half = x.length / 2;
  return x.map((value, c) => {
    const angle = p / 10000 ** ((2 * (c % half)) / x.length);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return c < half ? value * cos - x[c + half] * sin : value * cos + x[c - half] * sin;
  });
}

/** The slopes of ALiBi for a number of heads that is a power of two. */
const slope = (head, heads) => 2 ** ((-8 * (head + 1)) / heads);

/** What a position does to a row before the score's own preparation, after it, and to the logits. */
const POSITIONS = {
  none: {},
  learned: {},
  t5: {},
  sinusoidal: { embed: (x, p) => x.map((value, c) => value + Math[c % 2 ? 'cos' : 'sin'](wave(x, p, c))) },
  rope: { turn: rotate },
  alibi: { bias: (i, j, head, heads) => -slope(head, heads) * (i - j) },
};

const KNOWN = ['score', 'normalizer', 'position', 'causal', 'leftWindowSize', 'needStatistics'];

function member(list, id, what) {
  if (list[id] === undefined) throw new Error(`the definition has no ${what} ${id}: write it`);
  return list[id];
}

/** The parts of the definition that the options name; whatever is not known here cannot be checked. */
function parts(options) {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new Error(`the definition does not know the option ${unknown}: write it`);
  const { normalizer = 'softmax', position = 'none' } = options;
  const score = normalizer === 'linear_elu1' ? 'elu1' : (options.score ?? 'scaled_dot');
  const [normalize, compare, factor] = member(SCORES, score, 'score');
  const { embed = same, turn = same, bias = () => 0 } = member(POSITIONS, position, 'position');
  const prepare = (x, p) => turn(normalize(embed(x, p)), p);
  return { prepare, compare, factor, bias, weigh: member(NORMALIZERS, normalizer, 'normalizer') };
}

const rowOf = (data, row, size) => Float64Array.from(data.subarray(row * size, (row + 1) * size));

/**
 * The output of some rows.
 *
 * @param {{ shape: any, options: any, q: Float32Array, k: Float32Array, v: Float32Array }} problem
 * @param {number[]} rows counted through all heads, `head * n + query`.
 * @returns {Float64Array} `[rows, dv]`
 */
export function define(problem, rows) {
  const { shape, options, q, k, v } = problem;
  const { heads, kvHeads, n, m, d, dv } = shape;
  const { prepare, compare, factor, bias, weigh } = parts(options);
  const keys = Array.from({ length: kvHeads * m }, (_, at) => prepare(rowOf(k, at, d), at % m));
  const output = new Float64Array(rows.length * dv);
  rows.forEach((row, at) => {
    const [head, i] = [Math.floor(row / n), row % n];
    const first = Math.floor(head / (heads / kvHeads)) * m;
    const query = prepare(rowOf(q, row, d), i);
    const [from, to] = seen(problem, i);
    const logit = (_, at) => {
      const j = from + at;
      return compare(query, keys[first + j]) * factor(shape) + bias(i, j, head, heads);
    };
    const weights = weigh(Float64Array.from({ length: to - from }, logit), m);
    weights.forEach((weight, j) => {
      for (let c = 0; c < dv; c++) output[at * dv + c] += weight * v[(first + from + j) * dv + c];
    });
  });
  return output;
}

/** Multiply-adds that a check may take. */
const BUDGET = 2 ** 26;

/** The rows to check: all, or where that takes too long as many as there is time for, spread from the first to the last. */
export function rowsToCheck({ heads, n, m, d, dv }) {
  const all = heads * n;
  const count = Math.max(2, Math.min(all, Math.floor(BUDGET / (m * (d + dv)))));
  if (count >= all) return Array.from({ length: all }, (_, row) => row);
  return Array.from({ length: count }, (_, index) => Math.round((index * (all - 1)) / (count - 1)));
}

/** The largest error of an output, relative to the largest number of what it should be; NaN where one is NaN. */
export function errorOf(output, rows, expected, dv) {
  const [largestOf, worst] = rows.reduce(
    ([most, off], row, at) => {
      for (let c = 0; c < dv; c++) {
        const truth = expected[at * dv + c];
        most = Math.max(most, Math.abs(truth));
        off = Math.max(off, Math.abs(output[row * dv + c] - truth));
      }
      return [most, off];
    },
    [0, 0],
  );
  return worst / largestOf;
}
