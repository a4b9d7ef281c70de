// The arithmetic of the heat map: what is in sight, at which level, from which tiles.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/** Parts of the views, as one module. */
async function load(...files) {
  const root = fileURLToPath(new URL('../../www/src/views/parts/', import.meta.url));
  const contents = files.map((file) => `export * from './${file}.ts';`).join('\n');
  const options = /** @type {const} */ ({ bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' } });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const parts = await load('viewport', 'tilegrid', 'pooling', 'format');
const { WHOLE, blockOf, cellAt, centred, clamped, deepest, inSight, levelsOf, moved, pixelZoom, placeOf } = parts;
const { placed, pooledColumns, pooledRows, revealing, scaleOf, zoomed } = parts;
const { TILE, coverOf, formatAlike, formatNumber, formatTrimmed, keyOf, tileOf, tilesInSight } = parts;

/** The same numbers in every run, from 0 to 1. */
function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Matrices of every shape, each with plots as the page lays them out. */
const BOXES = [
  { queries: 32768, keys: 32768, width: 515, height: 515 },
  { queries: 1, keys: 424, width: 424, height: 20 },
  { queries: 3, keys: 200, width: 400, height: 60 },
  { queries: 4, keys: 100000, width: 500, height: 80 },
  { queries: 424, keys: 1, width: 20, height: 424 },
  { queries: 16, keys: 16, width: 496, height: 496 },
  { queries: 2, keys: 2, width: 224, height: 224 },
  { queries: 3000, keys: 1700, width: 291, height: 515 },
];

const RATIOS = [1, 1.5, 2, 3];

/** Views at random depths and places of every box. */
function* views(seed) {
  const next = random(seed);
  for (const box of BOXES) {
    for (let round = 0; round < 40; round += 1) {
      const zoom = deepest(box) ** next();
      yield [box, clamped(box, { zoom, top: next() * box.queries, left: next() * box.keys }), next];
    }
  }
}

const near = (found, expected, slack, what) =>
  assert.ok(Math.abs(found - expected) <= slack, `${what}: ${found}, expected ${expected}`);

test('whole is whole: all queries and keys are in sight, and nothing else', () => {
  for (const box of BOXES) {
    assert.deepEqual(clamped(box, { zoom: 0.2, top: -5, left: 7 }), WHOLE);
    assert.deepEqual(inSight(box, WHOLE), { queries: [0, box.queries], keys: [0, box.keys] });
  }
});

test('what is under the pointer stays there while it zooms, as far as the edges let it', () => {
  for (const [box, view, next] of views(1)) {
    const at = { x: next() * box.width, y: next() * box.height };
    const zoom = deepest(box) ** next();
    const after = zoomed(box, view, zoom, at);
    const [before, now] = [scaleOf(box, view.zoom), scaleOf(box, after.zoom)];
    const within = (from, count, pixels) => from > 1e-9 && from < count - pixels - 1e-9;
    if (within(after.left, box.keys, box.width / now.x))
      near(after.left + at.x / now.x, view.left + at.x / before.x, 1e-6 * box.keys, 'key');
    if (within(after.top, box.queries, box.height / now.y))
      near(after.top + at.y / now.y, view.top + at.y / before.y, 1e-6 * box.queries, 'query');
  }
});

test('no view leaves the matrix, and none shows less than a cell', () => {
  for (const [box, view, next] of views(2)) {
    const by = { x: (next() - 0.5) * 4000, y: (next() - 0.5) * 4000 };
    for (const now of [view, moved(box, view, by), centred(box, view, next() * box.queries, next() * box.keys)]) {
      const scale = scaleOf(box, now.zoom);
      assert.ok(now.top >= 0 && now.left >= 0 && now.zoom >= 1);
      assert.ok(now.top + box.height / scale.y <= box.queries * (1 + 1e-9));
      assert.ok(now.left + box.width / scale.x <= box.keys * (1 + 1e-9));
      assert.ok(box.height / scale.y >= 1 - 1e-9 && box.width / scale.x >= 1 - 1e-9);
    }
  }
});

test('there and back again is where it was', () => {
  for (const [box, view] of views(3)) {
    const by = { x: 7, y: -5 };
    const there = moved(box, view, by);
    const scale = scaleOf(box, view.zoom);
    const free =
      Math.abs(there.left - (view.left - by.x / scale.x)) < 1e-9 &&
      Math.abs(there.top - (view.top + 5 / scale.y)) < 1e-9;
    if (!free) continue;
    const back = moved(box, there, { x: -by.x, y: -by.y });
    near(back.left, view.left, 1e-6, 'left');
    near(back.top, view.top, 1e-6, 'top');
  }
});

test('a texel is at least a pixel of the screen, and as fine as that allows', () => {
  for (const [box, view] of views(4)) {
    for (const ratio of RATIOS) {
      const levels = levelsOf(box, view, ratio, 20);
      const scale = scaleOf(box, view.zoom);
      for (const [level, size] of [
        [levels.rows, scale.y],
        [levels.keys, scale.x],
      ]) {
        assert.ok(size * ratio * 2 ** level >= 1 - 1e-5, `${size * ratio * 2 ** level} pixels`);
        if (level > 0) assert.ok(size * ratio * 2 ** (level - 1) < 1, 'a finer level would do');
      }
    }
  }
  assert.deepEqual(levelsOf(BOXES[0], WHOLE, 1, 7), { rows: 6, keys: 6 });
  assert.deepEqual(levelsOf(BOXES[0], WHOLE, 1, 3), { rows: 3, keys: 3 }, 'no coarser than there is');
  assert.deepEqual(levelsOf(BOXES[3], WHOLE, 1, 9), { rows: 0, keys: 8 }, 'four queries stay four');
});

test('one cell a pixel is a zoom at which that is so', () => {
  const [box] = BOXES;
  for (const ratio of RATIOS) {
    const { x } = scaleOf(box, pixelZoom(box, ratio));
    near(x * ratio, 1, 1e-9, 'pixels a cell');
  }
  assert.ok(pixelZoom(BOXES[5], 1) < 1, 'a small matrix is larger than that already');
});

test('the tiles in sight cover every cell in sight, once, those in the middle first', () => {
  for (const [box, view, next] of views(5)) {
    const levels = levelsOf(box, view, 1, 20);
    const tiles = tilesInSight(box, view, levels);
    assert.equal(new Set(tiles.map(keyOf)).size, tiles.length);
    const covers = tiles.map((tile) => coverOf(tile, box.queries, box.keys));
    const holds = ([from, to], item) => from <= item && item < to;
    for (let round = 0; round < 20; round += 1) {
      const { query, key } = cellAt(box, view, { x: next() * box.width, y: next() * box.height });
      const holding = tiles.filter((_, at) => holds(covers[at].rows, query) && holds(covers[at].keys, key));
      assert.deepEqual(holding.map(keyOf), [keyOf(tileOf(levels, query, key))]);
    }
    const sight = inSight(box, view);
    for (const { rows, keys } of covers) {
      assert.ok(rows[0] < sight.queries[1] && rows[1] > sight.queries[0], 'no row out of sight');
      assert.ok(keys[0] < sight.keys[1] && keys[1] > sight.keys[0], 'no key out of sight');
    }
    const away = covers.map(({ rows, keys }) => {
      const { x, y } = placeOf(box, view, { x: (keys[0] + keys[1]) / 2, y: (rows[0] + rows[1]) / 2 });
      return Math.hypot(x - box.width / 2, y - box.height / 2);
    });
    away.reduce((before, now) => (assert.ok(now >= before - 1e-6), now), 0);
    // A texel is a pixel at least, so that a screen never wants more tiles than it has room for, and a rim.
    assert.ok(tiles.length <= (Math.ceil(box.width / TILE) + 1) * (Math.ceil(box.height / TILE) + 1));
  }
});

test('a cell can be brought into sight, to the middle, and to a point', () => {
  for (const [box, view, next] of views(6)) {
    const [query, key] = [Math.floor(next() * box.queries), Math.floor(next() * box.keys)];
    const levels = levelsOf(box, view, 1, 20);
    const block = [blockOf(query, levels.rows, box.queries), blockOf(key, levels.keys, box.keys)];
    assert.ok(block[0][0] <= query && query < block[0][1] && block[1][0] <= key && key < block[1][1]);
    const shown = revealing(box, view, ...block);
    const sight = inSight(box, shown);
    assert.ok(sight.queries[0] <= query && query < sight.queries[1], `query ${query} in ${sight.queries}`);
    assert.ok(sight.keys[0] <= key && key < sight.keys[1], `key ${key} in ${sight.keys}`);
    assert.deepEqual(revealing(box, shown, ...block), shown, 'and then it stays');
    const at = { x: next() * box.width, y: next() * box.height };
    const pinned = placed(box, view.zoom, { x: key + 0.5, y: query + 0.5 }, at);
    assert.deepEqual(pinned, clamped(box, pinned));
  }
});

test('pooling along one axis is by the definition', () => {
  const values = Float32Array.of(1, -3, 2, -Infinity, -Infinity, -Infinity, NaN, 1, 5, 0.5, -0.25, 0);
  const grid = { values, rows: 2, columns: 6 };
  assert.deepEqual([...pooledColumns(grid, 2, 'max').values], [-3, 2, -Infinity, NaN, 5, -0.25]);
  assert.deepEqual([...pooledColumns(grid, 4, 'max').values], [-3, -Infinity, NaN, -0.25]);
  assert.deepEqual([...pooledColumns(grid, 3, 'mean').values], [0, -Infinity, NaN, 0.25 / 3].map(Math.fround));
  const tall = pooledRows({ values, rows: 6, columns: 2 }, 2, 'max');
  assert.deepEqual([tall.rows, tall.columns, ...tall.values], [3, 2, 2, -3, NaN, 1, 5, 0.5]);
});

test('what ends after three decimals is written with three', () => {
  const written = [-0.058, Math.fround(-0.058), 0.5, 1, 0, 208, 0.499_98, 0.9999999, 2.5e-7, -1.5e8, NaN];
  assert.deepEqual(written.map(formatTrimmed), [
    ...['−0.058', '−0.058', '0.500', '1.000', '0', '208.0', '0.5000', '1.000', '2.50×10⁻⁷', '−1.50×10⁸', 'NaN'],
  ]);
});

test('numbers beside each other have the same decimals, as many as fit', () => {
  const written = (values, most = 99) => {
    const write = formatAlike(values, (text) => text.length <= most);
    return values.map(write);
  };
  assert.deepEqual(written([0.123456, 0.1, 0.05, 0, -0.00001]), ['0.1235', '0.1000', '0.0500', '0.0000', '0.0000']);
  assert.deepEqual(written([0.123456, 0.1], 4), ['0.12', '0.10']);
  assert.deepEqual(written([12.3456, -0.5]), ['12.35', '−0.50']);
  assert.deepEqual(written([12.3456, -0.5], 4), ['12.3', '−0.5']);
  assert.deepEqual(written([0.99999, 0.5]), ['1.000', '0.500']);
  assert.deepEqual(written([0.0456, 0.001], 4), ['0.05', '0.00']);
  assert.deepEqual(written([-0.123456, 0.1], 3), ['', '0.1'], 'what does not fit even so');
  assert.deepEqual(written([2.34e-7, -5e-9, 0]), ['2.34×10⁻⁷', '−5.00×10⁻⁹', '0']);
  assert.deepEqual(written([2.34e-7, 5e-9], 6), ['2×10⁻⁷', '5×10⁻⁹']);
  assert.deepEqual(written([0.5, 2.34e7, NaN, Infinity, -Infinity]), ['0.5000', '2.34×10⁷', 'NaN', '∞', '−∞']);
  assert.deepEqual(written([0, 0]), ['0', '0']);
  assert.deepEqual(written([]), []);
});
