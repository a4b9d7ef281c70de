// Students and teachers: what is drawn and told is softmax(q·k / soft) in double precision, and its words follow from it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { json, noise, npy, npz, parse, readSafetensors, tensor, viridis } from './page.mjs';
import { checkExported, excess, loadParts, ready, storySite, watchShifts } from './story.mjs';

const site = await storySite(
  'student',
  `import { student } from './student.ts';
   import { EXAMPLES, openExample } from '../source.ts';
   let open;
   /** Opens an example, and a layer of it. */
   export async function openLayer(id, layer) {
     const reading = { signal: new AbortController().signal, onProgress: () => undefined };
     open = { source: await openExample(EXAMPLES.find((one) => one.id === id), reading), layer };
   }
   export const begin = () => { open = undefined; };
   export const section = student({ openLayer: () => open, hasSample: true, listen: () => undefined });`,
);
after(() => site.close());

const { readState, writeState, studentVerdict } = await loadParts(
  'page/story/studentstate',
  'page/story/studentverdict',
);

const SAMPLE = JSON.parse(await readFile(new URL('../../www/student-teacher.json', import.meta.url), 'utf8'));
const [BATCH, , STUDENTS, SIZE] = SAMPLE.query.shape;
const TEACHERS = SAMPLE.key.shape.at(-2);
const IT = 10;

/** q·k of each student with each teacher, for each batch item of arrays whose last axes are layers and features. */
function productsOf(query, key) {
  const [students, size] = query.shape.slice(-2);
  const teachers = key.shape.at(-2);
  const row = ({ data }, at) => [...data.slice(at * size, (at + 1) * size)];
  const batch = query.data.length / students / size;
  return Array.from({ length: batch }, (_, item) =>
    Array.from({ length: students }, (_, student) =>
      Array.from({ length: teachers }, (_, teacher) => {
        const k = row(key, item * teachers + teacher);
        return row(query, item * students + student).reduce((sum, x, at) => sum + x * k[at], 0);
      }),
    ),
  );
}

/** softmax(bmm(query, key) / soft), for each batch item. */
const attentionOf = ({ query, key }, soft) =>
  productsOf(query, key).map((rows) =>
    rows.map((row) => {
      const terms = row.map((product) => Math.exp((product - Math.max(...row)) / soft));
      return terms.map((term) => term / terms.reduce((sum, one) => sum + one, 0));
    }),
  );

const meanOf = (items) =>
  items[0].map((row, student) =>
    row.map((_, teacher) => items.reduce((sum, rows) => sum + rows[student][teacher], 0) / items.length),
  );

const bitsOf = (row) => -row.reduce((sum, weight) => sum + (weight > 0 ? weight * Math.log2(weight) : 0), 0);

const near = (found, wanted, tolerance, what) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found}, expected ${wanted}`);

const settled = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector('.student .links-plot')?.getAttribute('aria-busy') === 'false' &&
      document.querySelector('.student-verdict b'),
  );

const stay = (options, work) =>
  site.stay(options, async (page, seen) => {
    await ready(page);
    await settled(page);
    await work(page, seen);
  });

const soft = (page) => page.locator('[name="soft"]');
const slider = (page) => page.locator('.student-knob input[type="range"]');
const tile = (page, at) => page.locator('.student-tile').nth(at);
const query = (page, index) => page.locator('.links-query .links-token').nth(index);
const key = (page, index) => page.locator('.links-key .links-token').nth(index);
const remembered = (page) => page.evaluate(() => globalThis['story'].remembered.at(-1) ?? '');
const verdict = (page) => page.locator('.student-verdict').textContent();

/** Waits until the numbers are those of `value`. */
const softened = (page, value) =>
  page.waitForFunction(
    (value) => document.querySelector('.student-verdict b')?.textContent.includes(`soft = ${value}, `),
    value,
  );

async function setSoft(page, value) {
  await soft(page).fill(String(value));
  await softened(page, value);
}

/** All weights as numbers: the mean first where there is one, then each batch item; rows by students. */
async function weightsIn(page) {
  const rows = await page.evaluate(() => globalThis['story'].mounted.exported().rows);
  const tables = new Map();
  for (const [, batch, student, , teacher, , weight] of rows) {
    const table = tables.get(batch) ?? tables.set(batch, []).get(batch);
    (table[student] ??= [])[teacher] = weight;
  }
  return tables;
}

/** The number of each student in one column of the table of rows. */
const column = async (page, name) =>
  (await page.locator(`[data-${name}]`).allTextContents()).map((text) => parse(text.split(' ')[0]));

// ---- the numbers

test('all weights are softmax(q·k / soft), and their mean is the mean over the batch', () =>
  stay({}, async (page) => {
    for (const value of [1, 0.2, 0.05, 20]) {
      await setSoft(page, value);
      const wanted = attentionOf(SAMPLE, value);
      const tables = await weightsIn(page);
      assert.deepEqual([...tables.keys()], ['mean', ...Array.from({ length: BATCH }, (_, item) => item)]);
      // q·k is at most 1, and so is off by some 1e-7.
      const tolerance = 1e-6 / Math.min(1, value);
      const check = (found, rows, what) =>
        rows.forEach((row, student) =>
          row.forEach((weight, teacher) => near(found[student][teacher], weight, tolerance, `${what}, soft ${value}`)),
        );
      wanted.forEach((rows, item) => check(tables.get(item), rows, `item ${item}`));
      check(tables.get('mean'), meanOf(wanted), 'mean');
    }
  }));

test('lines, list, rows and table tell the weights of what is chosen', () =>
  stay({ state: `0.2_${IT}__t` }, async (page) => {
    const rows = attentionOf(SAMPLE, 0.2)[IT];
    assert.equal(await page.locator('.links-title').textContent(), `Batch item ${IT} it`);
    const pairs = rows.flatMap((row, i) => row.map((weight, j) => ({ pair: `${i}-${j}`, weight })));
    for (const { pair, weight } of pairs) {
      const line = page.locator(`.links-lines path[data-link="${pair}"]`);
      near(Number(await line.getAttribute('stroke-width')), 0.75 + 7.25 * weight, 0.01, `width of ${pair}`);
      near(Number(await line.getAttribute('stroke-opacity')), 0.2 + 0.7 * weight, 0.01, `opacity of ${pair}`);
    }
    const cells = await page.locator('.student-table td').allTextContents();
    assert.equal(cells.length, STUDENTS * TEACHERS);
    pairs.forEach(({ pair, weight }, at) => near(parse(cells[at]), weight, 6e-4, pair));
    const largest = pairs.sort((a, b) => b.weight - a.weight).slice(0, 7);
    const listed = await page
      .locator('.links-list li[data-link]')
      .evaluateAll((all) => all.map((one) => one.dataset.link));
    assert.deepEqual(
      listed,
      largest.map(({ pair }) => pair),
    );
    assert.equal(await page.locator('.links-more').textContent(), 'and 11 smaller ones');
    (await column(page, 'bits')).forEach((bits, student) => near(bits, bitsOf(rows[student]), 6e-4, 'entropy'));
    (await column(page, 'largest')).forEach((share, student) =>
      near(share, Math.max(...rows[student]), 6e-4, 'largest weight'),
    );
    assert.match(await page.locator('.student-rows thead').textContent(), /log₂ 6 = 2\.585 bits/);
    const teachers = await page.locator('.student-to').allTextContents();
    rows.forEach((row, student) => assert.equal(teachers[student], `teacher layer ${row.indexOf(Math.max(...row))}`));
  }));

test('the mean over the batch has its own entropy and its own largest weights', () =>
  stay({ state: '0.2' }, async (page) => {
    const mean = meanOf(attentionOf(SAMPLE, 0.2));
    assert.equal(await page.locator('.links-title').textContent(), 'Mean over 16 batch items');
    (await column(page, 'bits')).forEach((bits, student) => near(bits, bitsOf(mean[student]), 6e-4, 'entropy'));
    (await column(page, 'largest')).forEach((share, student) =>
      near(share, Math.max(...mean[student]), 6e-4, 'largest weight'),
    );
    await query(page, 0).hover();
    assert.match(await page.locator('.links-list-note').textContent(), /add up to 1\.000\.$/);
  }));

test('the words on soft are so: to one teacher alone, and to an equal share', () =>
  stay({ state: `_${IT}` }, async (page) => {
    let before = 2;
    for (const value of [0.001, 0.01, 0.1, 1, 10, 1000]) {
      await setSoft(page, value);
      const tops = attentionOf(SAMPLE, value)[IT].map((row) => Math.max(...row));
      const said =
        /largest weight is (?:([\d.]+) to )?([\d.]+): (?:between 0\.167, an equal share of 6|as good as (?:one teacher|an equal))/.exec(
          await verdict(page),
        );
      assert.ok(said, await verdict(page));
      near(parse(said[2]), Math.max(...tops), 6e-4, `the highest at ${value}`);
      near(parse(said[1] ?? said[2]), Math.min(...tops), 6e-4, `the lowest at ${value}`);
      assert.ok(Math.max(...tops) <= before, 'it falls as soft rises');
      before = Math.max(...tops);
    }
    const [sharp, even] = [0.001, 1000].map((value) => attentionOf(SAMPLE, value)[IT]);
    for (const row of sharp) assert.ok(Math.max(...row) > 0.999);
    for (const row of even) for (const weight of row) near(weight, 1 / TEACHERS, 1e-3, 'an equal share');
  }));

test('the words on the sample are so: vectors of length 1, ratios of at most e², and each layer finds itself', () => {
  for (const { data } of [SAMPLE.query, SAMPLE.key]) {
    for (let at = 0; at < data.length; at += SIZE) near(Math.hypot(...data.slice(at, at + SIZE)), 1, 1e-6, 'length');
  }
  const usual = attentionOf(SAMPLE, 1);
  for (const rows of [...usual, meanOf(usual)]) {
    for (const row of rows) assert.ok(Math.max(...row) / Math.min(...row) <= Math.E ** 2);
  }
  near(Math.E ** 2, 7.4, 0.05, 'e²');
  const own = [0, 2, 4];
  for (const rows of productsOf(SAMPLE.query, SAMPLE.key)) {
    rows.forEach((row, student) => assert.equal(row.indexOf(Math.max(...row)), own[student]));
  }
  assert.deepEqual(JSON.parse(SAMPLE.__metadata__.batch_tokens).length, BATCH);
});

test('a colour of the small maps is a weight, from 0 to 1, however the others are', () =>
  stay({ state: '0.2' }, async (page) => {
    const items = attentionOf(SAMPLE, 0.2);
    const scale = await page.locator('.student-side .legend-numbers span').allTextContents();
    assert.deepEqual(scale, ['0', '0.500', '1.000']);
    const names = await page.locator('.student-name').allTextContents();
    assert.deepEqual([names.length, names[0], names[1 + IT]], [1 + BATCH, 'Mean', '10 it']);
    await page.waitForFunction((width) => document.querySelector('.student-map').width === width, TEACHERS);
    const colors = await page.locator('.student-map').evaluateAll((all) =>
      all.map((/** @type {HTMLCanvasElement} */ canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return [...data];
      }),
    );
    [meanOf(items), ...items].forEach((rows, at) =>
      rows.flat().forEach((weight, cell) => {
        viridis(weight).forEach((value, channel) =>
          near(colors[at][4 * cell + channel], value, 6, `tile ${at}, cell ${cell}`),
        );
      }),
    );
  }));

for (const width of [390, 800, 1440]) {
  test(`the list is whole rows, and does not scroll where it need not, ${width} px`, () =>
    stay({ width }, async (page) => {
      const list = page.locator('.links-list');
      const sizes = () =>
        list.evaluate((one) => [one.clientHeight, one.scrollHeight, one.lastElementChild.offsetHeight]);
      const [room, all, row] = await sizes();
      assert.deepEqual([all, room % row], [room, 0]);
      await query(page, 1).focus();
      const [, most] = await sizes();
      assert.equal(most, room, 'nor with the weights of one student');
    }));
}

// ---- what one can do

test('soft is moved by keys, by the usual value, and typed; what is no soft is refused with its limit', () =>
  stay({}, async (page) => {
    assert.equal(await slider(page).inputValue(), '500', 'the usual value is in the middle of a logarithmic slider');
    const middle = async (locator) => {
      const { x, width } = await locator.boundingBox();
      return x + width / 2;
    };
    near(await middle(page.locator('.student-usual')), await middle(slider(page)), 1, 'its mark');
    await slider(page).focus();
    await page.keyboard.press('Home');
    assert.equal(await soft(page).inputValue(), '0.001');
    await softened(page, 0.001);
    const items = async () => [...(await weightsIn(page))].flatMap(([batch, rows]) => (batch === 'mean' ? [] : rows));
    for (const row of await items()) near(Math.max(...row), 1, 1e-3, 'one teacher has it all');
    await page.keyboard.press('End');
    assert.equal(await soft(page).inputValue(), '1000');
    assert.equal(await remembered(page), '1000');
    await softened(page, 1000);
    for (const row of await items()) near(Math.max(...row), 1 / TEACHERS, 1e-3, 'all have alike');
    await page.locator('[name="student-usual"]').click();
    assert.equal(await soft(page).inputValue(), '1');
    assert.equal(await remembered(page), '');
    await softened(page, 1);
    await soft(page).fill('0.123');
    assert.equal(await remembered(page), '0.123');
    await softened(page, 0.123);
    for (const [typed, fault] of [
      ['0', /0\.001/],
      ['-1', /0\.001/],
      ['1e9', /1000/],
      ['abc', /abc|number/],
    ]) {
      await soft(page).fill(typed);
      assert.match(await page.locator('.student-knob .field-fault').textContent(), fault, typed);
      assert.equal(await remembered(page), '0.123', 'the last that was one counts');
    }
  }));

test('what is open can be taken: its queries as students, its keys as teachers, a batch item for each head', () =>
  stay({}, async (page) => {
    await page.locator('.student-own summary').click();
    const take = page.locator('[name="student-take"]');
    await take.click();
    await page.waitForFunction(() => /^Nothing is open\./.test(document.querySelector('.student-said').textContent));
    await page.evaluate(() => globalThis.story.openLayer('sentence', 3));
    await take.click();
    await page.waitForFunction(() => /12 × 16 × 32/.test(document.querySelector('.student-said').textContent));
    assert.match(await page.locator('.student-said').textContent(), /^Drawn from A sentence \(MiniLM\):/);
    await softened(page, 1);
    const file = await readSafetensors('www/sentence.safetensors');
    const wanted = attentionOf({ query: file.get('layers.3.q'), key: file.get('layers.3.k') }, 1);
    const tables = await weightsIn(page);
    wanted.forEach((rows, head) =>
      rows.forEach((row, i) => row.forEach((weight, j) => near(tables.get(head)[i][j], weight, 1e-4, `${head}`))),
    );
    await page.evaluate(() => globalThis.story.openLayer('passage', 0));
    await take.click();
    await page.waitForFunction(() => /too many/.test(document.querySelector('.student-said').textContent));
  }));

test('a batch item is chosen by its small map, by mouse and by keys', () =>
  stay({}, async (page) => {
    await tile(page, 1 + IT).click();
    assert.equal(await page.locator('.links-title').textContent(), 'Batch item 10 it');
    assert.equal(await remembered(page), '_10');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('.links-title').textContent(), 'Batch item 11 was');
    await tile(page, 0).click();
    assert.equal(await page.locator('.links-title').textContent(), 'Mean over 16 batch items');
    assert.equal(await remembered(page), '');
  }));

test('a layer that is pointed at shows its weights, a click or Enter locks it, and locks outlast soft', () =>
  stay({ state: `0.2_${IT}` }, async (page) => {
    const rows = attentionOf(SAMPLE, 0.2)[IT];
    await query(page, 1).hover();
    assert.equal(await page.locator('.links-list-title').textContent(), '“student layer 2” learns from');
    const told = await page.locator('.links-list li[data-link] b').allTextContents();
    const sorted = [...rows[1]].sort((a, b) => b - a);
    sorted.forEach((weight, at) => near(parse(told[at]), weight, 6e-4, `weight ${at}`));
    await query(page, 1).click();
    await key(page, 0).focus();
    await page.keyboard.press('Enter');
    assert.equal(await remembered(page), `0.2_${IT}_q1.k0`);
    assert.match(
      await key(page, 0).getAttribute('aria-label'),
      /^teacher layer 0\. Counts most for student layer 0: 0\.330$/,
    );
    await setSoft(page, 0.5);
    assert.equal(await page.locator('.links-token[aria-pressed="true"]').count(), 2);
    await page.locator('[name="links-unlock"]').click();
    assert.equal(await remembered(page), `0.5_${IT}`);
  }));

test('a link brings it back, and whatever else a link may say is the section as it comes', () =>
  stay({ state: '0.25_3_q0.k2_t' }, async (page) => {
    const seen = () =>
      page.evaluate(() => {
        const table = document.querySelector('.student-all');
        const locked = document.querySelectorAll('.links-token[aria-pressed="true"]').length;
        const checked = [...document.querySelectorAll('.student-tile input')].findIndex((radio) => radio['checked']);
        return [document.querySelector('[name="soft"]')['value'], checked, locked, table['open']];
      });
    assert.deepEqual(await seen(), ['0.25', 4, 2, true]);
    const plain = ['1', 0, 0, false];
    const hostile = ['nonsense', '0_999_<b>_x', '-1_-1', '1e99_1e9', '___', '__t50', '9'.repeat(4000), '_.__proto__'];
    for (const state of ['', ...hostile]) {
      await page.evaluate((state) => globalThis['story'].mounted.restore(state), state);
      assert.deepEqual(await seen(), plain, state.slice(0, 40));
    }
    await page.evaluate(() => globalThis['story'].mounted.restore('2_15_k5'));
    assert.deepEqual(await seen(), ['2', 16, 1, false]);
  }));

// ---- own features

const paste = async (page, text) => {
  const own = page.locator('.student-own');
  if (!(await own.evaluate((one) => one['open']))) await own.locator('summary').click();
  await page.locator('[name="student-paste"]').fill(text);
  await page.locator('[name="student-show"]').click();
};
const said = (page, pattern) =>
  page.waitForFunction(
    ([source]) => new RegExp(source).test(document.querySelector('.student-said').textContent),
    [pattern.source],
  );
const pick = (page, ...files) =>
  page
    .locator('.student-own input[type="file"]')
    .setInputFiles(files.map(([name, buffer]) => ({ name, mimeType: 'application/octet-stream', buffer })));

test('own features, pasted: the same view of them, and the way back', () =>
  stay({}, async (page) => {
    const own = {
      query: tensor([2, 2, 3], noise(12)),
      key: tensor([2, 4, 3], noise(24, 5)),
    };
    const nested = ({ shape, data }) =>
      Array.from({ length: shape[0] }, (_, i) =>
        Array.from({ length: shape[1] }, (_, j) => [...data].slice((i * shape[1] + j) * 3, (i * shape[1] + j + 1) * 3)),
      );
    await setSoft(page, 0.5);
    await paste(page, JSON.stringify({ query: nested(own.query), key: nested(own.key) }));
    await said(page, /what was pasted: 2 × 2 × 3 and 2 × 4 × 3 .*does not carry it/);
    await page.waitForFunction(() => globalThis['story'].mounted.exported().rows.length === 3 * 2 * 4);
    const wanted = attentionOf(own, 0.5);
    const tables = await weightsIn(page);
    [meanOf(wanted), ...wanted].forEach((rows, at) =>
      rows.forEach((row, i) =>
        row.forEach((weight, j) =>
          near(tables.get(at === 0 ? 'mean' : at - 1)[i][j], weight, 1e-5, `${at}, ${i}, ${j}`),
        ),
      ),
    );
    assert.equal(await query(page, 1).textContent(), 'student 1');
    assert.equal(await page.locator('.student-tile').count(), 3);
    assert.equal(await page.locator('.student-top .student-about').first().textContent(), '', 'nothing of the sample');
    await page.locator('[name="student-back"]').click();
    await page.waitForFunction(() => document.querySelectorAll('.student-tile').length === 17);
    assert.ok(await page.locator('[name="student-back"]').isHidden());
  }));

test('own features from files: two npy files, an npz, tokens as text', () =>
  stay({}, async (page) => {
    await page.locator('.student-own summary').click();
    const [one, two] = [tensor([3, 2, 4], noise(24)), tensor([3, 5, 4], noise(60, 3))];
    await pick(page, ['student.npy', npy(one)], ['teacher.npy', npy(two)]);
    await said(page, /student\.npy, teacher\.npy: 3 × 2 × 4 and 3 × 5 × 4/);
    await pick(page, ['both.npz', npz({ teachers: two, students: one })]);
    await said(page, /both\.npz: 3 × 2 × 4 and 3 × 5 × 4/);
    // One item and one teacher: no mean, no choice.
    const names = { query_tokens: '["<img src=x onerror=alert(1)>", ""]', batch_tokens: '[1]' };
    const single = json({ query: tensor([2, 2], [1, 0, 0, 1]), key: tensor([1, 2], [1, 1]) }, names);
    await pick(page, ['single.json', single]);
    await said(page, /single\.json: 1 × 2 × 2 and 1 × 1 × 2/);
    await page.waitForFunction(() => document.querySelectorAll('.student-tile').length === 1);
    await page.waitForFunction(() => document.querySelector('.student-verdict').textContent.includes('one teacher'));
    assert.deepEqual((await weightsIn(page)).get(0), [[1], [1]]);
    assert.deepEqual(await column(page, 'bits'), [0, 0]);
    assert.equal(await query(page, 0).textContent(), '<img src=x onerror=alert(1)>');
    assert.equal(await page.locator('main img').count(), 0);
  }));

test('a feature that is no number spoils its own rows, and it is said', () =>
  stay({ state: '_1' }, async (page) => {
    await page.locator('.student-own summary').click();
    const data = noise(24);
    data[0] = NaN;
    await pick(page, ['q.npy', npy(tensor([3, 2, 4], data))], ['k.npy', npy(tensor([3, 5, 4], noise(60, 3)))]);
    await said(page, /3 × 2 × 4 and 3 × 5 × 4/);
    await page.waitForFunction(() => document.querySelectorAll('.student-tile').length === 4);
    await settled(page);
    assert.equal(await page.locator('.links-note').textContent(), '', 'item 1 is sound');
    await tile(page, 1).click();
    assert.match(await page.locator('.links-note').textContent(), /no lines: 5\.$/);
    assert.equal((await page.locator('[data-bits]').allTextContents())[0], '– bits');
    assert.equal(await page.locator('.links-lines path').count(), 5);
    await tile(page, 0).click();
    assert.match(await page.locator('.links-note').textContent(), /no lines: 5\.$/, 'the mean has them, too');
  }));

test('what cannot be drawn is refused with both shapes, and what was there stays', () =>
  stay({}, async (page) => {
    const of = (...shape) => tensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
    const text = (query, key, names = ['query', 'key']) => json({ [names[0]]: query, [names[1]]: key }).toString();
    const refused = [
      [text(of(2, 3, 4), of(3, 3, 4)), /students have the shape 2 × 3 × 4 and the teachers 3 × 3 × 4/],
      [text(of(4, 3, 4), of(2, 3, 4)), /4 × 3 × 4 and the teachers 2 × 3 × 4/],
      [text(of(2, 3, 4), of(2, 3, 5)), /2 × 3 × 4.* 2 × 3 × 5/],
      [text(of(2, 65, 4), of(2, 3, 4)), /2 × 65 × 4.*2 × 3 × 4.* at most 64 layers .* 128 batch/],
      [text(of(129, 1, 1), of(129, 1, 1)), /129 × 1 × 1.*too many/],
      [text(of(0, 1, 1), of(0, 1, 1)), /0 × 1 × 1/],
      [text(of(2, 3, 4), of(2, 3, 4), ['a', 'b']), /which of “a”, “b” are the students/],
      ['{"query": [[1, 2], [3]], "key": [[1]]}', /could not be opened/],
      ['{"query": [[1]]}', /could not be opened/],
      ['hello', /what was pasted could not be opened/],
      ['', /what was pasted could not be opened/],
    ];
    for (const [pasted, reason] of refused) {
      await paste(page, pasted);
      await said(page, reason);
      assert.equal(await page.locator('[name="student-paste"]').getAttribute('aria-invalid'), 'true');
    }
    assert.equal(await page.locator('.student-tile').count(), 17);
    await page.evaluate(() => globalThis['story'].speak('zh'));
    await paste(page, refused[0][0]);
    await said(page, /学生的形状为 2 × 3 × 4，教师为 3 × 3 × 4/);
  }));

// ---- care

test('what is taken along: a row a weight, and a picture that stands alone', () =>
  stay({ state: `0.2_${IT}_q0` }, async (page) => {
    const { columns, rows, source } = await checkExported(page);
    assert.deepEqual(columns, ['soft', 'batch', 'student', 'student name', 'teacher', 'teacher name', 'weight']);
    assert.equal(rows.length, (1 + BATCH) * STUDENTS * TEACHERS);
    assert.deepEqual(rows[0].slice(0, 6), [0.2, 'mean', 0, 'student layer 0', 0, 'teacher layer 0']);
    assert.equal(source.match(/<path /g).length, TEACHERS, 'the locked student alone');
    assert.match(source, />teacher layer 5</);
  }));

test('no word of a picture leaves it', () =>
  stay({ state: `1_${IT}` }, async (page) => {
    const out = await page.evaluate(() => {
      const { picture } = globalThis['story'].mounted.exported();
      document.body.append(picture);
      const width = picture.viewBox.baseVal.width;
      const boxes = [...picture.querySelectorAll('text')].map((words) => [words.textContent, words.getBBox()]);
      picture.remove();
      return boxes.filter(([, { x, width: wide }]) => x < 0 || x + wide > width).map(([words]) => words);
    });
    assert.deepEqual(out, []);
  }));

test('what is below a thousandth has no line, and is in the table', () =>
  stay({ state: `0.001_${IT}__t` }, async (page) => {
    assert.equal(await page.locator('.links-lines path').count(), STUDENTS, 'each student has one teacher');
    assert.equal(await page.locator('.student-table td').count(), STUDENTS * TEACHERS);
    const names = await page.locator('.links-list li[data-link]').allTextContents();
    assert.equal(names.length, STUDENTS);
  }));

test('it speaks both languages, and changes while it lives', () =>
  stay({ speech: 'zh', state: '0.2' }, async (page) => {
    assert.match(await page.locator('.story-lead').textContent(), /蒸馏.*学生.*教师.*温度/);
    assert.equal(await query(page, 1).textContent(), '学生第 2 层');
    assert.match(await verdict(page), /^soft = 0\.2 时，各学生的最大权重为 [\d.]+ 至 [\d.]+/);
    await page.evaluate(() => globalThis['story'].speak('en'));
    const english = await page.locator('main').innerText();
    assert.doesNotMatch(english, /[\u4e00-\u9fff]/);
    assert.equal(await query(page, 1).textContent(), 'student layer 2');
    assert.equal(await soft(page).inputValue(), '0.2');
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, nothing is wider than a phone, and a finger hits all of it, ${theme}`, () =>
    stay({ theme, width: 360, speech: theme === 'dark' ? 'zh' : 'en', state: '0.2_3_q0_t' }, async (page) => {
      await page.locator('.student-own summary').click();
      assert.deepEqual(await axeFindings(page), []);
      assert.equal(await excess(page), 0);
      const targets = 'button:visible, .student-tile, summary, textarea:visible';
      const sizes = await page
        .locator(`.story-view :is(.links-token, .student-tile, summary, textarea, .button, .student-usual)`)
        .evaluateAll((all) =>
          all
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .map((one) => {
              const { width, height } = one.getBoundingClientRect();
              return { name: `${one.className} ${one.textContent}`, width, height };
            }),
        );
      assert.ok(sizes.length > 20, targets);
      for (const { name, width, height } of sizes)
        assert.ok(width >= 24 && height >= 24, `${name}: ${width} x ${height}`);
      const cut = await page
        .locator('.links-token')
        .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
      assert.equal(cut, 0, 'every name is read in full');
    }));
}

for (const width of [360, 1280]) {
  test(`nothing moves while the numbers come, ${width} px`, () =>
    site.visit({ width, before: watchShifts, fresh: true }, async (page) => {
      await ready(page);
      await settled(page);
      const shift = await page.evaluate(() => globalThis.layoutShift);
      assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
    }));
}

test('states by themselves', () => {
  const start = { soft: 1, item: undefined, locks: '', table: false };
  assert.equal(writeState(start), '');
  assert.deepEqual(readState(''), start);
  for (const state of ['0.25_3_q0.k2_t', '_0', '__k1', '___t', '0.001', '1000_127']) {
    assert.equal(writeState(readState(state)), state);
  }
  for (const soft of ['0', '-1', 'NaN', 'Infinity', '1e-4', '1001', 'x', ' '])
    assert.equal(readState(soft).soft, 1, soft);
});

test('verdicts by themselves', () => {
  const say = (largest, options = {}) =>
    studentVerdict({ largest }, { soft: 2, teachers: 4, isMean: false, ...options }, 'en').join(' ');
  assert.match(say([0.25, 0.5]), /^At soft = 2, .* is 0\.250 to 0\.500: between 0\.250, an equal share of 4 teachers/);
  assert.match(say([0.5, NaN, 0.5]), / is 0\.500: between/);
  assert.match(say([0.9998, 1]), / is 1\.000: as good as one teacher alone\./);
  assert.match(say([0.25, 0.2501]), / is 0\.250: as good as an equal share of 4 teachers\./);
  assert.match(say([0.25, 1]), / is 0\.250 to 1\.000: between/);
  assert.match(say([0.5], { isMean: true }), /best teacher of each batch item/);
  assert.match(say([1], { teachers: 1 }), /^There is one teacher alone/);
  assert.equal(say([NaN]), ' ');
});
