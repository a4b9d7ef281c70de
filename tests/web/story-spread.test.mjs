// Why √d: what the section shows is what the engine says, and what its words claim follows from the definitions.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { parse } from './page.mjs';
import { checkExported, excess, loadParts, ready, storySite } from './story.mjs';

const SIZES = [2, 16, 64, 256];
const PAIRS = 4096;

const site = await storySite(
  'spread',
  `export { spread as section } from './spread.ts';
   export * as qk from '../../engine/index.ts';`,
);
after(() => site.close());

const visit = (options, work) =>
  site.stay(options, async (page) => {
    await ready(page);
    await work(page);
  });

const slider = (page) => page.locator('input[name="spread-temperature"]');
const number = async (page, id) => Number(await page.locator(`[data-spread="${id}"]`).textContent());
const remembered = (page) => page.evaluate(() => globalThis['story'].remembered.at(-1));
/** Rows of d, √d, and the two standard deviations, as they are told. */
const table = (page) =>
  page
    .locator('.spread tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => Number(cell.textContent))));
/** The weights of the keys, as they are told. */
const weightsOf = async (page) => {
  const told = await page.evaluate(() => {
    const told = document.querySelector('.spread-columns').getAttribute('aria-label');
    return told.split(/[:：]/)[1].split(', ');
  });
  return told.map(parse);
};

const near = (found, wanted, tolerance, what) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found}, expected ${wanted}`);

test('q·k of random vectors spreads by √d, and by 1 after the division', () =>
  visit({}, async (page) => {
    const rows = await table(page);
    assert.deepEqual(
      rows.map(([size]) => size),
      SIZES,
    );
    for (const [size, root, raw, scaled] of rows) {
      near(root, Math.sqrt(size), 1e-3, 'root');
      // Four standard errors; the 512 queries vary in length, the more the fewer components they have.
      const error = Math.sqrt(2 / size / 512 / 4 + 2 / PAIRS);
      near(raw / root, 1, 4 * error, `d = ${size}, relative to √d`);
      near(scaled, raw / root, 2e-3, `d = ${size}, divided`);
    }
    const { rows: bins } = await checkExported(page);
    for (const size of SIZES) {
      for (const side of ['raw', 'scaled']) {
        const own = bins.filter(([kind, d]) => kind === side && d === size);
        const counts = own.map(([, , , , count]) => count);
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          PAIRS,
          `${side}, d = ${size}: each pair is counted once`,
        );
        const [below, from] = [own.at(0)[3], own.at(1)[2]];
        assert.equal(below, from, 'bins join');
      }
    }
  }));

test('the entropy at every temperature is −Σ w ln w of softmax(q·k / T), and rises with T', () =>
  visit({}, async (page) => {
    const { rows } = await checkExported(page);
    for (const size of SIZES) {
      const swept = rows.filter(([kind, d]) => kind === 'temperature' && d === size);
      assert.equal(swept.length, 105);
      swept.forEach(([, , , , , entropy, effective, largest], at) => {
        if (at > 0) assert.ok(entropy >= swept[at - 1][5] - 1e-6, `d = ${size}, step ${at}: entropy falls`);
        near(effective, Math.exp(entropy), 1e-5 * effective, 'effective keys');
        assert.ok(largest > 0 && largest <= 1);
      });
      assert.ok(swept.at(-1)[5] < Math.log(8) + 1e-6);
    }
    for (const [size, at] of [
      [64, 24],
      [64, 48],
      [2, 30],
      [256, 40],
    ]) {
      await page.locator(`.spread-sizes input[value="${size}"]`).check({ force: true });
      await slider(page).fill(String(at));
      const scores = await page
        .locator('.spread-columns .spread-tick')
        .evaluateAll((ticks) => ticks.map((tick) => Number(tick.textContent.replace('−', '-'))));
      const temperature = 2 ** (at / 8 - 3);
      near(await number(page, 'temperature'), temperature, 1e-3 * temperature, 'T');
      const terms = scores.map((score) => Math.exp((score - Math.max(...scores)) / temperature));
      const weights = terms.map((term) => term / terms.reduce((sum, one) => sum + one, 0));
      const shown = await weightsOf(page);
      // The scores are read to four digits, of which the best has two decimals or more.
      const read = 0.02 / temperature;
      weights.forEach((weight, key) => near(shown[key], weight, 6e-4 + read * weight, `d = ${size}, weight ${key}`));
      const entropy = weights.reduce((sum, weight) => sum - weight * Math.log(weight || 1), 0);
      near(await number(page, 'entropy'), entropy, 1e-3 + 2 * read, 'entropy');
      near(await number(page, 'keys'), Math.exp(entropy), 8 * (1e-3 + 2 * read), 'effective keys');
      near(await number(page, 'largest'), Math.max(...weights), 6e-4 + read, 'largest weight');
    }
  }));

test('the numbers that dot products are made of lie around 0, and their σ is 1', async () => {
  const { normals, deviationOf } = await loadParts('page/tensors', 'views/parts/histogram');
  const numbers = normals(1, [200_000, 1]);
  near(deviationOf(numbers), 1, 0.01, 'σ');
  near(numbers.reduce((sum, one) => sum + one, 0) / numbers.length, 0, 0.01, 'mean');
});

test('entropy is 0 for one key alone and ln 8 for all alike, and fewer keys share the weight at a lower temperature', () =>
  visit({}, async (page) => {
    assert.match(
      await page.locator('.spread-row .spread-about').textContent(),
      /0 for one key alone, ln.8 for all alike/,
    );
    const { rows } = await checkExported(page);
    const swept = rows.filter(([kind, d]) => kind === 'temperature' && d === 64);
    const [[, , , , , low, one], [, , , , , high, all]] = [swept.at(0), swept.at(-1)];
    near(low, 0, 1e-3, 'the entropy of one key alone');
    near(high, Math.log(8), 1e-3, 'the entropy of all alike');
    near(one, 1, 1e-3, 'one effective key');
    near(all, 8, 1e-2, 'eight');
    swept.slice(1).forEach(([, , , , , , keys], at) => assert.ok(keys >= swept[at][6] - 1e-4, `step ${at}`));
  }));

test('√d is a temperature, and no cosine: one divisor for all keys', () =>
  visit({}, async (page) => {
    const found = await page.evaluate(async () => {
      const { attention } = globalThis['story'].qk;
      const tensor = (...rows) => ({ shape: [rows.length, 64], data: Float32Array.from(rows.flat()) });
      const noise = (seed) => Array.from({ length: 64 }, (_, at) => Math.sin(seed * 31 + at * at));
      const weights = async (query, keys, options) => {
        const result = await attention(query, keys, null, { needWeights: true, stages: ['scaled'], ...options });
        return { weights: [...result.weights.data], scaled: [...result.stages.scaled.data] };
      };
      const [query, keys] = [tensor(noise(1)), tensor(...[2, 3, 4, 5, 6].map(noise))];
      const ones = Array(64).fill(1);
      const long = tensor(
        ones,
        ones.map((one) => 10 * one),
      );
      return {
        heated: await weights(query, keys, { score: 'dot', temperature: 8 }),
        scaled: await weights(query, keys, { score: 'scaled_dot' }),
        plain: await weights(query, keys, { score: 'dot' }),
        lengths: await weights(tensor(ones), long, { score: 'scaled_dot' }),
        cosines: await weights(tensor(ones), long, { score: 'cosine' }),
      };
    });
    found.heated.weights.forEach((weight, key) => near(weight, found.scaled.weights[key], 1e-6, `key ${key}`));
    const ranking = ({ weights }) => [...weights.keys()].sort((one, other) => weights[other] - weights[one]);
    assert.deepEqual(ranking(found.plain), ranking(found.scaled));
    assert.deepEqual(found.lengths.scaled, [8, 80]);
    for (const cosine of found.cosines.scaled) near(cosine, 1, 1e-6, 'cosine');
  }));

test('the temperature is moved by mouse, by keys, and by the two buttons; the address follows', () =>
  visit({}, async (page) => {
    assert.equal(await number(page, 'temperature'), 1);
    assert.equal(await remembered(page), undefined, 'as it comes it says nothing');
    await page.locator('[name="spread-divided"]').click();
    assert.equal(await number(page, 'temperature'), 8);
    assert.equal(await remembered(page), '64_48_1');
    await page.locator('[name="spread-plain"]').click();
    assert.equal(await remembered(page), '');

    await slider(page).focus();
    await page.keyboard.press('ArrowRight');
    near(await number(page, 'temperature'), 2 ** (1 / 8), 1e-3, 'one step');
    assert.match(await slider(page).getAttribute('aria-valuetext'), /^T = 1\.091, entropy [\d.]+, [\d.]+ effective/);
    await page.keyboard.press('End');
    assert.equal(await number(page, 'temperature'), 1024);

    const plot = await page.locator('.spread-plot').boundingBox();
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 100);
    await page.mouse.down();
    await page.mouse.move(plot.x + 44, plot.y + 100, { steps: 4 });
    await page.mouse.up();
    assert.equal(await number(page, 'temperature'), 0.125);
    assert.equal(await slider(page).inputValue(), '0');
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 100);
    assert.equal(await number(page, 'temperature'), 0.125, 'nothing is held any more');
  }));

test('what is chosen, raw or divided, stays chosen for another d, and its button says so', () =>
  visit({}, async (page) => {
    const pressed = () =>
      page.locator('.spread-marks button').evaluateAll((all) => all.map((one) => one.ariaPressed === 'true'));
    const choose = (size) => page.locator(`.spread-sizes input[value="${size}"]`).check({ force: true });
    assert.deepEqual(await pressed(), [true, false]);
    await choose(256);
    assert.equal(await number(page, 'temperature'), 1, 'raw stays raw');
    await page.locator('[name="spread-divided"]').click();
    for (const size of [2, 16, 64]) {
      await choose(size);
      near(await number(page, 'temperature'), Math.sqrt(size), 1e-3, `T of d = ${size}`);
      assert.deepEqual(await pressed(), [false, true], `d = ${size}`);
    }
    await slider(page).fill('30');
    await choose(16);
    assert.deepEqual(await pressed(), [false, false]);
    assert.equal(await slider(page).inputValue(), '30', 'another temperature is no choice of these two');
  }));

test('a weight of one is as high as most of its picture', () =>
  visit({ state: '64_0_1' }, async (page) => {
    const column = await page.locator('.spread-column').first().boundingBox();
    assert.ok(column.height > 160, `${column.height} px`);
  }));

test('a finger moves the temperature, too', () =>
  visit({ touch: true, width: 360 }, async (page) => {
    await page.locator('.spread-plot').scrollIntoViewIfNeeded();
    const plot = await page.locator('.spread-plot').boundingBox();
    await page.touchscreen.tap(plot.x + plot.width - 58, plot.y + 100);
    assert.equal(await number(page, 'temperature'), 1024);
  }));

test('the line of the current temperature stands where the thumb of the slider is', () =>
  visit({ width: 800 }, async (page) => {
    for (const at of ['0', '52', '104']) {
      await slider(page).fill(at);
      const [line, from, width] = await page.evaluate(() => {
        const { x } = document.querySelector('.spread-current').getBoundingClientRect();
        const slider = document.querySelector('.spread-stage input').getBoundingClientRect();
        return [x, slider.x, slider.width];
      });
      near(line, from + 9 + ((width - 18) * Number(at)) / 104, 1.5, `at ${at}`);
    }
  }));

test('a size is chosen by its histogram or by name; other vectors are other numbers with the same law', () =>
  visit({}, async (page) => {
    const before = await table(page);
    await page.locator('.spread-histograms').click({ position: { x: 200, y: 60 } });
    assert.ok(await page.locator('.spread-sizes input[value="2"]').isChecked());
    assert.equal(await remembered(page), '2_24_1');
    await page.locator('.spread-sizes label', { hasText: 'd = 256' }).click();
    assert.equal(await remembered(page), '256_24_1');
    assert.match(await page.locator('[name="spread-divided"]').textContent(), /√d = 16/);
    await page.locator('[name="spread-again"]').click();
    await ready(page);
    assert.equal(await remembered(page), '256_24_2');
    const after = await table(page);
    before.forEach(([size, root, raw], at) => {
      assert.notEqual(after[at][2], raw, `d = ${size}`);
      near(after[at][2] / root, 1, 0.12, `d = ${size}`);
    });
  }));

test('a link brings it back, whatever else a link may say', () =>
  visit({}, async (page) => {
    const seen = (state) =>
      page.evaluate((state) => {
        globalThis['story'].mount(state);
        const size = document.querySelector('.spread-sizes input:checked')['value'];
        const temperature = document.querySelector('[data-spread="temperature"]').textContent;
        return `${size} ${temperature} ${globalThis['story'].mounted.exported().name}`;
      }, state);
    const plain = '64 1 spread-1';
    const hostile = [
      '',
      'nonsense',
      '3_999_0',
      '63_-1_1e3',
      '__',
      '<b>_24_1',
      '64_105_100000',
      '064_24_1x',
      '9'.repeat(4000),
    ];
    for (const state of hostile) assert.equal(await seen(state), plain, state);
    assert.equal(await seen('16_40_7'), '16 4 spread-7');
    assert.equal(await seen('16_999_x'), '16 1 spread-1', 'what is sound of it counts');
    await seen('16_40_7');
    await ready(page);
    const first = await table(page);
    await seen('16_40_8');
    await ready(page);
    assert.notDeepEqual(await table(page), first);
    await seen('16_40_7');
    await ready(page);
    assert.deepEqual(await table(page), first, 'the same seed, the same numbers');
  }));

test('it speaks both languages, and changes while it lives', () =>
  visit({ speech: 'zh' }, async (page) => {
    assert.match(await page.locator('.spread').textContent(), /有效键数/);
    assert.match(await slider(page).getAttribute('aria-valuetext'), /熵/);
    const before = await table(page);
    await page.evaluate(() => globalThis['story'].speak('en'));
    const english = await page.locator('.spread').textContent();
    assert.doesNotMatch(english, /[\u4e00-\u9fff]/);
    assert.match(english, /Effective keys/);
    assert.deepEqual(await table(page), before);
  }));

test('nothing moves while the numbers come', () =>
  site.visit({}, async (page) => {
    await page.waitForFunction(() => globalThis['story']?.mounted);
    const height = () => page.evaluate(() => document.querySelector('.spread').getBoundingClientRect().height);
    const early = await height();
    await ready(page);
    assert.equal(await height(), early);
  }));

test('the numbers of the keys stand apart on a phone', () =>
  visit({ width: 390 }, async (page) => {
    for (const kind of ['spread-tick', 'spread-number']) {
      const boxes = await page.locator(`.spread-columns .${kind}`).evaluateAll((all) =>
        all.map((one) => {
          const { left, right } = one.getBoundingClientRect();
          return { left, right, words: one.textContent };
        }),
      );
      assert.equal(boxes.length, 8);
      boxes.slice(1).forEach(({ left, words }, at) => {
        const gap = left - boxes[at].right;
        assert.ok(gap >= 3, `${boxes[at].words} and ${words} are ${gap} px apart`);
      });
    }
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, and nothing is wider than a phone, ${theme}`, () =>
    visit({ theme, width: 360, speech: theme === 'dark' ? 'zh' : 'en' }, async (page) => {
      assert.deepEqual(await axeFindings(page), []);
      assert.equal(await excess(page), 0);
      for (const target of await page.locator('.spread button, .spread label:not(.visually-hidden)').all()) {
        const box = await target.boundingBox();
        assert.ok(box.height >= 24 && box.width >= 24, `${await target.textContent()}: ${box.width} x ${box.height}`);
      }
    }));
}

test('bins, deviations and temperatures by themselves', async () => {
  const { histogramOf, deviationOf, TEMPERATURES, temperatureIndex, NAMED } = await loadParts(
    'views/parts/histogram',
    'views/parts/temperatures',
  );
  const { counts, below, above } = histogramOf(Float32Array.of(-3, -2, -1.5, 0, 1.999, 2, 7), 2, 4);
  assert.deepEqual([below, ...counts, above], [1, 2, 0, 1, 1, 2], 'an edge belongs to the bin above it');
  assert.equal(deviationOf(Float32Array.of(2, 4, 4, 4, 5, 5, 7, 9)), 2);
  for (const exact of [1, 4, 8, 16]) assert.equal(TEMPERATURES[temperatureIndex(exact)], exact);
  assert.ok(Math.abs(TEMPERATURES[temperatureIndex(Math.SQRT2)] - Math.SQRT2) < 1e-15);
  assert.deepEqual(NAMED, [0.125, 1, 8, 64, 512]);
  assert.equal(temperatureIndex(1e-9), 0);
  assert.equal(temperatureIndex(1e9), TEMPERATURES.length - 1);
});
