// The pool in a real browser: workers that agree, workers that die, jobs that are aborted.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { packageSite, test, VISIT } from './engine.mjs';

const site = await packageSite();
after(() => site.close());

/** Runs in the page: the digest of a call that is long enough to be cut into many blocks. */
const DEFINE = `
  globalThis.qk = await import('/index.js');
  globalThis.long = tensor([3, 1024, 64]);
  globalThis.compute = async (options) => digest((await qk.attention(long, long, long, options)).output);
`;

const inPage = (work, options = VISIT) =>
  site.visit(options, async (page, seen) => {
    await page.evaluate(`(async () => {${DEFINE}})()`);
    await work(page, seen);
  });

/** The right answer, computed once on the main thread: no worker has touched it. */
let expected;
test('the main thread alone', () =>
  inPage(async (page) => {
    expected = await page.evaluate(async () => {
      qk.configure({ workers: 0 });
      return compute();
    });
    assert.equal(await page.evaluate(() => workers.length), 0);
    assert.equal(typeof expected, 'number');
  }));

test('one worker, two and five give the same bits, in every kind of answer', () =>
  inPage(async (page) => {
    const answers = await page.evaluate(async () => {
      const all = [];
      /** @type {import('../../pkg/dist/index.js').AttentionOptions} */
      const options = { needWeights: true, needStatistics: true, stages: ['masked'], causal: true };
      for (const size of [0, 1, 2, 5]) {
        qk.configure({ workers: size });
        const before = workers.length;
        const whole = await qk.attention(long, long, long, options);
        const map = await qk.openAttention(long, long, null, { causal: true });
        const [overview, pooled, part] = await Promise.all([
          map.overview({ head: 2 }),
          map.overview({ head: 1, maxSize: 100, pool: 'mean' }),
          map.rectangle({ head: 0, rows: [501, 777], keys: [3, 600], stage: 'raw' }),
        ]);
        map.free();
        const { statistics, output, weights, stages } = whole;
        const tensors = [output, weights, stages.masked, part, { data: overview.values }, { data: pooled.values }];
        const columns = Object.values(statistics).filter((values) => values instanceof Float32Array);
        const digests = [...tensors, ...columns.map((data) => ({ data }))].map(digest);
        all.push({ digests, low: overview.low, high: pooled.high, started: workers.length - before });
      }
      return all;
    });
    const [main, ...others] = answers.map(({ started, ...answer }) => answer);
    for (const answer of others) assert.deepEqual(answer, main);
    assert.deepEqual(
      answers.map(({ started }) => started),
      [0, 1, 2, 5],
    );
  }));

test('a small problem stays on one worker', () =>
  inPage(async (page) => {
    const started = await page.evaluate(async () => {
      const small = tensor([8, 16, 8]);
      for (let round = 0; round < 20; round++) await qk.attention(small, small, small);
      const map = await qk.openAttention(small, small, null);
      await Promise.all(Array.from({ length: 8 }, (_, head) => map.overview({ head })));
      map.free();
      return workers.length;
    });
    assert.equal(started, 1);
  }));

for (const step of [1, 2, 30]) {
  test(`a trap at step ${step} of a worker: it is replaced, and the result is the same`, () =>
    inPage(async (page) => {
      const [found, started] = await page.evaluate(async (at) => {
        infect = (index) => (index === 0 ? trapAt(at) : undefined);
        qk.configure({ workers: 2 });
        const found = [];
        // Where the other one is faster, a call is over before this one has made so many steps.
        for (let call = 0; call < 20 && workers.length < 3; call++) found.push(await compute());
        return [found, workers.length];
      }, step);
      for (const one of found) assert.equal(one, expected);
      assert.equal(started, 3);
    }));
}

test('a worker killed in the middle, without a word, is replaced', () =>
  inPage(async (page) => {
    await page.evaluate(() => {
      infect = (index) => (index === 0 ? dwellAt(3) : undefined);
      qk.configure({ workers: 1 });
      const inTheMiddle = new Promise((resolve) => (new BroadcastChannel('dwell').onmessage = resolve));
      globalThis.running = compute();
      return inTheMiddle.then(() => workers[0].terminate());
    });
    // Nothing says that it died: five seconds of silence do.
    assert.equal(await page.evaluate(() => running), expected);
    assert.equal(await page.evaluate(() => workers.length), 2);
  }));

test('a worker that reports an error is replaced', () =>
  inPage(async (page) => {
    const [found, started] = await page.evaluate(async () => {
      qk.configure({ workers: 2 });
      let hurt = false;
      const onProgress = () => {
        if (!hurt) workers[0].dispatchEvent(new ErrorEvent('error', { message: 'hurt', cancelable: true }));
        hurt = true;
      };
      return [await compute({ onProgress }), workers.length];
    });
    assert.equal(found, expected);
    assert.equal(started, 3);
  }));

test('an open map answers after its worker was replaced', () =>
  inPage(async (page) => {
    const cells = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      const map = await qk.openAttention(long, long, long);
      const before = await map.cell({ head: 1, row: 100, key: 7 });
      workers[0].dispatchEvent(new ErrorEvent('error', { message: 'hurt', cancelable: true }));
      const after = await map.cell({ head: 1, row: 100, key: 7 });
      map.free();
      return [before.weight, after.weight, workers.length];
    });
    assert.equal(cells[0], cells[1]);
    assert.equal(cells[2], 2);
  }));

test('a panic on every job: a typed error, then the breaker, then configure() starts anew', () =>
  inPage(async (page) => {
    const errors = await page.evaluate(async () => {
      infect = () => trapAt(1);
      qk.configure({ workers: 1 });
      return [await caught(compute()), await caught(compute()), await caught(compute()), workers.length];
    });
    assert.deepEqual(
      errors.slice(0, 3).map(({ code }) => code),
      ['worker', 'breaker', 'breaker'],
    );
    assert.match(errors[0].message, /twice.*unreachable/);
    assert.match(errors[1].message, /three times.*configure\(\)/);
    assert.equal(errors[3], 3, 'no more workers are started');
    const found = await page.evaluate(() => {
      infect = () => undefined;
      qk.configure({ workers: 1 });
      return compute();
    });
    assert.equal(found, expected);
  }));

test('a trap on the main thread: a fresh instance, and the same result', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async () => {
      (0, eval)(trapAt(30, true));
      qk.configure({ workers: 0 });
      const map = await qk.openAttention(long, long, null);
      const first = await map.cell({ head: 0, row: 1, key: 1 });
      const result = await compute();
      const second = await map.cell({ head: 0, row: 1, key: 1 });
      return [result, first.weight === second.weight];
    });
    assert.deepEqual(found, [expected, true]);
  }));

test('a typed error leaves the worker alone', () =>
  inPage(async (page) => {
    const [error, found, started] = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      const refused = await caught(qk.attention(tensor([3, 2]), tensor([3, 5]), null));
      return [refused, await compute(), workers.length];
    });
    assert.equal(error.code, 'shape');
    assert.equal(found, expected);
    assert.equal(started, 1);
  }));

test('abort before, during and after: one AbortError, and the next call is right', () =>
  inPage(async (page) => {
    const { errors, found, started } = await page.evaluate(async () => {
      qk.configure({ workers: 2 });
      const errors = [await caught(compute({ signal: AbortSignal.abort() }))];
      for (const when of [0, 0.01, 0.4, 0.8]) {
        const controller = new AbortController();
        const onProgress = (fraction) => fraction >= when && controller.abort();
        const running = compute({ signal: controller.signal, onProgress });
        if (when === 0) controller.abort();
        errors.push(await caught(running));
      }
      const controller = new AbortController();
      const found = await compute({ signal: controller.signal });
      controller.abort();
      return { errors, found, started: workers.length };
    });
    assert.deepEqual(
      errors.map(({ name }) => name),
      Array(5).fill('AbortError'),
    );
    assert.equal(found, expected);
    assert.equal(started, 2, 'an abort costs no worker');
  }));

for (const how of ['configure()', 'the death of its worker']) {
  test(`a cancelled job stays so after ${how}`, () =>
    inPage(async (page) => {
      const [error, started, found] = await page.evaluate(async (how) => {
        qk.configure({ workers: 1 });
        const controller = new AbortController();
        const onProgress = () => {
          if (controller.signal.aborted) return;
          controller.abort();
          if (how === 'configure()') qk.configure({ workers: 1 });
          else workers[0].dispatchEvent(new ErrorEvent('error', { message: 'hurt', cancelable: true }));
        };
        const error = await caught(compute({ signal: controller.signal, onProgress }));
        await new Promise((resolve) => setTimeout(resolve, 200));
        return [error.name, workers.length, await compute()];
      }, how);
      assert.deepEqual([error, started, found], ['AbortError', 1, expected]);
    }));
}

test('a job that cannot be sent is refused, and nothing else is', () =>
  inPage(async (page) => {
    const { codes, weights, found, started } = await page.evaluate(async () => {
      const refuseNext = (worker) => {
        worker.postMessage = () => {
          delete worker.postMessage;
          throw new DOMException('out of memory', 'DataCloneError');
        };
      };
      qk.configure({ workers: 1 });
      const map = await qk.openAttention(long, long, null);
      const ask = () => map.cell({ head: 0, row: 3, key: 4 });
      const cells = [await ask()];
      refuseNext(workers[0]);
      const errors = [await caught(ask())];
      cells.push(await ask());
      // A new worker, which has not seen the map's problem: what is refused is the problem itself.
      qk.configure({ workers: 1 });
      const found = await compute();
      refuseNext(workers[1]);
      errors.push(await caught(ask()));
      cells.push(await ask());
      map.free();
      return {
        codes: errors.map(({ code }) => code),
        weights: new Set(cells.map(({ weight }) => weight)).size,
        found,
        started: workers.length,
      };
    });
    assert.deepEqual(codes, ['out_of_memory', 'out_of_memory']);
    assert.equal(weights, 1);
    assert.deepEqual([found, started], [expected, 2]);
  }));

test('what onProgress throws rejects its call, once, and the next call is right', () =>
  inPage(async (page) => {
    const result = await page.evaluate(async () => {
      qk.configure({ workers: 2 });
      let called = 0;
      const onProgress = () => {
        called++;
        throw new RangeError('mine');
      };
      const { name, message } = await caught(compute({ onProgress }));
      const found = await compute();
      return { name, message, called, found, started: workers.length };
    });
    assert.deepEqual(result, { name: 'RangeError', message: 'mine', called: 1, found: expected, started: 2 });
  }));

test('the range of an overview is that of its finite values, whoever computes which band', () =>
  inPage(async (page) => {
    const ranges = await page.evaluate(async () => {
      const [rows, keys] = [1024, 1024];
      // Keys of the first half of the queries are all removed: whole bands have no finite value.
      const attnMask = { data: new Uint8Array(rows * keys).fill(1, (rows / 2) * keys), shape: [rows, keys] };
      const attnBias = { data: Float32Array.of(50), shape: [1, 1] };
      const none = { data: new Uint8Array(1), shape: [1, 1] };
      const all = [];
      for (const size of [0, 1, 4]) {
        qk.configure({ workers: size });
        const half = await qk.openAttention(long, long, null, { attnMask, attnBias });
        const { values, low, high } = await half.overview({ head: 0, stage: 'masked', maxSize: 256 });
        const finite = [...values].filter(Number.isFinite);
        const blind = await qk.openAttention(long, long, null, { attnMask: none });
        const empty = await blind.overview({ head: 0, stage: 'masked', maxSize: 256 });
        all.push({ low, high, share: finite.length / values.length, empty: [empty.low, empty.high] });
        all.at(-1).true = low === Math.min(...finite) && high === Math.max(...finite) && low > 0;
        [half, blind].forEach((map) => map.free());
      }
      return all;
    });
    for (const range of ranges) assert.deepEqual(range, ranges[0]);
    const { share, empty, true: right } = ranges[0];
    assert.deepEqual([share, empty, right], [0.5, [0, 0], true]);
  }));

test('progress never falls, not even over a death, and ends at 1', () =>
  inPage(async (page) => {
    const seen = await page.evaluate(async () => {
      infect = (index) => (index === 0 ? trapAt(60) : undefined);
      qk.configure({ workers: 2 });
      const seen = [];
      await compute({ onProgress: (fraction) => seen.push(fraction) });
      return seen;
    });
    assert.ok(seen.length > 3);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.equal(seen.at(-1), 1);
  }));

test('a short question overtakes a long call', () =>
  inPage(async (page) => {
    const order = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      const map = await qk.openAttention(long, long, long);
      const order = [];
      const statistics = map.rowStatistics({ onProgress: () => {} }).then(() => order.push('statistics'));
      const cell = map.cell({ head: 0, row: 5, key: 5 }).then(() => order.push('cell'));
      await Promise.all([statistics, cell]);
      map.free();
      return order;
    });
    assert.deepEqual(order, ['cell', 'statistics']);
  }));

test('workers with nothing to do are let go, and come back', () =>
  inPage(
    async (page) => {
      await page.clock.install();
      await page.evaluate(async () => {
        qk.configure({ workers: 2 });
        globalThis.map = await qk.openAttention(long, long, long);
        await map.rowStatistics();
      });
      const alive = () => page.evaluate(() => workers.filter(({ alive }) => alive).length);
      await page.clock.runFor(20_000);
      assert.equal(await alive(), 2, 'an open map keeps them');
      await page.evaluate(() => map.free());
      await page.clock.runFor(20_000);
      assert.equal(await alive(), 0);
      assert.equal(await page.evaluate(() => compute()), expected);
    },
    { ...VISIT, fresh: true },
  ));

test('two hundred open maps share the workers, which are let go with the last of them', () =>
  inPage(
    async (page) => {
      await page.clock.install();
      const { started, right } = await page.evaluate(async () => {
        qk.configure({ workers: 2 });
        const question = { head: 0, row: 3, key: 2 };
        const inputs = Array.from({ length: 200 }, (_, seed) => tensor([8, 4], seed + 1));
        globalThis.maps = await Promise.all(inputs.map((input) => qk.openAttention(input, input, null)));
        const cells = await Promise.all(maps.map((map) => map.cell(question)));
        const dot = ({ data }) => [0, 1, 2, 3].reduce((sum, at) => sum + data[3 * 4 + at] * data[2 * 4 + at], 0);
        const right = cells.filter((cell, at) => Math.abs(cell.dot - dot(inputs[at])) < 1e-6).length;
        for (const map of maps.slice(1)) map.free();
        return { started: workers.length, right };
      });
      assert.deepEqual([started, right], [2, 200]);
      const alive = () => page.evaluate(() => workers.filter(({ alive }) => alive).length);
      await page.clock.runFor(20_000);
      assert.equal(await alive(), 2, 'the last map keeps them');
      await page.evaluate(() => maps[0].free());
      await page.clock.runFor(20_000);
      assert.equal(await alive(), 0);
    },
    { ...VISIT, fresh: true },
  ));

test('a thousand maps leave nothing behind in the memory of a worker', () =>
  inPage(async (page) => {
    const [before, after, started] = await page.evaluate(async () => {
      infect = () => `{
        const { Instance } = WebAssembly;
        const asked = new BroadcastChannel('asked');
        WebAssembly.Instance = function (module, imports) {
          const { exports } = new Instance(module, imports);
          asked.onmessage = () => new BroadcastChannel('bytes').postMessage(exports.memory.buffer.byteLength);
          return { exports };
        };
      }`;
      qk.configure({ workers: 1 });
      const bytes = () => {
        const heard = new Promise((resolve) => (new BroadcastChannel('bytes').onmessage = ({ data }) => resolve(data)));
        new BroadcastChannel('asked').postMessage('');
        return heard;
      };
      const input = tensor([128, 64]);
      const cycles = async (count) => {
        for (let round = 0; round < count; round++) {
          const map = await qk.openAttention(input, input, input);
          await map.cell({ head: 0, row: 1, key: 1 });
          map.free();
        }
        return bytes();
      };
      return [await cycles(100), await cycles(1000), workers.length];
    });
    // The inputs of the thousand are 98 MB.
    assert.equal(after, before);
    assert.ok(before > 0 && started === 1);
  }));

test('configure() in the middle: calls under way go on with the new workers', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      const running = compute();
      setTimeout(() => qk.configure({ workers: 3 }), 30);
      return running;
    });
    assert.equal(found, expected);
  }));

test('messages from elsewhere are not heard', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async () => {
      qk.configure({ workers: 2 });
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-scripts');
      const shout = "for (let id = 0; id < 99; id++) parent.postMessage({ kind: 'result', id, value: {} }, '*')";
      frame.src = `data:text/html,<script>${encodeURIComponent(shout)}</script>`;
      const heard = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
      document.body.append(frame);
      const running = compute();
      await heard;
      return running;
    });
    assert.equal(found, expected);
  }));

test('a file is parsed and decoded in a worker', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async () => {
      const json = JSON.stringify({ q: [[1, 0.5]], k: [[2, 4]], tokens: ['<img src=x onerror=alert(1)>'] });
      const capture = await qk.openCapture(new File([json], 'x.json'));
      const { query } = await capture.layer(0);
      return { tokens: capture.queryTokens, data: [...query.data], inWorker: workers.length > 0 };
    });
    assert.deepEqual(found, { tokens: ['<img src=x onerror=alert(1)>'], data: [1, 0.5], inWorker: true });
  }));

test('a picture that nobody waits for any more is closed', () =>
  inPage(async (page) => {
    const closed = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      /** @type {import('../../pkg/dist/index.js').PaintOptions} */
      const options = { rows: 1, columns: 2, width: 4, height: 4, low: 0, high: 1 };
      const picture = await qk.paint(Float32Array.of(0, 1), options);
      const closing = new Promise((resolve) => {
        ImageBitmap.prototype.close = function () {
          resolve(this !== picture && this.width === 4);
        };
      });
      const controller = new AbortController();
      const painting = caught(qk.paint(Float32Array.of(0, 1), { ...options, signal: controller.signal }));
      controller.abort();
      return [(await painting).name, await closing];
    });
    assert.deepEqual(closed, ['AbortError', true]);
  }));

test('a tile comes with the picture that its numbers are painted as', () =>
  inPage(async (page) => {
    const { same, clear } = await page.evaluate(async () => {
      const [query, key] = [0, 1].map((from) => ({
        data: Float32Array.from({ length: 40 * 4 }, (_, at) => Math.sin(from + at * at)),
        shape: [40, 4],
      }));
      const pixels = (image, [height, width]) => {
        const context = new OffscreenCanvas(width, height).getContext('2d');
        if (image instanceof ImageData) context.putImageData(image, 0, 0);
        else context.drawImage(image, 0, 0);
        return [...context.getImageData(0, 0, width, height).data];
      };
      /** @type {import('../../pkg/dist/index.js').Palette} */
      const palette = { colormap: 'cividis', low: 0, high: 0.5, removed: 'transparent' };
      const [same, clear] = [[], []];
      for (const canvas of [true, false]) {
        infect = () => (canvas ? '' : 'delete globalThis.OffscreenCanvas');
        qk.configure({});
        const map = await qk.openAttention(query, key, null, { causal: true });
        const scope = await map.openMicroscope({ head: 0, removed: -Infinity });
        for (const level of [0, 1, 2, 3]) {
          const { data, shape, picture } = await scope.tile({ level, rows: [0, 40], keys: [0, 40], palette });
          const [rows, columns] = shape;
          const alone = await qk.paint(data, { ...palette, rows, columns, width: columns, height: rows });
          const shown = pixels(picture, shape);
          same.push(String(shown) === String(pixels(alone, shape)));
          clear.push([...data].every((value, at) => (value === -Infinity) === (shown[4 * at + 3] === 0)));
        }
        map.free();
      }
      return { same, clear };
    });
    assert.deepEqual(same, Array(8).fill(true));
    assert.deepEqual(clear, Array(8).fill(true));
  }));

test('a picture is an ImageBitmap, or the same pixels where workers have no canvas', () =>
  inPage(async (page) => {
    const { kinds, same, red } = await page.evaluate(async () => {
      const values = Float32Array.of(0, 1, -Infinity, NaN, 0.5, 0.25);
      /** @type {import('../../pkg/dist/index.js').PaintOptions} */
      const options = { rows: 2, columns: 3, width: 9, height: 4, low: 0, high: 1, removed: [255, 0, 0] };
      const pixels = (image) => {
        const context = new OffscreenCanvas(9, 4).getContext('2d');
        if (image instanceof ImageData) context.putImageData(image, 0, 0);
        else context.drawImage(image, 0, 0);
        return [...context.getImageData(0, 0, 9, 4).data];
      };
      const bitmap = await qk.paint(values, options);
      infect = () => 'delete globalThis.OffscreenCanvas';
      qk.configure({});
      const data = await qk.paint(values, options);
      const [a, b] = [pixels(bitmap), pixels(data)];
      const kinds = [bitmap.constructor.name, data.constructor.name];
      return { kinds, same: String(a) === String(b), red: a.slice(6 * 4, 6 * 4 + 4) };
    });
    assert.deepEqual(kinds, ['ImageBitmap', 'ImageData']);
    assert.ok(same);
    assert.deepEqual(red, [255, 0, 0, 255]);
  }));
