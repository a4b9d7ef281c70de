// The rooms of the sections, as they are measured.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { openToMeasure } from '../../xtask/rooms.mjs';
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
