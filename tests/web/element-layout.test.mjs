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

/** All figures are there, and have come to rest. */
async function rest(page) {
  await page.waitForFunction(() =>
    [...document.querySelectorAll('qk-scope')].every(({ shadowRoot }) => shadowRoot?.querySelector('[data-ready]')),
  );
  let before = '';
  for (let still = 0; still < 4;) {
    await page.waitForTimeout(100);
    const now = await page.evaluate(() =>
      [...document.querySelectorAll('qk-scope')].map(({ offsetHeight }) => offsetHeight).join(),
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
