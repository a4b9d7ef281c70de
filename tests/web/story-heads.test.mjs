// All heads at once: their numbers and pictures against the definition, and everything that one can do with them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { explainRow, noise, parse, readSafetensors, viridis } from './page.mjs';
import { checkExported, excess, loadParts, storySite, watchShifts } from './story.mjs';

/** The section over an example of the page, or over whatever a test hands to `use`. */
const CODE = `
import { heads } from './heads.ts';
import { atlasOf } from './atlas.ts';
import { EXAMPLES, openExample } from '../source.ts';

const reading = { signal: new AbortController().signal, onProgress() {} };
const listeners = [];
let atlas;
let shown;
let fault;
const id = new URLSearchParams(location.search).get('example');
const changed = () => listeners.forEach((heard) => heard());

export const opened = [];
export const reads = [];
export function use(next) {
  atlas = next && { about: () => ({}), ...next };
  changed();
}
export function fail(error) {
  fault = error;
  changed();
}
export async function example(id) {
  const source = await openExample(EXAMPLES.find((one) => one.id === id), reading);
  const made = atlasOf(source);
  use({ ...made, layer: (index, signal) => (reads.push(index), made.layer(index, signal)) });
}
export const section = heads({
  atlas: () => atlas,
  fault: () => fault,
  expected: () => (id ? { layers: 6, heads: 12 } : undefined),
  shown: () => shown,
  listen: (heard) => listeners.push(heard),
  open(at) {
    opened.push(at);
    shown = at;
    changed();
  },
});
const first = id ? example(id) : undefined;
export async function begin() {
  await first;
  for (const list of [listeners, opened, reads]) list.length = 0;
  [atlas, shown, fault] = [undefined, undefined, undefined];
  if (id) await example(id);
}
`;

const site = await storySite('heads', CODE);
after(() => site.close());

const parts = await loadParts('views/parts/headorder');
const { linesByLayer, linesByNumber, readChoices, steppedTo, tiling, writeChoices } = parts;

const SENTENCE = { asks: { example: 'sentence' } };
const LAYERS = 6;
const HEADS = 12;
const TOKENS = 16;

const complete = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector('.heads-grid')?.getAttribute('aria-busy') === 'false' &&
      document.querySelector('.heads-cell') &&
      !document.querySelector('.heads-waiting'),
  );

/** The heads as they stand, as `layer·head`. */
const order = (page) =>
  page.evaluate(() => globalThis.story.mounted.exported().rows.map(([layer, head]) => `${layer}·${head}`));

const cell = (page, layer, head) => page.locator(`.heads-cell[aria-label^="Layer ${layer}, head ${head}:"]`);

/** The weights of all heads of the sentence, in double precision. */
async function weightsOfSentence() {
  const file = await readSafetensors('www/sentence.safetensors');
  return Array.from({ length: LAYERS }, (_, layer) =>
    Array.from({ length: HEADS }, (_, head) =>
      Array.from({ length: TOKENS }, (_, row) =>
        explainRow(file.get(`layers.${layer}.q`), file.get(`layers.${layer}.k`), { head, row }).map(
          (one) => one.weight,
        ),
      ),
    ),
  );
}

const mean = (rows, value) => rows.reduce((sum, row, at) => sum + value(row, at), 0) / rows.length;

// ---- where heads stand

test('a layer begins a line, and lines are as full as each other', () => {
  assert.deepEqual(
    linesByLayer([3, 1], 2).map(({ layer, heads }) => [layer, heads.map(({ head }) => head)]),
    [
      [0, [0, 1]],
      [undefined, [2]],
      [1, [0]],
    ],
  );
  assert.deepEqual(linesByLayer([], 4), []);
  const bounds = { least: 24, most: 64, gap: 4 };
  assert.deepEqual(tiling(812, 12, bounds), { columns: 12, side: 64 });
  assert.deepEqual(tiling(296, 12, bounds), { columns: 6, side: 46 });
  assert.equal(tiling(0, 12, bounds).columns, 1);
  for (let width = 24; width < 900; width += 7) {
    for (const heads of [1, 2, 12, 16, 32, 71]) {
      const { columns, side } = tiling(width, heads, bounds);
      assert.ok(columns * (side + 4) - 4 <= width, `${columns} of ${side} in ${width}`);
      assert.ok(side >= 24 && side <= 64);
    }
  }
});

test('heads are sorted by a number either way; equals keep their order, and those without one come last', () => {
  const values = [
    [2, NaN, 1],
    [2, 3],
  ];
  const sorted = (way) =>
    linesByNumber([3, 2], 9, way, ({ layer, head }) => values[layer][head])[0].heads.map(
      ({ layer, head }) => `${layer}·${head}`,
    );
  assert.deepEqual(sorted('high'), ['1·1', '0·0', '1·0', '0·2', '0·1']);
  assert.deepEqual(sorted('low'), ['0·2', '0·0', '1·0', '1·1', '0·1']);
});

test('the arrow keys go through all lines and stop at the ends', () => {
  const lines = linesByLayer([3, 3, 1], 3);
  const step = (key, line, place, far = false) => steppedTo(key, far, lines, { line, place });
  assert.deepEqual(step('ArrowRight', 0, 2), { line: 1, place: 0 });
  assert.deepEqual(step('ArrowLeft', 1, 0), { line: 0, place: 2 });
  assert.deepEqual(step('ArrowDown', 1, 2), { line: 2, place: 0 }, 'a shorter line');
  assert.equal(step('ArrowUp', 0, 1), undefined);
  assert.equal(step('ArrowRight', 2, 0), undefined);
  assert.deepEqual(step('End', 0, 0, true), { line: 2, place: 0 });
  assert.deepEqual(step('Home', 1, 2), { line: 1, place: 0 });
  assert.equal(step('a', 0, 0), undefined);
});

test('what a link says comes back, and nonsense is passed over', () => {
  const start = { number: 'a', order: 'model', paint: 'weights', table: false };
  const read = (written) => readChoices(written, start, ['a', 'b']);
  assert.equal(writeChoices(start, start), '');
  for (const choices of [
    { ...start, number: 'b', order: 'low', paint: 'own', table: true },
    { ...start, paint: 'number' },
  ]) {
    assert.deepEqual(read(writeChoices(choices, start)), choices);
  }
  for (const hostile of ['', '.', '__proto__.constructor', 'c.HIGH.<img>', 'x.'.repeat(1e6)]) {
    assert.deepEqual(read(hostile), start, hostile.slice(0, 20));
  }
});

// ---- the numbers

test('the numbers of 72 heads are those of the definition', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    assert.equal(await page.locator('.heads-status').textContent(), '72 heads in 6 layers');
    const { columns, rows } = await page.evaluate(() => globalThis.story.mounted.exported());
    assert.equal(rows.length, LAYERS * HEADS);
    const at = (name) => columns.indexOf(name);
    const all = await weightsOfSentence();
    for (const row of rows) {
      const weights = all[row[0]][row[1]];
      const expected = {
        meanMass: 1,
        meanEntropy: mean(weights, (one) => one.reduce((sum, w) => sum - (w > 0 ? w * Math.log(w) : 0), 0)),
        meanAttentionDistance: mean(weights, (one, i) => one.reduce((sum, w, j) => sum + w * Math.abs(i - j), 0)),
        sinkMass: mean(weights, (one) => one[0]),
        selfMass: mean(weights, (one, i) => one[i]),
        previousTokenScore: mean(weights.slice(1), (one, i) => one[i]),
        confidence: mean(weights, (one) => Math.max(...one)),
      };
      for (const [name, value] of Object.entries(expected)) {
        assert.ok(Math.abs(row[at(name)] - value) < 2e-5, `${row.slice(0, 2)} ${name}: ${row[at(name)]}, ${value}`);
      }
    }
    assert.ok(at('duplicateTokenShare') > 0 && rows.some((row) => Number.isFinite(row[at('duplicateTokenShare')])));
  }));

test('a number that is rounded to three digits by its definition is written with three', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    await cell(page, 3, 1).hover();
    const { columns, rows } = await page.evaluate(() => globalThis.story.mounted.exported());
    const row = rows.find(([layer, head]) => layer === 3 && head === 1);
    for (const id of ['previousTokenAbs', 'duplicateTokenAbs', 'inductionAbs']) {
      const value = Number(row[columns.indexOf(id)]).toFixed(3);
      const written = await page.locator(`.heads-detail [data-heads-number="${id}"]`).textContent();
      assert.equal(written, value.replace('-', '−'), id);
    }
  }));

test('the same tokens do get other weights in every head of a layer', async () => {
  for (const [layer, heads] of (await weightsOfSentence()).entries()) {
    const flat = heads.map((head) => head.flat());
    for (const [a, one] of flat.entries()) {
      for (const [b, other] of flat.entries()) {
        if (a >= b) continue;
        const most = one.reduce((sofar, weight, at) => Math.max(sofar, Math.abs(weight - other[at])), 0);
        assert.ok(most > 0.05, `layer ${layer}, heads ${a} and ${b}: ${most}`);
      }
    }
  }
});

/** The pixels of a small map, as [red, green, blue]. */
const pixels = (page, layer, head) =>
  cell(page, layer, head).evaluate((cell) => {
    const canvas = cell.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const at = (pixel) => [...data.subarray(4 * pixel, 4 * pixel + 3)];
    return {
      width: canvas.width,
      height: canvas.height,
      colors: Array.from({ length: data.length / 4 }, (_, i) => at(i)),
    };
  });

function assertColors(colors, values, high, what) {
  values.forEach((value, index) => {
    const expected = viridis(value / high);
    const off = Math.max(...colors[index].map((channel, at) => Math.abs(channel - expected[at])));
    assert.ok(off <= 6, `${what}, cell ${index}: ${colors[index]}, expected ${expected.map(Math.round)}`);
  });
}

test('the small maps have the colours of the weights, on one scale or on their own', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    const all = await weightsOfSentence();
    const high = Math.max(...all.flat(3));
    for (const [layer, head] of [
      [0, 2],
      [3, 1],
      [5, 11],
    ]) {
      const { width, height, colors } = await pixels(page, layer, head);
      assert.deepEqual([width, height], [TOKENS, TOKENS]);
      assertColors(colors, all[layer][head].flat(), high, `layer ${layer}, head ${head}`);
    }
    await page.locator('[name="heads-paint"]').selectOption('own');
    await complete(page);
    const own = all[0][0].flat();
    assert.ok(Math.max(...own) < 0.5 * high, 'a head for which it makes a difference');
    assertColors((await pixels(page, 0, 0)).colors, own, Math.max(...own), 'on its own scale');
    await cell(page, 0, 0).hover();
    await page.waitForFunction(
      (most) => document.querySelector('.legend-numbers')?.lastElementChild?.textContent === most,
      Math.max(...own).toPrecision(4),
    );
  }));

test('a long head is pooled to 64 a side by its largest weights', () =>
  site.stay({ asks: { example: 'passage' } }, async (page) => {
    await complete(page);
    const file = await readSafetensors('tests/data/passage.safetensors');
    const [query, key] = [file.get('layers.0.q'), file.get('layers.0.k')];
    const pooled = new Float64Array(64 * 64);
    const cellOf = (item) => {
      let at = Math.floor((item * 64) / 424);
      while (Math.floor(((at + 1) * 424) / 64) <= item) at += 1;
      return at;
    };
    for (let row = 0; row < 424; row += 1) {
      explainRow(query, key, { head: 0, row }).forEach(({ weight }, column) => {
        const index = cellOf(row) * 64 + cellOf(column);
        pooled[index] = Math.max(pooled[index], weight);
      });
    }
    await page.locator('[name="heads-paint"]').selectOption('own');
    await complete(page);
    const { width, height, colors } = await pixels(page, 0, 0);
    assert.deepEqual([width, height], [64, 64]);
    assertColors(colors, [...pooled], Math.max(...pooled), 'layer 0, head 0');
  }));

test('an order and colours by a number', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    const all = await weightsOfSentence();
    const scores = all.flatMap((layer, l) =>
      layer.map((weights, h) => ({ name: `${l}·${h}`, score: mean(weights.slice(1), (row, i) => row[i]) })),
    );
    const names = scores.map(({ name }) => name);
    assert.deepEqual(await order(page), names, 'as in the model');
    await page.locator('[name="heads-number"]').selectOption('previousTokenScore');
    await page.locator('[name="heads-order"]').selectOption('high');
    scores.sort((a, b) => b.score - a.score);
    assert.deepEqual(
      await order(page),
      scores.map(({ name }) => name),
    );
    await page.locator('[name="heads-order"]').selectOption('low');
    assert.deepEqual(await order(page), scores.map(({ name }) => name).reverse());
    await page.locator('[name="heads-paint"]').selectOption('number');
    await complete(page);
    const best = scores[0];
    assert.deepEqual((await pixels(page, ...best.name.split('·').map(Number))).width, 1);
    const width = await cell(page, ...best.name.split('·').map(Number))
      .locator('.heads-bar i')
      .evaluate((bar) => bar.style.width);
    assert.equal(width, '100%');
    await page.locator('[name="heads-number"]').selectOption('inductionScore');
    assert.deepEqual(await order(page), names, 'no head has an answer: the order of the model');
    assert.match(await page.locator('.heads-cell').first().getAttribute('aria-label'), /Induction score –$/);
    const absent = page.locator('.heads-absent');
    assert.match(await absent.textContent(), /^Induction score: no head has it here\. .*text given twice in a row/);
    await page.evaluate(() => globalThis['story'].speak('zh'));
    assert.match(await absent.textContent(), /^归纳得分：这里没有任何头有此数值。/);
    await page.locator('[name="heads-number"]').selectOption('previousTokenScore');
    assert.equal(await absent.textContent(), '');
    assert.ok(best.score > 0.99, `the lead: a head looks at the token before, ${best.score}`);
  }));

test('the menu of numbers is the list of the catalogue', () =>
  site.stay(SENTENCE, async (page) => {
    const { catalog } = await loadParts('generated/catalog');
    const options = await page
      .locator('[name="heads-number"] option')
      .evaluateAll((all) => all.map((one) => one.value));
    assert.deepEqual(
      options,
      catalog.headStatistics.map(({ id }) => id),
    );
  }));

// ---- what one can do

test('the keyboard goes through the heads, says their numbers, and opens one', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    assert.equal(await page.locator('.heads-cell[tabindex="0"]').count(), 1, 'one stop for the whole grid');
    await page.locator('.heads-cell[tabindex="0"]').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.match(await focused(), /^Layer 3, head 1: Mean entropy \d/);
    assert.equal(await page.locator('.heads-title').textContent(), 'Layer 3, head 1');
    const [weights] = [(await weightsOfSentence())[3][1]];
    const entropy = mean(weights, (row) => row.reduce((sum, w) => sum - (w > 0 ? w * Math.log(w) : 0), 0));
    const shown = parse(await page.locator('[data-heads-number="meanEntropy"]').textContent());
    assert.ok(Math.abs(shown - entropy) < 1e-3, `${shown}, ${entropy}`);
    await page.keyboard.press('Enter');
    assert.deepEqual(await page.evaluate(() => globalThis.story.opened), [{ layer: 3, head: 1 }]);
    assert.match(
      await page.locator('.heads-cell[aria-current="true"]').getAttribute('aria-label'),
      /^Layer 3, head 1:/,
    );
    assert.match(await page.locator('.heads-hint').textContent(), /is open/);
    await page.keyboard.press('Control+End');
    assert.match(await focused(), /^Layer 5, head 11:/);
  }));

test('a click and a tap open a head, hover shows it', () =>
  site.stay({ ...SENTENCE, touch: true }, async (page) => {
    await complete(page);
    await cell(page, 1, 8).hover();
    assert.equal(await page.locator('.heads-title').textContent(), 'Layer 1, head 8');
    assert.deepEqual(await page.evaluate(() => globalThis.story.opened), []);
    await cell(page, 1, 8).click();
    await cell(page, 2, 0).tap();
    assert.deepEqual(await page.evaluate(() => globalThis.story.opened), [
      { layer: 1, head: 8 },
      { layer: 2, head: 0 },
    ]);
  }));

test('a table of all numbers, on request', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    assert.equal(await page.locator('.heads-sheet tr').count(), 0);
    await page.locator('.heads-table summary').click();
    await page.locator('.heads-sheet tbody tr').first().waitFor();
    assert.equal(await page.locator('.heads-sheet tbody tr').count(), 72);
    const head = await page.locator('.heads-sheet thead th').allTextContents();
    assert.equal(head.length, 20);
    const row = await page.locator('[data-head="3-1"] > *').allTextContents();
    assert.deepEqual(row.slice(0, 3), ['3', '1', '1.000']);
  }));

test('state goes into the address and comes back', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    await page.locator('[name="heads-number"]').selectOption('sinkMass');
    await page.locator('[name="heads-order"]').selectOption('high');
    await page.locator('[name="heads-paint"]').selectOption('own');
    await page.locator('.heads-table summary').click();
    await page.waitForFunction(() => globalThis.story.remembered.at(-1)?.endsWith('table'));
    const state = await page.evaluate(() => globalThis.story.remembered.at(-1));
    const before = await order(page);
    await page.evaluate((state) => globalThis.story.mount(state), state);
    await complete(page);
    assert.deepEqual(await order(page), before);
    assert.equal(await page.locator('[name="heads-paint"]').inputValue(), 'own');
    assert.equal(await page.locator('.heads-sheet tbody tr').count(), 72);
    await page.locator('.heads-table summary').click();
    await page.locator('[name="heads-number"]').selectOption('meanEntropy');
    await page.locator('[name="heads-order"]').selectOption('model');
    await page.locator('[name="heads-paint"]').selectOption('weights');
    await page.waitForFunction(() => globalThis.story.remembered.at(-1) === '', undefined, { timeout: 3000 });
  }));

test('a hostile state is the view as it comes', () =>
  site.stay({ ...SENTENCE, state: '__proto__.<b>.high2.-1.1e999.own table' }, async (page) => {
    await complete(page);
    assert.equal(await page.locator('[name="heads-order"]').inputValue(), 'model');
    assert.equal(await page.locator('[name="heads-paint"]').inputValue(), 'weights');
    assert.equal((await order(page))[0], '0·0');
  }));

test('both languages, with the focus kept on its head', () =>
  site.stay(SENTENCE, async (page) => {
    await complete(page);
    await page.locator('.heads-cell[tabindex="0"]').focus();
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.match(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      /^第 0 层，第 0 个头：平均熵/,
    );
    assert.equal(await page.locator('.heads-status').textContent(), '6 层，共 72 个头');
    assert.doesNotMatch(await page.locator('.heads-room').innerText(), /[a-z]{4,}/i, 'English left');
    await page.evaluate(() => globalThis.story.speak('en'));
    assert.doesNotMatch(await page.locator('main').innerText(), /[\u4e00-\u9fff]/, 'Chinese left');
  }));

// ---- one layer at a time

/** An atlas of noise in the page: `layers` of `heads` heads; `gate` is waited for before layer 2. */
const useNoise = (page, { layers, heads, tokens = 8, tag = '' }) =>
  page.evaluate(
    ({ layers, heads, tokens, tag, data }) => {
      const story = globalThis.story;
      globalThis.gate = new Promise((go) => (globalThis.letGo = go));
      story.use({
        layers,
        batch: 0,
        async layer(index, signal) {
          story.reads.push(`${tag}${index}`);
          if (index === 2) await globalThis.gate;
          signal.throwIfAborted();
          const count = Array.isArray(heads) ? heads[index] : heads;
          const one = { shape: [1, count, tokens, 4], data: Float32Array.from(data.slice(0, count * tokens * 4)) };
          return { query: one, key: one, options: {} };
        },
      });
    },
    { layers, heads, tokens, tag, data: [...noise(12 * 8 * 4)] },
  );

test('it stops when it is left and goes on from there when it is seen again', () =>
  site.visit({ height: 600 }, async (page) => {
    await page.evaluate(() => {
      const space = document.createElement('div');
      space.className = 'space';
      space.style.height = '5000px';
      document.querySelector('main').append(space);
    });
    await useNoise(page, { layers: [0, 1, 2, 3], heads: 3 });
    await page.waitForFunction(() => document.querySelector('.heads-status')?.textContent === '2 of 4 layers');
    await page.evaluate(() => scrollTo(0, 4000));
    await page.waitForTimeout(100);
    await page.evaluate(() => globalThis.letGo());
    await page.waitForFunction(() => /paused/.test(document.querySelector('.heads-status')?.textContent ?? ''));
    assert.equal(await page.locator('.heads-waiting').count(), 6);
    assert.equal(await page.locator('.heads-grid').getAttribute('aria-busy'), 'false');
    await page.evaluate(() => scrollTo(0, 0));
    await complete(page);
    assert.deepEqual(await page.evaluate(() => globalThis.story.reads), ['0', '1', '2', '2', '3'].map(String));
  }));

test('another capture takes the place of one that is under way', () =>
  site.stay({}, async (page) => {
    await useNoise(page, { layers: [0, 1, 2], heads: 3, tag: 'a' });
    await page.waitForFunction(() => document.querySelector('.heads-status')?.textContent === '2 of 3 layers');
    const letOld = await page.evaluateHandle(() => globalThis.letGo);
    await useNoise(page, { layers: [7, 9], heads: 2, tag: 'b' });
    await complete(page);
    await letOld.evaluate((letGo) => letGo());
    await page.waitForTimeout(100);
    assert.deepEqual(await order(page), ['7·0', '7·1', '9·0', '9·1']);
    const status = page.locator('.heads-status');
    assert.equal(await status.textContent(), '4 heads in 2 layers');
    await useNoise(page, { layers: [0], heads: 3, tag: 'c' });
    await status.filter({ hasText: /^3 heads in one layer$/ }).waitFor();
    await useNoise(page, { layers: [0], heads: 1, tag: 'd' });
    await status.filter({ hasText: /^One head$/ }).waitFor();
    const [line, map, foot] = await page.evaluate(() =>
      ['.heads-progress-line', '.heads-map', '.heads-foot'].map((part) =>
        document.querySelector(part).getBoundingClientRect(),
      ),
    );
    assert.ok(map.top - line.bottom >= 2, 'the frame of the first line is not covered');
    assert.ok(foot.top - map.bottom < 48, 'and there is no empty room below it');
    await page.evaluate(() => globalThis.story.use(undefined));
    assert.equal(await page.locator('.heads-cell').count(), 0);
    assert.equal(await page.locator('.heads-status').textContent(), 'Nothing is open.');
  }));

test('why nothing is open is taken back once that is over', () =>
  site.stay({}, async (page) => {
    const status = page.locator('.heads-status');
    await page.evaluate(() => globalThis.story.fail(new Error('There is no kernel.')));
    assert.match(await status.textContent(), /There is no kernel/);
    await page.evaluate(() => globalThis.story.fail(undefined));
    assert.equal(await status.textContent(), 'Nothing is open.');
  }));

test('layers with more or fewer heads than the first', () =>
  site.stay({}, async (page) => {
    await useNoise(page, { layers: [0, 1, 2], heads: [3, 5, 1] });
    await page.evaluate(() => globalThis.letGo());
    await complete(page);
    assert.deepEqual(await order(page), ['0·0', '0·1', '0·2', '1·0', '1·1', '1·2', '1·3', '1·4', '2·0']);
  }));

test('removed keys have a tone of their own, and the legend says so', () =>
  site.stay({}, async (page) => {
    await page.evaluate(
      (data) => {
        const one = { shape: [1, 2, 8, 4], data: Float32Array.from(data) };
        globalThis.story.use({
          layers: [0],
          batch: 0,
          layer: async () => ({ query: one, key: one, options: { causal: true } }),
        });
      },
      [...noise(64)],
    );
    await complete(page);
    assert.deepEqual((await pixels(page, 0, 0)).colors[7], [236, 238, 241]);
    assert.equal(await page.locator('.legend-note:not(.legend-absent)').count(), 1);
  }));

const HUGE = [
  [
    'too many pairs',
    { layers: 4, shape: [1, 8, 16384, 64] },
    /4 layers of 8 heads with 16384 × 16384 .*8\.59×10⁹ pairs .*1\.07×10⁹/,
  ],
  ['too many heads', { layers: 2, shape: [1, 5000, 4, 4] }, /2 layers of 5000 heads are 10000 .*2048/],
  ['a shape that is a lie', { layers: 1, shape: [1, 2, 8, 4] }, /query.* 64/],
];

for (const [name, claim, sentence] of HUGE) {
  test(`${name}: refused in a sentence with its numbers, in both languages`, () =>
    site.stay({}, async (page) => {
      await page.evaluate(({ layers, shape }) => {
        const one = { shape, data: new Float32Array(4) };
        const numbers = Array.from({ length: layers }, (_, layer) => layer);
        globalThis.story.use({ layers: numbers, batch: 0, layer: async () => ({ query: one, key: one, options: {} }) });
      }, claim);
      await page.waitForFunction(() => /could not/.test(document.querySelector('.heads-status')?.textContent ?? ''));
      assert.match(await page.locator('.heads-status').textContent(), sentence);
      assert.equal(await page.locator('.heads-cell:not(.heads-waiting)').count(), 0);
      await page.evaluate(() => globalThis.story.speak('zh'));
      assert.match(await page.locator('.heads-status').textContent(), /^无法计算各个头：/);
      await page.evaluate(() => globalThis.story.example('sentence'));
      await complete(page);
      assert.equal(await page.locator('.heads-cell').count(), 72, 'the next is there all the same');
    }));
}

// ---- care

test('what each number says can be read, not only pointed at', () =>
  site.stay({ ...SENTENCE }, async (page) => {
    await complete(page);
    await page.locator('.heads-meaning summary').click();
    const [names, words] = [
      await page.locator('.heads-meanings dt').allTextContents(),
      await page.locator('.heads-meanings dd').allInnerTexts(),
    ];
    assert.deepEqual(names, await page.locator('.heads-number dt').allTextContents());
    assert.match(words[names.indexOf('Induction score')], /^Induction looks at what followed the same token before/);
    assert.match(words[names.indexOf('On the first key')], /sink/);
    assert.ok(
      names.every((name) => !/mul|abs/.test(name)),
      names.join(),
    );
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.match((await page.locator('.heads-meanings dd').allInnerTexts()).join(), /归纳即看相同词元/);
  }));

test('what is taken along: a row a head, and the pictures in one', () =>
  site.stay({ ...SENTENCE, state: 'sinkMass.high' }, async (page) => {
    await complete(page);
    const taken = await checkExported(page);
    assert.equal(taken.name, 'heads');
    assert.deepEqual(taken.columns.slice(0, 2), ['layer', 'head']);
    const sinks = taken.rows.map((row) => row[taken.columns.indexOf('sinkMass')]);
    assert.deepEqual(sinks, sinks.toSorted?.((a, b) => b - a) ?? [...sinks].sort((a, b) => b - a));
    assert.ok(taken.width > 500 && taken.height > 300, `${taken.width} × ${taken.height}`);
    assert.equal(taken.source.match(/<image /g).length, 72 + 1, 'and the scale');
    for (const said of ['72 heads in 6 layers · Largest first: On the first key · Weights, one scale', '0', '5·11'])
      assert.ok(taken.source.includes(`>${said}<`), said);
    const colors = new Set(taken.means);
    assert.ok(colors.size > 100, `${colors.size} tones`);
  }));

test('likeness has its upper end at 1, and none at −1', async () => {
  const file = await readSafetensors('www/sentence.safetensors');
  const [query, key] = ['q', 'k'].map((name) => file.get(`layers.0.${name}`));
  const weights = Array.from({ length: TOKENS }, (_, row) => explainRow(query, key, { head: 2, row }));
  // All tokens the same: each row is held against a 1 for every key before it.
  const off = weights.flatMap((row, i) => row.map(({ weight }, j) => Math.abs(weight - Number(j < i))));
  assert.ok(1 - off.reduce((sum, one) => sum + one, 0) / TOKENS < -1);
  const { catalog } = await loadParts('generated/catalog');
  for (const { id, about } of catalog.headStatistics.filter(({ id }) => /^(duplicateToken|induction)Abs$/.test(id)))
    assert.match(about.en, /at most 1, below −1 where/, id);
});

for (const [theme, order] of /** @type {const} */ ([
  ['light', 'model'],
  ['dark', 'high'],
])) {
  test(`axe finds nothing, ${theme}, ${order}`, () =>
    site.stay({ theme, ...SENTENCE, state: 'table' }, async (page) => {
      await complete(page);
      await page.locator('[name="heads-order"]').selectOption(order);
      assert.deepEqual(await axeFindings(page), []);
    }));
}

test('axe finds nothing where nothing is open', () =>
  site.stay({}, async (page) => {
    await page.locator('.heads-status').waitFor();
    assert.deepEqual(await axeFindings(page), []);
  }));

for (const speech of ['en', 'zh']) {
  test(`nothing is wider than a phone, and a finger hits every head, ${speech}`, () =>
    site.stay({ width: 360, ...SENTENCE, speech, state: 'table' }, async (page) => {
      const small = () =>
        page
          .locator('.heads-cell')
          .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().width < 24).length);
      await complete(page);
      for (const order of ['model', 'high']) {
        await page.locator('[name="heads-order"]').selectOption(order);
        assert.equal(await excess(page), 0, order);
        assert.equal(await small(), 0, order);
      }
    }));
}

for (const width of [360, 1280]) {
  test(`nothing moves while the numbers come, ${width} px`, () =>
    site.visit({ ...SENTENCE, width, before: watchShifts, fresh: true }, async (page) => {
      await complete(page);
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
    }));
}

test('a change of theme paints what is not there anew', () =>
  site.stay({ theme: 'light' }, async (page) => {
    await page.evaluate(
      (data) => {
        const one = { shape: [1, 1, 8, 4], data: Float32Array.from(data) };
        globalThis.story.use({
          layers: [0],
          batch: 0,
          layer: async () => ({ query: one, key: one, options: { causal: true } }),
        });
      },
      [...noise(32)],
    );
    await complete(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction(() => {
      const canvas = document.querySelector('.heads-cell canvas');
      return canvas.getContext('2d').getImageData(7, 0, 1, 1).data[0] === 44;
    });
  }));
