// Runs the scenarios in one browser, which is started once.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Page } from './page.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { serveSite } from './site.mjs';

/** Far above what a scenario takes: a page that hangs fails. */
const timeout = 180_000;

/**
 * @param {string} name of the folder that is laid out.
 * @param {() => Promise<import('./page.mjs').Driver>} start
 */
export async function runScenarios(name, start) {
  const site = await serveSite(name);
  after(() => site.close());
  const driver = await start();
  after(() => driver.close());
  const page = new Page(driver, site);
  test(`${driver.version}: what goes wrong in a page is noticed`, { timeout }, async () => {
    await page.load('engine.html');
    await page.evaluate(goWrong);
    await page.waitForFunction(() => globalThis['wrongs'].length >= 5);
    const wrongs = (await page.wrongs()).join('\n');
    for (const one of [
      /written/,
      /thrown/,
      /rejected/,
      /img did not load .*nowhere\.png/,
      /policy violation: script-src/,
    ]) {
      assert.match(wrongs, one);
    }
  });
  for (const [what, scenario] of Object.entries(SCENARIOS)) {
    test(`${driver.version}: ${what}`, { timeout }, async () => {
      await page.resize(1280, 900);
      await scenario(page);
      assert.deepEqual(await page.wrongs(), [], 'errors in the page');
    });
  }
}

/** In the page: one of each kind. */
function goWrong() {
  console.error('written');
  setTimeout(() => {
    throw new Error('thrown');
  });
  void Promise.reject(new Error('rejected'));
  const image = new Image();
  image.src = 'nowhere.png';
  const script = document.createElement('script');
  script.textContent = '1';
  document.head.append(image, script);
}
