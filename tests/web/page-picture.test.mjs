// The picture tells the truth: its pixels are the colours of the model's weights, its numbers those of an own computation.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import {
  assertShown,
  cellColors,
  drop,
  explainRow,
  fingerprint,
  hover,
  json,
  noise,
  readSafetensors,
  safetensors,
  settled,
  shown,
  tensor,
  viridis,
} from './page.mjs';

const site = await startSite();
after(() => site.close());

const capture = await readCapture();
const N = 16;

async function readCapture() {
  const vectors = await readSafetensors('www/sentence.safetensors');
  const expected = await readSafetensors('tests/data/sentence.expected.safetensors');
  return {
    q: (layer) => vectors.get(`layers.${layer}.q`),
    k: (layer) => vectors.get(`layers.${layer}.k`),
    weights: (layer) => expected.get(`layers.${layer}.weights`),
  };
}

const weightsOf = (layer, head) => [...capture.weights(layer).data.subarray(head * N * N, (head + 1) * N * N)];

// 2 of 255: the table above is interpolated between every 8th step, and weights are good to 2e-6 of the largest.
const COLOR_TOLERANCE = 2;

const assertColors = (colors, expected) =>
  colors.forEach((color, index) =>
    color.forEach((value, channel) => {
      const wanted = expected[index][channel];
      assert.ok(Math.abs(value - wanted) <= COLOR_TOLERANCE, `cell ${index} is ${color}, expected ${expected[index]}`);
    }),
  );

test('the pixels are the colours of the weights, in every layer', () =>
  site.visit({}, async (page) => {
    await settled(page);
    for (let layer = 0; layer < 6; layer += 1) {
      const head = (5 * layer) % 12;
      await page.locator('[name="layer"]').selectOption(String(layer));
      await page.locator('[name="head"]').selectOption(String(head));
      await settled(page);
      const weights = weightsOf(layer, head);
      const most = Math.max(...weights);
      assertColors(
        await cellColors(page, N, N),
        weights.map((weight) => viridis(weight / most)),
      );
    }
  }));

for (const scale of [2, 3]) {
  test(`the pixels are right at ${scale} device pixels per pixel`, () =>
    site.visit({ scale, width: 800 }, async (page) => {
      await settled(page);
      const weights = weightsOf(3, 1);
      assertColors(
        await cellColors(page, N, N),
        weights.map((weight) => viridis(weight / Math.max(...weights))),
      );
    }));
}

test('raw and scaled scores are blue below zero, orange above, with the range in the legend', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const rows = Array.from({ length: N }, (_, row) => explainRow(capture.q(3), capture.k(3), { head: 1, row }));
    for (const [stage, field] of [
      ['raw', 'product'],
      ['scaled', 'scaled'],
    ]) {
      await page.locator(`.stage label:has([value="${stage}"])`).click();
      await settled(page);
      const values = rows.flat().map((pair) => pair[field]);
      const most = Math.max(...values.map(Math.abs));
      const colors = await cellColors(page, N, N);
      values.forEach((value, index) => {
        const [red, , blue] = colors[index];
        if (Math.abs(value) > 0.1 * most) assert.equal(red > blue, value > 0, `${stage} ${value} is ${colors[index]}`);
      });
      const numbers = await page.locator('.legend-numbers span').allTextContents();
      assert.equal(numbers[1], '0');
      assert.ok(Math.abs(Number(numbers[2]) - most) < 1e-3 * most, `${numbers[2]} for ${most}`);
    }
  }));

test('stages differ where something happens between them', () =>
  site.visit({ path: '#softcap=1&causal=true&stage=raw' }, async (page) => {
    await settled(page);
    const seen = [await fingerprint(page)];
    for (const stage of ['scaled', 'capped', 'masked', 'weights']) {
      await page.locator(`.stage label:has([value="${stage}"])`).click();
      await settled(page);
      seen.push(await fingerprint(page));
    }
    assert.equal(new Set(seen).size, 5);
  }));

test('the axes say what rows and columns are, and what rows sum to only where it is so', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const captions = () => page.locator('.axis-captions').innerText();
    assert.match(await captions(), /rows: queries · each row sums to 1\.000/);
    assert.match(await captions(), /columns: keys/);
    await page.locator('[name="normalizer"]').selectOption('sigmoid');
    await settled(page);
    assert.doesNotMatch(await captions(), /sums to 1/);
    assert.match(await captions(), /row sums from [\d.]+ to [\d.]+/);
    await page.locator('.stage label:has([value="raw"])').click();
    await settled(page);
    assert.doesNotMatch(await captions(), /sum/);
  }));

test('hovering shows the numbers of the cell', () =>
  site.visit({ width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    for (const [row, column] of [
      [10, 2],
      [0, 0],
      [15, 7],
      [4, 13],
    ]) {
      await hover(page, row, column, N, N);
      await page.locator('.cell-place', { hasText: `query ${row} · key ${column}` }).waitFor();
      await assertPair(page, explainRow(capture.q(3), capture.k(3), { head: 1, row })[column]);
    }
    assert.equal(await page.locator('.cell-token').first().textContent(), "'");
  }));

async function assertPair(page, pair) {
  await assertShown(page, 'product', pair.product);
  await assertShown(page, 'cosine', pair.cosine);
  const lengths = (await shown(page, 'lengths')).split(', ').map(Number);
  assert.ok(
    Math.abs(lengths[0] - pair.queryNorm) < 1e-3 && Math.abs(lengths[1] - pair.keyNorm) < 1e-3,
    String(lengths),
  );
  await assertShown(page, 'scaled', pair.scaled);
  await assertShown(page, 'logit', pair.scaled);
  await assertShown(page, 'weight', pair.weight);
  await assertShown(page, 'mass', 1);
}

test('the keyboard reaches every cell, says where it is, locks and unlocks', () =>
  site.visit({ width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const place = (query, key) => page.locator('.cell-place', { hasText: `query ${query} · key ${key}` }).waitFor();
    await page.locator('.plot-cursor').focus();
    await place(10, 2);
    for (const [key, at] of /** @type {const} */ ([
      ['ArrowDown', [11, 2]],
      ['ArrowRight', [11, 3]],
      ['ArrowUp', [10, 3]],
      ['ArrowLeft', [10, 2]],
      ['End', [10, 15]],
      ['ArrowRight', [10, 15]],
      ['Home', [10, 0]],
      ['PageUp', [8, 0]],
      ['PageDown', [10, 0]],
      ['Control+End', [15, 15]],
      ['Control+Home', [0, 0]],
    ])) {
      await page.keyboard.press(key);
      await place(...at);
    }
    const [pair] = explainRow(capture.q(3), capture.k(3), { head: 1, row: 0 });
    await assertPair(page, pair);
    const spoken = await page.locator('.matrix-room > [aria-live="polite"].visually-hidden').textContent();
    assert.match(spoken, /Query \[CLS\], key \[CLS\]/);
    assert.ok(spoken.includes(`weight ${pair.weight.toFixed(3)}`), spoken);

    await page.keyboard.press('Enter');
    await page.locator('.cell-lock', { hasText: 'locked' }).waitFor();
    await hover(page, 9, 9, N, N);
    await page.waitForTimeout(100);
    await place(0, 0);
    await page.keyboard.press('Escape');
    await hover(page, 9, 8, N, N);
    await place(9, 8);
  }));

test('a click locks a cell, the same click unlocks it, and a lock survives a change of stage', () =>
  site.visit({ width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    await hover(page, 5, 6, N, N);
    await page.mouse.down();
    await page.mouse.up();
    await page.locator('.cell-lock', { hasText: 'locked' }).waitFor();
    await page.locator('.stage label:has([value="raw"])').click();
    await settled(page);
    await page.locator('.cell-lock', { hasText: 'locked' }).waitFor();
    await page.locator('.cell-place', { hasText: 'query 5 · key 6' }).waitFor();
    await hover(page, 5, 6, N, N);
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector('.cell-lock').textContent === '');
  }));

test('removed keys are hatched, and the legend says so', () =>
  site.visit({}, async (page) => {
    await settled(page);
    assert.equal(await page.locator('.matrix .legend-note:visible').count(), 0);
    await page.locator('[name="causal"]').check();
    await settled(page);
    await page.locator('.matrix .legend-note', { hasText: 'removed by the mask' }).waitFor();
    const colors = await cellColors(page, N, N);
    const neutral = ([red, green, blue]) => Math.max(red, green, blue) - Math.min(red, green, blue) < 20;
    for (let row = 0; row < N; row += 1) {
      for (let column = 0; column < N; column += 1) {
        assert.equal(
          neutral(colors[row * N + column]),
          column > row,
          `row ${row} column ${column}: ${colors[row * N + column]}`,
        );
      }
    }
  }));

test('a key that the mask removes is not said to be looked at', () =>
  site.visit({}, async (page) => {
    await settled(page);
    await page.locator('[name="causal"]').check();
    await settled(page);
    for (const [row, column, words] of [
      [6, 5, 'cross looks at t'],
      [5, 6, 't may not see cross'],
    ]) {
      await hover(page, Number(row), Number(column), N, N);
      await page.locator('.cell-pair', { hasText: new RegExp(`^${String(words).replaceAll(' ', '\\s+')}$`) }).waitFor();
    }
  }));

test('the mark of the current row and column covers no name', () =>
  site.visit({ width: 1440, height: 1200, path: '#example=passage' }, async (page) => {
    const clear = () =>
      page.waitForFunction(() =>
        ['rows', 'columns'].every((axis) => {
          const all = [...document.querySelectorAll(`.matrix .axis-${axis} .axis-label`)];
          const mark = all.find((label) => label.classList.contains('axis-current')).getBoundingClientRect();
          const names = all.filter((label) => getComputedStyle(label).visibility === 'visible');
          const [from, to] = axis === 'rows' ? ['top', 'bottom'] : ['left', 'right'];
          const covers = (box) => box[from] < mark[to] - 1 && box[to] > mark[from] + 1;
          // The mark itself is one of them.
          return names.filter((label) => covers(label.getBoundingClientRect())).length === 1 && names.length > 10;
        }),
      );
    await settled(page);
    for (const at of [56, 57, 60, 200, 423]) {
      await hover(page, at, at, 424, 424);
      await page.locator('.cell-place', { hasText: `query ${at} · key ${at}` }).waitFor();
      await clear();
    }
    const [q, k] = [tensor([3000, 4], noise(12000)), tensor([3000, 4], noise(12000, 7))];
    await drop(page, { name: 'long.safetensors', content: safetensors({ 'layers.0.q': q, 'layers.0.k': k }) });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '3000');
    await settled(page);
    for (const at of [3, 1003, 2500]) {
      await hover(page, at, at, 3000, 3000);
      await clear();
    }
  }));

// With the numbers of its specification: q = (1, 0), keys (1, 0) and (3, 3).
test('a long key can beat a better aligned one', () =>
  site.visit({ width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const q = tensor([1, 2], [1, 0]);
    const k = tensor([4, 2], [1, 0, 3, 3, 0.9, 0.1, -2, 0]);
    await drop(page, { name: 'plane.json', content: json({ q, k }, { score: 'dot' }) });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '4');
    await settled(page);
    const expected = [
      [1, 1, 0.107024],
      [3, Math.SQRT1_2, 0.790808],
      [0.9, 0.993884, 0.09684],
      [-2, -1, 0.005328],
    ];
    for (const [column, [product, cosine, weight]] of expected.entries()) {
      await hover(page, 0, column, 1, 4);
      await page.locator('.cell-place', { hasText: `query 0 · key ${column}` }).waitFor();
      await assertShown(page, 'product', product);
      await assertShown(page, 'cosine', cosine);
      await assertShown(page, 'weight', weight);
    }
  }));

for (const [rows, columns] of [
  [1, 1],
  [1, 424],
  [424, 1],
  [3, 200],
  [424, 424],
]) {
  test(`${rows} x ${columns} is drawn and can be walked through`, () =>
    site.visit({ width: 1440, height: 1200 }, async (page) => {
      await settled(page);
      const tensors = { q: tensor([rows, 4], noise(rows * 4)), k: tensor([columns, 4], noise(columns * 4, 7)) };
      await drop(page, {
        name: 'sizes.safetensors',
        content: safetensors({ 'layers.0.q': tensors.q, 'layers.0.k': tensors.k }),
      });
      await page.waitForFunction(
        (n) => document.querySelector('.plot').getAttribute('aria-colcount') === String(n),
        columns,
      );
      await settled(page);
      await page.locator('.plot-cursor').focus();
      await page.keyboard.press('Control+End');
      await page.locator('.cell-place', { hasText: `query ${rows - 1} · key ${columns - 1}` }).waitFor();
      const pair = explainRow(asHeads(tensors.q), asHeads(tensors.k), { row: rows - 1 })[columns - 1];
      await assertShown(page, 'product', pair.product);
      await assertShown(page, 'weight', pair.weight);
      const plot = await page.locator('.plot').boundingBox();
      const frame = await page.locator('.frame').boundingBox();
      assert.ok(plot.width <= frame.width && plot.height >= 20 && plot.width >= 20, JSON.stringify(plot));
      const labels = await page.locator('.matrix .axis-label').count();
      assert.ok(labels <= 120, `${labels} labels`);
    }));
}

const asHeads = ({ shape, data }) => ({ shape: [1, ...shape], data });

test('3000 x 3000 is pooled without freezing, and a cell is named by ranges and explained by its largest pair', () =>
  site.visit({ path: '#stage=raw', width: 1440, height: 1200 }, async (page) => {
    await settled(page);
    const n = 3000;
    const q = tensor([n, 4], noise(n * 4));
    const k = tensor([n, 4], noise(n * 4, 7));
    // One pair stands out: pooled by the largest, it must be seen.
    q.data.set([50, 0, 0, 0], 2000 * 4);
    k.data.set([50, 0, 0, 0], 1000 * 4);
    await drop(page, { name: 'long.safetensors', content: safetensors({ 'layers.0.q': q, 'layers.0.k': k }) });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '3000');
    await settled(page);
    assert.match(await page.locator('.axis-captions').innerText(), /each cell is the largest of up to \d+ × \d+/);
    assert.equal(await page.locator('.legend-numbers span').last().textContent(), '2500');
    await page.locator('.cell-place', { hasText: 'query 2000 · key 1000' }).waitFor();
    await assertShown(page, 'product', 2500);
    assert.match(
      await page.locator('.cell-about').textContent(),
      /Queries \d+–\d+, keys \d+–\d+.* at the pair above\.$/,
    );
    const order = await page
      .locator('.cell-pair, .cell-about')
      .evaluateAll((all) => all.map(({ className }) => className));
    assert.deepEqual(order, ['cell-pair', 'cell-about']);
    const words = (await page.locator('.cell-pair').innerText()).split(/\s+/).join(' ');
    assert.equal(words, 'query 2000 looks at key 1000', 'without names');
  }));
