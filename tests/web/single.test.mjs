// The page in one file, opened as a file: no server, no network, and nothing is asked for.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { at } from '../../xtask/run.mjs';
import { startSite } from './harness.mjs';
import {
  assertShown,
  drop,
  explainRow,
  noise,
  readSafetensors,
  safetensors,
  settled,
  showSection,
  tensor,
} from './page.mjs';
import { loadParts } from './story.mjs';

const FILE = at('dist/qkscope.html');
const ADDRESS = pathToFileURL(FILE).href;

const { SECTION_IDS } = await loadParts('page/story/section');

const site = await startSite();
after(() => site.close());

/** Opens the file without a network, hands it to `work`, and then looks at what it asked for. */
const open = (hash, work) =>
  site.visit({ path: ADDRESS + hash, offline: true, foreign: [ADDRESS] }, async (page, seen) => {
    await settled(page);
    await work(page);
    const asked = seen.requests.filter((url) => !/^(blob|data):/.test(url));
    assert.deepEqual(asked, [ADDRESS]);
  });

const matrix = (page) =>
  page.locator('.plot').evaluate((plot) => ['aria-rowcount', 'aria-colcount'].map((name) => plot.getAttribute(name)));

const opened = (page, rows) =>
  page.waitForFunction((rows) => document.querySelector('.plot').getAttribute('aria-rowcount') === rows, String(rows));

test('it opens on the sentence, with the numbers that the model makes of it', () =>
  open('', async (page) => {
    assert.deepEqual(await matrix(page), ['16', '16']);
    const file = await readSafetensors('www/sentence.safetensors');
    const of = (role) => file.get(`layers.3.${role}`);
    const cells = explainRow(of('q'), of('k'), { head: 1, row: 10 });
    await assertShown(page, 'weight', cells[2].weight);
    assert.equal(await page.locator('#notice').textContent(), '');
  }));

test('the story comes up from the arrows to all heads', () =>
  open('', async (page) => {
    for (const id of SECTION_IDS) await showSection(page, id);
  }));

test('every example is inside: a billion weights under the microscope, too', () =>
  open('', async (page) => {
    for (const [id, rows, columns] of [
      ['passage', 424, 424],
      ['student-teacher', 3, 6],
      ['synthetic', 32768, 32768],
    ]) {
      await page.locator('[name="example"]').selectOption(String(id));
      await opened(page, rows);
      await page.locator('.matrix[aria-busy="false"]').waitFor();
      assert.deepEqual(await matrix(page), [String(rows), String(columns)]);
      assert.equal(await page.locator('#notice').textContent(), '');
    }
  }));

test('a link leads to a view, and the address says what is seen', () =>
  open('#example=student-teacher&batch=3&stage=raw&lang=zh', async (page) => {
    assert.deepEqual(await matrix(page), ['3', '6']);
    assert.equal(await page.locator('[name="batch"]').inputValue(), '3');
    await page.locator('.stage label:has([value="scaled"])').click();
    await page.waitForFunction(() => location.hash.includes('stage=scaled'));
    await page.evaluate(() => (location.hash = '#example=sentence&layer=5&lang=en'));
    await opened(page, 16);
    await settled(page);
    assert.equal(await page.locator('#explore [name="layer"]').inputValue(), '5');
  }));

test('a file of the visitor opens', () =>
  open('', async (page) => {
    const tensors = {
      'layers.0.q': tensor([1, 5, 4], noise(20, 1)),
      'layers.0.k': tensor([1, 7, 4], noise(28, 2)),
    };
    await drop(page, { name: 'mine.safetensors', content: safetensors(tensors) });
    await opened(page, 5);
    await settled(page);
    assert.deepEqual(await matrix(page), ['5', '7']);
  }));

test('its policy lets nothing in, and nothing out', async () => {
  const html = await readFile(FILE, 'utf8');
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1] ?? '';
  const rules = Object.fromEntries(policy.split('; ').map((rule) => [rule.split(' ', 1)[0], rule.split(' ').slice(1)]));
  assert.deepEqual([rules['default-src'], rules['connect-src']], [["'none'"], ["'none'"]]);
  assert.match(policy, /script-src 'sha256-[\w+/=]{44}' 'wasm-unsafe-eval'; style-src 'sha256-[\w+/=]{44}';/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'.*unsafe-eval'|\*|https?:|'self'/);
});

test('the notices that go with it are inside', async () => {
  const html = await readFile(FILE, 'utf8');
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'THIRD-PARTY.md'])
    assert.ok(html.includes(await readFile(at(name), 'utf8')), name);
  assert.ok(html.includes(await readFile(at('www/NOTICE'), 'utf8')));
});
