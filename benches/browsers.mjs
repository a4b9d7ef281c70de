// How each browser is found and driven. Neither is downloaded: those of the machine do.

import { existsSync } from 'node:fs';
import process from 'node:process';

import { chromium as findChromium } from '../tests/web/browser.mjs';
import { Failure } from '../xtask/run.mjs';

/**
 * @typedef {object} Driven
 * @property {string} version
 * @property {(work: any, argument?: any) => Promise<any>} evaluate in the page
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<void>} close
 */

/** @type {Record<string, (url: string) => Promise<Driven>>} */
export const BROWSERS = { chromium: startChromium, firefox: startFirefox };

/** A page that hangs says nothing: the runner waits as long as it takes. */
const NEVER = 0;

async function startChromium(url) {
  const executablePath = await findChromium().catch((error) => {
    throw new Failure(error.message);
  });
  const { chromium } = await import('playwright-core');
  // Chromium's sandbox refuses to start as root.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
  const page = await browser.newPage();
  page.setDefaultTimeout(NEVER);
  await page.goto(url);
  return {
    version: `Chromium ${browser.version()}`,
    evaluate: (work, argument) => page.evaluate(work, argument),
    reload: () => page.goto(url),
    close: () => browser.close(),
  };
}

const FIREFOXES = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
];

async function startFirefox(url) {
  const executablePath = process.env.FIREFOX ?? FIREFOXES.find((file) => existsSync(file));
  if (!executablePath || !existsSync(executablePath)) {
    throw new Failure(
      'No Firefox was found: install one (on Debian `apt-get install firefox-esr`), or put its path into the environment variable FIREFOX.',
    );
  }
  // Named by a variable, since the type check runs where the benchmark's own packages are not installed.
  const driver = 'puppeteer-core';
  const { launch } = await import(driver);
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: NEVER,
    // Otherwise its clock ticks once a millisecond.
    extraPrefsFirefox: { 'privacy.reduceTimerPrecision': false, 'dom.max_script_run_time': 0 },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(NEVER);
  await page.goto(url);
  return {
    version: (await browser.version()).replace(/^firefox\//i, 'Firefox '),
    evaluate: (work, argument) => page.evaluate(work, argument),
    reload: () => page.goto(url),
    close: () => browser.close(),
  };
}
