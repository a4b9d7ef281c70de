// What one would write by hand: a loop in JavaScript, and for decoding one in wasm that computes along d.

import { seen } from './problem.mjs';

/** A query at a time: logits, softmax, weighted sum of values. */
export function preparePlain(problem) {
  const { q, k, v } = problem;
  const { heads, kvHeads, n, m, d, dv } = problem.shape;
  const scale = 1 / Math.sqrt(d);
  const weights = new Float64Array(m);
  function attend(output, row, first, [from, to]) {
    let max = -Infinity;
    for (let j = from; j < to; j++) {
      let sum = 0;
      for (let c = 0, at = row * d, key = (first + j) * d; c < d; c++) sum += q[at + c] * k[key + c];
      weights[j] = sum * scale;
      if (weights[j] > max) max = weights[j];
    }
    let total = 0;
    for (let j = from; j < to; j++) total += weights[j] = Math.exp(weights[j] - max);
    const sums = new Float64Array(dv);
    for (let j = from; j < to; j++) {
      const weight = weights[j];
      for (let c = 0, at = (first + j) * dv; c < dv; c++) sums[c] += weight * v[at + c];
    }
    for (let c = 0; c < dv; c++) output[row * dv + c] = sums[c] / total;
  }
  return {
    run() {
      const output = new Float32Array(heads * n * dv);
      for (let row = 0; row < heads * n; row++) {
        attend(output, row, Math.floor(row / n / (heads / kvHeads)) * m, seen(problem, row % n));
      }
      return output;
    },
  };
}

/**
 * One query over many keys by the hand-written module `loop`: q·k four numbers at a time along d, w·v alike; exp in
 * JavaScript between the two. Inputs are in its memory beforehand.
 */
export async function prepareLoop(bytes, { shape: { m, d, dv }, q, k, v }) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, scores, sums } = /** @type {any} */ (instance.exports);
  const [toKeys, toValues, toWeights] = [d, d + m * d, d + m * (d + dv)].map((at) => at * 4);
  const toOutput = toWeights + m * 4;
  memory.grow(Math.ceil((toOutput + dv * 4) / 65536));
  const view = (at, length) => new Float32Array(memory.buffer, at, length);
  view(0, d).set(q);
  view(toKeys, m * d).set(k);
  view(toValues, m * dv).set(v);
  const weights = view(toWeights, m);
  return {
    run() {
      const max = scores(0, toKeys, toWeights, m, d, 1 / Math.sqrt(d));
      let total = 0;
      for (let j = 0; j < m; j++) total += weights[j] = Math.exp(weights[j] - max);
      sums(toWeights, toValues, toOutput, m, dv, 1 / total);
      return view(toOutput, dv).slice();
    },
  };
}
