// The multi-head layer through the package: torch's values, its masks turned round, and every way to be refused.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { at, deviation, fromJson, qkscope, refusal, tensor, turnsDuring } from './support.mjs';

const { attention, multiHeadAttention } = qkscope;
const goldens = JSON.parse(await readFile(at('tests/goldens/multi_head.json'), 'utf8'));

/** A layer of seeded numbers, small enough that logits stay near 1. */
function layer(embed, seed = 1) {
  const scaled = (shape, seed) => {
    const { data } = tensor(shape, seed);
    return { data: data.map((x) => x / Math.sqrt(embed)), shape };
  };
  return {
    inProjWeight: scaled([3 * embed, embed], seed),
    inProjBias: scaled([3 * embed], seed + 1),
    outProjWeight: scaled([embed, embed], seed + 2),
    outProjBias: scaled([embed], seed + 3),
  };
}

const x = tensor([2, 9, 6], 5);
const weights = layer(6);
const cross = { query: tensor([2, 3, 6], 6), key: tensor([2, 5, 6], 7), value: tensor([2, 5, 6], 8) };

// ---------------------------------------------------------------------------------------------------------- goldens

test('there are cases', () => assert.ok(goldens.length >= 30));

/** Rows, weights and options of a case, as a caller would have them. */
function questionOf({ query, key, value, weights, options }) {
  const { attnMask, attnBias, keyPaddingMask, ...plain } = options;
  if (attnMask) plain.attnMask = fromJson(attnMask, Uint8Array);
  if (attnBias) plain.attnBias = fromJson(attnBias);
  if (keyPaddingMask) plain.keyPaddingMask = fromJson(keyPaddingMask, Uint8Array);
  const rows = key ? { query: fromJson(query), key: fromJson(key), value: fromJson(value) } : fromJson(query);
  const tensors = Object.entries(weights).map(([name, tensor]) => [name, fromJson(tensor)]);
  return [rows, Object.fromEntries(tensors), plain];
}

/**
 * Single precision against double: the bounds that follow from the error model are held in `tests/kernel/multi_head.rs`. Here it is
 * enough that the package hands over the right numbers: some units in the last place of the largest.
 */
function close(name, found, expected) {
  assert.deepEqual([...found.shape], expected.shape, `${name}: shape`);
  const { data } = fromJson(expected, Float64Array);
  const largest = Math.max(1, ...data.map(Math.abs));
  assert.ok(deviation(found.data, data) <= 64 * 2 ** -24 * largest, `${name}: off by ${deviation(found.data, data)}`);
}

for (const golden of goldens) {
  test(`torch: ${golden.name}`, async () => {
    const { output, weights } = await multiHeadAttention(...questionOf(golden));
    close('output', output, golden.expected.output);
    if (golden.expected.weights) close('weights', weights, golden.expected.weights);
    else assert.equal(weights, null);
  });
}

test("torch's own masks, true = blocked, have to be turned round", async () => {
  const masked = goldens.filter(({ options }) => options.attnMask || options.keyPaddingMask);
  assert.ok(masked.length >= 8);
  for (const golden of masked) {
    const [rows, weights, { attnMask, keyPaddingMask, ...options }] = questionOf(golden);
    const blocked = (mask) => mask && { data: mask.data.map((bit) => 1 - bit), shape: mask.shape };
    const theirs = { attnMask: blocked(attnMask), keyPaddingMask: blocked(keyPaddingMask) };
    const asTheyAre = await multiHeadAttention(rows, weights, { ...options, ...theirs });
    const { data } = fromJson(golden.expected.output, Float64Array);
    assert.ok(deviation(asTheyAre.output.data, data) > 0.01, `${golden.name}: not told apart`);
    const converted = { attnMask: blocked(theirs.attnMask), keyPaddingMask: blocked(theirs.keyPaddingMask) };
    close(
      golden.name,
      (await multiHeadAttention(rows, weights, { ...options, ...converted })).output,
      golden.expected.output,
    );
  }
});

// ---------------------------------------------------------------------------------------------------------- results

test('shapes: rows of two and three axes, weights averaged, of each head, or none', async () => {
  const one = await multiHeadAttention(tensor([9, 6], 5), weights, { numHeads: 2 });
  assert.deepEqual([...one.output.shape], [1, 9, 6]);
  const average = await multiHeadAttention(x, weights, { numHeads: 3 });
  assert.deepEqual(
    [average.output.shape, average.weights.shape].map((shape) => [...shape]),
    [
      [2, 9, 6],
      [2, 9, 9],
    ],
  );
  const each = await multiHeadAttention(x, weights, { numHeads: 3, averageAttnWeights: false });
  assert.deepEqual([...each.weights.shape], [2, 3, 9, 9]);
  const mean = average.weights.data.map((_, at) => {
    const [batch, rest] = [Math.floor(at / 81), at % 81];
    return [0, 1, 2].reduce((sum, head) => sum + each.weights.data[(batch * 3 + head) * 81 + rest], 0) / 3;
  });
  assert.ok(deviation(average.weights.data, mean) < 1e-7);
  const none = await multiHeadAttention(x, weights, { numHeads: 3, needWeights: false });
  assert.deepEqual([none.weights, none.output.data], [null, each.output.data]);
});

test('self-attention is cross-attention with itself; without a value, the key is the value', async () => {
  const self = await multiHeadAttention(x, weights, { numHeads: 2 });
  assert.deepEqual(await multiHeadAttention({ query: x, key: x, value: x }, weights, { numHeads: 2 }), self);
  assert.deepEqual(await multiHeadAttention({ query: x, key: x }, weights, { numHeads: 2 }), self);
});

test('it is attention() between the projected rows', async () => {
  const eye = (size) => Float32Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
  const same = { data: eye(6), shape: [6, 6] };
  const plain = { qProjWeight: same, kProjWeight: same, vProjWeight: same, outProjWeight: same };
  const { query, key, value } = cross;
  const four = ({ data, shape: [b, n, e] }) => ({ data, shape: [b, 1, n, e] });
  for (const options of [
    { normalizer: 'sparsemax', score: 'cosine' },
    { softcap: 0.5, temperature: 0.2, scale: -1 },
    { causal: true, causalAlignment: 'lower_right', leftWindowSize: 2 },
    { keyValueSeqLengths: [3, 5], querySeqLengths: [3, 1] },
    { score: { id: 'general', w: tensor([6, 6], 3) } },
  ]) {
    const expected = await attention(four(query), four(key), four(value), { ...options, needWeights: true });
    const found = await multiHeadAttention(cross, plain, { ...options, numHeads: 1 });
    assert.deepEqual(found.output.data, expected.output.data);
    assert.deepEqual(found.weights.data, expected.weights.data);
  }
});

test('appended keys come last, and causal leaves them', async () => {
  const more = { ...weights, biasK: tensor([6], 1), biasV: { data: tensor([6], 2).data, shape: [1, 1, 6] } };
  const options = { numHeads: 2, addZeroAttn: true, causal: true, attnBias: tensor([9, 9], 4) };
  const found = await multiHeadAttention(x, more, options);
  assert.deepEqual([...found.weights.shape], [2, 9, 11]);
  found.weights.data.forEach((weight, at) => {
    const [row, key] = [Math.floor(at / 11) % 9, at % 11];
    assert.equal(weight > 0, key <= row || key >= 9, `row ${row}, key ${key}`);
  });
});

test('a row without a key gives the bias of the out-projection', async () => {
  const keyPaddingMask = { data: Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 0), shape: [2, 5] };
  const { output, weights: seen } = await multiHeadAttention(cross, weights, { numHeads: 2, keyPaddingMask });
  for (let row = 0; row < 3; row++) assert.deepEqual(output.data.slice(row * 6, row * 6 + 6), weights.outProjBias.data);
  assert.ok(seen.data.slice(0, 15).every((weight) => weight === 0));
});

test('sizes of 0 and 1', async () => {
  const empty = await multiHeadAttention(tensor([0, 3, 6]), weights, { numHeads: 2 });
  assert.deepEqual(
    [[...empty.output.shape], [...empty.weights.shape]],
    [
      [0, 3, 6],
      [0, 3, 3],
    ],
  );
  const none = await multiHeadAttention({ query: tensor([2, 6]), key: tensor([0, 6]) }, weights, { numHeads: 2 });
  assert.deepEqual([...none.output.data], [...weights.outProjBias.data, ...weights.outProjBias.data]);
  for (const numHeads of [1, 6]) {
    const one = await multiHeadAttention(tensor([1, 6]), weights, { numHeads });
    assert.deepEqual([...one.weights.data], [1]);
  }
});

test('inputs are not changed, and may be reused at once', async () => {
  const expected = await multiHeadAttention(x, weights, { numHeads: 2 });
  const reused = { data: x.data.slice(), shape: [...x.shape] };
  const more = structuredClone(weights);
  const found = multiHeadAttention(reused, more, { numHeads: 2 });
  assert.deepEqual([reused.data, more.inProjWeight.data], [x.data, weights.inProjWeight.data]);
  reused.data.fill(NaN);
  for (const { data, shape } of Object.values(more)) {
    data.fill(NaN);
    shape[0] = 77;
  }
  assert.deepEqual(await found, expected);
});

// ------------------------------------------------------------------------------------------------- stop and watch

/** More than 100 ms of a fast core: several slices, whichever a test stops it in. */
const long = tensor([1, 3072, 64], 3);
const deep = layer(64);

test('progress never falls and ends at 1', async () => {
  const seen = [];
  await multiHeadAttention(long, deep, { numHeads: 8, onProgress: (fraction) => seen.push(fraction) });
  assert.ok(seen.length > 5, `${seen.length} reports`);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.ok(seen[0] > 0 && seen.at(-1) === 1);
});

test('abort: before, and during either half; the next call is correct', async () => {
  const expected = await multiHeadAttention(x, weights, { numHeads: 2 });
  const stopped = multiHeadAttention(x, weights, { numHeads: 2, signal: AbortSignal.abort() });
  await assert.rejects(stopped, { name: 'AbortError' });
  for (const when of [0.001, 0.2, 0.7]) {
    const controller = new AbortController();
    let late = 0;
    const onProgress = (fraction) => {
      late += Number(controller.signal.aborted);
      if (fraction >= when) controller.abort();
    };
    const running = multiHeadAttention(long, deep, { numHeads: 8, signal: controller.signal, onProgress });
    await assert.rejects(running, { name: 'AbortError' });
    await sleep(5);
    assert.equal(late, 0);
  }
  assert.deepEqual(await multiHeadAttention(x, weights, { numHeads: 2 }), expected);
});

test('the thread does other things about every 10 ms', async () => {
  const { turns, took } = await turnsDuring(() => multiHeadAttention(long, deep, { numHeads: 8 }));
  assert.ok(turns >= took / 40, `${turns} turns in ${took} ms`);
});

// ----------------------------------------------------------------------------------------------------------- errors

test('options, weights and rows that do not fit: both sides are named', async () => {
  const without = (name) => ({ ...weights, [name]: undefined });
  /** @param {number[]} shape @param {any} Type */
  const mask = (shape, Type = Uint8Array) => ({ data: new Type(shape.reduce((a, b) => a * b)), shape });
  const cases = [
    [{ numHead: 2 }, weights, 'parameter', 'numHead', 'numHeads'],
    [{}, weights, 'parameter', 'numHeads', 'undefined'],
    [{ numHeads: 0 }, weights, 'parameter', 'numHeads', 0],
    [{ numHeads: 4 }, weights, 'parameter', 'numHeads', 6, 4],
    [{ numHeads: '2' }, weights, 'parameter', 'numHeads'],
    [{ numHeads: 2, addZeroAttn: 1 }, weights, 'parameter', 'addZeroAttn', 'true or false'],
    [{ numHeads: 2, needWeights: 'no' }, weights, 'parameter', 'needWeights'],
    [{ numHeads: 2, averageAttnWeights: 0 }, weights, 'parameter', 'averageAttnWeights'],
    [{ numHeads: 2, stages: ['raw'] }, weights, 'parameter', 'stages'],
    [{ numHeads: 2, causal: true }, weights, 'parameter', 'causalAlignment', 3, 5],
    [{ numHeads: 2, attnMask: mask([3, 4]) }, weights, 'shape', 'attnMask', '(3, 5)', '(4, 3, 5)', '3, 4'],
    [{ numHeads: 2, attnMask: mask([3, 5], Float32Array) }, weights, 'tensor', 'attnMask', 'Uint8Array'],
    [{ numHeads: 2, attnBias: mask([3, 3, 5], Float32Array) }, weights, 'shape', 'attnBias', '(4, 3, 5)'],
    [{ numHeads: 2, keyPaddingMask: mask([5, 2]) }, weights, 'shape', 'keyPaddingMask', '(2, 5)', '(5, 2)'],
    [{ numHeads: 2, keyPaddingMask: mask([2, 1, 5]) }, weights, 'shape', 'keyPaddingMask', '[B, S]'],
    [{ numHeads: 2 }, { ...weights, inProjWeights: x }, 'parameter', 'inProjWeights', 'inProjWeight'],
    [{ numHeads: 2 }, without('inProjWeight'), 'parameter', 'inProjWeight', 'qProjWeight', 'missing'],
    [{ numHeads: 2 }, without('outProjWeight'), 'parameter', 'outProjWeight', 'missing'],
    [{ numHeads: 2 }, { ...weights, kProjWeight: tensor([6, 6]) }, 'parameter', 'kProjWeight', 'inProjWeight'],
    [{ numHeads: 2 }, { ...weights, inProjWeight: tensor([6, 18]) }, 'shape', 'inProjWeight', '(18, 6)', '(6, 18)'],
    [{ numHeads: 2 }, { ...weights, inProjBias: tensor([6]) }, 'shape', 'inProjBias', 18, 6],
    [{ numHeads: 2 }, { ...weights, biasK: tensor([6]) }, 'parameter', 'biasV', 'missing'],
    [{ numHeads: 2 }, { ...weights, outProjBias: { data: [1], shape: [1] } }, 'tensor', 'outProjBias', 'Float32Array'],
    [{ numHeads: 2 }, { ...weights, outProjBias: 7 }, 'tensor', 'outProjBias'],
    [{ numHeads: 2 }, null, 'parameter', 'weights', 'null'],
    [{ numHeads: 2, score: 'dott' }, weights, 'unknown', 'dott'],
    [{ numHeads: 2, normalizer: { id: 'softmax_sink', sinks: tensor([3]) } }, weights, 'shape', 'sinks'],
    [null, weights, 'parameter', 'options', 'null'],
  ];
  for (const [options, tensors, ...expected] of cases) {
    await assert.rejects(multiHeadAttention(cross, tensors, options), refusal(...expected), JSON.stringify(expected));
  }
  const options = { numHeads: 2 };
  const rows = [
    [null, 'tensor', 'x'],
    [tensor([2, 1, 9, 6]), 'shape', 'x', '[B, N, E]'],
    [{ ...cross, values: x }, 'parameter', 'values', 'value'],
    [{ query: x }, 'tensor', 'key'],
    [{ ...cross, key: tensor([1, 5, 6]) }, 'shape', 'key', 'B = 2', '(1, 5, 6)'],
    [{ ...cross, value: tensor([2, 4, 6]) }, 'shape', 'value', 'S = 5', '(2, 4, 6)'],
    [{ ...cross, key: tensor([2, 5, 4]) }, 'shape', 'key', 'E = 6', 'inProjWeight', 4],
    [tensor([2, 9, 0]), 'shape', 'query'],
  ];
  for (const [x, ...expected] of rows) {
    await assert.rejects(multiHeadAttention(x, weights, options), refusal(...expected), JSON.stringify(expected));
  }
});

test('results too large are refused with their bytes, before anything is allocated', async () => {
  const tall = tensor([32768, 2]);
  const call = multiHeadAttention(tall, layer(2), { numHeads: 1 });
  await assert.rejects(call, refusal('limit', 'weights', 32768 ** 2 * 4));
});
