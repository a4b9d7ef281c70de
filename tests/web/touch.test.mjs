// Where a finger points, whatever can be pressed is hit on 44 pixels a side, in every section and in all that opens there.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { settled, showSection } from './page.mjs';

const SIDE = 44;
const SECTIONS = ['plane', 'spread', 'explore', 'steps', 'links', 'heads', 'compare', 'student'];

const site = await startSite();
after(() => site.close());

/**
 * In the page: in which sections is what can be pressed and was measured, and what of it is hit on less than `side` pixels, across or
 * down, around its middle.
 */
function small(side) {
  const boxes = ['radio', 'checkbox', 'file'].map((type) => `[type=${type}]`);
  const pressed = [
    'a[href], button, select, textarea, summary, [role=slider], [role=gridcell][aria-label]',
    `input:not(${boxes})`,
    `label:has(${boxes})`,
  ].join();
  const isHit = (one, x, y) => {
    const found = document.elementFromPoint(x, y);
    return found !== null && (one.contains(found) || found.closest('label')?.control === one);
  };
  // How far from the middle it is still hit, up to what is wanted: by four pixels, and the last ones each, since a look takes long.
  const reach = (one, x, y, across, down, wanted) => {
    let pixels = 0;
    for (const step of [4, 1]) {
      while (pixels < wanted && isHit(one, x + across * (pixels + step), y + down * (pixels + step))) pixels += step;
    }
    return pixels;
  };
  // What one side leaves to be wanted is looked for on the other.
  const extent = (one, x, y, across, down) => {
    const before = reach(one, x, y, -across, -down, side - 1);
    return before + reach(one, x, y, across, down, side - 1 - before) + 1;
  };
  const sections = new Set();
  const found = [...document.querySelectorAll(pressed)].flatMap((one) => {
    if (!one.checkVisibility({ visibilityProperty: true }) || getComputedStyle(one).pointerEvents === 'none') return [];
    one.scrollIntoView({ block: 'center', inline: 'center' });
    const { left, top, width, height } = one.getBoundingClientRect();
    if (width <= 1 || height <= 1) return [];
    sections.add(one.closest('.story-section')?.id);
    const [x, y] = [left + width / 2, top + height / 2];
    const sides = isHit(one, x, y) ? [extent(one, x, y, 1, 0), extent(one, x, y, 0, 1)] : [];
    if (sides.length > 0 && Math.min(...sides) >= side) return [];
    return [`${sides.join(' × ')}: ${one.outerHTML.slice(0, 160)}`];
  });
  return { sections: [...sections], found };
}

for (const width of [390, 1024]) {
  test(`a finger hits all that can be pressed, at ${width} px`, () =>
    site.visit({ width, height: 844, touch: true, reducedMotion: true }, async (page) => {
      for (const id of SECTIONS) {
        if (id === 'explore') await settled(page);
        else await showSection(page, id);
      }
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)));
      await page.locator('.mask-cursor').waitFor();
      await page.locator('#student [name="take-svg"]').waitFor();
      const { sections, found } = await page.evaluate(small, SIDE);
      assert.deepEqual(
        SECTIONS.filter((id) => !sections.includes(id)),
        [],
        'sections where nothing was measured',
      );
      assert.deepEqual(found, []);
    }));
}
