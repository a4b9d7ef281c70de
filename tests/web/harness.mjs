// A site and a browser for the tests, strict by default: a test fails when the page writes an error to the console,
// throws where nobody catches, or asks another origin for anything.
//
//     const site = await startSite();
//     after(() => site.close());
//
//     test('the page says what it is', () =>
//       site.visit({ width: 360, theme: 'dark' }, async (page) => {
//         assert.match(await page.title(), /qkscope/);
//         await screenshot(page, 'narrow-dark');
//       }));

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { chromium as engine } from 'playwright-core';

import { serve } from '../../xtask/server.mjs';
import { chromium } from './browser.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCREENSHOTS = path.join(ROOT, 'target/screenshots');

/**
 * What the browser is to leave alone: the lists that drop down from its address bar, two pages that it loads for every page of a
 * test, which take as long as ours; and what Playwright switches off as far as it matters here, because of two lists Chromium
 * reads the last.
 */
const UNUSED = [
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades', 'LensOverlay'],
  ...['HttpsFirstBalancedModeAutoEnable', 'MediaRouter', 'PaintHolding', 'ThirdPartyStoragePartitioning'],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'TcpPortRandomizationWin', 'OptimizationHints', 'AimEnabled'],
  ...['NetworkTimeServiceQuerying', 'PreconnectToSearch'],
];

/** A test machine reaches nothing but itself, and the browser should not try. */
const QUIET = [
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-gpu'],
  `--disable-features=${UNUSED}`,
];

/**
 * @typedef {object} Visit
 * @property {string} [path] relative to the site, with query and fragment, or a whole address. Default: the site's index.html.
 * @property {string} [html] a document to show in place of the file at `path`.
 * @property {number} [width] of the viewport in CSS pixels; default 1280.
 * @property {number} [height] default 800.
 * @property {number} [scale] device pixels per CSS pixel; default 1.
 * @property {'light' | 'dark'} [theme] what the system prefers; default light.
 * @property {string} [language] the browser's: `en-US` (default), `zh-CN`.
 * @property {boolean} [reducedMotion]
 * @property {boolean} [touch] whether there is a touch screen.
 * @property {boolean} [offline] whether there is no network.
 * @property {RegExp} [expectedErrors] console errors that belong to the test.
 * @property {string[]} [foreign] other origins that the page may ask.
 * @property {string | (() => void)} [before] a script that runs in the page before its own.
 * @property {boolean} [fresh] whether the browser must not have seen the site before, or is left another than it was.
 */

/**
 * What a visit recorded: `errors` as text, `requests` as addresses.
 *
 * @typedef {{ errors: string[], requests: string[], url: string }} Seen
 */

/**
 * Serves a folder of the repository and starts a browser.
 *
 * @param {{ folder?: string, headers?: Record<string, string>, args?: string[] }} [options] `headers` go with every file: a
 *   Content Security Policy, for one; `args` to the browser.
 */
export async function startSite({ folder = 'dist', headers = {}, args = [] } = {}) {
  const server = await serve(path.join(ROOT, folder), { headers });
  const browser = await engine.launch({
    executablePath: (await chromium()).browser,
    // Chromium's sandbox refuses to start as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...QUIET, ...args],
  });
  /** @type {Map<string, import('playwright-core').Page>} */
  const kept = new Map();
  return {
    url: server.url,
    /**
     * Loads the site, hands the page to `test`, and then checks what it did. Browser profiles are kept from visit to visit, which
     * spares half of the time: a test gets a document of its own, in a profile that is new where it says `fresh`.
     *
     * @param {Visit} options
     * @param {(page: import('playwright-core').Page, seen: Seen) => Promise<void>} test
     */
    async visit(options, test) {
      const kind = kindOf(options);
      const page = (!options.fresh && kept.get(kind)) || (await newPage(browser, options));
      if (kept.get(kind) === page) kept.delete(kind);
      try {
        const { seen, check, leave } = await enter(page, server.url, options);
        await test(page, seen);
        check();
        await leave();
        if (!options.fresh && !kept.has(kind)) kept.set(kind, page);
      } finally {
        if (kept.get(kind) !== page) await page.context().close();
      }
    },
    /**
     * Opens the site as a visit does, in a profile of its own, for whoever checks and closes it.
     *
     * @param {Visit} options
     */
    async open(options) {
      const page = await newPage(browser, options);
      try {
        return { page, ...(await enter(page, server.url, options)), close: () => page.context().close() };
      } catch (error) {
        await page.context().close();
        throw error;
      }
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * The page says what it is before the script behind it is there.
 *
 * @param {import('playwright-core').Page} page
 */
export const made = (page) => page.waitForFunction(() => !document.querySelector('main[aria-busy="true"]'));

/** What a profile has for good; everything else is set for each visit. */
const lasting = ({ scale = 1, language = 'en-US', touch = false }) => ({
  deviceScaleFactor: scale,
  locale: language,
  hasTouch: touch,
});

const kindOf = (options) => JSON.stringify(lasting(options));

/** An empty page in a profile of its own. */
async function newPage(browser, options) {
  const context = await browser.newContext({ ...lasting(options), viewport: sizeOf(options) });
  return context.newPage();
}

const sizeOf = ({ width = 1280, height = 800 }) => ({ width, height });

/** Loads what `options` ask for, and says how to check what it did and how to leave it, so that the page is as before. */
async function enter(page, site, options) {
  const context = page.context();
  const { theme: colorScheme = 'light', reducedMotion = false, offline = false } = options;
  await page.setViewportSize(sizeOf(options));
  await page.emulateMedia({ media: null, colorScheme, reducedMotion: reducedMotion ? 'reduce' : 'no-preference' });
  await context.setOffline(offline);
  // Chromium asks the visitor before a page may reach another server on this machine; older ones do not know the question.
  if (options.foreign) await context.grantPermissions(['local-network-access']).catch(() => {});
  const { seen, deaf } = record(page, site);
  const url = new URL(options.path ?? '', site).href;
  const script = options.before === undefined ? undefined : await page.addInitScript(options.before);
  if (options.html !== undefined) await show(page, url, options.html);
  await page.goto(url);
  await made(page);
  return {
    seen,
    check: () => verify(seen, site, options),
    async leave() {
      deaf();
      await script?.dispose();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.clearPermissions();
      await page.mouse.move(0, 0);
      await page.goto('about:blank');
    },
  };
}

/** @returns {{ seen: Seen, deaf: () => void }} `deaf` ends the record. */
function record(page, url) {
  const seen = { errors: [], requests: [], url };
  const hear = {
    console: (message) => message.type() === 'error' && seen.errors.push(message.text()),
    pageerror: (error) => seen.errors.push(String(error)),
    request: (request) => seen.requests.push(request.url()),
  };
  for (const [event, heard] of Object.entries(hear)) page.on(event, heard);
  return { seen, deaf: () => Object.entries(hear).forEach(([event, heard]) => page.off(event, heard)) };
}

const show = (page, url, body) =>
  page.route(url, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));

function verify({ errors, requests }, site, { expectedErrors: expected, foreign: allowed = [] }) {
  const own = [new URL(site).origin, 'blob:', 'data:', ...allowed];
  const foreign = requests.filter((url) => !own.some((start) => url.startsWith(start)));
  assert.deepEqual(foreign, [], 'the page asked another origin');
  const unexpected = errors.filter((text) => !expected?.test(text));
  assert.deepEqual(unexpected, [], 'errors on the console');
}

/**
 * Saves a picture of the page under target/screenshots/, for people to look at.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name without ending.
 * @param {{ fullPage?: boolean }} [options]
 * @returns {Promise<string>} the file.
 */
export async function screenshot(page, name, { fullPage = true } = {}) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const file = path.join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path: file, fullPage });
  return file;
}
