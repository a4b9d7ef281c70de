// What is measured in time: how soon things are there, and that no task keeps the page waiting.
//
// `npm test` runs files of this name by themselves, after the others: beside another test these would measure that one too.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { made, startSite } from './harness.mjs';
import { drawn, middleOf, openLong, press } from './long.mjs';
import { drop, noise, safetensors, sectionReady, settled, showSection, tensor } from './page.mjs';
import { loadParts } from './story.mjs';

const { SECTION_IDS } = await loadParts('page/story/section');

const site = await startSite();
after(() => site.close());

const WIDE = { width: 1440, height: 900 };

/** Frame times and long tasks while the mouse drags for `ms`. */
async function measureDrag(page, ms) {
  await page.evaluate(() => {
    const record = { frames: [], tasks: [], over: false };
    globalThis['record'] = record;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) record.tasks.push(duration);
    }).observe({ type: 'longtask' });
    let last = performance.now();
    const tick = (now) => {
      record.frames.push(now - last);
      last = now;
      if (!record.over) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const [x, y] = await middleOf(page);
  await page.mouse.move(x, y);
  await page.mouse.down();
  const end = Date.now() + ms;
  for (let step = 0; Date.now() < end; step += 1) {
    await page.mouse.move(x + 180 * Math.sin(step / 25), y + 180 * Math.cos(step / 40) - 180);
  }
  await page.mouse.up();
  return page.evaluate(() => {
    globalThis['record'].over = true;
    const frames = globalThis['record'].frames.slice(2).sort((a, b) => a - b);
    const at = (share) => frames[Math.floor(share * (frames.length - 1))];
    return {
      count: frames.length,
      median: at(0.5),
      p95: at(0.95),
      longest: Math.max(0, ...globalThis['record'].tasks),
    };
  });
}

test('dragging keeps its pace, and no task is long', (t) =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    for (const [name, keys] of [
      ['pooled', ['+', '+']],
      ['one cell a pixel', ['1']],
      ['with numbers', ['+', '+', '+', '+', '+', '+']],
    ]) {
      for (const key of keys) await press(page, key);
      const { count, median, p95, longest } = await measureDrag(page, 1500);
      t.diagnostic(
        `${name}: ${count} frames, median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest task ${longest.toFixed(0)} ms`,
      );
      // What is aimed at is 16.7 and 25; a machine that is shared has other work as well.
      assert.ok(median < 50, `${name}: median ${median} ms`);
      assert.ok(longest < 250, `${name}: a task of ${longest} ms`);
    }
  }));

/** Notes when the mouse was pressed, and when each tile arrived since. It runs before the page. */
function watchTiles() {
  const record = { pressed: 0, tiles: [] };
  globalThis['record'] = record;
  addEventListener('pointerdown', ({ timeStamp }) => Object.assign(record, { pressed: timeStamp, tiles: [] }), true);
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (data.value?.painted) record.tiles.push(performance.now() - record.pressed);
      });
    }
  };
}

test('after a jump among a billion weights the tiles, one cell a pixel, are there soon', (t) =>
  site.visit({ ...WIDE, path: '#example=synthetic&stage=raw', before: watchTiles }, async (page) => {
    // Tiles are measured by themselves, not beside the pass over all rows; those of weights would need what it finds.
    await page.locator('.pass').getByRole('button', { name: 'Stop' }).click();
    await page.locator('.plot-cursor').focus();
    await press(page, '1');
    const box = await page.locator('.minimap').boundingBox();
    const times = [];
    for (let jump = 0; jump < 12; jump += 1) {
      const [x, y] = [0.618, 0.382].map((step) => 0.08 + 0.84 * ((jump * step) % 1));
      await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
      await drawn(page);
      const tiles = await page.evaluate(() => globalThis['record'].tiles);
      assert.ok(tiles.length >= 4, `${tiles.length} tiles`);
      // The first jumps also teach the browser the code.
      if (jump >= 2) times.push(...tiles);
    }
    times.sort((a, b) => a - b);
    const [median, p95] = [0.5, 0.95].map((share) => times[Math.floor(share * (times.length - 1))]);
    t.diagnostic(`${times.length} tiles, median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
    // What is aimed at is 30 for 95 of 100; a machine that is shared has other work as well.
    assert.ok(median < 60, `median ${median} ms`);
    assert.ok(p95 < 200, `p95 ${p95} ms`);
  }));

test('200,000 heads open at once', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const bytes = (seed) => ({ shape: [1, 200_000, 1, 1], data: new Uint8Array(200_000).fill(seed) });
    const content = safetensors({ 'layers.0.q': bytes(2), 'layers.0.k': bytes(3) }, { text: 'long '.repeat(1 << 18) });
    const begin = Date.now();
    await drop(page, { name: 'heads.safetensors', content });
    await page.locator('.plot[aria-rowcount="1"][aria-colcount="1"]').waitFor();
    const taken = Date.now() - begin;
    assert.ok(taken < 2500, `${taken} ms`);
  }));

test('72 heads are there soon', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const begin = Date.now();
    await showSection(page, 'heads');
    await page.locator('.heads-status', { hasText: '72 heads in 6 layers' }).waitFor();
    const taken = Date.now() - begin;
    assert.ok(taken < 5000, `${taken} ms`);
  }));

/** A file of one head or more, as the page reads it. */
const fileOf = (one, options = {}) => ({
  name: 'made.safetensors',
  content: safetensors({ 'layers.0.q': one, 'layers.0.k': one }, options),
});

test('of 64 tokens by 64 another one is shown at once', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page, fileOf(tensor([1, 64, 4], noise(256))));
    await page.locator('.plot[aria-rowcount="64"]').waitFor();
    await showSection(page, 'links');
    await page.locator('[name="links-threshold"]').fill('0');
    const lines = page.locator('.links-lines path:not(.links-off)');
    assert.equal(await lines.count(), 4096);
    await page.locator('.links-query .links-token').nth(5).hover();
    assert.equal(await lines.count(), 64);
    const took = await page.evaluate(() => {
      const start = performance.now();
      const token = document.querySelectorAll('.links-query .links-token')[6];
      token.dispatchEvent(new PointerEvent('pointerenter'));
      return performance.now() - start;
    });
    assert.ok(took < 500, `${took} ms for another token`);
  }));

/** How long the page's longest task has kept the processor while `work` went on, in milliseconds. */
async function longestTask(page, work) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ['toplevel'] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  // Of all pages of the browser: those that are kept do nothing.
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const own = traceEvents.filter(
    ({ pid, tid, tdur }) => tdur && mains.some((main) => main.pid === pid && main.tid === tid),
  );
  assert.ok(own.length > 10, `${own.length} tasks`);
  return Math.max(...own.map(({ tdur }) => tdur)) / 1000;
}

/** All of the page, made. */
async function makeAll(page) {
  await settled(page);
  for (const id of SECTION_IDS) await showSection(page, id);
  await page.waitForTimeout(1000);
}

for (const [name, kind, values] of /** @type {const} */ ([
  ['language', 'language', ['zh', 'en']],
  ['theme', 'theme', ['dark', 'light']],
])) {
  test(`another ${name} comes to the whole page, and no task takes long`, (t) =>
    site.visit({ ...WIDE, path: '#example=passage' }, async (page) => {
      await makeAll(page);
      const longest = [];
      for (const spot of ['plane', 'explore', 'heads']) {
        await page.evaluate((id) => document.getElementById(id).scrollIntoView(), spot);
        for (const value of [...values, ...values]) {
          const task = await longestTask(page, async () => {
            await page.locator(`#switches [name="${kind}"][value="${value}"]`).evaluate((one) => one.click());
            await settled(page);
            await page.waitForTimeout(300);
          });
          longest.push(task);
        }
      }
      longest.sort((one, other) => one - other);
      const median = longest[longest.length >> 1];
      t.diagnostic(`longest tasks of ${longest.length} switches: ${longest.map((ms) => ms.toFixed(0))} ms`);
      // From 30 to 40 ms; 150 where all is changed at once. One switch of many meets a collection of garbage, or a neighbour.
      assert.ok(median < 50, `a task of ${median} ms`);
    }));
}

test('the page opens and is scrolled through, and no task takes long', (t) =>
  site.visit({ ...WIDE, path: 'empty', html: '', fresh: true }, async (page) => {
    const opening = await longestTask(page, async () => {
      await page.goto(`${site.url}#example=passage`);
      await made(page);
      await sectionReady(page, SECTION_IDS[0]);
      await page.waitForTimeout(500);
    });
    await page.mouse.move(20, WIDE.height / 2);
    const bottom = () => page.evaluate(() => scrollY + innerHeight + 2 >= document.documentElement.scrollHeight);
    const reading = await longestTask(page, async () => {
      while (!(await bottom())) {
        await page.mouse.wheel(0, 300);
        await page.waitForTimeout(100);
      }
      await sectionReady(page, SECTION_IDS.at(-1));
      await page.waitForTimeout(500);
    });
    t.diagnostic(`longest task while it opens ${opening.toFixed(0)} ms, while it is read ${reading.toFixed(0)} ms`);
    // Of the processor's time, about 28 each; what a task waits for fonts, or for a neighbour, is not in it.
    assert.ok(opening < 50, `a task of ${opening} ms while it opens`);
    assert.ok(reading < 50, `a task of ${reading} ms while it is read`);
  }));

/** Waits until all that is to come of the comparison is drawn, and its summary is another than `before`. */
const compared = (page, before = '') =>
  page.waitForFunction(
    (before) =>
      document.querySelector('.compare-plots')?.getAttribute('aria-busy') === 'false' &&
      !['', before].includes(document.querySelector('.compare-summary').textContent),
    before,
  );

test('1024 tokens are compared, and no task takes long', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await showSection(page, 'compare');
    await compared(page);
    const before = await page.locator('.compare-summary').textContent();
    const longest = await longestTask(page, async () => {
      await drop(page, fileOf(tensor([2, 1024, 4], noise(1024 * 8)), { causal: 'true' }));
      await page.locator('.plot[aria-rowcount="1024"]').waitFor();
      await showSection(page, 'compare');
      await compared(page, before);
      await page.locator('[name="compare-sort"]').selectOption('divergence');
      await compared(page);
    });
    // 50 ms on a quiet machine; neighbours that empty the caches make it more.
    assert.ok(longest < 100, `a task of ${longest} ms`);
  }));
