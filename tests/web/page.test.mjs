// The page as a whole: it loads in peace, stands still, fits every width, and speaks both languages in both themes.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { made, screenshot, startSite } from './harness.mjs';
import { sectionReady, settled, showSection } from './page.mjs';
import { loadParts } from './story.mjs';

const { SECTION_IDS } = await loadParts('page/story/section');

const site = await startSite();
after(() => site.close());

const param = (page, name) => page.evaluate((name) => new URLSearchParams(location.hash.slice(1)).get(name), name);

/** Waits until the address says so: it is written once the view rests. */
const linked = (page, name, value) =>
  page.waitForFunction(
    ([name, value]) => new URLSearchParams(location.hash.slice(1)).get(name) === value,
    [name, value],
  );

test('the page opens on a sentence and asks for nothing but its own files', () =>
  site.visit({}, async (page, seen) => {
    await settled(page);
    assert.match(await page.title(), /qkscope/);
    assert.equal(await page.locator('.plot').getAttribute('aria-rowcount'), '16');
    assert.equal(await page.locator('.plot').getAttribute('aria-colcount'), '16');
    assert.equal(await page.locator('#notice').textContent(), '');
    assert.ok(seen.requests.some((url) => url.endsWith('/sentence.safetensors')));
  }));

test('a strict Content Security Policy stands in the page, and nothing in it is inline', async () => {
  const html = await readFile(new URL('../../www/index.html', import.meta.url), 'utf8');
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1] ?? '';
  for (const rule of [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self'",
  ]) {
    assert.ok(policy.split('; ').includes(rule), rule);
  }
  assert.doesNotMatch(html, /\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)/);
});

/** What hosts send who allow a page itself, WebAssembly and workers, and nothing else. */
const STRICT = {
  'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
};

for (const [name, path] of [
  ['at its root', 'dist/'],
  ['by the name of its file', 'dist/index.html'],
]) {
  test(`under a host's own policy, below a path, ${name}: the whole story, exports, nothing is refused`, async () => {
    const host = await startSite({ folder: '.', headers: STRICT });
    try {
      await host.visit({ path, before: watchViolations }, async (page, seen) => {
        await wasmAsBytes(page);
        await page.reload();
        await settled(page);
        assert.equal(await page.locator('.plot').getAttribute('aria-rowcount'), '16');
        for (const id of SECTION_IDS) {
          await showSection(page, id);
          await page.locator(`#${id} .take summary`).click();
          for (const format of ['csv', 'png-2']) {
            const saved = page.waitForEvent('download');
            await page.locator(`#${id} [name="take-${format}"]`).click();
            await (await saved).path();
          }
        }
        assert.ok(page.workers().length > 0, 'workers compute');
        assert.deepEqual(await page.evaluate(() => globalThis['violations']), []);
        const asked = seen.requests.filter((url) => url.startsWith('http'));
        for (const url of asked) assert.ok(new URL(url).pathname.startsWith('/dist/'), url);
        assert.ok(asked.some((url) => url.endsWith('.wasm')));
      });
    } finally {
      await host.close();
    }
  });
}

function watchViolations() {
  globalThis['violations'] = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective: rule, blockedURI }) =>
    globalThis['violations'].push(`${rule}: ${blockedURI}`),
  );
}

/** Modules come as from a server that does not know wasm. */
const wasmAsBytes = (page) =>
  page.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, contentType: 'application/octet-stream' });
  });

for (const [name, path] of [
  ['the sentence', ''],
  ['students and teachers', '#example=student-teacher'],
]) {
  for (const width of [360, 1280]) {
    test(`nothing moves while ${name} loads at ${width} px`, () =>
      site.visit({ path, width, before: watchShifts, fresh: true }, async (page) => {
        await settled(page);
        await page.locator('[data-number="weight"]').waitFor();
        await page.waitForTimeout(100);
        const shift = await page.evaluate(() => globalThis.layoutShift);
        assert.ok(shift < 0.01, `cumulative layout shift ${shift}`);
      }));
  }
}

function watchShifts() {
  globalThis.layoutShift = 0;
  new PerformanceObserver((list) => {
    // @ts-expect-error `value` belongs to layout shifts alone, which the types do not know.
    for (const entry of list.getEntries()) globalThis.layoutShift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}

for (const language of ['en-US', 'zh-CN']) {
  for (const width of [360, 800, 1440]) {
    for (const theme of /** @type {const} */ (['light', 'dark'])) {
      test(`the page fits ${width} px, ${language}, ${theme}`, () =>
        site.visit({ language, width, theme, height: 900 }, async (page) => {
          await settled(page);
          const excess = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.equal(excess, 0, 'pixels to scroll sideways');
          await screenshot(page, `page-${width}-${language.slice(0, 2)}-${theme}`);
        }));
    }
  }
}

test('every control is at least 40 px high', () =>
  site.visit({ width: 360, touch: true }, async (page) => {
    await settled(page);
    const low = await page.evaluate(() =>
      [
        ...document.querySelectorAll(
          'select, button, input:not([type=checkbox], [type=radio], [type=file]), label.choice, label.tick',
        ),
      ]
        .filter((control) => control.getBoundingClientRect().height > 0)
        .filter((control) => control.getBoundingClientRect().height < 40)
        .map((control) => control.outerHTML),
    );
    assert.deepEqual(low, []);
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  for (const path of ['', '#stage=masked&causal=true&normalizer=sigmoid', '#example=student-teacher&lang=zh']) {
    test(`axe finds nothing, ${theme}, at ${path || 'the start'}`, () =>
      site.visit({ theme, path }, async (page) => {
        await settled(page);
        await page.locator('[data-number="weight"]').waitFor();
        assert.deepEqual(await axeFindings(page), []);
      }));
  }
}

test('the language follows the browser, can be switched, and a link remembers it', () =>
  site.visit({ language: 'zh-CN' }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('h1').textContent(), 'q·k 如何变成注意力');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-Hans');
    assert.equal(await param(page, 'lang'), null, 'nobody chose yet');
    await page.getByText('English', { exact: true }).click();
    await settled(page);
    assert.match(await page.locator('h1').textContent(), /becomes attention/);
    await linked(page, 'lang', 'en');
    await page.reload();
    await settled(page);
    assert.match(await page.locator('h1').textContent(), /becomes attention/);
    const leftovers = await page.locator('main').innerText();
    assert.doesNotMatch(leftovers, /[\u4e00-\u9fff]/, 'Chinese left on the English page');
  }));

test('no word of the HTML is without its Chinese', () =>
  site.visit({}, async (page) => {
    const [bare, foreign] = await page.evaluate(async () => {
      const html = await (await fetch('.')).text();
      const { body, head } = new DOMParser().parseFromString(html, 'text/html');
      const words = [...body.querySelectorAll(':not(noscript, noscript *)'), head.querySelector('title')]
        .filter((node) => [...node.childNodes].some(({ nodeType, data }) => nodeType === 3 && /\p{L}/u.test(data)))
        .map((node) => /** @type {HTMLElement} */ (node));
      return [
        words.filter(({ dataset }) => dataset.zh === undefined).map(({ textContent }) => textContent.trim()),
        words.filter(({ dataset }) => dataset.zh !== undefined && !/\p{Script=Han}/u.test(dataset.zh)).length,
      ];
    });
    assert.deepEqual(bare, ['qkscope', 'English', '中文']);
    assert.equal(foreign, 0);
  }));

test('the theme follows the system, can be switched, and a link remembers it', () =>
  site.visit({ theme: 'light' }, async (page) => {
    await settled(page);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByText('Dark', { exact: true }).click();
    const dark = await paper();
    assert.notEqual(dark, light);
    await linked(page, 'theme', 'dark');
    await page.reload();
    await settled(page);
    assert.equal(await paper(), dark);
    await page.getByText('Auto', { exact: true }).click();
    assert.equal(await paper(), light);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await paper(), dark);
  }));

test('a link restores the view', () => {
  const path =
    '#example=sentence&layer=5&head=11&stage=scaled&score=cosine&score.eps=0.001&normalizer=sigmoid&temperature=0.5&causal=true';
  return site.visit({ path }, async (page) => {
    await settled(page);
    const value = (name) => page.locator(`#explore [name="${name}"]`).inputValue();
    assert.equal(await value('layer'), '5');
    assert.equal(await value('head'), '11');
    assert.equal(await value('score'), 'cosine');
    assert.equal(await value('eps'), '0.001');
    assert.equal(await value('normalizer'), 'sigmoid');
    assert.equal(await value('temperature'), '0.5');
    assert.ok(await page.locator('[name="causal"]').isChecked());
    assert.ok(await page.locator('.stage [value="scaled"]').isChecked());
    await page.waitForTimeout(300);
    const expected = new URLSearchParams(path.slice(1));
    const restored = await page.evaluate(() => location.hash.slice(1));
    for (const [name, text] of expected) assert.equal(new URLSearchParams(restored).get(name), text, name);
  });
});

test('a link with nonsense in it opens as far as it makes sense', () => {
  const path =
    '#example=no&layer=99&head=-1&stage=x&score=y&temperature=0&causal=perhaps&theme=pink&__proto__=1&scale=1e999';
  return site.visit({ path }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('[name="layer"]').inputValue(), '3', 'as if none were said');
    assert.equal(await page.locator('#controls [name="temperature"]').inputValue(), '1');
    assert.match(await page.locator('#notice p').textContent(), /fit nothing here: “example=no”, “head=-1”, .* …\./);
  });
});

test('a link that is put into an open page is followed', () =>
  site.visit({}, async (page) => {
    await settled(page);
    await page.evaluate(() => (location.hash = '#example=student-teacher&batch=3&stage=raw'));
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '6');
    await settled(page);
    assert.equal(await page.locator('[name="batch"]').inputValue(), '3');
    assert.ok(await page.locator('.stage [value="raw"]').isChecked());
  }));

test('what is pressed before the page is made goes before what the address says', () =>
  site.visit({ path: 'empty', html: '', fresh: true }, async (page) => {
    let letGo = () => {};
    await page.route('**/first.js', async (route) => {
      await new Promise((go) => (letGo = () => go(undefined)));
      await route.continue();
    });
    await page.goto(`${site.url}#example=passage&lang=en`);
    await page.getByText('中文', { exact: true }).click();
    await page.getByText('深色', { exact: true }).click();
    await page.locator('#to-explore').click();
    assert.equal(await page.locator('h1').textContent(), 'q·k 如何变成注意力');
    letGo();
    await made(page);
    await page.waitForFunction(() => /lang=zh/.test(location.hash));
    const asked = new URLSearchParams(new URL(page.url()).hash.slice(1));
    assert.deepEqual(
      ['example', 'lang', 'theme', 'at'].map((name) => asked.get(name)),
      ['passage', 'zh', 'dark', 'explore'],
    );
    await page.waitForFunction(() => Math.abs(document.querySelector('#explore').getBoundingClientRect().top) < 100);
  }));

test('a reload, and the way back from another site, lead to where the window was', () =>
  site.visit({ fresh: true }, async (page) => {
    await showSection(page, 'links');
    const place = () => page.evaluate(() => document.querySelector('#links').getBoundingClientRect().top);
    const before = await place();
    assert.ok((await page.evaluate(() => scrollY)) > 1000);
    for (const way of [() => page.reload(), () => page.goto('about:blank').then(() => page.goBack())]) {
      await way();
      await made(page);
      await sectionReady(page, 'links');
      // Sections above that are not made yet may be a line higher or lower.
      assert.ok(Math.abs((await place()) - before) < 24, `${await place()}, not ${before}`);
    }
  }));
