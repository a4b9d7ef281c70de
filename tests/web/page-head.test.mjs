// The numbers of the head in the picture, against sums over its own weights; and bars for dimensions that turn together.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { startSite } from './harness.mjs';
import { explainRow, readSafetensors, settled, showSection } from './page.mjs';

const site = await startSite();
after(() => site.close());

const open = (page) => page.locator('.section-summary').click();
const numbers = (page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('[data-head-number]')].map((one) => [
        /** @type {HTMLElement} */ (one).dataset.headNumber,
        one.textContent.replace('−', '-'),
      ]),
    ),
  );

test('of a batch with one head each the batch item is the only name, wherever a head is named', () =>
  site.visit({ path: '#example=student-teacher&batch=3', height: 1200 }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('.section-name').textContent(), 'Batch item 3 in numbers');
    await page.locator('.mask-summary').click();
    assert.match(await page.locator('.mask-about').textContent(), /^All masks of batch item 3\. Paint/);
    for (const [id, part] of Object.entries({ links: '.links-title', compare: '.compare-title' })) {
      await showSection(page, id);
      await page.locator(`#${id} ${part}`, { hasText: /^(A: b|B)atch item 3\b/ }).waitFor();
    }
    // What the map of all heads has are layers and heads, however few there are.
    const said = page.locator('main :is(h2, h3, p, label, summary):not(#heads *)');
    for (const words of await said.allTextContents()) assert.doesNotMatch(words, /\bhead 0\b/i);
  }));

test('a head in numbers: they are those of its weights, follow it, and speak both languages', () =>
  site.visit({ path: '#layer=3&head=1' }, async (page) => {
    await settled(page);
    assert.deepEqual(await numbers(page), {}, 'nothing is worked out while the section is closed');
    await open(page);
    await page.locator('[data-head-number="meanEntropy"]').waitFor();
    const first = await numbers(page);
    assert.ok(Object.keys(first).length >= 18, `${Object.keys(first)}`);
    assert.equal(first.meanMass, '1.000');
    assert.notEqual(first.duplicateTokenShare, '–', 'the sentence has tokens on both sides');
    assert.equal(first.inductionScore, '–', 'the sentence is not given twice');

    const file = await readSafetensors('www/sentence.safetensors');
    const [query, key] = [file.get('layers.3.q'), file.get('layers.3.k')];
    const rows = Array.from({ length: 16 }, (_, row) =>
      explainRow(query, key, { head: 1, row }).map((one) => one.weight),
    );
    const mean = (value) => rows.reduce((sum, row, i) => sum + value(row, i), 0) / rows.length;
    const entropy = mean((row) => row.reduce((sum, w) => sum - (w > 0 ? w * Math.log(w) : 0), 0));
    const distance = mean((row, i) => row.reduce((sum, w, j) => sum + w * Math.abs(i - j), 0));
    assert.ok(Math.abs(Number(first.meanEntropy) - entropy) < 1e-3, `${first.meanEntropy}, ${entropy}`);
    assert.ok(Math.abs(Number(first.meanAttentionDistance) - distance) < 1e-3, `${first.meanAttentionDistance}`);

    await page.evaluate(() => (location.hash = '#layer=3&head=2&lang=zh'));
    await page.waitForFunction(
      (before) => document.querySelector('[data-head-number="meanEntropy"]')?.textContent !== before,
      first.meanEntropy,
    );
    await settled(page);
    assert.match(await page.locator('.section-name').textContent(), /第 2 个头/);
    assert.match(await page.locator('.head-ledger').textContent(), /平均熵/);
  }));

test('axe finds nothing in the open section', () =>
  site.visit({ path: '#layer=3&head=1', theme: 'dark' }, async (page) => {
    await settled(page);
    await open(page);
    await page.locator('[data-head-number="meanEntropy"]').waitFor();
    assert.deepEqual(await axeFindings(page), []);
  }));

test('dimensions that turn together share a bar', () =>
  site.visit({ path: '#layer=3&head=1' }, async (page) => {
    await settled(page);
    const bars = page.locator('.ledger-bars span');
    await bars.waitFor();
    assert.match(await bars.textContent(), /one bar per dimension, 32 in all/);
    await page.evaluate(() => (location.hash = '#layer=3&head=1&position=rope'));
    await page.waitForFunction(() => /pair/.test(document.querySelector('.ledger-bars span')?.textContent ?? ''));
    assert.match(await bars.textContent(), /pair of dimensions that turn together, 16 in all/);
    // Both at once: another cell may become current in between.
    const [words, raw] = await page.evaluate(() =>
      ['.ledger-bars span', '[data-number="raw"]'].map((place) => document.querySelector(place).textContent),
    );
    assert.equal(words.match(/add up to (\S+)$/)?.[1], raw);
    await page.evaluate(() => (location.hash = '#layer=3&head=1&score=additive'));
    await page.waitForFunction(() => /hidden/.test(document.querySelector('.ledger-bars span')?.textContent ?? ''));
    assert.match(await bars.textContent(), /one bar per hidden feature, \d+ in all/);
  }));

test('a score is divided by the root of its dimensions where that is its scale, and else multiplied by that', () =>
  site.visit({ path: '#layer=3&head=1' }, async (page) => {
    await settled(page);
    const detail = page.locator('.ledger-scaled .ledger-detail');
    await detail.filter({ hasText: /^[\d.]+ ÷ √32$/ }).waitFor();
    await page.evaluate(() => (location.hash = '#layer=3&head=1&scale=0.5'));
    await detail.filter({ hasText: /^[\d.]+ × 0\.50*$/ }).waitFor();
  }));

test('a bias below zero is taken away', () =>
  site.visit({ path: '#layer=3&head=1&position=alibi' }, async (page) => {
    await settled(page);
    const detail = page.locator('.ledger-biased .ledger-detail');
    await detail.waitFor();
    assert.match(await detail.textContent(), /^−?[\d.]+ − [\d.]+$/);
  }));

for (const language of /** @type {const} */ (['en-US', 'zh-CN'])) {
  test(`nothing is wider than a phone, ${language}`, () =>
    site.visit({ path: '#layer=3&head=1', width: 360, language }, async (page) => {
      await settled(page);
      await open(page);
      await page.locator('[data-head-number="inductionAbs"]').waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    }));
}
