// The story on the page: what is read when, that it costs nothing before it is near, what links bring back, and what can be
// taken along.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { made, screenshot, startSite } from './harness.mjs';
import {
  drop,
  explainRow,
  noise,
  parse,
  readSafetensors,
  safetensors,
  sectionReady as ready,
  settled,
  showSection as show,
  tensor,
} from './page.mjs';
import { pngAddress, svgAddress } from './pixels.mjs';
import { drawnAlone, excess, loadParts, watchShifts } from './story.mjs';

const site = await startSite();
after(() => site.close());

const { FORMATS, SECTION_IDS, csvOf, fileName, jsonOf } = await loadParts('page/story/formats', 'page/story/section');

const view = (page, id) => page.locator(`#${id} .story-view`);

/** Sections whose views are made. */
const mounted = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.story-view')]
      .filter((host) => host.childElementCount > 0)
      .map((host) => host.closest('section').id),
  );

async function showAll(page) {
  for (const id of SECTION_IDS) await show(page, id);
}

const linked = (page, name, value) =>
  page.waitForFunction(
    ([name, value]) => new URLSearchParams(location.hash.slice(1)).get(name) === value,
    [name, value],
  );

/** A state of each section that is not the first, and what is then seen. */
const STATES = {
  plane: ['long*t_2', (page) => view(page, 'plane').locator('[name="temperature"]').inputValue(), '2', '1'],
  spread: ['16_40_7', (page) => page.locator('[data-spread="temperature"]').textContent(), '4', '1'],
  steps: ['6_weights_9', (page) => page.locator('.steps-pair').textContent(), 'cross → because ', 'it → animal '],
  links: ['t40.q10.k0', (page) => page.locator('[name="links-threshold"]').inputValue(), '40', '10'],
  heads: ['sinkMass.high', (page) => page.locator('[name="heads-order"]').inputValue(), 'high', 'model'],
  compare: [
    'heads*b.3.1',
    (page) => page.locator('.compare-title').nth(1).textContent(),
    'B: layer 3, head 1',
    'B: layer 3, head 2',
  ],
  student: ['0.25_3_q0.k2_t', (page) => page.locator('[name="soft"]').inputValue(), '0.25', '1'],
};

test('the sections stand in the order of the story, with the matrix in their midst', () =>
  site.visit({}, async (page) => {
    const order = await page.locator('main .story-section').evaluateAll((all) => all.map(({ id }) => id));
    assert.deepEqual(order, [...SECTION_IDS.slice(0, 2), 'explore', ...SECTION_IDS.slice(2)]);
    assert.deepEqual(Object.keys(STATES), SECTION_IDS, 'each has its test below');
    const names = await page
      .locator('main .story-section')
      .evaluateAll((all) => all.map((one) => document.getElementById(one.getAttribute('aria-labelledby')).localName));
    assert.deepEqual(names, Array(SECTION_IDS.length + 1).fill('h2'));
  }));

test('a section is made when it comes near the window, and what is far away costs nothing', () =>
  site.visit({ before: countPosts }, async (page, seen) => {
    await ready(page, 'plane');
    const parts = ['.matrix', '.axis-captions'];
    await page.waitForFunction(
      (parts) => parts.every((part) => document.querySelector(part).getAttribute('aria-busy') === 'false'),
      parts,
    );
    // The cell that is looked at first comes last of what the page asks for by itself.
    await page.locator('[data-number="weight"]').waitFor({ state: 'attached' });
    assert.deepEqual(await mounted(page), ['plane']);
    const files = (kind = /\.(safetensors|wasm)$/) => seen.requests.filter((url) => kind.test(url)).length;
    const before = [files(), await page.evaluate(() => globalThis.posts)];
    // Into the midst at once: what was leapt over stays as it was.
    await page.evaluate(() => document.querySelector('#explore').scrollIntoView());
    await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
    assert.deepEqual(await mounted(page), ['plane']);
    assert.deepEqual([files(), await page.evaluate(() => globalThis.posts)], before, 'nothing was fetched or computed');
    const tensors = files(/\.safetensors$/);
    await show(page, 'steps');
    assert.equal(files(/\.safetensors$/), tensors + 1, 'V was fetched now');
    await show(page, 'heads');
    const known =
      /\/(|style\.css|[\w-]+\.js|favicon\.svg|qkscope\w*\.wasm|sentence\.safetensors|student-teacher\.json)$/;
    for (const url of seen.requests.filter((url) => url.startsWith('http'))) assert.match(url.split('#')[0], known);
  }));

for (const [width, language] of /** @type {const} */ ([
  [360, 'en'],
  [390, 'zh'],
  [768, 'zh'],
  [1070, 'en'],
  [1440, 'en'],
])) {
  test(`the room that is kept for a section is what it takes, at ${width} px, ${language}`, () =>
    site.visit({ path: `#lang=${language}`, width, height: 900 }, async (page) => {
      await ready(page, 'plane');
      for (const id of SECTION_IDS) {
        const section = view(page, id);
        const kept = await section.evaluate((host) => parseFloat(getComputedStyle(host).getPropertyValue('--room')));
        await show(page, id);
        if (id === 'heads') await page.locator('.heads-grid:not(:empty)').waitFor({ state: 'attached' });
        await settled(page);
        const taken = await section.evaluate((host) => host.getBoundingClientRect().height);
        const off = `${id} takes ${taken} px, and ${kept} are kept`;
        assert.ok(Math.abs(taken - kept) <= 24, `${off}: build, then \`npm run rooms\`, then build again`);
      }
    }));
}

test('a section that does not arrive says so in its room, and comes when it is asked for again', () =>
  site.visit({ language: 'zh-CN', expectedErrors: /ERR_FAILED/ }, async (page) => {
    await ready(page, 'plane');
    await page.route(/\/steps-\w+\.js(\?\d+)?$/, (route) => route.abort());
    const height = () => view(page, 'steps').evaluate((host) => host.getBoundingClientRect().height);
    const room = await height();
    await page.evaluate(() => document.getElementById('steps').scrollIntoView());
    await view(page, 'steps').getByRole('alert').waitFor();
    assert.match(await view(page, 'steps').innerText(), /未能加载.*重试/s);
    assert.ok(Math.abs((await height()) - room) < 1, 'nothing below it moves');
    await page.getByText('English', { exact: true }).click();
    await made(page);
    assert.match(await view(page, 'steps').innerText(), /did not arrive: .*reload.*Try again/s);
    await view(page, 'steps').getByRole('button').click();
    await page.waitForFunction(() => document.activeElement.closest('#steps button'));
    await page.unroute(/\/steps-\w+\.js(\?\d+)?$/);
    await view(page, 'steps').getByRole('button').click();
    await page.locator('.steps-pair').waitFor();
    await ready(page, 'steps');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'title-steps');
    assert.equal(await view(page, 'steps').getByRole('alert').count(), 0);
  }));

for (const [what, file, language] of /** @type {const} */ ([
  ['the reader of files', /qkscope_files_bg\.wasm$/, 'en'],
  ['every module', /\.wasm$/, 'zh'],
  ['the engine', /engine-\w+\.js(\?\d+)?$/, 'en'],
])) {
  test(`where a server has lost ${what}, page and sections say that they cannot compute, and why`, () =>
    site.visit({ path: 'empty', html: '', fresh: true, expectedErrors: /404|Failed to fetch/ }, async (page) => {
      await page.route(file, (route) => route.fulfill({ status: 404, contentType: 'text/html', body: 'Not found' }));
      await page.goto(`${site.url}#example=passage&normalizer=sigmoid&lang=${language}&at=explore`);
      const lost =
        language === 'en'
          ? /^This cannot be computed: \S+\.(wasm|js) did not load\.$/
          : /^无法计算：\S+\.wasm 未能加载。$/;
      const main =
        language === 'en'
          ? /^This page cannot compute now, because its file \S+ did not load\..*then reload the page/
          : /^本页暂时无法计算：所需的文件 \S+ 未能加载。.*重新载入页面/;
      await page.locator('#notice p', { hasText: main }).waitFor();
      await page.locator('.matrix-room p', { hasText: lost }).waitFor();
      // In the other language, too, and back again.
      const [other, again] = language === 'en' ? ['zh', 'en'] : ['en', 'zh'];
      const choose = async (value) => {
        await page.locator(`[name="language"][value="${value}"]`).evaluate((one) => one['click']());
        await made(page);
      };
      await choose(other);
      assert.match(await page.locator('.plot-empty').textContent(), other === 'zh' ? /^无法计算/ : /^This cannot/);
      await choose(again);
      await page.waitForTimeout(300);
      assert.match(
        await page.evaluate(() => location.hash),
        /example=passage&normalizer=sigmoid/,
        'for when it is whole',
      );
      for (const id of ['steps', 'links', 'heads', 'compare', 'student']) {
        await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
        await view(page, id).locator('p', { hasText: lost }).first().waitFor();
        const words = await view(page, id).innerText();
        assert.equal(words.match(/did not load|未能加载/g).length, 1, id);
        assert.doesNotMatch(
          words,
          /None is this strong|There is none|Nothing is open|0 of 0|没有这么强|^没有。|尚未打开/m,
          id,
        );
      }
    }));
}

test('where the script of the page does not arrive, the page says so', () =>
  site.visit({ path: 'empty', html: '', fresh: true, expectedErrors: /./ }, async (page) => {
    await page.route('**/first.js', (route) => route.abort());
    await page.goto(`${site.url}#lang=zh`);
    await page.getByRole('alert').filter({ hasText: '重新加载本页' }).waitFor();
    await page.unroute('**/first.js');
    await page.reload();
    await ready(page, 'plane');
    assert.ok(await page.locator('#lost').isHidden());
    // Where not even the one before it arrives, styles say so after a while.
    await page.route('**/page.js', (route) => route.abort());
    await page.reload();
    assert.equal(await page.locator('#lost').isVisible(), false);
    await page.evaluate(() => document.getAnimations().forEach((one) => one.finish()));
    await page.getByRole('alert').filter({ hasText: 'Reload the page' }).waitFor();
  }));

/** For a page's beginning: counts what is sent to workers. */
function countPosts() {
  globalThis['posts'] = 0;
  const send = Worker.prototype.postMessage;
  /** @this {Worker} */
  Worker.prototype.postMessage = function (...message) {
    globalThis['posts'] += 1;
    Reflect.apply(send, this, message);
  };
}

for (const id of SECTION_IDS) {
  const [state, seen, there, first] = STATES[id];
  test(`a link leads to a section and brings its state back: ${id}`, () =>
    site.visit({ path: `#${new URLSearchParams({ [id]: state, at: id })}` }, async (page) => {
      await ready(page, id);
      assert.equal(await seen(page), there);
      const top = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id);
      assert.ok(Math.abs(top) < 2 || id === SECTION_IDS.at(-1), `${id} is ${top} px from the top of the window`);
      await linked(page, 'at', null);
      await linked(page, id, state);
      // Another link, put into the open page, and back.
      await page.evaluate(() => (location.hash = '#example=sentence&lang=en'));
      await settled(page);
      await show(page, id);
      assert.equal(await seen(page), first);
      await linked(page, id, null);
      await page.goBack();
      await settled(page);
      await show(page, id);
      assert.equal(await seen(page), there);
    }));
}

test('what is changed in a section is in the address', () =>
  site.visit({}, async (page) => {
    await view(page, 'plane').locator('[name="plane-key"]').fill('100');
    await linked(page, 'plane', 'product*k_1_2.5_4_-1.6_-2_1');
    await show(page, 'steps');
    await page.locator('[name="steps-forward"]').click();
    await linked(page, 'steps', '_scaled');
    await linked(page, 'plane', 'product*k_1_2.5_4_-1.6_-2_1');
    await page.locator('[name="steps-back"]').click();
    await linked(page, 'steps', null);
  }));

test('hostile states are the sections as they come', () => {
  const hostile = ['<img src=x onerror=alert(1)>', '*_.__proto__'.repeat(80), '9'.repeat(9000)];
  return site.visit({ path: '#at=constructor&plane=' }, async (page) => {
    for (const text of hostile) {
      await page.evaluate(
        (hash) => (location.hash = hash),
        `${new URLSearchParams([['example', 'sentence'], ...SECTION_IDS.map((id) => [id, text])])}`,
      );
      await settled(page);
      for (const id of SECTION_IDS) {
        await show(page, id);
        assert.equal(await STATES[id][1](page), STATES[id][3], `${id}, ${text.slice(0, 20)}`);
      }
    }
    assert.equal(await page.locator('main img').count(), 0);
  });
});

for (const [theme, language] of /** @type {const} */ ([
  ['light', 'en-US'],
  ['dark', 'zh-CN'],
])) {
  test(`with all of it there axe finds nothing, and nothing is wider than any window, ${theme}, ${language}`, () =>
    site.visit({ theme, language, width: 1440, height: 900 }, async (page) => {
      await settled(page);
      await showAll(page);
      assert.deepEqual(await mounted(page), SECTION_IDS);
      await page.locator('.mask-summary').click();
      await page.locator('.mask-cursor').waitFor();
      for (const summary of await page.locator('.take-name').all()) await summary.click();
      assert.deepEqual(await axeFindings(page), []);
      for (const summary of await page.locator('.take-name').all()) await summary.click();
      for (const width of [1440, 800, 360]) {
        await page.setViewportSize({ width, height: 900 });
        // Some views measure their room, and are laid out in the next frame.
        await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
        assert.equal(await excess(page), 0, `pixels to scroll sideways at ${width}`);
        if (width < 800) continue;
        const lines = await page
          .locator('.story-lead')
          .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height / (17 * 1.6)));
        lines.forEach((count, at) =>
          assert.ok(count < 3.1, `the lead of section ${at} has ${count} lines at ${width}`),
        );
        const long = await page
          .locator('main p:visible')
          .evaluateAll((all) =>
            all
              .filter((one) => one.clientHeight > 3.3 * parseFloat(getComputedStyle(one).lineHeight))
              .map((one) => one.textContent),
          );
        assert.deepEqual(long, [], `paragraphs of more than three lines at ${width}`);
        await page.evaluate(() => scrollTo(0, 0));
        await screenshot(page, `story-${width}-${language.slice(0, 2)}-${theme}`);
      }
      await page.evaluate(() => scrollTo(0, 0));
      await screenshot(page, `story-360-${language.slice(0, 2)}-${theme}`);
    }));
}

test('language and theme reach every section', () =>
  site.visit({ theme: 'light' }, async (page) => {
    await showAll(page);
    const titles = () => page.locator('.story-title').allTextContents();
    const english = await titles();
    await page.getByText('中文', { exact: true }).click();
    await made(page);
    const chinese = await titles();
    for (const id of SECTION_IDS) {
      await show(page, id);
      assert.match(await view(page, id).innerText(), /[\u4e00-\u9fff]/, id);
      assert.match(await page.locator(`#${id} .take-name`).textContent(), /[\u4e00-\u9fff]/, id);
    }
    assert.ok(chinese.every((title, at) => /[\u4e00-\u9fff]/.test(title) && title !== english[at]));
    await page.getByText('English', { exact: true }).click();
    await made(page);
    await showAll(page);
    assert.deepEqual(await titles(), english);
    assert.doesNotMatch(await page.locator('main').innerText(), /[\u4e00-\u9fff]/, 'Chinese left on the English page');
    // What is taken along is on the ground of the page, whichever that is now.
    await page.getByText('Dark', { exact: true }).click();
    await made(page);
    for (const id of ['plane', 'spread', 'steps', 'links', 'student']) {
      const { text } = await save(page, id, 'svg');
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.ok(text.includes(`fill="${paper}"`), `${id} on ${paper}`);
    }
  }));

test('a language goes from piece to piece, each of which says which it is in, and gives way to the next', () =>
  site.visit({}, async (page) => {
    await showAll(page);
    const mixed = await page.evaluate(async () => {
      const choose = (value) => document.querySelector(`[name="language"][value="${value}"]`)['click']();
      const pieces = [...document.querySelectorAll('.lead, .story-section')];
      // Whether a piece is in Chinese, by what it says it is in, by its title, and by what is saved of it.
      const said = () =>
        pieces.map((piece) =>
          [
            piece.getAttribute('lang'),
            ...[...piece.querySelectorAll('h1, .take-name')].map((one) => one.textContent),
          ].map((words) => /zh|\p{Script=Han}/u.test(words)),
        );
      choose('zh');
      const seen = [];
      for (let frame = 0; frame < 4; frame += 1) {
        await new Promise(requestAnimationFrame);
        seen.push(said());
      }
      choose('en');
      return seen;
    });
    for (const pieces of mixed) for (const said of pieces) assert.equal(new Set(said).size, 1, String(said));
    const spoken = mixed.at(-1).filter(([chinese]) => chinese).length;
    assert.ok(spoken > 0 && spoken < mixed[0].length, `${spoken} pieces in Chinese under way`);
    await made(page);
    assert.equal(await page.locator('[lang^="zh"]').count(), 0);
    assert.doesNotMatch(await page.locator('main').innerText(), /\p{Script=Han}/u);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  }));

for (const width of [360, 1280]) {
  test(`nothing moves while one reads from top to bottom, ${width} px`, () =>
    site.visit({ width, height: 800, before: watchShifts, fresh: true }, async (page) => {
      await ready(page, 'plane');
      const bottom = () => page.evaluate(() => scrollY + innerHeight + 2 >= document.documentElement.scrollHeight);
      while (!(await bottom())) {
        await page.mouse.wheel(0, 400);
        await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
      }
      await ready(page, SECTION_IDS.at(-1));
      assert.deepEqual(await mounted(page), SECTION_IDS);
      // Heads are computed while they are in sight.
      await show(page, 'heads');
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
    }));
}

for (const language of ['en-US', 'zh-CN']) {
  test(`on a phone no text speaks of what a finger cannot do, ${language}`, () =>
    site.visit({ width: 390, height: 844, touch: true, language }, async (page) => {
      await settled(page);
      await page.locator('.mask-summary').click();
      await page.locator('.mask-cursor').waitFor();
      await showAll(page);
      // What is for the ears alone may speak of keys: whoever hears the page may have some.
      const words = await page.evaluate(() => {
        const heard = new Set(document.querySelectorAll('.visually-hidden'));
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) {
          const { parentElement: parent, textContent } = walker.currentNode;
          if (parent.checkVisibility() && ![...heard].some((one) => one.contains(parent))) found.push(textContent);
        }
        return found.join('\n');
      });
      assert.doesNotMatch(words, /\b(mouse|click|hover|drop them|arrow keys|Enter|Shift|Escape|Point at)\b/i);
      assert.doesNotMatch(words, /鼠标|单击|点击|方向键|回车|拖放|指向(词元|一个)/);
    }));
}

// ---- own data

test('the way to one’s own data is at the top, and a drop leads there', () =>
  site.visit({}, async (page) => {
    await ready(page, 'plane');
    const top = () => page.evaluate(() => document.querySelector('#explore').getBoundingClientRect().top);
    const away = await top();
    assert.ok(away > 800, 'it is below the window');
    const way = page.getByRole('link', { name: 'Explore your own data' });
    assert.ok((await way.boundingBox()).y < 400, 'the way is in sight at once');
    await way.press('Enter');
    assert.ok(Math.abs(await top()) < 2);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'explore-title');
    await page.evaluate(() => scrollTo(0, 0));
    const tensors = { 'layers.0.q': tensor([4, 3], noise(12)), 'layers.0.k': tensor([5, 3], noise(15, 2)) };
    await drop(page, { name: 'own.safetensors', content: safetensors(tensors) });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '5');
    assert.ok(Math.abs(await top()) < 2);
    assert.match(await page.locator('[name="example"]').innerText(), /own\.safetensors/);
  }));

test('after the last point of the plane its way leads on to the section below', () =>
  site.visit({ path: '#plane=asymmetric', width: 390, height: 800 }, async (page) => {
    await show(page, 'plane');
    const next = page.locator('[name="plane-next"]');
    assert.equal(await next.textContent(), 'Next: Why divide by √d?');
    await next.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'title-spread');
    await page.waitForFunction(() => {
      const { top } = document.querySelector('#spread').getBoundingClientRect();
      return Math.abs(top) < 24;
    });
  }));

test('a link in another window leads there, too', () =>
  site.visit({ path: '#at=explore' }, async (page) => {
    await page.waitForFunction(() => Math.abs(document.querySelector('#explore').getBoundingClientRect().top) < 2);
    await settled(page);
    assert.deepEqual(await mounted(page), [], 'what is above is made when it is seen');
  }));

test('steps, links and heads follow what is open, and a head that is chosen is opened', () =>
  site.visit({}, async (page) => {
    await show(page, 'heads');
    await page.locator('.heads-cell[aria-label^="Layer 0, head 2:"]').click();
    await page.waitForFunction(() => document.querySelector('[name="head"]').value === '2');
    assert.equal(await page.locator('[name="layer"]').inputValue(), '0');
    await show(page, 'links');
    await page.waitForFunction(() => document.querySelector('.links-title').textContent === 'Layer 0, head 2');
    await show(page, 'steps');
    await page.locator('.steps-go', { hasText: 'Attention weight' }).click();
    const file = await readSafetensors('www/sentence.safetensors');
    const pairs = explainRow(file.get('layers.0.q'), file.get('layers.0.k'), { head: 2, row: 10 });
    const shown = (await page.locator('.steps-strip .steps-number').allTextContents()).map(parse);
    pairs.forEach(({ weight }, key) => assert.ok(Math.abs(shown[key] - weight) < 6e-4, `weight of key ${key}`));
    // Other rules go for all heads.
    await page.locator('#controls [name="normalizer"]').selectOption('sigmoid');
    await settled(page);
    await show(page, 'heads');
    const { rows } = JSON.parse((await save(page, 'heads', 'json')).text);
    const sums = rows.filter(({ meanMass }) => Math.abs(meanMass - 1) > 0.01);
    assert.ok(sums.length > 60, `rows of sigmoid weights sum to 1 in ${72 - sums.length} heads`);
  }));

test('a head that is opened from among all is led to, and back', () =>
  site.visit({ reducedMotion: true, width: 390, height: 844 }, async (page) => {
    await show(page, 'heads');
    const inSight = (selector) =>
      page.locator(selector).evaluate((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
    const cell = page.locator('.heads-cell[aria-label^="Layer 4, head 2:"]');
    await cell.scrollIntoViewIfNeeded();
    await cell.focus();
    await page.keyboard.press('Enter');
    await page.locator('.heads-open', { hasText: 'Layer 4, head 2 is open.' }).waitFor();
    assert.ok(await inSight('.heads-open'), 'it is said where one looks');
    await page.locator('[name="heads-see"]').click();
    assert.ok(await inSight('.plot'));
    assert.deepEqual(
      await page.locator('#map [name="layer"], #map [name="head"]').evaluateAll((all) => all.map(({ value }) => value)),
      ['4', '2'],
    );
    assert.ok(await page.locator('.plot-cursor').evaluate((one) => one === document.activeElement));
    await linked(page, 'at', 'explore');
    await page.locator('[name="back-to-heads"]').click();
    assert.ok(await inSight('.heads-open'));
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel.split(':')[0]), 'Layer 4, head 2');
    assert.ok(await page.locator('.way-back').isHidden());
  }));

test('the values of a file are added up', () =>
  site.visit({}, async (page) => {
    await settled(page);
    const [query, key] = [tensor([1, 1, 2, 2], [1, 0, 0, 1]), tensor([1, 1, 3, 2], [1, 0, 0, 1, 1, 1])];
    const tensors = { 'layers.0.q': query, 'layers.0.k': key, 'layers.0.v': tensor([1, 1, 3, 1], [1, 2, 4]) };
    await drop(page, { name: 'own.safetensors', content: safetensors(tensors) });
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '3');
    await show(page, 'steps');
    await page.locator('[name="steps-at"]').fill('8');
    const output = explainRow(query, key, { row: 0 }).reduce((sum, { weight }, at) => sum + weight * [1, 2, 4][at], 0);
    const said = await page.locator('.steps-plugged').textContent();
    assert.ok(Math.abs(parse(said.split(' = ').at(-1)) - output) < 1e-3, said);
  }));

// ---- to be taken along

/** Saves a section by its menu; the file's name, and what is in it. */
async function save(page, id, format) {
  await show(page, id);
  const menu = page.locator(`#${id} .take`);
  if (!(await menu.evaluate((one) => one.open))) await menu.locator('summary').click();
  const download = page.waitForEvent('download');
  await menu.locator(`[name="take-${format}"]`).click();
  const file = await download;
  const bytes = await readFile(await file.path());
  return { name: file.suggestedFilename(), bytes, text: bytes.toString() };
}

test('every section is saved in every format', () =>
  site.visit({}, async (page) => {
    for (const id of SECTION_IDS) {
      const csv = await save(page, id, 'csv');
      const [columns, ...rows] = csv.text.trimEnd().split('\r\n');
      const { rows: objects } = JSON.parse((await save(page, id, 'json')).text);
      assert.equal(rows.length, objects.length, id);
      assert.deepEqual(Object.keys(objects[0]), columns.split(','), id);
      const formats = await page
        .locator(`#${id} .take-formats button`)
        .evaluateAll((all) => all.map((one) => one.name.replace('take-', '')));
      assert.deepEqual(formats, [...FORMATS.map(({ id }) => id), 'table', 'link'], id);
      const [small, large] = [await save(page, id, 'png-1'), await save(page, id, 'png-3')];
      // IHDR is the first chunk of every PNG.
      const size = ({ bytes }) => [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
      size(small).forEach((pixels, axis) => {
        assert.ok(
          pixels > 100 && Math.abs(size(large)[axis] - 3 * pixels) <= 3,
          `${id}: ${size(small)}, ${size(large)}`,
        );
      });
      for (const { name } of [csv, small, large]) assert.match(name, /^[a-z0-9-]+(@3x)?\.(csv|png)$/);
      assert.match(await page.locator(`#${id} .take-said`).textContent(), /@3x\.png is saved\.$/);
      // To be read, each row has a name of its own.
      await page.locator(`#${id} [name="take-table"]`).click();
      const names = await page
        .locator(`#${id} .take-sheet tbody tr`)
        .evaluateAll((all) => all.map((row) => [...row.querySelectorAll('th')].map((cell) => cell.textContent)));
      const wanted = objects.slice(0, 64).map((row) => Object.values(row).slice(0, names[0].length));
      assert.equal(new Set(names.map(String)).size, names.length, id);
      names.forEach((name, row) =>
        name.forEach((word, at) => {
          const whole = wanted[row][at];
          if (typeof whole === 'number' && !Number.isInteger(whole))
            assert.ok(Math.abs(Number(word.replace('−', '-')) - whole) <= 0.01 * Math.abs(whole), `${id}: ${word}`);
          else
            assert.equal(
              word,
              String(whole ?? '')
                .replace('-Infinity', '−∞')
                .replace('Infinity', '∞'),
              id,
            );
        }),
      );
    }
  }));

test('what is saved as JSON says of what it is, and how that was computed', () =>
  site.visit(
    { path: '#layer=3&head=1&causal=true&softcap=30&compare=normalizers*n.linear_elu1&student=0.5' },
    async (page) => {
      const set = {
        source: 'A sentence (MiniLM)',
        layer: 3,
        head: 1,
        batch: 0,
        score: { id: 'scaled_dot' },
        normalizer: { id: 'softmax' },
        position: { id: 'none' },
        softcap: 30,
        causal: true,
        masks: [],
      };
      const about = async (id) => {
        const { name, text } = await save(page, id, 'json');
        const { name: _, rows, ...about } = JSON.parse(text);
        assert.ok(rows.length > 0, id);
        return { name, about };
      };
      const { name, about: steps } = await about('steps');
      assert.equal(name, 'qkscope-steps-layer-3-head-1-query-10.json');
      assert.deepEqual(steps, { ...set, query: 10, queryName: 'it' });
      assert.deepEqual((await about('links')).about, set);
      const { head, ...layers } = set;
      assert.equal(head, 1);
      assert.deepEqual((await about('heads')).about, { ...layers, layer: [0, 1, 2, 3, 4, 5] });
      // A normalizer that has a score of its own takes neither another nor a cap of logits.
      await page.waitForFunction(() => document.querySelector('.compare-plots')?.getAttribute('aria-busy') === 'false');
      const compared = await about('compare');
      assert.match(compared.name, /^qkscope-compare-layer-3-head-1-softmax-layer-3-head-1-linear-attention/i);
      const { score, softcap, ...rest } = set;
      assert.deepEqual([score.id, softcap], ['scaled_dot', 30]);
      assert.deepEqual(compared.about, { a: set, b: { ...rest, normalizer: { id: 'linear_elu1' } } });
      const { source, layer, temperature, score: dot } = (await about('student')).about;
      assert.match(source, /student/i);
      assert.deepEqual([layer, temperature, dot], [0, 0.5, { id: 'dot' }]);
      // Where there is no number there is none, and what is no number is called so.
      const { rows } = JSON.parse((await save(page, 'spread', 'json')).text);
      assert.deepEqual([rows[0].from, rows[0].entropy, rows.at(-1).to], ['-Infinity', null, null]);
    },
  ));

/** Saves from one of the explorer's two menus. */
async function take(page, part, format) {
  const menu = page.locator(`#${part} .take`);
  if (!(await menu.evaluate((one) => one.open))) await menu.locator('summary').click();
  const download = page.waitForEvent('download');
  await menu.locator(`[name="take-${format}"]`).click();
  const bytes = await readFile(await (await download).path());
  return { bytes, text: bytes.toString() };
}

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`a picture in pixels is what the browser makes of its SVG, ${theme}`, () =>
    site.visit({ theme }, async (page) => {
      await settled(page);
      await page.locator('.plot-cursor').focus();
      await page.locator('[data-number="weight"]').waitFor();
      const drawn = SECTION_IDS.map((id) => [id, save]);
      for (const [id, from] of [...drawn, ['map', take], ['cell', take]]) {
        const [svg, png] = [await from(page, id, 'svg'), await from(page, id, 'png-1')];
        const [wanted, found] = await drawnAlone(page, [svgAddress(svg.bytes), pngAddress(png.bytes)]);
        assert.equal(found.means.length, wanted.means.length, id);
        const off = wanted.means.map((value, at) => Math.abs(value - found.means[at]));
        const mean = off.reduce((sum, each) => sum + each, 0) / off.length;
        assert.ok(mean < 0.5 && Math.max(...off) < 48, `${id}: off by ${mean} on average, ${Math.max(...off)} at most`);
      }
    }));
}

test('on paper there is what is seen, light and without what only a screen can do', () =>
  site.visit({ path: '#theme=dark', width: 794 }, async (page) => {
    await show(page, 'steps');
    await settled(page);
    await page.emulateMedia({ media: 'print' });
    const seen = await page.evaluate(() => {
      const controls = [...document.querySelectorAll('.switches, .controls, .take, .zoombar, .minimap, .source-row')];
      const { color, backgroundColor } = getComputedStyle(document.body);
      const host = document.querySelector('#heads .story-view');
      const heads = host.getBoundingClientRect().height;
      const { scrollWidth, clientWidth } = document.documentElement;
      return {
        controls: [controls.length, controls.filter((one) => one.checkVisibility()).length],
        shades: [color, backgroundColor].map((shade) => Number(/\d+/.exec(shade)[0])),
        heads: heads < 40 && /once it was scrolled to/.test(getComputedStyle(host, '::before').content),
        excess: scrollWidth - clientWidth,
        map: document.querySelector('.plot').checkVisibility(),
      };
    });
    assert.ok(seen.controls[0] > 8 && seen.controls[1] === 0, `${seen.controls}`);
    assert.ok(seen.shades[0] < 64 && seen.shades[1] > 240, `${seen.shades}`);
    assert.deepEqual([seen.heads, seen.excess, seen.map], [true, 0, true]);
    assert.match((await page.pdf({ format: 'A4', printBackground: true })).subarray(0, 5).toString(), /^%PDF-/);
  }));

test('the link of a section leads back to it as it is', () =>
  site.visit({ before: keepClipboard }, async (page) => {
    await show(page, 'steps');
    await page.locator('[name="steps-forward"]').click();
    await page.locator('#steps .take-name').click();
    await page.locator('[name="take-link"]:visible').click();
    assert.equal(await page.locator('#steps .take-said').textContent(), 'The link is copied.');
    const link = await page.evaluate(() => globalThis.copied);
    assert.equal(new URLSearchParams(new URL(link).hash.slice(1)).get('at'), 'steps');
    await page.goto('about:blank');
    await page.goto(link);
    await ready(page, 'steps');
    assert.match(await page.locator('.steps-heading').textContent(), /^Scaled score/);
    // Where there is no clipboard the address is there to be taken by hand.
    await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('no'))));
    await page.locator('#steps .take-name').click();
    await page.locator('[name="take-link"]:visible').click();
    assert.match(await page.locator('.take-link').inputValue(), /^http.*#.*steps=_scaled.*&at=steps$/);
  }));

test('what is given away of a removed key is its weight, 0, or its logit, minus infinity', () =>
  site.visit({ path: '#causal=true' }, async (page) => {
    await settled(page);
    const first = async () => (await take(page, 'map', 'csv')).text.split('\r\n')[1].split(',').slice(1);
    assert.deepEqual(await first(), ['1', ...Array(15).fill('0')]);
    await page.locator('.stage [value="masked"]').check({ force: true });
    await settled(page);
    assert.deepEqual((await first()).slice(1), Array(15).fill('-Infinity'));
    // And how it came about.
    const { score, normalizer, causal, masks } = JSON.parse((await take(page, 'map', 'json')).text);
    assert.deepEqual([score, normalizer, causal, masks], [{ id: 'scaled_dot' }, { id: 'softmax' }, true, []]);
  }));

test('the explorer gives away exactly what is seen of the matrix, and the pair, with the selection', () =>
  site.visit({ path: '#lock=10,2&layer=3&head=1', before: keepClipboard }, async (page) => {
    await settled(page);
    await page.locator('[data-number="weight"]').waitFor();
    const file = await readSafetensors('www/sentence.safetensors');
    const weights = (row) => explainRow(file.get('layers.3.q'), file.get('layers.3.k'), { head: 1, row });
    const [columns, ...rows] = (await take(page, 'map', 'csv')).text.trimEnd().split('\r\n');
    assert.deepEqual([columns.split(',').length, rows.length], [17, 16]);
    assert.match(columns, /^query,0 \[CLS\],1 the,2 animal,/);
    rows.forEach((line, row) => {
      const [name, ...values] = line.split(',');
      assert.ok(name.startsWith(`${row} `), name);
      weights(row).forEach(({ weight }, key) => assert.ok(Math.abs(Number(values[key]) - weight) < 1e-5));
    });
    const { rows: objects, selected, layer, head, stage } = JSON.parse((await take(page, 'map', 'json')).text);
    assert.deepEqual([objects.length, layer, head, stage], [16, 3, 1, 'weights']);
    assert.deepEqual([selected.query, selected.key, selected.locked], [10, 2, true]);
    assert.ok(Math.abs(selected.value - weights(10)[2].weight) < 1e-5);
    // The pair: what its dimensions add up to.
    const pair = JSON.parse((await take(page, 'cell', 'json')).text);
    assert.deepEqual([pair.queryName, pair.keyName, pair.rows.length], ['it', 'animal', 32]);
    const sum = pair.rows.reduce((total, { product }) => total + product, 0);
    assert.ok(Math.abs(sum - weights(10)[2].product) < 1e-3 && Math.abs(pair.dot - sum) < 1e-3, `${sum}`);
    const svg = (await take(page, 'cell', 'svg')).text;
    for (const words of ['it → animal', await page.locator('[data-number="weight"]').textContent()]) {
      assert.ok(svg.includes(words), words);
    }
    // Pictures of four sizes; in the matrix's, the middle of the selected cell has its colour.
    const width = ({ bytes }) => bytes.readUInt32BE(16);
    for (const part of ['map', 'cell']) {
      const [small, large] = [await take(page, part, 'png-1'), await take(page, part, 'png-4')];
      assert.ok(width(small) > 300 && Math.abs(width(large) - 4 * width(small)) <= 4, part);
    }
    assert.match((await take(page, 'map', 'svg')).text, /<image[^>]+href="data:image\/png/);
    // Zoomed in, what is in sight alone.
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('+');
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-busy') === 'false');
    const zoomed = (await take(page, 'map', 'csv')).text.trimEnd().split('\r\n');
    assert.ok(zoomed.length >= 9 && zoomed.length <= 10, `${zoomed.length - 1} queries in sight`);
    // And a link that leads back to just this.
    await page.locator('#map [name="take-link"]').click();
    const link = new URLSearchParams(new URL(await page.evaluate(() => globalThis.copied)).hash.slice(1));
    assert.deepEqual([link.get('at'), link.get('lock')], ['explore', '10,2']);
    assert.match(link.get('sight'), /^2,/);
  }));

test('a pooled matrix gives away its blocks', () =>
  site.visit({ path: '#example=passage&layer=0&head=0&at=explore', width: 900 }, async (page) => {
    await settled(page);
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-busy') === 'false');
    const { rows, pooled } = JSON.parse((await take(page, 'map', 'json')).text);
    assert.equal(pooled, 'max of up to 2 × 2');
    assert.deepEqual([rows.length, Object.keys(rows[0]).length, rows[1].query], [212, 213, '2–3']);
    const file = await readSafetensors('tests/data/passage.safetensors');
    const pairs = [2, 3].flatMap((row) =>
      explainRow(file.get('layers.0.q'), file.get('layers.0.k'), { head: 0, row }).slice(4, 6),
    );
    const largest = Math.max(...pairs.map(({ weight }) => weight));
    assert.ok(Math.abs(rows[1]['4–5'] - largest) < 3e-3, `${rows[1]['4–5']}, ${largest}`);
  }));

// ---- links to the explorer, and to files

test('a link to a place in the matrix opens there, and says so from then on', () =>
  site.visit({ path: '#lock=10,2' }, async (page) => {
    const top = () => page.evaluate(() => document.querySelector('#explore').getBoundingClientRect().top);
    await page.waitForFunction(() => Math.abs(document.querySelector('#explore').getBoundingClientRect().top) < 2);
    await linked(page, 'at', 'explore');
    await page.evaluate(() => (location.hash = '#example=sentence'));
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(400);
    assert.ok((await top()) > 800);
    assert.equal(await page.evaluate(() => /at=/.test(location.hash)), false);
    // Whoever changes something in it is there, and so is who stays.
    await page.locator('#explore [name="head"]').selectOption('2');
    await linked(page, 'at', 'explore');
    await page.evaluate(() => (location.hash = '#example=sentence&head=3'));
    await page.waitForFunction(() => document.querySelector('[name="head"]').value === '3');
    await page.evaluate(() => document.querySelector('#map').scrollIntoView());
    await linked(page, 'at', 'explore');
    await page.evaluate(() => scrollTo(0, 0));
    await page.getByText('Dark', { exact: true }).click();
    await linked(page, 'theme', 'dark');
    await linked(page, 'at', 'explore');
  }));

test('a link to a file says whose it is, and applies once that file is open', () =>
  site.visit({ before: keepClipboard }, async (page) => {
    await settled(page);
    const evil = '<img src=x onerror=alert(1)>.safetensors';
    const tensors = (heads) => ({
      'layers.0.q': tensor([heads, 5, 3], noise(heads * 15)),
      'layers.0.k': tensor([heads, 7, 3], noise(heads * 21, 3)),
    });
    const own = { name: evil, content: safetensors(tensors(2)) };
    await drop(page, own);
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '7');
    await settled(page);
    await page.locator('#map [name="head"]').selectOption('1');
    await page.locator('.stage [value="scaled"]').check({ force: true });
    await settled(page);
    await page.locator('.plot').click({ position: { x: 100, y: 100 } });
    await linked(page, 'file', evil);
    await page.locator('#map .take-name').click();
    await page.locator('#map [name="take-link"]').click();
    const said = await page.locator('#map .take-said').textContent();
    assert.equal(said, `The link is copied. The file itself is not in it: who follows it has to open ${evil}, too.`);
    const link = await page.evaluate(() => globalThis.copied);
    const place = await page.locator('.cell-place').textContent();
    // Somebody else follows it: the example stands there, with a word on whose link it is, and the link is kept.
    await page.goto('about:blank');
    await page.goto(link);
    await page.locator('.source-awaited').waitFor();
    assert.match(
      await page.locator('.source-awaited p').textContent(),
      /was made for the file <img src=x.*not in it\. Open/,
    );
    assert.equal(await page.locator('main img').count(), 0);
    await settled(page);
    assert.equal(await page.locator('.plot').getAttribute('aria-colcount'), '16');
    assert.ok(await page.locator('.stage [value="weights"]').isChecked(), 'the example as it comes');
    await page.waitForTimeout(300);
    assert.equal(page.url(), link, 'nothing is lost');
    await drop(page, { name: 'another.safetensors', content: safetensors(tensors(1)) });
    await page.locator('.source-awaited', { hasText: 'another one is open' }).waitFor();
    await drop(page, own);
    await page.waitForFunction(() => !document.querySelector('.source-awaited'));
    await settled(page);
    assert.equal(await page.locator('#map [name="head"]').inputValue(), '1');
    assert.ok(await page.locator('.stage [value="scaled"]').isChecked());
    await page.locator('.cell-place', { hasText: place }).waitFor();
    assert.equal(await page.locator('.plot-locked').count(), 1);
    // The way on without it, in Chinese too.
    await page.goto('about:blank');
    await page.goto(link.replace('at=explore', 'at=steps&lang=zh'));
    assert.match(await page.locator('#notice p').textContent(), /此链接是为文件 .*不含该文件/);
    await page.locator('[name="dismiss"]').click();
    assert.equal(await page.locator('.source-awaited').count(), 0);
    await linked(page, 'file', null);
  }));

/** For a page's beginning: what is copied is in `globalThis.copied`. */
function keepClipboard() {
  if (!navigator.clipboard) return;
  navigator.clipboard.writeText = async (text) => {
    globalThis['copied'] = text;
  };
}

test('tables keep hostile text as text, JSON keeps what is no number, and names are safe', () => {
  const rows = [
    ['=1+1', 1, -2.5],
    ['a "b", c\n', NaN, Infinity],
    ['-', 0, 1e-9],
    ['', null, 0],
  ];
  assert.equal(
    csvOf({ columns: ['token', 'one', 'two'], rows }),
    `token,one,two\r\n'=1+1,1,-2.5\r\n"a ""b"", c\n",NaN,Infinity\r\n'-,0,1e-9\r\n,,0\r\n`,
  );
  const about = { cell: { logit: -Infinity } };
  const { cell, rows: objects } = JSON.parse(jsonOf({ name: 'x', about, columns: ['token', 'one', 'two'], rows }));
  assert.deepEqual(objects[1], { token: 'a "b", c\n', one: 'NaN', two: 'Infinity' });
  assert.deepEqual([objects[3].one, cell.logit], [null, '-Infinity']);
  assert.equal(fileName('../../etc/<x>', '.csv'), 'qkscope-etc-x.csv');
  assert.equal(fileName('词', '.png'), 'qkscope.png');
  assert.equal(fileName('a'.repeat(500), '.csv').length, 92);
});
