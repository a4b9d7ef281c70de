// `npm run rooms` measures how high each section of the story is, on what is in dist/, and writes www/src/style/rooms.css: the room that
// is kept for a section until it is made, so that nothing below it moves then. Where words or styles of a section have changed: build,
// run it, and build again.

import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { dress, startWithFonts } from '../tests/web/faces.mjs';
import { settled, showSection } from '../tests/web/page.mjs';
import { at, main } from './run.mjs';

/** From the narrowest window that is measured to the one from which on nothing grows, by `STEP`. */
const [NARROWEST, WIDEST, STEP] = [320, 1440, 10];
/** How far a room may be off, in pixels: a line of text is 20 and more. */
const SLACK = 12;
/** The languages, and how a section's own room in each is told. */
const LANGUAGES = { en: '', zh: ':lang(zh)' };

/** Measures all sections in all languages, and writes their rooms. */
export async function rooms() {
  const site = await startWithFonts();
  try {
    const kept = [];
    for (const [language, own] of Object.entries(LANGUAGES)) {
      const measured = await measure(site, language);
      const [{ heights }] = measured;
      for (const id of Object.keys(heights)) kept.push(...roomsOf(`.story-${id}${own}`, id, measured));
    }
    await writeFile(at('www/src/style/rooms.css'), sheet(kept));
  } finally {
    await site.close();
  }
}

/**
 * How high the sections are, by the width of the window, in a page where all of them are made.
 *
 * @typedef {{ width: number, heights: Record<string, number> }} Measured
 * @returns {Promise<Measured[]>}
 */
async function measure(site, language) {
  const { page, check, close } = await openToMeasure(site, language);
  await settled(page);
  const ids = await page.locator('.story-section:has(.story-view)').evaluateAll((all) => all.map(({ id }) => id));
  for (const id of ids) {
    await showSection(page, id);
    await page.waitForFunction(
      (id) => !parseFloat(getComputedStyle(document.querySelector(`#${id} .story-view`)).minHeight),
      id,
    );
  }
  await page.evaluate(() => scrollTo(0, 0));
  const look = async (width) => {
    await page.setViewportSize({ width, height: 900 });
    return { width, heights: await page.evaluate(heightsAtRest, ids) };
  };
  const found = [await look(NARROWEST)];
  for (let width = NARROWEST + STEP; width <= WIDEST; width += STEP) {
    const next = await look(width);
    found.push(...(await between(look, found.at(-1), next)), next);
  }
  check();
  await close();
  return found;
}

/** A page in fonts that are the same wherever it is measured. */
export async function openToMeasure(site, language) {
  const opened = await site.open({ path: `#lang=${language}`, height: 900, reducedMotion: true });
  await dress(opened.page);
  return opened;
}

/** Where something jumps from one width to another, the last width before it does so, and the first after it. */
async function between(look, low, high) {
  const jumps = Object.entries(low.heights).some(([id, height]) => Math.abs(height - high.heights[id]) > SLACK);
  if (!jumps || high.width - low.width < 2) return [];
  const middle = await look((low.width + high.width) >> 1);
  return [...(await between(look, low, middle)), middle, ...(await between(look, middle, high))];
}

/** In the page: the heights, once they are the same for some frames; what measures its room is laid out in the next one. */
async function heightsAtRest(ids) {
  const heights = () =>
    ids.map((id) => [id, document.querySelector(`#${id} .story-view`).getBoundingClientRect().height]);
  let [before, same] = ['', 0];
  while (same < 3) {
    await new Promise(requestAnimationFrame);
    const now = String(heights());
    same = now === before ? same + 1 : 0;
    before = now;
  }
  return Object.fromEntries(heights());
}

/**
 * The rooms of one section: each goes from its width on, as far as it is no further off than it may be.
 *
 * @param {string} selector
 * @param {string} id
 * @param {Measured[]} measured
 * @returns {{ from: number, selector: string, room: number }[]}
 */
function roomsOf(selector, id, measured) {
  const runs = [];
  for (const { width, heights } of measured) {
    const run = runs.at(-1);
    const low = Math.min(run?.low ?? Infinity, heights[id]);
    const high = Math.max(run?.high ?? -Infinity, heights[id]);
    if (run && high - low <= 2 * SLACK) Object.assign(run, { low, high });
    else runs.push({ from: width, low: heights[id], high: heights[id] });
  }
  return runs.map(({ from, low, high }) => ({ from, selector, room: Math.round((low + high) / 2) }));
}

/** The rooms as styles, by width. */
function sheet(rooms) {
  const widths = [...new Set(rooms.map(({ from }) => from))].sort((a, b) => a - b);
  const blocks = widths.map((width) => {
    const rules = rooms.filter(({ from }) => from === width).map(rule);
    return width === NARROWEST
      ? rules.join('\n\n')
      : `@media (min-width: ${width}px) {\n${indented(rules.join('\n\n'))}\n}`;
  });
  const head =
    '/* The room of each section of the story, by the width of the window. Made by `npm run rooms`, not by hand. */';
  return `${[head, ...blocks].join('\n\n')}\n`;
}

const rule = ({ selector, room }) => `${selector} {\n  --room: ${room}px;\n}`;

const indented = (text) => text.replace(/^(?=.)/gm, '  ');

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(rooms);
