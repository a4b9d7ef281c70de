// Workers in Node: threads, where they are asked for.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { at, qkscope, refusal, tensor } from './support.mjs';

const { attention, configure, init, openAttention, openCapture } = qkscope;
const long = tensor([4, 1024, 32]);

const JSON_FILE = new TextEncoder().encode('{"q": [[1, 2]], "k": [[3, 4]]}');

/** Every thread that is started here, and whether it still runs. @type {{ worker: any, alive: boolean }[]} */
const threads = [];
const builtin = /** @type {any} */ (process).getBuiltinModule('node:worker_threads');
const { Worker } = builtin;
builtin.Worker = class extends Worker {
  constructor(source, options) {
    super(source, options);
    const entry = { worker: this, alive: true };
    threads.push(entry);
    this.on('exit', () => (entry.alive = false));
  }
};
const alive = () => threads.filter((entry) => entry.alive);

afterEach(() => {
  configure({ workers: 0 });
  threads.length = 0;
});

test('none by default, as many as are asked for, and the same bits', async () => {
  configure({});
  const expected = await attention(long, long, long, { causal: true, needStatistics: true });
  assert.equal(threads.length, 0);
  configure({ workers: 2 });
  const found = await attention(long, long, long, { causal: true, needStatistics: true });
  assert.equal(threads.length, 2);
  assert.deepEqual(found, expected);
});

test('init starts one, and the next call has it', async () => {
  const before = threads.length;
  await init({ workers: 1 });
  assert.deepEqual([threads.length - before, alive().length], [1, 1]);
  await attention(tensor([1, 1]), tensor([1, 1]), null);
  assert.equal(threads.length - before, 1);
});

test('the thread of the caller is free meanwhile', async () => {
  configure({ workers: 1 });
  await attention(long, long, long);
  // The least of several: what else the machine does counts as time of the thread that it keeps waiting.
  const here = async () => {
    const times = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const before = performance.eventLoopUtilization();
      await attention(long, long, long);
      times.push(performance.eventLoopUtilization(before).active);
    }
    return Math.min(...times);
  };
  const beside = await here();
  configure({ workers: 0 });
  await attention(tensor([1, 1]), tensor([1, 1]), null);
  const alone = await here();
  assert.ok(beside < alone / 2, `${beside} ms of work here, and ${alone} ms without threads`);
});

test('what a file holds is read in a thread', async () => {
  configure({ workers: 1 });
  const capture = await openCapture(JSON_FILE);
  assert.ok(capture.tensors.length > 0);
  assert.ok((await capture.tensor(capture.tensors[0].name)).data.length > 0);
  assert.equal(alive().length, 1);
});

test('a thread that dies is replaced, and its job is done', async () => {
  configure({ workers: 1 });
  const expected = await attention(long, long, long);
  const running = attention(long, long, long);
  await sleep(1);
  await threads[0].worker.terminate();
  assert.deepEqual((await running).output, expected.output);
  assert.deepEqual([threads.length, alive().length], [2, 1]);
});

test('a refusal comes back from a thread as the same error', async () => {
  configure({ workers: 1 });
  await assert.rejects(attention(tensor([5, 4]), tensor([5, 3]), null), refusal('shape', 'key', 'query', 4, 3));
  const map = await openAttention(long, long, null);
  await assert.rejects(map.cell({ head: 0, row: 0, key: 2 ** 32 }), refusal('parameter', 'key'));
  map.free();
});

/** Runs a script that imports the package, with flags that are the process's own. */
function run(script) {
  const source = `const { attention, configure, openAttention } = await import('${at('pkg/dist/inline.js').href}');
    const one = { data: Float32Array.of(1), shape: [1, 1] };
    ${script}`;
  const flags = ['--input-type=module', '-e', source];
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 60_000 });
  return [stdout, stderr, status];
}

test('threads keep no process alive, not even under an open map', () => {
  const script = `configure({ workers: 2 });
    await openAttention(one, one, one);
    console.log((await attention(one, one, one)).output.data[0]);
    globalThis.start = performance.now();
    process.on('exit', () => console.log(performance.now() - start < 5000));`;
  assert.deepEqual(run(script), ['1\ntrue\n', '', 0]);
});

test('where there are no workers of any kind, to ask for some is refused', () => {
  const script = `process.getBuiltinModule = undefined;
    try { configure({ workers: 2 }); } catch ({ code, subject, message }) { console.log(code, subject, message); }
    configure({ workers: 0 });
    console.log((await attention(one, one, one)).output.data[0]);`;
  const refused = 'unsupported workers workers must be 0, not 2: there are no workers here';
  assert.deepEqual(run(script), [`${refused}\n1\n`, '', 0]);
});
