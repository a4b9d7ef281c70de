// The mask as something to edit: what is painted is removed, the rest of the row shares anew, and nothing else changes.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { axeFindings } from './axe.mjs';
import { made, startSite } from './harness.mjs';
import { drop, noise, npy, npz, safetensors, settled, tensor } from './page.mjs';

const site = await startSite();
after(() => site.close());

/** The page's own arithmetic, to be held against the kernel and against rules written down here. */
async function load(file) {
  const entry = fileURLToPath(new URL(`../../www/src/${file}`, import.meta.url));
  const options = /** @type {const} */ ({ bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const { countLeft, rulesAgainst, visibleKeys, poolMask } = await load('views/parts/rules.ts');
const { bitsFrom, bitAt, countBits, inverted, markRange, noBits, planeOf, withBlock } =
  await load('views/parts/bits.ts');
const { edgeAfter, edgeRange, edgeValue, placeEdge } = await load('views/parts/edges.ts');

const WIDE = { width: 1440, height: 1400 };
const OPEN = { ...WIDE, path: '' };

/** Rules that remove nothing from `queries` x `keys`. */
const rules = (queries, keys, more = {}) => ({
  queries,
  keys,
  offset: 0,
  causal: false,
  left: -1,
  right: -1,
  queryLength: queries,
  keyLength: keys,
  ...more,
});

const openMask = async (page) => {
  await settled(page);
  await page.locator('.mask-summary').click();
  await page.locator('.mask-cursor').waitFor();
};

const box = (page) => page.locator('.mask-plot').boundingBox();

/** The middle of a cell of the grid of `rows` x `columns`. */
async function middle(page, row, column, rows, columns) {
  const { x, y, width, height } = await box(page);
  return [x + ((column + 0.5) / columns) * width, y + ((row + 0.5) / rows) * height];
}

/** Goes through the first cells of a row of the heat map, by the keys of its cursor, and reads what the panel says of each. */
const weights = (page, row, columns) =>
  page.evaluate(async ([row, columns]) => {
    const cursor = /** @type {HTMLElement} */ (document.querySelector('.plot-cursor'));
    const press = (key, ctrlKey = false) =>
      cursor.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
    const shown = (name) => Number(document.querySelector(`[data-number="${name}"]`).textContent);
    const reached = async (column) => {
      const place = new RegExp(`query ${row}\\D+key ${column}(\\D|$)`);
      const late = performance.now() + 20_000;
      while (!place.test(document.querySelector('.cell-place')?.textContent ?? '')) {
        if (performance.now() > late) throw new Error(`the panel does not come to ${place}`);
        await new Promise(requestAnimationFrame);
      }
    };
    cursor.focus();
    press('Home', true);
    for (let step = 0; step < row; step += 1) press('ArrowDown');
    // From beside it: where the panel is there already, it may tell what was before.
    press('ArrowRight');
    await reached(1);
    press('ArrowLeft');
    const read = [];
    for (let column = 0; column < columns; column += 1) {
      await reached(column);
      read.push({ weight: shown('weight'), mass: shown('mass') });
      press('ArrowRight');
    }
    return read;
  }, /** @type {const} */ ([row, columns]));

const hash = (page, name) => page.evaluate((name) => new URLSearchParams(location.hash.slice(1)).get(name), name);
const linked = (page, name, wanted) =>
  page.waitForFunction(
    ([name, wanted]) => (new URLSearchParams(location.hash.slice(1)).get(name) !== null) === wanted,
    [name, wanted],
  );

const count = (page) => page.locator('.mask-count').textContent();

/** Which cells of the heat map are drawn as removed: all of one row or column of pixels must not do, so the numbers are read. */
const kernelMask = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector('.plot-canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const plot = document.querySelector('.plot');
    const [rows, columns] = ['aria-rowcount', 'aria-colcount'].map((name) => Number(plot.getAttribute(name)));
    // The first pixels of a cell that belong to it alone; grey in all of them is the tone of removed keys.
    return Array.from({ length: rows * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      const y = Math.floor(((row + 0.5) * canvas.height) / rows);
      const x = Math.floor(((column + 0.5) * canvas.width) / columns);
      let grey = 0;
      for (let step = -2; step <= 2; step += 1) {
        const at = 4 * (y * canvas.width + x + step);
        const [red, green, blue] = data.subarray(at, at + 3);
        if (Math.max(red, green, blue) - Math.min(red, green, blue) < 20 && red > 130) grey += 1;
      }
      return grey === 5;
    });
  });

// ---- arithmetic

test('the editor is fetched when it is wanted, and can undo what was changed before', () =>
  site.visit(OPEN, async (page, { requests }) => {
    await settled(page);
    const fetched = () => requests.filter((url) => /\/maskeditor-\w+\.js(\?\d+)?$/.test(url)).length;
    assert.equal(fetched(), 0);
    await page.locator('[name="causal"]').check();
    await page.locator('.mask-count', { hasText: '136 of 256' }).waitFor();
    assert.equal(fetched(), 0);
    await openMask(page);
    assert.equal(fetched(), 1);
    await page.locator('.mask-buttons [name="undo"]').click();
    await page.locator('.mask-count', { hasText: 'all 256 pairs' }).waitFor();
    assert.equal(await page.locator('[name="causal"]').isChecked(), false);
  }));

test('an editor that does not arrive says so, and is fetched again', () =>
  site.visit({ ...OPEN, expectedErrors: /maskeditor|Failed to load resource/ }, async (page) => {
    const lost = /\/maskeditor-\w+\.js(\?\d+)?$/;
    await page.route(lost, (route) => route.abort());
    await settled(page);
    await page.locator('.mask-summary').click();
    const body = page.locator('.mask-body');
    await body.getByRole('alert').waitFor();
    assert.match(await body.innerText(), /did not arrive: .*Try again/s);
    await page.getByText('中文', { exact: true }).click();
    await made(page);
    assert.match(await body.innerText(), /未能加载.*重试/s);
    await page.unroute(lost);
    await body.getByRole('button').click();
    await page.locator('.mask-cursor').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'mask-summary');
  }));

test('visible keys are those that no rule removes, for many rules', () => {
  const random = noise(4000, 3);
  let at = 0;
  const pick = (from, to) => from + Math.floor(((random[(at += 1)] + 1) / 2) * (to - from + 0.999));
  for (let turn = 0; turn < 200; turn += 1) {
    const [queries, keys] = [pick(1, 6), pick(1, 6)];
    const these = rules(queries, keys, {
      offset: pick(-4, 4),
      causal: pick(0, 1) === 1,
      left: pick(-1, 3),
      right: pick(-1, 3),
      queryLength: pick(0, queries),
      keyLength: pick(0, keys),
    });
    let total = 0;
    for (let query = 0; query < queries; query += 1) {
      const [from, to] = visibleKeys(these, query);
      for (let key = 0; key < keys; key += 1) {
        const visible = key >= from && key < to;
        assert.equal(visible, rulesAgainst(these, query, key).length === 0, JSON.stringify({ these, query, key }));
        total += Number(visible);
      }
    }
    // Pooled to any size, and counted without marks and with (some that change nothing): the same.
    const [rows, columns] = [pick(1, queries), pick(1, keys)];
    const edge = (cell, cells, size) => Math.floor((cell * size) / cells);
    const counted = Array.from({ length: rows * columns }, (_, cell) => {
      let count = 0;
      const [row, column] = [Math.floor(cell / columns), cell % columns];
      for (let query = edge(row, rows, queries); query < edge(row + 1, rows, queries); query += 1) {
        for (let key = edge(column, columns, keys); key < edge(column + 1, columns, keys); key += 1) {
          count += Number(rulesAgainst(these, query, key).length === 0);
        }
      }
      return count;
    });
    const hidden = bitsFrom(queries, keys, (index) => Math.floor(index / keys) >= these.queryLength);
    for (const painted of [undefined, hidden]) {
      const pooled = poolMask({ ...these, painted }, rows, columns);
      assert.deepEqual([...pooled.allowed], counted, JSON.stringify(these));
      const empty = pooled.empty.reduce((sum, count) => sum + count, 0);
      assert.deepEqual(countLeft({ ...these, painted }), { pairs: total, empty });
    }
  }
});

test('each rule removes what its definition says', () => {
  assert.deepEqual(rulesAgainst(rules(4, 4, { causal: true }), 1, 2), ['causal']);
  assert.deepEqual(rulesAgainst(rules(4, 4, { causal: true }), 1, 1), []);
  assert.deepEqual(rulesAgainst(rules(2, 4, { causal: true, offset: 2 }), 0, 2), [], 'lower right');
  assert.deepEqual(rulesAgainst(rules(4, 4, { left: 1 }), 3, 1), ['left']);
  assert.deepEqual(rulesAgainst(rules(4, 4, { right: 0 }), 0, 1), ['right']);
  assert.deepEqual(rulesAgainst(rules(4, 4, { keyLength: 2, queryLength: 1 }), 1, 2), ['queryLength', 'keyLength']);
  assert.deepEqual(
    rulesAgainst(rules(4, 4, { painted: withBlock(noBits(4, 4), { queries: [1, 2], keys: [2, 3] }, true) }), 1, 2),
    ['painted'],
  );
});

test('pooled cells count what they stand for, and empty rows', () => {
  const painted = withBlock(noBits(10, 7), { queries: [4, 5], keys: [0, 7] }, true);
  const these = rules(10, 7, { painted, keyLength: 6 });
  const pooled = poolMask(these, 3, 2);
  assert.equal(
    pooled.size.reduce((sum, size) => sum + size, 0),
    70,
  );
  assert.deepEqual(countLeft(these), { pairs: 54, empty: 1 });
  assert.deepEqual([...pooled.empty], [0, 1, 0]);
  assert.equal(
    pooled.painted.reduce((sum, size) => sum + size, 0),
    6,
  );
});

test('bits turn over and back, and no bit lies behind the last', () => {
  const bits = bitsFrom(3, 5, (index) => index % 4 === 1);
  assert.equal(bitAt(bits, 1, 0), true);
  assert.deepEqual(inverted(inverted(bits)).data, bits.data);
  assert.equal(inverted(noBits(3, 5)).data.at(-1), 0b1111111);
});

test('marks are counted row by row, whatever they are kept as, and stretched where an axis is 1', () => {
  const [queries, keys] = [5, 21];
  const random = noise(7, 4 * queries * keys);
  const tensor = (...shape) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    return { shape, data: Uint8Array.from(random.subarray(0, size), (value) => Number(value > 0.3)) };
  };
  const at = { batch: 1, head: 1 };
  const packed = bitsFrom(queries, keys, (index) => random[index] > 0);
  const packedRow = bitsFrom(1, keys, (index) => random[index] > 0.2);
  const planes = [[keys], [1, keys], [queries, 1], [queries, keys], [2, queries, keys], [2, 2, queries, 1], [1, 1]];
  const marks = [packed, packedRow, ...planes.map((shape) => planeOf(tensor(...shape), at, 0))];
  assert.equal(bitAt(marks[6], 2, 3), tensor(2, queries, keys).data[(queries + 2) * keys + 3] === 0, 'the second head');
  assert.equal(bitAt(marks[7], 2, 3), tensor(2, 2, queries, 1).data[3 * queries + 2] === 0, 'of the second item');
  for (const painted of marks) {
    for (const bias of [undefined, ...marks]) {
      const these = rules(queries, keys, { painted, bias, causal: true, offset: 9 });
      const left = Array.from({ length: queries }, (_, query) =>
        Array.from({ length: keys }, (_, key) => rulesAgainst(these, query, key).length === 0).filter(Boolean),
      );
      const pairs = left.flat().length;
      assert.deepEqual(countLeft(these), { pairs, empty: left.filter(({ length }) => length === 0).length });
      const { allowed } = poolMask(these, 2, 3);
      assert.equal(
        allowed.reduce((sum, count) => sum + count, 0),
        pairs,
      );
      const both = bias ? [painted, bias] : [painted];
      for (let from = 0; from <= keys; from += 1) {
        for (let to = from; to <= keys; to += 3) {
          const marked = Array.from({ length: to - from }, (_, step) => both.some((one) => bitAt(one, 2, from + step)));
          assert.equal(countBits(both, 2, from, to), marked.filter(Boolean).length, `${from} to ${to}`);
        }
      }
    }
  }
});

test('a map of more pairs than 32 bits count is counted, at once where all queries have the same marks', () => {
  const size = 50_000;
  const data = Uint8Array.from({ length: size }, (_, key) => key % 2);
  for (const shape of [
    [1, size],
    [size, 1],
  ]) {
    const begin = performance.now();
    const painted = planeOf({ data, shape }, { batch: 0, head: 0 }, 0);
    const empty = shape[0] === 1 ? 0 : size / 2;
    assert.deepEqual(countLeft(rules(size, size, { painted })), { pairs: 1_250_000_000, empty });
    assert.ok(performance.now() - begin < 1000, `${performance.now() - begin} ms`);
  }
  const bits = noBits(size, size);
  markRange(bits.data, size * size - 11, size * size - 1);
  assert.deepEqual([bitAt(bits, size - 1, size - 2), bitAt(bits, size - 1, size - 1)], [true, false]);
  assert.equal(countBits([bits], size - 1, 0, size), 10);
});

test('a handle stands where its value is, and its place means its value', () => {
  for (const these of [
    rules(16, 16, { left: 3, right: 2 }),
    rules(3, 6, { offset: 3, left: 0 }),
    rules(5, 9, { keyLength: 4 }),
  ]) {
    for (const edge of ['left', 'right', 'keys', 'queries']) {
      assert.equal(edgeValue(edge, these, placeEdge(edge, these)), edgeRange(edge, these).value, edge);
    }
  }
});

test('a link’s code gives the same mask back, and nonsense gives none', async () => {
  const { encodeBits, decodeBits } = await load('page/painted.ts');
  const random = noise(4096, 8);
  for (const bits of [noBits(4, 4), inverted(noBits(3, 5)), bitsFrom(16, 16, (index) => random[index] > 0.5)]) {
    assert.deepEqual(decodeBits(encodeBits(bits)), bits);
  }
  assert.equal(encodeBits(bitsFrom(64, 64, (index) => random[index] > 0)), undefined, 'too long');
  for (const code of ['', '4x4', '4x4.', '4x4.!!', '4x4.Bg', '99999x99999.AA', '4x4.EAEBAQ']) {
    assert.equal(decodeBits(code), undefined, code);
  }
});

// ---- painting

test('painting by mouse takes exactly those keys away, and the row shares anew', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    const before = await weights(page, 10, 16);
    const other = await weights(page, 9, 16);
    await page.locator('.mask-plot').scrollIntoViewIfNeeded();
    await page.mouse.move(...(await middle(page, 10, 2, 16, 16)));
    await page.mouse.down();
    await page.mouse.move(...(await middle(page, 10, 5, 16, 16)));
    await page.mouse.up();
    await settled(page);
    assert.equal(await count(page), '252 of 256 pairs');
    const after = await weights(page, 10, 16);
    const left = before.reduce((sum, { weight }, key) => sum + (key >= 2 && key <= 5 ? 0 : weight), 0);
    after.forEach(({ weight, mass }, key) => {
      assert.equal(mass, 1);
      if (key >= 2 && key <= 5) assert.equal(weight, 0);
      // Printed to three decimals, which the sum of the rest divides.
      else assert.ok(Math.abs(weight - before[key].weight / left) < 2e-3 / left, `key ${key}: ${weight}`);
    });
    assert.deepEqual(await weights(page, 9, 16), other, 'other rows stay');
    await page.locator('.mask').getByRole('button', { name: 'Undo' }).click();
    await settled(page);
    assert.deepEqual(await weights(page, 10, 16), before);
    await page.locator('.mask').getByRole('button', { name: 'Redo' }).click();
    await settled(page);
    assert.deepEqual(await weights(page, 10, 16), after);
  }));

test('painting by keyboard does the same and says so; a link restores it', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    const cursor = page.locator('.mask-cursor');
    await cursor.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const said = page.locator('.mask-grid [aria-live]');
    assert.equal(await said.textContent(), 'query 1 “the”, key 2 “animal”: allowed');
    await page.keyboard.press('Space');
    assert.equal(await said.textContent(), 'query 1 “the”, key 2 “animal”: removed by painting');
    assert.equal(await count(page), '255 of 256 pairs');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowRight');
    assert.match(await said.textContent(), /^queries 1–2, keys 2–3: .*; Space removes the whole box$/);
    await page.keyboard.press('Space');
    assert.equal(await count(page), '252 of 256 pairs', 'the selection follows the cell under the cursor');
    await page.keyboard.press('Control+z');
    assert.equal(await count(page), '255 of 256 pairs');
    await page.keyboard.press('Control+y');
    assert.equal(await count(page), '252 of 256 pairs');
    await page.locator('[name="causal"]').check();
    assert.equal(await count(page), '135 of 256 pairs', 'a control of the panel leaves the painting alone');
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowDown');
    assert.match(await said.textContent(), /query 3 “didn”, key 3 “didn”: allowed/);
    await page.keyboard.press('ArrowRight');
    assert.equal(await said.textContent(), "query 3 “didn”, key 4 “'”: removed by the causal mask");
    await settled(page);
    // What was changed last; all of it is written at once.
    await linked(page, 'causal', true);
    const [code, counted] = [await hash(page, 'mask'), await count(page)];
    await page.reload();
    await settled(page);
    assert.equal(await count(page), counted);
    assert.equal((await weights(page, 2, 4))[2].weight, 0);
    await linked(page, 'mask', true);
    assert.equal(await hash(page, 'mask'), code);
  }));

test('one head can be painted alone', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await page.getByText('This head', { exact: true }).click();
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Space');
    await settled(page);
    assert.equal(await count(page), '255 of 256 pairs');
    assert.equal((await weights(page, 0, 1))[0].weight, 0);
    await page.getByRole('button', { name: 'Next: Head' }).click();
    await settled(page);
    assert.equal(await count(page), 'all 256 pairs');
    assert.notEqual((await weights(page, 0, 1))[0].weight, 0);
    await linked(page, 'mask.1', true);
  }));

test('a box, the other brush, inverting and clearing', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await page.locator('.mask-plot').scrollIntoViewIfNeeded();
    const drag = async (from, to) => {
      await page.mouse.move(...(await middle(page, ...from, 16, 16)));
      await page.mouse.down();
      await page.mouse.move(...(await middle(page, ...to, 16, 16)));
      await page.mouse.up();
    };
    await page.getByText('Box', { exact: true }).click();
    await drag([0, 0], [3, 15]);
    assert.equal(await count(page), '192 of 256 pairs · queries without a key: 4');
    await page.getByText('Allow', { exact: true }).click();
    await drag([1, 1], [2, 2]);
    assert.equal(await count(page), '196 of 256 pairs · queries without a key: 2');
    await page.getByRole('button', { name: 'Invert' }).click();
    assert.equal(await count(page), '60 of 256 pairs · queries without a key: 12');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    assert.equal(await count(page), 'all 256 pairs');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'clear', 'the focus stays');
    await settled(page);
    await linked(page, 'mask', false);
  }));

test('painting by touch works', () =>
  site.visit({ ...OPEN, width: 360, height: 740, touch: true }, async (page) => {
    await openMask(page);
    await page.locator('.mask-plot').scrollIntoViewIfNeeded();
    await page.touchscreen.tap(...(await middle(page, 4, 4, 16, 16)));
    await settled(page);
    assert.equal(await count(page), '255 of 256 pairs');
  }));

// ---- bounds

test('handles set window and lengths by mouse and by keyboard, as their number fields do', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await page.locator('.mask-plot').scrollIntoViewIfNeeded();
    const { x, width } = await box(page);
    const drag = async (name, column) => {
      const found = page.locator('.mask-handle').and(page.getByRole('slider', { name, exact: true }));
      await found.scrollIntoViewIfNeeded();
      const handle = await found.boundingBox();
      const [from, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2];
      await page.mouse.move(from, y);
      await page.mouse.down();
      await page.mouse.move(x + (column / 16) * width, y);
      await page.mouse.up();
      await settled(page);
    };
    await drag('Window to the left', 5);
    assert.equal(await page.locator('[name="leftWindowSize"]').inputValue(), '2');
    await page.locator('.mask').getByRole('button', { name: 'Undo' }).click();
    assert.equal(await page.locator('[name="leftWindowSize"]').inputValue(), '-1', 'one drag is undone at once');
    await page.locator('.mask').getByRole('button', { name: 'Redo' }).click();
    await drag('Window to the right', 9);
    assert.equal(await page.locator('[name="rightWindowSize"]').inputValue(), '1');
    await drag('Real keys', 12);
    assert.equal(await page.locator('[name="keyValueSeqLengths"]').inputValue(), '12');
    await page.locator('.mask-handle-queries').focus();
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.locator('[name="querySeqLengths"]').inputValue(), '15');
    await page.locator('.mask-handle-left').focus();
    await page.keyboard.press('End');
    assert.equal(await page.locator('[name="leftWindowSize"]').inputValue(), '-1');
    await settled(page);
    assert.equal((await weights(page, 0, 16)).filter(({ weight }) => weight > 0).length, 2);
    await linked(page, 'keyValueSeqLengths', true);
    assert.equal(await hash(page, 'keyValueSeqLengths'), '12');
    await page.locator('[name="keyValueSeqLengths"]').fill('99');
    assert.match(await page.locator('.mask-length .field-fault').first().textContent(), /from 0 to 16, not “99”/);
  }));

test('arrows move a window’s handle the way they point, and the first of them takes a key away', () => {
  for (const these of [rules(16, 16), rules(3, 6, { offset: 3 }), rules(6, 3), rules(5, 9, { offset: 2 })]) {
    const { pairs } = countLeft(these);
    for (const edge of ['left', 'right']) {
      const value = edgeAfter(edge, these, -1);
      assert.ok(value >= 0 && countLeft({ ...these, [edge]: value }).pairs < pairs, `${edge} ${value}`);
      assert.equal(countLeft({ ...these, [edge]: value + 1 }).pairs, pairs, 'the widest that does');
      assert.equal(edgeAfter(edge, { ...these, [edge]: value }, 1), -1);
      assert.equal(edgeAfter(edge, { ...these, [edge]: 0 }, -1), 0);
    }
  }
  return site.visit(OPEN, async (page) => {
    await openMask(page);
    for (const [edge, inwards, outwards] of [
      ['left', 'ArrowRight', 'ArrowLeft'],
      ['right', 'ArrowLeft', 'ArrowRight'],
    ]) {
      const typed = page.locator(`.controls [name="${edge}WindowSize"]`);
      await page.locator(`.mask-handle-${edge}`).focus();
      await page.keyboard.press(outwards);
      assert.equal(await typed.inputValue(), '-1', 'it is at the end');
      for (const expected of ['14', '13']) {
        await page.keyboard.press(inwards);
        assert.equal(await typed.inputValue(), expected);
      }
      await page.keyboard.press(outwards);
      await page.keyboard.press(outwards);
      assert.equal(await typed.inputValue(), '-1');
    }
  });
});

test('lengths are set for one batch item', () =>
  site.visit({ ...WIDE, path: '#example=student-teacher&batch=2' }, async (page) => {
    await openMask(page);
    await page.locator('[name="keyValueSeqLengths"]').fill('4');
    await settled(page);
    await linked(page, 'keyValueSeqLengths', true);
    assert.equal(await hash(page, 'keyValueSeqLengths'), '6,6,4,6,6,6,6,6,6,6,6,6,6,6,6,6');
    assert.deepEqual(
      (await weights(page, 0, 6)).map(({ weight }) => weight > 0),
      [true, true, true, true, false, false],
    );
    await page.locator('[name="causal"]').check();
    await page.locator('.mask-note', { hasText: 'Choose “Causal alignment” first' }).waitFor();
  }));

test('what the grid shows is what the kernel does, for masks picked at random', () =>
  site.visit({ ...WIDE, path: '#stage=masked&colors=viridis' }, async (page) => {
    await settled(page);
    const random = noise(300, 21);
    const { encodeBits } = await load('page/painted.ts');
    for (let turn = 0; turn < 6; turn += 1) {
      const pick = (slot, from, to) => from + Math.floor(((random[turn * 8 + slot] + 1) / 2) * (to - from + 0.999));
      const marks = noise(256, turn + 5);
      const these = rules(16, 16, {
        causal: pick(0, 0, 1) === 1,
        left: pick(1, -1, 9),
        right: pick(2, -1, 9),
        keyLength: pick(3, 9, 16),
        queryLength: pick(4, 9, 16),
        painted: bitsFrom(16, 16, (index) => marks[index] > 0.6),
      });
      const link = new URLSearchParams({
        stage: 'masked',
        colors: 'viridis',
        causal: String(these.causal),
        leftWindowSize: String(these.left),
        rightWindowSize: String(these.right),
        keyValueSeqLengths: String(these.keyLength),
        querySeqLengths: String(these.queryLength),
        mask: encodeBits(these.painted),
      });
      await page.evaluate((hash) => (location.hash = hash), link.toString());
      await page.waitForFunction(
        (text) => new URLSearchParams(location.hash.slice(1)).get('mask') === text,
        link.get('mask'),
      );
      const wanted = poolMask(these, 16, 16);
      await page.locator('.mask-count', { hasText: `${countLeft(these).pairs} of 256` }).waitFor();
      await settled(page);
      const removed = await kernelMask(page);
      assert.deepEqual(
        removed,
        [...wanted.allowed].map((left) => left === 0),
        `turn ${turn}: ${link}`,
      );
    }
  }));

test('the diagonal of fewer queries than keys is where the kernel has it', () =>
  site.visit({ ...WIDE, path: '#example=student-teacher' }, async (page) => {
    await settled(page);
    for (const [alignment, offset] of /** @type {const} */ ([
      ['upper_left', 0],
      ['lower_right', 3],
    ])) {
      for (const [causal, left, right] of /** @type {const} */ ([
        [true, -1, -1],
        [true, 1, -1],
        [false, 2, 1],
        [false, 0, 0],
      ])) {
        const these = rules(3, 6, { offset, causal, left, right });
        const link = `#example=student-teacher&stage=masked&colors=viridis&causalAlignment=${alignment}&causal=${causal}&leftWindowSize=${left}&rightWindowSize=${right}`;
        await page.evaluate((hash) => (location.hash = hash), link);
        const wanted = poolMask(these, 3, 6);
        await page.locator('.mask-count', { hasText: new RegExp(`^${countLeft(these).pairs} of 18`) }).waitFor();
        await page.waitForFunction(
          (left) => document.querySelector('[name="leftWindowSize"]').value === left,
          `${left}`,
        );
        await settled(page);
        assert.deepEqual(
          await kernelMask(page),
          [...wanted.allowed].map((count) => count === 0),
          link,
        );
      }
    }
  }));

// ---- files

const pick = async (page, name, content) => {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Load a mask…' }).click();
  await (await chooser).setFiles({ name, mimeType: '', buffer: content });
};

test('what is saved opens again as the same mask', () =>
  site.visit({ ...OPEN, path: '#causal=true&keyValueSeqLengths=12' }, async (page) => {
    await openMask(page);
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Space');
    const saved = await count(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as .npy' }).click();
    const file = await (await download).createReadStream();
    const content = Buffer.concat(await file.toArray());
    assert.equal(content.length % 64, 0, 'a header of whole lines, and 256 bytes');
    assert.match(content.toString('latin1'), /'descr': '\|b1', 'fortran_order': False, 'shape': \(16, 16\)/);
    await page.getByText('Reset to the file’s settings').click();
    await settled(page);
    assert.equal(await count(page), 'all 256 pairs');
    await pick(page, 'mask.npy', content);
    await page.locator('.mask-note', { hasText: '1 may be seen' }).waitFor();
    assert.equal(await count(page), saved);
    await settled(page);
    assert.deepEqual(
      (await weights(page, 1, 3)).map(({ weight }) => weight > 0),
      [true, true, false],
    );
    await page.getByText('The file means the opposite').click();
    const [left] = saved.split(' ');
    assert.match(await count(page), new RegExp(`^${256 - Number(left)} of 256`));
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    assert.equal(await page.locator('.mask-note').textContent(), '', 'nothing of the file is left');
    await page.keyboard.press('Shift+Tab');
    for (const expected of [`${256 - Number(left)} of 256`, `${left} of 256`, 'all 256']) {
      await page.locator('.mask').getByRole('button', { name: 'Undo' }).click();
      assert.match(await count(page), new RegExp(`^${expected}`), 'step by step');
    }
  }));

test('a mask for each head, one of several tensors, and a float mask that is a bias', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    const zeros = (head) => Array.from({ length: 256 }, (_, index) => (index < head ? 0 : 1));
    const heads = tensor([12, 16, 16], Array.from({ length: 12 }, (_, head) => zeros(head)).flat());
    await pick(
      page,
      'two.npz',
      npz({
        heads,
        row: tensor(
          [1, 16],
          Array.from({ length: 16 }, (_, key) => (key < 3 ? 1 : 0)),
        ),
      }),
    );
    await page.locator('[name="mask-tensor"]').selectOption({ label: 'heads  (12 × 16 × 16)' });
    await page.locator('.mask-count', { hasText: '255 of 256' }).waitFor();
    await page.locator('[name="head"]').selectOption('5');
    assert.equal(await count(page), '251 of 256 pairs');
    await page.locator('[name="mask-tensor"]').selectOption({ label: 'row  (1 × 16)' });
    await page.locator('.mask-count', { hasText: '48 of 256' }).waitFor();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    const bias = tensor(
      [16, 16],
      Array.from({ length: 256 }, (_, index) => (index % 16 < 4 ? 0 : -Infinity)),
    );
    await pick(page, 'bias.safetensors', safetensors({ bias }));
    await page.locator('.mask-note', { hasText: 'added to the scores' }).waitFor();
    assert.equal(await count(page), '64 of 256 pairs');
    await settled(page);
    assert.deepEqual(
      (await weights(page, 0, 6)).map(({ weight }) => weight > 0),
      [true, true, true, true, false, false],
    );
    await page.locator('[name="normalizer"]').selectOption('linear_elu1');
    await page.locator('.mask-note', { hasText: '“Linear attention (elu + 1)” takes no bias' }).waitFor();
    assert.equal(await count(page), 'all 256 pairs');
    await settled(page);
    assert.equal(await page.locator('#notice').textContent(), '');
    await page.locator('[name="normalizer"]').selectOption('softmax');
    await page.getByRole('button', { name: 'Take it out' }).click();
    assert.equal(await count(page), 'all 256 pairs');
  }));

/** Saves the mask: what its file is called, and what is in it. */
async function save(page) {
  const wait = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as .npy' }).click();
  const download = await wait;
  const content = Buffer.concat(await (await download.createReadStream()).toArray());
  const start = 10 + content.readUInt16LE(8);
  const header = content.toString('latin1', 10, start);
  return { name: download.suggestedFilename(), content, header, body: content.subarray(start) };
}

test('a mask from a file takes the place of a bias, and Clear takes either out', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    const clear = page.getByRole('button', { name: 'Clear', exact: true });
    const half = (low, high) => tensor([16, 16], [...Array(128).fill(low), ...Array(128).fill(high)]);
    const note = (words) => page.locator('.mask-note', { hasText: words }).waitFor();
    await pick(page, 'bias.npy', npy(half(-Infinity, 2)));
    await note('added to the scores');
    assert.match(await count(page), /^128 of 256/);
    await clear.click();
    assert.equal(await count(page), 'all 256 pairs');
    await page.locator('.mask').getByRole('button', { name: 'Undo' }).click();
    assert.match(await count(page), /^128 of 256/);
    await pick(page, 'mask.npy', npy(half(1, 0)));
    await note('mask.npy is loaded as a mask');
    assert.match(await count(page), /^128 of 256/, 'of the bias nothing is left');
    assert.equal(await page.getByRole('button', { name: 'Take it out' }).count(), 0);
    await pick(page, 'bias.npy', npy(half(2, -Infinity)));
    await note('added to the scores');
    await page.getByRole('button', { name: 'Take it out' }).click();
    assert.equal(await count(page), 'all 256 pairs', 'of the mask nothing is left');
    await pick(page, 'zeros.npy', npy(half(0, 0)));
    await note('zeros.npy is added to the scores');
    assert.equal(await count(page), 'all 256 pairs', 'zeros are added where there is no padding');
    await settled(page);
  }));

test('a bias is saved with its numbers, and masks of single heads each for itself', () =>
  site.visit({ ...OPEN, path: '#head=2' }, async (page) => {
    await openMask(page);
    const numbers = noise(256, 6);
    await pick(page, 'scores.npy', npy(tensor([16, 16], numbers)));
    await page.locator('.mask-note', { hasText: 'Save it to keep it' }).waitFor();
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Space');
    const whole = await save(page);
    assert.equal(whole.name, 'bias-layer3.npy');
    assert.match(whole.header, /'descr': '<f4', 'fortran_order': False, 'shape': \(16, 16\)/);
    const values = Float32Array.from({ length: 256 }, (_, index) => whole.body.readFloatLE(4 * index));
    assert.equal(values[0], -Infinity);
    assert.deepEqual(values.subarray(1), numbers.subarray(1));
    await pick(page, 'again.npy', whole.content);
    await page.locator('.mask-note', { hasText: 'again.npy' }).waitFor();
    assert.equal(await count(page), '255 of 256 pairs');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('This head', { exact: true }).click();
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Space');
    const each = await save(page);
    assert.equal(each.name, 'mask-layer3-each-head.npy');
    assert.match(each.header, /'descr': '\|b1', 'fortran_order': False, 'shape': \(12, 16, 16\)/);
    assert.deepEqual(
      [...each.body].flatMap((allowed, index) => (allowed ? [] : [index])),
      [2 * 256],
    );
  }));

test('a file of several tensors takes the words about the file before away', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await pick(page, 'broken.npy', Buffer.from('no array'));
    await page.locator('.mask-note.field-fault', { hasText: 'broken.npy' }).waitFor();
    const one = () => tensor([16, 16], Array(256).fill(1));
    await pick(page, 'two.npz', npz({ one: one(), two: one() }));
    await page.locator('[name="mask-tensor"]').waitFor();
    assert.equal(await page.locator('.mask-note').textContent(), '');
    assert.equal(await page.locator('.mask-note.field-fault').count(), 0);
  }));

test('a mask of another shape is refused with both shapes', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await pick(page, 'wrong.npy', npy(tensor([3, 16], new Float32Array(48))));
    const fault = page.locator('.mask-note.field-fault');
    await fault.waitFor();
    assert.match(await fault.textContent(), /wrong\.npy has the shape 3 × 16; 16 × 16 is needed/);
    assert.equal(await count(page), 'all 256 pairs');
    await pick(page, 'broken.npy', Buffer.from('no array'));
    await page.locator('.mask-note.field-fault', { hasText: 'broken.npy could not be opened' }).waitFor();
  }));

test('a link’s mask of another size, or lengths that are too few, are said to be so', () =>
  site.visit({ ...WIDE, path: '#example=student-teacher&mask=16x16.AAEP' }, async (page) => {
    await openMask(page);
    assert.equal(await page.locator('.mask-note').textContent(), '', 'what is no code is no mask');
    await page.evaluate(() => (location.hash = '#example=student-teacher&mask=2x2.AQEC&keyValueSeqLengths=3'));
    await page.locator('.mask-note', { hasText: 'is for 2 × 2 pairs and does not count here' }).waitFor();
    await page.locator('.mask-length .field-fault', { hasText: '16 numbers' }).waitFor();
    await page.locator('[name="keyValueSeqLengths"]').fill('5');
    await settled(page);
    assert.equal(await count(page), '15 of 18 pairs');
  }));

test('300 x 300 pairs are pooled: the brush paints blocks, and the page holds no element per cell', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    const rows = () => tensor([1, 300, 4], noise(1200));
    await drop(page, { name: 'big.safetensors', content: safetensors({ 'layers.0.q': rows(), 'layers.0.k': rows() }) });
    await page.locator('.mask-count', { hasText: 'all 90,000 pairs' }).waitFor();
    await settled(page);
    await page.locator('.mask-cursor').focus();
    await page.keyboard.press('Control+End');
    assert.equal(
      await page.locator('.mask-grid [aria-live]').textContent(),
      'queries 298–299, keys 298–299: 4 of 4 allowed',
    );
    await page.keyboard.press('Space');
    assert.equal(await count(page), '89,996 of 90,000 pairs');
    assert.match(
      await page.locator('.mask-grid [aria-live]').textContent(),
      /0 of 4 allowed, the rest removed by painting/,
    );
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Control+Shift+End');
    assert.match(
      await page.locator('.mask-grid [aria-live]').textContent(),
      /queries 0–299, keys 0–299: 89,996 of 90,000 allowed/,
      'a box of many pairs counts them all',
    );
    assert.ok(await page.evaluate(() => document.querySelectorAll('.mask *').length < 250));
    await settled(page);
    await linked(page, 'mask', true);
    assert.ok((await hash(page, 'mask')).length < 40, 'a block is short to say');
  }));

// ---- words and looks

for (const [language, theme, width] of /** @type {const} */ ([
  ['en-US', 'light', 1440],
  ['zh-CN', 'dark', 360],
])) {
  test(`axe finds nothing in the open editor, ${language}, ${theme}, ${width} px`, () =>
    site.visit(
      { language, theme, width, height: 900, path: '#causal=true&mask=16x16.FAMNAw0DMgEPAQ8BDwFm' },
      async (page) => {
        await openMask(page);
        assert.deepEqual(await axeFindings(page), []);
        const excess = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(excess, 0, 'pixels to scroll sideways');
        const low = await page.evaluate(() =>
          [
            ...document.querySelectorAll(
              '.mask :is(select, button, input:not([type=checkbox], [type=radio], [type=file]), label.choice, label.tick)',
            ),
          ]
            .filter((control) => control.getBoundingClientRect().height < 40)
            .map((control) => control.outerHTML),
        );
        assert.deepEqual(low, [], 'lower than 40 px');
      },
    ));
}

for (const [language, width] of /** @type {const} */ ([
  ['en-US', 1440],
  ['en-US', 800],
  ['zh-CN', 360],
  ['en-US', 360],
])) {
  test(`the grid stays under the brush from the first stroke, ${language}, ${width} px`, () =>
    site.visit({ path: '', language, width, height: 1000 }, async (page) => {
      await openMask(page);
      await page.locator('.mask-plot').scrollIntoViewIfNeeded();
      await settled(page);
      const places = () =>
        page.evaluate(() =>
          ['.matrix .plot', '.mask-plot', '.mask-legend', '.mask-tools'].map((part) => {
            const { top, left, width, height } = document.querySelector(part).getBoundingClientRect();
            return [part, top, left, width, height].join(' ');
          }),
        );
      const before = await places();
      // Two whole rows: the summary, the captions and both legends have all that they can have to say.
      for (const row of [4, 5]) {
        await page.mouse.move(...(await middle(page, row, 0, 16, 16)));
        await page.mouse.down();
        assert.deepEqual(await places(), before);
        await page.mouse.move(...(await middle(page, row, 15, 16, 16)));
        await page.mouse.up();
        await settled(page);
        assert.deepEqual(await places(), before);
      }
      assert.equal(await page.locator('.mask-legend .legend-note:visible').count(), 4);
      assert.equal(await page.locator('.matrix .legend-note:visible').count(), 1);
    }));
}

test('editing moves nothing on the page', () =>
  site.visit(OPEN, async (page) => {
    await openMask(page);
    await page.locator('.mask-cursor').focus();
    await page.waitForTimeout(600);
    await page.evaluate(() => {
      globalThis.layoutShift = 0;
      new PerformanceObserver((list) => {
        // @ts-expect-error `value` belongs to layout shifts alone, which the types do not know.
        for (const entry of list.getEntries()) globalThis.layoutShift += entry.value;
      }).observe({ type: 'layout-shift' });
    });
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await settled(page);
    await page.waitForTimeout(100);
    assert.ok((await page.evaluate(() => globalThis.layoutShift)) < 0.01);
  }));

for (const width of [390, 800, 1440]) {
  test(`what is counted stands in line with the name, ${width} px`, () =>
    site.visit({ width, height: 1000 }, async (page) => {
      await settled(page);
      const [name, count] = await Promise.all(
        ['.mask-name', '.mask-count'].map((part) => page.locator(part).boundingBox()),
      );
      const below = count.y >= name.y + name.height - 1;
      assert.equal(
        below ? count.x : Math.abs(count.y + count.height / 2 - name.y - name.height / 2) < 3,
        below ? name.x : true,
      );
    }));
}

test('names that do not fit keep their ends, on the axes and in the words below', () =>
  site.visit({ width: 390, height: 1000 }, async (page) => {
    await settled(page);
    const tokens = Array.from({ length: 12 }, (_, at) => `model.encoder.layers.attention.${at}`);
    const one = tensor([1, 12, 4], noise(48));
    const content = safetensors({ 'layers.0.q': one, 'layers.0.k': one }, { tokens: JSON.stringify(tokens) });
    await drop(page, { name: 'long.safetensors', content });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '12');
    await openMask(page);
    const cut = await page.locator('.axis .name-pieces').evaluateAll((all) =>
      all.map((one) => {
        const [end, label] = [one, one.closest('.axis-label')].map((part) => part.getBoundingClientRect());
        const over = [label.left - end.left, end.right - label.right, label.top - end.top, end.bottom - label.bottom];
        return Math.max(...over);
      }),
    );
    assert.ok(cut.length >= 24 && Math.max(...cut) <= 1, `${cut}`);
    assert.match(await page.locator('.mask-readout').textContent(), /“model\.enc…ttention\.0”/);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  }));
