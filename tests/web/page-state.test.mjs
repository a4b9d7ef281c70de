// What the page keeps: painted masks, the states to go back to, what a link may say, and what a late file may set.

import assert from 'node:assert/strict';
import process from 'node:process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { made, startSite } from './harness.mjs';
import { drop, fingerprint, noise, npy, npz, settled, showSection, tensor } from './page.mjs';

const site = await startSite();
after(() => site.close());

/** Modules of the page, as one. */
async function load(...files) {
  const root = fileURLToPath(new URL('../../www/src/page/', import.meta.url));
  const contents = files.map((file) => `export * from './${file}.ts';`).join('\n');
  const options = /** @type {const} */ ({ bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' } });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const page = await load(
  'painted',
  'history',
  'settings',
  'state',
  'tensors',
  '../views/parts/edges',
  '../generated/catalog',
);
const { catalog, decodeBits, encodeBits, linkOf, nothingPainted, paintBlock, paintedFrom, toMask } = page;
const { History, applyLink, edgeRange, normals, placeEdge, readLink, rulesOf, settingsFrom, withValue } = page;

/** Takes `keys` from the first query, of one head or all. */
const remove = (painted, head, keys) => paintBlock(painted, head, { queries: [0, 1], keys }, true);

test('a link with large masks for many heads is not read', () => {
  const entries = (count) => new Map(Array.from({ length: count }, (_, head) => [`mask.${head}`, '4096x4096.gICACA']));
  const before = process.cpuUsage();
  assert.equal(paintedFrom(entries(200)), undefined, 'too long');
  assert.equal(paintedFrom(entries(90)), undefined, 'short, and too large');
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < 100, 'nothing of it is made');
  assert.equal(paintedFrom(entries(8)).heads.size, 8);
  const small = new Map([['mask.99999', encodeBits(remove(nothingPainted(2, 3), 'all', [0, 1]).all)]]);
  assert.equal(paintedFrom(small), undefined, 'there is no such head');
});

test('marks come back from their code, whatever the runs', () => {
  for (const [from, to] of [
    [0, 1],
    [3, 7],
    [7, 9],
    [8, 16],
    [5, 29],
    [0, 30],
  ]) {
    const { all } = remove(nothingPainted(3, 30), 'all', [from, to]);
    assert.deepEqual(decodeBits(encodeBits(all)), all, `${from} to ${to}`);
  }
  const painted = remove(remove(nothingPainted(4, 5), 'all', [1, 3]), 2, [4, 5]);
  assert.deepEqual(paintedFrom(linkOf(painted)), painted);
  assert.equal(decodeBits('4x5.AA'), undefined, 'runs that are not as long as the matrix');
});

test('a mask follows the number of heads, and is made once for the same', () => {
  const painted = remove(nothingPainted(2, 3), 1, [0, 2]);
  const mask = toMask(painted, 4);
  assert.deepEqual(mask.shape, [1, 4, 2, 3]);
  assert.deepEqual([...mask.data.subarray(6, 12)], [0, 0, 1, 1, 1, 1]);
  assert.equal(
    mask.data.reduce((sum, one) => sum + one, 0),
    22,
  );
  assert.equal(toMask(painted, 4), mask);
  assert.deepEqual(toMask(painted, 2).shape, [1, 2, 2, 3]);
  assert.deepEqual(toMask(painted, 1).shape, [1, 1, 2, 3]);
  assert.deepEqual([...toMask(painted, 1).data], [1, 1, 1, 1, 1, 1], 'the one that is painted is not there');
});

test('of the masks that were made only the last is kept', () => {
  const states = Array.from({ length: 3 }, (_, key) => remove(nothingPainted(2, 3), 'all', [key, key + 1]));
  const masks = states.map((painted) => toMask(painted, 1));
  assert.equal(toMask(states[2], 1), masks[2]);
  assert.notEqual(toMask(states[0], 1), masks[0], 'made anew');
  assert.deepEqual(toMask(states[0], 1), masks[0]);
});

const SIZES = { batch: 1, heads: 2, queries: 4, keys: 6, headSize: 8, keySize: 8 };

test('a length that a link says stands at the end of the plot where it is too large', () => {
  const settings = applyLink(settingsFrom({}), readLink('#keyValueSeqLengths=99999999&querySeqLengths=77'));
  const rules = rulesOf(settings, {}, SIZES, { batch: 0, head: 0 });
  assert.deepEqual([rules.queryLength, rules.keyLength], [4, 6]);
  const wide = { ...rules, queryLength: 77, keyLength: 99999999 };
  assert.deepEqual(placeEdge('keys', wide), { x: 1, y: 1 });
  assert.deepEqual(placeEdge('queries', wide), { x: 1, y: 1 });
  assert.equal(edgeRange('keys', wide).value, 6);
  assert.equal(edgeRange('queries', wide).value, 4);
});

test('a link that gives a number no value says nothing of it', () => {
  const options = (hash) => applyLink(settingsFrom({}), readLink(hash)).options;
  assert.deepEqual(options('#scale=&temperature=%20'), {});
  assert.deepEqual(options('#scale=0.5&temperature=2'), { scale: 0.5, temperature: 2 });
});

test('a value that belongs to another member is not kept', () => {
  const settings = settingsFrom({ score: 'dot' });
  assert.equal(withValue(settings, 'score.w', { kind: 'random', seed: 1 }), settings);
  const general = withValue(settingsFrom({ score: 'general' }), 'score.w', { kind: 'random', seed: 1 });
  assert.deepEqual(general.score.values, { w: { kind: 'random', seed: 1 } });
});

test('random numbers are normal, the same for a seed, and not too many', () => {
  const numbers = normals(7, [500, 400]);
  assert.deepEqual(normals(7, [500, 400]), numbers);
  assert.notDeepEqual(normals(8, [500, 400]), numbers);
  const moment = (power) => numbers.reduce((sum, number) => sum + (number * 20) ** power, 0) / numbers.length;
  // Five standard errors of 200,000 numbers: 1/√n, √(2/n), √(15/n), √(96/n).
  for (const [power, expected, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ]) {
    const bound = 5 * Math.sqrt(variance / numbers.length);
    assert.ok(Math.abs(moment(power) - expected) < bound, `moment ${power} is ${moment(power)}`);
  }
  assert.throws(() => normals(1, [100000, 100000]), /100000 × 100000 .*at most 2097152/);
  assert.equal(normals(1, [3]).length, 3);
});

test('separate edits are separate steps, and a gesture is one', (context) => {
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const record = (...steps) => {
    const history = new History();
    for (const [time, stroke] of steps) {
      now = time;
      history.record(time, stroke);
    }
    let count = 0;
    for (; history.undo(0) !== undefined; count += 1);
    return count;
  };
  assert.equal(record([0, 'type keys'], [300, 'type keys'], [900, 'type keys']), 1, 'typing goes on');
  assert.equal(record([0, 'type keys'], [5000, 'type keys']), 2, 'after a pause');
  assert.equal(record([0, 'type keys'], [100, 'type queries']), 2, 'another subject');
  assert.equal(record([0, 'paint 1'], [5000, 'paint 1']), 1, 'a brush that rests');
  assert.equal(record([0, 'paint 1'], [100, 'paint 2']), 2, 'two strokes');
  assert.equal(record([0, ''], [300, ''], [5000, '']), 2, 'from outside');
});

test('a file that is read late sets nothing where another control stands by then', () =>
  site.visit({ path: '#score=general' }, async (page) => {
    await settled(page);
    const file = [...npy(tensor([32, 32], noise(1024)))];
    /** Gives `w` the file, and at once chooses `value` in the menu called `name`: the file cannot have been read. */
    const overtake = async (name, value) => {
      await page.locator('select[name="w"]').selectOption('file');
      await page.evaluate(
        ({ file, name, value }) => {
          const find = (selector) => /** @type {any} */ (document.querySelector(`.controls ${selector}`));
          const input = find('[data-parameter="w"] input[type="file"]');
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(file)], 'late.npy'));
          input.files = files.files;
          input.dispatchEvent(new Event('change'));
          const menu = find(`select[name="${name}"]`);
          menu.value = value;
          menu.dispatchEvent(new Event('change'));
        },
        { file, name, value },
      );
      await page.waitForTimeout(500);
      await settled(page);
    };
    await overtake('w', 'random');
    const random = await fingerprint(page);
    await page.waitForFunction(() => new URLSearchParams(location.hash.slice(1)).get('score.w') === 'random:1');
    await overtake('score', 'dot');
    assert.equal(await page.locator('#notice').textContent(), '');
    assert.equal((await page.locator('.field-fault').allTextContents()).join(''), '');
    assert.notEqual(await fingerprint(page), random);
  }));

// ---- the address, and the way back

/** What the address says, and how many entries there are. */
const entry = (page) =>
  page.evaluate(() => ({
    said: Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
    count: history.length,
  }));

/** Waits until the address says of `name` something that begins with `value`; null: nothing. */
async function saying(page, name, value) {
  await page.waitForFunction(
    ([name, value]) => {
      const said = new URLSearchParams(location.hash.slice(1)).get(name);
      return value === null ? said === null : said?.startsWith(value);
    },
    [name, value],
  );
  await page.waitForTimeout(200);
}

/** Does `step`, and waits until the address says what came of it. @returns how many entries it has made. */
async function entriesOf(page, step, name, value) {
  const { count } = await entry(page);
  await step();
  await saying(page, name, value);
  return (await entry(page)).count - count;
}

test('the address asks once what it should say, and says when it does', async (context) => {
  const { Address } = await load('address');
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const calls = [];
  const asWritten = (hash) => hash && (location.hash = hash);
  const location = { hash: '#a' };
  const history = {
    state: null,
    pushState: () => calls.push('push'),
    replaceState: (state, _, hash) => {
      history.state = state;
      asWritten(hash);
    },
  };
  const browser = { location, history, addEventListener: () => {} };
  Object.assign(globalThis, browser);
  context.after(() => Object.keys(browser).forEach((name) => delete globalThis[name]));
  let seen = 'b';
  const page = {
    says: () => (calls.push('says'), seen),
    written: (hash) => calls.push(`written ${hash}`, location.hash),
    arrived: () => {},
  };
  const address = new Address(page);
  address.write(true);
  assert.deepEqual(calls.splice(0), ['says', 'written b', '#b', 'push'], 'what is left, at once');
  seen = 'c';
  address.write();
  address.write(true);
  assert.deepEqual(calls, [], 'one entry until that has been written');
  context.mock.timers.tick(1000);
  assert.deepEqual(calls.splice(0), ['says', 'written c', '#c']);
  // As long as it leads to what is not there, it is left as it is.
  seen = undefined;
  address.write(true);
  context.mock.timers.tick(1000);
  assert.deepEqual(calls, ['says', 'says']);
  assert.equal(location.hash, '#c');
});

test('another place is an entry, and Back leads back to the one before', () =>
  site.visit({ fresh: true, path: '#example=sentence' }, async (page) => {
    await showSection(page, 'spread');
    const radio = (value) => page.locator(`.spread [type="radio"][value="${value}"]`);
    assert.equal(await entriesOf(page, () => radio(16).check({ force: true }), 'spread', '16_'), 1, 'a subject');
    await page.evaluate(() => scrollTo(0, 0));
    const way = page.locator('#to-explore');
    assert.equal(await entriesOf(page, () => way.click(), 'at', 'explore'), 1, 'the way to the explorer');
    await settled(page);
    const head = page.locator('#map [name="head"]');
    assert.equal(await entriesOf(page, () => head.selectOption('2'), 'head', '2'), 1, 'a head');
    const menu = page.locator('[name="example"]');
    assert.equal(await entriesOf(page, () => menu.selectOption('student-teacher'), 'example', 'student-teacher'), 1);
    await settled(page);
    // The language is no place: it stays.
    await page.getByText('中文', { exact: true }).click();
    const back = async (name, value) => {
      await page.evaluate(() => history.back());
      await saying(page, name, value);
      await settled(page);
    };
    await back('example', 'sentence');
    assert.equal(await menu.inputValue(), 'sentence');
    assert.equal(await head.inputValue(), '2');
    // And the address of the entry comes to say it, once what is seen rests.
    await saying(page, 'lang', 'zh');
    assert.match(await page.locator('h1').textContent(), /注意力/);
    await back('head', '1');
    assert.equal(await head.inputValue(), '1');
    await back('at', null);
    await page.waitForFunction(() => scrollY < 100);
    await back('spread', null);
    assert.ok(await radio(64).isChecked());
    await page.evaluate(() => history.forward());
    await page.waitForFunction(() => document.querySelector('.spread [type="radio"][value="16"]')['checked']);
  }));

test('Back passes an address that a section reads otherwise, and one that has just been left', () =>
  site.visit({ fresh: true, path: '#example=sentence' }, async (page) => {
    await showSection(page, 'spread');
    const radio = (value) => page.locator(`.spread [type="radio"][value="${value}"]`);
    await radio(16).check({ force: true });
    await saying(page, 'spread', '16_');
    // 999 is none of its sizes.
    await page.evaluate(() => void (location.hash = '#example=sentence&spread=999'));
    await page.waitForFunction(() => document.querySelector('.spread [type="radio"][value="64"]')['checked']);
    await page.waitForTimeout(500);
    const { count } = await entry(page);
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => document.querySelector('.spread [type="radio"][value="16"]')['checked']);
    await settled(page);
    assert.equal((await entry(page)).count, count);
    // Back before the address has been written.
    await page.locator('#map [name="head"]').selectOption('4');
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => document.querySelector('#map [name="head"]')['value'] === '1');
  }));

test('Back brings back what no link can say', () =>
  site.visit({ fresh: true, path: '#score=general' }, async (page) => {
    await settled(page);
    const automatic = await fingerprint(page);
    /** Waits until the picture is another than `before`. */
    const other = async (before) => {
      for (let turn = 0; turn < 100; turn += 1) {
        await settled(page);
        const now = await fingerprint(page);
        if (now !== before) return now;
        await page.waitForTimeout(50);
      }
      throw new Error('the picture stays');
    };
    await page.locator('select[name="w"]').selectOption('file');
    const double = Array.from({ length: 1024 }, (_, index) => (index % 33 === 0 ? 2 : 0));
    const chooser = page.waitForEvent('filechooser');
    await page.locator('button[name="w-file"]').click();
    await (await chooser).setFiles({ name: 'double.npy', mimeType: '', buffer: npy(tensor([32, 32], double)) });
    const file = page.locator('[data-parameter="w"] .field-file', { hasText: 'double.npy' });
    await file.waitFor();
    const doubled = await other(automatic);
    await page.locator('#map [name="head"]').selectOption('4');
    await saying(page, 'head', '4');
    const fourth = await other(doubled);
    await page.evaluate(() => history.back());
    await saying(page, 'head', '1');
    assert.equal(await other(fourth), doubled);
    await file.waitFor();
  }));

test('Back and Forward open a file of this visit again, and a reload asks for it', () =>
  site.visit({ fresh: true, path: '#example=sentence' }, async (page) => {
    await settled(page);
    const rows = (count) => page.locator(`.plot[aria-rowcount="${count}"]`).waitFor();
    const [q, k] = [tensor([2, 3, 4], noise(24)), tensor([2, 5, 4], noise(40, 2))];
    // The second says which tensor is which only when it is asked.
    await drop(page, { name: 'own.npz', content: npz({ 'layers.0.q': q, 'layers.0.k': k }) });
    await rows(3);
    await saying(page, 'file', 'own.npz');
    await page.locator('#map [name="head"]').selectOption('1');
    await saying(page, 'head', '1');
    await drop(page, { name: 'unnamed.npz', content: npz({ one: k, two: q }) });
    await page.locator('#assign [name="query"]').selectOption('0');
    await page.locator('#assign [name="key"]').selectOption('1');
    await page.locator('#assign [type="submit"]').click();
    await rows(5);
    await saying(page, 'file', 'unnamed.npz');
    const go = async (way, file, count) => {
      const before = page.url();
      await page.evaluate((way) => history[way](), way);
      await page.waitForFunction((before) => location.href !== before, before);
      await rows(count);
      await settled(page);
      await saying(page, 'file', file);
      assert.equal(await page.locator('.source-awaited').count(), 0);
      assert.equal(await page.locator('#notice').textContent(), '');
    };
    await go('back', 'own.npz', 3);
    assert.equal(await page.locator('#map [name="head"]').inputValue(), '1');
    await go('back', 'own.npz', 3);
    assert.equal(await page.locator('#map [name="head"]').inputValue(), '0');
    await go('back', null, 16);
    await go('forward', 'own.npz', 3);
    await go('forward', 'own.npz', 3);
    await go('forward', 'unnamed.npz', 5);
    assert.ok(await page.locator('#assign').isHidden(), 'that is known');
    await page.reload();
    await made(page);
    await page.locator('.source-awaited', { hasText: 'unnamed.npz' }).waitFor();
  }));

test('what is dragged, set or zoomed changes the entry that is there', () =>
  site.visit({ fresh: true, path: '#example=passage' }, async (page) => {
    await settled(page);
    const steps = {
      colors: ['cividis', () => page.locator('[name="colors"]').selectOption('cividis')],
      normalizer: ['sigmoid', () => page.locator('#controls [name="normalizer"]').selectOption('sigmoid')],
      temperature: ['0.5', () => page.locator('#controls [name="temperature"]').fill('0.5')],
      stage: ['scaled', () => page.locator('.stage [value="scaled"]').check({ force: true })],
      theme: ['dark', () => page.getByText('Dark', { exact: true }).click()],
    };
    for (const [name, [value, step]] of Object.entries(steps)) {
      assert.equal(await entriesOf(page, step, name, value), 0, name);
    }
    const { count } = await entry(page);
    await settled(page);
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('+');
    await saying(page, 'sight', '');
    await page.keyboard.press('ArrowRight');
    await showSection(page, 'spread');
    await page.locator('[name="spread-temperature"]').fill('30');
    await saying(page, 'spread', '64_30');
    await showSection(page, 'plane');
    await page.locator('#plane [name="plane-key"]').fill('100');
    await saying(page, 'plane', 'product');
    assert.equal((await entry(page)).count, count);
  }));

test('what of a link means nothing is said once, where it leads, and the rest is shown', () => {
  const { unread, settings } = readLink('#stage=colour&layer=x&normalizer=none&temperature=2', { at: 'explore' });
  assert.deepEqual(unread, [
    ['stage', 'colour'],
    ['layer', 'x'],
  ]);
  assert.deepEqual([...settings.keys()], ['normalizer', 'temperature']);
  const path = '#example=sentence&layer=99&head=50&normalizer=nobody&temperature=2&at=explore';
  return site.visit({ fresh: true, path }, async (page) => {
    const line = page.locator('.source-unread p');
    await settled(page);
    assert.equal(
      await line.textContent(),
      'Parts of this link that fit nothing here: “normalizer=nobody”, “layer=99”, “head=50”.',
    );
    assert.equal(await page.locator('#controls [name="temperature"]').inputValue(), '2');
    // What is shown is what would be if these had not been said.
    assert.equal(await page.locator('#map [name="layer"]').inputValue(), '3');
    assert.equal(await page.locator('#map [name="head"]').inputValue(), '1');
    await page.getByText('中文', { exact: true }).click();
    await settled(page);
    assert.match(
      await line.textContent(),
      /^此链接中有些部分在这里不适用：“normalizer=nobody”、“layer=99”、“head=50”。/,
    );
    await page.locator('[name="hush"]').click();
    assert.equal(await line.count(), 0);
    // A link that is understood says nothing, and one that leads elsewhere says it at the foot of the window.
    await page.evaluate(() => (location.hash = '#example=passage&temperature=2&stage=scaled&at=explore'));
    await page.locator('.plot[aria-rowcount="424"]').waitFor();
    await settled(page);
    assert.equal(await line.count(), 0);
    const evil = '<img src=x onerror=alert(1)>';
    await page.evaluate((evil) => (location.hash = `#example=${encodeURIComponent(evil)}&at=plane&lang=en`), evil);
    await page.locator('#notice p', { hasText: `“example=${evil}”` }).waitFor();
    assert.equal(await page.locator('#notice img, main img').count(), 0);
    // Another choice is another matter.
    assert.equal(await line.count(), 1);
    await page.locator('[name="example"]').selectOption('sentence');
    await page.locator('.plot[aria-rowcount="16"]').waitFor();
    assert.equal(await line.count(), 0);
  });
});

test('what of a link is no state of a section is named, and the section is as it comes', () => {
  const { story, unread } = readLink('#plane=foo&spread=16_40_7&steps=zz&links=q1.&heads=&compare=heads*n.nobody');
  for (const state of ['f.%', 'f.%zz', 'p.nobody.1', 'n.topk*p.nobody.1'])
    assert.deepEqual(readLink(`#${new URLSearchParams({ compare: state })}`).unread, [['compare', state]]);
  assert.deepEqual([...story.entries()], Object.entries({ spread: '16_40_7', heads: '' }));
  assert.deepEqual(
    unread.map(([name]) => name),
    ['plane', 'steps', 'links', 'compare'],
  );
  const path = '#example=sentence&lock=3,16&plane=foo&steps=2_zz&spread=16_40_7&at=plane';
  return site.visit({ fresh: true, path }, async (page) => {
    await showSection(page, 'steps');
    await page.locator('#notice p', { hasText: 'fit nothing here: “plane=foo”, “steps=2_zz”, “lock=3,16”.' }).waitFor();
    assert.ok(await page.locator('[name="plane-preset"][value="product"]').isChecked());
    assert.match(await page.locator('.steps-pair').textContent(), /^it → animal/);
    // The example's own cell, which is not the largest.
    const [row, column] = [page.locator('.plot-row'), page.locator('.plot-cursor')];
    assert.deepEqual(
      [await row.getAttribute('aria-rowindex'), await column.getAttribute('aria-colindex')],
      ['11', '3'],
    );
    assert.equal(await column.getAttribute('aria-selected'), 'false');
    await showSection(page, 'spread');
    assert.ok(await page.locator('.spread [type="radio"][value="16"]').isChecked());
    await saying(page, 'plane', null);
    assert.equal((await entry(page)).said.steps, undefined);
  });
});

test('Escape closes the notice where nothing else takes it, and the focus goes back to where it was', () =>
  site.visit({ fresh: true, path: '#example=sentence&lock=3,4&plane=foo&at=plane' }, async (page) => {
    await settled(page);
    const notice = page.locator('#notice p');
    await notice.waitFor();
    const cursor = page.locator('.plot-cursor');
    await cursor.focus();
    await page.keyboard.press('Escape');
    await saying(page, 'lock', null);
    assert.equal(await notice.count(), 1, 'the cell was unlocked');
    await page.locator('#notice button').focus();
    await page.keyboard.press('Escape');
    assert.equal(await notice.count(), 0);
    assert.ok(await cursor.evaluate((one) => one === document.activeElement));
    // Whoever was never there stays where he is, and the button leads back as well.
    const again = async (name) => {
      await page.evaluate((name) => (location.hash = `#example=sentence&${name}=foo&at=plane`), name);
      await notice.waitFor();
    };
    await again('steps');
    await cursor.focus();
    await page.keyboard.press('Escape');
    assert.equal(await notice.count(), 0);
    assert.ok(await cursor.evaluate((one) => one === document.activeElement));
    await again('links');
    await page.locator('#notice button').press('Enter');
    assert.ok(await cursor.evaluate((one) => one === document.activeElement));
  }));

test('every state that a section can write looks like one', async () => {
  const { PLANE_STARTS, isState } = await load('story/forms');
  const plane = await load('story/planestate', '../views/parts/vectors');
  const heads = await load('../views/parts/headorder');
  const links = await load('../views/parts/linkset');
  const { TEMPERATURES } = await load('../views/parts/temperatures');
  const compare = await load('story/comparechoice', '../views/parts/comparing');
  const [spread, steps, student] = await Promise.all(
    ['story/spreadstate', 'story/stepsstate', 'story/studentstate'].map((file) => load(file)),
  );
  assert.deepEqual(
    plane.PRESETS.map(({ id }) => id),
    PLANE_STARTS,
  );
  const written = {
    plane: planeStates(plane).map(plane.writeState),
    spread: [
      { chosen: 0, at: 0, seed: 99_999 },
      { chosen: 3, at: TEMPERATURES.length - 1, seed: 2 },
    ].map(spread.writeState),
    steps: ['raw', ...steps.STAGES].flatMap((stage) =>
      [undefined, 0, 12_345_678].map((number) =>
        steps.writeState({ query: number, stage, key: number, dimension: number ?? 0 }),
      ),
    ),
    links: linkStates().map(links.writeLinks),
    heads: headStates(heads).map((state) => heads.writeChoices(state, HEADS)),
    compare: compareStates(compare),
    student: linkStates().flatMap(({ locked }) => {
      const locks = links.writeLinks({ locked, threshold: links.THRESHOLD, first: undefined });
      return [1, 0.001, 1000, 0.1 + 0.2].map((soft) =>
        student.writeState({ soft, item: locks ? 127 : undefined, locks, table: soft < 1 }),
      );
    }),
  };
  for (const [id, states] of Object.entries(written)) {
    assert.ok(new Set(states).size > 1, id);
    for (const state of states) assert.ok(isState(id, state), `${id}=${state}`);
  }
});

/** The heads as they come. */
const HEADS = { number: '', order: '', paint: '', table: false };

/** Each place to start from as it is, and with everything else that can be set at its longest. */
function planeStates({ MOST_KEYS, PLANE_SCORES, PRESETS, startOf }) {
  const long = [-3.123456789, 1e-7];
  return PRESETS.map(startOf).flatMap((start) => [
    start,
    ...PLANE_SCORES.map((score) => ({ ...start, score })),
    {
      ...start,
      keys: Array(MOST_KEYS).fill(long),
      query: start.query && long,
      turns: { query: 179, key: -179 },
      temperature: 0.123456789,
      pair: { query: 0, key: MOST_KEYS - 1 },
    },
  ]);
}

/** Without choices, with one of each kind, and with all that a view can hold. */
function linkStates() {
  const ends = (count) =>
    Array.from({ length: count }, (_, at) => ({ side: at % 2 ? 'query' : 'key', index: 123_456_789 - at }));
  return [undefined, 0, 72, 9_999_984].flatMap((first) =>
    [0, 5, 10, 100].flatMap((threshold) => [0, 1, 128].map((count) => ({ threshold, locked: ends(count), first }))),
  );
}

/** Each choice alone, and several together. */
function headStates({ ORDERS, PAINTS }) {
  const numbers = catalog.headStatistics.map(({ id }) => id);
  return [
    ...ORDERS.map((order) => ({ ...HEADS, order })),
    ...PAINTS.map((paint) => ({ ...HEADS, paint })),
    ...numbers.map((number) => ({ ...HEADS, number })),
    { number: numbers[0], order: ORDERS[1], paint: PAINTS[1], table: true },
  ];
}

/** What stands beside, each normalizer with all of its parameters among it, and how it is looked at. */
function compareStates({ KINDS, SORTS, writeChoice, writeCompared }) {
  const nothing = { kind: undefined, head: undefined, normalizer: undefined, capture: undefined, file: undefined };
  const values = { number: 0.1 + 0.2, flag: true, tensor: { kind: 'random', seed: 7 } };
  const choices = [
    ...KINDS.map((kind) => ({ kind })),
    { head: { layer: 999_999, head: 0 } },
    ...catalog.normalizers.map(({ id, parameters }) => ({
      normalizer: { id, values: Object.fromEntries(parameters.map(({ name, kind }) => [name, values[kind] ?? null])) },
    })),
    ...['a*b.npz', '100 % 注意.npz', '长'.repeat(81)].map((file) => ({ kind: 'captures', file })),
    ...['sentence', 'passage'].map((capture) => ({ capture })),
  ].map((choice) => writeChoice({ ...nothing, ...choice }));
  const looks = SORTS.flatMap((sort) =>
    [undefined, { query: 7, key: undefined }, { query: 10, key: 12_345_678 }].map((locked) =>
      writeCompared({ sort, locked }),
    ),
  );
  return choices.flatMap((choice) => looks.map((look) => [choice, look].filter(Boolean).join('*')));
}

test('after a reload it is in sight for which file a link was made', () =>
  site.visit({ fresh: true, path: '#file=mine.npz&at=explore' }, async (page) => {
    await settled(page);
    const inSight = () =>
      page.locator('.source-awaited').evaluate((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
    assert.ok(await inSight());
    await page.evaluate(() => scrollBy(0, 600));
    assert.ok(!(await inSight()));
    await page.reload();
    await made(page);
    await page.waitForTimeout(500);
    assert.ok(await inSight());
  }));

test('sections begin with the pair that is locked in the matrix, as long as no other is chosen in them', () =>
  site.visit({ path: 'index.html#lang=en&lock=8,5' }, async (page) => {
    const says = async (id, words) => {
      await showSection(page, id);
      await page.locator(`.story-${id}`).getByText(words).first().waitFor();
    };
    await settled(page);
    await says('steps', 'street → t');
    await says('compare', 'Query 8, street → key 5, t');
    await page.locator('.matrix .plot-cursor').press('ArrowLeft');
    await says('steps', "street → '");
    await says('compare', "Query 8, street → key 4, '");
    await page.locator('.steps-token').nth(6).click();
    await says('steps', 'cross → street');
    await page.locator('.matrix .plot-cursor').press('ArrowUp');
    await says('compare', "Query 7, the → key 4, '");
    await says('steps', 'cross → street');
    await page.locator('.matrix .plot-cursor').press('Escape');
    await says('compare', 'Query 10, it → key 2, animal');
  }));
