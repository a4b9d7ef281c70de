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

/** A test machine reaches nothing but itself, and the browser should not try. */
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-gpu'];

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
 */

/**
 * What a visit recorded: `errors` as text, `requests` as addresses.
 *
 * @typedef {{ errors: string[], requests: string[], url: string }} Seen
 */

/**
 * Serves a folder of the repository and starts a browser.
 *
 * @param {{ folder?: string, headers?: Record<string, string> }} [options] `headers` go with every file: a Content
 *   Security Policy, for one.
 */
export async function startSite({ folder = 'dist', headers = {} } = {}) {
  const server = await serve(path.join(ROOT, folder), { headers });
  const browser = await engine.launch({
    executablePath: (await chromium()).browser,
    // Chromium's sandbox refuses to start as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: QUIET,
  });
  return {
    url: server.url,
    /**
     * Opens the site in a browser profile of its own, hands the page to `test`, and then checks what it did.
     *
     * @param {Visit} options
     * @param {(page: import('playwright-core').Page, seen: Seen) => Promise<void>} test
     */
    visit: (options, test) => visit(browser, server.url, options, test),
    /**
     * Opens the site as a visit does, for whoever checks and closes it.
     *
     * @param {Visit} options
     */
    open: (options) => open(browser, server.url, options),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

async function visit(browser, site, options, test) {
  const { page, seen, check, close } = await open(browser, site, options);
  try {
    await test(page, seen);
    check();
  } finally {
    await close();
  }
}

async function open(browser, site, options) {
  const context = await browser.newContext(contextOptions(options));
  try {
    // Chromium asks the visitor before a page may reach another server on this machine; older ones do not know the question.
    if (options.foreign) await context.grantPermissions(['local-network-access']).catch(() => {});
    const page = await context.newPage();
    const seen = record(page, site);
    const url = new URL(options.path ?? '', site).href;
    if (options.before !== undefined) await page.addInitScript(options.before);
    if (options.html !== undefined) await show(page, url, options.html);
    await page.goto(url);
    await made(page);
    return { page, seen, check: () => verify(seen, site, options), close: () => context.close() };
  } catch (error) {
    await context.close();
    throw error;
  }
}

/**
 * The page says what it is before the script behind it is there.
 *
 * @param {import('playwright-core').Page} page
 */
export const made = (page) => page.waitForFunction(() => !document.querySelector('main[aria-busy="true"]'));

const contextOptions = ({
  width = 1280,
  height = 800,
  scale = 1,
  theme = 'light',
  language = 'en-US',
  reducedMotion = false,
  touch = false,
  offline = false,
}) => ({
  viewport: { width, height },
  deviceScaleFactor: scale,
  colorScheme: theme,
  locale: language,
  reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  hasTouch: touch,
  offline,
});

/** @returns {Seen} */
function record(page, url) {
  const seen = { errors: [], requests: [], url };
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()));
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('request', (request) => seen.requests.push(request.url()));
  return seen;
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
