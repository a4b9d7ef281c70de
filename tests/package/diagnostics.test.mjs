// What is read off whole heads and layers, through the public functions.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { at, deviation, fromJson, qkscope, readBytes, refusal, tensor } from './support.mjs';
import { readFile } from 'node:fs/promises';

const { attention, attentionFlow, catalog, headImportance, openAttention, openCapture, rollout } = qkscope;
const { sinkMetric, valueNorms, valueWeightedNorms } = qkscope;
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
    if (seen.length === 2) stop.abort();
  };
  await assert.rejects(attentionFlow([layer, layer], { signal: stop.signal, onProgress }), { name: 'AbortError' });
  assert.ok(seen.length > 1 && seen.at(-1) < 1, `${seen}`);
});

/** The fractions that a call reports. */
async function progressOf(call) {
  const seen = [];
  await call((fraction) => seen.push(fraction));
  return seen;
}

test('progress is of the whole call: it rises, and is 1 at the end alone', async () => {
  const rises = (seen, least) => {
    assert.ok(seen.length >= least, `${seen}`);
    seen.forEach((fraction, at) => assert.ok(fraction > (seen[at - 1] ?? 0), `${seen}`));
    assert.equal(seen.indexOf(1), seen.length - 1, `${seen}`);
  };
  const projection = tensor([6, 2], 9);
  const value = tensor([2, 3, 4, 2], 8);
  rises(await progressOf((onProgress) => valueNorms(value, { projection, onProgress })), 6);
  rises(await progressOf((onProgress) => headImportance(value, { projection, onProgress })), 2);
  const norms = await valueNorms(value);
  const weights = tensor([2, 3, 5, 4], 7);
  rises(await progressOf((onProgress) => valueWeightedNorms(weights, norms, { onProgress })), 6);
  rises(await progressOf((onProgress) => qkscope.compareWeights(weights, weights, { onProgress })), 6);
  rises(await progressOf((onProgress) => rollout([{ data: new Float32Array(9), shape: [3, 3] }], { onProgress })), 1);
  rises(await progressOf((onProgress) => valueNorms(tensor([0, 4]), { onProgress })), 1);
});

test('long work is heard in between: no row of a flow, no head, no layer is one step', async () => {
  const n = 96;
  const layers = Array.from({ length: 6 }, (_, at) => ({
    data: tensor([n, n], at + 1).data.map(Math.abs),
    shape: [n, n],
  }));
  const first = async (call) => {
    const stop = new AbortController();
    let found;
    const onProgress = (fraction) => {
      found ??= fraction;
      stop.abort();
    };
    await assert.rejects(call({ signal: stop.signal, onProgress }), { name: 'AbortError' });
    return found;
  };
  // A row of this flow takes a tenth of a second, and a slice is a hundredth.
  assert.ok((await first((control) => attentionFlow(layers, control))) < 1 / n);
  const projection = tensor([256, 2048], 3);
  const value = { data: new Float32Array(1024 * 256).fill(1), shape: [1, 1, 1024, 256] };
  assert.ok((await first((control) => valueNorms(value, { projection, ...control }))) < 0.5);
  assert.ok((await first((control) => headImportance(value, { projection, ...control }))) < 0.5);
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
  const headless = { data: new Float32Array(0), shape: [0, 3, 3] };
  const broken = [-1, NaN, Infinity].map((bad) => ({ data: Float32Array.of(1, 0, bad, 2), shape: [2, 2] }));
  for (const follow of [rollout, attentionFlow]) {
    await assert.rejects(follow([headless]), refusal('shape', 'layers[0]', 'at least 1 head'));
    for (const layer of broken) await assert.rejects(follow([layer]), refusal('number', 'layer 0', 'at least 0'));
    for (const shape of [
      [0, 0],
      [2, 0, 0],
      [0, 0, 0],
    ]) {
      const { data, shape: found } = await follow([{ data: new Float32Array(0), shape }]);
      assert.deepEqual([data.length, ...found], [0, 0, 0]);
    }
  }
});

test('layers past a limit are refused before they are copied', async () => {
  const many = (n, count) => Array(count).fill({ data: new Float32Array(n * n), shape: [n, n] });
  // Copies of these would take 17 GB, 64 GB and 1.2 GB.
  await assert.rejects(rollout(many(2049, 1000)), refusal('limit', 2048, 2049));
  await assert.rejects(attentionFlow(many(128, 1_000_000)), refusal('limit', 768, 128_000_000));
  await assert.rejects(rollout(many(2048, 70)), refusal('limit', 'bytes', 2 ** 30));
});

test('rows of a rollout sum to what their weights sum to', async () => {
  const half = { data: new Float32Array(4).fill(0.25), shape: [2, 2] };
  const sums = async (options) => {
    const { data } = await rollout([half, half], options);
    return [data[0] + data[1], data[2] + data[3]];
  };
  assert.deepEqual(await sums({}), [1, 1]);
  assert.deepEqual(await sums({ residual: false }), [0.25, 0.25]);
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
  for (const nothing of ['', 0, false, NaN]) {
    await assert.rejects(map.headStatistics({ tokens: nothing }), refusal('parameter', 'tokens'));
    await assert.rejects(map.headStatistics({ grid: nothing }), refusal('parameter', 'grid'));
  }
  assert.deepEqual((await map.headStatistics({ tokens: undefined, grid: null })).shape, [1, 1]);
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

test('empty tensors have empty answers, and a projection is checked all the same', async () => {
  const of = (...shape) => tensor(shape);
  const cases = [
    [valueNorms, of(2, 3, 0, 4), of(12, 5), [2, 3, 0], undefined],
    [valueNorms, of(2, 0, 6, 4), of(0, 5), [2, 0, 6], undefined],
    [valueNorms, of(2, 0, 6, 4), null, [2, 0, 6], undefined],
    [valueNorms, of(0, 3, 6, 4), of(12, 5), [0, 3, 6], undefined],
    [valueNorms, of(1, 3, 6, 0), of(0, 5), [1, 3, 6], 0],
    [headImportance, of(2, 3, 0, 4), of(12, 5), [2, 3], NaN],
    [headImportance, of(2, 3, 0, 4), null, [2, 3], NaN],
    [headImportance, of(1, 3, 7, 0), of(0, 5), [1, 3], NaN],
    [headImportance, of(2, 0, 7, 4), of(0, 5), [2, 0], undefined],
  ];
  for (const [measure, given, projection, shape, each] of cases) {
    const found = await measure(given, { projection });
    assert.deepEqual(found.shape, shape);
    assert.equal(found.data.length, tensor(shape).data.length);
    assert.ok(
      found.data.every((number) => Object.is(number, each)),
      `${found.data}`,
    );
  }
  await assert.rejects(valueNorms(of(1, 3, 0, 4), { projection: of(11, 5) }), refusal('shape', 'projection', 12));
  await assert.rejects(valueNorms(of(1, 3, 2, 4), { projection: of(12, 0) }), refusal('shape', 'at least 1 number'));
  await assert.rejects(headImportance(of(3, 2, 4), { projection: of(12, 0) }), refusal('shape', 'at least 1 number'));
  await assert.rejects(valueNorms(of(1, 0, 6, 4), { heads: 2 }), refusal('parameter', 'heads'));
  await assert.rejects(valueNorms(of(1, 1, 0, 4), { heads: 2 ** 40 }), refusal('parameter', 'heads'));
});

test('weights know how long the values are that they carry', async () => {
  const [query, key, value] = [tensor([2, 4, 6, 3], 1), tensor([2, 2, 7, 3], 2), tensor([2, 2, 7, 5], 3)];
  const projection = tensor([20, 8], 4);
  const attnMask = { data: Uint8Array.from({ length: 42 }, (_, at) => Number(at % 3 > 0)), shape: [6, 7] };
  const { weights } = await attention(query, key, value, { attnMask, needWeights: true });
  const norms = await valueNorms(value, { heads: 4, projection });
  const { data, shape } = await valueWeightedNorms(weights, norms);
  assert.deepEqual(shape, [2, 4, 6, 7]);
  const added = (plane, row, key) => {
    const [item, head] = [Math.floor(plane / 4), plane % 4];
    const w = weights.data[(plane * 6 + row) * 7 + key];
    const parts = Array.from({ length: 8 }, (_, e) => {
      const from = ((item * 2 + (head >> 1)) * 7 + key) * 5;
      const terms = Array.from(
        { length: 5 },
        (_, c) => w * value.data[from + c] * projection.data[(head * 5 + c) * 8 + e],
      );
      return terms.reduce((sum, term) => sum + term, 0);
    });
    return Math.hypot(...parts);
  };
  const expected = Array.from(data, (_, at) => added(Math.floor(at / 42), Math.floor((at % 42) / 7), at % 7));
  assert.ok(deviation(data, expected) < 1e-6, `${deviation(data, expected)}`);
  assert.ok(
    data.every((length, at) => attnMask.data[at % 42] === 1 || length === 0),
    'a removed key adds nothing',
  );
  const map = await openAttention(query, key, value, { attnMask });
  const part = { batch: 1, head: 2, rows: [1, 4], keys: [2, 7] };
  const some = await valueWeightedNorms(await map.rectangle(part), norms, part);
  assert.deepEqual(some.shape, [3, 5]);
  const same = Float32Array.from({ length: 15 }, (_, at) => data[(6 * 6 + 1 + Math.floor(at / 5)) * 7 + 2 + (at % 5)]);
  assert.deepEqual(some.data, same);
  assert.deepEqual((await valueWeightedNorms(tensor([0, 7]), norms, { head: 0 })).shape, [0, 7]);
  await assert.rejects(valueWeightedNorms(weights, tensor([2, 4, 6])), refusal('shape', 'norms', 7));
  await assert.rejects(valueWeightedNorms(weights, norms, { head: 0 }), refusal('shape', 'weights', 'one head'));
  await assert.rejects(valueWeightedNorms(tensor([3, 5]), norms, { ...part, head: 4 }), refusal('parameter', 'head'));
  await assert.rejects(valueWeightedNorms(tensor([3, 5]), norms, { keys: [0, 5] }), refusal('parameter', 'head'));
  await assert.rejects(
    valueWeightedNorms(tensor([3, 5]), norms, { ...part, keys: [3, 8] }),
    refusal('parameter', 'keys'),
  );
  map.free();
});

test('the sink metric is the share of heads above a threshold', async () => {
  assert.equal(sinkMetric([0.6, 0.25, 0.31, 0]), 0.5);
  assert.equal(sinkMetric(Float32Array.of(0.6, NaN, 0.1)), 0.5);
  assert.equal(sinkMetric([0.6, 0.25, 0.31, 0], 0.1), 0.75);
  assert.ok(Number.isNaN(sinkMetric([])) && Number.isNaN(sinkMetric([NaN])));
  assert.throws(() => sinkMetric([0.5], NaN), refusal('parameter', 'eps'));
  assert.throws(() => sinkMetric('0.5'), refusal('parameter', 'masses'));
  assert.throws(() => sinkMetric([0.5, '0.5']), refusal('parameter', 'masses[1]'));
  const one = { data: new Float32Array(6), shape: [3, 2, 1] };
  const map = await openAttention(one, one, null, { causal: true });
  const { values } = await map.headStatistics();
  assert.equal(sinkMetric(values.sinkMass), 1, 'two equal keys: 1 and 1/2 on the first');
  assert.equal(sinkMetric(values.sinkMass, 0.75), 0);
  map.free();
});

test('two matrices of weights: the difference and the divergence of each row', async () => {
  const shape = [2, 3, 4];
  const rows = (seed) => Float32Array.from({ length: 24 }, (_, at) => ((at * seed) % 7) / 8);
  const [one, two] = [rows(3), rows(5)];
  const [weights, other] = [one, two].map((data) => ({ data, shape }));
  const { difference, divergence } = await qkscope.compareWeights(weights, other);
  assert.deepEqual([difference.shape, divergence.shape], [shape, [1, 2, 3]]);
  assert.deepEqual(
    [...difference.data],
    [...one].map((weight, at) => weight - two[at]),
  );
  const entropy = (row) => -row.reduce((sum, weight) => sum + (weight > 0 ? weight * Math.log2(weight) : 0), 0);
  for (let row = 0; row < 6; row += 1) {
    const [p, q] = [one, two].map((data) => {
      const own = [...data.subarray(row * 4, row * 4 + 4)];
      return own.map((weight) => weight / own.reduce((sum, each) => sum + each));
    });
    const middle = p.map((weight, at) => (weight + q[at]) / 2);
    const expected = entropy(middle) - (entropy(p) + entropy(q)) / 2;
    assert.ok(Math.abs(divergence.data[row] - expected) < 1e-7, `row ${row}: ${divergence.data[row]}, ${expected}`);
  }
  const same = await qkscope.compareWeights(weights, weights);
  assert.ok(same.difference.data.every((x) => x === 0) && same.divergence.data.every((x) => x === 0));
  assert.deepEqual((await qkscope.compareWeights(tensor([0, 3, 4]), tensor([0, 3, 4]))).divergence.shape, [1, 0, 3]);
  await assert.rejects(qkscope.compareWeights(weights, tensor([2, 4, 3])), refusal('shape', 'other', '2, 3, 4'));
  await assert.rejects(qkscope.compareWeights(weights, other, { head: 1 }), refusal('parameter', 'head'));
});

test('every measure has its name in both languages', () => {
  const named = [...catalog.measures, ...catalog.patterns];
  for (const { label, about } of named) {
    for (const text of [label, about]) assert.ok(text.en !== '' && /\p{Script=Han}/u.test(text.zh), text.en);
  }
  const functions = [
    'rollout',
    'attentionFlow',
    'valueNorms',
    'valueWeightedNorms',
    'headImportance',
    'sinkMetric',
    'compareWeights',
  ];
  for (const { id } of catalog.measures) {
    const known = ['products', 'queryNorm', 'keyNorm', 'cosine', ...functions];
    assert.ok(known.includes(id), id);
  }
  for (const id of functions) {
    assert.equal(typeof qkscope[id], 'function');
    assert.ok(
      catalog.measures.some((measure) => measure.id === id),
      id,
    );
  }
  assert.deepEqual(
    catalog.patterns.map(({ id }) => id),
    ['previousToken', 'duplicateToken', 'induction'],
  );
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

test('thousands of heads take their time, not its square', async () => {
  const value = { data: Float32Array.of(3, 4), shape: [1, 1, 1, 2] };
  const time = async (heads) => {
    const start = performance.now();
    const { data } = await valueNorms(value, { heads });
    assert.ok(data.length === heads && data.every((norm) => norm === 5));
    return performance.now() - start;
  };
  await time(1024);
  const [few, many] = [await time(1024), await time(8192)];
  assert.ok(many < 30 * few + 200, `1024 heads ${few} ms, 8192 heads ${many} ms`);
});
