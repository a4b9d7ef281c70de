// What is read off whole heads and layers, through the public functions.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { at, deviation, fromJson, qkscope, readBytes, refusal, tensor } from './support.mjs';
import { readFile } from 'node:fs/promises';

const { attention, attentionFlow, catalog, headImportance, openAttention, openCapture, rollout, valueNorms } = qkscope;
const goldens = JSON.parse(await readFile(at('tests/goldens/diagnostics.json'), 'utf8'));

/** The layers of a golden case: `[H, N, N]` each, first layer first. */
function layersOf({ weights }) {
  const { data, shape } = fromJson(weights);
  const [layers, ...each] = shape;
  const size = data.length / layers;
  return Array.from({ length: layers }, (_, layer) => ({
    data: data.slice(layer * size, (layer + 1) * size),
    shape: each,
  }));
}

test('rollout and flow: every outside golden', async () => {
  const ways = [
    ['rollout', ({ rollout, last }) => last ?? rollout, rollout, {}],
    ['flow', ({ flow }) => flow, attentionFlow, {}],
    ['flow', ({ normalised }) => normalised, attentionFlow, { normalize: true }],
  ];
  for (const [kind, expectedOf, follow, more] of ways) {
    const cases = goldens.filter((one) => one.kind === kind);
    assert.ok(cases.length >= 4, `${cases.length} cases`);
    for (const one of cases) {
      const { data, shape } = await follow(layersOf(one), { residual: one.residual, ...more });
      const expected = fromJson(expectedOf(one.expected), Float64Array);
      assert.deepEqual(shape, expected.shape.slice(-2), one.name);
      const off = deviation(data, expected.data.slice(-data.length));
      assert.ok(off < 1e-6, `${one.name}: ${off}`);
    }
  }
});

test('a flow can be stopped, and says how far it is', async () => {
  const n = 100;
  const layer = { data: new Float32Array(n * n).fill(1 / n), shape: [n, n] };
  const stop = new AbortController();
  const seen = [];
  const onProgress = (fraction) => {
    seen.push(fraction);
    if (fraction > 0.02) stop.abort();
  };
  await assert.rejects(attentionFlow([layer, layer], { signal: stop.signal, onProgress }), { name: 'AbortError' });
  assert.ok(seen.length > 1 && seen.at(-1) < 1, `${seen}`);
});

test('layers that do not fit each other are refused by name', async () => {
  const square = { data: new Float32Array(9).fill(1 / 3), shape: [3, 3] };
  const wide = { data: new Float32Array(6).fill(1 / 3), shape: [2, 3] };
  await assert.rejects(rollout([]), refusal('parameter', 'layers'));
  await assert.rejects(rollout([square, wide]), refusal('shape', 'layers[1]'));
  await assert.rejects(rollout([square], { residual: 'yes' }), refusal('parameter', 'residual'));
  await assert.rejects(rollout([square], { residuals: true }), refusal('parameter', 'residuals'));
  const long = { data: new Float32Array(200 * 200), shape: [200, 200] };
  await assert.rejects(attentionFlow([long]), refusal('limit', '128'));
  const negative = { data: Float32Array.of(1, 0, -1, 2), shape: [2, 2] };
  await assert.rejects(attentionFlow([negative]), refusal('number'));
});

test('the numbers of a head come from its rows', async () => {
  const [query, key] = [tensor([2, 3, 11, 4], 1), tensor([2, 3, 11, 4], 2)];
  const map = await openAttention(query, key, null, { causal: true });
  const tokens = ['a', 'b', 'c', 'd', 'e', 'a', 'b', 'c', 'd', 'e', 'a'];
  const { shape, values } = await map.headStatistics({ tokens });
  assert.deepEqual(shape, [2, 3]);
  assert.deepEqual(
    Object.keys(values),
    catalog.headStatistics.map(({ id }) => id),
  );
  const rows = await map.rowStatistics();
  const { weights } = await attention(query, key, null, { causal: true, needWeights: true });
  for (let plane = 0; plane < 6; plane++) {
    const mean = (numbers) => {
      const own = [...numbers.slice(plane * 11, plane * 11 + 11)].filter((number) => !Number.isNaN(number));
      return own.reduce((sum, number) => sum + number, 0) / own.length;
    };
    assert.ok(Math.abs(values.meanEntropy[plane] - mean(rows.entropy)) < 1e-6);
    assert.ok(Math.abs(values.meanNormalizedEntropy[plane] - mean(rows.normalizedEntropy)) < 1e-6);
    assert.ok(Math.abs(values.confidence[plane] - mean(rows.maxWeight)) < 1e-6);
    const previous = Array.from({ length: 10 }, (_, i) => weights.data[plane * 121 + (i + 1) * 11 + i]);
    const score = previous.reduce((sum, w) => sum + w, 0) / 10;
    assert.ok(Math.abs(values.previousTokenScore[plane] - score) < 1e-6);
    assert.ok(values.duplicateTokenShare[plane] > 0);
  }
  const one = await map.headStatistics({ batch: 1, head: 2, tokens });
  assert.deepEqual(one.shape, [1, 1]);
  for (const [id, numbers] of Object.entries(one.values)) assert.ok(Object.is(numbers[0], values[id][5]), id);
  const without = await map.headStatistics();
  assert.ok(Number.isNaN(without.values.inductionScore[0]), 'induction needs tokens');
  map.free();
  await assert.rejects(map.headStatistics(), refusal('freed'));
});

test('a sequence given twice has an induction score', async () => {
  // Each key is the one-hot of the token before it, each query of its own token: a perfect induction head.
  const n = 6;
  const hot = (token) => Array.from({ length: n }, (_, c) => (c === token ? 60 : 0));
  const tokens = Array.from({ length: 2 * n }, (_, i) => i % n);
  const query = { data: Float32Array.from(tokens.flatMap(hot)), shape: [2 * n, n] };
  const before = tokens.map((_, i) => (i === 0 ? -1 : tokens[i - 1]));
  const key = { data: Float32Array.from(before.flatMap(hot)), shape: [2 * n, n] };
  const map = await openAttention(query, key, null, { causal: true });
  const { values } = await map.headStatistics({ tokens });
  assert.ok(values.inductionScore[0] > 0.999, `${values.inductionScore[0]}`);
  assert.ok(values.previousTokenScore[0] < 0.5);
  map.free();
});

test('options of heads are refused by name', async () => {
  const [query, key] = [tensor([5, 4], 1), tensor([7, 4], 2)];
  const map = await openAttention(query, key, null);
  await assert.rejects(map.headStatistics({ tokens: ['a'] }), refusal('shape', 'as many queries as keys'));
  await assert.rejects(map.headStatistics({ tokens: 'abc' }), refusal('parameter', 'tokens'));
  await assert.rejects(map.headStatistics({ excludeBos: 1 }), refusal('parameter', 'excludeBos'));
  await assert.rejects(map.headStatistics({ grid: { height: 2 } }), refusal('parameter', 'grid.width'));
  await assert.rejects(
    map.headStatistics({ grid: { height: 2, width: 2, patchSize: 0 } }),
    refusal('parameter', 'patchSize'),
  );
  await assert.rejects(map.headStatistics({ words: [] }), refusal('parameter', 'words'));
  map.free();
});

test('values are as long as they are, and as their projection makes them', async () => {
  const value = tensor([2, 2, 5, 3], 3);
  const { data, shape } = await valueNorms(value, { heads: 4 });
  assert.deepEqual(shape, [2, 4, 5]);
  const length = (plane, key) => Math.hypot(...value.data.slice((plane * 5 + key) * 3, (plane * 5 + key) * 3 + 3));
  const expected = Array.from({ length: 40 }, (_, at) => {
    const [item, head, key] = [Math.floor(at / 20), Math.floor((at % 20) / 5), at % 5];
    return length(item * 2 + (head >> 1), key);
  });
  assert.ok(deviation(data, expected) < 1e-6);
  const identity = Float32Array.from({ length: 144 }, (_, at) => (Math.floor(at / 12) === at % 12 ? 2 : 0));
  const doubled = await valueNorms(value, { heads: 4, projection: { data: identity, shape: [12, 12] } });
  assert.ok(
    deviation(
      doubled.data,
      expected.map((norm) => 2 * norm),
    ) < 1e-6,
  );
  const wrong = { data: new Float32Array(12), shape: [4, 3] };
  await assert.rejects(valueNorms(value, { projection: wrong }), refusal('shape', 'projection'));
  await assert.rejects(valueNorms(value, { heads: 3 }), refusal('parameter', 'heads'));
});

test('a head is as important as what the output loses without it', async () => {
  const output = { data: Float32Array.of(3, 0, 0, 4, 0, 0), shape: [3, 1, 2] };
  assert.ok(deviation((await headImportance(output)).data, [0.6, 0.8, 0]) < 1e-7);
  const nothing = await headImportance({ data: new Float32Array(6), shape: [3, 1, 2] });
  assert.ok(nothing.data.every(Number.isNaN));
});

test('all heads of a real model: some look at the token before, some at the first', async () => {
  const capture = await openCapture(await readBytes('www/sentence.safetensors'));
  const previous = [];
  for (const index of capture.layers.keys()) {
    const { query, key, options } = await capture.layer(index);
    const map = await openAttention(query, key, null, options);
    const { values } = await map.headStatistics({ tokens: capture.queryTokens });
    for (const numbers of Object.values(values)) assert.equal(numbers.length, 12);
    assert.ok(values.meanMass.every((mass) => Math.abs(mass - 1) < 1e-5));
    previous.push(...values.previousTokenScore);
    map.free();
  }
  assert.equal(previous.length, 72);
  assert.ok(Math.max(...previous) > 3 * (previous.reduce((sum, score) => sum + score, 0) / 72));
});
