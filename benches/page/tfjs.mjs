// The peer TensorFlow.js: its wasm back end (SIMD), which has one thread on a page without COOP and COEP headers.

import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

import { additiveMask } from './problem.mjs';

let ready;
async function start() {
  setWasmPaths(new URL('./', import.meta.url).href);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs has no wasm back end here');
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw new Error('tfjs does not use SIMD here');
}

/** Inputs go into its memory beforehand; the scale goes onto the queries, which are fewer than the scores. */
export async function prepareTfjs(problem) {
  await (ready ??= start());
  const { heads, kvHeads, n, m, d, dv } = problem.shape;
  const mask = additiveMask(problem);
  // A group's queries are rows of one matrix, unless a mask tells them apart.
  const rows = (heads / kvHeads) * n;
  const q = tf.tensor3d(problem.q, [kvHeads, rows, d]);
  const k = tf.tensor3d(problem.k, [kvHeads, m, d]);
  const v = tf.tensor3d(problem.v, [kvHeads, m, dv]);
  const bias = mask && tf.tensor2d(mask, [n, m]);
  const scale = tf.scalar(1 / Math.sqrt(d));
  const masked = (scores) =>
    bias ? tf.reshape(tf.add(tf.reshape(scores, [heads, n, m]), bias), [kvHeads, rows, m]) : scores;
  const attend = () => tf.matMul(tf.softmax(masked(tf.matMul(tf.mul(q, scale), k, false, true))), v);
  return {
    run() {
      const output = tf.tidy(attend);
      const data = output.dataSync();
      output.dispose();
      return data;
    },
    dispose: () => [q, k, v, bias, scale].forEach((tensor) => tensor?.dispose()),
  };
}
