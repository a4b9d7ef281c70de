// `npm run goldens` takes the pictures of every view anew, on what is in dist/, and keeps those that show something else than their
// goldens do; with words, as in `npm run goldens -- plane`, all whose name has one of them as well. Look at them before you commit them:
// tests/web/goldens/index.html shows them all.

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { GOLDENS, difference, goldenOf, startCamera } from '../tests/web/camera.mjs';
import { PICTURES } from '../tests/web/pictures.mjs';
import { gallery } from './gallery.mjs';
import { indexedPng } from './png.mjs';
import { Failure, main } from './run.mjs';

/** Takes what differs, or what is named by `words`, and writes the gallery. */
export async function goldens(words) {
  const unknown = words.find((word) => !PICTURES.some(({ file }) => file.includes(word)));
  if (unknown !== undefined)
    throw new Failure(`No picture is called ${unknown}; there are ${PICTURES.map(({ file }) => file).join(', ')}.`);
  await mkdir(GOLDENS, { recursive: true });
  const camera = await startCamera();
  try {
    for (const picture of PICTURES) await renew(camera, picture, words);
  } finally {
    await camera.close();
  }
  const current = PICTURES.map(goldenOf);
  const old = (await readdir(GOLDENS)).map((name) => path.join(GOLDENS, name));
  const unlisted = old.filter((file) => file.endsWith('.png') && !current.includes(file));
  await Promise.all(unlisted.map((file) => rm(file)));
  await writeFile(path.join(GOLDENS, 'index.html'), await gallery());
}

async function renew(camera, picture, words) {
  const found = await camera.takeStill(picture, await camera.take(picture));
  const isAsked = words.some((word) => picture.file.includes(word));
  if (!isAsked && (await isCurrent(camera, picture, found))) return;
  const { width, pixels } = await camera.pixelsOf(found);
  const { png, off } = indexedPng(pixels, width);
  await writeFile(goldenOf(picture), png);
  console.log(`${picture.file}.png  ${(png.length / 1000).toFixed(0)} kB, colours off by up to ${off} of 255`);
}

async function isCurrent(camera, picture, found) {
  const golden = await readFile(goldenOf(picture)).catch(() => undefined);
  if (!golden) return false;
  return difference(await camera.meansOf(golden), await camera.meansOf(found)).fault === '';
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(() => goldens(process.argv.slice(2)));
}
