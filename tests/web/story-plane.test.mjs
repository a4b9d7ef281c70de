// The plane: what is shown is what the formulas give for the arrows that are shown, whoever moves them, and all that the
// words say of the places to start from is so.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { screenshot } from './harness.mjs';
import { checkExported, excess, loadParts, storySite, watchShifts } from './story.mjs';

const site = await storySite('plane', `export { PLANE as section } from './plane.ts';`);
after(() => site.close());

// The page's own arithmetic, to be held against rules written down here.
const parts = await loadParts(
  'views/parts/vectors',
  'views/parts/ranking',
  'views/parts/labelling',
  'page/story/planestate',
);
const { within, snapped, withLength, longest, movedBy, freePlace } = parts;
const { formatScore, formatWeight, ranking, placeLabels } = parts;
const { PRESETS, readState, writeState, startOf } = parts;

const WIDE = { width: 1440, height: 1200 };
const preset = (id) => PRESETS.find((one) => one.id === id);

// ---- the formulas, in double precision

const dot = ([a, b], [c, d]) => a * c + b * d;
const norm = (v) => Math.sqrt(dot(v, v));
const cosine = (q, k) => (norm(q) && norm(k) ? dot(q, k) / (norm(q) * norm(k)) : 0);
const softmax = (logits) => {
  const raised = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return raised.map((one) => one / sum(raised));
};
const sigmoid = (logits) => logits.map((logit) => 1 / (1 + Math.exp(-logit)));
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const turned = (degrees, [x, y]) => {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [c * x - s * y, s * x + c * y];
};

/** All that the table of one query says. */
function expected({ query, keys, score, temperature }) {
  const scores = {
    dot: keys.map((key) => dot(query, key)),
    scaled: keys.map((key) => dot(query, key) / Math.SQRT2),
    cosine: keys.map((key) => cosine(query, key)),
  };
  const logits = scores[score === 'scaled_dot' ? 'scaled' : score].map((one) => one / temperature);
  return { ...scores, softmax: softmax(logits), sigmoid: sigmoid(logits) };
}

// ---- reading the page

/** What is written `<0.001` is less than half of that. */
const number = (text) => (text.startsWith('<') ? 0 : Number(text.replace('−', '-')));
const near = (found, wanted, what) => assert.ok(Math.abs(found - wanted) < 6e-4, `${what}: ${found}, not ${wanted}`);

/** Waits until what is set has its numbers. */
const settled = (page) =>
  page.waitForFunction(() => document.querySelector('.plane-tables')?.getAttribute('aria-busy') === 'false');

/** The numbers of the table, column by column, and the sums below it; of those that the step shows. */
async function read(page) {
  await settled(page);
  const texts = await page.evaluate(() => {
    const names = ['dot', 'scaled', 'cosine', 'softmax', 'sigmoid'];
    const columns = names.filter((name) => document.querySelector(`thead .plane-${name}`));
    const column = (name) => [...document.querySelectorAll(`tbody .plane-${name} .plane-number`)];
    const sums = [...document.querySelectorAll('[data-sum]')].map((cell) => [cell.dataset.sum, cell.textContent]);
    return {
      columns: columns.map((name) => [name, column(name).map(({ textContent }) => textContent)]),
      sums,
    };
  });
  const shown = Object.fromEntries(texts.columns.map(([name, all]) => [name, all.map(number)]));
  return { ...shown, sums: Object.fromEntries(texts.sums.map(([name, text]) => [name, number(text)])) };
}

/** The scores of every vector for every other, row by row. */
const readAsks = (page, table = 0) =>
  settled(page).then(() =>
    page.evaluate(
      (table) =>
        [...document.querySelectorAll('.plane-asks')[table].querySelectorAll('.plane-number')].map(
          (one) => one.textContent,
        ),
      table,
    ),
  );

async function assertShown(page, state) {
  const [shown, wanted] = [await read(page), expected(state)];
  const { shows } = preset(state.preset);
  assert.deepEqual(Object.keys(shown), [...shows, 'sums'], 'the columns of the step');
  for (const column of shows) {
    const numbers = wanted[column];
    assert.equal(shown[column].length, numbers.length, column);
    numbers.forEach((one, key) => near(shown[column][key], one, `${column} of key ${key}`));
  }
  const sums = Object.entries(shown.sums);
  assert.deepEqual(
    sums.map(([column]) => column),
    shows.filter((column) => /softmax|sigmoid/.test(column)),
  );
  for (const [column, found] of sums) near(found, sum(wanted[column]), `sum of ${column}`);
}

const handle = (page, of) => page.locator(`[data-handle="${of}"]`);
const rankings = (page) => page.locator('.plane-verdict b').allTextContents();
const radio = (page, name, value) => page.locator(`input[name="${name}"][value="${value}"]`).check({ force: true });

/** Waits until the section has put something into the address. */
async function remembered(page, wanted) {
  await page.waitForFunction((wanted) => globalThis.story.remembered.at(-1) === wanted, wanted, { timeout: 5000 });
}

/** What it put there last. It does so at once: what waited would be written over what Back has brought in the meantime. */
const lastState = async (page) => readState(await page.evaluate(() => globalThis.story.remembered.at(-1) ?? ''));

/** The middle of a handle, and pixels for a unit. */
async function grip(page, of) {
  const box = await handle(page, of).boundingBox();
  const { width } = await page.locator('.plane-stage').boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, unit: (width - 2) / 9.2 };
}

async function drag(page, of, [dx, dy], steps = 8) {
  const { x, y, unit } = await grip(page, of);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx * unit, y - dy * unit, { steps });
  await page.mouse.up();
}

// ---- arithmetic of vectors, names and states

test('a vector stays within reach, on the grid of the hand, and has no negative zero', () => {
  assert.deepEqual(within([5, -7.00001]), [4, -4]);
  assert.deepEqual(snapped([1.234, -0.011]), [1.25, 0]);
  assert.ok(Object.is(snapped([-0.001, 0])[0], 0));
  assert.deepEqual(within([1 / 3, 0]), [0.3333, 0]);
});

test('another length keeps the direction, down to the shortest and up to the edge', () => {
  const along = withLength([1, 2], 3);
  assert.ok(Math.abs(norm(along) - 3) < 2e-4);
  assert.ok(cosine(along, [1, 2]) > 1 - 1e-7);
  assert.ok(Math.abs(norm(withLength([3, 4], 0)) - 0.1) < 2e-4);
  assert.deepEqual(withLength([1, 1], 99), [4, 4]);
  assert.equal(longest([0, 0]), 0);
  assert.deepEqual(withLength([0, 0], 2), [0, 0], 'without a direction it stays');
});

test('keys move a vector along the axes, by one with Shift, and along itself', () => {
  const press = (key, shiftKey = false) => movedBy({ key, shiftKey })?.([1, 0]);
  assert.deepEqual(press('ArrowUp'), [1, 0.1]);
  assert.deepEqual(press('ArrowLeft', true), [0, 0]);
  assert.deepEqual(press('+'), [1.1, 0]);
  assert.deepEqual(press('-'), [0.9, 0]);
  assert.equal(press('Tab'), undefined);
});

test('one more key is put where there is most room', () => {
  const at = freePlace([
    [2, 0],
    [0, 2],
    [0, -2],
  ]);
  assert.deepEqual(at, [-2, 0]);
});

test('numbers that look equal rank together', () => {
  assert.deepEqual(ranking([1, 3, 2.99999, -1]), [[1, 2], [0], [3]]);
  assert.equal(formatScore(-1e-9), '0.000');
  assert.equal(formatScore(-12.5), '−12.500');
  assert.equal(formatScore(Infinity), '∞');
  assert.equal(formatWeight(3e-5), '<0.001');
  assert.equal(formatWeight(0), '0.000');
});

test('names stand apart, and off what is drawn, where there is room for them', () => {
  const tip = { x: 100, y: 100 };
  const names = ['k₁', 'k₂', 'q', '2.000'].map((text) => ({ text, size: 15, tip, clear: 13, angle: 0 }));
  const shaft = { from: { x: 0, y: 100 }, to: tip, around: 3 };
  const places = placeLabels(names, [shaft, { from: tip, to: tip, around: 13 }], 300);
  const half = ({ text }) => 4 * text.length;
  places.forEach((one, at) => {
    assert.ok(Math.hypot(one.x - tip.x, one.y - tip.y) > 13 + 7, `${names[at].text} on the tip`);
    assert.ok(one.x - half(names[at]) > tip.x || Math.abs(one.y - 100) > 3 + 7, `${names[at].text} on the shaft`);
    places.slice(0, at).forEach((other, before) => {
      const apart = half(names[at]) + half(names[before]);
      const clear = Math.abs(one.x - other.x) >= apart || Math.abs(one.y - other.y) >= 15;
      assert.ok(clear, `${names[before].text} and ${names[at].text} on each other`);
    });
  });
});

test('every preset, and what is changed of it, survives being written and read', () => {
  assert.equal(writeState(startOf(PRESETS[0])), '', 'the section as it comes');
  for (const one of PRESETS) {
    const own = startOf(one);
    assert.deepEqual(readState(writeState(own)), own);
    const changed = {
      ...own,
      keys: [...own.keys, [-1.2345, 4]],
      score: 'cosine',
      temperature: 0.37,
      pair: { query: 0, key: 1 },
    };
    assert.deepEqual(readState(writeState(changed)), changed);
    const more = own.query ? { ...changed, query: [0, -4] } : { ...changed, turns: { query: -90, key: 135 } };
    assert.deepEqual(readState(writeState(more)), more);
    assert.ok(encodeURIComponent(writeState(more)).length < 160);
  }
});

test('what is malformed in a state is passed over, and the rest counts', () => {
  const own = startOf(preset('long'));
  const malformed = [
    'q_1',
    'q_1_2_3',
    'q_9_0',
    'q_1e9_0',
    'q_NaN_0',
    'q__',
    'k_1',
    'k_',
    'k_5_0',
    'k_1_0_1_0_1_0_1_0_1_0_1_0',
    't_0',
    't_-1',
    't_',
    't_Infinity',
    't_1_1',
    'score_constructor',
    'score_additive',
    'turn_60',
    'turn_1_2_3',
    'at_1',
    '__proto__',
    'constructor_1',
    '',
    '_',
    '<img>',
    'q=1',
  ];
  for (const piece of malformed) assert.deepEqual(readState(`long*${piece}`), own, piece);
  assert.deepEqual(readState(`long*${malformed.slice(0, 9).join('*')}*t_2`), { ...own, temperature: 2 });
  assert.deepEqual(readState('long*at_7_99').pair, { query: 0, key: 3 }, 'a pair that is not there');
  assert.deepEqual(readState('long*at_-1_0.5').pair, { query: 0, key: 0 });
  assert.deepEqual(readState('asymmetric*turn_181').turns, { query: -30, key: 30 });
  assert.deepEqual(readState('asymmetric*turn_5_-181').turns, { query: -30, key: 30 });
  assert.deepEqual(readState('asymmetric*turn_5_-180').turns, { query: 5, key: -180 });
  assert.deepEqual(readState('asymmetric*turn_90').turns, { query: 0, key: 90 }, 'one number turns the keys');
  assert.equal(readState('asymmetric*q_1_1').query, undefined, 'this preset has no query of its own');
  assert.deepEqual(readState('nothing*t_3'), { ...startOf(PRESETS[0]), temperature: 3 });
  assert.deepEqual(readState('*'.repeat(1e6)), startOf(PRESETS[0]));
});

// ---- what is shown

test('the numbers of every place to start from are those of the formulas', () =>
  site.stay(WIDE, async (page) => {
    for (const one of PRESETS.filter(({ start }) => start.query)) {
      await radio(page, 'plane-preset', one.id);
      await assertShown(page, startOf(one));
    }
  }));

test('weights are made of the chosen score over the temperature', () =>
  site.stay({ ...WIDE, state: 'sigmoid' }, async (page) => {
    await settled(page);
    for (const score of ['cosine', 'scaled_dot', 'dot']) {
      for (const temperature of [0.5, 3]) {
        await radio(page, 'plane-score', score);
        await page.locator('input[name="temperature"]').fill(String(temperature));
        await assertShown(page, { ...startOf(preset('sigmoid')), score, temperature });
        assert.equal(await page.locator('thead .plane-source').count(), 1);
      }
    }
  }));

test('a long key wins the dot product and loses the cosine, and made short enough it agrees', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    const shown = await read(page);
    near(shown.cosine[1], 0.707107, 'cosine of the long one');
    assert.deepEqual(await rankings(page), ['k₂ > k₁ > k₃ > k₄', 'k₁ > k₃ > k₂ > k₄']);
    // Its length alone is changed: the dot product follows, the cosine does not, whatever the length.
    const slider = page.locator('input[name="plane-key"]');
    for (const position of [80, 40, 18]) {
      await slider.fill(String(position));
      near((await read(page)).cosine[1], 0.707107, `cosine at ${position}`);
    }
    await slider.fill('12');
    await settled(page);
    assert.deepEqual(await rankings(page), ['k₁ > k₃ > k₂ > k₄', 'k₁ > k₃ > k₂ > k₄']);
  }));

test('by keyboard a few presses of PageDown make a long key short enough, and the slider says so', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    const slider = page.locator('input[name="plane-key"]');
    const hint = await slider.evaluate(
      (one) => document.getElementById(one.getAttribute('aria-describedby')).innerText,
    );
    assert.match(hint, /on a slider PageUp and PageDown go further/);
    await slider.focus();
    for (let press = 0; press < 6; press += 1) await page.keyboard.press('PageDown');
    await settled(page);
    assert.deepEqual(
      (await rankings(page)).map((order) => order.slice(0, 2)),
      ['k₁', 'k₁'],
    );
  }));

test('a slider stays where it was put while numbers of where it was before come', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    await settled(page);
    const seen = await page.evaluate(async () => {
      const [slider, tables] = ['input[name="plane-key"]', '.plane-tables'].map((one) => document.querySelector(one));
      const input = /** @type {HTMLInputElement} */ (slider);
      const seen = [];
      const rest = new Promise((resolve) => {
        const see = () => {
          seen.push(input.value);
          if (tables.getAttribute('aria-busy') === 'false') resolve();
        };
        new MutationObserver(see).observe(tables, { attributeFilter: ['aria-busy'] });
      });
      const slide = (to) => {
        input.value = to;
        input.dispatchEvent(new Event('input'));
      };
      slide('80');
      // The numbers of 80 are asked for in this frame.
      await new Promise((go) => requestAnimationFrame(go));
      slide('20');
      await rest;
      return seen;
    });
    assert.deepEqual(new Set(seen.slice(1)), new Set(['20']), `${seen}`);
    assert.equal(await page.locator('input[name="plane-key"]').inputValue(), '20');
  }));

test('the weights of a key that is longer, and of one that is the query itself, are those of the definition', () =>
  site.stay({ ...WIDE, state: 'temperature*q_1_0*k_1_0_3_3_0.9_0.1_-2_0' }, async (page) => {
    const long = await read(page);
    [0.107024, 0.790808, 0.09684, 0.005328].forEach((weight, key) => near(long.softmax[key], weight, `weight ${key}`));
    await page.evaluate(() => globalThis.story.mount('temperature*score_scaled_dot*q_1_1*k_1_1_3_0'));
    const itself = await read(page);
    [0.330238, 0.669762].forEach((weight, key) => near(itself.softmax[key], weight, `weight ${key}`));
  }));

test('the length of the query multiplies all scores and keeps their order', () =>
  site.stay(WIDE, async (page) => {
    const before = await read(page);
    const order = await rankings(page);
    await page.locator('input[name="plane-query"]').fill('96');
    const after = await read(page);
    const factor = after.dot[0] / before.dot[0];
    assert.ok(factor > 1.5);
    before.dot.forEach((score, key) => assert.ok(Math.abs(after.dot[key] - factor * score) < 3e-3));
    before.cosine.forEach((score, key) => near(after.cosine[key], score, 'cosine'));
    assert.deepEqual(await rankings(page), order);
  }));

test('the length of a key changes its own score alone: up if it points with the query, down if it points away', () =>
  site.stay({ ...WIDE, state: 'product' }, async (page) => {
    for (const [key, sign] of [
      [1, 1],
      [2, -1],
    ]) {
      await page.locator(`button[name="choose-${key}"]`).click();
      const before = await read(page);
      assert.equal(Math.sign(before.cosine[key]), sign);
      await page.locator('input[name="plane-key"]').fill('100');
      const after = await read(page);
      assert.ok(sign * (after.dot[key] - before.dot[key]) > 0.5, `${before.dot[key]} to ${after.dot[key]}`);
      const others = (numbers) => numbers.filter((_, one) => one !== key);
      assert.deepEqual(others(after.dot), others(before.dot));
    }
    // The second was second, and is first by its length alone.
    assert.match((await rankings(page))[0], /^k₂ > k₁/);
  }));

test('below the arrows stands what each product adds or takes away, and all of them are the dot product', () =>
  site.stay({ ...WIDE, state: 'product' }, async (page) => {
    const says = async () => {
      await settled(page);
      return page.locator('.plane-products li').allInnerTexts();
    };
    const written = (rows) => rows.map((row) => row.replace(/\s+/g, ' '));
    assert.deepEqual(written(await says()), ['2 × 2.5 same signs: +5', '1 × −1 opposite signs: −1']);
    assert.equal(await page.locator('[data-plane="dot"]').textContent(), '4.000');
    const bars = () => page.locator('.plane-products i').evaluateAll((all) => all.map((bar) => bar.offsetWidth));
    const [five, one] = await bars();
    assert.ok(Math.abs(five / one - 5) < 0.5, `${five} and ${one} pixels for 5 and 1`);
    await page.evaluate(() => globalThis.story.mounted.restore('product*q_-2_0*k_-1_3'));
    assert.deepEqual(written(await says()), ['−2 × −1 same signs: +2', '0 × 3 zero: nothing']);
  }));

test('what a step asks to be moved stands right below the arrows, also after undo', () =>
  site.stay({ width: 390, height: 844, touch: true, state: 'long' }, async (page) => {
    const controls = { lengths: 'plane-key', temperature: 'temperature', turns: 'plane-turn-key' };
    for (const { id, control } of PRESETS) {
      await radio(page, 'plane-preset', id);
      await settled(page);
      assert.equal(await page.locator('.plane-control > *').count(), 1);
      const stage = await page.locator('.plane-stage').boundingBox();
      const box = await page.locator(`.plane-control input[name="${controls[control]}"]`).first().boundingBox();
      assert.ok(box.y > stage.y + stage.height && box.y < stage.y + stage.height + 140, `${id}: ${box.y - stage.y}`);
      assert.equal(await page.locator('input[name="temperature"]').isVisible(), /temp|sig|asym/.test(id), id);
    }
    await page.locator('button[name="plane-undo"]').click();
    await page.locator('.plane-control .plane-lengths').waitFor();
  }));

test('a key equal to the query loses to a longer one, and has cosine 1', () =>
  site.stay({ ...WIDE, state: 'itself' }, async (page) => {
    const shown = await read(page);
    assert.deepEqual(shown.dot, [2, 3]);
    assert.deepEqual(shown.cosine, [1, 0.707]);
  }));

test('scaling divides all by √2 and keeps the order; cosine makes equal what is only longer', () =>
  site.stay({ ...WIDE, state: 'root' }, async (page) => {
    const shown = await read(page);
    shown.dot.forEach((score, key) => near(shown.scaled[key], score / Math.SQRT2, `scaled ${key}`));
    assert.deepEqual(await rankings(page), ['k₂ > k₃ > k₁', 'k₁ = k₂ > k₃']);
    // With one scale for both columns the bars of the scaled scores are shorter.
    const width = (column) =>
      page
        .locator(`tbody .plane-${column} i`)
        .evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
    const [plain, scaled] = [await width('dot'), await width('scaled')];
    plain.forEach((pixels, key) => assert.ok(Math.abs(scaled[key] - pixels / Math.SQRT2) < 1));
  }));

test('temperature decides how sharp softmax is, and half the query is twice the temperature', () =>
  site.stay({ ...WIDE, state: 'temperature' }, async (page) => {
    const field = page.locator('input[name="temperature"]');
    const entropies = { 0.25: 0.0931, 0.5: 0.4554, 1: 0.9475, 2: 1.2451, 4: 1.3482, 100: 1.38623 };
    for (const [temperature, entropy] of Object.entries(entropies)) {
      await field.fill(temperature);
      const { softmax: weights, dot: scores, sums } = await read(page);
      assert.deepEqual(scores, [2, 1, 0, -1], 'the scores stay');
      near(sums.softmax, 1, 'sum');
      const found = -sum(weights.filter((weight) => weight > 0.001).map((weight) => weight * Math.log(weight)));
      assert.ok(Math.abs(found - entropy) < 0.01, `entropy ${found} at ${temperature}, not ${entropy}`);
    }
    await field.fill('2');
    const doubled = (await read(page)).softmax;
    await field.fill('1');
    await handle(page, 'query').focus();
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => document.querySelector('[data-plane=dot]')?.textContent === '1.000');
    assert.deepEqual((await read(page)).softmax, doubled);
  }));

test('sigmoid weights do not sum to one, and each is its key’s alone', () =>
  site.stay({ ...WIDE, state: 'sigmoid' }, async (page) => {
    const before = await read(page);
    [0.880797, 0.731059, 0.5, 0.268941].forEach((weight, key) => near(before.sigmoid[key], weight, `weight ${key}`));
    near(before.sums.sigmoid, 2.380797, 'sum');
    await drag(page, 3, [3, 1]);
    const after = await read(page);
    assert.notEqual(after.sigmoid[3], before.sigmoid[3]);
    assert.deepEqual(after.sigmoid.slice(0, 3), before.sigmoid.slice(0, 3));
    assert.notDeepEqual(after.softmax.slice(0, 3), before.softmax.slice(0, 3), 'softmax shares one whole');
    near(after.sums.softmax, 1, 'sum of softmax');
  }));

test('what softmax, sigmoid, l and e are stands above the heads of the table, and it is so', () =>
  site.stay({ ...WIDE, state: 'sigmoid*score_cosine*t_0.5' }, async (page) => {
    await settled(page);
    const caption = page.locator('.plane-table caption');
    assert.match(
      await caption.innerText(),
      /softmax shares 1 among the keys\..*sigmoid gives each its own, from 0 to 1/,
    );
    assert.match(await caption.innerText(), /l is the underlined score ÷ temperature, e.≈.2\.718/);
    assert.equal(Math.E.toFixed(3), '2.718');
    assert.ok((await caption.boundingBox()).y < (await page.locator('.plane-table thead').boundingBox()).y);
    assert.match(await page.locator('.plane-source').textContent(), /^cosine/);
    await assertShown(page, readState('sigmoid*score_cosine*t_0.5'));
    const { softmax: shared, sigmoid: own } = await read(page);
    assert.ok(Math.abs(sum(shared) - 1) < 2e-3, `softmax shares ${sum(shared)}`);
    for (const weight of own) assert.ok(weight > 0 && weight < 1, `a weight of ${weight}`);
  }));

test('directions agree as 1 along, 0 across and −1 against, whatever the lengths', () =>
  site.stay({ ...WIDE, state: 'long*q_1_2*k_2_4_-1_0.5_-0.5_-1' }, async (page) => {
    assert.deepEqual((await read(page)).cosine, [1, 0, -1]);
  }));

test('K = Q makes scores symmetric, two projections do not', () =>
  site.stay({ ...WIDE, state: 'asymmetric' }, async (page) => {
    const { keys } = preset('asymmetric').start;
    const check = async (query, key) => {
      const shown = (await readAsks(page)).map(number);
      const scores = keys.map((one) => keys.map((other) => dot(turned(query, one), turned(key, other))));
      scores.flat().forEach((score, place) => near(shown[place], score, `score ${place}`));
      const weights = (await readAsks(page, 1)).map(number);
      scores.flatMap(softmax).forEach((weight, place) => near(weights[place], weight, `weight ${place}`));
      return scores.every((row, query) => row.every((score, key) => Math.abs(score - scores[key][query]) < 1e-9));
    };
    const says = (verdict) =>
      page.waitForFunction(
        (verdict) => document.querySelector('.plane-verdict b').textContent.startsWith(verdict),
        verdict,
      );
    const slide = (part, degrees) => page.locator(`input[name="plane-turn-${part}"]`).fill(String(degrees));
    assert.equal(await check(-30, 30), false);
    await says('Not symmetric');
    await radio(page, 'plane-keys', 'same');
    await says('Symmetric');
    assert.equal(await check(-30, -30), true);
    await radio(page, 'plane-keys', 'two');
    await says('Not symmetric');
    assert.equal(await check(-30, 30), false);
    // The pair and its mirror are said, and marked in the table.
    const [, asks, asked] = (await rankings(page)).map(number);
    near(asks, dot(turned(-30, keys[0]), turned(30, keys[1])), 'x₁ asks x₂');
    near(asked, dot(turned(-30, keys[1]), turned(30, keys[0])), 'x₂ asks x₁');
    assert.equal(await page.locator('.plane-asks').first().locator('.plane-mirror').count(), 1);
    await slide('key', 90);
    assert.equal(await check(-30, 90), false);
    await slide('query', 45);
    assert.equal(await check(45, 90), false);
    // Turned all the way it is symmetric again: W_K = −W_Q.
    await slide('query', -90);
    assert.equal(await check(-90, 90), true);
    assert.match((await rankings(page))[0], /^Symmetric/);
  }));

test('of two matrices there is seen what they turn and what they make of it; a length is that of the vector', () =>
  site.stay({ ...WIDE, state: 'asymmetric' }, async (page) => {
    await settled(page);
    const names = await page.locator('.plane-picture .plane-name').allTextContents();
    assert.deepEqual(names.sort(), ['k₂', 'q₁', 'x₁', 'x₂', 'x₃']);
    assert.equal(await page.locator('.plane-trail').count(), 2);
    const labels = await page.locator('.plane-turn label').allInnerTexts();
    assert.deepEqual(labels, ['WQ turns every x into its q by', 'WK turns every x into its k by']);
    assert.match(await page.locator('.plane-words').textContent(), /learned in training/);
    assert.deepEqual(await page.locator('.plane-length-field label').allInnerTexts(), ['length |x₁|', 'length |x₂|']);
    const { keys } = preset('asymmetric').start;
    await page.locator('input[name="plane-key"]').fill('100');
    const after = (await lastState(page)).keys;
    assert.deepEqual(after[0], keys[0]);
    const scores = after.flatMap((one) => after.map((other) => dot(turned(-30, one), turned(30, other))));
    (await readAsks(page)).forEach((text, place) => near(number(text), scores[place], `score ${place}`));
  }));

test('the pair that is looked at: lengths, angle, projection and product are of the same arrows', () =>
  site.stay({ ...WIDE, state: 'long*at_0_3' }, async (page) => {
    await settled(page);
    const shown = async (id) => page.locator(`[data-plane="${id}"]`).textContent();
    assert.deepEqual(
      [await shown('cosine'), await shown('projection'), await shown('dot')],
      ['−1.000', '−2.000', '−2.000'],
    );
    assert.equal(
      await page.locator('.plane-equation').innerText(),
      'q·k₄ = 1 × −2 + 0 × 0 = |q| |k₄| cos θ = 1.000 × 2.000 × −1.000 = −2.000',
    );
    await page.locator('button[name="choose-1"]').click();
    await page.waitForFunction(() => document.querySelector('[data-plane=projection]').textContent === '3.000');
    assert.match(await page.locator('.plane-row-cosine').innerText(), /θ = 45\.0°/);
    // The shadow ends where the projection says: three units along the query.
    const { unit } = await grip(page, 'query');
    const shadow = await page.locator('.plane-shadow').evaluate((path) => path.getTotalLength());
    assert.ok(Math.abs(shadow - 3 * unit) < 0.5, `${shadow} pixels for ${3 * unit}`);
  }));

test('an arrow without length has no direction, and nothing breaks', () =>
  site.stay({ ...WIDE, state: 'long*k_0_0_1_1*at_0_0' }, async (page) => {
    await assertShown(page, {
      ...startOf(preset('long')),
      keys: [
        [0, 0],
        [1, 1],
      ],
    });
    assert.equal(await page.locator('[data-plane="projection"]').textContent(), '–');
    assert.equal(await page.locator('.plane-guide').count(), 0);
    assert.equal(await page.locator('input[name="plane-key"]').isDisabled(), true);
    assert.match(await page.locator('.plane-row-cosine').innerText(), /no direction/);
  }));

// ---- hands

test('the mouse drags a tip, what it leads to is computed, and Ctrl+Z takes it back in one', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    await settled(page);
    await drag(page, 1, [-1, -2]);
    const moved = {
      ...startOf(preset('long')),
      keys: [
        [1, 0],
        [2, 1],
        [0.9, 0.1],
        [-2, 0],
      ],
    };
    await remembered(page, 'long*k_1_0_2_1_0.9_0.1_-2_0');
    await assertShown(page, moved);
    await page.keyboard.press('Control+z');
    await assertShown(page, startOf(preset('long')));
    await page.keyboard.press('Control+Shift+z');
    await assertShown(page, moved);
    await page.locator('button[name="plane-reset"]').click();
    await assertShown(page, startOf(preset('long')));
    await page.locator('button[name="plane-undo"]').click();
    await assertShown(page, moved);
  }));

test('while a hand drags, every frame shows numbers of the arrows in it', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    await settled(page);
    await handle(page, 1).waitFor();
    await page.evaluate(() => {
      const frames = [];
      const look = () => {
        const [x, y] = document
          .querySelector('[data-handle="1"]')
          .getAttribute('aria-valuetext')
          .match(/−?\d+\.\d+/g);
        frames.push([x, y, document.querySelector('tr[data-key="1"] .plane-dot').textContent]);
        globalThis.looking = requestAnimationFrame(look);
      };
      globalThis.frames = frames;
      look();
    });
    await drag(page, 1, [-6, -5], 60);
    await settled(page);
    const frames = await page.evaluate(() => (cancelAnimationFrame(globalThis.looking), globalThis.frames));
    const places = new Set(frames.map(([x, y]) => `${x} ${y}`));
    assert.ok(places.size > 10, `only ${places.size} places were seen on the way`);
    // q = (1, 0): the dot product is x.
    for (const [x, , score] of frames) if (score !== '') near(number(score), number(x), 'a number of another arrow');
    assert.ok(frames.filter(([, , score]) => score === '').length < frames.length / 2, 'most frames have numbers');
  }));

test('of two tips on each other the one that is held goes on', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    await settled(page);
    // q and k₁ end at the same place.
    await handle(page, 0).focus();
    await drag(page, 0, [0, 1]);
    assert.deepEqual((await lastState(page)).keys[0], [1, 1]);
    assert.deepEqual((await lastState(page)).query, [1, 0]);
    await handle(page, 'query').focus();
    await drag(page, 'query', [1, 0]);
    assert.deepEqual((await lastState(page)).query, [2, 0]);
  }));

test('a finger drags a tip and does not scroll the page; beside the tips it scrolls', () =>
  site.stay({ width: 360, height: 640, touch: true, state: 'long' }, async (page) => {
    await settled(page);
    await page.locator('.plane-stage').scrollIntoViewIfNeeded();
    const session = await page.context().newCDPSession(page);
    const swipe = async ({ x, y }, [dx, dy]) => {
      const touch = (type, points) => session.send('Input.dispatchTouchEvent', { type, touchPoints: points });
      await touch('touchStart', [{ x, y }]);
      for (let step = 1; step <= 10; step += 1)
        await touch('touchMove', [{ x: x + (dx * step) / 10, y: y + (dy * step) / 10 }]);
      await touch('touchEnd', []);
    };
    const before = await page.evaluate(() => scrollY);
    const { x, y, unit } = await grip(page, 1);
    await swipe({ x, y }, [-unit, 2 * unit]);
    await page.waitForTimeout(100);
    assert.equal(await page.evaluate(() => scrollY), before);
    assert.deepEqual((await lastState(page)).keys[1], [2, 1]);
    const box = await page.locator('.plane-stage').boundingBox();
    await swipe({ x: box.x + box.width * 0.8, y: box.y + box.height * 0.9 }, [0, -120]);
    await page.waitForFunction((before) => scrollY > before, before);
    assert.deepEqual((await lastState(page)).keys[1], [2, 1], 'nothing was moved by that');
  }));

test('the keyboard moves, lengthens, removes and adds, and takes back', () =>
  site.stay({ ...WIDE, state: 'itself' }, async (page) => {
    await settled(page);
    await handle(page, 1).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Shift+ArrowLeft');
    assert.deepEqual((await lastState(page)).keys[1], [2, 0.1]);
    await settled(page);
    assert.match(
      await handle(page, 1).getAttribute('aria-valuetext'),
      /x 2\.00, y 0\.10, length 2\.002, dot product 2\.100/,
    );
    await page.keyboard.press('+');
    assert.ok(Math.abs(norm((await lastState(page)).keys[1]) - 2.1025) < 1e-3);
    await page.keyboard.press('Delete');
    assert.equal((await lastState(page)).keys.length, 1);
    // The focus goes to a neighbour, with the next frame.
    await page.waitForFunction(() => document.activeElement['dataset'].handle === '0');
    await page.keyboard.press('Delete');
    assert.equal((await lastState(page)).keys.length, 1, 'one key stays');
    await page.keyboard.press('Control+z');
    assert.equal((await lastState(page)).keys.length, 2);
    const add = page.locator('button[name="plane-add"]');
    for (let count = 3; count <= 5; count += 1) {
      await add.press('Enter');
      assert.equal((await lastState(page)).keys.length, count);
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'plane-add');
    }
    assert.equal(await add.getAttribute('aria-disabled'), 'true');
    await add.press('Enter');
    const state = await lastState(page);
    assert.equal(state.keys.length, 5);
    await assertShown(page, state);
  }));

test('vectors that ask each other are dragged, added and removed too', () =>
  site.stay({ ...WIDE, state: 'asymmetric*turn_60' }, async (page) => {
    await settled(page);
    await drag(page, 0, [-1, 1]);
    await page.locator('button[name="plane-add"]').click();
    const { keys } = await lastState(page);
    assert.deepEqual(keys[0], [1.5, 1.5]);
    const scores = keys.flatMap((query) => keys.map((key) => dot(query, turned(60, key))));
    (await readAsks(page)).forEach((text, place) => near(number(text), scores[place], `score ${place}`));
    await page.locator('button[name="plane-remove"]').click();
    assert.deepEqual((await lastState(page)).keys, keys.slice(1));
    // The cell of a pair chooses it, and so do the names at the sides.
    await page.locator('.plane-asks').first().locator('.plane-number').nth(2).click();
    await page.locator('button[name="score-q-1"]').click();
    assert.deepEqual((await lastState(page)).pair, { query: 1, key: 2 });
  }));

// ---- state, language, faults

test('the points are walked through in their order, on and back, by keyboard too; after the last comes the section below', () =>
  site.stay({ ...WIDE, speech: 'en' }, async (page) => {
    const [next, back] = ['next', 'back'].map((way) => page.locator(`button[name="plane-${way}"]`));
    const count = page.locator('.plane-count');
    const chosen = () => page.locator('input[name="plane-preset"]:checked').inputValue();
    const numbers = await page
      .locator('.plane-presets .choice')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one, '::before').counterIncrement));
    assert.deepEqual(
      numbers,
      PRESETS.map(() => 'point 1'),
      'each has a number',
    );
    assert.equal(await back.getAttribute('aria-disabled'), 'true');
    await next.focus();
    for (const [at, { id, words }] of PRESETS.entries()) {
      assert.equal(await chosen(), id);
      assert.equal(await page.locator('.plane-words').textContent(), words.en);
      assert.equal(await count.textContent(), `Step ${at + 1} of ${PRESETS.length}`);
      const after = PRESETS[at + 1]?.name.en ?? 'The section below';
      assert.equal(await next.textContent(), `Next: ${after}`);
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'plane-next');
    }
    assert.equal(await chosen(), PRESETS.at(-1).id, 'the last one stays');
    assert.equal(await page.evaluate(() => globalThis.story.went), 1);
    assert.equal(await back.getAttribute('aria-label'), `Back: ${PRESETS.at(-2).name.en}`);
    await back.focus();
    for (let at = PRESETS.length - 2; at >= 0; at -= 1) {
      await page.keyboard.press('Enter');
      assert.equal(await chosen(), PRESETS[at].id);
    }
    await page.keyboard.press('Enter');
    assert.equal(await chosen(), PRESETS[0].id, 'nothing is before the first');
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.equal(await next.textContent(), `下一步：${PRESETS[1].name.zh}`);
  }));

for (const width of [360, 390, 800, 1060, 1280, 1440]) {
  test(`the points and the way on are in sight with the arrows, at ${width} px`, () =>
    site.stay({ width, height: 900, touch: width < 500 }, async (page) => {
      await settled(page);
      const boxes = await page
        .locator('.plane-presets .choice')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
      const tops = boxes.map(({ y }) => Math.round(y));
      const lines = [...new Set(tops)].map((top) => tops.filter((one) => one === top).length);
      const two = width > 500 && width < 1440;
      assert.equal(lines.length, two ? 2 : 1, `lines of ${lines} points`);
      assert.ok(Math.min(...lines) >= 3, `lines of ${lines} points`);
      const [point, shown] = [page.locator('.plane-point'), width < 500];
      assert.equal(await point.isVisible(), shown, 'the name stands above where the points have none');
      if (shown) assert.equal(await point.textContent(), PRESETS[0].name.en);
      const next = await page.locator('button[name="plane-next"]').boundingBox();
      const stage = await page.locator('.plane-stage').boundingBox();
      assert.ok(next.x + next.width <= width && next.y + next.height < stage.y);
      assert.ok(next.height >= 40 && next.height <= 48, `the button is ${next.height} px high`);
    }));
}

test('a link brings back all that is set', () =>
  site.stay({ ...WIDE, state: 'sigmoid' }, async (page) => {
    await settled(page);
    await drag(page, 'query', [1, -1]);
    await page.locator('button[name="plane-add"]').click();
    await radio(page, 'plane-score', 'cosine');
    await page.locator('input[name="temperature"]').fill('0.3');
    await page.locator('button[name="choose-1"]').click();
    const state = writeState(await lastState(page));
    const [shown, equation] = [await read(page), await page.locator('.plane-equation').innerText()];
    await site.visit({ ...WIDE, state }, async (again) => {
      assert.deepEqual(await read(again), shown);
      assert.equal(await again.locator('.plane-equation').innerText(), equation);
      await settled(again);
      assert.equal(await again.locator('input[name="temperature"]').inputValue(), '0.3');
    });
  }));

test('hostile states are survived', () =>
  site.stay(WIDE, async (page) => {
    const states = [
      '<img src=x onerror=alert(1)>',
      'long*k_99_99*t_-5',
      '*'.repeat(5000),
      'asymmetric*turn_1e9*at_9_9',
      '__proto__',
    ];
    for (const state of states) {
      await page.evaluate((state) => globalThis.story.mount(state), state);
      await settled(page);
      const texts = await page.locator('.plane-number').allTextContents();
      assert.ok(texts.length > 0 && texts.every((text) => text !== ''), state);
      assert.equal(await page.locator('.plane-fault').textContent(), '');
    }
  }));

test('any temperature of a link is computed or refused in words', () =>
  site.stay(WIDE, async (page) => {
    for (const temperature of ['1e-9', '1e-45', '1e-99', '1e30', '999999999']) {
      await page.evaluate((state) => globalThis.story.mount(state), `temperature*t_${temperature}`);
      await page.waitForFunction(() =>
        [...document.querySelectorAll('.field-fault, .plane-number')].some(({ textContent }) => textContent !== ''),
      );
    }
  }));

test('a temperature that cannot be is refused where it was typed, and the last one stays', () =>
  site.stay({ ...WIDE, state: 'temperature' }, async (page) => {
    const before = await read(page);
    const field = page.locator('input[name="temperature"]');
    for (const typed of ['0', '-1', 'warm', '1e999']) {
      await field.fill(typed);
      await page.locator('.field-fault:not(:empty)').waitFor();
      assert.deepEqual(await read(page), before);
    }
    await field.fill('2');
    await page.waitForFunction(() => document.querySelectorAll('.field-fault:not(:empty)').length === 0);
    await assertShown(page, { ...startOf(preset('temperature')), temperature: 2 });
  }));

test('the language changes all words and no number', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    const english = await read(page);
    await page.evaluate(() => globalThis.story.speak('zh'));
    assert.deepEqual(await read(page), english);
    const latin = await page.locator('.plane').innerText();
    assert.doesNotMatch(
      latin.replace(/softmax|sigmoid|Shift|Delete|PageUp|PageDown|cos/gi, ''),
      /[a-z]{3}/i,
      'English left',
    );
    const spoken = await page
      .locator('[data-handle]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    assert.deepEqual(spoken, ['查询 q', '键 k₁', '键 k₂', '键 k₃', '键 k₄']);
    await page.evaluate(() => globalThis.story.speak('en'));
    assert.doesNotMatch(await page.locator('.plane').innerText(), /[\u4e00-\u9fff]/, 'Chinese left');
  }));

test('where the kernel is slow the arrow goes ahead, without numbers of another', () =>
  site.visit({ ...WIDE, state: 'long', before: slowWorkers }, async (page) => {
    await page.evaluate(() => globalThis.letGo());
    await settled(page);
    await page.evaluate(() => globalThis.hold());
    await drag(page, 1, [-1, -2]);
    await page.waitForFunction(() =>
      /x 2\.00, y 1\.00/.test(document.querySelector('[data-handle="1"]').getAttribute('aria-valuetext')),
    );
    const numbers = await page.locator('.plane-number').allTextContents();
    assert.ok(
      numbers.every((text) => text === ''),
      numbers.join(),
    );
    assert.equal(await page.locator('[data-plane="dot"]').textContent(), '');
    assert.equal(await page.locator('.plane-tables').getAttribute('aria-busy'), 'true');
    await page.evaluate(() => globalThis.letGo());
    await assertShown(page, {
      ...startOf(preset('long')),
      keys: [
        [1, 0],
        [2, 1],
        [0.9, 0.1],
        [-2, 0],
      ],
    });
  }));

/** For a page's beginning: what is said to workers waits until `globalThis.letGo()`, and again from `globalThis.hold()`. */
function slowWorkers() {
  const send = Worker.prototype.postMessage;
  let held = [];
  let holding = false;
  /** @this {Worker} */
  Worker.prototype.postMessage = function (...message) {
    if (holding) held.push(() => Reflect.apply(send, this, message));
    else Reflect.apply(send, this, message);
  };
  globalThis['hold'] = () => (holding = true);
  globalThis['letGo'] = () => {
    holding = false;
    held.forEach((go) => go());
    held = [];
  };
}

// ---- to be taken along

for (const state of ['long', 'asymmetric*turn_60']) {
  test(`what is taken along is what is seen: ${state}`, () =>
    site.stay({ ...WIDE, state, theme: 'dark' }, async (page) => {
      await settled(page);
      const { name, columns, rows, source, width, height } = await checkExported(page);
      const { keys, query } = startOf(preset(state.split('*')[0]));
      assert.equal(name, `plane-${state.split('*')[0]}`);
      assert.deepEqual(columns, [
        'query',
        'key',
        'query_x',
        'query_y',
        'x',
        'y',
        'dot',
        'scaled',
        'cosine',
        'softmax',
        'sigmoid',
      ]);
      assert.equal(rows.length, query ? keys.length : keys.length ** 2);
      for (const row of rows) {
        const [asks, at] = [row.slice(2, 4), row.slice(4, 6)];
        if (!query) near(norm(asks), norm(keys['₁₂₃'.indexOf(row[0][1])]), 'a turn keeps the length');
        else assert.deepEqual(asks, query);
        near(row[6], dot(asks, at), `dot of ${row.slice(0, 2)}`);
        near(row[8], cosine(asks, at), `cosine of ${row.slice(0, 2)}`);
      }
      assert.match(source, query ? />k₂</ : />q₁<.*>x₃<|>x₃<.*>q₁</);
      assert.ok(width > 600 && height > 400, `${width} x ${height}`);
    }));
}

// ---- looks

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, ${theme}`, () =>
    site.stay({ ...WIDE, theme }, async (page) => {
      for (const state of ['long', 'asymmetric*turn_60']) {
        await page.evaluate((state) => globalThis.story.mount(state), state);
        await settled(page);
        assert.deepEqual(await axeFindings(page), [], state);
      }
    }));
}

for (const [speech, theme] of /** @type {const} */ ([
  ['en', 'light'],
  ['zh', 'dark'],
])) {
  test(`it fits every width with five keys, ${speech}, ${theme}`, () =>
    site.stay({ theme, speech, state: 'sigmoid*q_1_0*k_1_0_3_3_0.9_0.1_-2_0_-4_-4' }, async (page) => {
      for (const width of [360, 520, 800, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await settled(page);
        assert.equal(await excess(page), 0, `at ${width} px`);
        const cramped = await page
          .locator('.plane-number')
          .evaluateAll((all) =>
            all.filter((one) => one.scrollWidth > one.clientWidth + 1).map(({ textContent }) => textContent),
          );
        assert.deepEqual(cramped, [], `numbers wider than their cells at ${width} px`);
        await screenshot(page, `plane-${width}-${speech}-${theme}`);
      }
      await page.setViewportSize({ width: 800, height: 900 });
      for (const { id } of PRESETS) {
        await radio(page, 'plane-preset', id);
        await settled(page);
        const { height } = await page.locator('.plane-words').boundingBox();
        assert.ok(height <= 72, `the words of ${id} have ${height / 24} lines`);
      }
    }));
}

/** The names in the plane that lie on each other, on an arrow, or under the ring that shows the focus; to be run in the page. */
function piledUp() {
  const stage = document.querySelector('.plane-stage').getBoundingClientRect();
  const boxOf = ({ left, right, top, bottom }, letters) => {
    // Of the lines of letters: what is above and below them in their font is free.
    const spare = Math.max(0, bottom - top - letters) / 2;
    return {
      left: left - stage.left,
      right: right - stage.left,
      top: top - stage.top + spare,
      bottom: bottom - stage.top - spare,
    };
  };
  const words = [
    ...document.querySelectorAll('.plane-picture :is(.plane-name, .plane-angle, .plane-length, .plane-tick)'),
  ];
  const names = words.map((word) => ({
    text: word.textContent,
    tick: word.classList.contains('plane-tick'),
    ...boxOf(word.getBoundingClientRect(), parseFloat(getComputedStyle(word).fontSize)),
  }));
  const points = [...document.querySelectorAll('.plane-shaft')].flatMap((shaft) => {
    const length = shaft.getTotalLength();
    return Array.from({ length: Math.ceil(length) }, (_, at) => shaft.getPointAtLength(at));
  });
  const rings = [...document.querySelectorAll('.plane-handle')].map((handle) => {
    const { left, top, width, height } = handle.getBoundingClientRect();
    return { x: left + width / 2 - stage.left, y: top + height / 2 - stage.top };
  });
  const away = ({ left, right, top, bottom }, { x, y }) =>
    Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
  return names.flatMap((name, at) => {
    const on = names.slice(0, at).filter((other) => {
      const across = Math.min(name.right, other.right) - Math.max(name.left, other.left);
      return across > 0 && Math.min(name.bottom, other.bottom) > Math.max(name.top, other.top);
    });
    const found = on.map(({ text }) => `${name.text} on ${text}`);
    if (name.tick) return found;
    if (points.some((point) => away(name, point) === 0)) found.push(`${name.text} on an arrow`);
    if (rings.some((ring) => away(name, ring) < 12)) found.push(`${name.text} under a ring`);
    return found;
  });
}

for (const width of [360, 390, 800, 1440]) {
  test(`no name lies on another, on an arrow or under the ring of the focus, at ${width} px`, () =>
    site.stay({ ...WIDE, width }, async (page) => {
      for (const one of PRESETS) {
        const { query, keys } = one.start;
        const pairs = keys.flatMap((_, key) => (query ? [[0, key]] : keys.map((_, asks) => [asks, key])));
        for (const [asks, key] of pairs) {
          const state = `${one.id}*at_${asks}_${key}`;
          await page.evaluate((state) => globalThis.story.mounted.restore(state), state);
          await page.waitForFunction(() => document.querySelector('.plane-guide'));
          await settled(page);
          assert.deepEqual(await page.evaluate(piledUp), [], state);
        }
      }
    }));
}

test('the ring of the focus leaves room for the name of every arrow', () =>
  site.stay({ ...WIDE, state: 'long' }, async (page) => {
    await settled(page);
    await handle(page, 2).focus();
    await page.keyboard.press('ArrowUp');
    await settled(page);
    const ring = await handle(page, 2).evaluate((one) => {
      const { width, boxShadow } = getComputedStyle(one, '::before');
      return parseFloat(width) / 2 + Number(/([\d.]+)px$/.exec(boxShadow)?.[1] ?? 0);
    });
    assert.ok(ring > 10 && ring <= 13, `the ring goes ${ring} px from the tip`);
  }));

test('all that is pressed is large enough for a finger', () =>
  site.stay({ width: 360, touch: true, state: 'asymmetric' }, async (page) => {
    await settled(page);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('.plane :is(button, input:not([type=radio]), .choice, [role=slider])')]
        .filter((one) => one.getBoundingClientRect().height > 0 && one.getBoundingClientRect().height < 40)
        .map(({ outerHTML }) => outerHTML),
    );
    assert.deepEqual(small, []);
  }));

for (const width of [360, 800, 1440]) {
  test(`nothing moves while the numbers come, at ${width} px`, () =>
    site.visit({ width, state: 'long', before: watchShifts, fresh: true }, async (page) => {
      await settled(page);
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.01, `cumulative layout shift ${shift}`);
    }));
}
