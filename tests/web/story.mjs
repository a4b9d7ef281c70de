// A section of the story by itself, under the page's policy and with its styles: what its tests visit.
//
//     const site = await storySite('plane', `export { PLANE as section } from './plane.ts';`);
//     after(() => site.close());
//
//     test('it speaks Chinese', () =>
//       site.visit({ state: 'long', speech: 'zh' }, async (page) => {
//         await ready(page);
//         await page.evaluate(() => story.mounted.speak('en'));
//       }));

import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { FETCHED } from '../../xtask/kernel.mjs';
import { startSite } from './harness.mjs';
import { meansAt, svgAddress } from './pixels.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WWW = path.join(ROOT, 'www');
const SECTIONS = path.join(WWW, 'src/page/story');

/** What stands beside the page: styles, samples, kernels. */
const BESIDE = [
  ...['favicon.svg', 'sentence.safetensors', 'passage.safetensors', 'student-teacher.json'],
  ...FETCHED.map(({ file }) => `src/generated/${file}`),
];

const BUNDLE = /** @type {const} */ ({
  bundle: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  logLevel: 'error',
});

/** Mounts `section` as the page does, and leaves what a test asks for in `globalThis.story`. */
const MOUNT = `
import * as given from 'given';
import { element } from '../../views/parts/dom.ts';

const { section } = given;
const asked = new URLSearchParams(location.search);
const remembered = [];
const remember = (state) => remembered.push(state);
const beyond = { title: { en: 'The section below', zh: '下面一节' }, go: () => (story.went += 1) };
const title = element('h2', { id: 'story-title', class: 'story-title' });
const lead = element('p', { class: 'story-lead' });
const host = element('div', { class: 'story-view' });
const named = { class: 'story-section story-' + section.id, 'aria-labelledby': 'story-title' };
document.querySelector('main').append(element('h1', {}, 'qkscope'), element('section', named, title, lead, host));
let language;
const say = (to) => {
  language = to;
  document.documentElement.lang = to === 'zh' ? 'zh-Hans' : 'en';
  [document.title, title.textContent, lead.textContent] = [section.title[to], section.title[to], section.lead[to]];
};
const story = {
  ...given,
  remembered,
  went: 0,
  mounted: undefined,
  mount(state) {
    host.replaceChildren();
    story.mounted = section.mount(host, { language, state, remember, beyond });
  },
  speak(to) {
    say(to);
    story.mounted.speak(to);
  },
  async begin(state, to) {
    scrollTo(0, 0);
    remembered.length = 0;
    await given.begin?.();
    say(to);
    story.mount(state);
  },
};
globalThis.story = story;
say(asked.get('speech') ?? 'en');
story.mount(asked.get('state') ?? '');
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => story.mounted.repaint());
`;

/**
 * Serves a page with the section that `code` exports as `section`. In the page, `globalThis.story` has that and the other
 * exports, the section as it lives in `mounted`, what it put into the address in `remembered`, newest last, how often it led to
 * the section below in `went`, `mount(state)`, which makes it anew, and `speak(language)`. Where pages are kept, the code exports `begin()`, which undoes what a test did.
 *
 * @param {string} name of the folder under target/.
 * @param {string} code a module beside the sections.
 */
export async function storySite(name, code) {
  const folder = path.join('target/story', name);
  const to = path.join(ROOT, folder);
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await build({
    ...BUNDLE,
    outfile: path.join(to, 'page.js'),
    stdin: { contents: MOUNT, resolveDir: SECTIONS, loader: 'ts' },
    plugins: [given(code)],
  });
  await Promise.all([
    build({ ...BUNDLE, outfile: path.join(to, 'style.css'), entryPoints: [path.join(WWW, 'src/style.css')] }),
    ...BESIDE.map((file) => cp(path.join(WWW, file), path.join(to, path.basename(file)))),
    writeFile(path.join(to, 'index.html'), await shell()),
  ]);
  const site = await startSite({ folder });
  /** @type {Map<string, Awaited<ReturnType<typeof site.open>>>} */
  const kept = new Map();
  return {
    ...site,
    /** As the harness's visit, with the section's `state`, its `speech` (`en` or `zh`), and what else the code `asks` of the address. */
    visit: ({ state = '', speech = 'en', asks = {}, ...options }, test) =>
      site.visit({ path: `?${new URLSearchParams({ ...asks, state, speech })}`, ...options }, test),
    /**
     * As a visit, where the section does not mind whether it is the first in its page: it is made anew in one that is kept,
     * which takes a tenth of the time. A page where a test failed is not used again.
     */
    async stay({ state = '', speech = 'en', asks = {}, ...options }, test) {
      const { width = 1280, height = 800, theme = 'light', reducedMotion = false, touch = false } = options;
      const name = JSON.stringify([asks, touch]);
      const path = `?${new URLSearchParams({ ...asks, speech })}`;
      const opened = kept.get(name) ?? (await site.open({ path, touch }));
      const { page, seen, check, close } = opened;
      kept.delete(name);
      try {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme: theme, reducedMotion: reducedMotion ? 'reduce' : 'no-preference' });
        await page.mouse.move(0, 0);
        await page.waitForFunction(() => globalThis['story']?.mounted);
        await page.evaluate(([state, speech]) => globalThis['story'].begin(state, speech), [state, speech]);
        await test(page, seen);
        check();
      } catch (error) {
        await close();
        throw error;
      }
      kept.set(name, opened);
    },
  };
}

/** The code of a test as the module `given`. */
const given = (code) => ({
  name: 'given',
  setup(build) {
    build.onResolve({ filter: /^given$/ }, () => ({ path: 'given', namespace: 'given' }));
    build.onLoad({ filter: /.*/, namespace: 'given' }, () => ({
      contents: code,
      loader: 'ts',
      resolveDir: SECTIONS,
    }));
  },
});

/** A bare page under the policy of the real one. */
async function shell() {
  const html = await readFile(path.join(WWW, 'index.html'), 'utf8');
  const [policy] = /<meta\s+http-equiv="Content-Security-Policy"[^>]*>/.exec(html) ?? [];
  assert.ok(policy, 'the page has a policy');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8" />${policy}
<meta name="viewport" content="width=device-width, initial-scale=1" /><title>story</title>
<link rel="icon" href="favicon.svg" type="image/svg+xml" /><link rel="stylesheet" href="style.css" />
<script type="module" src="page.js"></script></head><body><main></main></body></html>`;
}

/** Waits until nothing in the section is about to change. */
export const ready = (page) =>
  page.waitForFunction(() => globalThis.story?.mounted && !document.querySelector('.story-view [aria-busy="true"]'));

/** How far the page could be scrolled sideways, in pixels. */
export const excess = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** For a page's beginning: adds up what moves, in `globalThis.layoutShift`. */
export function watchShifts() {
  globalThis['layoutShift'] = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis['layoutShift'] += entry['value'];
  }).observe({ type: 'layout-shift', buffered: true });
}

/**
 * The means of the squares of pictures as the browser draws them, in a page of its own that no policy forbids anything.
 *
 * @param {import('playwright-core').Page} page
 * @param {string[]} addresses
 */
export async function drawnAlone(page, addresses, square = 8) {
  const other = await page.context().newPage();
  try {
    const drawn = [];
    for (const address of addresses) drawn.push(await meansAt(other, address, square));
    return drawn;
  } finally {
    await other.close();
  }
}

/** What the section gives away: rows as wide as their columns, and a picture that opens by itself. */
export async function checkExported(page) {
  const found = await page.evaluate(() => {
    const { name, columns, rows, picture } = globalThis['story'].mounted.exported();
    const drawn = typeof picture === 'function' ? picture() : picture;
    const source = new XMLSerializer().serializeToString(drawn);
    return { name, columns, rows, source, inPage: drawn.isConnected };
  });
  const [{ width, height, means }] = await drawnAlone(page, [svgAddress(found.source)]);
  assert.match(found.name, /^[a-z0-9-]+$/);
  assert.ok(found.rows.length > 0);
  for (const row of found.rows) assert.equal(row.length, found.columns.length);
  assert.ok(width > 100 && height > 100, `${width} x ${height}`);
  assert.doesNotMatch(found.source, /var\(|class=|style=|light-dark/, 'the picture leans on no style sheet');
  assert.equal(found.inPage, false);
  return { ...found, width, height, means };
}

/** Modules of the page that need no browser, as one; paths below www/src without their ending. */
export async function loadParts(...files) {
  const contents = files.map((file) => `export * from './${file}.ts';`).join('\n');
  const stdin = /** @type {const} */ ({ contents, resolveDir: path.join(WWW, 'src'), loader: 'ts' });
  const { outputFiles } = await build({ ...BUNDLE, write: false, stdin });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
