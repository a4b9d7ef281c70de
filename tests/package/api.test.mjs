// The public functions in plain Node: shapes, options, inputs left alone, and every way to be refused.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { at, deviation, qkscope, refusal, tensor } from './support.mjs';

const { attention, openAttention, configure, init, paint } = qkscope;
const [query, key, value] = [tensor([2, 3, 13, 6], 1), tensor([2, 3, 9, 6], 2), tensor([2, 3, 9, 5], 3)];

test('2-D to 4-D: missing leading axes are 1', async () => {
  for (const lead of [[], [1], [1, 1]]) {
    const shaped = (rows, columns, seed) => tensor([...lead, rows, columns], seed);
    const { output, weights, statistics } = await attention(shaped(5, 4, 1), shaped(7, 4, 2), shaped(7, 3, 3), {
      needWeights: true,
      needStatistics: true,
    });
    assert.deepEqual([...output.shape], [1, 1, 5, 3]);
    assert.deepEqual([...weights.shape], [1, 1, 5, 7]);
    assert.deepEqual([...statistics.shape], [1, 1, 5]);
  }
});

test('what is asked for, and nothing else, comes back', async () => {
  const plain = await attention(query, key, value);
  assert.deepEqual(Object.keys(plain).sort(), ['output', 'status']);
  assert.deepEqual(plain.status, new Uint8Array(2 * 3 * 13));
  const { statistics, output } = await attention(query, key, value, { needStatistics: true });
  assert.deepEqual(output, plain.output);
  assert.equal((await attention(query, key, null)).output, null);
  const { stages } = await attention(query, key, null, { stages: ['masked', 'raw'] });
  assert.deepEqual(Object.keys(stages), ['raw', 'masked']);
  for (const values of Object.values(statistics).slice(1)) assert.equal(values.length, 2 * 3 * 13);
});

test('inputs are not changed, and may be reused at once', async () => {
  const reused = { data: query.data.slice(), shape: [...query.shape] };
  const before = reused.data.slice();
  const expected = await attention(query, key, value, { needStatistics: true });
  const found = attention(reused, key, value);
  assert.deepEqual(reused.data, before);
  reused.data.fill(NaN);
  reused.shape[0] = 77;
  assert.deepEqual((await found).output.data, expected.output.data);

  const opened = { data: query.data.slice(), shape: query.shape };
  const opening = openAttention(opened, key, null);
  opened.data.fill(NaN);
  const map = await opening;
  assert.deepEqual((await map.rowStatistics()).mass, expected.statistics.mass);
  map.free();
});

test('results are memory of their own', async () => {
  const first = await attention(query, key, value);
  const kept = first.output.data.slice();
  for (let round = 0; round < 5; round++) await attention(value, value, value);
  assert.deepEqual(first.output.data, kept);
});

test('overview, rectangle, row, cell and the whole agree bit for bit', async () => {
  const options = { causal: true, causalAlignment: 'lower_right', normalizer: 'softmax1', softcap: 2 };
  const stages = qkscope.catalog.stages.map(({ id }) => id);
  const whole = await attention(query, key, value, { ...options, stages, needWeights: true, needStatistics: true });
  const map = await openAttention(query, key, value, options);
  const plane = 1 * 3 + 2;
  const at = (row, column) => (plane * 13 + row) * 9 + column;

  for (const stage of ['scaled', 'masked', 'weights']) {
    const { data, shape } = await map.rectangle({ batch: 1, head: 2, rows: [3, 12], keys: [1, 8], stage });
    assert.deepEqual([...shape], [9, 7]);
    data.forEach((number, index) => {
      assert.equal(number, whole.stages[stage].data[at(3 + Math.floor(index / 7), 1 + (index % 7))], stage);
    });
  }
  const marked = await map.rectangle({ batch: 1, head: 2, rows: [7, 8], keys: [0, 9], removed: NaN });
  assert.ok(marked.data.some(Number.isNaN) && !Number.isNaN(marked.data[0]), 'removed keys show as asked');
  const row = await map.row({ batch: 1, head: 2, row: 7 });
  for (const stage of stages) assert.deepEqual(row.stages[stage], whole.stages[stage].data.slice(at(7, 0), at(8, 0)));
  assert.equal(row.statistics.mass, whole.statistics.mass[plane * 13 + 7]);
  assert.equal(row.statistics.status, 'ok');
  const cell = await map.cell({ batch: 1, head: 2, row: 7, key: 2 });
  assert.equal(cell.weight, row.stages.weights[2]);
  assert.equal(cell.raw, row.stages.raw[2]);
  assert.equal(cell.products.length, 6);
  const overview = await map.overview({ batch: 1, head: 2 });
  assert.deepEqual(overview.values, whole.weights.data.slice(at(0, 0), at(13, 0)));
  assert.deepEqual([overview.rows, overview.columns], [13, 9]);
  assert.deepEqual((await map.output()).data, whole.output.data);
  assert.deepEqual((await map.rowStatistics()).entropy, whole.statistics.entropy);
  map.free();
});

test('statistics of one head are its part of all', async () => {
  const map = await openAttention(query, key, null, { causal: true, causalAlignment: 'upper_left' });
  const all = await map.rowStatistics();
  for (const [batch, head] of [
    [0, 0],
    [0, 2],
    [1, 1],
  ]) {
    const { shape, ...columns } = await map.rowStatistics({ batch, head });
    assert.deepEqual([...shape], [1, 1, 13]);
    const start = (batch * 3 + head) * 13;
    for (const [name, values] of Object.entries(columns))
      assert.deepEqual(values, all[name].slice(start, start + 13), name);
  }
  assert.deepEqual((await map.rowStatistics({ head: 2 })).entropy, all.entropy.slice(26, 39));
  map.free();
});

test('an open map reports its opening, and has no results to ask for', async () => {
  const seen = [];
  (await openAttention(query, key, null, { onProgress: (fraction) => seen.push(fraction) })).free();
  assert.deepEqual(seen, [1]);
  for (const options of [{ needWeights: true }, { stages: ['raw'] }]) {
    const [name] = Object.keys(options);
    await assert.rejects(openAttention(query, key, null, options), refusal('parameter', name, 'causal'));
  }
});

test('a pooled overview keeps the maxima', async () => {
  const map = await openAttention(query, key, null);
  const whole = await map.overview({ head: 0 });
  const { values, rows, columns, high } = await map.overview({ head: 0, maxSize: 4 });
  assert.deepEqual([rows, columns], [4, 4]);
  for (let cell = 0; cell < 16; cell++) {
    const [y, x] = [Math.floor(cell / 4), cell % 4];
    const inside = [];
    for (let i = Math.floor((y * 13) / 4); i < Math.floor(((y + 1) * 13) / 4); i++)
      for (let j = Math.floor((x * 9) / 4); j < Math.floor(((x + 1) * 9) / 4); j++)
        inside.push(whole.values[i * 9 + j]);
    assert.equal(values[cell], Math.max(...inside));
  }
  assert.equal(high, whole.high);
  const mean = await map.overview({ head: 0, maxSize: 1, pool: 'mean' });
  assert.ok(deviation(mean.values, [1 / 9]) < 1e-6);
  map.free();
});

test('masks and biases of every broadcast, and their effect', async () => {
  const attnMask = { data: Uint8Array.from({ length: 13 * 9 }, (_, index) => index % 2), shape: [13, 9] };
  const { weights, statistics } = await attention(query, key, null, {
    attnMask,
    needWeights: true,
    needStatistics: true,
  });
  weights.data.forEach((weight, index) => assert.equal(weight > 0, (index % 117) % 2 === 1));
  assert.ok(
    deviation(
      statistics.mass,
      statistics.mass.map(() => 1),
    ) < 1e-6,
  );
  const attnBias = { data: Float32Array.of(0, -Infinity, 0, 0, 0, 0, 0, 0, 0), shape: [1, 9] };
  const biased = await attention(query, key, null, { attnBias, needWeights: true });
  biased.weights.data.forEach((weight, index) => assert.equal(weight === 0, index % 9 === 1));
});

test('a row with no key is 0 and flagged', async () => {
  const options = { keyValueSeqLengths: [9, 0], needStatistics: true };
  const { output, status, statistics } = await attention(query, key, value, options);
  assert.deepEqual(status, statistics.status);
  const names = Array.from(status, (index) => qkscope.statusNames[index]);
  assert.deepEqual(names, [...Array(39).fill('ok'), ...Array(39).fill('empty')]);
  assert.ok(output.data.subarray(39 * 5).every((number) => number === 0));
  assert.equal(statistics.argmax[39], -1);
});

test('a NaN in one query stays in its row', async () => {
  const spoiled = { data: query.data.slice(), shape: query.shape };
  spoiled.data[6 * 20 + 1] = NaN;
  const [clean, found] = [await attention(query, key, value), await attention(spoiled, key, value)];
  found.output.data.forEach((number, index) => {
    if (Math.floor(index / 5) === 20) assert.ok(Number.isNaN(number));
    else assert.equal(number, clean.output.data[index]);
  });
  assert.equal(qkscope.statusNames[found.status[20]], 'nan');
});

test('sizes of 0: an empty result or a typed error', async () => {
  assert.deepEqual([...(await attention(tensor([0, 4]), tensor([3, 4]), tensor([3, 2]))).output.shape], [1, 1, 0, 2]);
  const none = await attention(tensor([3, 4]), tensor([0, 4]), tensor([0, 2]));
  assert.deepEqual([...none.output.data], [0, 0, 0, 0, 0, 0]);
  await assert.rejects(attention(tensor([3, 0]), tensor([3, 0]), null), refusal('shape', 'head size'));
});

test('tensors that are none', async () => {
  const detached = tensor([13, 6]);
  structuredClone(detached.data.buffer, { transfer: [detached.data.buffer] });
  const data = new Float32Array(4);
  const shapes = [
    [2 ** 32 + 1, 1],
    [NaN, 1],
    [-1, 4],
    [0.5, 8],
    ['2', 2],
    [4],
    [1, 1, 1, 2, 2],
    '2x2',
    null,
    [Infinity, 1],
  ];
  const cases = [
    ['tensor', null],
    ['tensor', undefined],
    ['tensor', [1, 2]],
    ['tensor', { data: [1, 2, 3, 4], shape: [2, 2] }],
    ['tensor', { data: new Float64Array(4), shape: [2, 2] }],
    ['tensor', { data: new Uint8Array(4), shape: [2, 2] }],
    ['tensor', { data: new ArrayBuffer(16), shape: [2, 2] }],
    ['tensor', { data: new Float32Array(new SharedArrayBuffer(16)), shape: [2, 2] }],
    ['shape', { data, shape: [2, 3] }],
    ['shape', { data, shape: [2 ** 30, 2 ** 30] }],
    ['shape', detached],
    ...shapes.map((shape) => ['shape', { data, shape }]),
  ];
  for (const [code, broken] of cases) {
    await assert.rejects(attention(broken, key, value), refusal(code, 'query'));
    await assert.rejects(openAttention(query, broken, value), refusal(code, 'key'));
    if (broken !== null && broken !== undefined)
      await assert.rejects(attention(query, key, broken), refusal(code, 'value'));
  }
  await assert.rejects(attention(detached, key, null), refusal('shape', 'transferred', 78));
  await assert.rejects(attention(query, key, null, null), refusal('parameter', 'options', 'null'));
});

test('tensors that do not fit each other: both sides are named', async () => {
  await assert.rejects(attention(tensor([5, 4]), tensor([5, 3]), null), refusal('shape', 'key', 'query', 4, 3));
  await assert.rejects(attention(tensor([5, 4]), tensor([6, 4]), tensor([7, 2])), refusal('shape', 'value', 6, 7));
  await assert.rejects(attention(tensor([3, 5, 4]), tensor([2, 5, 4]), null), refusal('shape', 'key', 3, 2));
  await assert.rejects(attention(tensor([2, 1, 5, 4]), tensor([3, 1, 5, 4]), null), refusal('shape', 'key'));
});

test('options that break their rule', async () => {
  /** @param {number[]} shape @param {any} Type */
  const mask = (shape, Type = Uint8Array) => ({ data: new Type(shape.reduce((a, b) => a * b)), shape });
  const cases = [
    [{ temprature: 1 }, 'parameter', 'temprature', 'temperature'],
    [{ scale: NaN }, 'parameter', 'scale', 'finite'],
    [{ scale: '1' }, 'parameter', 'scale'],
    [{ temperature: 0 }, 'parameter', 'temperature', 'above 0'],
    [{ temperature: -1 }, 'parameter', 'temperature'],
    [{ softcap: Infinity }, 'parameter', 'softcap'],
    [{ causal: 1 }, 'parameter', 'causal', 'true or false'],
    [{ causal: true }, 'parameter', 'causalAlignment'],
    [{ causalAlignment: 'middle' }, 'parameter', 'causalAlignment', 'upper_left'],
    [{ causalOffset: 2 ** 32 + 1 }, 'parameter', 'causalOffset'],
    [{ leftWindowSize: -2 }, 'parameter', 'leftWindowSize', -2],
    [{ rightWindowSize: 1.5 }, 'parameter', 'rightWindowSize'],
    [{ leftWindowSize: 2 ** 53 }, 'parameter', 'leftWindowSize'],
    [{ keyValueSeqLengths: [1] }, 'parameter', 'keyValueSeqLengths', 2],
    [{ keyValueSeqLengths: [1, 10] }, 'parameter', 'keyValueSeqLengths[1]', 9, 10],
    [{ score: 'dott' }, 'unknown', 'dott', 'scaled_dot'],
    [{ score: { id: 'cosine', epsilon: 1 } }, 'parameter', 'epsilon', 'eps'],
    [{ score: { id: 'cosine', eps: -1 } }, 'parameter', 'eps'],
    [{ normalizer: 'soft' }, 'unknown', 'soft', 'softmax1'],
    [{ normalizer: 7 }, 'unknown', '7'],
    [{ stages: ['raw', 'cooked'] }, 'unknown', 'cooked', 'scaled'],
    [{ stages: 'raw' }, 'parameter', 'stages'],
    [{ signal: {} }, 'parameter', 'signal'],
    [{ onProgress: 1 }, 'parameter', 'onProgress'],
    [{ attnMask: mask([13, 8]) }, 'shape', 'attnMask', '[2, 3, 13, 9]'],
    [{ attnMask: mask([13, 9], Float32Array) }, 'tensor', 'attnMask', 'Uint8Array'],
    [{ attnBias: mask([13, 9]) }, 'tensor', 'attnBias', 'Float32Array'],
    [{ attnBias: mask([3, 1, 13, 9], Float32Array) }, 'shape', 'attnBias'],
  ];
  for (const [options, ...expected] of cases) {
    await assert.rejects(attention(query, key, value, options), refusal(...expected), JSON.stringify(options));
  }
});

test('questions outside the matrix', async () => {
  const map = await openAttention(query, key, null);
  const rows = [0, 1];
  const cases = [
    [map.cell({ head: 3, row: 0, key: 0 }), 'parameter', 'head', 3],
    [map.cell({ batch: 2, head: 0, row: 0, key: 0 }), 'parameter', 'batch'],
    [map.cell({ head: 0, row: 13, key: 0 }), 'parameter', 'row', 12],
    [map.cell({ head: 0, row: 0, key: 2 ** 32 }), 'parameter', 'key'],
    [map.row({ head: 0, row: NaN }), 'parameter', 'row', NaN],
    [map.row({ row: 0 }), 'parameter', 'head', undefined],
    [map.rectangle({ head: 0, rows, keys: [5, 5] }), 'parameter', 'keys'],
    [map.rectangle({ head: 0, rows: [0, 14], keys: rows }), 'parameter', 'rows', 13],
    [map.rectangle({ head: 0, rows, keys: rows, stage: 'x' }), 'unknown', 'stage'],
    [map.rectangle({ head: 0, rows, keys: rows, stag: 'raw' }), 'parameter', 'stag'],
    [map.rowStatistics({ head: 3 }), 'parameter', 'head', 3],
    [map.rowStatistics({ batch: 1 }), 'parameter', 'head', undefined],
    [map.overview({ head: 0, maxSize: 0 }), 'parameter', 'maxSize'],
    [map.overview({ head: 0, pool: 'min' }), 'unknown', 'pool', 'mean'],
    [map.output(), 'unknown', 'value'],
  ];
  for (const [question, ...expected] of cases) await assert.rejects(question, refusal(...expected));
  map.free();
});

test('results too large are refused with their bytes, before anything is allocated', async () => {
  const long = tensor([32768, 1]);
  await assert.rejects(attention(long, long, null, { needWeights: true }), refusal('limit', 32768 ** 2 * 4));
  const map = await openAttention(long, long, null);
  const rows = [0, 32768];
  await assert.rejects(map.rectangle({ head: 0, rows, keys: rows }), refusal('limit', 32768 ** 2 * 4));
  assert.equal((await map.rectangle({ head: 0, rows: [32767, 32768], keys: rows })).data.length, 32768);
  map.free();
});

test('painting needs a browser, and says so; its options are checked all the same', async () => {
  const options = { rows: 1, columns: 2, width: 2, height: 1, low: 0, high: 1 };
  const values = Float32Array.of(0, 1);
  await assert.rejects(paint(values, options), refusal('unsupported', 'ImageData'));
  await assert.rejects(paint(values, { ...options, rows: 2 }), refusal('shape', 'values', 4, 2));
  await assert.rejects(paint(values, { ...options, width: 16385, height: 1024 }), refusal('limit', 16385 * 1024));
  await assert.rejects(paint(values, { ...options, colormap: 'jet' }), refusal('unknown', 'jet', 'viridis'));
  await assert.rejects(paint(values, { ...options, low: NaN }), refusal('parameter', 'low'));
  await assert.rejects(paint(values, { ...options, removed: [0, 0, 256] }), refusal('parameter', 'removed', 256));
});

test('configure refuses nonsense', () => {
  for (const workers of [-1, 1.5, NaN, '2', 65])
    assert.throws(() => configure({ workers }), refusal('parameter', 'workers'));
  assert.throws(() => configure({ worker: 1 }), refusal('parameter', 'worker', 'workers'));
  assert.throws(() => configure({ module: 7 }), refusal('parameter', 'module'));
  // One module does everything here.
  for (const module of ['layersModule', 'filesModule'])
    assert.throws(() => configure({ [module]: new Uint8Array(8) }), refusal('parameter', module, 'workers, module'));
});

test('init sets what it is given, and rejects where the kernel is not to be had', async () => {
  const bytes = await readFile(at('pkg/dist/qkscope_whole_bg.wasm'));
  await assert.rejects(init({ workers: -1 }), refusal('parameter', 'workers'));
  await assert.rejects(init({ module: bytes.subarray(0, 100) }), refusal('wasm', 'module'));
  const kernel = await readFile(at('pkg/dist/qkscope_bg.wasm'));
  await assert.rejects(init({ module: kernel }), refusal('wasm', 'module', 'diagnose'));
  await init({ module: bytes });
  await init();
  const one = tensor([1, 1]);
  assert.equal((await attention(one, one, null)).status[0], 0);
});

test('the manifest offers what is there, and Node gets the copy inside', async () => {
  const manifest = JSON.parse(await readFile(at('pkg/package.json'), 'utf8'));
  const files = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  );
  for (const file of files) await readFile(at(`pkg/${file}`));
  assert.equal(manifest.exports['.'].node, './dist/inline.js');
  const browser = await readFile(at('pkg/dist/index.js'), 'utf8');
  const variants = ['qkscope_bg', 'qkscope_relaxed_bg', 'qkscope_layers_bg', 'qkscope_layers_relaxed_bg'];
  for (const file of [...variants, 'qkscope_files_bg']) {
    assert.ok(manifest.exports[`./${file}.wasm`].types, file);
    assert.match(browser, new RegExp(`new URL\\(["']\\./${file}\\.wasm["'], import\\.meta\\.url\\)`));
  }
  assert.doesNotMatch(await readFile(at('pkg/dist/inline.js'), 'utf8'), /import\.meta|from ["']node:/);
});

test('importing does nothing, and nothing keeps a process alive', async () => {
  const file = pathToFileURL(new URL('../../pkg/dist/inline.js', import.meta.url).pathname).href;
  const script = `
    const { attention, openAttention } = await import('${file}');
    const one = { data: Float32Array.of(1), shape: [1, 1] };
    await openAttention(one, one, one);
    console.log((await attention(one, one, one)).output.data[0]);`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.deepEqual([stdout, stderr, status], ['1\n', '', 0]);
});
