// One head at every scale: every tile is the pooled matrix, sampled rows come first, and nothing is left behind.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { at, deviation, numbers, qkscope, refusal, tensor } from './support.mjs';

const { openAttention } = qkscope;

/** Pools blocks of `size` by `size` entries, in double precision: the definition. */
function pooled({ data, shape: [rows, keys] }, size, removed) {
  const [height, width] = [Math.ceil(rows / size), Math.ceil(keys / size)];
  const max = new Float32Array(height * width).fill(removed);
  const mean = new Float64Array(height * width).fill(removed);
  // What a mean's rounding is measured by: numbers of both signs may cancel.
  const magnitude = new Float64Array(height * width).fill(1);
  for (let at = 0; at < max.length; at += 1) {
    const [top, left] = [Math.floor(at / width) * size, (at % width) * size];
    let [sum, total, count] = [0, 0, 0];
    for (let row = top; row < Math.min(rows, top + size); row += 1) {
      for (let key = left; key < Math.min(keys, left + size); key += 1) {
        const value = data[row * keys + key];
        if (value === -Infinity) continue;
        const more = Math.abs(value) - Math.abs(max[at]);
        // Of x and −x the positive one counts.
        const larger = count === 0 || Number.isNaN(value) || more > 0 || (more === 0 && value > max[at]);
        if (larger && !Number.isNaN(max[at])) max[at] = value;
        [sum, total, count] = [sum + value, total + Math.abs(value), count + 1];
      }
    }
    if (count > 0) [mean[at], magnitude[at]] = [sum / count, total / count];
  }
  return { max, mean, magnitude };
}

/** The largest error of a mean, relative to the mean magnitude; 0 where both are the same, or no number. */
function worst(found, { mean, magnitude }) {
  assert.equal(found.length, mean.length);
  return Array.from(found, (value, at) => {
    if (Object.is(value, mean[at]) || (Number.isNaN(value) && Number.isNaN(mean[at]))) return 0;
    const error = Math.abs(value - mean[at]) / Math.max(magnitude[at], 1e-30);
    return Number.isNaN(error) ? Infinity : error;
  }).reduce((most, error) => Math.max(most, error), 0);
}

/** Ranges of whole blocks of a level: all, and one somewhere in the middle. */
function ranges(size, level, next) {
  const blocks = Math.ceil(size / 2 ** level);
  const from = Math.floor(Math.abs(next()) * blocks);
  const to = Math.min(blocks, from + 1 + Math.floor(Math.abs(next()) * 9));
  return [
    [0, size],
    [from * 2 ** level, Math.min(size, to * 2 ** level)],
  ];
}

for (const [queries, keys] of [
  [17, 23],
  [1, 700],
  [530, 9],
  [300, 280],
]) {
  test(`every tile of ${queries} x ${keys} is the pooled rectangle`, async () => {
    const [q, k] = [tensor([2, queries, 8]), tensor([1, keys, 8], 5)];
    // One row that is no number, and masks that remove whole blocks and parts of others.
    q.data[8 * Math.floor(queries / 2)] = NaN;
    const map = await openAttention(q, k, null, { causal: true, causalAlignment: 'upper_left', leftWindowSize: 90 });
    const next = numbers(queries);
    for (const stage of ['raw', 'masked', 'weights']) {
      const scope = await map.openMicroscope({ head: 0, stage, removed: -Infinity });
      await scope.complete;
      assert.equal(scope.sampled, 1);
      assert.ok(scope.levels > scope.kept && scope.kept === 3);
      for (let level = 0; level < scope.levels; level += 1) {
        for (const rows of ranges(queries, level, next)) {
          for (const columns of ranges(keys, level, next)) {
            const at = { head: 0, stage, rows, keys: columns, removed: -Infinity };
            const expected = pooled(await map.rectangle(at), 2 ** level, -Infinity);
            const max = await scope.tile({ level, rows, keys: columns });
            const mean = await scope.tile({ level, rows, keys: columns, pool: 'mean' });
            const where = `${stage}, level ${level}, rows ${rows}, keys ${columns}`;
            assert.deepEqual(max.data, expected.max, where);
            assert.deepEqual(max.shape, mean.shape, where);
            // A bfloat16 has 8 bits of precision.
            const tolerance = level < scope.kept ? 2e-6 : 2 ** -8;
            const error = worst(mean.data, expected);
            assert.ok(error <= tolerance, `${where}: means are off by ${error}`);
          }
        }
      }
      scope.free();
    }
    map.free();
  });
}

test('where nothing is removed, a mean of nothing is what was asked for', async () => {
  const map = await openAttention(tensor([40, 4]), tensor([40, 4], 3), null, { causal: true });
  const scope = await map.openMicroscope({ head: 0 });
  const { data } = await scope.tile({ level: 3, rows: [0, 40], keys: [0, 40] });
  assert.equal(data[4], 0, 'the default of weights');
  scope.free();
  map.free();
});

test('the pass brings what separate questions do', async () => {
  const map = await openAttention(tensor([700, 16]), tensor([650, 16], 3), null, {});
  const seen = [];
  const scope = await map.openMicroscope({ head: 0, onRows: (rows) => seen.push(rows) });
  await scope.complete;
  const whole = await map.rectangle({ head: 0, rows: [0, 700], keys: [0, 650] });
  assert.ok(scope.low >= whole.data.reduce((a, b) => Math.min(a, b)) && scope.low <= scope.high);
  assert.equal(
    scope.high,
    whole.data.reduce((a, b) => Math.max(a, b)),
  );
  assert.deepEqual(
    seen.sort(([a], [b]) => a - b).reduce((end, [from, to]) => (assert.equal(from, end), to), 0),
    700,
  );
  const { shape, ...statistics } = await map.rowStatistics({ head: 0 });
  assert.deepEqual(scope.statistics.shape, shape);
  for (const [name, values] of Object.entries(statistics)) assert.deepEqual(scope.statistics[name], values, name);
  const sums = new Float64Array(650);
  whole.data.forEach((weight, at) => (sums[at % 650] += weight));
  assert.ok(deviation(scope.columnMass, sums) < 1e-4);
  const raw = await map.openMicroscope({ head: 0, stage: 'raw' });
  const scores = await map.rectangle({ head: 0, stage: 'raw', rows: [0, 700], keys: [0, 650] });
  const most = scores.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  assert.equal(Math.max(Math.abs(raw.low), Math.abs(raw.high)), most);
  assert.equal(raw.statistics, null);
  assert.equal(raw.columnMass, null);
  map.free();
});

test('one bright weight, and one strongly negative score, are seen at every level', async () => {
  const next = numbers(11);
  const size = 400;
  const place = () => Math.floor(Math.abs(next()) * size);
  for (let round = 0; round < 5; round += 1) {
    const [q, k] = [tensor([size, 4], round + 1), tensor([size, 4], round + 90)];
    const [bright, dark] = [
      [place(), place()],
      [place(), place()],
    ];
    for (const [[row, key], sign] of [
      [bright, 1],
      [dark, -1],
    ]) {
      q.data.set([0, 0, 0, 0], row * 4);
      q.data[row * 4 + (sign > 0 ? 0 : 1)] = 60;
      k.data[key * 4 + (sign > 0 ? 0 : 1)] = 60 * sign;
    }
    const map = await openAttention(q, k, null, {});
    for (const [stage, [row, key]] of [
      ['weights', bright],
      ['raw', dark],
    ]) {
      const { data } = await map.rectangle({ head: 0, stage, rows: [row, row + 1], keys: [key, key + 1] });
      const scope = await map.openMicroscope({ head: 0, stage });
      for (let level = 0; level < scope.levels; level += 1) {
        const tile = await scope.tile({ level, rows: [0, size], keys: [0, size] });
        const at = Math.floor(row / 2 ** level) * tile.shape[1] + Math.floor(key / 2 ** level);
        assert.equal(tile.data[at], data[0], `${stage}, level ${level}`);
      }
      scope.free();
    }
    map.free();
  }
});

/** Large enough for a sampled picture first: 16 times the multiply-adds that need none. */
const LONG = [tensor([4096, 64]), tensor([2048, 64], 3)];

test('sampled rows come first, and say so; then every row is there', async () => {
  const map = await openAttention(...LONG, null, {});
  const [queries, keys] = [map.queries, map.keys];
  const fractions = [];
  const scope = await map.openMicroscope({ head: 0, onProgress: (fraction) => fractions.push(fraction) });
  assert.equal(scope.sampled, 16);
  assert.equal(scope.statistics, null);
  const sampled = await scope.tile({ level: scope.levels - 1, rows: [0, queries], keys: [0, keys] });
  // A texel of the coarsest level lies in one of 128 rows, whose first eight were computed; the pass comes to the last of them last.
  const size = 128;
  const begin = queries - size;
  const first = await map.rectangle({ head: 0, rows: [begin, begin + 8], keys: [0, keys] });
  const expected = Float32Array.from({ length: keys / size }, (_, at) => {
    let most = 0;
    for (let row = 0; row < 8; row += 1) {
      for (let key = at * size; key < (at + 1) * size; key += 1) most = Math.max(most, first.data[row * keys + key]);
    }
    return most;
  });
  const width = sampled.shape[1];
  const row = begin / 2 ** (scope.levels - 1);
  const found = sampled.data.subarray(row * width, (row + 1) * width);
  found.forEach((value, at) => assert.equal(value, expected[Math.floor((at * keys) / width / size)]));
  const early = await scope.tile({ level: 1, rows: [4000, 4096], keys: [0, 64] });
  await scope.complete;
  assert.equal(scope.sampled, 1);
  assert.ok(fractions.length > 5 && fractions.at(-1) === 1);
  const part = await map.rectangle({ head: 0, rows: [4000, 4096], keys: [0, 64] });
  assert.deepEqual(early.data, pooled(part, 2, 0).max, 'a fine tile is exact before the pass is through');
  const level = scope.levels - 1;
  const now = await scope.tile({ level, rows: [0, 1024], keys: [0, keys] });
  const whole = await map.rectangle({ head: 0, rows: [0, 1024], keys: [0, keys] });
  assert.deepEqual(now.data, pooled(whole, 2 ** level, 0).max);
  scope.free();
  map.free();
});

test('whatever else is asked comes before the rest of a pass', async () => {
  const map = await openAttention(...LONG, null, {});
  const scope = await map.openMicroscope({ head: 0 });
  const order = [];
  const other = await openAttention(tensor([64, 8]), tensor([64, 8], 3), null, {});
  await Promise.all([
    scope.complete.then(() => order.push('pass')),
    other.rowStatistics().then(() => order.push('statistics')),
    map.cell({ head: 0, row: 4000, key: 2000 }).then(() => order.push('cell')),
  ]);
  assert.deepEqual(order.at(-1), 'pass');
  scope.free();
  map.free();
  other.free();
});

test('a pass that is stopped keeps what it has, and leaves nothing behind', async () => {
  const map = await openAttention(...LONG, null, {});
  const controller = new AbortController();
  let rows = 0;
  const onRows = ([from, to]) => {
    rows += to - from;
    if (rows > 500) controller.abort();
  };
  const scope = await map.openMicroscope({ head: 0, signal: controller.signal, onRows });
  await assert.rejects(scope.complete, { name: 'AbortError' });
  const stopped = rows;
  assert.ok(stopped < map.queries, `${stopped} rows`);
  assert.equal(scope.sampled, 16);
  await sleep(100);
  assert.equal(rows, stopped, 'no row comes after that');
  const { data } = await scope.tile({ level: scope.levels - 1, rows: [0, 4096], keys: [0, 2048] });
  assert.ok(
    data.every((value) => value > 0),
    'samples stand where no row came',
  );
  const fine = await scope.tile({ level: 0, rows: [4090, 4096], keys: [0, 16] });
  const exact = await map.rectangle({ head: 0, rows: [4090, 4096], keys: [0, 16] });
  assert.deepEqual(fine.data, exact.data);
  scope.free();
  map.free();
});

test('a signal that has fallen, a callback that throws, and free() end it', async () => {
  const map = await openAttention(...LONG, null, {});
  await assert.rejects(map.openMicroscope({ head: 0, signal: AbortSignal.abort() }), { name: 'AbortError' });
  const fault = new Error('the page is gone');
  const thrown = await map.openMicroscope({
    head: 0,
    onRows() {
      throw fault;
    },
  });
  await assert.rejects(thrown.complete, (error) => error === fault);
  const freed = await map.openMicroscope({ head: 0 });
  const pending = freed.tile({ level: 2, rows: [0, 1024], keys: [0, 1024] });
  freed.free();
  freed.free();
  await assert.rejects(freed.complete, refusal('freed', 'microscope'));
  await assert.rejects(pending, refusal('freed'));
  await assert.rejects(freed.tile({ level: 0, rows: [0, 1], keys: [0, 1] }), refusal('freed', 'microscope'));
  assert.equal(freed.bytes, 0);
  const orphan = await map.openMicroscope({ head: 0 });
  map.free();
  await assert.rejects(orphan.complete, refusal('freed'));
  await assert.rejects(orphan.tile({ level: 5, rows: [0, 32], keys: [0, 32] }), refusal('freed'));
});

test('what does not fit is refused, with both numbers', async () => {
  const map = await openAttention(tensor([100, 4]), tensor([60, 4], 3), null, {});
  await assert.rejects(map.openMicroscope({ head: 1 }), refusal('parameter', 'head', 1));
  await assert.rejects(map.openMicroscope({ head: 0, stage: 'x' }), refusal('unknown', 'stage'));
  await assert.rejects(map.openMicroscope({ head: 0, onRows: 3 }), refusal('parameter', 'onRows', 3));
  await assert.rejects(map.openMicroscope({ head: 0, rows: [0, 1] }), refusal('parameter', 'rows'));
  const scope = await map.openMicroscope({ head: 0 });
  const all = { rows: [0, 100], keys: [0, 60] };
  await assert.rejects(scope.tile({ ...all, level: scope.levels }), refusal('parameter', 'level', scope.levels));
  await assert.rejects(scope.tile({ ...all, level: 2, rows: [2, 4] }), refusal('parameter', 'rows', 4, 2));
  await assert.rejects(scope.tile({ ...all, level: 2, keys: [0, 59] }), refusal('parameter', 'keys', 60, 59));
  await assert.rejects(scope.tile({ ...all, level: 0, keys: [0, 61] }), refusal('parameter', 'keys', 60, 61));
  await assert.rejects(scope.tile({ ...all, level: 0, pool: 'least' }), refusal('unknown', 'pool'));
  await assert.rejects(scope.tile({ ...all, level: 0, colour: 1 }), refusal('parameter', 'colour'));
  for (const level of [0, 3]) {
    const painted = (palette) => scope.tile({ ...all, level, palette: { low: 0, high: 1, ...palette } });
    await assert.rejects(painted({ colormap: 'jet' }), refusal('unknown', 'jet'));
    await assert.rejects(painted({ width: 3 }), refusal('parameter', 'width'));
    await assert.rejects(painted({ removed: 'clear' }), refusal('parameter', 'removed', 'clear'));
    // Node has no picture of any kind.
    await assert.rejects(painted({}), refusal('unsupported', 'ImageData'));
  }
  map.free();
});

test('a matrix without rows or keys has a microscope all the same', async () => {
  const map = await openAttention(tensor([0, 4]), tensor([3, 4], 3), null, {});
  const scope = await map.openMicroscope({ head: 0 });
  await scope.complete;
  assert.deepEqual([scope.low, scope.high, scope.bytes > 0], [0, 0, true]);
  map.free();
});

/** The parts that plan and keep levels: a matrix too large to keep them all is too large to compute here. */
async function loadParts() {
  const options = /** @type {const} */ ({ bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  const contents = "export * from './levels.ts'; export * from './pyramid.ts';";
  const resolveDir = fileURLToPath(at('www/src/engine'));
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir, loader: 'ts' } });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

test('the pyramid of a billion weights has at most 160 MB, and that of more as well', async () => {
  const { planOf, texels } = await loadParts();
  for (const [queries, keys, levels] of [
    [32768, 32768, [3, 8]],
    [131072, 131072, [5, 10]],
    [8, 4_000_000, [3, 15]],
    [16, 16, [3, 4]],
    [0, 7, [3, 4]],
  ]) {
    const plan = planOf({ queries, keys, size: 64 });
    assert.deepEqual(plan.levels, levels, `${queries} x ${keys}`);
    assert.equal(plan.step % 2 ** (levels[1] - 1), 0, 'a job is whole blocks of every level');
    let bytes = 0;
    for (let level = levels[0]; level < levels[1]; level += 1)
      bytes += 6 * texels(queries, level) * texels(keys, level);
    assert.ok(bytes <= 160e6, `${bytes} bytes`);
    assert.ok(Math.max(texels(queries, levels[1] - 1), texels(keys, levels[1] - 1)) <= 256);
  }
});

test('a sample is about a tenth of a second of work, as long as it shows anything', async () => {
  const { everyOf, planOf, texels } = await loadParts();
  const samples = [4096, 16384, 32768, 65536, 2 ** 20].map((side) => {
    const { level } = planOf({ queries: side, keys: side, size: 64 }).sample;
    return { level, lines: texels(side, level), work: (side * side * 64) / everyOf(level) };
  });
  assert.deepEqual(
    samples.map(({ level }) => level),
    [7, 7, 8, 9, 13],
  );
  for (const { lines, work } of samples) assert.ok(work <= 2.5e9 || lines === 128, `${work} for ${lines} lines`);
});

test('levels that are not kept are left out of every band, the last and shorter one too', async () => {
  const { Pyramid, texels } = await loadParts();
  const [queries, keys, step] = [150, 50, 64];
  const pyramid = new Pyramid(queries, keys, { levels: [4, 7], step, sample: undefined });
  const value = (level, row, key) => level * 1e4 + row * 100 + key;
  for (let band = 0; band * step < queries; band += 1) {
    const rows = Math.min(step, queries - band * step);
    const numbers = [];
    for (let level = 3; level < 7; level += 1) {
      for (let row = 0; row < texels(rows, level); row += 1) {
        for (let key = 0; key < texels(keys, level); key += 1)
          numbers.push(value(level, (band * step) / 2 ** level + row, key));
      }
    }
    const mean = Uint16Array.from(numbers, () => 0x3f80);
    pyramid.add(band, { max: Float32Array.from(numbers), mean, low: 0, high: 1, known: new Float32Array(0) });
  }
  for (let level = 4; level < 7; level += 1) {
    const [height, width] = [texels(queries, level), texels(keys, level)];
    const found = pyramid.texels(level, [0, height], [1, width], 'max');
    found.forEach((number, index) =>
      assert.equal(number, value(level, Math.floor(index / (width - 1)), 1 + (index % (width - 1))), `level ${level}`),
    );
    assert.ok(pyramid.texels(level, [0, height], [0, width], 'mean').every((number) => number === 1));
  }
});
