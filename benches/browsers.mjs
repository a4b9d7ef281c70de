// How each browser is found and driven: as in the tests, and with no limit of time. A page that hangs says nothing.

import { startChromium } from '../tests/browsers/chromium.mjs';
import { startFirefox } from '../tests/browsers/firefox.mjs';
import { chromium, firefox } from '../tests/web/browser.mjs';
import { Failure } from '../xtask/run.mjs';

/**
 * @typedef {object} Driven
 * @property {string} version
 * @property {(work: any, argument?: any) => Promise<any>} evaluate in the page
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<void>} close
 */

/** Otherwise the clock of Firefox ticks once a millisecond, and it asks whether to go on. */
const PATIENT = { 'privacy.reduceTimerPrecision': false, 'dom.max_script_run_time': 0 };

/** @type {Record<string, (url: string) => Promise<Driven>>} */
export const BROWSERS = {
  chromium: (url) => open(url, chromium, startChromium),
  firefox: (url) => open(url, firefox, () => startFirefox({ preferences: PATIENT })),
};

async function open(url, find, start) {
  await find().catch((error) => {
    throw new Failure(error.message);
  });
  const { version, evaluate, goto, close } = await start();
  await goto(url);
  return { version, evaluate, reload: () => goto(url), close };
}
