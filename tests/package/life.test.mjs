// Long calls, aborts, freeing, and what a thousand problems leave behind.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { qkscope, refusal, tensor, turnsDuring } from './support.mjs';

const { attention, openAttention } = qkscope;
/** About 100 ms of a fast core: several slices, whichever a test stops it in. */
const long = tensor([8, 2048, 32]);
const short = tensor([8, 4]);
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);

test('progress never falls and ends at 1', async () => {
  const seen = [];
  await attention(long, long, long, { onProgress: (fraction) => seen.push(fraction) });
  assert.ok(seen.length > 3, `${seen.length} reports`);
  assert.deepEqual(seen, sorted(seen));
  assert.ok(seen[0] > 0 && seen.at(-1) === 1);
});

test('abort before: nothing starts', async () => {
  await assert.rejects(attention(short, short, null, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const map = await openAttention(short, short, null);
  await assert.rejects(map.cell({ head: 0, row: 0, key: 0, signal: AbortSignal.abort() }), { name: 'AbortError' });
  map.free();
});

test('abort during: one AbortError, soon, and the next call is correct', async () => {
  const expected = await attention(short, short, short);
  for (const when of [0, 0.01, 0.4, 0.8]) {
    const controller = new AbortController();
    const { signal } = controller;
    let settled = 0;
    let late = 0;
    const onProgress = (fraction) => {
      late += Number(signal.aborted);
      if (fraction >= when) controller.abort();
    };
    const running = attention(long, long, long, { signal, onProgress }).finally(() => settled++);
    if (when === 0) controller.abort();
    await assert.rejects(running, { name: 'AbortError' });
    await sleep(5);
    assert.deepEqual([settled, late], [1, 0]);
  }
  assert.deepEqual((await attention(short, short, short)).output.data, expected.output.data);
});

test('what onProgress throws rejects its call, once, and the next call is correct', async () => {
  const expected = await attention(short, short, short);
  const fault = new Error('the page is gone');
  let called = 0;
  const onProgress = () => {
    called++;
    throw fault;
  };
  await assert.rejects(attention(long, long, long, { onProgress }), (error) => error === fault);
  await assert.rejects(attention(short, short, short, { onProgress }), (error) => error === fault);
  await assert.rejects(openAttention(short, short, short, { onProgress }), (error) => error === fault);
  await sleep(5);
  assert.equal(called, 3);
  assert.deepEqual((await attention(short, short, short)).output.data, expected.output.data);
});

test('abort after: nothing happens', async () => {
  const controller = new AbortController();
  const { output } = await attention(short, short, short, { signal: controller.signal });
  controller.abort();
  await sleep(5);
  assert.equal(output.data.length, 32);
});

test("an abort's own reason is the rejection", async () => {
  const reason = new Error('the visitor left');
  await assert.rejects(attention(long, long, long, { signal: AbortSignal.abort(reason) }), reason);
});

test('the thread does other things about every 10 ms', async () => {
  const { turns, took } = await turnsDuring(() => attention(long, long, long));
  assert.ok(turns >= took / 40, `${turns} turns in ${took} ms`);
});

/** A call, and when some of it is done: however fast the machine is, it is under way then. */
function underWay(call) {
  let running;
  const begun = new Promise((resolve) => (running = call(resolve)));
  return { running, begun };
}

test('a short question overtakes a long call', async () => {
  const map = await openAttention(long, long, long);
  const order = [];
  const { running, begun } = underWay((onProgress) => map.rowStatistics({ onProgress }));
  const statistics = running.then(() => order.push('statistics'));
  await begun;
  await Promise.all([statistics, map.cell({ head: 0, row: 5, key: 5 }).then(() => order.push('cell'))]);
  assert.deepEqual(order, ['cell', 'statistics']);
  map.free();
});

test('free twice is harmless; use after free is refused', async () => {
  const map = await openAttention(short, short, short);
  map.free();
  map.free();
  for (const question of [
    () => map.cell({ head: 0, row: 0, key: 0 }),
    () => map.row({ head: 0, row: 0 }),
    () => map.overview({ head: 0 }),
    () => map.rowStatistics(),
    () => map.output(),
  ]) {
    await assert.rejects(question(), refusal('freed', 'freed'));
  }
});

test('free during a call rejects it', async () => {
  const map = await openAttention(long, long, long);
  const { running, begun } = underWay((onProgress) => map.rowStatistics({ onProgress }));
  begun.then(() => map.free());
  await assert.rejects(running, refusal('freed'));
});

test('the language disposes of a map where it can', async () => {
  const map = await openAttention(short, short, null);
  assert.equal(typeof Symbol.dispose, 'symbol');
  map[Symbol.dispose]();
  await assert.rejects(map.rowStatistics(), refusal('freed'));
});

test('a thousand problems leave nothing behind', async () => {
  const input = tensor([64, 64]);
  const cycle = async () => {
    const map = await openAttention(input, input, input);
    await map.rowStatistics();
    map.free();
  };
  for (let round = 0; round < 100; round++) await cycle();
  const before = await memory();
  for (let round = 0; round < 1000; round++) await cycle();
  const grown = (await memory()) - before;
  // The inputs of the thousand are 49 MB.
  assert.ok(grown < 8e6, `${grown} bytes more`);
});

/** Array buffers and wasm memory together, when the collector, which gives buffers back a little later, has been round. */
async function memory() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let round = 0; round < 3; round++) {
    collect();
    await sleep(20);
  }
  return process.memoryUsage().arrayBuffers + process.memoryUsage().external;
}

test('problems of one size take turns in the same memory, and never see each other', async () => {
  const shape = [1, 2, 24, 8];
  const inputs = [1, 2, 3].map((seed) => [tensor(shape, seed), tensor(shape, seed + 10), tensor(shape, seed + 20)]);
  const alone = [];
  for (const [q, k, v] of inputs) {
    // Another size between two, so that each of these has memory of its own.
    await attention(tensor([3, 4]), tensor([5, 4]), null);
    alone.push((await attention(q, k, v)).output.data);
  }
  const same = async (map, at) => assert.deepEqual((await map.output()).data, alone[at]);
  const [a, b, c] = inputs;
  const first = await openAttention(...a);
  const second = await openAttention(...b);
  const late = first.output();
  first.free();
  first.free();
  await assert.rejects(late, refusal('freed'));
  const third = await openAttention(...c);
  await Promise.all([same(second, 1), same(third, 2)]);
  second.free();
  const again = await openAttention(...a);
  await Promise.all([same(third, 2), same(again, 0)]);
  third.free();
  again.free();
  const calls = await Promise.all(inputs.map((input) => attention(...input)));
  calls.forEach(({ output }, at) => assert.deepEqual(output.data, alone[at]));
});
