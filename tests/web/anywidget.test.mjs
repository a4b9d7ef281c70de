// The widget of notebooks, over a model as front ends hand it out: what they give, no more, and when.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { screenshot, startSite } from './harness.mjs';
import { loadParts } from './story.mjs';

const { FOLLOWED, reported } = await loadParts('anywidget/traits');

const site = await startSite({ folder: '.' });
after(() => site.close());

const Q = [[1, 0], [0, 1], [1, 1], [0.5, -1]]; // prettier-ignore
const K = [[1, 0], [0, 1], [1, 1], [-1, 0.5]]; // prettier-ignore
const TOKENS = ['the', 'cat', 'sat', 'down'];

/**
 * A model by the contract, in the page: `get`, `set`, `on`, `off`, `save_changes`. A `set` is heard at once, where the value is
 * another, and what is saved travels as JSON.
 */
const MODEL = () => {
  globalThis['notebook'] = {
    saved: [],
    model(traits) {
      const heard = new Map();
      const listeners = (event) => heard.get(event) ?? heard.set(event, new Set()).get(event);
      let unsaved = {};
      return {
        get: (name) => traits[name],
        set(name, value) {
          if (traits[name] === value) return;
          traits[name] = value;
          unsaved[name] = value;
          for (const each of [...listeners(`change:${name}`)]) each();
        },
        on: (event, each) => void listeners(event).add(each),
        off: (event, each) => void listeners(event).delete(each),
        save_changes() {
          globalThis['notebook'].saved.push(JSON.parse(JSON.stringify(unsaved)));
          unsaved = {};
        },
        /** How many listen. */
        count: () => [...heard.values()].reduce((sum, { size }) => sum + size, 0),
      };
    },
    /** 32-bit floats as a message brings them: somewhere in a buffer, at no round address. */
    bytes(rows) {
      const floats = Float32Array.from(rows.flat());
      const message = new Uint8Array(floats.byteLength + 12);
      message.set(new Uint8Array(floats.buffer), 3);
      return { shape: [rows.length, rows[0].length], data: new DataView(message.buffer, 3, floats.byteLength) };
    },
  };
};

const html = `<!doctype html><html lang="en"><meta charset="utf-8" /><title>notebook</title><link rel="icon" href="data:," />
<body><div class="cell"></div><div class="cell"></div></body></html>`;

/** Opens a notebook with the traits that `make`, in the page, gives, and a view in as many cells. */
const visit = (traits, test, { views = 1 } = {}) =>
  site.visit({ html, before: MODEL }, async (page, seen) => {
    await page.evaluate(
      async ([given, count]) => {
        const { default: widget } = await import(location.origin + '/pkg/dist/anywidget.js');
        const { notebook } = globalThis;
        notebook.ready = 0;
        addEventListener('qk-ready', () => (notebook.ready += 1));
        const { packed, ...traits } = given;
        for (const [name, rows] of Object.entries(packed ?? {})) traits[name] = notebook.bytes(rows);
        notebook.one = notebook.model(traits);
        notebook.leave = [...document.querySelectorAll('.cell')]
          .slice(0, count)
          .map((el) => widget.render({ model: notebook.one, el }));
      },
      [traits, views],
    );
    await test(page, seen);
  });

const ready = (page, times) => page.waitForFunction((count) => globalThis['notebook'].ready >= count, times);
const set = (page, traits) =>
  page.evaluate(
    (given) => Object.entries(given).forEach(([name, value]) => globalThis['notebook'].one.set(name, value)),
    traits,
  );
const saved = (page, name) =>
  page.evaluate((trait) => globalThis['notebook'].saved.filter((each) => trait in each).at(-1)?.[trait], name);

/** The numbers of the first figure's heat map, by what is told of the cell that keys lead to. */
async function firstCell(page) {
  await page.locator('.plot-cursor').first().focus();
  await page.keyboard.press('Control+Home');
  await page.waitForFunction(() =>
    globalThis['notebook'].saved.some(({ cell }) => cell?.queries[0] === 0 && cell.keys[0] === 0),
  );
  return saved(page, 'cell');
}

for (const [name, numbers] of Object.entries({
  lists: { q: Q, k: K },
  bytes: { packed: { q: Q, k: K } },
})) {
  test(`${name} in traits are a figure, and the cell that is pointed at is written`, () =>
    visit(
      { ...numbers, tokens: TOKENS, normalizer: 'softmax', causal: true, cell: null, error: null },
      async (page) => {
        await ready(page, 1);
        const labels = await page.locator('.axis-rows .axis-label:not(.axis-current)').allTextContents();
        assert.deepEqual(labels.sort(), [...TOKENS].sort());
        // Under a causal mask the first query sees itself alone.
        assert.deepEqual(await firstCell(page), { queries: [0, 1], keys: [0, 1], value: 1 });
        assert.equal(await saved(page, 'error'), '');
        await screenshot(page, `anywidget-${name}`);
      },
    ));
}

for (const [name, maskIn] of Object.entries({
  lists: () => [[0, 1, 1, 1]],
  bytes: () => ({ shape: [1, 4], data: new DataView(Uint8Array.of(9, 9, 0, 1, 1, 1).buffer, 2) }),
})) {
  test(`a mask as ${name} takes keys away, and gives them back`, () =>
    visit({ q: Q, k: K, normalizer: 'softmax', mask: null, options: { causal: true }, cell: null }, async (page) => {
      await ready(page, 1);
      assert.equal((await firstCell(page)).value, 1);
      await page.evaluate(`notebook.one.set('mask', (${maskIn})())`);
      await ready(page, 2);
      const first = page.locator('.plot-cursor[aria-label*="removed"], .plot-cursor[aria-label*="0.000"]');
      await firstCell(page);
      await first.waitFor({ timeout: 5000 });
      await set(page, { mask: null });
      await ready(page, 3);
      await first.waitFor({ state: 'detached', timeout: 5000 });
    }));
}

test('a capture comes as bytes, and one at an address by name; the layer and the head are followed', () =>
  visit(
    { src: '/www/sentence.safetensors', layer: 3, head: 1, controls: true, options: {}, data: null },
    async (page) => {
      await ready(page, 1);
      const menus = () => page.locator('.stepper select').evaluateAll((all) => all.map(({ value }) => value));
      assert.deepEqual(await menus(), ['3', '1']);
      await set(page, { layer: 1, head: 5 });
      await ready(page, 2);
      assert.deepEqual(await menus(), ['1', '5']);
      await set(page, { head: null });
      await ready(page, 3);
      assert.deepEqual(await menus(), ['1', '0']);
      // Not at the start of its buffer, as the bytes of a message.
      await page.evaluate(async () => {
        const bytes = await (await fetch('/www/sentence.safetensors')).arrayBuffer();
        const message = new Uint8Array(bytes.byteLength + 5);
        message.set(new Uint8Array(bytes), 5);
        globalThis['notebook'].one.set('src', null);
        globalThis['notebook'].one.set('data', new DataView(message.buffer, 5));
      });
      await ready(page, 4);
      assert.deepEqual(await menus(), ['1', '0']);
    },
  ));

test('bytes of a capture are assigned and renamed by traits', () =>
  visit({ data: null, assign: { query: 'a', key: 'b' }, tokens: TOKENS, loading: 'eager' }, async (page) => {
    await page.evaluate(
      ([a, b]) => {
        const bytes = new TextEncoder().encode(JSON.stringify({ a, b }));
        globalThis['notebook'].one.set('data', new DataView(bytes.buffer));
      },
      [Q, K],
    );
    await ready(page, 1);
    const labels = await page.locator('.axis-rows .axis-label:not(.axis-current)').allTextContents();
    assert.deepEqual(labels.sort(), [...TOKENS].sort());
  }));

test('the head that a reader chooses is written, seen by every figure of the model, and can be taken back', () =>
  visit(
    { src: '/www/sentence.safetensors', layer: null, head: 1, controls: true, view: null, loading: 'eager' },
    async (page) => {
      await ready(page, 2);
      const heads = (value) =>
        page.waitForFunction(
          (head) =>
            [...document.querySelectorAll('qk-scope')].every(
              ({ shadowRoot }) => shadowRoot.querySelector('[name="head"]').value === head,
            ),
          value,
        );
      await page.locator('[name="head-next"]').first().click();
      await heads('2');
      assert.equal(await saved(page, 'head'), 2);
      assert.equal(await saved(page, 'layer'), undefined, 'what nobody chose stays with the capture');
      // Back to what was asked for at first, and to nothing.
      await set(page, { head: 1 });
      await heads('1');
      await set(page, { head: null });
      await heads('0');
      await page.locator('[name="head-next"]').last().click();
      await heads('1');
      await set(page, { head: null });
      await heads('0');
      await page.locator('[name="layer-next"]').first().click();
      await page.waitForFunction(() => globalThis['notebook'].one.get('layer') === 1);
      // Among all heads as well.
      await set(page, { view: 'heads' });
      await page.locator('.heads-cell[aria-label^="Layer 3, head 5:"]').first().click();
      await heads('5');
      await page.waitForFunction(() => globalThis['notebook'].one.get('layer') === 3);
      assert.equal(await saved(page, 'head'), 5);
    },
    { views: 2 },
  ));

test('what a reader chose in one view stands in every view, whatever trait is set next', () =>
  visit(
    { src: '/www/sentence.safetensors', layer: null, head: 1, controls: true, loading: 'eager', pool: 'max' },
    async (page) => {
      await ready(page, 2);
      const seen = (place) =>
        page.waitForFunction(
          (wanted) => {
            const { one } = globalThis['notebook'];
            const places = [...document.querySelectorAll('qk-scope')].map(({ shadowRoot }) =>
              ['layer', 'head'].map((name) => Number(shadowRoot.querySelector(`[name="${name}"]`).value)),
            );
            const all = [...places, [one.get('layer') ?? 0, one.get('head')]];
            return all.length === 3 && all.every((each) => each.join() === wanted.join());
          },
          place,
          { timeout: 5000 },
        );
      await page.locator('[name="layer-next"]').first().click();
      await seen([1, 1]);
      await set(page, { head: 3 });
      await seen([1, 3]);
      // Other numbers, and the same place in them.
      await page.locator('[name="head"]').first().selectOption('4');
      await seen([1, 4]);
      const before = await page.evaluate(() => globalThis['notebook'].ready);
      await set(page, { src: '/www/sentence.safetensors?again' });
      await ready(page, before + 2);
      await seen([1, 4]);
      // Several traits at a time, one of them the place, and one that is none.
      await page.locator('[name="layer"]').last().selectOption('2');
      await seen([2, 4]);
      await set(page, { head: 5, pool: 'mean' });
      await seen([2, 5]);
    },
    { views: 2 },
  ));

test('a place that the model has no trait for is the reader’s, and each choice draws once', () =>
  visit({ src: '/www/sentence.safetensors', head: 1, controls: true }, async (page) => {
    await ready(page, 1);
    const places = () => page.locator('.stepper select').evaluateAll((all) => all.map(({ value }) => value));
    await page.locator('[name="layer-next"]').click();
    await ready(page, 2);
    await page.locator('[name="head-next"]').click();
    await ready(page, 3);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => globalThis['notebook'].ready), 3);
    assert.deepEqual(await places(), ['1', '2']);
    await set(page, { head: 7 });
    await ready(page, 4);
    assert.deepEqual(await places(), ['1', '7']);
  }));

test('a view is followed, and what is seen in it is written for every figure of the model', () =>
  visit(
    { q: Q, k: K, v: Q, tokens: TOKENS, view: 'matrix', state: '', loading: 'eager' },
    async (page) => {
      await ready(page, 2);
      await set(page, { view: 'steps' });
      await ready(page, 4);
      const slider = page.locator('qk-scope').first().locator('.story-view button').first();
      await slider.waitFor();
      const state = await page.evaluate(async () => {
        const [first, second] = document.querySelectorAll('qk-scope');
        // As the section itself tells it.
        const detail = { view: 'steps', state: '2' };
        first.dispatchEvent(new CustomEvent('qk-change', { detail }));
        await new Promise((resolve) => setTimeout(resolve));
        return [first.getAttribute('state'), second.getAttribute('state')];
      });
      // Who told it is left alone: it is there already.
      assert.deepEqual(state, ['', '2']);
      assert.equal(await saved(page, 'state'), '2');
    },
    { views: 2 },
  ));

test('a view goes back to the state that it was given at first', () =>
  visit({ src: '/www/sentence.safetensors', view: 'links', state: '' }, async (page) => {
    await ready(page, 1);
    const slider = page.locator('input[type="range"]').first();
    const before = await slider.inputValue();
    await slider.focus();
    for (let time = 0; time < 5; time += 1) await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => globalThis['notebook'].one.get('state') !== '');
    assert.notEqual(await slider.inputValue(), before);
    await set(page, { state: '' });
    await page.waitForFunction(
      (value) => document.querySelector('qk-scope').shadowRoot.querySelector('input[type="range"]').value === value,
      before,
    );
  }));

test('what was come to in one view is taken back for all when another is asked for', () =>
  visit(
    { src: '/www/sentence.safetensors', view: 'links', state: '', loading: 'eager', error: '' },
    async (page) => {
      await ready(page, 2);
      await page.locator('input[type="range"]').first().focus();
      for (let time = 0; time < 5; time += 1) await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => document.querySelectorAll('qk-scope')[1].getAttribute('state'));
      await set(page, { view: 'heads' });
      await page.waitForFunction(() =>
        [...document.querySelectorAll('qk-scope')].every(({ shadowRoot }) => shadowRoot.querySelector('.heads')),
      );
      assert.equal(await page.evaluate(() => globalThis['notebook'].one.get('state')), '');
      for (const note of await page.locator('[part="note"]').allTextContents()) assert.equal(note, '');
    },
    { views: 2 },
  ));

test('options that are none are a sentence in a trait, and the figure mends; what was never set is passed over', () =>
  visit(
    { q: Q, k: K, data: {}, state: '', options: { normalizer: { id: 'softmax_sink', sinks: ['a'] } }, error: '' },
    async (page) => {
      await page.getByRole('alert').filter({ hasText: 'normalizer.sinks should be' }).waitFor();
      assert.match(await saved(page, 'error'), /sinks/);
      await set(page, { options: 'causal' });
      await page.getByRole('alert').filter({ hasText: 'options should be an object' }).waitFor();
      await set(page, { options: null, data: '' });
      await ready(page, 1);
      assert.equal(await saved(page, 'error'), '');
    },
  ));

test('lists are tensors in options, a dictionary is data, and False is no', () =>
  visit(
    {
      data: { q: Q, k: K, tokens: TOKENS },
      options: { normalizer: { id: 'softmax_sink', sinks: [30] }, causal: true },
      causal: null,
      error: '',
      cell: null,
    },
    async (page) => {
      await ready(page, 1);
      assert.equal(await page.evaluate(() => globalThis['notebook'].one.get('error')), '');
      // The sink takes nearly all.
      assert.ok((await firstCell(page)).value < 1e-6);
      await set(page, { options: null, causal: false });
      await ready(page, 2);
      assert.equal(await page.locator('qk-scope').getAttribute('causal'), 'false');
    },
  ));

test('a trait that the model has not is not written', () =>
  visit({ q: Q, k: K }, async (page) => {
    await ready(page, 1);
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('Control+Home');
    await page.waitForTimeout(200);
    assert.deepEqual(await page.evaluate(() => globalThis['notebook'].saved), []);
  }));

test('what is wrong is a sentence in a trait, and mended by another value', () =>
  visit({ q: Q, k: K, normalizer: 'softmux', error: '' }, async (page) => {
    await page.getByRole('alert').filter({ hasText: 'softmux' }).waitFor();
    assert.match(await saved(page, 'error'), /softmux/);
    await set(page, { normalizer: 'sparsemax' });
    await ready(page, 1);
    assert.equal(await saved(page, 'error'), '');
  }));

test('bytes that do not fill their shape are refused in words', () =>
  visit({ packed: { q: Q, k: K }, error: '' }, async (page) => {
    await ready(page, 1);
    await page.evaluate(() => {
      const { one, bytes } = globalThis['notebook'];
      const { data } = bytes([[1, 2]]);
      one.set('q', { shape: [1, 2], data: new DataView(data.buffer, 0, 7) });
    });
    await page.waitForFunction(() => globalThis['notebook'].saved.at(-1)?.error);
    assert.match(await saved(page, 'error'), /shape/);
  }));

test('a view that is closed is gone, listens to nothing, and leaves the others', () =>
  visit(
    { q: Q, k: K, view: 'matrix', loading: 'eager' },
    async (page) => {
      await ready(page, 2);
      const count = () => page.evaluate(() => globalThis['notebook'].one.count());
      const both = await count();
      // What was set before it was closed comes too late.
      await page.evaluate(() => {
        const { one, leave } = globalThis['notebook'];
        one.set('view', 'spread');
        leave[0]();
      });
      assert.equal(await page.locator('qk-scope').count(), 1);
      assert.equal(await count(), both / 2);
      await ready(page, 3);
      await page.evaluate(() => globalThis['notebook'].leave[1]());
      assert.equal(await page.locator('.cell > *').count(), 0);
      assert.equal(await count(), 0);
    },
    { views: 2 },
  ));

test('the recipe for Python has at most ten lines, and declares traits that there are, as many as it says', async () => {
  const text = await readFile(new URL('../../docs/notebooks.md', import.meta.url), 'utf8');
  const [, recipe] = /```python\n(.*?)```/s.exec(text);
  assert.ok(recipe.split('\n').filter((line) => line.trim()).length <= 10);
  const [, names, count] = /^ +(\w+(?:, \w+)+) = .* range\((\d+)\)/m.exec(recipe);
  const traits = names.split(', ');
  assert.equal(traits.length, Number(count));
  const written = ['qk-change', 'qk-error'].flatMap((event) =>
    ['matrix', 'steps'].flatMap((view) => Object.keys(reported[event]({ view, error: '' }))),
  );
  for (const trait of traits) assert.ok(FOLLOWED.includes(trait) || written.includes(trait), trait);
});
