// Every view of the page as it looks: held against a picture that somebody looked at, light and dark, wide and narrow.
//
// Where the page is meant to look otherwise now, `npm run goldens` renews the pictures; the gallery beside them shows them all.

import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { gallery } from '../../xtask/gallery.mjs';
import { GOLDENS, difference, differencePicture, goldenOf, startCamera } from './camera.mjs';
import { PICTURES, VIEWS } from './pictures.mjs';
import { loadParts } from './story.mjs';

const FOUND = fileURLToPath(new URL('../../target/goldens/', import.meta.url));

const camera = await startCamera();
after(() => camera.close());

const goldens = new Map();

/** The means of a picture's golden, which are worked out once. */
async function goldenMeans(picture) {
  const { file } = picture;
  if (!goldens.has(file)) goldens.set(file, await camera.meansOf(await readFile(goldenOf(picture))));
  return goldens.get(file);
}

/** What lies between a picture's golden and the picture as it is taken now, with more `css` than the page's own if there is some. */
async function compared(picture, css) {
  const golden = await goldenMeans(picture);
  const look = async (png) => {
    const means = await camera.meansOf(png);
    return { png, means, ...difference(golden, means) };
  };
  const first = await look(await camera.take(picture, css));
  return first.fault ? look(await camera.takeStill(picture, first.png)) : first;
}

/** Leaves what was found, and where it differs, for people to look at. */
async function keep({ file }, { png, means, squares }) {
  const [picture, differs] = ['png', 'difference.svg'].map((ending) => path.join(FOUND, `${file}.${ending}`));
  await mkdir(FOUND, { recursive: true });
  await writeFile(picture, png);
  await writeFile(differs, differencePicture(means, png, squares));
  const [what, where] = [picture, differs].map((one) => path.relative(process.cwd(), one));
  return `${what} is what was found, ${where} where it differs`;
}

test('one after the other comes to rest, as `npm run goldens` takes them', async () => {
  for (const picture of PICTURES.filter(({ view, width }) => view.section && width > 1000)) {
    await camera.takeStill(picture, await camera.take(picture));
  }
});

for (const picture of PICTURES) {
  test(`it looks as its golden does: ${picture.file}`, async () => {
    const result = await compared(picture);
    if (!result.fault) return;
    const word = picture.file;
    assert.fail(`${result.fault}; ${await keep(picture, result)}; \`npm run goldens -- ${word}\` makes it the golden`);
  });
}

test('every section of the story has its pictures, and each theme is seen at each width', async () => {
  const { SECTION_IDS } = await loadParts('page/story/section');
  assert.deepEqual(
    VIEWS.flatMap(({ section }) => section ?? []),
    SECTION_IDS,
  );
  for (const { name } of VIEWS) {
    const two = PICTURES.filter(({ view }) => view.name === name);
    for (const what of ['theme', 'width', 'language']) assert.equal(new Set(two.map((one) => one[what])).size, 2, name);
  }
  assert.equal(new Set(PICTURES.map(({ theme, width }) => `${theme} ${width}`)).size, 4);
});

// ---- that it would be seen

/** A picture as it comes, wherever the tests before have led. */
const again = (name, more = '') => {
  const picture = PICTURES.find(({ file }) => file === name);
  return { ...picture, view: { ...picture.view, hash: `example=sentence${more}` } };
};
const [matrix, cell] = [again('matrix-wide-light'), again('cell-narrow-light')];

for (const [what, picture, css] of [
  ['a legend 8 px beside its place', matrix, '.legend-bar { translate: 8px 0 }'],
  ['no names of keys', matrix, '.axis-columns { visibility: hidden }'],
  ['one name of a query less', matrix, '.axis-rows .axis-label:nth-child(3) { visibility: hidden }'],
  ['another colour table', again('matrix-wide-light', '&colors=cividis')],
  ['the dark theme in place of the light one', { ...matrix, theme: 'dark' }],
  ['a panel 8 px lower', cell, '.cell-panel { padding-top: 8px }'],
  ['a number less', cell, '[data-number="weight"] { visibility: hidden }'],
]) {
  test(`it would be seen: ${what}`, async () => assert.notEqual((await compared(picture, css)).fault, ''));
}

for (const picture of [matrix, cell]) {
  test(`without a fault it is as before: ${picture.file}`, async () =>
    assert.equal((await compared(picture)).fault, ''));
}

test('the gallery shows the pictures of the list', async () => {
  assert.equal(await readFile(path.join(GOLDENS, 'index.html'), 'utf8'), await gallery(), 'run `npm run goldens`');
  const files = (await readdir(GOLDENS)).filter((name) => name.endsWith('.png')).sort();
  assert.deepEqual(files, PICTURES.map(({ file }) => `${file}.png`).sort());
});
