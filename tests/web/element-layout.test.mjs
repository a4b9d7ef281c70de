// How figures lie in pages that are not ours: in columns of any width, whichever way words run there.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { loadParts } from './story.mjs';

const { VIEWS } = await loadParts('element/views');

/** The whole repository: the package and samples lie in two folders. */
const site = await startSite({ folder: '.' });
after(() => site.close());

const SENTENCE = 'src="/www/sentence.safetensors" layer="3" head="1"';

const documentOf = (body, head = '') => `<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><title>figures</title><link rel="icon" href="data:," />
<script type="module" src="/pkg/dist/element.js"></script>${head}</head><body>${body}</body></html>`;

const figure = (attributes) => `<qk-scope ${SENTENCE} loading="eager" ${attributes}></qk-scope>`;

/** What is under way in a figure, or about to be. */
const UNREST = '[aria-busy="true"], .heads-waiting, .heads-grid:empty';

/** All figures are there, nothing is under way in them, and they have come to rest. */
async function rest(page) {
  await page.waitForFunction(
    (unrest) =>
      [...document.querySelectorAll('qk-scope')].every(
        ({ shadowRoot }) => shadowRoot?.querySelector('[data-ready]') && !shadowRoot.querySelector(unrest),
      ),
    UNREST,
  );
  let before = '';
  for (let still = 0; still < 5;) {
    await page.waitForTimeout(100);
    const now = await page.evaluate(() =>
      [...document.querySelectorAll('qk-scope')]
        .map(({ offsetHeight, shadowRoot }) => [offsetHeight, shadowRoot.querySelectorAll('*').length])
        .join(),
    );
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

/** What is wrong with the words of the first figure: those beyond its edge, those over each other, and numbers that are cut. */
function crowded() {
  const { shadowRoot } = document.querySelector('qk-scope');
  const frame = shadowRoot.querySelector('.figure');
  const edge = frame.getBoundingClientRect();
  const lines = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
  const [found, seen] = [new Set(), []];
  for (let node = lines.nextNode(); node; node = lines.nextNode()) {
    const around = node.parentElement;
    const unseen = '.visually-hidden, .name-whole, select, textarea';
    if (!node.data.trim() || around.closest(unseen) || !around.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) look(node.data.trim(), around, box);
  }
  for (const [at, one] of seen.entries()) {
    for (const other of seen.slice(at + 1)) {
      const [width, height] = [overlap(one, other, 'left', 'right'), overlap(one, other, 'top', 'bottom')];
      if (width > 1.5 && height > 5) found.add(`${one.words} over ${other.words}`);
    }
  }
  return [...found];

  function look(words, around, { left, right, top, bottom }) {
    const seenBox = { words, left, right, top, bottom };
    let scrolls = false;
    for (let at = around; at && at !== frame; at = at.parentElement) {
      const { overflowX } = getComputedStyle(at);
      if (at instanceof SVGElement || overflowX === 'visible') continue;
      const hole = at.getBoundingClientRect();
      scrolls ||= overflowX !== 'hidden';
      if (!scrolls && right > hole.right + 1.5 && /\d\.\d/.test(words)) found.add(`${words} is cut`);
      seenBox.left = Math.max(seenBox.left, hole.left);
      seenBox.right = Math.min(seenBox.right, hole.right);
      seenBox.top = Math.max(seenBox.top, hole.top);
      seenBox.bottom = Math.min(seenBox.bottom, hole.bottom);
    }
    if (seenBox.right - seenBox.left < 1 || seenBox.bottom - seenBox.top < 1) return;
    seen.push(seenBox);
    if (!scrolls && (right > edge.right + 1 || left < edge.left - 1)) found.add(`${words} beyond the edge`);
  }

  function overlap(one, other, from, to) {
    return Math.min(one[to], other[to]) - Math.max(one[from], other[from]);
  }
}

for (const { id: view } of VIEWS) {
  test(`${view} fits its column, however wide the window is`, () =>
    site.visit({ html: documentOf(`<div>${figure(`view="${view}" controls`)}</div>`) }, async (page) => {
      for (const width of [340, 480, 560, 640, 760]) {
        await page.evaluate((width) => (document.querySelector('div').style.width = `${width}px`), width);
        await rest(page);
        assert.deepEqual(await page.evaluate(crowded), [], `${width} pixels`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 1280);
      }
    }));
}

test('a figure gives way in a grid, a flex box and a table, and is 640 pixels wide where nothing says how wide', () =>
  site.visit(
    {
      html: documentOf(
        `<div style="width: 760px; display: grid; grid-template-columns: 1fr 1fr">${figure('id="grid"')}<p>beside</p></div>
         <div style="width: 500px; display: grid; grid-template-columns: 1fr 1fr"><section>${figure('id="nested"')}</section></div>
         <div style="width: 500px; display: flex">${figure('id="flex"')}</div>
         <table style="width: 500px"><tr><td>${figure('id="table"')}</td></tr></table>
         <div style="width: fit-content">${figure('id="free"')}</div>`,
      ),
    },
    async (page) => {
      await rest(page);
      const widths = await page
        .locator('qk-scope')
        .evaluateAll((figures) => Object.fromEntries(figures.map(({ id, offsetWidth }) => [id, offsetWidth])));
      assert.deepEqual(
        { ...widths, table: widths.table <= 500 },
        { grid: 380, nested: 250, flex: 500, table: true, free: 640 },
      );
      assert.equal(await page.evaluate(crowded).then((found) => found.join()), '');
    },
  ));

test('a long token gives way in a narrow window', () =>
  site.visit({ html: documentOf('<qk-scope loading="eager" controls></qk-scope>'), width: 360 }, async (page) => {
    await page.evaluate(() =>
      Object.assign(document.querySelector('qk-scope'), {
        data: { tokens: ['the', 'a'.repeat(47)], q: [[1, 0], [0, 1]], k: [[1, 0], [0, 1]] }, // prettier-ignore
      }),
    );
    await rest(page);
    await page.locator('.plot-cursor').focus();
    for (const key of ['Control+Home', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    await page.locator('.cell-token[title*="aaa"]').first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  }));

/** Where everything in the figures stands, from the left of each, and what they say of how far they are. */
const boxes = (page) =>
  page.locator('qk-scope').evaluateAll((figures) =>
    figures.map((figure) => {
      const from = figure.getBoundingClientRect().left;
      return [...figure.shadowRoot.querySelectorAll('.view *')]
        .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden'))
        .map((one) => {
          const { left, width } = one.getBoundingClientRect();
          const said = one.role === 'status' ? one.textContent : '';
          return [one.localName, one.getAttribute('class'), Math.round(left - from), Math.round(width), said].join(' ');
        });
    }),
  );

for (const { id: view } of VIEWS) {
  test(`${view} is drawn from left to right, and as it is, whichever way and however a site writes`, () => {
    const written =
      'text-transform: uppercase; letter-spacing: 3px; word-spacing: 9px; white-space: pre; text-indent: 2em; text-align: center;' +
      'line-height: 3; font: italic small-caps 30px serif; direction: rtl; text-shadow: 1px 1px red; writing-mode: horizontal-tb';
    const one = figure(`view="${view}" controls`);
    const html = documentOf(`<div style="width: 700px">${one}</div><div style="width: 700px; ${written}">${one}</div>`);
    return site.visit({ html, height: 6000 }, async (page) => {
      await rest(page);
      const [plain, other] = await boxes(page);
      assert.ok(plain.length > 50);
      assert.deepEqual(other, plain);
    });
  });
}

test('what stands in for a figure, and its caption, run as the site writes them', () =>
  site.visit(
    { html: documentOf('<div dir="rtl"><qk-scope id="far" caption="שלום, עולם (1)"><p>instead</p></qk-scope></div>') },
    async (page) => {
      await page.waitForFunction(() => customElements.get('qk-scope'));
      const ways = await page.evaluate(() => {
        const figure = document.querySelector('qk-scope');
        const caption = figure.shadowRoot.querySelector('figcaption');
        const range = document.createRange();
        range.selectNodeContents(caption);
        return [
          getComputedStyle(figure.querySelector('p')).direction,
          Math.round(caption.getBoundingClientRect().right - range.getBoundingClientRect().right),
        ];
      });
      assert.deepEqual(ways, ['rtl', 0]);
    },
  ));

/** Keeps how far what is seen moves, by itself. */
function watchShifts() {
  globalThis['shifts'] = [];
  new PerformanceObserver((list) => {
    for (const { value, startTime } of list.getEntries()) globalThis['shifts'].push({ value, startTime });
  }).observe({ type: 'layout-shift', buffered: true });
}

const THIRTEEN = [...VIEWS, ...VIEWS.slice(0, 5)].map(
  ({ id }) => `<p>words</p><qk-scope view="${id}" ${SENTENCE}></qk-scope>`,
);

test('figures that are not there yet have their room: those far below wait, and little moves when they come', () =>
  site.visit(
    { html: documentOf(`<div style="width: 700px">${THIRTEEN.join('')}</div>`), before: watchShifts },
    async (page) => {
      await page.waitForFunction(() => document.querySelector('qk-scope').shadowRoot?.querySelector('[data-ready]'));
      await page.waitForTimeout(1000);
      const height = () => page.evaluate(() => document.documentElement.scrollHeight);
      const ready = () =>
        page
          .locator('qk-scope')
          .evaluateAll((all) => all.filter(({ shadowRoot }) => shadowRoot.querySelector('[data-ready]')).length);
      const moved = await page.evaluate(() => globalThis['shifts'].reduce((sum, { value }) => sum + value, 0));
      assert.ok(moved < 0.3, `${moved}`);
      const before = await height();
      assert.ok((await ready()) <= 2, `${await ready()}`);
      for (const figure of await page.locator('qk-scope').all()) {
        await figure.evaluate((one) => one.scrollIntoView());
        await page.waitForTimeout(300);
      }
      await page.waitForFunction(() =>
        [...document.querySelectorAll('qk-scope')].every(({ shadowRoot }) => shadowRoot.querySelector('[data-ready]')),
      );
      const after = await height();
      assert.ok(Math.abs(after - before) < 0.02 * before, `${before} to ${after}`);
    },
  ));

test('with controls the room is for them as well', () =>
  site.visit({ html: documentOf('<div></div>') }, async (page) => {
    await page.waitForFunction(() => customElements.get('qk-scope'));
    for (const { id } of VIEWS) {
      for (const width of [400, 700, 1200]) {
        const [before, after] = await page.evaluate(
          async ([view, width, sentence]) => {
            const place = document.querySelector('div');
            place.style.width = `${width}px`;
            place.innerHTML = `<qk-scope view="${view}" controls ${sentence}></qk-scope>`;
            const [figure] = place.children;
            await Promise.resolve();
            const before = figure.offsetHeight;
            await new Promise((resolve) => figure.addEventListener('qk-ready', resolve));
            // What has come to rest: some views show the last of it later.
            let height = 0;
            for (let still = 0; still < 8;) {
              await new Promise((resolve) => setTimeout(resolve, 50));
              still = figure.offsetHeight === height ? still + 1 : 0;
              height = figure.offsetHeight;
            }
            return [before, height];
          },
          [id, width, SENTENCE],
        );
        assert.ok(Math.abs(before - after) < 0.12 * after, `${id}, ${width}: ${before} to ${after}`);
      }
    }
  }));

test('no room is kept for a figure that cannot be made, and what stands in for it may be higher', () =>
  site.visit(
    {
      html: documentOf(
        `<qk-scope id="wrong" view="student" head="x" ${SENTENCE}></qk-scope><div style="height: 4000px"></div>
         <qk-scope id="low" ${SENTENCE}><p>instead</p></qk-scope>
         <qk-scope id="high" ${SENTENCE}><p style="height: 900px">instead</p></qk-scope>`,
      ),
    },
    async (page) => {
      await page.locator('#wrong [role="alert"]').waitFor();
      const heights = await page.locator('qk-scope').evaluateAll((all) => all.map(({ offsetHeight }) => offsetHeight));
      assert.ok(heights[0] < 120, `${heights}`);
      assert.ok(heights[1] > 700 && heights[1] < 850, `${heights}`);
      assert.ok(heights[2] >= 900 && heights[2] < 1000, `${heights}`);
    },
  ));

for (const [name, ground, theme] of [
  ['navy', 'rgb(16, 24, 64)', 'dark'],
  ['sepia', 'rgb(244, 236, 216)', 'light'],
  ['plain white', 'rgb(255, 255, 255)', 'light'],
]) {
  test(`what lies over something else in a figure has the ground of the site: ${name}`, () => {
    const style = `<style>:root { color-scheme: ${theme} } body { background: ${ground} }</style>`;
    return site.visit({ html: documentOf(figure('view="heads"'), style) }, async (page) => {
      await rest(page);
      const line = page.locator('.heads-progress-line');
      const colour = () => line.evaluate((one) => getComputedStyle(one).backgroundColor);
      assert.equal(await colour(), ground);
      await page.evaluate(() => {
        document.body.style.transition = 'background 200ms';
        document.body.style.background = 'rgb(1, 2, 3)';
      });
      await page.waitForFunction(
        () =>
          getComputedStyle(document.querySelector('qk-scope').shadowRoot.querySelector('.heads-progress-line'))
            .backgroundColor === 'rgb(1, 2, 3)',
      );
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('theme', 'dark'));
      await page.waitForFunction(
        () =>
          getComputedStyle(document.querySelector('qk-scope').shadowRoot.querySelector('.heads-progress-line'))
            .backgroundColor === 'rgb(20, 22, 27)',
      );
    });
  });
}

test('the labels and numbers of a matrix are as large as the site says', async () => {
  const seen = {};
  const sized = (size) => `<style>qk-scope { --qk-size: ${size}px; width: 900px }</style>`;
  const look = (size) =>
    site.visit({ width: 1000, html: documentOf(figure('view="matrix"'), sized(size)) }, async (page) => {
      await rest(page);
      const found = await page.locator('qk-scope').evaluate(({ shadowRoot }) => {
        const labels = [...shadowRoot.querySelectorAll('.axis-rows .axis-labels .axis-label')];
        const height = (one) => one.getBoundingClientRect().height;
        return {
          heights: labels.map(height),
          room: shadowRoot.querySelector('.axis-rows').getBoundingClientRect().width,
          numbers: getComputedStyle(shadowRoot.querySelector('.plot-numbers')).fontSize,
          cut: labels.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
        };
      });
      assert.deepEqual([await page.evaluate(crowded), found.cut], [[], []], `${size}`);
      seen[size] = found;
    });
  await look(16);
  await look(28);
  const { 16: plain, 28: large } = seen;
  assert.deepEqual(new Set(plain.heights), new Set([15]));
  assert.deepEqual(new Set(large.heights.map(Math.round)), new Set([26]));
  assert.ok(large.room > 1.3 * plain.room, `${large.room} and ${plain.room}`);
  assert.deepEqual([plain.numbers, large.numbers], ['13px', '22.75px']);
});

test('what is chosen has the accent of the site, mixed with its ground', () => {
  const style = '<style>body { background: rgb(0, 0, 100) } qk-scope { --qk-accent: rgb(200, 100, 0) }</style>';
  return site.visit({ html: documentOf(figure('view="steps"'), style) }, async (page) => {
    await rest(page);
    const colour = await page
      .locator('.steps-go[aria-current]')
      .evaluate((one) => getComputedStyle(one).backgroundColor);
    const [red, green, blue] = colour.match(/[\d.]+/g).map((part) => Math.round(255 * Number(part)));
    assert.deepEqual([red, green, blue], [24, 12, 88], colour);
  });
});

for (const { id: view } of VIEWS) {
  test(`${view}: steppers stand apart from it, buttons that do nothing look so, and its titles are none of the site’s`, () =>
    site.visit({ html: documentOf(figure(`view="${view}" controls`)) }, async (page) => {
      await rest(page);
      assert.equal(await page.getByRole('heading').count(), 0);
      const found = await page.evaluate(() => {
        const { shadowRoot } = document.querySelector('qk-scope');
        const colour = ({ backgroundColor, color }) => [backgroundColor, color].join();
        const [steppers, shown] = ['.pickers', '.view'].map((one) => shadowRoot.querySelector(one));
        const buttons = [...shadowRoot.querySelectorAll('.plane-buttons .button, .button[aria-disabled="true"]')];
        const [off, on] = ['true', null].map((is) => buttons.filter((one) => one.getAttribute('aria-disabled') === is));
        return {
          gap: steppers.checkVisibility()
            ? shown.getBoundingClientRect().top - steppers.getBoundingClientRect().bottom
            : undefined,
          alike: off.some((one) =>
            on.some((other) => colour(getComputedStyle(one)) === colour(getComputedStyle(other))),
          ),
          empty: shadowRoot.querySelectorAll('[aria-hidden=""]').length,
        };
      });
      assert.ok(found.gap === undefined || found.gap >= 16, `${found.gap}`);
      assert.deepEqual([found.alike, found.empty], [false, 0]);
    }));
}
