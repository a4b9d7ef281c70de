// The shipped module against the values of implementations outside this project (tests/goldens/README.md).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { at, fromJson, qkscope } from './support.mjs';

const EPS = 2 ** -24;
const goldens = JSON.parse(await readFile(at('tests/goldens/goldens.json'), 'utf8'));

test('there are cases', () => assert.ok(goldens.length > 200));

for (const golden of goldens) {
  test(golden.name, async () => {
    const { stages = {}, statistics = {} } = golden.expected;
    const [query, key] = [fromJson(golden.query), fromJson(golden.key)];
    const value = golden.value && fromJson(golden.value);
    const options = { ...optionsOf(golden), needWeights: true, needStatistics: true, stages: Object.keys(stages) };
    const found = await qkscope.attention(query, key, value, options);

    const bounds = boundsOf(golden, found);
    for (const [stage, expected] of Object.entries(stages)) {
      compare(stage, found.stages[stage], fromJson(expected), (at) => bounds.logit[at]);
    }
    const { weights, output } = golden.expected;
    if (weights) compare('weights', found.weights, fromJson(weights), (at) => bounds.weight[Math.floor(at / bounds.m)]);
    if (output) compare('output', found.output, fromJson(output), (at) => bounds.output[Math.floor(at / bounds.dv)]);
    for (const [name, expected] of Object.entries(statistics)) {
      const numbers = { shape: found.statistics.shape, data: Float64Array.from(found.statistics[name]) };
      const allowed = (row) => bounds.weight[row] * bounds.m * 8 + 1e-5 * Math.abs(numbers.data[row]);
      compare(name, numbers, fromJson(expected, Float64Array), allowed);
    }
    const status = golden.expected.status ?? Array.from(found.status, () => 'ok');
    assert.deepEqual(
      Array.from(found.status, (index) => qkscope.statusNames[index]),
      Array.isArray(status) ? status.flat(Infinity) : status.data,
    );
  });
}

/** Options as the package takes them: typed arrays wherever JSON has `{ shape, data }`. */
function optionsOf({ options }) {
  const typed = (value, name) => {
    if (value?.data) return fromJson(value, name === 'attnMask' ? Uint8Array : Float32Array);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, typed(each, key)]));
  };
  return typed(options);
}

/** The largest magnitude that stands anywhere in some options, numbers and tensors alike. */
function largestIn(options) {
  const largest = (value) => {
    if (value?.data) return largest(Array.from(fromJson(value).data));
    if (Array.isArray(value)) return value.reduce((most, each) => Math.max(most, largest(each)), 0);
    if (typeof value === 'object' && value !== null) return largest(Object.values(value));
    return Number.isFinite(value) ? Math.abs(value) : 0;
  };
  return largest(options);
}

/**
 * What single precision may cost. The kernel's own tests hold it to the error model of its specification; here it is enough that
 * the shipped module is the same kernel: for a logit, eps for each step of the sum over the dimensions, times the lengths of
 * the rows and the largest parameter; for a weight twice the worst logit of its row; for an output the same times the values.
 * Rows of a table that prints few digits have their own `tolerance`.
 */
function boundsOf({ query, key, value, options, tolerance = 0 }, { weights }) {
  const [q, k] = [fromJson(query), fromJson(key)];
  const v = value && fromJson(value);
  const [batch, heads, n, d] = q.shape;
  const [, kvHeads, m, dk] = k.shape;
  const dv = v?.shape[3] ?? 1;
  const { score, position, attnBias, scale = 1, temperature = 1, causalOffset = 0 } = options;
  // The sharpness of swin_v2_cosine is the exponential of its parameter, at most 100; an automatic scale is at most 16.
  const parameter = Math.max(1, largestIn(score)) * (score?.id === 'swin_v2_cosine' ? 100 : 16) * Math.abs(scale);
  const bias = largestIn(attnBias) + (position ? largestIn(position) + n + m + Math.abs(causalOffset) : 0);
  const norm = (data, at, size) => Math.hypot(...data.subarray(at * size, (at + 1) * size));

  const logit = new Float64Array(batch * heads * n * m);
  const weight = new Float64Array(batch * heads * n);
  const output = new Float64Array(batch * heads * n);
  for (let row = 0; row < weight.length; row++) {
    const plane = Math.floor(row / n);
    const keys = Math.floor(plane / heads) * kvHeads + Math.floor((plane % heads) / (heads / kvHeads));
    const length = 1 + norm(q.data, row, d);
    let worst = 0;
    for (let j = 0; j < m; j++) {
      const size = (length * (1 + norm(k.data, keys * m + j, dk)) * parameter) / temperature;
      const bound = (d + dk + 8) * EPS * size + 4 * EPS * bias;
      logit[row * m + j] = bound + tolerance;
      if (Number.isFinite(bound)) worst = Math.max(worst, bound);
    }
    weight[row] = 2 * worst + 16 * EPS + tolerance;
    const largest = v ? Math.max(0, ...v.data.filter(Number.isFinite).map(Math.abs)) : 0;
    const mass = weights.data.subarray(row * m, (row + 1) * m).reduce((sum, each) => sum + Math.abs(each), 0);
    output[row] = (weight[row] * Math.max(1, mass || 0) * m + m * EPS) * largest + tolerance;
  }
  return { logit, weight, output, m, dv };
}

function compare(name, found, expected, allowed) {
  assert.deepEqual(Array.from(found.shape), Array.from(expected.shape), `${name}: shape`);
  for (let index = 0; index < expected.data.length; index++) {
    const [a, b] = [found.data[index], expected.data[index]];
    if (Object.is(a, b) || a === b) continue;
    const close = Math.abs(a - b) <= allowed(index);
    assert.ok(close, `${name}[${index}]: ${a}, expected ${b} within ${allowed(index)}`);
  }
}
