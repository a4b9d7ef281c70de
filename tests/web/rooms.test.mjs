// The rooms of the sections and of figures, as they are measured.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { heightsAtRest, KINDS, openFigures, openToMeasure } from '../../xtask/rooms.mjs';
import { startWithFonts } from './faces.mjs';

const site = await startWithFonts();
after(() => site.close());

test('rooms are measured in the fonts of the pictures, whoever measures them', async () => {
  const { page, check, close } = await openToMeasure(site, 'en');
  const family = await page.evaluate(() => getComputedStyle(document.querySelector('.story-lead')).fontFamily);
  assert.match(family, /^"?DejaVu Sans"?, "?Droid Sans Fallback"?$/);
  check();
  await close();
});

test('the room that is kept for a figure is what it takes, with controls and without', async () => {
  const { page, figures, check, close } = await openFigures(site);
  const elements = figures.map(({ element }) => element);
  for (const width of [360, 700, 1200]) {
    await page.setViewportSize({ width, height: 900 });
    const taken = await page.evaluate(heightsAtRest, elements);
    for (const [index, element] of elements.entries()) {
      const kept = await page
        .locator(`${element} .figure`)
        .evaluate((figure) => parseFloat(getComputedStyle(figure).getPropertyValue('--room')));
      const off = `${element} takes ${taken[index]} px of ${width}, and ${kept} are kept`;
      assert.ok(
        Math.abs(taken[index] - kept) <= 2 * KINDS.figures.slack,
        `${off}: build, then \`npm run rooms\`, then build again`,
      );
    }
  }
  check();
  await close();
});
