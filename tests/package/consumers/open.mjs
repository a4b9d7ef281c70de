// What came out of a recipe, looked at: a page in browsers, or the output of a program.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { integrity } from '../../../xtask/integrity.mjs';
import { at } from '../../../xtask/run.mjs';
import { serve } from '../../../xtask/server.mjs';
import { startChromium } from '../../browsers/chromium.mjs';
import { startFirefox } from '../../browsers/firefox.mjs';
import { startWebKit } from '../../browsers/webkit.mjs';
import { start } from '../../browsers/process.mjs';
import { golden } from './golden.mjs';
import { complete, invocation } from './project.mjs';

/** How long a page may take to have its numbers, in milliseconds: a server may build it first. */
const PATIENCE = 60_000;

const START = { chromium: startChromium, firefox: startFirefox, webKit: startWebKit };

/** @type {Map<string, import('../../browsers/page.mjs').Driver>} */
const started = new Map();

/** A browser, started when it is first needed. */
async function driver(name) {
  if (!started.has(name)) started.set(name, await START[name]());
  return started.get(name);
}

export async function closeBrowsers() {
  for (const browser of started.values()) await browser.close();
}

/** The ways to open what a recipe leaves, by the key that each has: `(opening, folder, recipe)`. */
const WAYS = {
  /** @param {import('./list.mjs').Page} opening */
  async folder({ folder: inside, browsers = ['chromium'], cdn, without = '', ...expected }, folder, { headers }) {
    const stop = cdn ? await serveCdn(folder) : undefined;
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace(without, '')]);
    const site = await serve(at(folder, inside), { headers: Object.fromEntries(sent) });
    try {
      for (const browser of browsers) await check(browser, site.url, expected);
    } finally {
      await site.close();
      await stop?.();
    }
  },

  /** @param {import('./list.mjs').Server} opening */
  async server({ server: line, says, outputs }, folder) {
    const [program, args, { cwd, env }] = invocation(folder, line);
    const server = start(program, args, { ...env, NO_COLOR: '1' }, cwd);
    try {
      const [, url] = await server.hear(says);
      await check('chromium', url, { outputs });
    } finally {
      await server.stop();
    }
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
 * The page has the numbers, by workers, and nothing went wrong; or it says why not.
 *
 * @param {import('./list.mjs').Browser} name
 * @param {string} url
 * @param {import('./list.mjs').Expected} expected
 */
async function check(name, url, { outputs = 1, onMainThread = false, refused }) {
  const browser = await driver(name);
  browser.errors.length = 0;
  await browser.goto(url);
  const end = Date.now() + PATIENCE;
  for (;;) {
    // A page may be loaded anew while it is asked.
    const seen = await browser.evaluate(() => globalThis['seen']?.()).catch(() => undefined);
    const there = seen?.outputs.filter((text) => text !== '') ?? [];
    const wrongs = [...(seen?.wrongs ?? []), ...browser.errors];
    if (refused && wrongs.some((text) => refused.test(text))) return assert.deepEqual(there, [], name);
    if (there.length === outputs && !refused) {
      for (const text of there) golden.check(text, `${name}, ${url}`);
      if (onMainThread) return;
      assert.ok(seen.workers > 0, `${name}: no worker was started`);
      return assert.deepEqual(wrongs, [], name);
    }
    const lost = wrongs.length > 0 && !onMainThread && !refused;
    if (Date.now() > end || lost) assert.fail(`${name}: ${JSON.stringify([seen, wrongs])}`);
    await sleep(40);
  }
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

/** Serves the package as a CDN does, from an origin of its own, and writes that into the page. @returns what ends it. */
async function serveCdn(folder) {
  const cdn = await serve(at(folder, 'node_modules/qkscope'), { headers: { 'Access-Control-Allow-Origin': '*' } });
  const page = at(folder, 'index.html');
  const { version } = JSON.parse(await readFile(at('package.json'), 'utf8'));
  const address = `https://cdn.jsdelivr.net/npm/qkscope@${version}/`;
  const html = await readFile(page, 'utf8');
  assert.ok(html.includes(address), `${path.basename(page)} has ${address}`);
  const [, file] = /(dist\/[\w.]+)": "sha384-…"/.exec(html) ?? [];
  const hash = file ? integrity(await readFile(at(folder, 'node_modules/qkscope', file))) : '';
  await writeFile(page, html.replaceAll(address, cdn.url).replace('sha384-…', hash));
  return cdn.close;
}
