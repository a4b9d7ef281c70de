// Two matrices side by side: what is drawn and said against the definition, and everything that one can do with them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { explainRow, noise, parse, readSafetensors, safetensors, tensor, viridis } from './page.mjs';
import { checkExported, excess, loadParts, storySite, watchShifts } from './story.mjs';

/** The section over a head of an example of the page, or over what a test hands to `own`. */
const CODE = `
import { openAttention } from '../../engine/index.ts';
import { EXAMPLES, openExample } from '../source.ts';
import { atlasOf } from './atlas.ts';
import { compare } from './compare.ts';

const reading = { signal: new AbortController().signal, onProgress() {} };
const listeners = [];
let [subject, atlas, shown, known] = [undefined, undefined, undefined, false];
const changed = () => listeners.forEach((heard) => heard());
export function use(next) {
  [subject, atlas, shown] = next ? [next.subject, next.atlas, next.shown] : [];
  known = true;
  changed();
}
export async function source(source, { layer, head, batch = 0 }) {
  const atlas = atlasOf(source, batch);
  const at = await atlas.layer(layer, reading.signal);
  const map = await openAttention(at.query, at.key, null, at.options);
  const { queryTokens, keyTokens } = source;
  use({ subject: { map, batch, head, normalizer: 'softmax', queryTokens, keyTokens }, atlas, shown: { layer, head } });
}
export async function example(id, at) {
  const found = EXAMPLES.find((one) => one.id === id);
  await source(await openExample(found, reading), at ?? found.start);
}
export async function own(query, key, options = {}, names = {}) {
  await source({ name: { en: 'own', zh: 'own' }, layers: [0], options, layer: async () => ({ query, key }), ...names }, { layer: 0, head: 0 });
}
export const section = compare({
  subject: () => subject,
  atlas: () => atlas,
  fault: () => undefined,
  shown: () => shown,
  hasSample: true,
  get known() {
    return known;
  },
  listen: (heard) => listeners.push(heard),
});
const id = new URLSearchParams(location.search).get('example');
const first = id ? example(id) : undefined;
export async function begin() {
  await first;
  listeners.length = 0;
  [subject, atlas, shown, known] = [undefined, undefined, undefined, false];
  if (id) await example(id);
}
`;

const site = await storySite('compare', CODE);
after(() => site.close());

const { arranged, blocksFor, largestAt, meanDivergence, orderOf, pooled, rankedKeys, readCompared, writeCompared } =
  await loadParts('views/parts/comparing');
const { readChoice, resolved, writeChoice } = await loadParts('page/story/comparechoice');

const SENTENCE = { asks: { example: 'sentence' } };
const TOKENS = 16;
const IT = 10;
const ANIMAL = 2;

/** Waits until all that is to come is drawn, or it is said why nothing is. */
const drawn = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector('.compare-plots')?.getAttribute('aria-busy') === 'false' &&
      (document.querySelector('.compare-summary').textContent || document.querySelector('.compare-said').textContent),
  );

const last = (page) => page.evaluate(() => globalThis.story.remembered.at(-1));
const said = (page) => page.locator('.compare-said').textContent();
const summary = (page) => page.locator('.compare-summary').textContent();
const number = (page, name) => page.locator(`[data-compare="${name}"]`).textContent();
const exported = (page) => page.evaluate(() => globalThis.story.mounted.exported().rows);
const titles = (page) => page.locator('.compare-title').allTextContents();

/** The middle of a cell of a plot: 0 is A, 1 is B, 2 the difference. */
async function middle(page, plot, row, key, count = TOKENS) {
  const box = await page.locator('.compare-plot').nth(plot).boundingBox();
  return [box.x + ((key + 0.5) / count) * box.width, box.y + ((row + 0.5) / count) * box.height];
}

/** The logits of a head of the sentence, in double precision. */
async function logitsOf(layer, head) {
  const file = await readSafetensors('www/sentence.safetensors');
  return Array.from({ length: TOKENS }, (_, row) =>
    explainRow(file.get(`layers.${layer}.q`), file.get(`layers.${layer}.k`), { head, row }).map(({ scaled }) => scaled),
  );
}

const softmax = (row) => {
  const top = Math.max(...row);
  const exps = row.map((logit) => Math.exp(logit - top));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((e) => e / sum);
};

/** Martins and Astudillo 2016, algorithm 1. */
const sparsemax = (row) => {
  const sorted = [...row].sort((a, b) => b - a);
  let [sum, tau] = [0, 0];
  sorted.forEach((z, at) => {
    sum += z;
    if (1 + (at + 1) * z > sum) tau = (sum - 1) / (at + 1);
  });
  return row.map((z) => Math.max(0, z - tau));
};

const weightsOf = async (layer, head) => (await logitsOf(layer, head)).map(softmax);

/** Lin 1991: H(m) - (H(p) + H(q)) / 2 in bits, of rows as shares. */
function divergence(p, q) {
  const shares = (row) => row.map((w) => w / row.reduce((a, b) => a + b));
  const entropy = (row) => row.reduce((sum, w) => sum - (w > 0 ? w * Math.log2(w) : 0), 0);
  const [one, other] = [shares(p), shares(q)];
  return entropy(one.map((w, at) => (w + other[at]) / 2)) - (entropy(one) + entropy(other)) / 2;
}

const mean = (values) => values.reduce((a, b) => a + b) / values.length;

/** Holds what is exported against two matrices of the definition. */
async function checkNumbers(page, a, b, tolerance = 2e-5) {
  const rows = await exported(page);
  assert.equal(rows.length, TOKENS * TOKENS);
  for (const [query, , key, , one, other, difference, bits] of rows) {
    const expected = [a[query][key], b[query][key], a[query][key] - b[query][key], divergence(a[query], b[query])];
    [one, other, difference, bits].forEach((found, at) =>
      assert.ok(Math.abs(found - expected[at]) < tolerance, `${query}, ${key}: ${found}, expected ${expected[at]}`),
    );
  }
}

// ---- arithmetic

test('rows are sorted by their divergence, and those without one come last', () => {
  assert.deepEqual([...orderOf([0.1, NaN, 0.5, 0.1], 'divergence')], [2, 0, 3, 1]);
  assert.deepEqual([...orderOf([0.1, NaN, 0.5], 'sequence')], [0, 1, 2]);
  assert.deepEqual([...arranged(Float32Array.of(1, 2, 3, 4), 2, Uint32Array.of(1, 0))], [3, 4, 1, 2]);
  assert.deepEqual(meanDivergence([0.5, NaN, 0.25]), { mean: 0.375, rows: 2 });
  assert.ok(Number.isNaN(meanDivergence([NaN]).mean));
});

test('what is largest in magnitude is found and drawn, and removed keys only where there is nothing else', () => {
  assert.equal(largestAt([0.1, -0.7, NaN, -Infinity, 0.7]), 1);
  assert.equal(largestAt([NaN, -Infinity]), -1);
  assert.deepEqual(rankedKeys(Float32Array.of(0.1, -Infinity, -0.5, 0.25), 3), [2, 3, 0]);
  const grid = { values: Float32Array.of(1, -3, 0, 2, 0, 0, -Infinity, -Infinity, 5), rows: 3, columns: 3 };
  assert.deepEqual([...pooled(grid, { rows: 2, columns: 2 }).values], [-3, 0, -Infinity, 5]);
  assert.deepEqual(blocksFor({ rows: 424, columns: 16 }, { width: 300, height: 300 }), { rows: 2, columns: 1 });
});

test('a choice is said and read, and nonsense is passed over', () => {
  for (const written of [
    '',
    'heads*b.3.5',
    'normalizers*n.topk*p.k.4*p.ties.drop_last',
    'normalizers*n.soft_threshold*p.alpha.0.25*p.renormalize.true',
    'captures*c.passage',
    'captures*f.a%2Ab%20%E4%B8%80.npz',
    'captures',
  ]) {
    const read = readChoice(written);
    assert.deepEqual(readChoice(writeChoice(read)), read, written);
    if (!written.includes('ties')) assert.equal(writeChoice(read), written);
  }
  const nothing = readChoice('');
  for (const hostile of [
    'b.1',
    'n.constructor',
    'p.k.4',
    'c.<img>',
    'f.%',
    `f.${'x'.repeat(82)}`,
    'b.-1.2',
    '__proto__',
    '*'.repeat(1e6),
    'b.1e9.0',
  ]) {
    assert.deepEqual(readChoice(hostile), nothing, hostile.slice(0, 20));
  }
  assert.deepEqual(readChoice('n.topk*p.k.-4*p.k.x*p.alpha.1*p.constructor.1').normalizer, { id: 'topk', values: {} });
  const choices = { sort: 'divergence', locked: { query: 10, key: 2 } };
  assert.equal(writeCompared(choices), 's.divergence*l.10.2');
  assert.deepEqual(readCompared('heads*b.1.1*s.divergence*l.10.2'), choices);
  assert.deepEqual(readCompared('l.4').locked, { query: 4, key: undefined });
  for (const hostile of ['s.<img>', 'l.-1', 'l.1.2.3', 'l.999999999', 'x'.repeat(1e6)]) {
    assert.deepEqual(readCompared(hostile), readCompared(''), hostile.slice(0, 20));
  }
});

test('beside a head stands the next, and beside one that is alone itself under another normalizer', () => {
  const as = (at, layers, heads, normalizer = 'softmax') => resolved(readChoice(''), { at, layers, heads, normalizer });
  assert.deepEqual(as({ layer: 3, head: 11 }, 6, 12).head, { layer: 3, head: 0 });
  assert.deepEqual(as({ layer: 0, head: 0 }, 2, 1).head, { layer: 1, head: 0 });
  assert.equal(as({ layer: 0, head: 0 }, 2, 1).kind, 'heads');
  assert.equal(as({ layer: 0, head: 0 }, 1, 1).kind, 'normalizers');
  assert.equal(as({ layer: 0, head: 0 }, 1, 1).normalizer.id, 'sparsemax');
  assert.equal(as({ layer: 0, head: 0 }, 1, 1, 'sparsemax').normalizer.id, 'softmax');
  const far = resolved(readChoice('heads*b.99.99'), {
    at: { layer: 0, head: 0 },
    layers: 6,
    heads: 12,
    normalizer: '',
  });
  assert.deepEqual(far.head, { layer: 5, head: 11 }, 'what is not there is the last');
});

// ---- what is true

test('the lead: 0 bits are the same shares, 1 bit is no key in common, and what shares a key is between', () => {
  assert.equal(divergence([0.25, 0.75, 0], [0.25, 0.75, 0]), 0);
  assert.ok(Math.abs(divergence([0.2, 0.6], [0.1, 0.3])) < 1e-12, 'the same shares of another sum');
  assert.ok(Math.abs(divergence([0.4, 0.6, 0, 0], [0, 0, 0.9, 0.1]) - 1) < 1e-12);
  const between = divergence([0.5, 0.5, 0], [0, 0.5, 0.5]);
  assert.ok(between > 0.4 && between < 0.6);
});

test('the kernel says so too', () =>
  site.stay({}, async (page) => {
    // Scores of 200 and 0: softmax gives each query one key, and B, with the keys of head 1, the other.
    await page.evaluate(() => {
      const query = { shape: [1, 2, 2, 1], data: Float32Array.of(200, 200, 200, -200) };
      const key = { shape: [1, 2, 2, 1], data: Float32Array.of(1, 0, 0, 1) };
      return globalThis.story.own(query, key, { scale: 1 });
    });
    await drawn(page);
    const bits = (await exported(page)).filter(([, , key]) => key === 0).map((row) => row.at(-1));
    assert.deepEqual(bits, [1, 0], 'no key in common, and the same');
    assert.match(
      await summary(page),
      /^On average the rows are 0\.500 bits apart; the row of query 0, 0, most: 1\.000\./,
    );
  }));

// ---- the numbers

test('two heads: every weight, difference and divergence is that of the definition, and so is what is said', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const [a, b] = [await weightsOf(3, 1), await weightsOf(3, 2)];
    await checkNumbers(page, a, b);
    assert.deepEqual(await titles(page), ['A: layer 3, head 1', 'B: layer 3, head 2', 'A − B']);
    const bits = a.map((row, at) => divergence(row, b[at]));
    const most = bits.indexOf(Math.max(...bits));
    const differences = a.flatMap((row, i) => row.map((w, j) => Math.abs(w - b[i][j])));
    const at = differences.indexOf(Math.max(...differences));
    const words = await summary(page);
    const [, average, query, far, row, key, one, other] =
      /are ([\d.]+) bits apart; the row of query (\d+), .*, most: ([\d.]+)\. .*: query (\d+), .*, gives key (\d+), .* of ([\d.]+) in A and ([\d.]+) in B\.$/.exec(
        words,
      );
    assert.deepEqual([query, row, key].map(Number), [most, Math.floor(at / TOKENS), at % TOKENS]);
    const expected = [mean(bits), bits[most], a.flat()[at], b.flat()[at]];
    [average, far, one, other].forEach((text, place) =>
      assert.ok(Math.abs(Number(text) - expected[place]) < 6e-4, words),
    );
    const shown = (await page.locator('.compare-bars-numbers span').allTextContents()).map(parse);
    bits.forEach((value, row) => assert.ok(Math.abs(shown[row] - value) < 6e-4, `row ${row}: ${shown[row]}, ${value}`));
    const path = await page.locator('.compare-bars-picture path').getAttribute('d');
    const lengths = [...path.matchAll(/h([\d.]+)v/g)].map(([, length]) => Number(length));
    bits.forEach((value, row) => assert.ok(Math.abs(lengths[row] - value) < 1e-3, 'a bar is as long as its number'));
    const listed = (await page.locator('.compare-rows b').allTextContents()).map(parse);
    const sorted = [...bits].sort((x, y) => y - x).slice(0, listed.length);
    listed.forEach((value, place) => assert.ok(Math.abs(value - sorted[place]) < 6e-4));
  }));

test('A and B have the same colours, which are those of their weights; the difference has the middle at 0', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const [a, b] = [await weightsOf(3, 1), await weightsOf(3, 2)];
    const high = Math.max(...a.flat(), ...b.flat());
    const colors = await page.evaluate((count) => {
      return [...document.querySelectorAll('.compare-canvas')].map((/** @type {HTMLCanvasElement} */ canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const pixel = (cell, size) => Math.floor(((cell + 0.5) * size) / count);
        return Array.from({ length: count * count }, (_, index) => {
          const at =
            pixel(Math.floor(index / count), canvas.height) * canvas.width + pixel(index % count, canvas.width);
          return [...data.subarray(4 * at, 4 * at + 3)];
        });
      });
    }, TOKENS);
    for (const [plot, weights] of [a, b].entries()) {
      weights.flat().forEach((weight, index) => {
        const expected = viridis(weight / high);
        const off = Math.max(...colors[plot][index].map((value, channel) => Math.abs(value - expected[channel])));
        assert.ok(off <= 4, `plot ${plot}, cell ${index}: ${colors[plot][index]}, expected ${expected}`);
      });
    }
    // Blue where B is larger, orange where A is.
    const flat = a.flat();
    flat.forEach((weight, index) => {
      const [red, , blue] = colors[2][index];
      const less = weight - b.flat()[index];
      if (Math.abs(less) > 0.05) assert.equal(Math.sign(less), Math.sign(red - blue), `cell ${index}: ${less}`);
    });
    const legends = await page.locator('.compare-legend .legend-numbers').allTextContents();
    const reach = Math.max(...flat.map((weight, index) => Math.abs(weight - b.flat()[index])));
    assert.ok(legends[0].startsWith('0') && legends[0].includes(high.toFixed(4).slice(0, 5)), legends[0]);
    assert.ok(legends[1].startsWith(`−${reach.toFixed(4)}`) && legends[1].endsWith(reach.toFixed(4)), legends[1]);
  }));

test('where A and B are alike, the difference has about the colour of the page, light or dark', () =>
  site.stay(SENTENCE, async (page) => {
    for (const colorScheme of /** @type {const} */ (['light', 'dark', 'light'])) {
      await page.emulateMedia({ colorScheme });
      await drawn(page);
      await page.waitForFunction(() => {
        const scale = /** @type {HTMLCanvasElement} */ (document.querySelectorAll('.compare-legend .legend-scale')[1]);
        const [middle] = scale.getContext('2d').getImageData(scale.width / 2, 0, 1, 1).data;
        const [, ground] = /(\d+)/.exec(getComputedStyle(document.body).backgroundColor);
        return Math.abs(middle - Number(ground)) < 24;
      });
    }
  }));

test('the same head under sparsemax', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    await page.getByText('Another normalizer', { exact: true }).click();
    await page.waitForFunction(
      () =>
        document.querySelector('.compare-title + .compare-body') &&
        /Sparsemax/.test(document.querySelectorAll('.compare-title')[1].textContent),
    );
    await drawn(page);
    const logits = await logitsOf(3, 1);
    await checkNumbers(page, logits.map(softmax), logits.map(sparsemax), 5e-5);
    assert.deepEqual((await titles(page)).slice(0, 2), [
      'A: layer 3, head 1, Softmax',
      'B: layer 3, head 1, Sparsemax',
    ]);
    assert.equal(await last(page), 'normalizers');
    const offered = await page.locator('[name="compare-normalizer"] option').count();
    assert.ok(offered >= 10, `${offered} normalizers`);
  }));

test('a normalizer has its parameters, and they are in the state', () =>
  site.stay({ ...SENTENCE, state: 'normalizers*n.topk*p.k.3' }, async (page) => {
    await drawn(page);
    const kept = async () => {
      const rows = (await exported(page)).filter(([query]) => query === IT);
      return rows.filter(([, , , , , b]) => b > 0).length;
    };
    assert.equal(await kept(), 3);
    const field = page.locator('#story-title ~ .story-view [name="k"]');
    assert.equal(await field.inputValue(), '3');
    await field.fill('5');
    await page.waitForFunction(() => globalThis.story.remembered.at(-1) === 'normalizers*n.topk*p.k.5');
    await page.waitForFunction(
      (row) =>
        globalThis.story.mounted.exported().rows.filter(([query, , , , , b]) => query === row && b > 0).length === 5,
      IT,
    );
    assert.equal(await field.evaluate((one) => one === document.activeElement), true, 'the field is still the same');
    await field.fill('0');
    assert.match(await page.locator('.compare-what .field-fault').first().textContent(), /at least 1/);
    assert.equal(await last(page), 'normalizers*n.topk*p.k.5', 'what may not be is not taken');
  }));

test('every normalizer of the list can stand beside the head', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const ids = await page.evaluate(async () => {
      document.querySelector('input[value="normalizers"]').dispatchEvent(new MouseEvent('click'));
      return [...document.querySelectorAll('[name="compare-normalizer"] option')].map(
        (/** @type {HTMLOptionElement} */ one) => one.value,
      );
    });
    for (const id of ids) {
      await page.evaluate((id) => globalThis.story.mounted.restore(`normalizers*n.${id}`), id);
      await drawn(page);
      assert.equal(await said(page), '', id);
      assert.match(await summary(page), /bits apart|the same/, id);
    }
  }));

// ---- what is found

test('the head that differs most, and the one that differs least, are those of the definition', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const a = await weightsOf(3, 1);
    const others = [];
    for (let layer = 0; layer < 6; layer += 1) {
      for (let head = 0; head < 12; head += 1) {
        if (layer === 3 && head === 1) continue;
        const b = await weightsOf(layer, head);
        others.push({ name: `b.${layer}.${head}`, bits: mean(a.map((row, at) => divergence(row, b[at]))) });
      }
    }
    others.sort((one, other) => other.bits - one.bits);
    for (const [want, expected] of [
      ['furthest', others[0]],
      ['nearest', others.at(-1)],
    ]) {
      await page.locator(`[name="compare-${want}"]`).click();
      await page.waitForFunction((want) => document.querySelector('.compare-said').textContent.includes(want), want);
      await drawn(page);
      assert.equal(await last(page), `heads*${expected.name}`, want);
      assert.match(await said(page), new RegExp(`^Of 71 candidates .*: ${expected.bits.toFixed(3)} bits on average`));
      assert.ok((await summary(page)).includes(expected.bits.toFixed(3)));
    }
  }));

test('among normalizers, one that only rescales rows is nearest: its shares are the same', () =>
  site.stay({ ...SENTENCE, state: 'normalizers' }, async (page) => {
    await drawn(page);
    await page.locator('[name="compare-nearest"]').click();
    await page.waitForFunction(() => document.querySelector('.compare-said').textContent !== '');
    assert.match(await last(page), /^normalizers\*n\.softmax(1|_sink)$/);
    await drawn(page);
    const rows = await exported(page);
    assert.ok(
      rows.every((row) => row.at(-1) < 1e-6),
      'no divergence',
    );
    assert.ok(
      rows.some((row) => Math.abs(row.at(-2)) > 1e-3),
      'and yet other weights',
    );
  }));

// ---- another capture

/** Chooses files at the button. */
async function choose(page, name, content) {
  await page.locator('.compare-controls input[type="file"]').setInputFiles({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(content),
  });
}

test('the same head of another capture, from a file: its numbers, its name, and that no link brings it along', () =>
  site.stay({ ...SENTENCE, state: 'captures' }, async (page) => {
    await drawn(page);
    assert.match(await said(page), /^Choose a file/);
    assert.equal(await page.locator('.compare').isVisible(), false, 'no room without a picture');
    const [q, k] = [1, 2].map((seed) => tensor([12, TOKENS, 8], noise(12 * TOKENS * 8, seed)));
    const layers = Object.fromEntries(
      [0, 1, 2, 3].flatMap((l) => [
        [`layers.${l}.q`, q],
        [`layers.${l}.k`, k],
      ]),
    );
    const tokens = JSON.stringify(Array.from({ length: TOKENS }, (_, at) => `t${at}`));
    await choose(page, '<b>other.safetensors', safetensors(layers, { tokens }));
    await page.waitForFunction(() => document.querySelector('.compare-summary').textContent !== '');
    await drawn(page);
    const b = Array.from({ length: TOKENS }, (_, row) =>
      explainRow(q, k, { head: 1, row }).map(({ weight }) => weight),
    );
    await checkNumbers(page, await weightsOf(3, 1), b);
    assert.equal((await titles(page))[1], 'B: layer 3, head 1, <b>other.safetensors');
    assert.match(await page.locator('.compare-controls').innerText(), /a link does not bring it along/);
    assert.match(await page.locator('.compare-note').textContent(), /Tokens are those of A; B has others\./);
    const state = await last(page);
    assert.equal(state, 'captures*f.%3Cb%3Eother.safetensors', 'its name alone');
    // Back and forth in one visit it is there again; elsewhere it is asked for.
    const restore = (state) => page.evaluate((state) => globalThis.story.mounted.restore(state), state);
    await restore('captures*c.passage');
    await page.waitForFunction(() => /B 424 by 424/.test(document.querySelector('.compare-said').textContent));
    await restore(state);
    await page.waitForFunction(() => document.querySelector('.compare-summary').textContent !== '');
    assert.equal((await titles(page))[1], 'B: layer 3, head 1, <b>other.safetensors');
    await restore('captures*f.%3Cb%3Eanother.npz');
    await page.waitForFunction(() =>
      /made for the file <b>an/.test(document.querySelector('.compare-said').textContent),
    );
    // Too few layers, then too few heads.
    await choose(page, 'few.safetensors', safetensors({ 'layers.0.q': q, 'layers.0.k': k }));
    await page.waitForFunction(() => /has 1 layers/.test(document.querySelector('.compare-said').textContent));
    await page.evaluate(() => globalThis.story.example('sentence', { layer: 0, head: 11 }));
    await page.waitForFunction(() => document.querySelector('.compare-summary').textContent !== '');
    const one = tensor([1, TOKENS, 8], noise(TOKENS * 8));
    await choose(page, 'one.safetensors', safetensors({ 'layers.0.q': one, 'layers.0.k': one }));
    await page.waitForFunction(() => /B has 1 heads/.test(document.querySelector('.compare-said').textContent));
    await choose(page, 'none.safetensors', 'not a file of tensors');
    await page.waitForFunction(() => /could not be compared/.test(document.querySelector('.compare-said').textContent));
    await choose(page, 'unnamed.safetensors', safetensors({ one, other: one }));
    await page.waitForFunction(() => /does not say which/.test(document.querySelector('.compare-said').textContent));
    assert.equal(await page.locator('main b:not(.compare-rows b)').count(), 0, 'a name is text');
  }));

test('sizes must agree: one sentence says both', () =>
  site.stay({ ...SENTENCE, state: 'captures*c.passage' }, async (page) => {
    await drawn(page);
    const sentence = 'A has 16 queries by 16 keys, B 424 by 424: only matrices of one size can be compared';
    assert.equal(await said(page), `This could not be compared: ${sentence}.`);
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.match(await said(page), /^无法比较：A 有 16 个查询 × 16 个键，B 有 424 × 424/);
    await page.locator('[name="compare-capture"]').selectOption('sentence');
    await page.waitForFunction(() => document.querySelector('.compare-summary').textContent !== '');
    assert.equal(await summary(page), '两个矩阵完全相同：每行都是 0 比特。');
    assert.equal(await last(page), 'captures*c.sentence');
  }));

// ---- what one can do

test('a cell that is pointed at, in any of the three, is told in numbers; a click locks it', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const [a, b] = [await weightsOf(3, 1), await weightsOf(3, 2)];
    assert.match(
      await page.locator('.compare-spot h3').textContent(),
      /^Query 10, it → key 2, animal$/,
      'the largest first',
    );
    for (const [plot, row, key] of [
      [0, 3, 0],
      [1, 6, 8],
      [2, 15, 4],
    ]) {
      await page.locator('.compare-plot').nth(plot).scrollIntoViewIfNeeded();
      await page.mouse.move(...(await middle(page, plot, row, key)));
      const expected = { a: a[row][key], b: b[row][key], difference: a[row][key] - b[row][key] };
      for (const [name, value] of Object.entries(expected)) {
        const text = await number(page, name);
        assert.ok(Math.abs(parse(text.replace('+', '')) - value) < 6e-4, `${name} ${text}, ${value}`);
      }
      const bits = parse((await number(page, 'divergence')).replace(' bits', ''));
      assert.ok(Math.abs(bits - divergence(a[row], b[row])) < 6e-4);
    }
    const marks = page.locator('.compare-mark');
    const at = await marks.evaluateAll((all) =>
      all.map((/** @type {HTMLElement} */ { style }) => style.left + style.top),
    );
    assert.equal(new Set(at).size, 1, 'marked in all three');
    await page.mouse.click(...(await middle(page, 2, 15, 4)));
    assert.equal(await last(page), 'l.15.4');
    await page.mouse.move(...(await middle(page, 2, 1, 1)));
    assert.match(await page.locator('.compare-spot h3').textContent(), /^Query 15, \[SEP\] → key 4/);
    await page.mouse.click(...(await middle(page, 2, 15, 4)));
    assert.equal(await last(page), '');
  }));

test('a row is pointed at and locked by its bar, and by its line in the list', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const bars = page.locator('.compare-bars');
    await bars.scrollIntoViewIfNeeded();
    const box = await bars.boundingBox();
    await page.mouse.move(box.x + 8, box.y + (6.5 / TOKENS) * box.height);
    assert.equal(await page.locator('.compare-spot h3').textContent(), 'Query 6, cross');
    assert.equal(await number(page, 'a'), '–');
    await page.mouse.down();
    await page.mouse.up();
    assert.equal(await last(page), 'l.6');
    await page.locator('.compare-rows button').first().click();
    assert.equal(await last(page), `l.${IT}`);
    const keys = await page
      .locator('.compare-keys tbody tr')
      .evaluateAll((all) => all.map(({ textContent }) => textContent));
    assert.match(keys[0], /^animal0\.677/);
  }));

test('the keyboard goes everywhere: cells, and behind the last key the row', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    await page.locator('.compare-cursor').focus();
    const name = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.match(
      await name(),
      /^Query 10, it → key 2, animal\. Weight in A 0\.677, Weight in B 0\.023, .* 0\.560 bits$/,
    );
    await page.keyboard.press('ArrowUp');
    assert.match(await name(), /^Query 9, because → key 2/);
    await page.keyboard.press('End');
    assert.match(await name(), /→ key 15, \[SEP\]/);
    await page.keyboard.press('ArrowRight');
    assert.match(await name(), /^Query 9, because\. Divergence of the row 0\.292 bits$/);
    assert.equal(await page.locator('.compare-cursor').getAttribute('aria-colindex'), '17');
    assert.equal(
      await page.locator('p[aria-live="polite"].visually-hidden').last().textContent(),
      await name(),
      'said aloud',
    );
    await page.keyboard.press('Enter');
    assert.equal(await last(page), 'l.9');
    await page.keyboard.press('Control+Home');
    assert.equal(await last(page), 'l.0.0', 'the lock goes along');
    await page.keyboard.press('Escape');
    assert.equal(await last(page), '');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('Space');
    assert.match(await last(page), /^l\.\d+\.\d+$/);
  }));

test('a finger locks by a tap', () =>
  site.stay({ ...SENTENCE, touch: true, width: 360 }, async (page) => {
    await drawn(page);
    const plot = page.locator('.compare-plot').nth(1);
    await plot.scrollIntoViewIfNeeded();
    const [x, y] = await middle(page, 1, IT, ANIMAL);
    await page.touchscreen.tap(x, y);
    assert.equal(await last(page), `l.${IT}.${ANIMAL}`);
    await page.touchscreen.tap(x, y);
    assert.equal(await last(page), '');
  }));

test('rows by divergence: names, cells, bars and what is saved stand in that order', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    await page.locator('[name="compare-sort"]').selectOption('divergence');
    await drawn(page);
    assert.equal(await last(page), 's.divergence');
    const [a, b] = [await weightsOf(3, 1), await weightsOf(3, 2)];
    const bits = a.map((row, at) => divergence(row, b[at]));
    const order = [...bits.keys()].sort((one, other) => bits[other] - bits[one]);
    const shown = (await page.locator('.compare-bars-numbers span').allTextContents()).map(parse);
    order.forEach((row, place) => assert.ok(Math.abs(shown[place] - bits[row]) < 6e-4));
    assert.deepEqual([...new Set((await exported(page)).map(([query]) => query))], order);
    const names = await page.locator('.compare-panel-a .axis-rows .axis-labels .axis-label').allTextContents();
    assert.deepEqual(names.slice(0, 3), ['it', 'cross', 'the']);
    await page.locator('.compare-plot').nth(0).scrollIntoViewIfNeeded();
    await page.mouse.move(...(await middle(page, 0, 0, ANIMAL)));
    assert.equal(await page.locator('.compare-spot h3').textContent(), 'Query 10, it → key 2, animal');
    await page.locator('.compare-cursor').focus();
    await page.keyboard.press('ArrowDown');
    assert.match(
      await page.locator('.compare-cursor').getAttribute('aria-label'),
      /^Query 6, cross/,
      'down is the next in sight',
    );
  }));

test('state comes back, and a hostile one is the section as it comes', () =>
  site.stay({ ...SENTENCE, state: `heads*b.5.7*s.divergence*l.${IT}.4` }, async (page) => {
    await drawn(page);
    assert.equal((await titles(page))[1], 'B: layer 5, head 7');
    assert.equal(await page.locator('[name="compare-sort"]').inputValue(), 'divergence');
    assert.match(await page.locator('.compare-spot h3').textContent(), /^Query 10, it → key 4/);
    await page.locator('[name="compare-head-next"]').click();
    assert.equal(await last(page), `heads*b.5.8*s.divergence*l.${IT}.4`);
    for (const hostile of [
      'heads*b.x*l.99.99*s.<img>',
      '<img src=x onerror=alert(1)>',
      '*_.__proto__'.repeat(80),
      '9'.repeat(9000),
    ]) {
      await page.evaluate((state) => globalThis.story.mounted.restore(state), hostile);
      await page.waitForFunction(() => /head 2$/.test(document.querySelectorAll('.compare-title')[1].textContent));
      assert.equal(await page.locator('[name="compare-sort"]').inputValue(), 'sequence');
      assert.match(await page.locator('.compare-spot h3').textContent(), /^Query 10, it → key 2/, 'no query 99');
    }
    assert.equal(await page.locator('main img').count(), 0);
  }));

// ---- long, empty and wrong

test('424 tokens: blocks are drawn, pairs are told, and a table has a line for each query', () =>
  site.stay({ asks: { example: 'passage' }, state: 'heads*b.0.5' }, async (page) => {
    await page.evaluate(() => globalThis.story.example('passage', { layer: 0, head: 0 }));
    await page.waitForFunction(() => /head 0$/.test(document.querySelector('.compare-title').textContent));
    await drawn(page);
    assert.match(await page.locator('.compare-note').textContent(), /the largest of 2 × 2 pairs/);
    assert.equal(await page.locator('.compare-bars-numbers span').count(), 0, 'no room for numbers');
    const rows = await exported(page);
    assert.equal(rows.length, 424);
    const file = await readSafetensors('tests/data/passage.safetensors');
    const [query, key] = [file.get('layers.0.q'), file.get('layers.0.k')];
    for (const row of [0, 56, 217, 423]) {
      // The file has heads 0, 5 and 11.
      const [a, b] = [0, 1].map((head) => explainRow(query, key, { head, row }).map(({ weight }) => weight));
      const [, , at, , one, other, difference, bits] = rows[row];
      // The example is rounded to float16.
      const most = Math.max(...a.map((w, j) => Math.abs(w - b[j])));
      assert.ok(
        Math.abs(Math.abs(difference) - most) < 5e-3 && Math.abs(one - other - difference) < 1e-6,
        `row ${row}`,
      );
      assert.ok(Math.abs(one - a[at]) < 5e-3 && Math.abs(bits - divergence(a, b)) < 2e-3, `row ${row}: ${bits}`);
    }
    await page.locator('.compare-plot').nth(2).scrollIntoViewIfNeeded();
    await page.mouse.move(...(await middle(page, 2, 108, 108, 212)));
    assert.match(await page.locator('.compare-spot h3').textContent(), /^Query 21[67], .* → key 21[67], /);
    await page.locator('[name="compare-nearest"]').click();
    await page.waitForFunction(() => /nearest/.test(document.querySelector('.compare-said').textContent));
    assert.match(await said(page), /^Of 71 candidates/);
  }));

test('what is too large is refused with the limit and both numbers, and nothing is computed', () =>
  site.stay({}, async (page) => {
    await page.evaluate(() => {
      const refuse = () => Promise.reject(new Error('nobody should ask'));
      const map = { batch: 1, heads: 1, queries: 32768, keys: 32768, headSize: 4, rectangle: refuse };
      const atlas = { layers: [0], batch: 0, about: () => ({}), layer: refuse };
      globalThis.story.use({
        subject: { map, batch: 0, head: 0, normalizer: 'softmax' },
        atlas,
        shown: { layer: 0, head: 0 },
      });
    });
    await drawn(page);
    assert.match(
      await said(page),
      /: 32,768 × 32,768 are 1,073,741,824 weights; at most 1,048,576 are compared here\.$/,
    );
    assert.equal(await page.locator('[name="compare-again"]').isVisible(), false);
    assert.equal(await excess(page), 0);
  }));

test('too many candidates: the search says so, and the picture stays', () =>
  site.stay({}, async (page) => {
    await page.evaluate(
      (data) => {
        const one = { shape: [1, 80, 512, 1], data: Float32Array.from(data) };
        return globalThis.story.own(one, one);
      },
      [...noise(80 * 512)],
    );
    await drawn(page);
    await page.locator('[name="compare-furthest"]').click();
    await page.waitForFunction(() => document.querySelector('.compare-said').textContent !== '');
    assert.match(
      await said(page),
      /^There was no search: 79 candidates of 512 × 512 weights are 20,709,376 in all; at most 16,777,216/,
    );
    await drawn(page);
    assert.equal(await page.locator('.compare').isVisible(), true);
  }));

test('masks, rows without numbers and hostile tokens', () =>
  site.stay({}, async (page) => {
    await page.evaluate(
      (data) => {
        const query = { shape: [1, 2, 8, 2], data: Float32Array.from(data) };
        query.data[4] = NaN;
        const key = { shape: [1, 2, 8, 2], data: Float32Array.from(data) };
        const tokens = ['<img src=x onerror=alert(1)>', '', '\u202e', 'a', 'b', 'c', 'd', 'x'.repeat(300)];
        return globalThis.story.own(query, key, { causal: true }, { queryTokens: tokens, keyTokens: tokens });
      },
      [...noise(32)],
    );
    await drawn(page);
    const rows = await exported(page);
    const bits = rows.filter(([, , key]) => key === 0).map((row) => row.at(-1));
    assert.ok(Number.isNaN(bits[2]) && bits[0] === 0, 'row 2 has no numbers, row 0 one key');
    assert.match(await summary(page), /1 rows without weights have no divergence\./);
    await page.locator('.compare-rows button').last().click();
    assert.equal(await last(page), 'l.2');
    assert.equal(await number(page, 'divergence'), '– bits');
    await page.locator('.compare-cursor').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('End');
    assert.equal(await number(page, 'a'), 'removed');
    assert.equal(await page.locator('main img').count(), 0);
    for (const width of [360, 800]) {
      await page.setViewportSize({ width, height: 800 });
      // The view measures its room, and is laid out in the next frame.
      await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
      assert.equal(await excess(page), 0, `${width}`);
    }
  }));

test('one token by one', () =>
  site.stay({ width: 360 }, async (page) => {
    await page.evaluate(() => {
      const one = { shape: [1, 1, 1, 2], data: Float32Array.of(1, 2) };
      return globalThis.story.own(one, one);
    });
    await drawn(page);
    assert.equal(await summary(page), 'The two matrices are the same: 0 bits in every row.');
    assert.equal(await excess(page), 0);
  }));

test('work that takes long can be left, and taken up again', () =>
  site.stay({}, async (page) => {
    await page.evaluate(() => {
      const wait = (signal) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)));
      const map = { batch: 1, heads: 2, queries: 4, keys: 4, headSize: 4, rectangle: ({ signal }) => wait(signal) };
      const atlas = { layers: [0], batch: 0, about: () => ({}), layer: (_, signal) => wait(signal) };
      globalThis.story.use({
        subject: { map, batch: 0, head: 0, normalizer: 'softmax' },
        atlas,
        shown: { layer: 0, head: 0 },
      });
    });
    await page.locator('.compare-room .busy').waitFor();
    assert.match(await page.locator('.compare-room .busy').innerText(), /Computing[^]*Cancel/);
    await page.locator('.compare-room .busy button').click();
    assert.equal(await said(page), 'Stopped.');
    await page.waitForFunction(() => document.querySelector('.compare-plots').getAttribute('aria-busy') === 'false');
    await page.locator('[name="compare-again"]').click();
    assert.equal(await page.locator('.compare-plots').getAttribute('aria-busy'), 'true');
    assert.equal(await said(page), '');
    await page.evaluate(() => globalThis.story.use(undefined));
    assert.equal(await said(page), 'Nothing is open.');
  }));

// ---- care

test('what is taken along: a row a pair, and a picture that stands alone', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const made = await page.evaluate(() => {
      let pictures = 0;
      const { toDataURL } = HTMLCanvasElement.prototype;
      /** @this {HTMLCanvasElement} */
      HTMLCanvasElement.prototype.toDataURL = function (...as) {
        pictures += 1;
        return Reflect.apply(toDataURL, this, as);
      };
      globalThis['story'].mounted.exported();
      HTMLCanvasElement.prototype.toDataURL = toDataURL;
      return pictures;
    });
    assert.equal(made, 0, 'a menu that opens draws nothing');
    const taken = await checkExported(page);
    assert.deepEqual(taken.columns, ['query', 'query token', 'key', 'key token', 'a', 'b', 'difference', 'divergence']);
    assert.deepEqual(taken.rows[IT * TOKENS + ANIMAL].slice(0, 4), [IT, 'it', ANIMAL, 'animal']);
    assert.ok(taken.width > taken.height, `three side by side: ${taken.width} × ${taken.height}`);
    assert.equal(taken.source.match(/<image /g).length, 5, 'three plots and two scales');
    assert.match(taken.source, />animal</);
  }));

test('both languages', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const english = await page.locator('main').innerText();
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.deepEqual(await titles(page), ['A：第 3 层，第 1 个头', 'B：第 3 层，第 2 个头', 'A − B']);
    assert.match(await summary(page), /^各行平均相距 0\.257 比特；查询 10（it）的一行相距最远：0\.560。/);
    const rest = (await page.locator('main').innerText()).replace(
      /\b(it|the|to|tired|too|was|street|cross|didn|animal|because|CLS|SEP|t|A|B|qkscope|q|k)\b/g,
      '',
    );
    assert.doesNotMatch(rest, /[a-z]{2}/i, 'English left in Chinese');
    await page.evaluate(() => globalThis.story.speak('en'));
    assert.equal(await page.locator('main').innerText(), english);
    assert.doesNotMatch(english, /[\u4e00-\u9fff]/);
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, ${theme}`, () =>
    site.stay({ theme, ...SENTENCE, state: `l.${IT}.2` }, async (page) => {
      await drawn(page);
      assert.deepEqual(await axeFindings(page), []);
      for (const state of ['normalizers*n.soft_threshold', 'captures*c.passage', 'captures']) {
        await page.evaluate((state) => globalThis.story.mounted.restore(state), state);
        await drawn(page);
        assert.deepEqual(await axeFindings(page), [], state);
      }
    }));
}

test('nothing is wider than a phone, and lines of the list are hit by a finger', () =>
  site.stay({ width: 360, ...SENTENCE }, async (page) => {
    await drawn(page);
    for (const state of ['', 'normalizers*n.soft_threshold', 'captures*c.sentence']) {
      await page.evaluate((state) => globalThis.story.mounted.restore(state), state);
      await drawn(page);
      assert.equal(await excess(page), 0, state);
    }
    const heights = await page
      .locator('.compare-rows button')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    assert.ok(Math.min(...heights) >= 24, `${heights}`);
  }));

for (const width of [360, 1280]) {
  test(`nothing moves while the numbers come, ${width} px`, () =>
    site.visit({ ...SENTENCE, width, before: watchShifts, fresh: true }, async (page) => {
      await drawn(page);
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
    }));
}
