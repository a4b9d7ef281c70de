// Files from outside: every format opens, what the names do not say is asked, what is wrong is said.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { screenshot, startSite } from './harness.mjs';
import {
  assertShown,
  drop,
  explainRow,
  holdFiles,
  json,
  noise,
  npy,
  npz,
  safetensors,
  settled,
  tensor,
} from './page.mjs';

const site = await startSite();
after(() => site.close());

const [N, M, D] = [5, 7, 3];
const q = tensor([2, N, D], noise(2 * N * D));
const k = tensor([2, M, D], noise(2 * M * D, 9));
const v = tensor([2, M, 4], noise(2 * M * 4, 5));
const names = { 'layers.0.q': q, 'layers.0.k': k, 'layers.0.v': v };

const WIDE = { width: 1440, height: 1200 };
const size = async (page, rows, columns) => {
  await page.waitForFunction(
    ([rows, columns]) => {
      const plot = document.querySelector('.plot');
      return (
        plot.getAttribute('aria-rowcount') === String(rows) && plot.getAttribute('aria-colcount') === String(columns)
      );
    },
    [rows, columns],
  );
  await settled(page);
};
const notice = async (page) => {
  await page.locator('#notice p').waitFor();
  return page.locator('#notice p').textContent();
};

async function assertPicture(page) {
  await size(page, N, M);
  await page.locator('[name="head"]').selectOption('1');
  await settled(page);
  await page.locator('.plot-cursor').focus();
  await page.keyboard.press('Control+End');
  await page.locator('.cell-place', { hasText: `query ${N - 1} · key ${M - 1}` }).waitFor();
  const pair = explainRow(q, k, { head: 1, row: N - 1 })[M - 1];
  await page.waitForFunction(() => document.querySelector('[data-number="weight"]') !== null);
  await assertShown(page, 'product', pair.product);
  await assertShown(page, 'weight', pair.weight);
}

for (const [name, content] of [
  ['own.safetensors', safetensors(names)],
  ['own.npz', npz(names)],
  ['own.json', json(names)],
]) {
  test(`dropping ${name} shows it`, () =>
    site.visit(WIDE, async (page) => {
      await settled(page);
      await drop(page, { name, content });
      await assertPicture(page);
      assert.match(await page.locator('[name="example"]').innerText(), new RegExp(`Your file: ${name}`));
    }));
}

test('dropping q.npy, k.npy and v.npy together shows them', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(
      page,
      { name: 'v.npy', content: npy(v) },
      { name: 'q.npy', content: npy(q) },
      { name: 'k.npy', content: npy(k) },
    );
    await assertPicture(page);
  }));

test('picking a file with the button does the same as dropping it', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Open files…' }).click();
    await (await chooser).setFiles({ name: 'own.npz', mimeType: '', buffer: npz(names) });
    await assertPicture(page);
  }));

test('sinks in a file count, each layer with its own, and the control says where they are from', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const [qs, ks] = [tensor([1, 4, 3], noise(12)), tensor([1, 4, 3], noise(12, 4))];
    const layers = { 'layers.0.q': qs, 'layers.0.k': ks, 'layers.1.q': qs, 'layers.1.k': ks };
    const sinks = { 'layers.0.sinks': tensor([1], [2]), 'layers.1.sinks': tensor([1], [-1]) };
    await drop(page, { name: 'sunk.safetensors', content: safetensors({ ...layers, ...sinks }) });
    await size(page, 4, 4);
    assert.equal(await page.locator('[name="normalizer"]').inputValue(), 'softmax_sink');
    const automatic = page.locator('select[name="sinks"] option').first();
    assert.equal(await automatic.textContent(), 'Automatic: from the file');
    for (const [layer, sink] of [
      [0, 2],
      [1, -1],
    ]) {
      await page.locator('[name="layer"]').selectOption(String(layer));
      await settled(page);
      await page.locator('.plot-cursor').focus();
      await page.keyboard.press('Control+Home');
      await page.locator('.cell-place', { hasText: 'query 0 · key 0' }).waitFor();
      const scaled = explainRow(qs, ks, { row: 0 }).map((pair) => Math.exp(pair.scaled));
      const all = scaled.reduce((sum, one) => sum + one, Math.exp(sink));
      const mass = (all - Math.exp(sink)) / all;
      await page.waitForFunction(
        (mass) => Math.abs(Number(document.querySelector('[data-number="mass"]')?.textContent) - mass) < 6e-4,
        mass,
      );
      await assertShown(page, 'weight', scaled[0] / all);
    }
  }));

test('a layer without sinks is plain softmax, unless another normalizer is chosen', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const one = () => tensor([1, 4, 3], noise(12));
    const layers = { 'layers.0.q': one(), 'layers.0.k': one(), 'layers.1.q': one(), 'layers.1.k': one() };
    await drop(page, { name: 'half.npz', content: npz({ ...layers, 'layers.1.sinks': tensor([1], [2]) }) });
    await size(page, 4, 4);
    const normalizer = page.locator('[name="normalizer"]');
    const enter = async (layer, expected) => {
      await page.locator('[name="layer"]').selectOption(String(layer));
      await settled(page);
      assert.equal(await normalizer.inputValue(), expected, `layer ${layer}`);
    };
    const captions = page.locator('.axis-captions');
    assert.equal(await normalizer.inputValue(), 'softmax');
    assert.match(await captions.innerText(), /each row sums to 1\.000/);
    await enter(1, 'softmax_sink');
    assert.match(await captions.innerText(), /row sums from 0\.\d+ to 0\.\d+/);
    await normalizer.selectOption('softmax');
    await enter(0, 'softmax');
    await enter(1, 'softmax');
    await normalizer.selectOption('softmax_sink');
    await enter(0, 'softmax');
    await page.getByText('Reset to the file’s settings').click();
    await enter(1, 'softmax_sink');
  }));

test('where the names do not say, the page asks, checks, and shows', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const odd = { alpha: q, beta: k, gamma: v, flat: tensor([4], [1, 2, 3, 4]) };
    await drop(page, { name: 'odd.npz', content: npz(odd) });
    await page.locator('#assign h2').waitFor();
    await screenshot(page, 'page-assign');
    const choose = async (role, label) => {
      const menu = page.locator(`#assign [name="${role}"]`);
      const options = await menu.locator('option').allTextContents();
      await menu.selectOption({ label: options.find((option) => option.startsWith(label)) });
    };
    const fault = () => page.locator('#assign .field-fault').textContent();
    const options = await page.locator('#assign [name="query"] option').allTextContents();
    assert.ok(
      options.some((option) => /alpha\s+\(2 × 5 × 3, .*f.*4.*\)/i.test(option)),
      String(options),
    );

    await page.getByRole('button', { name: 'Show' }).click();
    assert.match(await fault(), /Choose a tensor for Q and one for K/);
    await choose('query', 'alpha');
    await choose('key', 'gamma');
    assert.match(await fault(), /Q has vectors of 3 numbers, K of 4/);
    await choose('key', 'flat');
    assert.match(await fault(), /“flat” is 1-dimensional; Q, K and V have 2 to 4 axes/);
    await choose('key', 'beta');
    await choose('value', 'alpha');
    assert.match(await fault(), /K has 2 heads of 7 keys, V has 2 heads of 5 values/);
    await choose('value', 'gamma');
    assert.equal(await fault(), '');
    await page.getByRole('button', { name: 'Show' }).click();
    await assertPicture(page);
    assert.ok(await page.locator('#assign').isHidden());
  }));

test('one tensor can be compared with itself', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page, { name: 'x.npy', content: npy(q) });
    await page
      .locator('#assign')
      .getByText(/x\.npy has one tensor\. Let it be Q and K at once, or open the files/)
      .waitFor();
    for (const role of ['query', 'key']) await page.locator(`#assign [name="${role}"]`).selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Show' }).click();
    await size(page, N, N);
  }));

for (const [what, name, content, sentence] of [
  ['an empty file', 'empty.safetensors', Buffer.alloc(0), /empty\.safetensors could not be opened: .*empty/],
  [
    'a text',
    'letter.npz',
    Buffer.from('Dear reader, this is no array.'),
    /letter\.npz could not be opened: .*begins with/,
  ],
  [
    'a file cut short',
    'short.safetensors',
    safetensors(names).subarray(0, -40),
    /short\.safetensors could not be opened: .*\d+.*\d+/,
  ],
  [
    'a header that lies',
    'lies.safetensors',
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x7b]),
    /lies\.safetensors could not be opened: .*\d+/,
  ],
  ['broken JSON', 'broken.json', Buffer.from('{"q": {"shape": [2'), /broken\.json could not be opened/],
  [
    'weights alone',
    'weights.npz',
    npz({ 'layers.0.weights': tensor([1, 2, 2], [1, 0, 0, 1]) }),
    /weights without Q and K/,
  ],
]) {
  test(`${what} gives a sentence, and the picture stays`, () =>
    site.visit(WIDE, async (page) => {
      await settled(page);
      await drop(page, { name, content });
      assert.match(await notice(page), sentence);
      assert.doesNotMatch(await notice(page), /[.!?。]{2}|[.。] ?[·,;]/, 'one stop at the end');
      await size(page, 16, 16);
      await page.getByRole('button', { name: 'Close' }).click();
      assert.equal(await page.locator('#notice').textContent(), '');
      await drop(page, { name: 'own.npz', content: npz(names) });
      await assertPicture(page);
    }));
}

test('an error is said in Chinese too, with both numbers', () =>
  site.visit({ ...WIDE, language: 'zh-CN' }, async (page) => {
    await settled(page);
    await drop(page, { name: 'short.safetensors', content: safetensors(names).subarray(0, -40) });
    assert.match(await notice(page), /无法打开 short\.safetensors：.*在第 \d+ 字节处结束，应到第 \d+ 字节/);
    await screenshot(page, 'page-error-zh');
  }));

test('a drop without files says so', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page);
    assert.match(await notice(page), /no file/);
  }));

test('tensors that do not fit each other name both sizes', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const tensors = { 'layers.0.q': tensor([2, 3], noise(6)), 'layers.0.k': tensor([2, 4], noise(8)) };
    await drop(page, { name: 'misfit.safetensors', content: safetensors(tensors) });
    assert.match(await notice(page), /3.*4|4.*3/);
  }));

test('a number of tokens that is not the length of the sequence shows both numbers', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const tokens = JSON.stringify(['only', 'three', 'tokens']);
    await drop(page, { name: 'tokens.safetensors', content: safetensors(names, { query_tokens: tokens }) });
    assert.match(await notice(page), /3 .*5|5 .*3/);
  }));

test('a hostile token is text wherever it stands', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const evil = '<img src=x onerror=globalThis.hacked=1>';
    const tokens = [evil, '\u202eright to left', '', ' ', 'a\nb'];
    const content = safetensors(
      { 'layers.0.q': tensor([5, 2], noise(10)), 'layers.0.k': tensor([5, 2], noise(10, 3)) },
      { tokens: JSON.stringify(tokens), text: evil, model: evil },
    );
    await drop(page, { name: `${evil}.safetensors`, content });
    await size(page, 5, 5);
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('Control+Home');
    await page.locator('.cell-place', { hasText: 'query 0 · key 0' }).waitFor();
    assert.equal(await page.locator('.cell-token').first().textContent(), evil);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.evaluate(() => globalThis['hacked']), undefined);
    const labels = await page.locator('.matrix .axis-rows .axis-labels .axis-label').allTextContents();
    assert.deepEqual(labels, [evil, '⟨U+202E⟩right to left', '∅', '␣', 'a↵b']);
  }));

test('of two drops the second wins, even where the first is read last', () =>
  site.visit({ ...WIDE, before: holdFiles }, async (page) => {
    await settled(page);
    const first = { 'layers.0.q': tensor([9, 2], noise(18)), 'layers.0.k': tensor([9, 2], noise(18, 2)) };
    await drop(page, { name: 'held.safetensors', content: safetensors(first) });
    await drop(page, { name: 'second.npz', content: npz(names) });
    await assertPicture(page);
    await page.evaluate(() => globalThis['letGo']());
    await page.waitForTimeout(300);
    await size(page, N, M);
    assert.match(await page.locator('[name="example"]').innerText(), /second\.npz/);
    assert.equal(await page.locator('#notice').textContent(), '');
    // Alone the first is shown: it is no file that is refused anyway.
    await drop(page, { name: 'held.safetensors', content: safetensors(first) });
    await size(page, 9, 9);
  }));

test('the busy sign stays while a file is read, whatever is drawn meanwhile', () =>
  site.visit({ ...WIDE, before: holdFiles }, async (page) => {
    await settled(page);
    await drop(page, { name: 'held.safetensors', content: safetensors(names) });
    const sign = page.locator('.busy', { hasText: 'Reading held.safetensors' });
    await sign.waitFor();
    assert.match(await page.locator('.matrix-room .visually-hidden[role="status"]').textContent(), /Reading held/);
    // Another layer is another problem, which the worker that waits for the file has no part in.
    const before = await page.locator('.legend-numbers').textContent();
    await page.locator('[name="layer"]').selectOption('0');
    await page.waitForFunction((text) => document.querySelector('.legend-numbers').textContent !== text, before);
    await sign.waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await settled(page);
    assert.ok(await page.locator('.busy').isHidden());
    await size(page, 16, 16);
  }));

test('of 200,000 heads one is typed', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const bytes = (seed) => ({ shape: [1, 200_000, 1, 1], data: new Uint8Array(200_000).fill(seed) });
    const content = safetensors({ 'layers.0.q': bytes(2), 'layers.0.k': bytes(3) }, { text: 'long '.repeat(1 << 18) });
    await drop(page, { name: 'heads.safetensors', content });
    await size(page, 1, 1);
    assert.ok((await page.locator('.source-about').textContent()).length < 600);
    const head = page.locator('[name="head"]');
    await head.fill('199999');
    await head.press('Enter');
    await settled(page);
    await page.waitForFunction(() => location.hash.includes('head=199999'));
    await page.getByRole('button', { name: 'Next: Head' }).click({ force: true });
    assert.equal(await head.inputValue(), '199999', 'the last stays the last');
    await head.fill('200000');
    await head.press('Enter');
    assert.equal(await head.inputValue(), '199999', 'there is no such head');
  }));

test('no heads at all give a sentence', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const none = tensor([1, 0, 3, 2], []);
    await drop(page, { name: 'none.safetensors', content: safetensors({ 'layers.0.q': none, 'layers.0.k': none }) });
    assert.match(await notice(page), /\b0 heads/);
  }));

test('an unknown score is said at its menu', () =>
  site.visit({ ...WIDE, height: 2400 }, async (page) => {
    await settled(page);
    await drop(page, { name: 'score.safetensors', content: safetensors(names, { score: 'telepathy' }) });
    await page.locator('[data-parameter="score"] .field-fault', { hasText: 'telepathy' }).waitFor();
    assert.equal(await page.locator('[name="score"]').inputValue(), 'telepathy');
    await page.locator('[name="score"]').selectOption('dot');
    await size(page, N, M);
  }));

test('a file that cannot be read leaves no mask of the file before it to edit', () =>
  site.visit({ ...WIDE, height: 1400 }, async (page) => {
    await settled(page);
    await page.locator('.mask-summary').click();
    await page.locator('[name="causal"]').check();
    await page.locator('.mask-count', { hasText: '136 of 256' }).waitFor();
    const file = safetensors({ 'layers.0.q': q, 'layers.0.k': k }, { scale: '0.5' });
    const at = file.indexOf('"dtype":"F32"');
    assert.ok(at > 0);
    file.write('"dtype":"C64"', at);
    await drop(page, { name: 'unread.safetensors', content: file });
    assert.match(await notice(page), /C64/);
    assert.equal(await page.locator('.mask-count').textContent(), '');
    const invert = page.locator('[name="invert"]');
    assert.ok(await invert.isHidden(), 'the editor is not there');
    await invert.evaluate((button) => button.click());
    assert.equal(await page.locator('input[name="scale"]').inputValue(), '0.5');
    assert.equal(await page.locator('[name="causal"]').isChecked(), false);
    await drop(page, { name: 'own.npz', content: npz(names) });
    await size(page, N, M);
    await page.locator('.mask-count', { hasText: `all ${N * M} pairs` }).waitFor();
    assert.ok(await invert.isVisible(), 'it is back');
  }));

const pickMask = async (page, name, content) => {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Load a mask…' }).click();
  await (await chooser).setFiles({ name, mimeType: '', buffer: content });
};

/** A mask for the file that leaves the first key alone. */
const alone = tensor(
  [1, M],
  Array.from({ length: M }, (_, key) => (key === 0 ? 1 : 0)),
);

test('a mask that is read late does not land on the file opened meanwhile, nor does its question', () =>
  site.visit({ ...WIDE, height: 1400, before: holdFiles }, async (page) => {
    await settled(page);
    await page.locator('.mask-summary').click();
    const all = page.locator('.mask-count', { hasText: `all ${N * M} pairs` });
    await pickMask(page, 'held.npy', npy(alone));
    await drop(page, { name: 'own.npz', content: npz(names) });
    await all.waitFor();
    await page.evaluate(() => globalThis['letGo']());
    await page.waitForTimeout(300);
    assert.ok(await all.isVisible());
    assert.equal(await page.locator('.mask-note').textContent(), '');
    // It is no file that is refused anyway.
    await pickMask(page, 'held.npy', npy(alone));
    await page.locator('.mask-count', { hasText: `${N} of ${N * M}` }).waitFor();
    await pickMask(page, 'two.npz', npz({ one: alone, other: alone }));
    await page.locator('[name="mask-tensor"]').waitFor();
    await drop(page, { name: 'again.npz', content: npz(names) });
    await all.waitFor();
    assert.equal(await page.locator('[name="mask-tensor"]').count(), 0);
  }));

test('the opposite of a mask brings back nothing that was undone, and takes no stroke', () =>
  site.visit({ ...WIDE, height: 1400 }, async (page) => {
    await settled(page);
    await page.locator('.mask-summary').click();
    const count = page.locator('.mask-count');
    const opposite = page.locator('[name="opposite"]');
    const first = tensor(
      [1, 16],
      Array.from({ length: 16 }, (_, key) => (key < 3 ? 1 : 0)),
    );
    await pickMask(page, 'first.npy', npy(first));
    await count.filter({ hasText: '48 of 256' }).waitFor();
    await page.locator('[name="undo"]').click();
    await count.filter({ hasText: 'all 256' }).waitFor();
    await opposite.click();
    assert.equal(await count.textContent(), 'all 256 pairs');
    await opposite.click();
    await pickMask(page, 'first.npy', npy(first));
    await count.filter({ hasText: '48 of 256' }).waitFor();
    await page.locator('.mask-cursor').press('Space');
    await count.filter({ hasText: '47 of 256' }).waitFor();
    await opposite.click();
    assert.match(await count.textContent(), /^47 of 256/);
  }));

test('cancelling the question leaves the focus at the file button', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page, { name: 'x.npy', content: npy(q) });
    await page.locator('#assign').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'open');
  }));

test('going back to an example after an own file works', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page, { name: 'own.npz', content: npz(names) });
    await size(page, N, M);
    await page.locator('[name="example"]').selectOption('sentence');
    await size(page, 16, 16);
    assert.equal(await page.locator('[name="layer"]').inputValue(), '3');
  }));

test('a real passage of 424 tokens opens with its tokens', async () => {
  const content = await readFile(new URL('../data/passage.safetensors', import.meta.url));
  await site.visit(WIDE, async (page) => {
    await settled(page);
    await drop(page, { name: 'passage.safetensors', content });
    await size(page, 424, 424);
    assert.equal(await page.locator('.matrix .axis-rows .axis-labels .axis-label').first().textContent(), '0 [CLS]');
    const about = await page.locator('.source-about').textContent();
    assert.match(about, /^\S*all-MiniLM-L6-v2 · .*[^… ]…$/, 'the model, and what fits of the text');
  });
});

test('a long read says so and can be cancelled, and the page goes on', () =>
  site.visit({ path: 'nothing.html', html: '<link rel="icon" href="data:,">' }, async (page) => {
    // The example never arrives.
    await page.route('**/sentence.safetensors', () => {});
    await page.goto(site.url);
    await page.locator('.busy', { hasText: 'Reading A sentence' }).waitFor();
    await screenshot(page, 'page-loading');
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.ok(await page.locator('.busy').isHidden());
    assert.match(await page.locator('.plot-empty').textContent(), /Nothing is open/);
    assert.equal(await page.locator('#notice').textContent(), '');
    await drop(page, { name: 'own.npz', content: npz(names) });
    await size(page, N, M);
  }));

test('an example that cannot be had gives a sentence and an empty plot', () =>
  site.visit(
    { path: 'nothing.html', html: '<link rel="icon" href="data:,">', expectedErrors: /404|Failed to load/ },
    async (page) => {
      await page.route('**/sentence.safetensors', (route) => route.fulfill({ status: 404, body: '' }));
      await page.goto(site.url);
      assert.match(await notice(page), /A sentence \(MiniLM\) could not be opened: .*404/);
      await screenshot(page, 'page-empty');
    },
  ));

test('a folder, dragged in like a file, gives a sentence', () =>
  site.visit({ ...WIDE, fresh: true }, async (page) => {
    await settled(page);
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const browser = await page.context().newCDPSession(page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of /** @type {const} */ (['dragEnter', 'dragOver', 'drop'])) {
      await browser.send('Input.dispatchDragEvent', { type, x: 400, y: 400, data });
      const overlay = await page.evaluate(() => getComputedStyle(document.body, '::after').content);
      assert.equal(overlay, type === 'drop' ? 'none' : '"Drop to open"');
    }
    assert.match(await notice(page), /web could not be opened: .*(directory|folder)/);
    assert.equal(await page.evaluate(() => document.body.classList.contains('dropping')), false);
  }));

test('a tensor without numbers gives a sentence', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const tensors = { 'layers.0.q': tensor([0, 4], []), 'layers.0.k': tensor([3, 4], noise(12)) };
    await drop(page, { name: 'zero.safetensors', content: safetensors(tensors) });
    await page.waitForFunction(() =>
      /0/.test(document.querySelector('#notice').textContent + document.querySelector('.plot-empty').textContent),
    );
  }));

test('a row that is not a number is shown as such, and the others as they are', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const query = tensor([3, 2], [1, 2, NaN, 1, 3, 1]);
    await drop(page, {
      name: 'nan.safetensors',
      content: safetensors({ 'layers.0.q': query, 'layers.0.k': tensor([3, 2], noise(6)) }),
    });
    await size(page, 3, 3);
    await page.locator('.matrix .legend-note', { hasText: 'not a number' }).waitFor();
    assert.match(
      await page.locator('.axis-captions').innerText(),
      /each row sums to 1\.000 · rows that are not numbers: 1/,
    );
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowDown');
    await page.locator('.cell-note', { hasText: 'This row' }).waitFor();
  }));

test('several query heads share a key head, and each is drawn', () =>
  site.visit(WIDE, async (page) => {
    await settled(page);
    const shared = tensor([1, M, D], k.data.slice(0, M * D));
    await drop(page, { name: 'gqa.safetensors', content: safetensors({ 'layers.0.q': q, 'layers.0.k': shared }) });
    await size(page, N, M);
    await page.locator('[name="head"]').selectOption('1');
    await settled(page);
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('Control+Home');
    await page.locator('.cell-place', { hasText: 'query 0 · key 0' }).waitFor();
    const both = tensor([2, M, D], [...shared.data, ...shared.data]);
    await assertShown(page, 'product', explainRow(q, both, { head: 1, row: 0 })[0].product);
  }));
