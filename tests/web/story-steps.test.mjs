// One query, step by step: each stage against the definitions, computed here in double precision from the file.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { explainRow, parse, readSafetensors } from './page.mjs';
import { checkExported, excess, ready, storySite } from './story.mjs';

/** A page with the sentence open; `openHead(choice)` opens another head, or the same under other options. */
const CODE = `
import { steps } from './steps.ts';
import { openAttention, openCapture } from '../../engine/index.ts';
export * as qk from '../../engine/index.ts';
const capture = await openCapture(new URL('sentence.safetensors', document.baseURI));
const listeners = [];
let head;
export async function openHead({ layer = 3, head: at = 1, tensors, tokens, without = false, ...options } = {}) {
  const read = await capture.layer(layer);
  const { query, key, value } = tensors ?? read;
  const all = { ...read.options, ...options };
  const map = await openAttention(query, key, null, all);
  const own = tensors ? {} : { queries: capture.queryTokens, keys: capture.keyTokens };
  const named = { name: { en: \`layer \${layer}, head \${at}\`, zh: '' }, about: { layer, head: at } };
  head = { map, value: without ? null : value, tokens: tokens ?? own, options: all, ...named, batch: 0, head: at, query: 10 };
  for (const listener of listeners) listener();
}
export function closeHead() {
  head = Promise.reject(new Error('there is no head'));
  head.catch(() => undefined);
  for (const listener of listeners) listener();
}
export function begin() {
  listeners.length = 0;
  return openHead();
}
await openHead();
export const section = steps({ layer: async () => head, subject: () => head, pair: undefined, listen: (listener) => listeners.push(listener) });
`;

const ALL_ON = { softcap: 30, position: 'alibi', causal: true };
const STAGES = ['raw', 'scaled', 'capped', 'biased', 'masked', 'exponentials', 'weights', 'weighted', 'output'];

const site = await storySite('steps', CODE);
after(() => site.close());

const visit = (options, work) =>
  site.stay(options, async (page, seen) => {
    await ready(page);
    await work(page, seen);
  });

const open = async (page, choice = {}) => {
  await page.evaluate((choice) => globalThis['story'].openHead(choice), choice);
  await ready(page);
};
const remembered = (page) => page.evaluate(() => globalThis['story'].remembered.at(-1));
const text = (page, selector) => page.locator(selector).textContent();
const heading = async (page) => (await text(page, '.steps-heading')).trim();
const exported = (page) =>
  page.evaluate(() => {
    const { columns, rows } = globalThis['story'].mounted.exported();
    const column = (name) => rows.map((row) => row[columns.indexOf(name)]);
    return Object.fromEntries(columns.map((name) => [name, column(name)]));
  });
/** The numbers beside the bars, as they are printed and as they are told. */
const printed = async (page) => {
  const seen = await page.locator('.steps-strip .steps-number').allTextContents();
  const told = await page
    .locator('.steps-radios input')
    .evaluateAll((radios) => radios.map((radio) => radio.getAttribute('aria-label').split(': ').at(-1)));
  assert.deepEqual(told, seen, 'what is seen is what is told');
  return seen.map(parse);
};
const goTo = async (page, name) => {
  await page.locator('.steps-go', { hasText: name }).click();
  await ready(page);
};

const near = (found, wanted, tolerance, what) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found}, expected ${wanted}`);
const allNear = (found, wanted, relative, what) => {
  assert.equal(found.length, wanted.length, what);
  const size = Math.max(...wanted.map(Math.abs));
  found.forEach((value, at) => near(value, wanted[at], relative * size, `${what}, ${at}`));
};

/** What the file's own numbers make of one query of a head without anything switched on. */
async function defined({ layer = 3, head = 1, row = 10 } = {}) {
  const file = await readSafetensors('www/sentence.safetensors');
  const [query, key, value] = ['q', 'k', 'v'].map((name) => file.get(`layers.${layer}.${name}`));
  const pairs = explainRow(query, key, { head, row });
  const [keys, size] = value.shape.slice(-2);
  const vectors = Array.from({ length: keys }, (_, at) => [
    ...value.data.subarray((head * keys + at) * size, (head * keys + at + 1) * size),
  ]);
  const output = vectors[0].map((_, c) => pairs.reduce((sum, { weight }, at) => sum + weight * vectors[at][c], 0));
  return { pairs, vectors, output };
}

test('each stage is what its formula makes of the file', () =>
  visit({}, async (page) => {
    const { pairs, vectors } = await defined();
    const found = await exported(page);
    assert.equal(found.token[2], 'animal');
    allNear(
      found.raw,
      pairs.map(({ product }) => product),
      1e-6,
      'raw',
    );
    const logits = pairs.map(({ scaled }) => scaled);
    for (const stage of ['scaled', 'capped', 'biased', 'masked']) allNear(found[stage], logits, 1e-6, stage);
    const top = Math.max(...logits);
    allNear(
      found.exponentials,
      logits.map((logit) => Math.exp(logit - top)),
      2e-6,
      'exponentials',
    );
    const weights = pairs.map(({ weight }) => weight);
    allNear(found.weights, weights, 2e-6, 'weights');
    const length = (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    allNear(
      found.weighted,
      vectors.map((vector, at) => weights[at] * length(vector)),
      2e-6,
      'weighted',
    );
    await goTo(page, 'Attention weight');
    (await printed(page)).forEach((weight, at) => near(weight, weights[at], 6e-4, `weight ${at}`));
    assert.equal(await text(page, '.steps-total'), 'Σ w = 1.000');
  }));

test('the formulas hold with the numbers put in', () =>
  visit({}, async (page) => {
    const sum = async () => {
      const [terms, result] = (await text(page, '.steps-plugged')).split(' = ').slice(-2);
      return [terms, parse(result)];
    };
    const numbers = (terms) => terms.match(/−?\d[\d.]*/g).map(parse);
    const [first, dot] = await sum();
    const [query, key, cosine] = numbers(first);
    near(query * key * cosine, dot, 0.02, 'lengths and cosine');
    assert.equal(await text(page, '.steps-pair'), 'it → animal ');

    await page.locator('[name="steps-forward"]').click();
    const [second, scaled] = await sum();
    assert.equal(parse(/^(.*) ÷ √32$/.exec(second)[1]), dot);
    near(dot / Math.sqrt(32), scaled, 2e-3, 'scaled');
    assert.match(await heading(page), /l = s \/ √d$/);
    assert.equal(await text(page, '.steps-total'), '√32 = 5.657');

    await page.locator('[name="steps-forward"]').click();
    await page.locator('.steps-radio').nth(4).click();
    await ready(page);
    assert.equal(await text(page, '.steps-pair'), "it → ' ");
    const [third, exponential] = await sum();
    const [logit, most] = numbers(third);
    near(Math.exp(logit - most), exponential, 1e-3 * exponential, 'exponential');
    const divisor = parse((await text(page, '.steps-total')).split(' = ').at(-1));
    const all = (await exported(page)).exponentials;
    near(
      all.reduce((total, one) => total + one, 0),
      divisor,
      1e-3,
      'the divisor is the sum of the exponentials',
    );

    await page.locator('[name="steps-forward"]').click();
    const [fourth, weight] = await sum();
    const [above, below] = numbers(fourth);
    near(above / below, weight, 6e-4, 'weight');

    await page.locator('[name="steps-forward"]').click();
    const [fifth, weighted] = (await text(page, '.steps-plugged')).split(' = ').map(numbers);
    assert.equal(fifth.length, 3);
    weighted.forEach((one, at) => near(fifth[0] * fifth[at + 1], one, 6e-4, `dimension ${at} of w v`));
  }));

test('weighted values are drawn as the vectors that they are, and below them their sum', () =>
  visit({ state: '_weighted' }, async (page) => {
    const { pairs, vectors, output } = await defined();
    const wanted = [...vectors.map((vector, at) => vector.map((x) => pairs[at].weight * x)), output];
    const rows = await page.locator('.steps-strip .steps-picture > g').evaluateAll((all) =>
      all.map((row) => {
        const paths = [...row.querySelectorAll('path.steps-bar')].map((path) => path.getAttribute('d')).join('');
        return [...paths.matchAll(/M([\d.]+) [\d.]+h[\d.]+v(-?[\d.]+)/g)].map(([, x, high]) => [
          Number(x),
          -Number(high),
        ]);
      }),
    );
    assert.equal(rows.length, wanted.length, 'one for each key and one for the sum');
    const most = Math.max(...wanted.flat().map(Math.abs));
    rows.forEach((columns, row) => {
      assert.equal(columns.length, output.length);
      const heights = [...columns].sort(([one], [other]) => one - other).map(([, high]) => high);
      heights.forEach((high, c) => near(high / 12, wanted[row][c] / most, 1e-3, `row ${row}, dimension ${c}`));
    });
    const last = page.locator('.steps-strip .steps-picture > g').last();
    assert.equal(await last.locator('.steps-name').textContent(), 'y = Σ w v');
    const length = Math.sqrt(output.reduce((sum, y) => sum + y * y, 0));
    assert.equal(await text(page, '.steps-picture .steps-column'), 'Length');
    const lengths = (await exported(page)).weighted;
    assert.ok(lengths.reduce((sum, one) => sum + one, 0) > length + 0.1, 'vectors add up, lengths do not');
    near(parse(await last.locator('.steps-number').textContent()), length, 1e-3, 'length of the sum');
    await goTo(page, 'Attention weight');
    assert.equal(
      await page.locator('.steps-strip .steps-picture > g').count(),
      vectors.length,
      'weights have no sum row',
    );
  }));

test('exp makes ratios of differences, and what is taken off first changes no weight', async () => {
  const { pairs } = await defined();
  const logits = pairs.map(({ scaled }) => scaled);
  const softmax = (values, off) => {
    const terms = values.map((value) => Math.exp(value - off));
    return terms.map((term) => term / terms.reduce((sum, one) => sum + one, 0));
  };
  const [plain, shifted] = [softmax(logits, 0), softmax(logits, Math.max(...logits))];
  plain.forEach((weight, key) => near(weight, shifted[key], 1e-12, `key ${key}`));
  near(Math.exp(1.5) / Math.exp(0.5), 2.718, 5e-4, 'lower by 1');
});

test('the output is Σ w v, as the definition and attention() have it', () =>
  visit({ state: '10_output__7' }, async (page) => {
    const { output } = await defined();
    const engine = await page.evaluate(async () => {
      const { openCapture, attention } = globalThis['story'].qk;
      const capture = await openCapture(new URL('sentence.safetensors', document.baseURI));
      const { query, key, value, options } = await capture.layer(3);
      const { output } = await attention(query, key, value, options);
      return [...output.data.subarray((16 + 10) * 32, (16 + 11) * 32)];
    });
    allNear(engine, output, 2e-6, 'attention()');
    const slider = page.locator('[name="steps-dimension"]');
    assert.equal(await slider.inputValue(), '7');
    for (const dimension of [0, 7, 31]) {
      await slider.fill(String(dimension));
      const said = await text(page, '.steps-plugged');
      assert.match(said, /^y[₀-₉]+ = 0\.677 × .* \+ … = /);
      near(parse(said.split(' = ').at(-1)), output[dimension], 6e-4 * Math.abs(output[dimension]), `y_${dimension}`);
      near(parse(await text(page, '.steps-plot .steps-number')), output[dimension], 6e-4, 'the number in the picture');
    }
    const length = Math.sqrt(output.reduce((sum, y) => sum + y * y, 0));
    near(parse(/\|y\| = ([\d.]+)/.exec(await text(page, '.steps-total'))[1]), length, 1e-3, 'length');
    for (let at = 0; at < 32; at += 1) {
      await page.locator('[name="steps-dimension"]').fill(String(at));
      const over = await page.locator('.steps-plot').evaluate((plot) => {
        const number = plot.querySelector('text').getBoundingClientRect();
        const bars = [...plot.querySelectorAll('rect')].map((bar) => bar.getBoundingClientRect());
        const [low, high] = [number.top + 3, number.bottom - 3];
        return bars.filter(
          ({ left, right, top, bottom }) =>
            left < number.right && right > number.left && top < high && bottom > low && bottom - top > 1,
        ).length;
      });
      assert.equal(over, 0, `the number of dimension ${at} lies on no column`);
    }
    const plot = await page.locator('.steps-plot').boundingBox();
    await page.mouse.click(plot.x + (plot.width * 12.5) / 32, plot.y + 40);
    assert.equal(await remembered(page), '10_output__12');
  }));

test('what is switched off is passed over, and said to be', () =>
  visit({}, async (page) => {
    const way = async () => {
      const names = [await heading(page)];
      const forward = page.locator('[name="steps-forward"]');
      while ((await forward.getAttribute('aria-disabled')) === 'false') {
        await forward.click();
        names.push(await heading(page));
      }
      return names;
    };
    assert.equal((await way()).length, 6);
    const passed = await page.locator('.steps-off').allTextContents();
    assert.deepEqual(passed, ['After the soft capoff', 'With the biasnone', 'After the masknone']);

    await open(page, ALL_ON);
    await page.locator('[name="steps-at"]').fill('0');
    assert.equal((await way()).length, 9);
    assert.equal(await page.locator('.steps-off').count(), 0);

    await open(page, { normalizer: 'sparsemax', without: true, score: 'dot', scale: 1 });
    const said = await page.locator('.steps-off').allTextContents();
    assert.deepEqual(said, [
      'Scaled scorethe factor is 1',
      'After the soft capoff',
      'With the biasnone',
      'After the masknone',
      'Exponentialsone step with the weights',
      'Weighted valuesno V here',
      'Outputno V here',
    ]);
    assert.match(await heading(page), /^Attention weight/, 'the last stage that is still on the way');
    assert.equal(await text(page, '.steps-total'), 'Σ w = 1.000');
  }));

test('soft cap, bias and mask with their numbers put in', () =>
  visit({ state: '6_capped_3' }, async (page) => {
    await open(page, ALL_ON);
    const { pairs } = await defined({ row: 6 });
    const capped = 30 * Math.tanh(pairs[3].scaled / 30);
    const said = () => text(page, '.steps-plugged');
    assert.match(await said(), /^30 · tanh\(−?[\d.]+ ÷ 30\) = /);
    near(parse((await said()).split(' = ').at(-1)), capped, 1e-3, 'capped');
    await page.locator('[name="steps-forward"]').click();
    const [terms, biased] = (await said()).split(' = ');
    const [, bias] = terms.split(' + ').map((term) => parse(term.replace(/[()]/g, '')));
    near(bias, -(2 ** -2) * 3, 1e-3, 'ALiBi: 2^-2 for each of three positions');
    near(parse(biased), capped + bias, 2e-3, 'biased');
    await page.locator('[name="steps-forward"]').click();
    assert.match(await said(), /the mask lets this key pass/);
    await page.locator('.steps-radio').nth(9).click();
    await ready(page);
    assert.match(await said(), /^−∞: the mask removes this key/);
    const values = await printed(page);
    assert.ok(values.slice(0, 7).every(Number.isFinite));
    const told = await page.locator('.steps-strip .steps-number').allTextContents();
    assert.deepEqual(told.slice(7), Array(9).fill('−∞'));
    await goTo(page, 'Exponentials');
    assert.deepEqual((await printed(page)).slice(7), Array(9).fill(0));
  }));

test('steps go by buttons, by keys, by the slider and by the list, to both ends and no further', () =>
  visit({}, async (page) => {
    const [back, forward, slider] = ['back', 'forward', 'at'].map((name) => page.locator(`[name="steps-${name}"]`));
    assert.equal(await back.getAttribute('aria-disabled'), 'true');
    // Playwright waits for buttons that say they are disabled; a hand does not.
    await back.click({ force: true });
    assert.match(await heading(page), /^Raw score/);
    await forward.click();
    await forward.click();
    assert.match(await heading(page), /^Exponentials/);
    assert.equal(await remembered(page), '_exponentials');
    await back.click();
    assert.match(await heading(page), /^Scaled score/);
    await slider.focus();
    await page.keyboard.press('End');
    assert.match(await heading(page), /^Output/);
    assert.equal(await slider.getAttribute('aria-valuetext'), 'Output, step 6 of 6');
    await forward.click({ force: true });
    assert.match(await heading(page), /^Output/);
    await slider.focus();
    await page.keyboard.press('Home');
    assert.match(await heading(page), /^Raw score/);
    assert.equal(await remembered(page), '', 'as it comes it says nothing');
    await page.locator('.steps-go', { hasText: 'Attention weight' }).focus();
    await page.keyboard.press('Enter');
    assert.match(await heading(page), /^Attention weight/);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Attention weight');

    await page.locator('.steps-radios input').nth(2).focus();
    await page.keyboard.press('ArrowRight');
    assert.match(await heading(page), /^Weighted values/);
    await page.keyboard.press('ArrowLeft');
    assert.match(await heading(page), /^Attention weight/);
    await page.keyboard.press('ArrowDown');
    await ready(page);
    assert.equal(await text(page, '.steps-pair'), 'it → didn ');
    assert.equal(await remembered(page), '_weights_3');
  }));

test('it plays to the end and stops there; whoever steps, stops it', () =>
  site.visit({ fresh: true }, async (page) => {
    await ready(page);
    await page.clock.install();
    const play = page.locator('[name="steps-play"]');
    await play.click();
    assert.match(await heading(page), /^Scaled score/, 'it starts at once');
    assert.equal(await play.getAttribute('aria-label'), 'Pause');
    const words = await page.locator('.steps-plugged, .steps-about').allTextContents();
    const toRead = 40 * words.join('').length;
    assert.ok(toRead > 1000, 'there is something to read');
    await page.clock.runFor(toRead);
    assert.match(await heading(page), /^Scaled score/, 'as long as it takes to read it');
    await page.clock.runFor(1500);
    assert.match(await heading(page), /^Exponentials/);
    await play.click();
    await page.clock.runFor(60_000);
    assert.match(await heading(page), /^Exponentials/, 'paused');
    await play.click();
    await page.clock.runFor(60_000);
    assert.match(await heading(page), /^Output/);
    assert.equal(await play.getAttribute('aria-label'), 'Play');
    await play.click();
    assert.match(await heading(page), /^Raw score/, 'from the beginning');
    await page.locator('[name="steps-forward"]').click();
    assert.equal(await play.getAttribute('aria-label'), 'Play');
    await page.clock.runFor(60_000);
    assert.match(await heading(page), /^Scaled score/);
  }));

test('bars slide, unless motion is to be spared: then nothing plays and steps jump', async () => {
  const sliding = (page) =>
    page
      .locator('.steps-strip .steps-bar')
      .first()
      .evaluate((bar) => getComputedStyle(bar).transitionDuration);
  await visit({}, async (page) => {
    assert.match(await sliding(page), /^0\.4s/);
    assert.ok(await page.locator('[name="steps-play"]').isVisible());
  });
  await visit({ reducedMotion: true }, async (page) => {
    assert.match(await sliding(page), /^0s/);
    assert.ok(await page.locator('[name="steps-play"]').isHidden());
    await page.locator('[name="steps-forward"]').click();
    assert.match(await heading(page), /^Scaled score/);
  });
});

test('a query is chosen in the text, by mouse, finger and keys; the strongest key of its row is chosen with it', () =>
  visit({ touch: true, width: 360 }, async (page) => {
    const tokens = page.locator('.steps-token');
    assert.equal(await tokens.count(), 16);
    await tokens.nth(6).click();
    await ready(page);
    assert.equal(await text(page, '.steps-pair'), 'cross → street ');
    assert.equal(await remembered(page), '6');
    await page.keyboard.press('ArrowRight');
    await ready(page);
    const { pairs } = await defined({ row: 7 });
    const strongest = pairs.findIndex(({ weight }) => weight === Math.max(...pairs.map((pair) => pair.weight)));
    assert.ok(await page.locator('.steps-radios input').nth(strongest).isChecked());
    assert.equal(await remembered(page), '7');
    await tokens.nth(10).tap();
    await ready(page);
    await page.locator('.steps-radio').nth(0).tap();
    await ready(page);
    assert.equal(await text(page, '.steps-pair'), 'it → [CLS] ');
  }));

test('a link brings it back, whatever else a link may say', () =>
  visit({}, async (page) => {
    const seen = async (state) => {
      await page.evaluate((state) => globalThis['story'].mount(state), state);
      await ready(page);
      return [await heading(page), await text(page, '.steps-sum')].join('|');
    };
    const plain = await seen('');
    const hostile = ['nonsense', '_', '-1_none_-1_-1', '1e1_<b>_x_y', '٣_raw', '10_toString_2x', '_'.repeat(4000)];
    for (const state of hostile) assert.equal(await seen(state), plain, state);
    assert.match(await seen('6_weights_9'), /^Attention weight.*\|cross → because /);
    assert.match(await seen('99999999_weights_99999999_99999999'), /^Attention weight.*\|\[SEP\] → \[SEP\] /);
    assert.match(await seen('6_masked_9'), /^Scaled score.*\|cross → because /, 'there is no mask');
    assert.match(await seen('6_output_9_4'), /^Output.*\|cross y₄ = /);
  }));

test('it follows the page to another head, and shows none where there is none', () =>
  visit({ state: '10_weights' }, async (page) => {
    await open(page, { layer: 0, head: 2 });
    const { pairs } = await defined({ layer: 0, head: 2 });
    allNear(
      (await exported(page)).weights,
      pairs.map(({ weight }) => weight),
      2e-6,
      'weights of the other head',
    );
    await page.evaluate(() => globalThis['story'].closeHead());
    await page.waitForFunction(() => document.querySelector('.steps')['hidden']);
    assert.equal(await text(page, '.field-fault'), 'there is no head');
    await open(page);
    assert.equal(await text(page, '.field-fault'), '');
    assert.match(await text(page, '.steps-sum'), /it → animal/);
  }));

test('a long row shows its strongest keys, and heads may share their values', () =>
  visit({ state: '10_weights' }, async (page) => {
    await page.evaluate(async () => {
      const noise = (seed) => (_, at) => Math.sin(seed * 7 + at * at * 0.61);
      const tensor = (shape, seed) => ({
        shape,
        data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, noise(seed)),
      });
      globalThis['tensors'] = {
        query: tensor([4, 100, 8], 1),
        key: tensor([2, 300, 8], 2),
        value: tensor([2, 300, 3], 3),
      };
      await globalThis['story'].openHead({ tensors: globalThis['tensors'], head: 2, scale: 2 });
    });
    await ready(page);
    const engine = await page.evaluate(async () => {
      const { query, key, value } = globalThis['tensors'];
      const { output, weights } = await globalThis['story'].qk.attention(query, key, value, {
        scale: 2,
        needWeights: true,
      });
      return {
        output: [...output.data.subarray((200 + 10) * 3, (200 + 11) * 3)],
        weights: [...weights.data.subarray((200 + 10) * 300, (200 + 11) * 300)],
      };
    });
    const found = await exported(page);
    const strongest = [...engine.weights.keys()].sort((a, b) => engine.weights[b] - engine.weights[a]).slice(0, 24);
    assert.deepEqual(
      found.key,
      strongest.sort((a, b) => a - b),
    );
    const rest =
      engine.weights.reduce((sum, w) => sum + w, 0) - found.key.reduce((sum, key) => sum + engine.weights[key], 0);
    const note = (await page.locator('.steps-below').textContent()).match(
      /Of 300 keys, 0 to 299, the 24 with the largest weights.* have ([\d.]+) of/,
    );
    near(Number(note[1]), rest, 1e-3, 'the others');

    const field = page.locator('[name="steps-query"]');
    assert.equal(await field.inputValue(), '10');
    await field.fill('100');
    await field.press('Enter');
    assert.equal(await field.inputValue(), '10', 'there is no query 100');
    await goTo(page, 'Output');
    for (const [at, y] of engine.output.entries()) {
      await page.locator('[name="steps-dimension"]').fill(String(at));
      near(parse((await text(page, '.steps-plugged')).split(' = ').at(-1)), y, 1e-3, `y_${at}`);
    }
    await field.fill('99');
    await field.press('Enter');
    await ready(page);
    assert.match(await remembered(page), /^99_output__2$/);
    assert.equal((await exported(page)).key.length, 24);
  }));

test('rows that are not ordinary say so, and what the mask removes cannot be seen', () =>
  visit({ state: '1_weights' }, async (page) => {
    await open(page, { querySeqLengths: [1] });
    assert.match(await page.locator('.steps-below').textContent(), /no key|empty/i);
    assert.ok((await printed(page)).every((weight) => weight === 0));
    await goTo(page, 'Output');
    assert.match(await text(page, '.steps-plugged'), /= 0$/);

    await page.evaluate(async () => {
      const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });
      const value = tensor([2, 1], [5, NaN]);
      const tensors = { query: tensor([2, 1], [1, 1]), key: tensor([2, 1], [1, NaN]), value };
      await globalThis['story'].openHead({ tensors, head: 0, causal: true });
    });
    await page.locator('.steps-token').nth(0).click();
    await ready(page);
    await goTo(page, 'Output');
    assert.match(await text(page, '.steps-plugged'), /= 5\.000$/);
    await page.locator('.steps-token').nth(1).click();
    await ready(page);
    assert.match(await page.locator('.steps-below').textContent(), /NaN|not a number/i);
    await goTo(page, 'Attention weight');
    assert.deepEqual(await page.locator('.steps-strip .steps-number').allTextContents(), ['NaN', 'NaN']);
  }));

test('a hostile token is text, and no wider than the page', () =>
  visit({ width: 360 }, async (page) => {
    const hostile = ['<img src=x onerror=alert(1)>', '\u202egnp', '', 'x'.repeat(5000), '词元'.repeat(40)];
    const tokens = Array.from({ length: 16 }, (_, at) => hostile[at % hostile.length]);
    await open(page, { tokens: { queries: tokens, keys: tokens } });
    assert.equal(await page.locator('.steps img').count(), 0);
    assert.match(await page.locator('.steps-token').nth(0).textContent(), /^<img/);
    assert.equal(await page.locator('.steps-token').nth(1).textContent(), '⟨U+202E⟩gnp');
    assert.equal(await excess(page), 0);
    await checkExported(page);
  }));

test('no product is broken on a phone: a line begins with a term', () =>
  visit({ width: 390, height: 1400 }, async (page) => {
    await open(page, ALL_ON);
    for (let at = 0; at < STAGES.length; at += 1) {
      await page.locator('[name="steps-at"]').fill(String(at));
      const terms = page.locator('.steps-plugged > .steps-term');
      assert.equal((await terms.allTextContents()).join(' '), await text(page, '.steps-plugged'));
      const heights = await terms.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
      assert.ok(heights.length > 0 && Math.max(...heights) <= 28, `${STAGES[at]}: ${heights}`);
    }
  }));

for (const width of [360, 800, 1440]) {
  test(`names that differ at their ends are told apart, ${width} px`, () =>
    visit({ width }, async (page) => {
      const tokens = Array.from({ length: 16 }, (_, at) => `teacher layer ${at}`);
      await open(page, { tokens: { queries: tokens, keys: tokens } });
      const names = await page.locator('.steps-strip .steps-name').allTextContents();
      assert.equal(new Set(names).size, 16, names.join(', '));
      const rows = await page.locator('.steps-strip text.steps-name').evaluateAll((all) => {
        const left = document.querySelector('.steps-strip').getBoundingClientRect().left;
        return all.map((one) => one.getBoundingClientRect().left - left);
      });
      assert.ok(Math.min(...rows) >= -1, `${rows}`);
      if (width > 360) assert.deepEqual(names, tokens, 'where there is room they are whole');
    }));
}

test('a query of a long sequence is called by its name, where it has one, and by its number once', () =>
  visit({}, async (page) => {
    await page.evaluate(() => {
      const tensor = (length) => ({ shape: [1, 1, length, 1], data: new Float32Array(length).fill(1) });
      const tensors = { query: tensor(1001), key: tensor(4), value: tensor(4) };
      return globalThis['story'].openHead({ tensors, layer: 0, head: 0 });
    });
    await ready(page);
    assert.equal(await page.locator('[name="steps-query"]').inputValue(), '10');
    assert.equal(await text(page, '.steps-of'), 'of 0 to 1,000');
  }));

test('of a long row only keys that the mask lets pass are shown, and a token in several places has its own with it', () =>
  visit({}, async (page) => {
    const tokens = Array.from({ length: 100 }, (_, at) => (at % 3 ? `t${at}` : '.'));
    await page.evaluate((tokens) => {
      const data = Float32Array.from({ length: 200 }, (_, at) => Math.sin(at));
      const one = { shape: [1, 1, 100, 2], data };
      const tensors = { query: one, key: one, value: one };
      return globalThis['story'].openHead({
        tensors,
        head: 0,
        causal: true,
        tokens: { queries: tokens, keys: tokens },
      });
    }, tokens);
    const field = page.locator('[name="steps-query"]');
    const ask = async (query) => {
      await field.fill(query);
      await field.press('Enter');
      await ready(page);
    };
    await ask('3');
    const names = () => page.locator('.steps-strip .steps-name').allTextContents();
    assert.deepEqual(await names(), ['. (0)', 't1', 't2', '. (3)']);
    const note = 'Of 100 keys, 0 to 99, the mask lets 4 pass; the others have no weight.';
    assert.ok((await text(page, '.steps-below')).includes(note));
    assert.equal(await text(page, '.steps-queries'), 'Query at positionof 0 to 99: .');
    assert.deepEqual(
      (await exported(page)).token,
      ['.', 't1', 't2', '.'],
      'a file has the place in a column of its own',
    );
    await ask('99');
    assert.equal((await names()).length, 24);
    assert.match(await text(page, '.steps-below'), /the 24 with the largest weights, by position/);
  }));

test('it speaks both languages, and changes while it lives', () =>
  visit({ speech: 'zh', state: '10_exponentials' }, async (page) => {
    assert.match(await text(page, '.steps'), /软上限之后未启用加偏置之后无掩码之后无/);
    await page.evaluate(() => globalThis['story'].speak('en'));
    const english = await text(page, '.steps');
    assert.doesNotMatch(english, /[\u4e00-\u9fff]/);
    assert.match(english, /After the soft capoffWith the biasnone/);
  }));

test('what is given away is what is seen, at every stage', () =>
  visit({}, async (page) => {
    await open(page, ALL_ON);
    for (let at = 0; at < STAGES.length; at += 1) {
      await page.locator('[name="steps-at"]').fill(String(at));
      const { source, columns } = await checkExported(page);
      assert.deepEqual(columns, ['key', 'token', ...STAGES.slice(0, -1)]);
      const seen = at < 8 ? await page.locator('.steps-strip .steps-number').first().textContent() : 'y₀ = ';
      assert.ok(source.includes(seen), `${STAGES[at]}: ${seen}`);
    }
  }));

for (const width of [360, 1440]) {
  test(`nothing moves from stage to stage, ${width} pixels wide`, () =>
    visit({ width, height: 1400 }, async (page) => {
      await open(page, ALL_ON);
      const places = new Set();
      for (let at = 0; at < STAGES.length; at += 1) {
        await page.locator('[name="steps-at"]').fill(String(at));
        places.add(
          await page.evaluate(() => {
            const [room, all] = ['.steps-room', '.steps'].map((part) =>
              document.querySelector(part).getBoundingClientRect(),
            );
            return `${room.top} ${room.height} ${all.height}`;
          }),
        );
      }
      assert.deepEqual([...places].length, 1, [...places].join(', '));
    }));
}

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, and nothing is wider than a phone, ${theme}`, () =>
    visit({ theme, width: 360, speech: theme === 'dark' ? 'zh' : 'en' }, async (page) => {
      for (const stage of ['0', '5']) {
        await page.locator('[name="steps-at"]').fill(stage);
        assert.deepEqual(await axeFindings(page), []);
        assert.equal(await excess(page), 0);
      }
      for (const target of await page.locator('.steps button, .steps label').all()) {
        if (!(await target.isVisible())) continue;
        const box = await target.boundingBox();
        assert.ok(box.height >= 24 && box.width >= 24, `${await target.textContent()}: ${box.width} x ${box.height}`);
      }
    }));
}

test('a long name is read aloud and copied whole, and is cut only where letters are apart', () =>
  visit({ width: 390 }, async (page) => {
    const names = {
      tokenization: 'zation',
      // A mark stays with its letter, a syllable and a flag are one, and Arabic letters are one line.
      'resume\u0301s': 'me\u0301s',
      aaaaaaaaक्षbcdef: 'क्षbcdef',
      'aaaaaaaa🇩🇪bcdef': '🇩🇪bcdef',
      المستشفيات: null,
      'model.encoder.layers.attention.10': 'ion.10',
    };
    const tokens = [...Object.keys(names), ...Array.from({ length: 10 }, (_, at) => `t${at}`)];
    await open(page, { tokens: { queries: tokens, keys: tokens } });
    const client = await page.context().newCDPSession(page);
    const { nodes } = await client.send('Accessibility.getFullAXTree');
    const told = nodes.filter(({ role }) => role?.value === 'radio').map(({ name }) => name.value);
    for (const name of tokens) assert.ok(told.includes(name), `${name}: ${told.join(', ')}`);
    const labels = page.locator('.steps-token');
    assert.deepEqual(
      await labels.evaluateAll((all) => all.map((/** @type {HTMLElement} */ one) => one.innerText)),
      tokens,
    );
    for (const [at, end] of Object.values(names).entries()) {
      assert.equal(await labels.nth(at).locator('.name-cut').getAttribute('data-end'), end);
    }
    await labels.first().click();
    const pair = page.locator('.steps-pair').filter({ hasText: /^tokenization/ });
    await pair.waitFor();
    const copied = (locator) =>
      locator.evaluate((one) => {
        getSelection().selectAllChildren(one);
        return String(getSelection()).trim();
      });
    assert.match(await copied(pair), /^tokenization → [^\n]+$/);
    assert.equal(await copied(labels.first()), 'tokenization');
    const width = await labels
      .first()
      .locator('.name')
      .evaluate((one) => {
        const plain = document.createElement('span');
        plain.textContent = one.textContent;
        one.after(plain);
        const both = [one, plain].map((part) => part.getBoundingClientRect().width);
        plain.remove();
        return both[0] - both[1];
      });
    assert.ok(Math.abs(width) < 1, `${width}`);
    assert.equal(await excess(page), 0);
  }));
