// The panel of a cell and the heat map by themselves, over numbers that come when a test says so.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { storySite } from './story.mjs';

const CODE = `
import { MatrixView } from '../../views/index.ts';
import { Inspector } from '../inspector.ts';
import { settingsFrom } from '../settings.ts';

const asked = [];
/** Numbers that come with \`give()\`, the oldest question first. */
const later = (make) => new Promise((resolve) => asked.push(() => resolve(make())));
export const give = () => asked.splice(0).forEach((answer) => answer());
export const waiting = () => asked.length;
/** The levels of tiles that were asked for, and of those that were given up. */
export const levels = [];
export const dropped = [];

const CELL = { products: new Float32Array(2), partners: new Int32Array(2).fill(-1), status: 'ok', allowed: true };
for (const name of ['dot', 'queryNorm', 'keyNorm', 'cosine', 'raw', 'scaled', 'capped', 'biased', 'logit', 'weight', 'mass', 'rowMax'])
  CELL[name] = 0.5;
const map = { cell: () => later(() => CELL) };
const SIDE = 512;
const source = {
  queries: SIDE,
  keys: SIDE,
  levels: 5,
  kept: 5,
  tile({ level, rows, keys }, signal) {
    const count = ([from, to]) => Math.ceil((to - from) / 2 ** level);
    levels.push(level);
    signal.addEventListener('abort', () => dropped.push(level));
    return later(() => ({ values: new Float32Array(count(rows) * count(keys)).fill(0.5), picture: null }));
  },
  row: async () => new Float32Array(SIDE),
  column: async () => new Float32Array(SIDE),
};
const paint = async (_, { width, height }) => new ImageData(width, height);
let inspector, matrix;
export const section = {
  title: { en: '', zh: '' },
  lead: { en: '', zh: '' },
  mount(host) {
    const [picture, panel] = [document.createElement('div'), document.createElement('div')];
    picture.className = 'matrix';
    panel.className = 'cell-panel';
    host.append(picture, panel);
    matrix = new MatrixView(picture, paint);
    inspector = new Inspector(panel, matrix, () => undefined);
    return { speak: (language) => (inspector.language = language), repaint() {}, restore() {} };
  },
};
export const draw = () =>
  matrix.show(source, { low: 0, high: 1, colormap: { light: 'viridis', dark: 'viridis' }, name: 'Weights' });
/** A frame that has nothing to do with what is in sight. */
export const redraw = () => (matrix.language = 'zh');
export const inspect = (query) =>
  inspector.inspect(
    { queries: [query, query + 1], keys: [2, 3], value: 0.5, byKeyboard: false },
    { map, place: { layer: 0, batch: 0, head: 0 }, stage: 'weights', settings: settingsFrom({}), pool: 'max', pass: undefined },
  );
`;

const site = await storySite('inspector', CODE);
after(() => site.close());

const CHINESE = /[\u4e00-\u9fff]/;

test('a cell that was asked for in one language is told in the one that is spoken when it comes', () =>
  site.visit({ speech: 'en' }, async (page) => {
    const story = (work) => page.evaluate(work);
    const panel = () => page.locator('.cell-panel').innerText();
    await story(() => (globalThis['story'].speak('zh'), globalThis['story'].inspect(1)));
    await page.waitForFunction(() => globalThis['story'].waiting() === 1);
    await story(() => globalThis['story'].speak('en'));
    await story(() => globalThis['story'].give());
    await page.locator('.cell-panel', { hasText: 'Query 1' }).waitFor();
    assert.doesNotMatch(await panel(), CHINESE);
    // What is told already is told anew at once, with no number asked for.
    await story(() => globalThis['story'].speak('zh'));
    assert.doesNotMatch(await panel(), /Query|Key/);
    assert.match(await panel(), CHINESE);
    assert.equal(await story(() => globalThis['story'].waiting()), 0);
  }));

test('a key that moves what is in sight gives up no tile of the overview, and a key that moves nothing leaves out no frame', () =>
  site.visit({}, async (page) => {
    const story = (work) => page.evaluate(work);
    const press = (key, init = {}) =>
      page.evaluate(([key, init]) => {
        const cursor = document.querySelector('.plot-cursor');
        return cursor.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
      }, /** @type {const} */ ([key, init]));
    await story(() => globalThis['story'].draw());
    await page.waitForFunction(() => globalThis['story'].levels.length > 0);
    const first = await story(() => globalThis['story'].levels[0]);
    await press('+');
    await page.waitForFunction((first) => Math.max(...globalThis['story'].levels) > first, first);
    await page.waitForTimeout(400);
    const coarsest = await story(() => Math.max(...globalThis['story'].levels));
    await press('ArrowRight', { shiftKey: true });
    assert.ok(!(await story(() => globalThis['story'].dropped)).includes(coarsest));
    // At an edge there is no way on: the next frame, whatever is to be seen in it, is drawn.
    for (let turn = 0; turn < 12; turn += 1) await press('ArrowLeft', { shiftKey: true });
    await page.waitForTimeout(200);
    const drawn = await page.evaluate(async () => {
      const cursor = document.querySelector('.plot-cursor');
      cursor.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', shiftKey: true, bubbles: true }));
      document.querySelector('.plot').removeAttribute('aria-busy');
      globalThis['story'].redraw();
      await new Promise(requestAnimationFrame);
      return document.querySelector('.plot').hasAttribute('aria-busy');
    });
    assert.ok(drawn);
  }));
