// Weights as links: what is drawn and said against the definition, and everything that one can do with it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { explainRow, noise, parse, readSafetensors } from './page.mjs';
import { excess, loadParts, storySite, watchShifts } from './story.mjs';

/** The section over the first head of an example of the page, or over what a test hands to `use`. */
const CODE = `
import { openAttention } from '../../engine/index.ts';
import { EXAMPLES, openExample } from '../source.ts';
import { atlasOf } from './atlas.ts';
import { links } from './links.ts';

const reading = { signal: new AbortController().signal, onProgress() {} };
const listeners = [];
let subject;
export function use(next) {
  subject = next;
  listeners.forEach((heard) => heard());
}
export async function open(query, key, options = {}, names = {}) {
  const map = await openAttention(query, key, null, options);
  use({ map, layer: 0, batch: 0, head: 0, ...names });
}
export async function example(id, { layer, head, batch = 0 } = {}) {
  const found = EXAMPLES.find((one) => one.id === id);
  const atlas = atlasOf(await openExample(found, reading), batch);
  const at = await atlas.layer(layer ?? found.start.layer, reading.signal);
  const map = await openAttention(at.query, at.key, null, at.options);
  const { queryTokens, keyTokens } = atlas;
  const { query } = found.start;
  use({ map, layer: layer ?? found.start.layer, batch, head: head ?? found.start.head, queryTokens, keyTokens, query });
}
export const section = links({ subject: () => subject, fault: () => undefined, listen: (heard) => listeners.push(heard) });
const id = new URLSearchParams(location.search).get('example');
const first = id ? example(id) : undefined;
export async function begin() {
  await first;
  listeners.length = 0;
  subject = undefined;
  if (id) await example(id);
}
`;

const site = await storySite('links', CODE);
after(() => site.close());

const parts = await loadParts('views/parts/linkset', 'views/parts/name');
const { above, byWeight, curveOf, cutMiddle, linksOf, readLinks, strokeOf, touches, writeLinks } = parts;

const SENTENCE = { asks: { example: 'sentence' } };
const TOKENS = 16;
const IT = 10;
const ANIMAL = 2;

const drawn = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector('.links-plot')?.getAttribute('aria-busy') === 'false' &&
      document.querySelector('.links-token'),
  );

/** The lines in sight, as `query-key`. */
const lines = (page) =>
  page
    .locator('.links-lines path:not(.links-off)')
    .evaluateAll((all) => all.map((/** @type {SVGElement} */ one) => one.dataset.link));

const listed = (page) =>
  page
    .locator('.links-list li[data-link]')
    .evaluateAll((all) =>
      all.map((/** @type {HTMLElement} */ one) => [one.dataset.link, one.querySelector('b').textContent]),
    );

const query = (page, index) => page.locator('.links-query .links-token').nth(index);
const key = (page, index) => page.locator('.links-key .links-token').nth(index);
const last = (page) => page.evaluate(() => globalThis.story.remembered.at(-1));

/** The weights of a head of the sentence, in double precision. */
async function weightsOf(layer = 3, head = 1) {
  const file = await readSafetensors('www/sentence.safetensors');
  return Array.from({ length: TOKENS }, (_, row) =>
    explainRow(file.get(`layers.${layer}.q`), file.get(`layers.${layer}.k`), { head, row }).map(({ weight }) => weight),
  );
}

/** The pairs whose weight is at least `share` of the largest, the strongest first. */
function strongPairs(weights, share) {
  const pairs = weights.flatMap((row, i) => row.map((weight, j) => ({ name: `${i}-${j}`, weight })));
  const high = Math.max(...pairs.map(({ weight }) => weight));
  return pairs.filter(({ weight }) => weight >= share * high).sort((a, b) => b.weight - a.weight);
}

// ---- arithmetic

test('links are the weights above zero, by their strength', () => {
  const links = linksOf([0.5, 0, NaN, 0.25, Infinity, 0.75], 3);
  assert.deepEqual(byWeight(links), [
    { query: 1, key: 2, weight: 0.75 },
    { query: 0, key: 0, weight: 0.5 },
    { query: 1, key: 0, weight: 0.25 },
  ]);
  assert.equal(above(links, 100).length, 1);
  assert.equal(above(links, 50).length, 2);
  assert.equal(above([], 50).length, 0);
  assert.ok(touches(links[0], [{ side: 'query', index: 0 }]));
  assert.ok(!touches(links[0], [{ side: 'key', index: 1 }]));
});

test('a stronger link is wider and less faint; lines end in the middle of their tokens', () => {
  const [weak, strong] = [strokeOf(0.1), strokeOf(1)];
  assert.ok(weak.width < strong.width && weak.opacity < strong.opacity && strong.opacity <= 1);
  assert.equal(curveOf([0, 2], [3, 4], { width: 100, height: 4 }), 'M0 1.00C45 1.00 55 3.50 100 3.50');
});

test('what a link of the page says comes back, and nonsense is passed over', () => {
  const start = { threshold: 10, locked: [], first: undefined };
  assert.equal(writeLinks(start), '');
  const chosen = {
    threshold: 0,
    locked: [
      { side: 'query', index: 3 },
      { side: 'key', index: 0 },
    ],
    first: 48,
  };
  assert.equal(writeLinks(chosen), 't0.f48.q3.k0');
  assert.deepEqual(readLinks('t0.f48.q3.k0'), chosen);
  assert.deepEqual(readLinks('q3.q3.k0.f48.t0'), chosen, 'twice the same is once');
  for (const hostile of ['', 't101', 't-1', 'q', 'q1e9', 'q99999999999', '__proto__', 'x.'.repeat(1e6)]) {
    assert.deepEqual(readLinks(hostile), start, hostile.slice(0, 20));
  }
});

// ---- the numbers

test('what is drawn and listed are the weights of the head', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const weights = await weightsOf();
    const strong = strongPairs(weights, 0.1);
    assert.deepEqual(
      (await lines(page)).sort(),
      strong.map(({ name }) => name).sort(),
      'a tenth of the strongest, and more',
    );
    assert.equal(await page.locator('.links-count').textContent(), `${strong.length} of 256 links drawn`);
    const list = await listed(page);
    assert.deepEqual(
      list.map(([name]) => name),
      strong.slice(0, 12).map(({ name }) => name),
    );
    list.forEach(([name, text], at) => assert.ok(Math.abs(parse(text) - strong[at].weight) < 6e-4, `${name} ${text}`));
    const high = strong[0].weight;
    for (const { name, weight } of strong) {
      const width = await page.locator(`.links-lines path[data-link="${name}"]`).getAttribute('stroke-width');
      assert.ok(Math.abs(Number(width) - strokeOf(weight / high).width) < 0.02, `${name}: ${width}`);
    }
    assert.equal(await page.locator('.links-title').textContent(), 'Layer 3, head 1');
  }));

test('what leaves a query sums to one, and what arrives at a key does not', async () => {
  const weights = await weightsOf();
  for (const row of weights) assert.ok(Math.abs(row.reduce((sum, w) => sum + w, 0) - 1) < 1e-12);
  const arriving = weights[0].map((_, j) => weights.reduce((sum, row) => sum + row[j], 0));
  assert.ok(Math.max(...arriving) > 5, `the key most looked at: ${Math.max(...arriving)}`);
  assert.ok(Math.min(...arriving) < 0.2, `the key least looked at: ${Math.min(...arriving)}`);
});

test('the threshold leaves weaker links out', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const weights = await weightsOf();
    const slider = page.locator('[name="links-threshold"]');
    for (const percent of [50, 100, 0]) {
      await slider.fill(String(percent));
      const strong = strongPairs(weights, percent / 100);
      assert.equal((await lines(page)).length, strong.length, `${percent}%`);
      assert.match(await slider.getAttribute('aria-valuetext'), new RegExp(`${percent}% of the strongest`));
    }
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await last(page), 't1');
  }));

// ---- what one can do

test('a token that is pointed at shows its links alone, and the sum of a query', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const weights = await weightsOf();
    await query(page, IT).hover();
    const least = 0.1 * Math.max(...weights.flat());
    const own = weights[IT].flatMap((weight, j) => (weight >= least ? [`${IT}-${j}`] : []));
    assert.deepEqual((await lines(page)).sort(), own.sort());
    assert.equal(await page.locator('.links-list-title').textContent(), '“it” looks at');
    assert.match(await page.locator('.links-list-note').textContent(), /add up to 1\.000\.$/);
    const [[first, text]] = await listed(page);
    assert.equal(first, `${IT}-${ANIMAL}`, '“it” looks at “animal”');
    assert.ok(Math.abs(parse(text) - weights[IT][ANIMAL]) < 6e-4);
    await key(page, ANIMAL).hover();
    assert.equal(await page.locator('.links-list-title').textContent(), 'Who looks at “animal”');
    assert.ok((await lines(page)).every((name) => name.endsWith(`-${ANIMAL}`)));
    await page.mouse.move(2, 2);
    assert.equal(await page.locator('.links-list-title').textContent(), 'The strongest links');
  }));

test('a click locks, several are locked, and a click or Escape unlocks', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    await query(page, IT).click();
    await key(page, 0).click();
    await page.mouse.move(2, 2);
    await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
    assert.equal(await page.locator('.links-token[aria-pressed="true"]').count(), 2);
    assert.ok((await lines(page)).every((name) => name.startsWith(`${IT}-`) || name.endsWith('-0')));
    assert.equal(await page.locator('.links-list-title').textContent(), 'Links of 2 tokens');
    assert.equal(await last(page), `q${IT}.k0`);
    await key(page, 0).click();
    assert.equal(await last(page), `q${IT}`);
    // Escape is taken as long as it does something, and is free for others then.
    await page.evaluate(() =>
      addEventListener(
        'keydown',
        (event) => (globalThis['taken'] = [...(globalThis['taken'] ?? []), event.defaultPrevented]),
      ),
    );
    await page.keyboard.press('Escape');
    assert.equal(await last(page), '');
    await page.keyboard.press('Escape');
    assert.deepEqual(await page.evaluate(() => globalThis['taken']), [true, false]);
    await query(page, 1).click();
    await page.locator('[name="links-unlock"]').click();
    assert.equal(await last(page), '');
  }));

test('a finger locks by a tap', () =>
  site.stay({ ...SENTENCE, touch: true, width: 360 }, async (page) => {
    await drawn(page);
    await query(page, IT).tap();
    assert.equal(await last(page), `q${IT}`);
    await query(page, IT).tap();
    assert.equal(await last(page), '');
  }));

test('the keyboard goes along a side, and across to the strongest', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    assert.equal(await page.locator('.links-side .links-token[tabindex="0"]').count(), 2, 'a stop for each side');
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    await query(page, 0).focus();
    for (let at = 0; at < IT; at += 1) await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^Query 10, it\. Looks most at animal: 0\.677$/);
    await page.keyboard.press('ArrowRight');
    assert.match(await focused(), /^Key 2, animal\. Most looked at by it: 0\.677$/);
    await page.keyboard.press('Enter');
    assert.equal(await last(page), `k${ANIMAL}`);
    await page.keyboard.press('ArrowLeft');
    assert.match(await focused(), /^Query 10, it/);
    await page.keyboard.press('End');
    assert.match(await focused(), /^Query 15, \[SEP\]/);
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^Query 15/, 'there is nothing below');
    await page.keyboard.press('Home');
    assert.match(await focused(), /^Query 0/);
  }));

test('state comes back, and a hostile one is the view as it comes', () =>
  site.stay({ ...SENTENCE, state: `t40.q${IT}.k0` }, async (page) => {
    await drawn(page);
    assert.equal(await page.locator('[name="links-threshold"]').inputValue(), '40');
    assert.equal(await page.locator('.links-token[aria-pressed="true"]').count(), 2);
    await page.evaluate(() => globalThis.story.mount('t999.q99.<img>.k-1.__proto__'));
    await drawn(page);
    assert.equal(await page.locator('[name="links-threshold"]').inputValue(), '10');
    assert.equal(await page.locator('.links-token[aria-pressed="true"]').count(), 0);
    assert.equal(await page.locator('.links-list-title').textContent(), 'The strongest links', 'no token 99');
  }));

test('two sequences: students at the left, teachers at the right', () =>
  site.stay({ asks: { example: 'student-teacher' }, width: 360 }, async (page) => {
    await drawn(page);
    const capture = JSON.parse(await readFile(new URL('../../www/student-teacher.json', import.meta.url), 'utf8'));
    assert.equal(await page.locator('.links-query .links-token').count(), 3);
    assert.equal(await page.locator('.links-key .links-token').count(), 6);
    await page.locator('[name="links-threshold"]').fill('0');
    const sums = await page.evaluate(() => {
      const sums = [0, 0, 0];
      for (const [query, , , , weight] of globalThis.story.mounted.exported().rows) sums[query] += weight;
      return sums;
    });
    sums.forEach((sum) => assert.ok(Math.abs(sum - 1) < 1e-5, `${sums}`));
    const cut = await page
      .locator('.links-token')
      .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
    assert.equal(cut, 0, 'every name is read in full on a phone');
    assert.ok(JSON.stringify(capture).includes(await query(page, 0).textContent()));
    const before = await listed(page);
    assert.equal(await page.locator('.links-title').textContent(), 'Batch item 0');
    await page.evaluate(() => globalThis.story.example('student-teacher', { batch: 3 }));
    await page.waitForFunction((text) => document.querySelector('.links-list b')?.textContent !== text, before[0][1]);
  }));

test('the strongest links are all in sight, and how many more there are', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    const list = page.locator('.links-list');
    assert.match(await list.locator('li').last().innerText(), /^and \d+ weaker ones$/);
    const [room, all] = await list.evaluate((one) => [one.clientHeight, one.scrollHeight]);
    assert.equal(all, room, 'nothing is cut');
  }));

// ---- long, empty and wrong

/** What is drawn of the passage at layer 0, head 0: of 24 queries from `first` on, the 24 keys that get most of their weight. */
async function passageWindow(first) {
  const file = await readSafetensors('tests/data/passage.safetensors');
  const rows = Array.from({ length: 24 }, (_, at) =>
    explainRow(file.get('layers.0.q'), file.get('layers.0.k'), { head: 0, row: first + at }).map(
      ({ weight }) => weight,
    ),
  );
  const arrived = Array.from({ length: 424 }, (_, key) => rows.reduce((sum, row) => sum + row[key], 0));
  const keys = [...arrived.keys()].sort((a, b) => arrived[b] - arrived[a]).slice(0, 24);
  return { rows, keys: keys.sort((a, b) => a - b), share: keys.reduce((sum, key) => sum + arrived[key], 0) / 24 };
}

test('of a long sequence some queries are drawn with the keys that they look at most, and that is said', () =>
  site.stay({ asks: { example: 'passage' }, state: 't0.f200' }, async (page) => {
    await drawn(page);
    await page.evaluate(() => globalThis.story.example('passage', { layer: 0, head: 0 }));
    await page.waitForFunction(() => /head 0/.test(document.querySelector('.links-title')?.textContent ?? ''));
    const { rows, keys, share } = await passageWindow(192);
    const said = /^Drawn are 24 of 424 queries and, of 424 keys, the 24 .*: (0\.\d{3}) of their weight\.$/;
    const [, told] = said.exec(await page.locator('.links-note').textContent());
    // The example is rounded to float16.
    assert.ok(Math.abs(Number(told) - share) < 2e-3, `${told}, ${share}`);
    const found = await page.evaluate(() => globalThis.story.mounted.exported().rows);
    assert.equal(found.length, 24 * 24);
    for (const [row, , key, , weight] of found) {
      assert.ok(keys.includes(key) && Math.abs(rows[row - 192][key] - weight) < 2e-3, `${row}, ${key}: ${weight}`);
    }
    await query(page, 5).hover();
    assert.match(
      await page.locator('.links-list-note').textContent(),
      /add up to 1\.000\.$/,
      'the keys out of sight too',
    );
  }));

test('the queries in sight are others by a step, by the menu and by a link', () =>
  site.stay({ asks: { example: 'passage' } }, async (page) => {
    await drawn(page);
    const menu = page.locator('[name="links-window"]');
    const begins = (at) =>
      page.waitForFunction(
        (at) =>
          document.querySelector('.links-query .links-token')?.getAttribute('aria-label').startsWith(`Query ${at},`),
        at,
      );
    await begins(48);
    assert.equal(await menu.inputValue(), '48–71', 'the query that the example begins with is among them');
    await page.locator('[name="links-window-next"]').click();
    await begins(72);
    assert.equal(await last(page), 'f72');
    await menu.selectOption('408–423');
    await begins(408);
    assert.equal(await page.locator('.links-query .links-token').count(), 16);
    await page.evaluate(() => globalThis.story.mounted.restore('f99999.q2'));
    await begins(408);
    await page.evaluate(() => globalThis.story.example('sentence'));
    await page.waitForFunction(() => document.querySelector('.links-query').childElementCount === 16);
    assert.equal(await menu.isVisible(), false);
  }));

test('what a browser cannot hold at once is asked for in parts, and what fails is said', () =>
  site.stay({}, async (page) => {
    await page.evaluate(() => {
      const [queries, keys] = [5, 1_500_000];
      globalThis['asked'] = [];
      const rectangle = ({ rows: [from, to] }) => {
        globalThis['asked'].push([from, to]);
        const data = new Float32Array((to - from) * keys);
        for (let at = from; at < to; at += 1) data.set([0.75, 0.25], (at - from) * keys + 1000 * (at + 1));
        return Promise.resolve({ data, shape: [to - from, keys] });
      };
      globalThis.story.use({ map: { batch: 1, heads: 1, queries, keys, rectangle }, layer: 0, batch: 0, head: 0 });
    });
    await drawn(page);
    assert.match(await page.locator('.links-note').textContent(), /, of 1,500,000 keys, the 24 .*: 1\.000 of/);
    const found = await page.evaluate(() => globalThis.story.mounted.exported().rows);
    assert.deepEqual(
      found.map(([row, , key, , weight]) => [row, key, weight]).sort(([a, b], [c, d]) => a - c || b - d),
      Array.from({ length: 5 }, (_, at) => [
        [at, 1000 * (at + 1), 0.75],
        [at, 1000 * (at + 1) + 1, 0.25],
      ]).flat(),
    );
    const once = [0, 2, 4].map((from) => [from, Math.min(5, from + 2)]);
    assert.deepEqual(await page.evaluate(() => globalThis['asked']), [...once, ...once]);
    await page.evaluate(() => {
      const rectangle = () => Promise.reject(new Error('there is no memory'));
      globalThis.story.use({
        map: { batch: 1, heads: 1, queries: 4, keys: 4, rectangle },
        layer: 0,
        batch: 0,
        head: 0,
      });
    });
    const note = page.locator('.links-note', { hasText: 'there is no memory' });
    await note.waitFor();
    assert.equal(await page.locator('.links-token').count(), 0);
    // Another head is drawn again.
    await page.evaluate(() => globalThis.story.example('sentence'));
    await note.waitFor({ state: 'detached' });
  }));

test('a billion weights: only the rows in sight are computed, and any of them is found by its number', () =>
  site.stay({}, async (page) => {
    await page.evaluate(() => {
      globalThis['asked'] = [];
      const rectangle = ({ rows: [from, to], keys: [, keys] }) => {
        globalThis['asked'].push([from, to]);
        const data = new Float32Array((to - from) * keys);
        for (let at = from; at < to; at += 1) data[(at - from) * keys + at] = 1;
        return Promise.resolve({ data, shape: [to - from, keys] });
      };
      globalThis.story.use({ map: { batch: 1, queries: 32768, keys: 32768, rectangle }, layer: 0, batch: 0, head: 0 });
    });
    await drawn(page);
    assert.match(await page.locator('.links-note').textContent(), /^Drawn are 24 of 32,768 queries .*: 1\.000 of/);
    const field = page.locator('[name="links-window"]');
    await field.fill('20000');
    await field.press('Enter');
    await page.waitForFunction(() => document.querySelector('.links-key .links-token')?.textContent === '19992');
    assert.equal(await field.inputValue(), '19992–20015');
    assert.deepEqual(
      await lines(page),
      Array.from({ length: 24 }, (_, at) => `${20015 - at}-${20015 - at}`),
    );
    assert.deepEqual(await page.evaluate(() => globalThis['asked']), [
      [0, 24],
      [19992, 20016],
    ]);
    await field.fill('32768');
    await field.press('Enter');
    assert.equal(await field.inputValue(), '19992–20015', 'there is none');
  }));

test('64 tokens by 64 are all drawn; a change of head replaces them', () =>
  site.stay({}, async (page) => {
    const one = { shape: [1, 1, 64, 4], data: [...noise(256)] };
    await page.evaluate(
      ({ shape, data }) => globalThis.story.open(...[1, 2].map(() => ({ shape, data: Float32Array.from(data) }))),
      one,
    );
    await drawn(page);
    await page.locator('[name="links-threshold"]').fill('0');
    assert.equal((await lines(page)).length, 4096);
    await query(page, 5).hover();
    assert.equal((await lines(page)).length, 64);
    await page.evaluate(() => globalThis.story.example('sentence'));
    await page.waitForFunction(() => document.querySelectorAll('.links-query .links-token').length === 16);
    await page.evaluate(() => globalThis.story.use(undefined));
    assert.equal(await page.locator('.links-token').count(), 0);
  }));

test('removed keys have no line, a row without numbers says so, and tokens are text', () =>
  site.stay({}, async (page) => {
    const data = [...noise(32)];
    data[4] = NaN;
    await page.evaluate(
      (data) => {
        const one = { shape: [1, 1, 8, 4], data: Float32Array.from(data.map((x) => x ?? NaN)) };
        const clean = { shape: [1, 1, 8, 4], data: Float32Array.from(data.map((x) => x ?? 0)) };
        const tokens = ['<img src=x onerror=alert(1)>', '', '\u202e', 'a', 'b', 'c', 'd', 'x'.repeat(300)];
        return globalThis.story.open(one, clean, { causal: true }, { queryTokens: tokens, keyTokens: tokens });
      },
      data.map((x) => (Number.isNaN(x) ? null : x)),
    );
    await drawn(page);
    await page.locator('[name="links-threshold"]').fill('0');
    const seen = (await lines(page)).map((name) => name.split('-').map(Number));
    assert.equal(seen.length, (8 * 9) / 2 - 2, 'the lower triangle without row 1');
    assert.ok(seen.every(([i, j]) => j <= i && i !== 1));
    assert.equal(
      await page.locator('.links-note').textContent(),
      'Queries with weights that are not numbers have no lines: 1.',
    );
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await query(page, 0).textContent(), '<img src=x onerror=alert(1)>');
    assert.equal(await excess(page), 0);
  }));

test('names that do not fit give way in their middle: their ends tell them apart', () =>
  site.stay({ width: 360 }, async (page) => {
    const cut = ['a teacher layer', 'teacher layer 11', '学生第 11 层的特征', 'a'].map((name) => cutMiddle(name, 15));
    assert.deepEqual(cut, ['a teacher layer', 'teacher…ayer 11', '学生第 …层的特征', 'a']);
    // A letter written in several characters stays or goes whole.
    for (const [letter, most] of [
      ['e\u0301', 5],
      ['\u{1f469}\u200d\u{1f467}', 6],
      ['\u0915\u094d\u0937', 5],
    ]) {
      const [start, end] = cutMiddle(letter.repeat(9), most).split('…');
      assert.deepEqual(
        [start, end],
        [letter.repeat(start.length / letter.length), letter.repeat(end.length / letter.length)],
      );
    }
    const data = [...noise(32)];
    await page.evaluate((data) => {
      const one = { shape: [1, 1, 8, 4], data: Float32Array.from(data) };
      const tokens = Array.from({ length: 8 }, (_, at) => `model.encoder.layers.attention.${at}`);
      return globalThis.story.open(one, one, {}, { queryTokens: tokens, keyTokens: tokens });
    }, data);
    await drawn(page);
    for (const ends of ['.links-token .name-pieces', '.links-list .name-pieces']) {
      const hidden = await page.locator(ends).evaluateAll(
        (all) =>
          all.filter((one) => {
            const room = one.closest('button, li').getBoundingClientRect();
            const { left, right } = one.getBoundingClientRect();
            return left < room.left || right > room.right || one.clientWidth < 40;
          }).length,
      );
      assert.equal(hidden, 0, ends);
    }
    assert.equal(await query(page, 3).textContent(), 'model.encoder.layers.attention.3', 'all of it is there');
    assert.equal(await excess(page), 0);
  }));

test('one token has no empty room below it', () =>
  site.stay({}, async (page) => {
    await page.evaluate(() => {
      const one = { shape: [1, 1, 1, 2], data: Float32Array.from([1, 2]) };
      return globalThis.story.open(one, one);
    });
    await drawn(page);
    const { height } = await page.locator('.links-room').boundingBox();
    assert.ok(height < 160, `${height}`);
  }));

// ---- care

test('what is taken along: a row a link, and a picture that stands alone', () =>
  site.stay({ ...SENTENCE, state: `q${IT}.t0` }, async (page) => {
    await drawn(page);
    const taken = await page.evaluate(() => {
      const { name, columns, rows, picture } = globalThis.story.mounted.exported();
      const source = new XMLSerializer().serializeToString(picture);
      return { name, columns, rows, source };
    });
    const weights = await weightsOf();
    assert.deepEqual(taken.columns, ['query', 'query token', 'key', 'key token', 'weight']);
    assert.equal(taken.rows.length, TOKENS, 'the locked query alone');
    for (const [i, , j, , weight] of taken.rows) assert.ok(i === IT && Math.abs(weight - weights[IT][j]) < 1e-5);
    assert.deepEqual(taken.rows[0].slice(1, 4), ['it', ANIMAL, 'animal']);
    assert.match(taken.source, /<path /);
    assert.doesNotMatch(taken.source, /class=|var\(/);
    assert.match(taken.source, />animal</);
    assert.match(taken.source, />Layer \d+, head \d+ · Weakest link shown: 0\.000, 0% of the strongest</);
  }));

test('both languages', () =>
  site.stay(SENTENCE, async (page) => {
    await drawn(page);
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.equal(await page.locator('.links-list-title').textContent(), '最强的连线');
    assert.equal(await page.locator('.links-title').textContent(), '第 3 层，第 1 个头');
    await page.evaluate(() => globalThis.story.speak('en'));
    assert.doesNotMatch(await page.locator('main').innerText(), /[\u4e00-\u9fff]/);
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, ${theme}`, () =>
    site.stay({ theme, ...SENTENCE, state: `q${IT}` }, async (page) => {
      await drawn(page);
      assert.deepEqual(await axeFindings(page), []);
      await page.evaluate(() => globalThis.story.use(undefined));
      assert.deepEqual(await axeFindings(page), []);
    }));
}

test('nothing is wider than a phone, and every token is hit by a finger', () =>
  site.stay({ width: 360, ...SENTENCE }, async (page) => {
    await drawn(page);
    for (const id of ['sentence', 'passage']) {
      await page.evaluate((id) => globalThis.story.example(id), id);
      const count = id === 'sentence' ? 16 : 24;
      await page.waitForFunction((n) => document.querySelectorAll('.links-query .links-token').length === n, count);
      assert.equal(await excess(page), 0, id);
      const sizes = await page.locator('.links-token').evaluateAll((all) => {
        const boxes = all.map((one) => one.getBoundingClientRect());
        return [Math.min(...boxes.map(({ height }) => height)), Math.min(...boxes.map(({ width }) => width))];
      });
      assert.ok(sizes[0] >= 24 && sizes[1] >= 44, `${id}: ${sizes}`);
    }
  }));

for (const width of [360, 1280]) {
  test(`nothing moves while the numbers come, ${width} px`, () =>
    site.visit({ ...SENTENCE, width, before: watchShifts, fresh: true }, async (page) => {
      await drawn(page);
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
    }));
}
