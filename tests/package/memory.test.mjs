// Whose memory is whose: what a caller gives stays the caller's and nobody else's, and so does what it gets.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { qkscope, tensor } from './support.mjs';

const { attention, configure, openAttention } = qkscope;
after(() => configure({ workers: 0 }));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Until the collector has been round, which gives buffers back a little later. */
async function collected() {
  for (let round = 0; round < 4; round++) {
    await sleep(20);
    collect();
  }
}

/** As {@link tensor}, in the middle of a larger buffer: what lies around it is the caller's too. */
function inside(shape, seed) {
  const { data } = tensor(shape, seed);
  const all = new Float32Array(data.length + 8).fill(seed);
  all.set(data, 4);
  return { data: all.subarray(4, 4 + data.length), shape: Object.freeze([...shape]) };
}

/** Every array in a result. */
function arraysOf(value, found = []) {
  if (ArrayBuffer.isView(value)) found.push(value);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) arraysOf(part, found);
  return found;
}

const square = { heads: [2, 24, 8], weights: [2, 24, 24] };
const all = { needWeights: true, needStatistics: true, stages: ['raw', 'masked'] };

/** Every function that takes tensors: its tensors by shape, and the call. */
const CALLS = {
  attention: [[square.heads, square.heads, square.heads], (q, k, v) => attention(q, k, v, all)],
  'attention, one tensor thrice': [[square.heads], (x) => attention(x, x, x, all)],
  'attention with a bias and a parameter': [
    [square.heads, square.heads, square.weights, [8, 8]],
    (q, k, attnBias, w) => attention(q, k, null, { ...all, attnBias, score: { id: 'general', w } }),
  ],
  'an open map': [
    [square.heads, square.heads, square.heads],
    async (q, k, v) => {
      const map = await openAttention(q, k, v);
      const part = { head: 1, rows: [0, 24], keys: [0, 24] };
      const found = [await map.output(), await map.rectangle(part), await map.overview({ head: 0 })];
      map.free();
      return found;
    },
  ],
  multiHeadAttention: [
    [
      [2, 5, 8],
      [24, 8],
      [8, 8],
    ],
    (x, inProjWeight, outProjWeight) =>
      qkscope.multiHeadAttention(x, { inProjWeight, outProjWeight }, { numHeads: 2, averageAttnWeights: false }),
  ],
  rollout: [[square.weights, square.weights], (a, b) => qkscope.rollout([a, b].map(positive))],
  attentionFlow: [[[1, 6, 6]], (a) => qkscope.attentionFlow([positive(a)])],
  compareWeights: [[square.weights, square.weights], qkscope.compareWeights],
  valueNorms: [[square.heads], qkscope.valueNorms],
  valueWeightedNorms: [[square.weights, [1, 2, 24]], qkscope.valueWeightedNorms],
  headImportance: [[square.heads], qkscope.headImportance],
};

/** Layers of weights are not negative. */
function positive({ data, shape }) {
  data.forEach((number, at) => (data[at] = Math.abs(number)));
  return { data, shape };
}

for (const workers of [0, 2]) {
  for (const [name, [shapes, call]] of Object.entries(CALLS)) {
    test(`${name}, ${workers} workers: inputs are as before, and results are nobody else's`, async () => {
      configure({ workers });
      const inputs = shapes.map((shape, at) => inside(shape, at + 1));
      const calling = call(...inputs);
      const before = inputs.map(({ data }) => new Float32Array(data.buffer.slice(0)));
      const first = arraysOf(await calling);
      const second = arraysOf(await call(...inputs));
      inputs.forEach(({ data }, at) => {
        assert.equal(data.buffer.byteLength, before[at].byteLength, 'not detached');
        assert.deepEqual(new Float32Array(data.buffer), before[at]);
      });
      assert.ok(first.length > 0);
      assert.deepEqual(second, first);
      const theirs = new Set([...inputs.map(({ data }) => data.buffer), ...second.map(({ buffer }) => buffer)]);
      for (const { buffer } of first) assert.ok(!theirs.has(buffer), 'memory of its own');
      // Not a view of more than it is: a caller may transfer it.
      for (const array of first) assert.equal(array.byteLength, array.buffer.byteLength);
      const kept = first.map((array) => array.slice());
      second.forEach((array) => array.fill(7));
      inputs.forEach(({ data }) => data.fill(7));
      await call(...shapes.map((shape, at) => inside(shape, at + 11)));
      assert.deepEqual(first, kept);
    });
  }

  test(`calls at once over one buffer that changes, ${workers} workers: each sees what it was called with`, async () => {
    configure({ workers });
    const shared = tensor([2, 40, 8]);
    const fill = (seed) => shared.data.set(tensor([2, 40, 8], seed).data);
    const expected = [];
    for (let seed = 1; seed <= 12; seed++) {
      const own = tensor([2, 40, 8], seed);
      expected.push((await attention(own, own, own, { needStatistics: true })).statistics);
    }
    const calls = expected.map((_, at) => {
      fill(at + 1);
      return attention(shared, shared, shared, { needStatistics: true });
    });
    fill(99);
    const found = await Promise.all(calls);
    found.forEach(({ statistics }, at) => assert.deepEqual(statistics, expected[at]));
  });

  test(`what an aborted, refused or freed call had is not used twice, ${workers} workers`, async () => {
    configure({ workers });
    const [one, two] = [tensor([2, 512, 32], 1), tensor([2, 512, 32], 2)];
    const expected = (await attention(two, two, two)).output.data;
    for (let round = 0; round < 4; round++) {
      const controller = new AbortController();
      const map = await openAttention(two, two, two);
      const aborted = attention(one, one, one, { signal: controller.signal });
      const late = map.output();
      controller.abort();
      await assert.rejects(aborted, { name: 'AbortError' });
      await assert.rejects(attention(one, one, one, { softcap: NaN }));
      const again = attention(two, two, two);
      attention(one, one, one).catch(() => undefined);
      assert.deepEqual((await late).data, expected);
      map.free();
      assert.deepEqual((await again).output.data, expected);
    }
  });
}

test('nothing keeps what a caller gave, during an open map or after it', async () => {
  configure({ workers: 0 });
  const { map, given } = await opened();
  await collected();
  assert.deepEqual(
    given.map((reference) => reference.deref() === undefined),
    [true, true, true],
  );
  assert.equal((await map.output()).data.length, 24 * 8);
  map.free();
});

/** A map whose inputs nobody else holds any more. */
async function opened() {
  const inputs = [1, 2, 3].map((seed) => tensor([24, 8], seed));
  const map = await openAttention(...inputs);
  return { map, given: inputs.map(({ data }) => new WeakRef(data.buffer)) };
}

test('of large inputs no copy stays behind', async () => {
  configure({ workers: 0 });
  const large = tensor([2 ** 20, 4]);
  const few = tensor([1, 4]);
  await attention(few, few, few);
  await collected();
  const before = process.memoryUsage().arrayBuffers;
  // 16 MB each; the copies together are past what is kept for the next call.
  await attention(few, large, large);
  await collected();
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 22, 'the copies are gone');
});
