// The element `<qk-scope>` as the package ships it: in pages that are not ours.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { attention } from '../../pkg/dist/inline.js';
import { axeFindings } from './axe.mjs';
import { screenshot, startSite } from './harness.mjs';
import { loadParts } from './story.mjs';

const { VIEWS } = await loadParts('element/views');

/** The whole repository: the package and samples lie in two folders. */
const site = await startSite({ folder: '.' });
after(() => site.close());

const SENTENCE = 'src="/www/sentence.safetensors" layer="3" head="1"';
const FOUR = {
  tokens: ['the', 'cat', 'sat', 'down'],
  q: [[1, 0], [0, 1], [1, 1], [0.5, -1]], // prettier-ignore
  k: [[1, 0], [0, 1], [1, 1], [-1, 0.5]], // prettier-ignore
};
/** The same as attributes. */
const four = Object.entries(FOUR)
  .map(([name, value]) => `${name}='${JSON.stringify(value)}'`)
  .join(' ');

/** A document of somebody else, which keeps what the figures in it tell. */
const page = (body, { head = '', lang = 'en' } = {}) => `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8" /><title>figures</title><link rel="icon" href="data:," />
<script>
  globalThis.told = [];
  for (const name of ['qk-ready', 'qk-change', 'qk-error'])
    addEventListener(name, ({ target, detail }) => told.push({ name, id: target.id, ...detail, error: String(detail.error ?? '') }));
</script>
<script type="module" src="/pkg/dist/element.js"></script>${head}</head><body>${body}</body></html>`;

const told = (page, name, id) =>
  page.evaluate(
    ([event, of]) => globalThis['told'].filter((one) => one.name === event && (!of || one.id === of)),
    [name, id],
  );

const isReady = (page, id, times = 1) =>
  page.waitForFunction(
    ([of, count]) => globalThis['told'].filter(({ name, id }) => name === 'qk-ready' && id === of).length >= count,
    [id, times],
  );

/** What the figure `one` tells of its first cell, once it is ready for so many times. */
async function firstWeight(page, times) {
  await isReady(page, 'one', times);
  await page.locator('qk-scope .plot-cursor').focus();
  for (const key of ['Control+End', 'Control+Home']) await page.keyboard.press(key);
  return (await told(page, 'qk-change')).at(-1).value;
}

for (const { id: view } of VIEWS) {
  test(`${view} stands in a page of documentation`, () =>
    site.visit(
      { html: page(`<qk-scope id="one" ${SENTENCE} view="${view}"><p>instead</p></qk-scope>`) },
      async (page) => {
        await isReady(page, 'one');
        const box = await page.locator('qk-scope [part="view"]').boundingBox();
        assert.ok(box.width > 600 && box.height > 200, JSON.stringify(box));
        assert.ok(await page.getByText('instead').isHidden());
        assert.deepEqual(await told(page, 'qk-error'), []);
      },
    ));
}

test('four tokens in attributes, as an object and by a property are the same figure, with the kernel’s weights', () =>
  site.visit(
    {
      html: page(
        `<qk-scope id="a" ${four} controls></qk-scope>
         <qk-scope id="b" data='${JSON.stringify(FOUR)}'></qk-scope>
         <qk-scope id="c" causal></qk-scope>
         <script>document.getElementById('c').data = ${JSON.stringify(FOUR)};</script>`,
      ),
    },
    async (page) => {
      for (const id of ['a', 'b', 'c']) {
        await page.locator(`#${id}`).scrollIntoViewIfNeeded();
        await isReady(page, id);
      }
      const tensor = (rows) => ({ data: Float32Array.from(rows.flat()), shape: [4, 2] });
      const { weights } = await attention(tensor(FOUR.q), tensor(FOUR.k), null, { needWeights: true });
      await page.locator('#a').scrollIntoViewIfNeeded();
      const plot = await page.locator('#a .plot').boundingBox();
      for (const [query, key] of [
        [0, 1],
        [3, 2],
      ]) {
        await page.mouse.move(plot.x + ((key + 0.5) / 4) * plot.width, plot.y + ((query + 0.5) / 4) * plot.height);
        await page.waitForFunction(
          ([row, column]) => {
            const { queries, keys } = globalThis['told']
              .filter(({ name, id }) => name === 'qk-change' && id === 'a')
              .at(-1);
            return queries[0] === row && keys[0] === column;
          },
          [query, key],
        );
        const { value } = (await told(page, 'qk-change', 'a')).at(-1);
        assert.equal(value, weights.data[query * 4 + key]);
      }
      for (const id of ['a', 'b', 'c']) {
        const labels = await page.locator(`#${id} .axis-rows .axis-label:not(.axis-current)`).allTextContents();
        assert.deepEqual(labels.sort(), [...FOUR.tokens].sort());
      }
      // What an attribute of the catalogue says is computed so: under a causal mask the first query sees itself alone.
      await page.locator('#c .plot-cursor').focus();
      await page.keyboard.press('Control+Home');
      await page.waitForFunction(() => globalThis['told'].some(({ id, value }) => id === 'c' && value === 1));
      await screenshot(page, 'element-four');
    },
  ));

test('with controls one steps through layers and heads, by keys as well, and that is told', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} controls></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const figure = page.locator('qk-scope');
    assert.deepEqual(await figure.locator('.stepper select').evaluateAll((menus) => menus.map(({ value }) => value)), [
      '3',
      '1',
    ]);
    const before = await figure.locator('.plot-cursor').getAttribute('aria-label');
    await figure.getByRole('button', { name: 'Next: Head' }).focus();
    await page.keyboard.press('Enter');
    await isReady(page, 'one', 2);
    assert.equal(await figure.locator('[name="head"]').inputValue(), '2');
    assert.deepEqual(
      (await told(page, 'qk-ready', 'one')).map(({ layer, head, chosen }) => [layer, head, chosen]),
      [
        [3, 1, {}],
        [3, 2, { head: 2 }],
      ],
    );
    // What is said again, or of what is around, leaves it there.
    await page.evaluate(() => {
      const figure = document.querySelector('qk-scope');
      for (const [name, value] of Object.entries({ head: '1', caption: 'x', theme: 'dark' }))
        figure.setAttribute(name, value);
    });
    await page.waitForTimeout(300);
    assert.equal(await figure.locator('[name="head"]').inputValue(), '2');
    assert.equal((await told(page, 'qk-ready', 'one')).length, 2);
    assert.equal(
      await page.evaluate(() => document.querySelector('qk-scope').shadowRoot.activeElement.getAttribute('name')),
      'head-next',
    );
    await page.waitForFunction(
      (words) =>
        document.querySelector('qk-scope').shadowRoot.querySelector('.plot-cursor').getAttribute('aria-label') !==
        words,
      before,
    );
    // An attribute that is set anew goes before what was chosen, and leaves the rest of that.
    await figure.locator('[name="layer"]').selectOption('2');
    await isReady(page, 'one', 3);
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('head', '5'));
    await isReady(page, 'one', 4);
    assert.equal(await figure.locator('[name="head"]').inputValue(), '5');
    assert.equal(await figure.locator('[name="layer"]').inputValue(), '2');
  }));

/** Saves from one of a figure's menus. */
async function save(menu, format) {
  if (!(await menu.evaluate((one) => one.open))) await menu.locator('summary').click();
  const download = menu.page().waitForEvent('download');
  await menu.locator(`[name="take-${format}"]`).click();
  const file = await download;
  const bytes = await readFile(await file.path());
  return { name: file.suggestedFilename(), bytes, text: bytes.toString() };
}

test('with controls every view is saved as it is seen, and without them there is no menu', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE}></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    assert.ok(await page.locator('.take').first().isHidden());
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('controls', ''));
    let times = 1;
    for (const { id, alone } of VIEWS) {
      await page.evaluate((view) => document.querySelector('qk-scope').setAttribute('view', view), id);
      await isReady(page, 'one', (times += id === 'matrix' ? 0 : 1));
      await page.waitForFunction(
        () => !document.querySelector('qk-scope').shadowRoot.querySelector('[aria-busy="true"]'),
      );
      const menu = page.locator('.take').first();
      assert.equal(await menu.locator('[name="take-link"]').count(), 0, 'a figure has no address of its own');
      const { name, text } = await save(menu, 'csv');
      assert.match(name, new RegExp(`^qkscope-${id}.*\\.csv$`));
      const rows = text.trimEnd().split('\r\n');
      const json = JSON.parse((await save(menu, 'json')).text);
      assert.equal(json.rows.length, rows.length - 1);
      // And what it is: of a comparison each side, of what stands by itself nothing.
      for (const one of id === 'compare' ? [json.a, json.b] : [json]) {
        const { source, layer, score } = one;
        const wanted = alone ? [undefined, undefined, undefined] : ['/www/sentence.safetensors', 3, true];
        assert.deepEqual([source, id === 'heads' ? 3 : layer, score && 'id' in score], wanted, id);
      }
      assert.match((await save(menu, 'svg')).text, /^<svg/);
      const sizes = [];
      for (const scale of [1, 4]) sizes.push((await save(menu, `png-${scale}`)).bytes.readUInt32BE(16));
      assert.equal(Math.round(sizes[1] / sizes[0]), 4);
    }
  }));

test('what is saved of the heat map and of a pair are the kernel’s numbers, in the language of the figure', () =>
  site.visit(
    { html: page(`<qk-scope id="one" lang="zh" ${four} controls></qk-scope>`), width: 1440, height: 1200 },
    async (page) => {
      await isReady(page, 'one');
      const tensor = (rows) => ({ data: Float32Array.from(rows.flat()), shape: [4, 2] });
      const { weights } = await attention(tensor(FOUR.q), tensor(FOUR.k), null, { needWeights: true });
      const [matrix, pair] = ['.map .take', '.cell .take'].map((menu) => page.locator(menu));
      const [, ...rows] = (await save(matrix, 'csv')).text.trimEnd().split('\r\n');
      const saved = rows.flatMap((row) => row.split(',').slice(1).map(Number));
      assert.deepEqual(saved, [...weights.data]);
      assert.match((await save(matrix, 'svg')).text, /第 0 个头.*列：键/s);
      await page.locator('.plot-cursor').focus();
      await page.keyboard.press('Control+Home');
      await page.waitForFunction(() =>
        document.querySelector('qk-scope').shadowRoot.querySelector('.cell-place').textContent.includes('0'),
      );
      const { name, text } = await save(pair, 'json');
      assert.match(name, /query-0-key-0/);
      assert.equal(JSON.parse(text).weight, weights.data[0]);
      await screenshot(page, 'element-export');
    },
  ));

test('what is in sight is read as a table, by those who hear it as well', () =>
  site.visit({ html: page(`<qk-scope id="one" ${four} controls></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const tensor = (rows) => ({ data: Float32Array.from(rows.flat()), shape: [4, 2] });
    const { weights } = await attention(tensor(FOUR.q), tensor(FOUR.k), null, { needWeights: true });
    const menu = page.locator('.map .take');
    await menu.locator('summary').click();
    const table = page.locator('.map .take-sheet table');
    const read = async () => {
      await menu.getByRole('button', { name: 'Show as a table' }).click();
      const rows = await table
        .locator('tbody tr')
        .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
      return { heads: await table.locator('thead th').allTextContents(), rows };
    };
    const { heads, rows } = await read();
    assert.deepEqual(heads, ['query', ...FOUR.tokens.map((name, at) => `${at} ${name}`)]);
    assert.deepEqual(
      rows.map(([name]) => name),
      heads.slice(1),
    );
    rows.forEach(([, ...shown], row) =>
      shown.forEach((value, key) => assert.ok(Math.abs(Number(value) - weights.data[row * 4 + key]) < 5e-5)),
    );
    assert.equal(await table.locator('caption').textContent(), 'Rows: 4; columns: 4.');
    assert.equal(await menu.getByRole('status').textContent(), 'The table is below.');
    // Of what is seen now, and in parts where it is much.
    await page.evaluate(() => {
      const rows = Array.from({ length: 100 }, (_, at) => [at / 100, 1]);
      Object.assign(document.querySelector('qk-scope'), { data: { q: rows, k: rows } });
    });
    await isReady(page, 'one', 2);
    await page.locator('.plot[aria-busy="false"]').waitFor();
    const large = await read();
    assert.deepEqual([large.rows.length, large.heads.length], [64, 65]);
    assert.match(await table.locator('caption').textContent(), /^The first 64 of 100 rows and 64 of 100 columns/);
    assert.deepEqual(await axeFindings(page, 'qk-scope'), []);
    await screenshot(page, 'element-table');
  }));

test('a mask takes keys away, head by head, and is summed up with the controls', () =>
  site.visit(
    {
      html: page(
        `<qk-scope id="one" controls mask="[[1,0,1,1],[1,1,1,1],[0,0,0,0],[true,false,true,true]]"></qk-scope>`,
      ),
    },
    async (page) => {
      const two = { q: [FOUR.q, FOUR.q], k: [FOUR.k, FOUR.k], tokens: FOUR.tokens };
      await page.evaluate((given) => Object.assign(document.querySelector('qk-scope'), { data: given }), two);
      await isReady(page, 'one');
      const tensor = (rows) => ({ data: Float32Array.from(rows.flat(2)), shape: [1, 4, 2] });
      const drawn = async (attnMask) => {
        const { weights } = await attention(tensor(FOUR.q), tensor(FOUR.k), null, { attnMask, needWeights: true });
        await page.locator('.plot[aria-busy="false"]').waitFor();
        const [, ...rows] = (await save(page.locator('.map .take'), 'csv')).text.trimEnd().split('\r\n');
        assert.deepEqual(
          rows.flatMap((row) => row.split(',').slice(1).map(Number)),
          [...weights.data],
        );
      };
      const about = async () => JSON.parse((await save(page.locator('.map .take'), 'json')).text);
      assert.deepEqual((await about()).masks, ['attnMask']);
      const mask = [1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1];
      await drawn({ data: Uint8Array.from(mask), shape: [4, 4] });
      const left = page.locator('.mask-left');
      assert.equal(await left.innerText(), 'Which keys each query may see: 10 of 16 pairs · queries without a key: 1');
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('lang', 'zh'));
      await left.filter({ hasText: '每个查询能看到哪些键：16 对中的 10 对' }).waitFor();
      // As a tensor, one of each head, which a row of keys stands for.
      await page.evaluate(() => {
        const data = Uint8Array.of(1, 1, 1, 1, 1, 1, 0, 0);
        Object.assign(document.querySelector('qk-scope'), { lang: 'en', mask: { data, shape: [2, 1, 4] } });
      });
      await isReady(page, 'one', 2);
      assert.ok(await left.isHidden(), 'nothing is taken from the first head');
      await page.locator('[name="head-next"]').click();
      await isReady(page, 'one', 3);
      assert.equal(await left.innerText(), 'Which keys each query may see: 8 of 16 pairs');
      await drawn({ data: Uint8Array.of(1, 1, 0, 0), shape: [1, 4] });
      // A bias takes away as well, and so do rules.
      await page.evaluate(() => {
        const attnBias = { data: Float32Array.of(0, 0, 0, -Infinity), shape: [1, 4] };
        Object.assign(document.querySelector('qk-scope'), { mask: null, options: { attnBias, causal: true } });
      });
      await isReady(page, 'one', 4);
      assert.equal(await left.innerText(), 'Which keys each query may see: 9 of 16 pairs');
      assert.deepEqual((await about()).masks, ['attnBias']);
      await page.evaluate(() => document.querySelector('qk-scope').removeAttribute('controls'));
      await left.waitFor({ state: 'hidden' });
    },
  ));

test('what a mask leaves of a long map is counted where that is seen, and holds nothing up', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    const left = page.locator('.mask-left');
    const show = (tokens, rows, count) =>
      page
        .evaluate(
          ([size, queries]) => {
            const row = Float32Array.from({ length: size }, (_, at) => Math.sin(at));
            const marks = Uint8Array.from({ length: queries * size }, (_, at) => at % 2);
            Object.assign(document.querySelector('qk-scope'), {
              data: { q: { data: row, shape: [size, 1] }, k: { data: row, shape: [size, 1] } },
              options: { attnMask: { data: marks, shape: [queries, size] } },
            });
          },
          [tokens, rows],
        )
        .then(() => isReady(page, 'one', count));
    await page.evaluate(() => {
      globalThis['longest'] = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) globalThis['longest'] = Math.max(globalThis['longest'], duration);
      }).observe({ type: 'longtask' });
    });
    const longest = () => page.evaluate(() => globalThis['longest']);
    await show(16384, 1, 1);
    await page.waitForTimeout(300);
    assert.equal(await left.textContent(), '', 'nobody sees it');
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('controls', ''));
    await left.filter({ hasText: '134,217,728 of 268,435,456 pairs' }).waitFor();
    assert.ok((await longest()) < 1000, `${await longest()} ms`);
    // Of marks of their own each query is counted by itself, in slices of time.
    await show(4096, 4096, 2);
    await page.evaluate(() => (globalThis['longest'] = 0));
    await left.filter({ hasText: '8,388,608 of 16,777,216 pairs' }).waitFor();
    assert.ok((await longest()) < 1000, `${await longest()} ms`);
    // Too many to be counted: nothing is said, nor what was true before.
    await show(8200, 8200, 3);
    await page.waitForTimeout(300);
    assert.equal(await left.textContent(), '');
  }));

test('a mask of a figure is compared, and never written down, as heads are stepped through', () =>
  site.visit({ html: page('<qk-scope id="one" view="heads" loading="eager" controls></qk-scope>') }, async (page) => {
    const step = async (head, count) => {
      await page.evaluate((to) => document.querySelector('qk-scope').setAttribute('head', to), String(head));
      await isReady(page, 'one', count);
    };
    await page.evaluate(() => {
      const rows = Array.from({ length: 64 }, (_, at) => [Math.sin(at), Math.cos(3 * at)]);
      const numbers = { q: [rows, rows, rows], k: [rows, rows, rows] };
      globalThis['see'] = (keys) => {
        const data = Uint8Array.from({ length: 64 * 64 }, (_, at) => Number(at % 64 < keys));
        Object.assign(document.querySelector('qk-scope'), {
          data: numbers,
          options: { attnMask: { data, shape: [64, 64] } },
        });
      };
      globalThis['longest'] = 0;
      const { stringify } = JSON;
      JSON.stringify = (...given) => {
        const text = stringify(...given);
        globalThis['longest'] = Math.max(globalThis['longest'], text?.length ?? 0);
        return text;
      };
      globalThis['see'](1);
    });
    await isReady(page, 'one');
    const first = page.locator('.heads-cell[aria-label*="head 0: Mean entropy"]');
    await first.waitFor();
    const before = await first.getAttribute('aria-label');
    await step(1, 2);
    // The same mask in another array is the same; with another one the heads are others.
    await page.evaluate(() => globalThis['see'](1));
    await step(2, 3);
    assert.equal(await page.locator('.heads-cell').first().getAttribute('aria-label'), before);
    await page.evaluate(() => globalThis['see'](64));
    await isReady(page, 'one', 4);
    await page.waitForFunction(
      (words) =>
        document.querySelector('qk-scope').shadowRoot.querySelector('.heads-cell').getAttribute('aria-label') !== words,
      before,
    );
    assert.ok((await page.evaluate(() => globalThis['longest'])) < 1000);
  }));

test('axe finds nothing in figures of each view', () =>
  site.visit(
    {
      html: page(
        `<main><h1>Figures</h1>${VIEWS.map(({ id }) => `<qk-scope id="${id}" ${SENTENCE} view="${id}" controls></qk-scope>`).join('')}</main>`,
      ),
    },
    async (page) => {
      for (const { id } of VIEWS) {
        await page.locator(`#${id}`).scrollIntoViewIfNeeded();
        await isReady(page, id);
      }
      assert.deepEqual(await axeFindings(page), []);
    },
  ));

/** Hands the figure so many queries and keys of noise that all rows take a while. */
const giveLong = (page) =>
  page.evaluate(() => {
    const [n, d] = [32_768, 64];
    const rows = (seed) => {
      let state = seed;
      const data = Float32Array.from({ length: n * d }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 31 - 1;
      });
      return { data, shape: [n, d] };
    };
    Object.assign(document.querySelector('qk-scope'), { data: { q: rows(1), k: rows(7) } });
  });

test('a pass over all rows is stopped and gone on with, from the picture and from beside it; colours follow it now and then', () =>
  site.visit({ html: page('<qk-scope id="one" controls stage="scaled"></qk-scope>') }, async (page) => {
    await page.waitForFunction(() => customElements.get('qk-scope'));
    await giveLong(page);
    await isReady(page, 'one');
    const mark = page.locator('.pass');
    const stop = mark.getByRole('button', { name: 'Stop' });
    await stop.waitFor();
    const recoloured = await page.evaluate(async () => {
      let times = 0;
      const watch = new MutationObserver(() => (times += 1));
      const legend = document.querySelector('qk-scope').shadowRoot.querySelector('.legend [role="img"]');
      watch.observe(legend, { attributes: true, attributeFilter: ['aria-label'] });
      await new Promise((resolve) => setTimeout(resolve, 900));
      return times;
    });
    assert.ok(recoloured <= 4, `${recoloured} times in 0.9 seconds`);
    await stop.click();
    await mark.getByRole('button', { name: 'All rows' }).click();
    await isReady(page, 'one', 2);
    await stop.click();
    // The cell that is shown says so at once, and what it offers leads the focus to the picture.
    const offer = page.locator('[name="cell-offer"]');
    const plot = await page.locator('.plot').boundingBox();
    for (let y = 20; y < 300 && (await offer.count()) === 0; y += 9) {
      await page.mouse.move(plot.x + 1, plot.y + y);
      await page.waitForTimeout(100);
    }
    await offer.click();
    await isReady(page, 'one', 3);
    await stop.waitFor();
    assert.match(
      await page.evaluate(() => document.querySelector('qk-scope').shadowRoot.activeElement.className),
      /plot-cursor/,
    );
  }));

test('a module with relaxed SIMD is fetched where an address gives it', () =>
  site.visit(
    {
      html: page(`<qk-scope id="one" ${four} wasm-url="/pkg/dist/qkscope_whole_relaxed_bg.wasm"></qk-scope>`),
    },
    async (page, { requests }) => {
      await isReady(page, 'one');
      assert.ok(requests.some((address) => address.endsWith('qkscope_whole_relaxed_bg.wasm')));
    },
  ));

for (const [what, address, expectedErrors] of /** @type {const} */ ([
  ['is not there', '/nowhere.wasm', /404/],
  ['does a part of the work', '/pkg/dist/qkscope_relaxed_bg.wasm', undefined],
]))
  test(`where the module at the address ${what}, it is the one inside`, () =>
    site.visit(
      { html: page(`<qk-scope id="one" ${four} wasm-url="${address}"></qk-scope>`), expectedErrors },
      async (page, { requests }) => {
        await isReady(page, 'one');
        assert.ok(requests.some((request) => request.endsWith(address)));
        assert.deepEqual(await told(page, 'qk-error'), []);
      },
    ));

test('what an attribute says wrongly is told in the figure and by an event, and mended by another value', () =>
  site.visit(
    {
      html: page(`<qk-scope id="bad" ${four} normalizer="softmux"><p>instead</p></qk-scope>`),
    },
    async (page) => {
      const figure = page.locator('qk-scope');
      await figure.getByRole('alert').filter({ hasText: 'softmux' }).waitFor();
      assert.match((await told(page, 'qk-error'))[0].error, /softmux/);
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('normalizer', 'sparsemax'));
      await isReady(page, 'bad');
      assert.ok(await figure.getByRole('alert').isHidden());
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('layer', 'x'));
      await figure.getByRole('alert').filter({ hasText: 'layer' }).waitFor();
    },
  ));

test('more layers than students and teachers are drawn are refused by number, and no other numbers are shown', () =>
  site.visit(
    { html: page(`<qk-scope id="one" ${four} view="student" loading="eager" controls></qk-scope>`) },
    async (page) => {
      await isReady(page, 'one');
      const give = (count, heads) =>
        page.evaluate(
          ([length, keyHeads]) => {
            const lists = (all) => Array.from({ length: all }, () => Array.from({ length }, (_, at) => [at, 1, 0, 0]));
            document.querySelector('qk-scope')['data'] = { q: lists(2), k: lists(keyHeads) };
          },
          [count, heads],
        );
      const figure = page.locator('qk-scope');
      const names = () => figure.locator('.story-student').innerText();
      assert.match(await names(), /the[^]*down/);
      assert.doesNotMatch(await names(), /MiniLM|The sample|Your own/);
      await give(65, 2);
      await figure
        .getByRole('alert')
        .filter({ hasText: /65 × 4 .*at most 64 layers a side/ })
        .waitFor();
      assert.match((await told(page, 'qk-error'))[0].error, /at most 64 layers/);
      assert.equal(await figure.locator('.story-student').count(), 0);
      // Keys that several heads share are no teachers of each of them.
      await give(5, 1);
      await figure
        .getByRole('alert')
        .filter({ hasText: /must be the same/ })
        .waitFor();
      assert.equal((await told(page, 'qk-ready')).length, 1);
      await give(64, 2);
      await isReady(page, 'one', 2);
      assert.match(await names(), /63/);
      assert.ok(await figure.getByRole('alert').isHidden());
      // As a figure begins, as well.
      await page.evaluate(
        (given) => {
          const other = document.createElement('qk-scope');
          Object.assign(other, { id: 'two', view: 'student', loading: 'eager', data: { q: given, k: given } });
          document.body.append(other);
        },
        Array.from({ length: 70 }, () => [1, 2]),
      );
      await page.locator('#two').getByRole('alert').filter({ hasText: 'at most 64' }).waitFor();
      assert.deepEqual(await told(page, 'qk-ready', 'two'), []);
      assert.equal(await page.locator('#two .story-student').count(), 0);
    },
  ));

test('steppers are those that a view depends on', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} loading="eager" controls></qk-scope>`) }, async (page) => {
    let times = 0;
    for (const { id, alone, whole } of VIEWS) {
      await page.evaluate((view) => document.querySelector('qk-scope').setAttribute('view', view), id);
      await isReady(page, 'one', (times += 1));
      const there = await page
        .locator('qk-scope [part="controls"]:not([hidden]) select')
        .evaluateAll((all) => all.map((one) => one['name']));
      assert.deepEqual(there, [...(alone ? [] : ['layer']), ...(alone || whole ? [] : ['head'])], id);
    }
  }));

/** Words that are true of the project's page alone. */
const PLACED =
  /this page|this section|open above|Another file|Open (a )?files?…|saved|本页|此处的|上面打开|另一个文件|导出的/i;

test('no figure speaks of what stands around it on another page', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} loading="eager"></qk-scope>`) }, async (page) => {
    let times = 0;
    for (const { id } of VIEWS) {
      await page.evaluate((view) => document.querySelector('qk-scope').setAttribute('view', view), id);
      await isReady(page, 'one', (times += 1));
      for (const lang of ['en', 'zh']) {
        await page.evaluate((tag) => document.querySelector('qk-scope').setAttribute('lang', tag), lang);
        await page.waitForTimeout(150);
        if (id === 'heads') await page.locator('.heads-cell[aria-label*="3"]').first().hover();
        const words = await page.locator('qk-scope [part="view"]').innerText();
        assert.equal(PLACED.exec(words)?.[0], undefined, `${id}, ${lang}`);
      }
    }
    // What a link of the page says of a file that is not there either.
    await page.evaluate(() =>
      Object.assign(document.querySelector('qk-scope'), { lang: 'en', view: 'compare', state: 'captures*c.sentence' }),
    );
    await isReady(page, 'one', (times += 1));
    assert.deepEqual(await page.locator('[name="compare-kind"]').evaluateAll((all) => all.map((one) => one['value'])), [
      'heads',
      'normalizers',
    ]);
    assert.equal(await page.locator('[name="compare-kind"]:checked').inputValue(), 'heads');
  }));

test('what is passed over is said in a note, in the language of the figure', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} loading="eager"></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const note = page.locator('qk-scope [part="note"]');
    assert.ok(await note.isHidden());
    let times = 1;
    const say = async (said) => {
      await page.evaluate((given) => Object.assign(document.querySelector('qk-scope'), given), said);
      await isReady(page, 'one', (times += 1));
      return note.textContent();
    };
    assert.equal(await say({ q: [[1, 2]], k: [[1, 2]] }), 'Not used: q, k. The numbers are those of src.');
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('lang', 'zh'));
    await note.filter({ hasText: /^未使用：q, k。数据取自 src。$/ }).waitFor();
    await page.evaluate(() => document.querySelector('qk-scope').removeAttribute('lang'));
    assert.equal(
      await say({ q: null, k: null, tokens: ['a', 'b'] }),
      'tokens has 2 tokens for 16 queries; they are shown by number instead.',
    );
    const names = Array.from({ length: 16 }, (_, at) => `n${at}`);
    assert.equal(await say({ tokens: names }), '');
    assert.ok((await page.locator('.axis-rows').textContent()).includes('n7'));
    assert.ok((await page.locator('.axis-columns').textContent()).includes('n7'));
    assert.equal(await say({ tokens: null, state: 'x y' }), 'The state “x y” means nothing to this view.');
    assert.match(await say({ view: 'links' }), /means nothing/);
    assert.equal(await say({ state: 't30' }), '');
    for (const id of ['learned', 't5'])
      assert.equal(
        await say({ state: null, view: 'matrix', position: id }),
        `The position “${id}” changes nothing without its parameter “table”.`,
      );
    assert.equal(await say({ position: 'rope' }), '');
    assert.match(await say({ view: 'spread' }), /^This view shows numbers of its own/);
    assert.equal(await say({ view: 'matrix' }), '');
    assert.equal(
      await say({ layer: null, head: null, data: FOUR, assign: { query: 'q', key: 'k' } }),
      'Not used: src, assign. The numbers are those of data.',
    );
  }));

test('while numbers are on their way that is said, and what is computed afterwards', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    const held = [];
    await page.route('**/sentence.safetensors', (route) => void held.push(route));
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('src', '/www/sentence.safetensors'));
    await page
      .locator('qk-scope .busy-words')
      .filter({ hasText: /^Loading$/ })
      .waitFor();
    await page.unroute('**/sentence.safetensors');
    for (const route of held) await route.continue();
    await isReady(page, 'one');
    assert.equal(await page.locator('qk-scope .busy-words').textContent(), 'Computing');
  }));

test('what is cancelled can be begun again, and is begun by the next change', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    const held = [];
    const [cancel, again] = ['.busy button', 'button[name="again"]'].map((one) => page.locator(`qk-scope ${one}`));
    const say = (name, value) =>
      page.evaluate(([name, value]) => document.querySelector('qk-scope').setAttribute(name, value), [name, value]);
    await page.route('**/sentence.safetensors', (route) => void held.push(route));
    await say('src', '/www/sentence.safetensors');
    await cancel.click();
    await say('lang', 'zh');
    await again.filter({ hasText: '重试' }).waitFor();
    assert.ok(await again.evaluate((button) => button.matches(':focus')));
    await again.click();
    await cancel.click();
    assert.equal(await again.isVisible(), true);
    await page.unroute('**/sentence.safetensors');
    for (const route of held) await route.abort();
    await say('head', '2');
    await isReady(page, 'one');
    assert.equal(await again.isVisible(), false);
    // What is cancelled leaves nothing of the numbers before under the name of the others.
    await page.route('**/passage.safetensors', () => undefined);
    await say('src', '/www/passage.safetensors');
    await cancel.click();
    await again.waitFor();
    assert.equal(await page.locator('qk-scope .plot').count(), 0);
    assert.equal(await page.evaluate(() => document.querySelector('qk-scope').shown), undefined);
  }));

test('nothing is told before the view is there, nor what no reader did, nor twice the same', () =>
  site.visit(
    {
      html: page(
        `<qk-scope id="one" ${SENTENCE} loading="eager" controls></qk-scope>
         <div hidden><qk-scope id="hid" ${four} loading="eager"></qk-scope></div>`,
      ),
    },
    async (page) => {
      await isReady(page, 'one');
      await isReady(page, 'hid');
      const shown = (id = 'one') => page.evaluate((of) => document.getElementById(of)['shown'], id);
      assert.deepEqual(await shown(), { view: 'matrix', layer: 3, head: 1, batch: 0, chosen: {} });
      await page.evaluate(() => document.querySelector('div[hidden]').removeAttribute('hidden'));
      await page.locator('#hid .plot[aria-busy="false"]').waitFor();
      await page.evaluate(() => document.getElementById('one').setAttribute('head', '2'));
      await isReady(page, 'one', 2);
      await page.setViewportSize({ width: 700, height: 700 });
      await page.waitForTimeout(500);
      assert.deepEqual(await told(page, 'qk-change'), []);
      // Keys that lead nowhere are a change once.
      await page.locator('#one .plot-cursor').focus();
      for (const key of ['Control+End', 'PageDown', 'PageDown', 'ArrowDown', 'ArrowRight']) {
        await page.keyboard.press(key);
        await page.waitForTimeout(100);
      }
      const last = await told(page, 'qk-change', 'one');
      assert.deepEqual(
        last.map(({ queries, keys }) => [queries, keys]),
        [[[15, 16], [15, 16]]], // prettier-ignore
      );
      // Of another head the cell that somebody looks at is another, which is told after it is there.
      await page.locator('#one [name="head-next"]').click();
      await isReady(page, 'one', 3);
      assert.deepEqual((await shown()).chosen, { head: 3 });
      assert.equal(await page.evaluate(() => document.getElementById('one').getAttribute('head')), '2');
      const names = await page.evaluate(() =>
        globalThis['told'].filter(({ id }) => id === 'one').map(({ name }) => name),
      );
      assert.deepEqual(names.slice(-2), ['qk-ready', 'qk-change']);
      // A head among all is a place: that is ready, and no change.
      await page.evaluate(() => document.getElementById('one').setAttribute('view', 'heads'));
      await isReady(page, 'one', 4);
      const before = (await told(page, 'qk-change')).length;
      await page.locator('#one .heads-cell[aria-label^="Layer 1, head 5:"]').click();
      await isReady(page, 'one', 5);
      assert.deepEqual(
        [(await shown()).chosen, (await told(page, 'qk-change')).length],
        [{ layer: 1, head: 5 }, before],
      );
      await page.evaluate(() => document.getElementById('one').remove());
    },
  ));

test('a figure speaks the language that the site changes to', () =>
  site.visit({ html: page(`<qk-scope id="one" ${four} loading="eager"></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    await page.evaluate(() => (document.documentElement.lang = 'zh-CN'));
    await page.locator('.plot[aria-label*="热图"]').waitFor();
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('lang', 'en'));
    await page.locator('.plot[aria-label*="Heat map"]').waitFor();
  }));

test('every attribute is a property as well, set before the element is known or after, and the types name it', () =>
  site.visit(
    {
      html: page('<qk-scope id="one" loading="eager"></qk-scope>').replace(
        '<script type="module"',
        `<script>addEventListener('DOMContentLoaded', () =>
          Object.assign(document.querySelector('qk-scope'), { ...${JSON.stringify(FOUR)}, causal: true, leftWindowSize: 1 }));
        </script><script type="module"`,
      ),
    },
    async (page) => {
      await isReady(page, 'one');
      const said = (names) =>
        page.evaluate((all) => all.map((name) => document.querySelector('qk-scope').getAttribute(name)), names);
      assert.deepEqual(await said(['tokens', 'causal', 'left-window-size']), [JSON.stringify(FOUR.tokens), '', '1']);
      await page.evaluate(() =>
        Object.assign(document.querySelector('qk-scope'), { causal: false, leftWindowSize: null }),
      );
      assert.deepEqual(await said(['causal', 'left-window-size']), ['false', null]);
      const types = await readFile(new URL('../../pkg/dist/element.d.ts', import.meta.url), 'utf8');
      const properties = await page.evaluate(() => {
        const all = Object.getOwnPropertyDescriptors(customElements.get('qk-scope').prototype);
        return Object.entries(all).flatMap(([name, { set }]) => (set ? [name] : []));
      });
      assert.ok(properties.length > 25);
      for (const name of properties) assert.match(types, new RegExp(`  (set )?${name}[(:]`), name);
    },
  ));

test('what was played with stays while another head is looked at, and what is asked for is told to nobody', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} view="links" controls></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const figure = page.locator('qk-scope');
    const slider = figure.locator('input[type="range"]');
    await slider.focus();
    for (let time = 0; time < 5; time += 1) await page.keyboard.press('ArrowRight');
    const value = await slider.inputValue();
    const state = (await told(page, 'qk-change', 'one')).at(-1).state;
    assert.ok(state, 'it is told');
    await figure.locator('[name="head-next"]').click();
    await isReady(page, 'one', 2);
    assert.equal(await slider.inputValue(), value);
    const changes = (await told(page, 'qk-change', 'one')).length;
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('state', 't3'));
    await page.waitForFunction(
      (was) => document.querySelector('qk-scope').shadowRoot.querySelector('input[type="range"]').value !== was,
      value,
    );
    await page.waitForTimeout(200);
    assert.equal((await told(page, 'qk-change', 'one')).length, changes);
  }));

/** The heat map of the figure `one`: its current cell, whether that is locked, and what the numbers beside it are of. */
const cellOf = (page) =>
  page.locator('#one').evaluate(({ shadowRoot }) => {
    const cursor = shadowRoot.querySelector('.plot-cursor');
    const at = [
      shadowRoot.querySelector('.plot-row').getAttribute('aria-rowindex'),
      cursor.getAttribute('aria-colindex'),
    ];
    return {
      cell: at.map((index) => Number(index) - 1).join(),
      locked: cursor.classList.contains('plot-locked'),
      panel: shadowRoot.querySelector('.cell-panel').textContent,
    };
  });

test('a state opens the heat map at its cell, which is locked, on from head to head, and once more when it is asked for', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} state="10,2" controls></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const figure = page.locator('#one');
    let times = 1;
    const say = async (said) => {
      await figure.evaluate((one, given) => Object.assign(one, given), said);
      await isReady(page, 'one', (times += 1));
      const { cell, locked } = await cellOf(page);
      return [cell, locked, await figure.locator('[part="note"]').textContent()];
    };
    await figure.locator('.cell-panel', { hasText: 'it' }).filter({ hasText: 'animal' }).waitFor();
    const first = await cellOf(page);
    assert.deepEqual([first.cell, first.locked], ['10,2', true]);
    // The pointer leaves a locked cell alone, and so does another head, of which it is the same cell.
    await figure.locator('.plot').hover({ position: { x: 5, y: 5 } });
    assert.equal((await cellOf(page)).cell, '10,2');
    assert.deepEqual(await say({ head: 2 }), ['10,2', true, '']);
    assert.deepEqual(await say({ layer: 2 }), ['10,2', true, '']);
    assert.deepEqual(await say({ state: '3,1' }), ['3,1', true, '']);
    assert.deepEqual(await told(page, 'qk-change'), [], 'what is asked for is no news');
    // What a reader comes to is told, and comes back by that in a figure of its own; it gives way to what is asked for anew.
    await figure.locator('.plot-cursor').focus();
    await page.keyboard.press('ArrowRight');
    const { state, queries, keys } = (await told(page, 'qk-change', 'one')).at(-1);
    assert.deepEqual([state, queries, keys], ['3,2', [3, 4], [2, 3]]);
    await page.keyboard.press('Escape');
    await figure.evaluate((one) => one.toggleAttribute('state'));
    assert.deepEqual(await say({ state: '3,1' }), ['3,1', true, '']);
    await page.evaluate((said) => {
      const one = document.getElementById('one');
      const other = one.cloneNode();
      one.replaceWith(other);
      globalThis['told'].length = 0;
      Object.assign(other, { state: said });
    }, state);
    times = 0;
    assert.deepEqual(await say({ caption: 'again' }), [state, true, '']);
  }));

test('a state of no cell of the heat map is passed over, with a note where it is none of any', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} state="99,2"></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const figure = page.locator('#one');
    let times = 1;
    const say = async (state) => {
      await figure.evaluate((one, said) => Object.assign(one, { state: said }), state);
      await isReady(page, 'one', (times += 1));
      const { cell, locked } = await cellOf(page);
      return [cell, locked, await figure.locator('[part="note"]').textContent()];
    };
    const { cell: start, locked } = await cellOf(page);
    assert.ok(!locked);
    assert.deepEqual(await say('10,2'), ['10,2', true, '']);
    assert.deepEqual(await say('16,16'), [start, false, '']);
    for (const none of ['10', '10,2,3', '-1,2', 't30', '1e1,2', '10, 2'])
      assert.deepEqual(await say(none), [start, false, `The state “${none}” means nothing to this view.`]);
    assert.deepEqual(await say('10,2'), ['10,2', true, '']);
    assert.deepEqual(await say(null), [start, false, '']);
  }));

test('a cell that stands for many is told by the first pair in it, which brings it back', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    await page.evaluate(() => {
      const rows = Array.from({ length: 3000 }, (_, at) => [Math.sin(at), Math.cos(3 * at)]);
      Object.assign(document.getElementById('one'), { data: { q: rows, k: rows } });
    });
    await isReady(page, 'one');
    await page.locator('#one .plot').hover({ position: { x: 200, y: 150 } });
    await page.waitForFunction(() => globalThis['told'].some(({ name }) => name === 'qk-change'));
    const { state, queries, keys } = (await told(page, 'qk-change')).at(-1);
    assert.ok(queries[1] - queries[0] > 1);
    assert.equal(state, `${queries[0]},${keys[0]}`);
    const count = (await told(page, 'qk-change')).length;
    await page.locator('#one').evaluate((one, said) => one.setAttribute('state', said), state);
    await isReady(page, 'one', 2);
    const { cell, locked } = await cellOf(page);
    assert.deepEqual([cell, locked], [state, true]);
    await page.waitForTimeout(300);
    assert.equal((await told(page, 'qk-change')).length, count);
  }));

test('an error while numbers are on their way is the last word', () =>
  site.visit({ html: page(`<qk-scope id="one" loading="eager" ${SENTENCE}></qk-scope>`) }, async (page) => {
    await page.evaluate(() => {
      const figure = document.querySelector('qk-scope');
      figure.removeAttribute('head');
      queueMicrotask(() => queueMicrotask(() => figure.setAttribute('head', 'oops')));
    });
    await page.locator('qk-scope').getByRole('alert').filter({ hasText: 'oops' }).waitFor();
    const ready = (await told(page, 'qk-ready')).length;
    await page.waitForTimeout(800);
    assert.equal((await told(page, 'qk-ready')).length, ready);
    assert.ok(await page.locator('qk-scope').getByRole('alert').isVisible());
  }));

test('what makes no sense is told in words, whatever it is', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    for (const [name, value, words] of [
      ['data', 'null', /data should be an object with q and k, and is null/],
      ['data', '{"q":1,"k":2}', /q should be lists of lists of numbers/],
      ['data', '{"q":[[1,2],[3]],"k":[[1,2]]}', /q should be lists of 2/],
      [
        'q',
        '['.repeat(5000) + ']'.repeat(5000),
        /^q should be lists of lists of numbers, and is \[\[\[\[\[…\]\]\]\]\]\.$/,
      ],
      ['q', JSON.stringify(Array(3e6).fill(1)), /^q should be lists of lists of numbers, and is \[(1,)+1?…\.$/],
      ['src', 'http://[', /src should be an address/],
      ['src', '', /^there are no numbers yet: src, data, or q and k say which\.$/],
      ['theme', 'green', /theme should be auto, light, dark/],
    ]) {
      await page.evaluate(
        ([attribute, said]) => document.querySelector('qk-scope').setAttribute(attribute, said),
        [name, value],
      );
      await page.locator('qk-scope').getByRole('alert').filter({ hasText: words }).waitFor();
      await page.evaluate((attribute) => document.querySelector('qk-scope').removeAttribute(attribute), name);
    }
    await page.evaluate((given) => Object.assign(document.querySelector('qk-scope'), given), {
      ...FOUR,
      tokens: ['a', 'b'],
    });
    await isReady(page, 'one');
    await page.locator('qk-scope [part="note"]').filter({ hasText: '2' }).waitFor();
  }));

test('bytes, and lists whose rows are arrays of numbers, are numbers; of what is none is said what it is', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    const give = (make) =>
      page.evaluate(
        ([kind, given]) => {
          const rows = (all) => all.map((row) => Float32Array.from(row));
          const made = {
            bytes: () => new TextEncoder().encode(JSON.stringify({ q: given.q, k: given.k })),
            rows: () => ({ q: rows(given.q), k: given.k.map((row) => Float64Array.from(row)) }),
            odd: () => Uint16Array.of(1, 2, 3),
            inner: () => ({ q: [new Map()], k: given.k }),
          };
          document.querySelector('qk-scope')['data'] = made[kind]();
        },
        [make, FOUR],
      );
    for (const [times, kind] of ['bytes', 'rows'].entries()) {
      await give(kind);
      await isReady(page, 'one', times + 1);
    }
    const said = (words) => page.locator('qk-scope').getByRole('alert').filter({ hasText: words });
    await give('odd');
    await said(/^data should be an object with q and k, and is Uint16Array\.$/).waitFor();
    await give('inner');
    await said(/^q should be lists of lists of numbers, and is \[Map\]\.$/).waitFor();
  }));

test('a capture whose names do not say which tensors are Q and K says so, and assign does', () =>
  site.visit({ html: page('<qk-scope id="one" view="steps" loading="eager"></qk-scope>') }, async (page) => {
    const { q, k, tokens } = FOUR;
    await page.route('**/named.json', (route) => route.fulfill({ json: { queries: q, keys: k, payload: q, tokens } }));
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('src', '/named.json'));
    const said = (words) => page.locator('qk-scope').getByRole('alert').filter({ hasText: words });
    await said(/the capture holds .*“queries”.* say it by assign, .* or call them layers\.0\.q/).waitFor();
    const assign = (roles) =>
      page.evaluate((value) => Object.assign(document.querySelector('qk-scope'), { assign: value }), roles);
    await assign({ query: 'queries', key: 'nowhere' });
    await said(/nowhere/).waitFor();
    await assign({ query: 'queries', keys: 'keys' });
    await said(/keys/).waitFor();
    await assign('[');
    await said(/assign should be JSON/).waitFor();
    await assign(5);
    await said(/assign should be an object with query and key, names of tensors, and is 5/).waitFor();
    await assign({ query: 'queries', key: 'keys', value: 'payload' });
    await isReady(page, 'one');
    assert.equal(
      await page.evaluate(() => document.querySelector('qk-scope').getAttribute('assign')),
      '{"query":"queries","key":"keys","value":"payload"}',
    );
    assert.match(await page.locator('.story-view').innerText(), /cat/);
    assert.doesNotMatch(await page.locator('.story-view').innerText(), /no V here/);
  }));

test('parameters that are tensors are lists in attributes, and arrays of numbers in properties', () =>
  site.visit({ html: page(`<qk-scope id="one" loading="eager" ${four}></qk-scope>`) }, async (page) => {
    const [w, sinks] = [[[2, 0.5], [-1, 1]], [0.25]]; // prettier-ignore
    const tensor = (rows, shape) => ({ data: Float32Array.from(rows.flat()), shape });
    const weights = async (options) => {
      const [q, k] = [FOUR.q, FOUR.k].map((rows) => tensor(rows, [4, 2]));
      return (await attention(q, k, null, { needWeights: true, ...options })).weights.data;
    };
    await isReady(page, 'one');
    await page.evaluate(
      ([score, normalizer]) => Object.assign(document.querySelector('qk-scope'), { score, normalizer }),
      [JSON.stringify({ id: 'general', w }), { id: 'softmax_sink', sinks }],
    );
    const score = { id: 'general', w: tensor(w, [2, 2]) };
    const normalizer = { id: 'softmax_sink', sinks: tensor(sinks, [1]) };
    assert.equal(await firstWeight(page, 2), (await weights({ score, normalizer }))[0]);
    await page.evaluate(() =>
      Object.assign(document.querySelector('qk-scope'), {
        score: { id: 'qk_norm_rms', gq: { data: Float32Array.of(2, 3), shape: [2] } },
        normalizer: null,
      }),
    );
    const gained = { id: 'qk_norm_rms', gq: tensor([2, 3], [2]) };
    assert.equal(await firstWeight(page, 3), (await weights({ score: gained }))[0]);
    await page.evaluate(() =>
      document.querySelector('qk-scope').setAttribute('normalizer', '{"id":"softmax_sink","sinks":["a"]}'),
    );
    await page.getByRole('alert').filter({ hasText: 'normalizer.sinks should be numbers, and is "a"' }).waitFor();
  }));

test('an option says no where a file says yes, and nothing is asked for by null', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager"></qk-scope>') }, async (page) => {
    const { q, k } = FOUR;
    await page.route('**/causal.json', (route) => route.fulfill({ json: { q, k, causal: true } }));
    await page.evaluate(() => document.querySelector('qk-scope').setAttribute('src', '/causal.json'));
    await isReady(page, 'one');
    assert.equal(await firstWeight(page, 1), 1);
    await page.evaluate(() => (document.querySelector('qk-scope').causal = false));
    assert.ok((await firstWeight(page, 2)) < 1);
    await page.evaluate(() =>
      Object.assign(document.querySelector('qk-scope'), {
        options: { position: null, normalizer: null },
        causal: null,
      }),
    );
    assert.equal(await firstWeight(page, 3), 1);
    // Before there was an address.
    assert.equal((await told(page, 'qk-error')).length, 1);
  }));

test('of numbers that are not there nothing is shown: neither those before nor what they were called', () =>
  site.visit(
    {
      html: page(
        '<qk-scope id="one" loading="eager" src="/www/sentence.safetensors" controls><p>instead</p></qk-scope>',
      ),
      expectedErrors: /404/,
    },
    async (page) => {
      await isReady(page, 'one');
      assert.equal(await page.getByText('instead').isVisible(), false);
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('src', '/nowhere.json'));
      await page.getByRole('alert').filter({ hasText: '404' }).waitFor();
      assert.equal(await page.locator('qk-scope .plot').count(), 0);
      assert.equal(await page.locator('qk-scope select').first().isVisible(), false);
      assert.equal(await page.getByText('instead').isVisible(), true);
      assert.equal(await page.evaluate(() => document.querySelector('qk-scope').shown), undefined);
      // What is wrong with how it is looked at leaves what is seen.
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('src', '/www/sentence.safetensors'));
      await isReady(page, 'one', 2);
      await page.evaluate(() => document.querySelector('qk-scope').setAttribute('head', '99'));
      await page.getByRole('alert').filter({ hasText: '99' }).waitFor();
      const weight = page.locator('qk-scope [data-number="weight"]');
      const before = await weight.textContent();
      await page.locator('qk-scope .plot-cursor').press('ArrowUp');
      await page.waitForFunction(
        (was) =>
          ![was, ''].includes(
            document.querySelector('qk-scope').shadowRoot.querySelector('[data-number="weight"]').textContent,
          ),
        before,
      );
      // What is wrong with a view leaves nothing: it would be a frame around nothing.
      await page.evaluate((rows) => {
        const [q, k] = [rows, rows].map((count) => Array.from({ length: count }, () => [1, 0]));
        Object.assign(document.querySelector('qk-scope'), { head: null, view: 'student', data: { q, k } });
      }, 65);
      await page.getByRole('alert').filter({ hasText: '65' }).waitFor();
      assert.equal(await page.getByText('instead').isVisible(), true);
    },
  ));

test('a figure in details that are closed gets ready, and is there when they are opened', () =>
  site.visit(
    {
      html: page(
        `<details><summary>more</summary>${VIEWS.map(({ id }) => `<qk-scope id="${id}" view="${id}" loading="eager" src="/www/sentence.safetensors"></qk-scope>`).join('')}</details>`,
      ),
      height: 9000,
    },
    async (page) => {
      for (const { id } of VIEWS) await isReady(page, id);
      await page.locator('summary').first().click();
      for (const { id } of VIEWS)
        await page.waitForFunction(
          (of) => document.getElementById(of).shadowRoot.querySelector('.view').offsetHeight > 100,
          id,
        );
    },
  ));

test('a policy that forbids WebAssembly is named in a whole sentence', () =>
  site.visit(
    {
      html: page(`<qk-scope id="one" ${four} loading="eager"></qk-scope>`, {
        head: `<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline'" />`,
      }),
      expectedErrors: /Content Security Policy/,
    },
    async (page) => {
      const alert = page.locator('qk-scope').getByRole('alert').filter({ hasText: 'wasm-unsafe-eval' });
      assert.match(await alert.innerText(), /[^.]\)\.$/);
    },
  ));

test('an attribute or a property of another type is told by its name, and the figure mends', () =>
  site.visit({ html: page(`<qk-scope id="one" loading="eager" ${four}></qk-scope>`) }, async (page) => {
    await isReady(page, 'one');
    const alert = (words) => page.locator('qk-scope').getByRole('alert').filter({ hasText: words });
    for (const [name, value, words] of [
      ['tokens', '{"a":1}', /tokens should be a list of strings/],
      ['tokens', '[1,2]', /tokens should be a list of strings/],
      ['q', 'true', /q should be lists of lists of numbers/],
      ['q', '{"data":[1,null],"shape":[2,1]}', /q should be numbers, and is null/],
      ['mask', '[[1,2]]', /mask should be 1 and 0, and is 2/],
      ['mask', '[1,0]', /mask should be lists of lists of 1 and 0/],
      ['mask', '"all"', /mask should be lists of lists of 1 and 0/],
      ['mask', '[[1,0]]', /attnMask/],
      ['score', '{"id":5}', /score/],
      ['score', '{nonsense', /score should be JSON/],
      ['normalizer', '{"id":"topk","k":"many"}', /normalizer\.k/],
      ['position', '{"name":"rope"}', /position/],
      ['scale', 'large', /scale should be a number/],
      ['left-window-size', '1.5', /leftWindowSize/],
      ['causal-alignment', 'sideways', /causalAlignment/],
    ]) {
      const before = await page.evaluate(
        ([attribute, said]) => {
          const figure = document.querySelector('qk-scope');
          const was = figure.getAttribute(attribute);
          figure.setAttribute(attribute, said);
          return was;
        },
        [name, value],
      );
      await alert(words).waitFor();
      await page.evaluate(
        ([property, was]) => Object.assign(document.querySelector('qk-scope'), { [property]: was }),
        [name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase()), before],
      );
      await alert('').waitFor({ state: 'hidden' });
    }
    for (const [name, value, words] of [
      ['options', 'causal', /options/],
      ['options', 5, /options/],
      ['options', ['causal'], /options/],
      ['options', { attnMask: [[1]] }, /attnMask/],
      ['options', { caussal: true }, /caussal/],
      ['data', 5, /data should be an object with q and k/],
      ['data', [1, 2], /data should be an object with q and k/],
      ['data', { q: [[1]], k: { data: [1], shape: 'wide' } }, /k should be lists of lists of numbers/],
    ]) {
      await page.evaluate(
        ([property, given]) => Object.assign(document.querySelector('qk-scope'), { [property]: given }),
        [name, value],
      );
      await alert(words).waitFor();
      await page.evaluate((property) => (document.querySelector('qk-scope')[property] = undefined), name);
      await alert('').waitFor({ state: 'hidden' });
    }
  }));

test('a figure has a width wherever it stands', () =>
  site.visit(
    {
      html: page(
        ['flex', 'grid', 'block; width: fit-content', 'block; float: left']
          .map(
            (display, at) =>
              `<div style="display: ${display}; clear: both"><qk-scope id="f${at}" ${four} loading="eager"></qk-scope></div>`,
          )
          .join(''),
      ),
    },
    async (page) => {
      for (const id of ['f0', 'f1', 'f2', 'f3']) {
        await isReady(page, id);
        const { width } = await page.locator(`#${id}`).boundingBox();
        assert.ok(width >= 600, `${id}: ${width}`);
      }
    },
  ));

test('a view that was left computes no more, and a figure that is gone is forgotten', () =>
  site.visit({ html: page(`<qk-scope id="one" ${SENTENCE}></qk-scope>`), fresh: true }, async (page) => {
    await isReady(page, 'one');
    const asked = () => page.evaluate(() => globalThis['asked']);
    await page.evaluate(() => {
      globalThis['asked'] = 0;
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (...given) {
        globalThis['asked'] += 1;
        return postMessage.apply(this, given);
      };
    });
    const turn = async (attribute, value) => {
      const count = (await told(page, 'qk-ready')).length;
      await page.evaluate(
        ([name, to]) => document.querySelector('qk-scope').setAttribute(name, to),
        [attribute, value],
      );
      await isReady(page, 'one', count + 1);
      await page.waitForTimeout(300);
    };
    await turn('layer', '2');
    const alone = await asked();
    // The numbers of the plane's points are a counter of CSS, and Chromium keeps the styles of those, with their tree.
    for (const { id } of VIEWS) if (id !== 'plane') await turn('view', id);
    await turn('view', 'matrix');
    const before = await asked();
    await turn('layer', '1');
    assert.ok((await asked()) - before <= alone + 3, `${(await asked()) - before} messages, ${alone} at first`);
    const session = await page.context().newCDPSession(page);
    await page.evaluate(() => {
      globalThis['gone'] = new WeakRef(document.querySelector('qk-scope'));
      document.querySelector('qk-scope').remove();
      globalThis['told'] = [];
    });
    await page.mouse.move(600, 600);
    await page.waitForTimeout(500);
    for (let time = 0; time < 3; time += 1) {
      await session.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(200);
    }
    assert.equal(await page.evaluate(() => globalThis['gone'].deref() === undefined), true);
  }));

test('an object that says the same is no news, and sizes are not those of the page’s root', () =>
  site.visit(
    {
      html: page('<qk-scope id="one" loading="eager"></qk-scope>', { head: '<style>html { font-size: 10px }</style>' }),
    },
    async (page) => {
      const give = () =>
        page.evaluate(
          (given) => Object.assign(document.querySelector('qk-scope'), { data: given, options: { causal: true } }),
          FOUR,
        );
      await give();
      await isReady(page, 'one');
      await give();
      await page.waitForTimeout(300);
      assert.equal((await told(page, 'qk-ready')).length, 1);
      const size = await page.evaluate(
        () => getComputedStyle(document.querySelector('qk-scope').shadowRoot.querySelector('.plot-hint')).fontSize,
      );
      assert.equal(size, '13px');
    },
  ));

test('another file is another, and numbers that are the same are no news', () =>
  site.visit({ html: page('<qk-scope id="one" loading="eager" controls></qk-scope>') }, async (page) => {
    const give = (value, make) =>
      page.evaluate(
        ([number, kind]) => {
          const one = { data: Float32Array.of(number, 1), shape: [2, 1] };
          const text = JSON.stringify({ q: [[number], [1]], k: [[1], [2]] });
          const made = {
            file: () => new Blob([text]),
            buffer: () => new TextEncoder().encode(text).buffer,
            tensor: () => ({ q: one, k: one }),
          };
          document.querySelector('qk-scope')['data'] = made[kind]();
        },
        [value, make],
      );
    for (const [times, [kind, value]] of Object.entries([
      ['file', 1],
      ['file', 2],
      ['buffer', 3],
      ['buffer', 4],
      ['tensor', 5],
      ['tensor', 6],
    ])) {
      await give(value, kind);
      await isReady(page, 'one', Number(times) + 1);
    }
    await give(6, 'tensor');
    await page.waitForTimeout(300);
    assert.equal((await told(page, 'qk-ready')).length, 6);
  }));

test('only an address of the web is fetched', () =>
  site.visit({ html: page('<qk-scope id="one" src="javascript:alert(1)"></qk-scope>') }, async (page, seen) => {
    await page.locator('qk-scope').getByRole('alert').waitFor();
    assert.match((await told(page, 'qk-error'))[0].error, /javascript:/);
    assert.ok(seen.requests.every((address) => address.startsWith('http')));
  }));

for (const { id: view, alone } of VIEWS) {
  test(`a token that looks like markup is text, ${view}`, () =>
    site.visit({ html: page(`<qk-scope id="one" view="${view}" controls></qk-scope>`) }, async (page) => {
      const token = '<img src=x onerror="globalThis.hurt=1">';
      await page.evaluate(
        ([given, name]) => {
          const tokens = given.tokens.map(() => name);
          document.querySelector('qk-scope')['data'] = { ...given, v: given.k, tokens };
        },
        [FOUR, token],
      );
      await isReady(page, 'one');
      assert.equal(await page.locator('qk-scope img').count(), 0);
      assert.equal(await page.evaluate(() => globalThis['hurt']), undefined);
      const words = await page.locator('qk-scope .view').evaluate(({ textContent }) => textContent);
      // Heads call their pictures by layer and head.
      assert.equal(words.includes('onerror'), !alone && view !== 'heads');
    }));
}

test('a figure far below is not made, nor fetched, before the window comes near', () =>
  site.visit(
    {
      html: page(`<div style="height: 4000px"></div><qk-scope id="far" ${SENTENCE}></qk-scope>`),
    },
    async (page, { requests }) => {
      await page.waitForFunction(() => customElements.get('qk-scope'));
      await page.waitForTimeout(300);
      assert.ok(!requests.some((address) => address.includes('safetensors')));
      await page.locator('qk-scope').scrollIntoViewIfNeeded();
      await isReady(page, 'far');
      assert.ok(requests.some((address) => address.includes('safetensors')));
    },
  ));

/** Counts workers, before the page. */
function countWorkers() {
  globalThis['workers'] = { made: 0, alive: 0 };
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      globalThis['workers'].made += 1;
      globalThis['workers'].alive += 1;
    }
    terminate() {
      globalThis['workers'].alive -= 1;
      super.terminate();
    }
  };
}

test('200 figures share one pool; moved they stay, and gone they let go of everything', () =>
  site.visit({ html: page('<main></main><aside></aside>'), before: countWorkers }, async (page) => {
    await page.waitForFunction(() => customElements.get('qk-scope'));
    await page.evaluate((given) => {
      for (let at = 0; at < 200; at += 1) {
        const figure = document.createElement('qk-scope');
        figure.id = `f${at}`;
        figure.setAttribute('loading', 'eager');
        figure['data'] = given;
        document.querySelector('main').append(figure);
      }
    }, FOUR);
    const ready = (count) =>
      page.waitForFunction((n) => globalThis['told'].filter(({ name }) => name === 'qk-ready').length >= n, count, {
        timeout: 120_000,
      });
    await ready(200);
    const { made } = await page.evaluate(() => globalThis['workers']);
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    assert.ok(made <= cores, `${made} workers on ${cores} cores`);
    // A move is no news: the figure is there as it was.
    await page.evaluate(() => document.querySelector('aside').append(document.getElementById('f0')));
    await page.waitForTimeout(100);
    assert.equal((await told(page, 'qk-ready', 'f0')).length, 1);
    assert.ok(await page.locator('#f0 .plot-canvas').isVisible());
    // Removed and put back, it is made again.
    await page.evaluate(async () => {
      const figure = document.getElementById('f0');
      figure.remove();
      await new Promise((resolve) => setTimeout(resolve, 50));
      document.querySelector('aside').append(figure);
    });
    await isReady(page, 'f0', 2);
    await page.evaluate(() => document.querySelectorAll('qk-scope').forEach((figure) => figure.remove()));
    // With nothing open workers are let go after ten seconds.
    await page.waitForFunction(() => globalThis['workers'].alive === 0, undefined, { timeout: 20_000 });
  }));

test('a figure that is removed while it loads fetches no more and tells nothing; moved, it is there once', () =>
  site.visit({ html: page(`<main></main><aside></aside>`), expectedErrors: /ERR_FAILED|aborted/ }, async (page) => {
    const asked = { held: [], failed: 0 };
    await page.route('**/sentence.safetensors', (route) => void asked.held.push(route));
    page.on('requestfailed', () => (asked.failed += 1));
    const until = async (condition) => {
      for (let time = 0; time < 100 && !condition(); time += 1) await page.waitForTimeout(50);
      assert.ok(condition(), String(condition));
    };
    const put = (into) =>
      page.evaluate((place) => {
        const figure = document.querySelector('qk-scope') ?? globalThis['figure'];
        globalThis['figure'] = figure;
        document.querySelector(place).append(figure);
      }, into);
    await page.evaluate(() => {
      const figure = document.createElement('qk-scope');
      for (const [name, value] of Object.entries({ id: 'one', src: '/www/sentence.safetensors', loading: 'eager' }))
        figure.setAttribute(name, value);
      globalThis['figure'] = figure;
    });
    await put('main');
    await until(() => asked.held.length === 1);
    await page.evaluate(() => document.querySelector('qk-scope').remove());
    await until(() => asked.failed === 1);
    assert.deepEqual(await page.evaluate(() => globalThis['told']), []);
    assert.ok(
      await page.evaluate(
        () => !globalThis['figure'].shadowRoot.querySelector('[aria-busy="true"], .busy:not([hidden])'),
      ),
    );
    // Put back it asks anew; moved meanwhile it does not.
    await put('main');
    await until(() => asked.held.length === 2);
    await put('aside');
    await page.waitForTimeout(200);
    assert.deepEqual([asked.held.length, asked.failed], [2, 1]);
    await asked.held[1].continue();
    await isReady(page, 'one');
    await page.waitForTimeout(300);
    assert.deepEqual(
      (await page.evaluate(() => globalThis['told'])).map(({ name }) => name).filter((name) => name !== 'qk-change'),
      ['qk-ready'],
    );
    // Removed while it computes, it lets go of that as well.
    await page.unroute('**/sentence.safetensors');
    await page.evaluate(() => {
      globalThis['told'] = [];
      const figure = document.querySelector('qk-scope');
      figure.setAttribute('layer', '4');
      queueMicrotask(() => queueMicrotask(() => figure.remove()));
    });
    await page.waitForTimeout(500);
    assert.deepEqual(await page.evaluate(() => globalThis['told']), []);
  }));

/** Views whose pictures the browser alone fits into another size. */
const BY_STYLE = ['links', 'student'];

/**
 * Counts what views draw for a new size, told by what they write into the figure `one`: how often in the call that tells the size, and
 * how often in the frame that it asks for, each observer in each frame.
 */
const COUNT_DRAWS = () => {
  const counted = (globalThis['counted'] = { inside: 0, draws: 0, most: 0 });
  const written = new MutationObserver(() => undefined);
  let root;
  /** Whether `call` writes into the figure: elements, or pixels. */
  const draws = (call) => {
    const found = document.querySelector('#one')?.shadowRoot;
    if (!found) return call() && false;
    if (found !== root)
      written.observe((root = found), { subtree: true, childList: true, attributes: true, characterData: true });
    written.takeRecords();
    let painted = false;
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype['getContext'] = function (...given) {
      painted ||= root.contains(this);
      return getContext.apply(this, given);
    };
    call();
    HTMLCanvasElement.prototype.getContext = getContext;
    return written.takeRecords().length > 0 || painted;
  };
  const { requestAnimationFrame, ResizeObserver } = globalThis;
  // Two frames in a row may have one time: they are counted. What counts was asked for before all others of its frame.
  let frame = 0;
  const next = () => {
    frame += 1;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  let observer;
  globalThis.requestAnimationFrame = (call) => {
    const asked = observer;
    if (!asked) return requestAnimationFrame(call);
    return requestAnimationFrame((time) => {
      if (asked.frame !== frame) Object.assign(asked, { frame, draws: 0 });
      if (!draws(() => call(time))) return;
      counted.draws += 1;
      counted.most = Math.max(counted.most, (asked.draws += 1));
    });
  };
  globalThis.ResizeObserver = class extends ResizeObserver {
    constructor(call) {
      const known = { frame: 0, draws: 0 };
      super((...given) => {
        observer = known;
        if (draws(() => call(...given))) counted.inside += 1;
        observer = undefined;
      });
    }
  };
};

for (const { id: view } of VIEWS) {
  test(`${view} takes a thousand sizes a second: a frame draws once, and the last size is what is seen`, () =>
    site.visit(
      {
        html: page(`<main><qk-scope id="one" ${SENTENCE} view="${view}" controls></qk-scope></main>`),
        before: COUNT_DRAWS,
      },
      async (page) => {
        await isReady(page, 'one');
        const found = await page.evaluate(async () => {
          const seen = { errors: [], sizes: 0 };
          addEventListener('error', ({ message }) => seen.errors.push(message));
          const counted = Object.assign(globalThis['counted'], { inside: 0, draws: 0, most: 0 });
          const main = document.querySelector('main');
          const { port1, port2 } = new MessageChannel();
          const begin = performance.now();
          await new Promise((resolve) => {
            port1.onmessage = () => {
              const passed = performance.now() - begin;
              for (; seen.sizes < Math.min(1000, passed); seen.sizes += 1)
                main.style.width = `${400 + ((seen.sizes * 37) % 600)}px`;
              if (seen.sizes >= 1000) resolve(undefined);
              else port2.postMessage(0);
            };
            port2.postMessage(0);
          });
          main.style.width = '700px';
          await new Promise((resolve) => setTimeout(resolve, 400));
          const root = document.querySelector('qk-scope').shadowRoot;
          const wide = [...root.querySelectorAll('canvas, svg')].map((one) => one.getBoundingClientRect().right);
          return { ...seen, ...counted, right: Math.max(0, ...wide), edge: main.getBoundingClientRect().right };
        });
        assert.deepEqual(found.errors, []);
        assert.equal(found.sizes, 1000);
        assert.equal(found.inside, 0, `${found.inside} draws as the size is told`);
        assert.equal(found.draws > 0, !BY_STYLE.includes(view), `${found.draws} draws`);
        assert.ok(found.most <= 1, `${found.most} draws of one observer in a frame`);
        assert.ok(found.right <= found.edge + 1, `${found.right} of ${found.edge}`);
      },
    ));
}

test('no view has a canvas above what browsers give, however large and fine the window', () =>
  site.visit(
    { html: page(`<qk-scope id="one" ${SENTENCE}></qk-scope>`), width: 3600, height: 2400, scale: 3 },
    async (page) => {
      let count = 0;
      for (const { id } of VIEWS) {
        await page.evaluate((view) => document.querySelector('qk-scope').setAttribute('view', view), id);
        await isReady(page, 'one', (count += 1));
        await page.waitForTimeout(300);
        const sizes = await page.evaluate(() =>
          [...document.querySelector('qk-scope').shadowRoot.querySelectorAll('canvas')].map(({ width, height }) => [
            width,
            height,
          ]),
        );
        for (const [width, height] of sizes) assert.ok(width * height <= 16_777_216, `${id}: ${width} × ${height}`);
      }
    },
  ));

for (const [name, { head, dark }] of Object.entries({
  'that says its scheme': {
    head: '<style>:root { color-scheme: light; background: #fff } .dark { color-scheme: dark; background: #111 }</style>',
    dark: () => document.documentElement.classList.add('dark'),
  },
  'that writes its colours in another way': {
    head: '<style>body { background: oklch(1 0 0) } [data-md-color-scheme="slate"] body { background: oklch(0.2 0 0) }</style>',
    dark: () => (document.documentElement.dataset['mdColorScheme'] = 'slate'),
  },
  'that only looks dark': {
    head: '<style>body { background: #fff } body[data-theme="dark"] { background: #131416 }</style>',
    dark: () => (document.body.dataset['theme'] = 'dark'),
  },
})) {
  test(`a figure follows a site ${name}`, () =>
    site.visit({ html: page(`<qk-scope id="one" ${SENTENCE} stage="scaled"></qk-scope>`, { head }) }, async (page) => {
      await isReady(page, 'one');
      const look = () =>
        page.evaluate(() => {
          const root = document.querySelector('qk-scope').shadowRoot;
          const canvas = root.querySelector('.plot-canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          const light = data.reduce((sum, byte) => sum + byte, 0) / data.length;
          return { ink: getComputedStyle(root.querySelector('.figure')).color, light };
        });
      const before = await look();
      await page.evaluate(dark);
      await page.waitForFunction(
        (ink) => getComputedStyle(document.querySelector('qk-scope').shadowRoot.querySelector('.figure')).color !== ink,
        before.ink,
      );
      await page.waitForTimeout(500);
      const now = await look();
      assert.ok(now.light < before.light - 20, `${before.light} to ${now.light}`);
    }));
}

test('the language is that of the page around, or the one that is asked for', () =>
  site.visit(
    {
      html: page(`<qk-scope id="zh" ${four}></qk-scope><qk-scope id="en" lang="en" ${four}></qk-scope>`, {
        lang: 'zh-CN',
      }),
    },
    async (page) => {
      await isReady(page, 'zh');
      await isReady(page, 'en');
      assert.match(await page.locator('#zh .plot').getAttribute('aria-label'), /热图/);
      assert.match(await page.locator('#en .plot').getAttribute('aria-label'), /Heat map/);
    },
  ));

test('a figure is made for print that was never seen, and it has a caption', () =>
  site.visit(
    {
      html: page(`<div style="height: 4000px"></div><qk-scope id="far" ${four} caption="Four tokens"></qk-scope>`),
    },
    async (page) => {
      await page.waitForFunction(() => customElements.get('qk-scope'));
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      await isReady(page, 'far');
      assert.equal(await page.locator('figcaption').innerText(), 'Four tokens');
    },
  ));
