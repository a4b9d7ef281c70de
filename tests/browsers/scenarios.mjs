// What every browser has to do: each scenario is written once, and loads the page that it needs.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { attention, configure } from '../../pkg/dist/inline.js';
import {
  cellColors,
  drop,
  explainRow,
  noise,
  npz,
  parse,
  readSafetensors,
  safetensors,
  settled,
  tensor,
  viridis,
} from '../web/page.mjs';

/** @typedef {import('./page.mjs').Page} Page */

/** Tokens of the sentence, and the head of it that the page opens. */
const [N, LAYER, HEAD] = [16, 3, 1];

const sentence = await readSafetensors('www/sentence.safetensors');
const [q, k] = ['q', 'k'].map((role) => sentence.get(`layers.${LAYER}.${role}`));
const weights = (await readSafetensors('tests/data/sentence.expected.safetensors'))
  .get(`layers.${LAYER}.weights`)
  .data.subarray(HEAD * N * N, (HEAD + 1) * N * N);

/** A file of two heads, and what is in one of its cells. */
const OWN = { q: tensor([2, 5, 3], noise(30)), k: tensor([2, 7, 3], noise(42, 9)) };
const OWN_FILE = { 'layers.0.q': OWN.q, 'layers.0.k': OWN.k };

/** Sections of the story in their order, each with a number or a word that is there once it lives. */
const SECTIONS = {
  plane: '.plane-dot .plane-number',
  spread: '[data-spread="temperature"]',
  steps: '.steps-pair',
  links: '.links-title',
  heads: '.heads-caption',
  compare: '.compare-summary',
  student: '.student-verdict',
};

/** @type {Record<string, (page: Page) => Promise<unknown>>} */
export const SCENARIOS = {
  'the page opens on a sentence, in the colours of its weights, by the kernel that suits the browser': async (page) => {
    await page.load();
    await settled(page);
    assert.match(await page.text('h1'), /becomes attention/);
    const most = Math.max(...weights);
    const colors = await cellColors(page, N, N);
    weights.forEach((weight, cell) => {
      viridis(weight / most).forEach((value, channel) => {
        // What stops of the colour table are rounded to, and what is between them.
        assert.ok(Math.abs(colors[cell][channel] - value) <= 2, `cell ${cell} is ${colors[cell]}, not ${value}`);
      });
    });
    const [relaxed, asked] = await page.evaluate((bytes) => {
      const names = performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1));
      return [WebAssembly.validate(new Uint8Array(bytes)), names.filter((name) => name.endsWith('.wasm'))];
    }, RELAXED);
    const kernel = relaxed ? 'qkscope_relaxed_bg.wasm' : 'qkscope_bg.wasm';
    assert.deepEqual(asked.toSorted(), [kernel, 'qkscope_files_bg.wasm'].toSorted());
  },

  'keys move the cell, its numbers are those of the definition, and a reader hears them': async (page) => {
    await opened(page);
    await page.focus('.plot-cursor');
    for (const [keys, query, key] of /** @type {const} */ ([
      [['Control+Home'], 0, 0],
      [['ArrowDown', 'ArrowDown', 'ArrowRight'], 2, 1],
      [['End', 'ArrowUp'], 1, 15],
      [['Control+End', 'ArrowLeft'], 15, 14],
    ])) {
      await page.press(...keys);
      const { product, cosine, weight } = explainRow(q, k, { head: HEAD, row: query })[key];
      near(weight, weights[query * N + key], 1e-5, 'the definition and the model');
      await cellShows(page, query, key, { product, cosine, weight });
      const live = '.matrix-room > [aria-live="polite"].visually-hidden';
      await page.says(live, new RegExp(`^Query .*weight ${weight.toFixed(3)}`));
    }
    await page.press('Enter');
    await page.says('.cell-lock', /locked/);
    await page.linked('lock', '15,14');
  },

  'sections of the story come alive where they are scrolled to, and what is below them stays': async (page) => {
    await page.load();
    await page.waitForFunction(
      (count) => document.querySelectorAll('.story-view').length === count,
      Object.keys(SECTIONS).length,
    );
    await page.evaluate(() => {
      globalThis['heights'] = {};
      const watch = new ResizeObserver((entries) => {
        for (const { target, contentRect } of entries) {
          (globalThis['heights'][target.closest('section').id] ??= []).push(contentRect.height);
        }
      });
      for (const host of document.querySelectorAll('.story-view')) watch.observe(host);
    });
    for (const [id, seen] of Object.entries(SECTIONS)) {
      await alive(page, id);
      await page.says(`#${id} ${seen}`, /./);
    }
    for (const [id, heights] of Object.entries(await page.evaluate(() => globalThis['heights']))) {
      const moved = Math.max(...heights) - Math.min(...heights);
      // A line of text may break in one browser and not in another.
      assert.ok(moved <= 24, `what is below ${id} moved by ${moved} px: ${heights}`);
    }
    assert.equal(await page.text('#notice'), '');
  },

  'a section whose script is lost says so, and comes when it is asked for again': async (page) => {
    const putBack = await page.lose(/^links-\w+\.js$/);
    try {
      await page.load('#lang=en');
      await alive(page, 'steps');
      await alive(page, 'links');
      await page.says('#links .story-view', /did not arrive: .*Try again/);
    } finally {
      await putBack();
    }
    // Each browser has its own words for it, and some have none for the console.
    for (const wrong of await page.wrongs()) assert.match(wrong, /links-|404|Not Found/i);
    await page.click('#links .story-view button');
    await page.says(`#links ${SECTIONS.links}`, /./);
  },

  'an arrow of the plane follows the mouse, and its numbers follow the arrow': async (page) => {
    await page.follow('#plane=long');
    await alive(page, 'plane');
    const { width } = await page.box('.plane-stage');
    const unit = (width - 2) / 9.2;
    await page.drag(await page.middle('[data-handle="1"]'), [-unit, 2 * unit]);
    await page.linked('plane', 'long*k_1_0_2_1_0.9_0.1_-2_0');
    // The query is (1, 0), and the key is now (2, 1).
    await page.waitForFunction(() => document.querySelector('.plane-tables').getAttribute('aria-busy') === 'false');
    near(parse(await page.text('tr[data-key="1"] .plane-dot')), 2, 1e-3, 'q·k');
    near(parse(await page.text('tr[data-key="1"] .plane-cosine')), 2 / Math.sqrt(5), 1e-3, 'the cosine');
    await page.press('Control+z');
    await page.linked('plane', 'long');
    await page.focus('[data-handle="1"]');
    await page.press('ArrowLeft');
    await page.waitForFunction(() => location.hash.includes('k_1_0_2.'));
  },

  'the map pans with the mouse and zooms with keys and wheel': async (page) => {
    await page.follow('#example=passage&at=explore');
    await settled(page);
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '424');
    // The pair in the middle stays in sight, whatever the mouse was over before.
    await page.click('.plot');
    await page.focus('.plot-cursor');
    await page.press('+', '+', '+');
    const before = await sight(page);
    assert.ok(before.size > 5, `${before.size} px a cell`);
    await page.drag(await page.middle('.plot'), [-90, 70]);
    const now = await sight(page);
    near(now.left, before.left + 90 / before.size, 0.2, 'the first key in sight');
    near(now.top, before.top - 70 / before.size, 0.2, 'the first query in sight');
    await page.focus('.plot-cursor');
    // Over the cell that is measured: it stays there. Another one may go over the edge, where it is cut.
    await page.wheel(await page.middle('.plot-cursor'), -360);
    await page.waitForFunction(
      (size) => document.querySelector('.plot-cursor').getBoundingClientRect().width > 1.2 * size,
      now.size,
    );
    await page.press('0');
    await page.waitForFunction(() => document.querySelector('.minimap')['hidden']);
  },

  'a file opens by the button’s field': async (page) => {
    await opened(page);
    const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-own-'));
    try {
      const file = path.join(folder, 'own.safetensors');
      await writeFile(file, safetensors(OWN_FILE));
      await page.setFiles('#files', file);
      await ownShows(page, 'own.safetensors');
    } finally {
      await rm(folder, { recursive: true });
    }
  },

  'files are dropped, a broken one is a sentence, and the next one opens': async (page) => {
    await opened(page);
    await drop(page, { name: 'short.safetensors', content: safetensors(OWN_FILE).subarray(0, -8) });
    await page.says('#notice p', /short\.safetensors could not be opened: .*\d+.*\d+/);
    await drop(page, { name: 'own.npz', content: npz(OWN_FILE) });
    await ownShows(page, 'own.npz');
  },

  'light and dark are the colours of the page, and of what is saved': async (page) => {
    await page.follow('#theme=light');
    await alive(page, 'plane');
    const light = await colors(page);
    await page.click('#switches label:has([value="dark"])');
    await page.linked('theme', 'dark');
    await spoken(page);
    const dark = await colors(page);
    assert.ok(brightness(light.paper) > 200 && brightness(light.ink) < 80, JSON.stringify(light));
    assert.ok(brightness(dark.paper) < 60 && brightness(dark.ink) > 180, JSON.stringify(dark));
    assert.deepEqual([light.scheme, dark.scheme], ['light', 'dark']);
    const svg = (await saved(page, 'plane', 'svg')).content.toString();
    assert.ok(svg.includes(`fill="${dark.paper}"`), 'what is saved is on the ground of the page');
  },

  'the language is switched everywhere': async (page) => {
    await page.follow('#lang=en');
    await alive(page, 'plane');
    await page.click('#switches label:has([value="zh"])');
    await page.linked('lang', 'zh');
    await spoken(page);
    assert.equal(await page.text('h1'), 'q·k 如何变成注意力');
    for (const id of Object.keys(SECTIONS)) {
      await alive(page, id);
      assert.match(await page.text(`#${id} .story-view`), /[\u4e00-\u9fff]/, id);
    }
    await page.click('#switches label:has([value="en"])');
    await page.linked('lang', 'en');
    await settled(page);
    const left = await page.evaluate(() => document.querySelector('main').innerText);
    assert.doesNotMatch(left, /[\u4e00-\u9fff]/, 'Chinese left on the English page');
  },

  'a link restores the view, another one is followed, and the way back leads back': async (page) => {
    const link =
      '#example=sentence&layer=5&head=11&stage=scaled&score=cosine&score.eps=0.001&normalizer=sigmoid&temperature=0.5&causal=true&lang=zh&theme=dark';
    await page.load(link);
    await settled(page);
    const restored = async () => {
      const names = ['layer', 'head', 'score', 'eps', 'normalizer', 'temperature'];
      const values = await Promise.all(names.map((name) => page.value(`#explore [name="${name}"]`)));
      assert.deepEqual(values, ['5', '11', 'cosine', '0.001', 'sigmoid', '0.5']);
      assert.ok(await page.evaluate(() => document.querySelector('.stage [value="scaled"]')['checked']));
    };
    await restored();
    assert.equal(await page.text('h1'), 'q·k 如何变成注意力');
    assert.equal((await colors(page)).scheme, 'dark');
    for (const [name, value] of new URLSearchParams(link.slice(1))) await page.linked(name, value);
    await page.evaluate(() => (location.hash = '#example=student-teacher&batch=3&stage=raw'));
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '6');
    await settled(page);
    assert.equal(await page.value('[name="batch"]'), '3');
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '16');
    await settled(page);
    await restored();
    // Another head is another place, too; what is set at a place is none.
    await page.choose('#map [name="head"]', '3');
    await page.linked('head', '3');
    await page.choose('[name="colors"]', 'cividis');
    await page.linked('colors', 'cividis');
    await page.evaluate(() => history.back());
    await page.linked('head', '11');
    await settled(page);
    await restored();
  },

  'a section is saved as it is seen: table, picture, drawing': async (page) => {
    await opened(page);
    const csv = await saved(page, 'plane', 'csv');
    assert.match(csv.name, /^qkscope-plane-\w+\.csv$/);
    const [columns, ...rows] = csv.content
      .toString()
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    const seen = await page.evaluate(() =>
      ['dot', 'cosine'].map((name) =>
        [...document.querySelectorAll(`tbody .plane-${name} .plane-number`)].map(({ textContent }) => textContent),
      ),
    );
    ['dot', 'cosine'].forEach((name, at) => {
      const column = rows.map((row) => Number(row[columns.indexOf(name)]));
      assert.deepEqual(column.length, seen[at].length, `${columns}`);
      column.forEach((value, row) => near(value, parse(seen[at][row]), 1e-3, `${name} of ${row}`));
    });
    const svg = await saved(page, 'plane', 'svg');
    assert.match(svg.content.toString(), /^<svg [^]*<\/svg>$/);
    const sizes = [];
    for (const [id, format] of [
      ['plane', 'png-1'],
      ['plane', 'png-3'],
      ['heads', 'png-2'],
    ]) {
      const { content } = await saved(page, id, format);
      assert.equal(content.toString('latin1', 1, 4), 'PNG');
      // IHDR is the first chunk of every PNG.
      sizes.push([content.readUInt32BE(16), content.readUInt32BE(20)]);
    }
    assert.ok(Math.abs(sizes[1][0] - 3 * sizes[0][0]) <= 3, String(sizes));
    for (const [width, height] of sizes) assert.ok(width > 100 && height > 100, String(sizes));
  },

  'nothing is wider than a phone': async (page) => {
    await page.resize(360, 800);
    await page.follow('#lang=en');
    for (const id of Object.keys(SECTIONS)) await alive(page, id);
    await settled(page);
    const [width, excess] = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [innerWidth, scrollWidth - clientWidth];
    });
    // The window of WebKitGTK has buttons above the page, and is as wide as they are at least.
    assert.ok(width < 480, `the window is ${width} px wide`);
    assert.equal(excess, 0, `pixels to scroll sideways at ${width}`);
  },

  'attention is that of the definition, of either entry, in workers under a policy': async (page) => {
    await page.load('engine.html');
    await page.waitForFunction(() => 'entries' in globalThis);
    const [query, key, value] = [tensor([2, 40, 8], noise(640)), tensor([2, 50, 8], noise(800, 2)), VALUE];
    for (const entry of ['file', 'inline']) {
      const { shape, data, workers } = await page.evaluate(inEngine, [entry, [query, key, value].map(plain), false]);
      assert.deepEqual(shape, [1, 2, 40, 3]);
      assert.equal(workers, 1, `a small problem goes to one worker of the entry ${entry}`);
      for (const [head, row] of [
        [0, 0],
        [1, 39],
      ]) {
        const explained = explainRow(query, key, { head, row });
        const wanted = [0, 1, 2].map((c) =>
          explained.reduce((sum, { weight }, at) => sum + weight * value.data[(head * 50 + at) * 3 + c], 0),
        );
        wanted.forEach((number, c) => near(data[(head * 40 + row) * 3 + c], number, 2e-6, `${entry} ${head} ${row}`));
      }
    }
  },

  'what is asked to be the same everywhere is that of Node, bit for bit, over several workers': async (page) => {
    await page.load('engine.html');
    await page.waitForFunction(() => 'entries' in globalThis);
    const inputs = [1, 2, 3].map((seed) => tensor([2, 256, 16], noise(2 * 256 * 16, seed)));
    configure({ deterministic: true });
    const { output } = await attention(...inputs);
    const { data, workers } = await page.evaluate(inEngine, ['file', inputs.map(plain), true]);
    assert.ok(workers > 1, `${workers} workers`);
    assert.deepEqual(Float32Array.from(data), output.data);
  },
};

/** A module whose only function is a multiply-add of relaxed SIMD: `WebAssembly.validate` says whether there is one. */
const RELAXED = [
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b],
];

const VALUE = tensor([2, 50, 3], noise(300, 3));

const plain = ({ shape, data }) => ({ shape, data: [...data] });

/** In the page: attention of an entry of the package, and how many workers it started for it. */
async function inEngine([entry, tensors, deterministic]) {
  const { attention, configure } = globalThis['entries'][entry];
  const before = globalThis['started'];
  configure(deterministic ? { deterministic, workers: 3 } : { deterministic });
  const [query, key, value] = tensors.map(({ shape, data }) => ({ shape, data: new Float32Array(data) }));
  const { output } = await attention(query, key, value);
  return { shape: output.shape, data: [...output.data], workers: globalThis['started'] - before };
}

/** The page with the sentence, once its picture is there. */
async function opened(page) {
  await page.follow('#example=sentence');
  await page.waitForFunction(() => document.querySelector('.plot')?.getAttribute('aria-colcount') === '16');
  await settled(page);
}

/** Waits until a language, or colours, have come to all of the page. */
async function spoken(page) {
  await page.waitForFunction(() => !document.querySelector('main[aria-busy="true"]'));
}

/** Scrolls to a section, and waits until nothing in it is about to change. */
async function alive(page, id) {
  await page.waitForFunction((id) => {
    const section = document.getElementById(id);
    const host = section?.querySelector('.story-view');
    if (!host) return false;
    if (Math.abs(section.getBoundingClientRect().top) > innerHeight / 2) section.scrollIntoView();
    return host.childElementCount > 0 && !host.querySelector('[aria-busy="true"], .heads-waiting, .heads-grid:empty');
  }, id);
}

/** Waits until the panel speaks of a cell, and holds its numbers against `numbers`. */
async function cellShows(page, query, key, numbers) {
  await page.says('.cell-place', new RegExp(`query ${query} · key ${key}$`));
  for (const [name, value] of Object.entries(numbers)) {
    const tolerance = Math.max(6e-4 * Math.abs(value), name === 'weight' ? 6e-4 : 1e-5);
    near(parse(await page.text(`[data-number="${name}"]`)), value, tolerance, `${name} of ${query}, ${key}`);
  }
}

/** Waits for the file's picture, and looks at its last cell. */
async function ownShows(page, name) {
  await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '7');
  await settled(page);
  const menu = '[name="example"]';
  assert.ok((await page.text(menu)).includes(name), `${name} is in the menu`);
  await page.choose('[name="head"]', '1');
  await settled(page);
  await page.focus('.plot-cursor');
  await page.press('Control+End');
  const { product, weight } = explainRow(OWN.q, OWN.k, { head: 1, row: 4 })[6];
  await cellShows(page, 4, 6, { product, weight });
}

/** What is in sight of the map: CSS pixels of a cell, and the query and key in the corner. */
async function sight(page) {
  await settled(page);
  // The current cell is brought back into sight by the keys that zoom.
  await page.waitForFunction(
    () =>
      document.querySelector('.plot').getAttribute('aria-busy') === 'false' &&
      document.querySelector('.plot-cursor').getBoundingClientRect().width > 0,
  );
  return page.evaluate(() => {
    const cursor = document.querySelector('.plot-cursor');
    // As it was placed: browsers lay out in fractions of a pixel, so that a small cell comes out smaller by a hundredth.
    const [left, top, width, height] = ['left', 'top', 'width', 'height'].map((side) => parseFloat(cursor.style[side]));
    const key = Number(cursor.getAttribute('aria-colindex')) - 1;
    const query = Number(cursor.parentElement.getAttribute('aria-rowindex')) - 1;
    return { size: width, left: key - left / width, top: query - top / height };
  });
}

/** Saves a section by its menu. */
async function saved(page, id, format) {
  await alive(page, id);
  const open = await page.evaluate((id) => document.querySelector(`#${id} .take`)['open'], id);
  if (!open) await page.click(`#${id} .take-name`);
  return page.save(`#${id} [name="take-${format}"]`);
}

const colors = (page) =>
  page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return { paper: backgroundColor, ink: color, scheme: getComputedStyle(document.documentElement).colorScheme };
  });

/** The mean of red, green and blue. */
const brightness = (color) =>
  color
    .match(/\d+/g)
    .slice(0, 3)
    .map(Number)
    .reduce((sum, part) => sum + part / 3, 0);

function near(found, wanted, tolerance, what) {
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what} is ${found}, not ${wanted}`);
}
