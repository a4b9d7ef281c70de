// `npm run rooms` measures how high each section of the story and each figure of the element is, on what is built, and writes
// www/src/style/rooms.css and www/src/element/rooms.css: the room that is kept for one until it is made, so that nothing below it
// moves then. Where words or styles have changed: build, run it, and build again.

import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { dress, startWithFonts } from '../tests/web/faces.mjs';
import { settled, showSection } from '../tests/web/page.mjs';
import { loadParts } from '../tests/web/story.mjs';
import { at, main } from './run.mjs';

/** From the narrowest window that is measured to the one from which on nothing grows, by `STEP`. */
const [NARROWEST, WIDEST, STEP] = [320, 1440, 10];
/** The languages, and how a section's own room in each is told. */
const LANGUAGES = { en: '', zh: ':lang(zh)' };

/**
 * What rooms are for: where they are written, how a width is asked for there, and how far one may be off, in pixels. A line of text is
 * 20 and more; every page with a figure carries the rooms of figures, which are fewer for that.
 *
 * @typedef {{ file: string, head: string, query: string, slack: number }} Kind
 * @type {Record<'sections' | 'figures', Kind>}
 */
export const KINDS = {
  sections: {
    file: 'www/src/style/rooms.css',
    head: 'The room of each section of the story, by the width of the window.',
    query: '@media',
    slack: 12,
  },
  figures: {
    file: 'www/src/element/rooms.css',
    head: 'The room of a figure, by its view, whether it has controls, and its width.',
    query: '@container figure',
    slack: 40,
  },
};

/**
 * Something in a page, by selectors: the element that is measured, and, in the styles, whose room its height is.
 *
 * @typedef {{ element: string, room: string }} Measurable
 */

/** Measures all sections in all languages, and all figures, and writes their rooms. */
export async function rooms() {
  const site = await startWithFonts();
  try {
    const sections = [];
    for (const language of Object.keys(LANGUAGES)) sections.push(...(await sectionRooms(site, language)));
    await write(KINDS.sections, sections);
    await write(KINDS.figures, await figureRooms(site));
  } finally {
    await site.close();
  }
}

/** In a page where all sections are made. */
async function sectionRooms(site, language) {
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
  const sections = ids.map((id) => ({ element: `#${id} .story-view`, room: `.story-${id}${LANGUAGES[language]}` }));
  const kept = await roomsIn(page, sections, KINDS.sections);
  check();
  await close();
  return kept;
}

async function figureRooms(site) {
  const { page, figures, check, close } = await openFigures(site);
  const kept = await roomsIn(page, figures, KINDS.figures);
  check();
  await close();
  return kept;
}

/** A page in fonts that are the same wherever it is measured. */
export async function openToMeasure(site, language) {
  const opened = await site.open({ path: `#lang=${language}`, height: 900, reducedMotion: true });
  await dress(opened.page);
  return opened;
}

/** A page in those fonts with a figure of each view, without controls and with them, as wide as the window; all are made. */
export async function openFigures(site) {
  const { VIEWS } = await loadParts('element/views');
  const kinds = VIEWS.flatMap(({ id }) => ['', 'controls'].map((controls) => ({ id, controls })));
  const figures = kinds.map(({ id, controls }) => ({
    element: `qk-scope[view='${id}']${controls ? '[controls]' : ':not([controls])'}`,
    room: `${id === 'matrix' ? '' : `:host([view='${id}']) `}.figure${controls && '[data-controls]'}`,
  }));
  const tags = kinds.map(
    ({ id, controls }) =>
      `<qk-scope view="${id}" ${controls} src="sentence.safetensors" layer="3" head="1" loading="eager"></qk-scope>`,
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8" /><title>figures</title>
    <link rel="icon" href="data:," /><body style="margin: 0">${tags.join('')}</body></html>`;
  const opened = await site.open({ html, height: 900, reducedMotion: true });
  const { page } = opened;
  await dress(page);
  await page.addScriptTag({ path: at('pkg/dist/element.iife.js') });
  for (const { element } of figures) await showFigure(page.locator(element));
  return { ...opened, figures };
}

/** Makes all of a figure, in no room but its own: some of it is computed when it is seen. */
async function showFigure(figure) {
  const frame = figure.locator('.figure[data-ready]');
  await frame.waitFor({ state: 'attached' });
  await frame.evaluate((one) => {
    one.style.minHeight = '0';
    one.scrollIntoView();
  });
  await frame.locator('.heads-grid:empty, .heads-waiting, .plot-waiting').first().waitFor({ state: 'detached' });
}

/**
 * The rooms in a page, by the width of its window.
 *
 * @param {import('playwright-core').Page} page
 * @param {Measurable[]} measurables
 * @param {Kind} kind
 */
async function roomsIn(page, measurables, { slack }) {
  const measured = await measure(page, measurables, slack);
  return measurables.flatMap(({ room }, index) =>
    runsOf(
      measured.map(({ width, heights }) => ({ width, height: heights[index] })),
      slack,
    ).map((run) => ({ ...run, selector: room })),
  );
}

/**
 * How high they are, by the width of the window.
 *
 * @typedef {{ width: number, heights: number[] }} Measured
 * @returns {Promise<Measured[]>}
 */
async function measure(page, measurables, slack) {
  const elements = measurables.map(({ element }) => element);
  const look = async (width) => {
    await page.setViewportSize({ width, height: 900 });
    return { width, heights: await page.evaluate(heightsAtRest, elements) };
  };
  const found = [await look(NARROWEST)];
  for (let width = NARROWEST + STEP; width <= WIDEST; width += STEP) {
    const next = await look(width);
    found.push(...(await between(look, found.at(-1), next, slack)), next);
  }
  return found;
}

/** Where something jumps from one width to another, the last width before it does so, and the first after it. */
async function between(look, low, high, slack) {
  const jumps = low.heights.some((height, index) => Math.abs(height - high.heights[index]) > slack);
  if (!jumps || high.width - low.width < 2) return [];
  const middle = await look((low.width + high.width) >> 1);
  return [...(await between(look, low, middle, slack)), middle, ...(await between(look, middle, high, slack))];
}

/** In the page: the heights, once they are the same for some frames; what measures its room is laid out in the next one. */
export async function heightsAtRest(elements) {
  const heights = () => elements.map((element) => document.querySelector(element).getBoundingClientRect().height);
  let [before, same] = ['', 0];
  while (same < 3) {
    await new Promise(requestAnimationFrame);
    const now = String(heights());
    same = now === before ? same + 1 : 0;
    before = now;
  }
  return heights();
}

/**
 * The rooms of one: each goes from its width on, as far as it is no further off than it may be.
 *
 * @param {{ width: number, height: number }[]} measured
 * @param {number} slack
 * @returns {{ from: number, room: number }[]}
 */
function runsOf(measured, slack) {
  const runs = [];
  for (const { width, height } of measured) {
    const run = runs.at(-1);
    const low = Math.min(run?.low ?? Infinity, height);
    const high = Math.max(run?.high ?? -Infinity, height);
    if (run && high - low <= 2 * slack) Object.assign(run, { low, high });
    else runs.push({ from: width, low: height, high: height });
  }
  return runs.map(({ from, low, high }) => ({ from, room: Math.round((low + high) / 2) }));
}

/** Writes rooms as styles, by width. */
async function write({ file, head, query }, kept) {
  const widths = [...new Set(kept.map(({ from }) => from))].sort((a, b) => a - b);
  const blocks = widths.map((width) => {
    const rules = kept.filter(({ from }) => from === width).map(rule);
    return width === NARROWEST
      ? rules.join('\n\n')
      : `${query} (min-width: ${width}px) {\n${indented(rules.join('\n\n'))}\n}`;
  });
  await writeFile(at(file), `${[`/* ${head} Made by \`npm run rooms\`, not by hand. */`, ...blocks].join('\n\n')}\n`);
}

const rule = ({ selector, room }) => `${selector} {\n  --room: ${room}px;\n}`;

const indented = (text) => text.replace(/^(?=.)/gm, '  ');

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(rooms);
