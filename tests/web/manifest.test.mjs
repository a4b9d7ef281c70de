// custom-elements.json: a manifest by its schema, of all that the element has and nothing else.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, test } from 'node:test';

import { at } from '../../xtask/run.mjs';
import { startSite } from './harness.mjs';
import { loadParts } from './story.mjs';

const site = await startSite({ folder: '.' });
after(() => site.close());

const [manifest, pkg] = (
  await Promise.all(['custom-elements.json', 'package.json'].map((name) => readFile(at('pkg', name), 'utf8')))
).map((text) => JSON.parse(text));
const [module] = manifest.modules;
const [element] = module.declarations;
const names = (list) => list.map(({ name }) => name).sort();

/** Every match of the first group, once each, in files below a folder of www/src. */
async function found(pattern, ending, ...folders) {
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(at('www/src', folder)))
        .filter((name) => name.endsWith(ending))
        .map((name) => at('www/src', folder, name)),
    ),
  );
  const texts = await Promise.all(files.flat().map((file) => readFile(file, 'utf8')));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name)))].sort();
}

test('the package names it, and it is of the schema that it names', () => {
  assert.equal(pkg.customElements, 'custom-elements.json');
  assert.equal(manifest.schemaVersion, '2.1.0');
  assert.deepEqual([module.kind, element.kind, element.customElement], ['javascript-module', 'class', true]);
  assert.ok(Object.values(pkg.exports).some((entry) => entry.default === `./${module.path}`));
  assert.deepEqual(
    module.exports.map(({ kind, name, declaration }) => [kind, name, declaration]),
    [
      ['js', element.name, { name: element.name, module: module.path }],
      ['custom-element-definition', element.tagName, { name: element.name, module: module.path }],
    ],
  );
  const { attributes, members, events, cssParts, cssProperties, slots } = element;
  for (const one of [...attributes, ...members, ...events]) {
    const { name, type, description, default: otherwise, kind, fieldName, readonly, ...more } = one;
    assert.ok(type.text && description.endsWith('.'), name);
    assert.ok(otherwise === undefined || typeof otherwise === 'string', name);
    assert.equal(kind, members.includes(one) ? 'field' : undefined);
    assert.equal(readonly, name === 'shown' ? true : undefined);
    // What every element has is no field of this one.
    if (attributes.includes(one) && name !== 'lang') assert.ok(names(members).includes(fieldName), name);
    assert.deepEqual(more, {}, name);
  }
  for (const { name, description, ...more } of [...cssParts, ...cssProperties, ...slots]) {
    assert.ok(description.endsWith('.'), name);
    assert.deepEqual(more, {}, name);
  }
});

test('every attribute that is observed, and no other', async () => {
  const { ATTRIBUTES } = await loadParts('element/attributes');
  assert.deepEqual(names(element.attributes), [...ATTRIBUTES].sort());
});

test('the types name every view that there is', async () => {
  const { VIEWS } = await loadParts('element/views');
  const types = await readFile(at('www/src/element/public.d.ts'), 'utf8');
  const [, union] = /export type ViewId = ([^;]+);/.exec(types);
  assert.deepEqual(
    union.split(' | '),
    VIEWS.map(({ id }) => `'${id}'`),
  );
});

test('a default is what the element takes where an attribute says nothing', async () => {
  const { askedBy, loadingIn, themeIn } = await loadParts('element/attributes');
  const none = () => null;
  const taken = { ...askedBy(none), loading: loadingIn(none), theme: themeIn(none) };
  const said = element.attributes.filter(({ name }) => name in taken);
  assert.ok(said.length >= 8);
  for (const { name, default: otherwise } of said) {
    assert.equal(otherwise, taken[name] === undefined ? undefined : String(taken[name]), name);
  }
});

test('every event that is told, and no other', async () => {
  assert.deepEqual(names(element.events), await found(/#tell\('([\w-]+)'/g, '.ts', 'element'));
});

test('every part, and no other', async () => {
  assert.deepEqual(names(element.cssParts), await found(/part: '([\w-]+)'/g, '.ts', 'element'));
  const html =
    '<!doctype html><title>x</title><link rel="icon" href="data:," /><qk-scope q="[[1]]" k="[[1]]"></qk-scope>';
  await site.visit({ html }, async (page) => {
    await page.addScriptTag({ url: '/pkg/dist/element.js', type: 'module' });
    await page.locator('[part="matrix"]').waitFor();
    const shown = await page
      .locator('qk-scope [part]')
      .evaluateAll((all) => all.flatMap((node) => [...node.part]).sort());
    assert.deepEqual(shown, names(element.cssParts));
  });
});

test('every property that a page may set, and no other, and what it sets is seen', async () => {
  assert.deepEqual(names(element.cssProperties), await found(/var\(\s*(--qk-[\w-]+)/g, '.css', 'element', 'style'));
  const style =
    '--qk-ink: rgb(1, 2, 3); --qk-paper: rgb(4, 5, 6); --qk-accent: rgb(7, 8, 9); --qk-font: Georgia, serif';
  const html = `<!doctype html><title>x</title><link rel="icon" href="data:," />
    <div style="${style}"><qk-scope theme="light" q="[[1]]" k="[[1]]"></qk-scope></div>`;
  await site.visit({ html }, async (page) => {
    await page.addScriptTag({ url: '/pkg/dist/element.js', type: 'module' });
    await page.locator('[part="matrix"]').waitFor();
    const seen = await page.locator('qk-scope [part="figure"]').evaluate((figure) => {
      const probe = figure.appendChild(document.createElement('i'));
      probe.style.color = 'var(--accent)';
      const { color, backgroundColor, fontFamily } = getComputedStyle(figure);
      return [color, backgroundColor, getComputedStyle(probe).color, fontFamily];
    });
    assert.deepEqual(seen, ['rgb(1, 2, 3)', 'rgb(4, 5, 6)', 'rgb(7, 8, 9)', 'Georgia, serif']);
  });
});

test('a ground of its own is seen, and decides whether the figure is light or dark', async () => {
  const figure = (paper) => `<qk-scope style="--qk-paper: ${paper}" q="[[1]]" k="[[1]]" loading="eager"></qk-scope>`;
  const html = `<!doctype html><html style="color-scheme: light"><title>x</title><link rel="icon" href="data:," />
    ${figure('#222')}${figure('rgb(255, 244, 214)')}</html>`;
  await site.visit({ html }, async (page) => {
    await page.addScriptTag({ url: '/pkg/dist/element.js', type: 'module' });
    await page.locator('[part="matrix"]').nth(1).waitFor();
    const seen = await page.locator('qk-scope [part="figure"]').evaluateAll((figures) =>
      figures.map((one) => {
        const { backgroundColor, colorScheme } = getComputedStyle(one);
        return [backgroundColor, colorScheme];
      }),
    );
    assert.deepEqual(seen, [
      ['rgb(34, 34, 34)', 'dark'],
      ['rgb(255, 244, 214)', 'light'],
    ]);
  });
});

test('the one slot', async () => {
  assert.deepEqual(names(element.slots), ['']);
  assert.deepEqual(await found(/createElement\('(slot)'\)/g, '.ts', 'element'), ['slot']);
});
