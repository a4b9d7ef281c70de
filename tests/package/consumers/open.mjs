// What came out of a recipe, looked at: a page in browsers, or the output of a program.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { integrity } from '../../../xtask/integrity.mjs';
import { at } from '../../../xtask/run.mjs';
import { serve } from '../../../xtask/server.mjs';
import { startChromium } from '../../browsers/chromium.mjs';
import { startFirefox } from '../../browsers/firefox.mjs';
import { startWebKit } from '../../browsers/webkit.mjs';
import { start } from '../../browsers/process.mjs';
import { eventually } from './eventually.mjs';
import { figure } from './figure.mjs';
import { golden } from './golden.mjs';
import { notebook } from './notebook.mjs';
import { complete, invocation, watchScript } from './project.mjs';

/** How long a page may take to have its numbers, in milliseconds: a server may build it first. */
const PATIENCE = 60_000;

const START = { chromium: startChromium, firefox: startFirefox, webKit: startWebKit };

/** @type {Map<string, import('../../browsers/page.mjs').Driver>} */
const started = new Map();

/** A browser, started when it is first needed. */
async function driver(name) {
  if (!started.has(name)) started.set(name, await watched(await START[name]()));
  return started.get(name);
}

/** A browser whose pages are watched from their beginning, where it can do that. */
async function watched(browser) {
  await browser.before?.(await watchScript());
  return browser;
}

export async function closeBrowsers() {
  for (const browser of started.values()) await browser.close();
}

/**
 * Ends all that `use` has begun, last first, whatever fails; the first failure is the one that is thrown.
 *
 * @param {(later: (end: () => unknown) => void) => Promise<void>} use
 */
async function ending(use) {
  const ends = [];
  const outcomes = await Promise.allSettled([use((end) => ends.push(end))]);
  for (const end of ends.reverse()) outcomes.push(...(await Promise.allSettled([(async () => end())()])));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The ways to open what a recipe leaves, by the key that each has: `(opening, folder, recipe)`. */
const WAYS = {
  /** @param {import('./list.mjs').Page} opening */
  folder(opening, folder, { headers }) {
    const { folder: inside, browsers = ['chromium'], cdn, without = '' } = opening;
    return ending(async (later) => {
      if (cdn) await serveCdn(folder, cdn, later);
      // Not every tool puts an icon there.
      await writeFile(at(folder, inside, 'favicon.ico'), '', { flag: 'a' });
      const sent = Object.entries(headers).map(([name, value]) => [name, value.replace(without, '')]);
      const site = await serve(at(folder, inside), { headers: Object.fromEntries(sent) });
      later(() => site.close());
      for (const browser of browsers) await check(browser, site.url, opening);
    });
  },

  /** @param {import('./list.mjs').File} opening */
  async file(opening, folder) {
    const page = at(folder, opening.file);
    // There the root is that of the disk.
    await writeFile(page, (await readFile(page, 'utf8')).replace('"/watch.js"', '"watch.js"'));
    for (const browser of opening.browsers) await check(browser, pathToFileURL(page).href, opening);
  },

  /** @param {import('./list.mjs').Server} opening */
  server(opening, folder) {
    const { server: line, says, cdn } = opening;
    return ending(async (later) => {
      if (cdn) await serveCdn(folder, cdn, later);
      const [program, args, { cwd, env }] = invocation(folder, line);
      const server = start(program, args, { ...env, NO_COLOR: '1' }, cwd);
      later(() => server.stop());
      // A page that is not left would go on asking for its server, and have errors while the next is looked at.
      later(() => started.get('chromium')?.goto('about:blank'));
      const [, url] = await server.hear(says);
      await check('chromium', url, opening);
    });
  },

  /** @param {import('./list.mjs').Program} opening */
  async program({ program: line, says }, folder) {
    const { output, threads } = await ran(folder, line);
    if (says) assert.match(output, says);
    else golden.check(output.trim().split('\n').at(-1), line);
    assert.ok(threads > 0, `${line}: no thread was started`);
  },
};

/** Opens what a consumer's project has, in every way that it lists. */
export async function open({ openings }, folder, recipe) {
  for (const opening of openings) {
    const [way] = Object.keys(WAYS).filter((key) => key in opening);
    await WAYS[way](opening, folder, recipe);
  }
}

/**
 * The page has the numbers and the figures, by workers, and nothing went wrong; or it says why not.
 *
 * @param {import('./list.mjs').Browser} name
 * @param {string} url
 * @param {import('./list.mjs').Shown} shown
 */
async function check(name, url, shown) {
  const { figures = 0, outputs = figures > 0 ? 0 : 1, onMainThread = false, refused, dark } = shown;
  const browser = await driver(name);
  browser.errors.length = 0;
  await browser.goto(url);
  if (refused) return refuses(name, browser, figures, refused);
  if (shown.notebook) await notebook.run(browser);
  // Where workers are forbidden, the browser says so.
  const wrong = (seen) => (onMainThread ? [] : wrongs(seen, browser));
  const seen = await until(name, browser, (seen) => {
    if (wrong(seen).length > 0) throw new Error('went wrong');
    return filled(seen).length === outputs && seen.figures.filter(({ ready }) => ready).length === figures;
  });
  for (const text of filled(seen)) golden.check(text, `${name}, ${url}`);
  for (const each of seen.figures) figure.check(each, `${name}, ${url}`);
  assert.ok(onMainThread || seen.workers > 0, `${name}: no worker was started`);
  if (dark) await darkens(browser, dark);
  if (shown.notebook) await notebook.check(browser, async () => (await ask(browser)).figures[0].values);
  assert.deepEqual(wrong(seen), [], name);
}

/** What went wrong in a page. That it has an icon is a browser's own idea, whatever its policy says. */
const wrongs = ({ wrongs, figures }, { errors }) =>
  [...wrongs, ...figures.flatMap((each) => each.errors), ...errors].filter((wrong) => !wrong.includes('/favicon.ico'));

const filled = ({ outputs }) => outputs.filter((text) => text !== '');

/** What a page shows; nothing where it is loaded anew while it is asked. */
const ask = (browser) => browser.evaluate(() => globalThis['seen']?.()).catch(() => undefined);

/** Asks a page what it shows until that will do, and resolves with it. */
async function until(name, browser, enough) {
  let seen;
  const look = async () => {
    seen = await ask(browser);
    return seen && enough(seen);
  };
  await eventually(look, 'not there', PATIENCE).catch((error) =>
    assert.fail(`${name}: ${error.message}: ${JSON.stringify([seen, browser.errors])}`),
  );
  return seen;
}

/** A page that lacks what a header allowed says so, and so does each of its figures, in words that are read there. */
async function refuses(name, browser, figures, what) {
  const seen = await until(
    name,
    browser,
    (seen) =>
      wrongs(seen, browser).some((text) => what.test(text)) &&
      seen.figures.filter(({ alert }) => what.test(alert)).length === figures,
  );
  assert.deepEqual([filled(seen), seen.figures.filter(({ ready }) => ready)], [[], []], name);
}

/** What a site does to become dark is done, and the ink of its figures gets light. */
async function darkens(browser, steps) {
  const ink = () =>
    browser.evaluate(() => {
      const { shadowRoot } = document.querySelector('qk-scope');
      const { color } = getComputedStyle(shadowRoot.querySelector('[part="figure"]'));
      return Math.max(...color.match(/[\d.]+/g).map(Number));
    });
  assert.ok((await ink()) < 128, 'the figure begins dark on light');
  for (const step of steps) await browser.evaluate(take, step);
  await eventually(async () => (await ink()) >= 128, 'the figure stays dark on a dark ground', 5000);
}

/** A click, or what is chosen of a menu. */
function take([selector, value]) {
  const control = document.querySelector(selector);
  if (value === undefined) return control.click();
  control.value = value;
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Runs a program to its end; `threads`: how many threads the package has started in it and its children. */
async function ran(folder, line) {
  const log = at(folder, 'threads.log');
  await writeFile(log, '');
  const env = { NO_COLOR: '1', THREADS_LOG: log, NODE_OPTIONS: `--import=${pathToFileURL(at(HOOK)).href}` };
  const output = await complete(folder, line, env);
  return { output, threads: (await readFile(log, 'utf8')).length };
}

const HOOK = 'tests/package/consumers/threads.mjs';

/** Serves the package as a CDN does, from an origin of its own until `later`, and writes that into the file that names the CDN. */
async function serveCdn(folder, file, later) {
  const cdn = await serve(at(folder, 'node_modules/qkscope'), { headers: { 'Access-Control-Allow-Origin': '*' } });
  later(cdn.close);
  const page = at(folder, file);
  const { version } = JSON.parse(await readFile(at('package.json'), 'utf8'));
  const address = `https://cdn.jsdelivr.net/npm/qkscope@${version}/`;
  const text = await readFile(page, 'utf8');
  assert.ok(text.includes(address), `${file} has ${address}`);
  const [, hashed] = /(dist\/[\w.]+)": "sha384-…"/.exec(text) ?? [];
  const hash = hashed ? integrity(await readFile(at(folder, 'node_modules/qkscope', hashed))) : '';
  await writeFile(page, text.replaceAll(address, cdn.url).replace('sha384-…', hash));
}
