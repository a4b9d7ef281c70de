// Takes the pictures of `pictures.mjs`, and says how far two pictures are apart.
//
// Text is drawn in fonts that are named. How glyphs are smoothed is the machine's own affair: pictures are compared by the means of
// squares, within a tolerance.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { dress, startWithFonts } from './faces.mjs';
import { sectionReady, settled } from './page.mjs';
import { meansAt, pixelsAt, pngAddress } from './pixels.mjs';

/** Where the pictures lie that were found good by looking at them. */
export const GOLDENS = fileURLToPath(new URL('goldens/', import.meta.url));

/** @param {{ file: string }} picture */
export const goldenOf = ({ file }) => path.join(GOLDENS, `${file}.png`);

/**
 * What may lie between a golden and a picture of today. With the same fonts it is nothing on the same system; glyphs that are smoothed in
 * another way are off by up to 29, and fewer than one square in a thousand by more than 16. A golden's few colours are off by up to 5.
 */
export const TOLERANCE = {
  /** Pixels along the side of a square. */
  square: 8,
  /** How far the mean of a square may be off, in red, green or blue, of 255. */
  mean: 16,
  /** The share of squares that may be off by more. */
  share: 0.001,
  /** How far any square may be off. */
  most: 40,
};

/**
 * What changes is drawn with all that stands around it. Chromium draws the changed part of a tile alone, which cuts what crosses its
 * edge: from one picture to the next a pixel was another there, and back again.
 */
const WHOLE_TILES = '--disable-partial-raster';

/** A picture that is another each time it is taken, so many times, moves for ever. */
const TURNS = 20;

/** Pixels around what is taken. */
const MARGIN = 8;

/** A browser that takes pictures, those of one width in a page that is kept. */
export async function startCamera() {
  const site = await startWithFonts([WHOLE_TILES]);
  // No policy forbids anything there.
  const { page: blank } = await site.open({ path: 'about:blank' });
  const kept = new Map();
  const pageFor = async (picture) => {
    const { width } = picture;
    if (!kept.has(width)) kept.set(width, await site.open({ ...picture, reducedMotion: true }));
    return kept.get(width).page;
  };
  return {
    /**
     * Takes a picture as PNG, with more `css` than the page's own if there is some.
     *
     * @param {import('./pictures.mjs').Picture} picture
     * @returns {Promise<Buffer>}
     */
    async take(picture, css = '') {
      const page = await pageFor(picture);
      await dress(page, css);
      await bring(page, picture);
      return shot(page, picture.view.parts);
    },
    /**
     * Takes once more what was taken last, until nothing changes any more.
     *
     * @param {import('./pictures.mjs').Picture} picture
     * @param {Buffer} before
     * @returns {Promise<Buffer>}
     */
    async takeStill(picture, before) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        const now = await shot(await pageFor(picture), picture.view.parts);
        if (now.equals(before)) return now;
        before = now;
      }
      throw new Error(`${picture.file} does not come to rest`);
    },
    /** The means of the squares of a PNG. @param {Buffer} png */
    meansOf: (png) => meansAt(blank, pngAddress(png), TOLERANCE.square),
    /** The pixels of a PNG, four bytes each. @param {Buffer} png */
    pixelsOf: (png) => pixelsAt(blank, pngAddress(png)),
    /** Fails where a page complained. */
    async close() {
      try {
        for (const { check } of kept.values()) check();
      } finally {
        await site.close();
      }
    },
  };
}

/** Brings a view into sight as its picture wants it, and waits until it is there. */
async function bring(page, { view, theme }) {
  await page.emulateMedia({ colorScheme: theme });
  if (view.hash) await page.evaluate((hash) => (location.hash = hash), view.hash);
  await page.evaluate((part) => document.querySelector(part).scrollIntoView(), view.parts[0]);
  if (view.section) await sectionReady(page, view.section);
  else await settled(page);
  if (view.opens && !(await page.locator(view.until).isVisible())) await page.locator(view.opens).click();
  if (view.until) await page.locator(view.until).waitFor();
  // Nothing is under the pointer.
  await page.mouse.move(0, 0);
}

async function shot(page, parts) {
  const clip = await page.evaluate(boxAround, /** @type {const} */ ([parts, MARGIN]));
  return page.screenshot({ fullPage: true, clip });
}

async function boxAround([parts, margin]) {
  const boxes = () => parts.map((part) => document.querySelector(part).getBoundingClientRect());
  const start = (side) => Math.min(...boxes().map((box) => box[side]));
  const end = (side) => Math.max(...boxes().map((box) => box[side]));
  // It begins at a whole pixel, however many lines of which height are above it.
  const before = parseFloat(document.body.style.paddingTop || '0');
  const above = start('top') + scrollY - before;
  document.body.style.paddingTop = `${Math.ceil(above) - above}px`;
  // What measures its room is laid out in the next frame.
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const x = Math.max(0, Math.floor(start('left') - margin));
  const y = Math.max(0, Math.round(start('top') + scrollY) - margin);
  const right = Math.min(document.documentElement.clientWidth, Math.ceil(end('right') + margin));
  return { x, y, width: right - x, height: Math.ceil(end('bottom') + scrollY) + margin - y };
}

/**
 * The squares of two pictures of one size that are further off than the tolerance, each with how far.
 *
 * @typedef {import('./pixels.mjs').Means} Means
 * @param {Means} golden
 * @param {Means} found
 * @returns {{ x: number, y: number, off: number }[]}
 */
function squaresOff(golden, found) {
  const { square, mean } = TOLERANCE;
  const columns = Math.floor(golden.width / square);
  const squares = Array.from({ length: golden.means.length / 3 }, (_, at) => ({
    x: square * (at % columns),
    y: square * Math.floor(at / columns),
    off: Math.max(
      ...[0, 1, 2].map((channel) => Math.abs(golden.means[3 * at + channel] - found.means[3 * at + channel])),
    ),
  }));
  return squares.filter(({ off }) => off > mean);
}

/**
 * What is wrong with a picture, in words, and the squares that are off; no words where nothing is.
 *
 * @param {Means} golden
 * @param {Means} found
 * @returns {{ fault: string, squares: { x: number, y: number, off: number }[] }}
 */
export function difference(golden, found) {
  const sizes = [golden, found].map(({ width, height }) => `${width} × ${height} px`);
  if (sizes[0] !== sizes[1]) return { fault: `it is ${sizes[1]}, and was ${sizes[0]}`, squares: [] };
  const squares = squaresOff(golden, found);
  const most = Math.max(0, ...squares.map(({ off }) => off));
  const allowed = Math.floor((TOLERANCE.share * golden.means.length) / 3);
  if (squares.length <= allowed && most <= TOLERANCE.most) return { fault: '', squares };
  const counted = `${squares.length} squares of ${golden.means.length / 3} are off by more than ${TOLERANCE.mean} (${allowed} may be)`;
  return { fault: `${counted}, the worst by ${Math.round(most)} (${TOLERANCE.most} at most)`, squares };
}

/** What was found, faint, and over it the squares that are off, as SVG. */
export function differencePicture({ width, height }, png, squares) {
  const { square } = TOLERANCE;
  const marks = squares.map(
    ({ x, y, off }) =>
      `<rect x="${x}" y="${y}" width="${square}" height="${square}" fill-opacity="${Math.min(1, 0.3 + off / 128).toFixed(2)}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<image href="${pngAddress(png)}" width="${width}" height="${height}" opacity="0.3"/>
<g fill="#d6249f">${marks.join('')}</g></svg>\n`;
}
