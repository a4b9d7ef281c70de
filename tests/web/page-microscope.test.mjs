// The heat map at every scale: by mouse, wheel, touch and keys, with the kernel's numbers.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axeFindings } from './axe.mjs';
import { screenshot, startSite } from './harness.mjs';
import { D, N, drawn, long, middleOf, openLong, press } from './long.mjs';
import { drop, explainRow, noise, parse, safetensors, settled, tensor, viridis } from './page.mjs';

const site = await startSite();
after(() => site.close());

const WIDE = { width: 1440, height: 900 };
/** Tokens of the passage. */
const N_PASSAGE = 424;
const asHeads = ({ shape, data }) => ({ shape: [1, ...shape], data });

const place = (page) => page.locator('.cell-place').textContent();

/** The pair that the panel shows. */
async function pair(page) {
  const [, query, key] = /query (\d+) · key (\d+)/.exec(await place(page)) ?? [];
  return [Number(query), Number(key)];
}

/** What is in sight, read off the cursor: CSS pixels of a cell, and the query and key in the corner. */
const sight = (page) =>
  page.evaluate(() => {
    const cursor = document.querySelector('.plot-cursor');
    // As it was placed: browsers lay out in fractions of a pixel, so that a small cell comes out smaller by a hundredth.
    const [left, top, width, height] = ['left', 'top', 'width', 'height'].map((side) => parseFloat(cursor.style[side]));
    const key = Number(cursor.getAttribute('aria-colindex')) - 1;
    const query = Number(cursor.parentElement.getAttribute('aria-rowindex')) - 1;
    return { size: width, left: key - left / width, top: query - top / height };
  });

const isWhole = (page) => page.locator('.minimap').isHidden();

test('zooming in leads to the pair that stands out, cell by cell, with the colours of its weights', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    assert.match(await page.locator('.axis-captions').innerText(), /each cell is the largest of up to 4 × 4|8 × 8/);
    await page.locator('.cell-place', { hasText: 'query 1500 · key 300' }).waitFor();
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 5);
    assert.doesNotMatch(await page.locator('.axis-captions').innerText(), /each cell is the largest/);
    assert.deepEqual(await pair(page), [1500, 300]);
    const { size, left, top } = await sight(page);
    assert.ok(size > 5, `${size} px a cell`);
    const colors = await page.evaluate(
      ([size, left, top]) => {
        const canvas = document.querySelector('.plot-canvas');
        const context = canvas.getContext('2d');
        const colors = [];
        for (let query = 1490; query < 1510; query += 1) {
          for (let key = 290; key < 310; key += 1) {
            const x = Math.floor((key + 0.5 - left) * size);
            const y = Math.floor((query + 0.5 - top) * size);
            colors.push([...context.getImageData(x, y, 1, 1).data.subarray(0, 3)]);
          }
        }
        return colors;
      },
      [size, left, top],
    );
    // The largest weight of all is the end of the scale.
    const most = parse(await page.locator('.legend-numbers span').last().textContent());
    colors.forEach((color, index) => {
      const [row, key] = [1490 + Math.floor(index / 20), 290 + (index % 20)];
      const { weight } = explainRow(asHeads(long.q), asHeads(long.k), { row })[key];
      const wanted = viridis(weight / most);
      color.forEach((value, channel) =>
        assert.ok(Math.abs(value - wanted[channel]) <= 3, `${row}, ${key} is ${color}, expected ${wanted}`),
      );
    });
  }));

test('one bright weight is seen at every level', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.cell-place', { hasText: 'query 1500 · key 300' }).waitFor();
    await page.locator('.plot-cursor').focus();
    for (let step = 0; step < 11; step += 1) {
      const yellow = await page.evaluate(() => {
        const canvas = document.querySelector('.plot-canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
          if (data[at] > 245 && data[at + 1] > 225 && data[at + 2] < 60) count += 1;
        return count;
      });
      assert.ok(yellow > 0, `step ${step}: no bright pixel`);
      await press(page, '+');
    }
  }));

test('at the deepest zoom the numbers stand in the cells', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    assert.ok(await page.locator('.plot-numbers').isHidden());
    await press(page, '+', 10);
    assert.ok((await sight(page)).size >= 36);
    assert.ok(await page.locator('.plot-numbers').isVisible());
    const written = await page.evaluate(() => {
      const canvas = document.querySelector('.plot-numbers');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((_, at) => at % 4 === 3 && data[at] > 0).length;
    });
    assert.ok(written > 500, `${written} pixels of numbers`);
    const { size, left, top } = await sight(page);
    const nearEdges = await page.evaluate(
      ([size, left]) => {
        const canvas = document.querySelector('.plot-numbers');
        const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 3; at < data.length; at += 4) {
          const within = (((((at - 3) / 4) % width) + 0.5) / size + left) % 1;
          if (data[at] > 128 && Math.min(within, 1 - within) * size < 3) found += 1;
        }
        return found;
      },
      [size, left, top],
    );
    assert.equal(nearEdges, 0, 'pixels of numbers that touch the edge of a cell');
    await screenshot(page, 'microscope-deep');
    await press(page, '0');
    assert.ok(await page.locator('.plot-numbers').isHidden());
    assert.ok(await isWhole(page));
  }));

/** Waits until the page has scrolled down from `top`, which it does when it next draws. */
const scrolledFrom = (page, top) => page.waitForFunction((top) => scrollY > top, top, { timeout: 5000 });

test('the wheel zooms with ctrl or once the plot has the focus, and what is under it stays', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    const [x, y] = await middleOf(page);
    await page.mouse.move(x - 100, y + 60);
    await page.mouse.wheel(0, -300);
    await page.waitForTimeout(100);
    assert.ok(await isWhole(page), 'without the focus the page scrolls');
    // Half a second later another gesture begins.
    await page.waitForTimeout(600);
    await page.locator('.plot').scrollIntoViewIfNeeded();
    await page.locator('.plot-cursor').focus();
    const box = await page.locator('.plot').boundingBox();
    const at = [Math.round(box.x + 123), Math.round(box.y + 321)];
    const [right, down] = [at[0] - box.x, at[1] - box.y];
    await page.mouse.move(at[0], at[1]);
    for (let notch = 0; notch < 20; notch += 1) await page.mouse.wheel(0, -120);
    await drawn(page);
    const expected = [(down / box.height) * N, (right / box.width) * N];
    const { size, left, top } = await sight(page);
    assert.ok(size > 4, `${size} px a cell`);
    const found = [top + down / size, left + right / size];
    found.forEach((item, axis) => assert.ok(Math.abs(item - expected[axis]) < 1, `${found}, expected ${expected}`));
    await page.mouse.move(at[0] + 1, at[1]);
    const [query, key] = await pair(page);
    assert.ok(
      Math.abs(query + 0.5 - expected[0]) <= 1.5 && Math.abs(key + 0.5 - expected[1]) <= 1.5,
      `${query}, ${key}`,
    );
    // Out again: at the whole, the wheel is the page's.
    for (let notch = 0; notch < 40; notch += 1) await page.mouse.wheel(0, 120);
    await page.locator('.minimap').waitFor({ state: 'hidden' });
    await page.waitForTimeout(700);
    await page.evaluate(() => document.querySelector('.plot').scrollIntoView({ block: 'center' }));
    await page.mouse.move(...(await middleOf(page)));
    const before = await page.evaluate(() => scrollY);
    await page.mouse.wheel(0, 120);
    await scrolledFrom(page, before);
  }));

test('at either end of the zoom the wheel does not leak to the page, which is passed over and left as it should be', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.evaluate(() => document.querySelector('.plot').scrollIntoView({ block: 'center' }));
    await page.locator('.plot-cursor').focus();
    await page.mouse.move(...(await middleOf(page)));
    const top = () => page.evaluate(() => scrollY);
    const before = await top();
    const turn = async (by, times) => {
      for (let notch = 0; notch < times; notch += 1) {
        await page.mouse.wheel(0, by);
        await page.waitForTimeout(100);
      }
    };
    await turn(-900, 8);
    const { size } = await sight(page);
    assert.ok(size >= 36, `${size} px a cell`);
    await page.waitForTimeout(600);
    await turn(-300, 3);
    assert.equal(await top(), before, 'as deep as it goes, after a rest too');
    await turn(900, 12);
    await page.locator('.minimap').waitFor({ state: 'hidden' });
    assert.equal(await top(), before, 'at the whole, for as long as the wheel goes on');
    await page.waitForTimeout(600);
    await turn(100, 1);
    // The next turn is the page's.
    await scrolledFrom(page, before);
    // A gesture that begins beside the plot stays the page’s when the plot comes under it, focus or not.
    await page.waitForTimeout(600);
    const { x, y } = await page.locator('.matrix').boundingBox();
    await page.mouse.move(x + 5, Math.max(10, y + 5));
    const beside = await top();
    await turn(-30, 1);
    await page.mouse.move(...(await middleOf(page)));
    await turn(-30, 3);
    assert.ok((await top()) < beside);
    assert.ok(await isWhole(page), 'nothing was zoomed');
  }));

test('dragging moves what is in sight with the hand, and is no click', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 6);
    const before = await sight(page);
    const [x, y] = await middleOf(page);
    await page.mouse.move(x, y);
    const [query, key] = await pair(page);
    await page.mouse.down();
    for (let step = 1; step <= 10; step += 1) await page.mouse.move(x - 9 * step, y + 7 * step);
    await page.mouse.up();
    await drawn(page);
    assert.deepEqual(await pair(page), [query, key], 'the same pair is under the mouse');
    const now = await sight(page);
    assert.ok(Math.abs(now.left - before.left - 90 / before.size) < 0.1, `${now.left} from ${before.left}`);
    assert.ok(Math.abs(now.top - before.top + 70 / before.size) < 0.1);
    assert.equal(await page.locator('.cell-lock').textContent(), '', 'nothing is locked');
    // At the edge it stops.
    for (let drag = 0; drag < 30; drag += 1) {
      await page.mouse.move(x - 200, y);
      await page.mouse.down();
      await page.mouse.move(x + 200, y, { steps: 2 });
      await page.mouse.up();
    }
    await drawn(page);
    assert.ok((await sight(page)).left < 1e-3);
  }));

test('keys zoom, move what is in sight, and bring the current cell back into it', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 6);
    const before = await sight(page);
    const start = await pair(page);
    await press(page, 'Shift+ArrowRight', 3);
    const moved = await sight(page);
    assert.ok(moved.left > before.left + 10, `${moved.left} from ${before.left}`);
    const [query, key] = await pair(page);
    assert.equal(query, start[0]);
    assert.ok(key > start[1], 'the current cell stays in sight');
    const spoken = await page.locator('.matrix-room > [aria-live="polite"].visually-hidden').textContent();
    assert.match(spoken, new RegExp(`Query ${query}, key ${key}`));
    await press(page, 'Control+Home');
    assert.deepEqual(await pair(page), [0, 0]);
    const corner = await sight(page);
    assert.ok(corner.left === 0 && corner.top === 0);
    await press(page, '1');
    await press(page, 'Control+End');
    assert.deepEqual(await pair(page), [N - 1, N - 1]);
    await press(page, '-', 12);
    assert.ok(await isWhole(page));
  }));

test('the buttons zoom, and say when they cannot', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    const button = (name) => page.getByRole('button', { name, exact: true });
    const disabled = (name) => button(name).getAttribute('aria-disabled');
    assert.deepEqual(
      [await disabled('Zoom in'), await disabled('Zoom out'), await disabled('Whole matrix')],
      ['false', 'true', 'true'],
    );
    await button('One cell per pixel').click();
    await drawn(page);
    assert.ok(Math.abs((await sight(page)).size - 1) < 0.02);
    assert.equal(await disabled('One cell per pixel'), 'true');
    await button('Zoom in').click();
    await drawn(page);
    assert.ok(Math.abs((await sight(page)).size - 2) < 0.04);
    for (let time = 0; time < 8; time += 1) await button('Zoom in').click({ force: true });
    await drawn(page);
    assert.equal(await disabled('Zoom in'), 'true');
    await button('Whole matrix').click();
    await drawn(page);
    assert.ok(await isWhole(page));
    const [x, y] = await middleOf(page);
    await page.mouse.dblclick(x, y);
    await drawn(page);
    assert.ok(!(await isWhole(page)), 'a double click zooms in');
  }));

test('the minimap shows the whole, its largest weights kept, where a link leads into the midst', () =>
  site.visit({ ...WIDE, path: '#example=passage&layer=2&head=0&sight=8,150,150&at=explore' }, async (page) => {
    await drawn(page);
    const light = await page.evaluate(() => {
      const canvas = document.querySelector('.minimap-picture');
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      const at = (x, y) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
      const isLight = (x, y) => at(x, y)[1] > 60 && at(x, y)[3] === 255;
      const beside = Array.from({ length: width - 2 }, (_, x) => [x, x + 1, x + 2].some((y) => isLight(x + 1, y)));
      const far = Array.from({ length: width >> 1 }, (_, x) => isLight(x, x + (width >> 1)));
      return [beside, far].map((all) => all.filter(Boolean).length / all.length);
    });
    // The head looks near the diagonal, and nowhere else.
    assert.ok(light[0] > 0.8 && light[1] < 0.2, `${light}`);
  }));

test('the minimap shows where one is, and leads elsewhere by mouse and keys', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 5);
    const map = page.getByRole('slider', { name: 'Part in sight' });
    const said = await map.getAttribute('aria-valuetext');
    assert.match(said, /queries \d+–\d+, keys \d+–\d+/);
    const box = await map.boundingBox();
    await page.mouse.move(box.x + box.width * 0.9, box.y + box.height * 0.5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75, { steps: 4 });
    await page.mouse.up();
    await drawn(page);
    const [, from, to, first, last] = /queries (\d+)–(\d+), keys (\d+)–(\d+)/.exec(
      await map.getAttribute('aria-valuetext'),
    );
    assert.ok(Math.abs((Number(from) + Number(to)) / 2 / N - 0.75) < 0.02);
    assert.ok(Math.abs((Number(first) + Number(last)) / 2 / N - 0.25) < 0.02);
    assert.equal(await page.evaluate(() => document.activeElement.className), 'minimap');
    await press(page, 'ArrowUp');
    const [, up] = /queries (\d+)/.exec(await map.getAttribute('aria-valuetext'));
    assert.ok(Number(up) < Number(from));
    await screenshot(page, 'microscope-minimap');
  }));

test('a jump leaves its first frame to the workers, and is drawn with the second', () =>
  site.visit(WIDE, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    await press(page, '1');
    await page.evaluate(() => {
      const names = () => document.querySelector('.axis-columns .axis-labels').textContent;
      const record = { before: '', frames: [] };
      globalThis['record'] = record;
      addEventListener('pointerdown', () => {
        record.before = names();
        // Asked for behind the page's own, so that each frame is read once the page has drawn it.
        queueMicrotask(() => {
          const read = () => {
            record.frames.push(names());
            if (record.frames.length < 2) requestAnimationFrame(read);
          };
          requestAnimationFrame(read);
        });
      });
    });
    const box = await page.locator('.minimap').boundingBox();
    const jump = async (share) => {
      await page.evaluate(() => (globalThis['record'].frames = []));
      await page.mouse.click(box.x + box.width * share, box.y + box.height * share);
      await page.waitForFunction(() => globalThis['record'].frames.length === 2);
      await drawn(page);
      const { before, frames } = await page.evaluate(() => globalThis['record']);
      return frames.map((frame) => frame !== before);
    };
    assert.deepEqual(await jump(0.1), [false, true], 'a part that was not seen yet');
    assert.deepEqual(await jump(0.9), [false, true]);
    assert.deepEqual(await jump(0.1), [true, true], 'a part whose tiles are at hand is there at once');
  }));

test('row and column of the pair stand beside the plot, with their largest values', () =>
  site.visit(WIDE, async (page) => {
    const n = 300;
    const [q, k] = [tensor([n, 4], noise(n * 4)), tensor([n, 4], noise(n * 4, 7))];
    await openLong(page, { q, k });
    await page.locator('.plot-cursor').focus();
    await press(page, 'Control+Home');
    await press(page, 'ArrowDown', 3);
    const weights = Array.from({ length: n }, (_, row) =>
      explainRow(asHeads(q), asHeads(k), { row }).map(({ weight }) => weight),
    );
    for (const [part, words, values] of /** @type {const} */ ([
      ['.profile-row', 'Row of query 3:', weights[3]],
      ['.profile-column', 'Column of key 0:', weights.map((row) => row[0])],
    ])) {
      await page.waitForFunction(
        ([part, words]) => document.querySelector(part).getAttribute('aria-label').startsWith(words),
        [part, words],
      );
      const text = await page.locator(part).getAttribute('aria-label');
      const [found, most] = [parse(/largest (\S+)$/.exec(text)[1]), Math.max(...values)];
      assert.ok(Math.abs(found - most) < 1e-3 * most, `${text}, expected ${most}`);
      // The longest bar is that of the largest value.
      const longest = await page.evaluate((part) => {
        const canvas = document.querySelector(part);
        const across = part === '.profile-row';
        const { width, height } = canvas;
        const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
        let [best, length] = [0, 0];
        for (let at = 0; at < (across ? width : height); at += 1) {
          let ink = 0;
          for (let depth = 0; depth < (across ? height : width); depth += 1) {
            ink += data[4 * (across ? depth * width + at : at * width + depth) + 3];
          }
          if (ink > length) [best, length] = [at, ink];
        }
        return best / (across ? width : height);
      }, part);
      assert.ok(Math.abs(longest - (values.indexOf(most) + 0.5) / n) < 0.01, `${part}: ${longest}`);
    }
  }));

test('a link restores the zoom, the place and the locked cell, and follows them', () =>
  site.visit({ ...WIDE, path: '#example=passage&sight=12,200.5,100&lock=205,97&stage=raw' }, async (page) => {
    await drawn(page);
    const before = await sight(page);
    const { width } = await page.locator('.plot').boundingBox();
    assert.ok(Math.abs((before.size * N_PASSAGE) / width - 12) < 0.05, `${before.size} of ${width}`);
    const locked = () => page.locator('.plot-locked');
    assert.equal(await locked().getAttribute('aria-colindex'), '98');
    assert.equal(await page.locator('.plot-row').getAttribute('aria-rowindex'), '206');
    const param = (name) => page.evaluate((name) => new URLSearchParams(location.hash.slice(1)).get(name), name);
    assert.deepEqual([await param('sight'), await param('lock')], ['12,200.5,100', '205,97']);
    await page.locator('.plot-cursor').focus();
    await press(page, 'ArrowRight');
    await page.waitForFunction(() => location.hash.includes('lock=205%2C98'));
    await press(page, 'Escape');
    await press(page, '0');
    await page.waitForFunction(() => !/lock|sight/.test(location.hash));
    await page.evaluate(() => (location.hash = '#example=passage&stage=raw&lock=3,2'));
    await page.waitForFunction(() => document.querySelector('.plot-row').getAttribute('aria-rowindex') === '4');
    await drawn(page);
    assert.equal(await locked().getAttribute('aria-colindex'), '3');
    assert.ok(Math.abs((await sight(page)).left) < 1e-4, 'all of it');
  }));

test('a link to a place that is not there shows what is', () =>
  site.visit({ ...WIDE, path: '#sight=1e9,2,3&lock=99,99' }, async (page) => {
    await drawn(page);
    assert.equal(await page.locator('.plot-locked').count(), 0);
    await page.evaluate(() => (location.hash = '#sight=999999,99999,99999&lock=15,15'));
    await page.locator('.plot-locked').waitFor();
    await drawn(page);
    const cells = Number(await page.locator('.plot').getAttribute('aria-colcount'));
    const { size, left } = await sight(page);
    const { width } = await page.locator('.plot').boundingBox();
    assert.ok(Math.abs(left + width / size - cells) < 0.1, 'the last keys are in sight');
  }));

test('pooled by mean, a cell says so', () =>
  site.visit({ ...WIDE, path: '#stage=raw' }, async (page) => {
    const n = 1024;
    const q = tensor([n, 2], new Float32Array(2 * n).fill(1));
    const k = tensor(
      [n, 2],
      Float32Array.from({ length: 2 * n }, (_, at) => ((at >> 1) % 2 ? 3 : 1)),
    );
    await openLong(page, { q, k });
    await page.locator('[name="pool"]').selectOption('mean');
    await drawn(page);
    assert.match(await page.locator('.axis-captions').innerText(), /each cell is the mean of up to 2 × 2|4 × 4/);
    // Scores are 2 and 6: their mean is 4 in every block.
    await page.locator('.cell-about', { hasText: 'the cell drawn is 4.000, their mean' }).waitFor();
    await page.waitForFunction(() => location.hash.includes('pool=mean'));
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 3);
    assert.match(await place(page), /query \d+ · key \d+/);
  }));

test('removed keys are hatched at every zoom, and the hatching moves with them', () =>
  site.visit({ ...WIDE, path: '#stage=masked' }, async (page) => {
    await openLong(page, long, { causal: 'true' });
    await page.locator('.plot-cursor').focus();
    await press(page, 'Control+Home');
    await press(page, '+', 7);
    const { size, left, top } = await sight(page);
    const grey = await page.evaluate(
      ([size, left, top]) => {
        const context = document.querySelector('.plot-canvas').getContext('2d');
        const found = [];
        for (let query = 0; query < 6; query += 1) {
          for (let key = 0; key < 6; key += 1) {
            const x = Math.floor((key + 0.5 - left) * size);
            const y = Math.floor((query + 0.5 - top) * size);
            const [red, green, blue] = context.getImageData(x, y, 1, 1).data;
            found.push(Math.max(red, green, blue) - Math.min(red, green, blue) < 20 && red < 245);
          }
        }
        return found;
      },
      [size, left, top],
    );
    grey.forEach((is, index) => assert.equal(is, index % 6 > Math.floor(index / 6), `cell ${index}`));
    await page.locator('.matrix .legend-note:visible', { hasText: 'removed by the mask' }).waitFor();
  }));

test('a few queries against many keys keep their rows, and a single bright key is seen', () =>
  site.visit(WIDE, async (page) => {
    const keys = 20000;
    const q = tensor([3, 4], [0, 1, 0, 0, 9, 0, 0, 0, 0, 0, 1, 0]);
    const k = tensor([keys, 4], noise(keys * 4));
    k.data.set([9, 0, 0, 0], 4 * 12345);
    await openLong(page, { q, k });
    assert.match(await page.locator('.axis-captions').innerText(), /largest of up to 1 × \d+/);
    await page.locator('.cell-place', { hasText: 'query 1 · key 12345' }).waitFor();
    const bright = await page.evaluate(() => {
      const canvas = document.querySelector('.plot-canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const found = [];
      for (let at = 0; at < data.length; at += 4)
        if (data[at] > 200) found.push(((at / 4) % canvas.width) / canvas.width);
      return found;
    });
    assert.ok(bright.length > 0 && bright.every((x) => Math.abs(x - 12345 / keys) < 0.01));
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 12);
    assert.deepEqual(await pair(page), [1, 12345]);
  }));

test('two fingers zoom, one scrolls the page, and moves the plot once it is zoomed', () =>
  site.visit({ width: 360, height: 800, touch: true, fresh: true }, async (page) => {
    await openLong(page);
    await page.evaluate(() => document.querySelector('.plot').scrollIntoView({ block: 'center' }));
    const browser = await page.context().newCDPSession(page);
    const touch = (type, ...points) =>
      browser.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    const [x, y] = await middleOf(page);
    const scrolled = () => page.evaluate(() => scrollY);
    const before = await scrolled();
    await touch('touchStart', [x, y]);
    for (let step = 1; step <= 8; step += 1) await touch('touchMove', [x, y - 12 * step]);
    await touch('touchEnd');
    await page.waitForTimeout(300);
    assert.ok((await scrolled()) > before + 20, 'one finger scrolls the page');
    assert.ok(await isWhole(page));

    await page.evaluate(() => document.querySelector('.plot').scrollIntoView({ block: 'center' }));
    const [cx, cy] = await middleOf(page);
    const resting = await scrolled();
    await touch('touchStart', [cx - 10, cy], [cx + 10, cy]);
    for (let step = 1; step <= 10; step += 1)
      await touch('touchMove', [cx - 10 - 6 * step, cy], [cx + 10 + 6 * step, cy]);
    await touch('touchEnd');
    await drawn(page);
    assert.ok(!(await isWhole(page)), 'two fingers zoom');
    assert.equal(await scrolled(), resting, 'and the page stays');

    const text = () => page.locator('.minimap').getAttribute('aria-valuetext');
    const place = await text();
    await touch('touchStart', [cx, cy]);
    for (let step = 1; step <= 8; step += 1) await touch('touchMove', [cx - 8 * step, cy - 8 * step]);
    await touch('touchEnd');
    await drawn(page);
    assert.notEqual(await text(), place, 'one finger moves it now');
    assert.equal(await scrolled(), resting);
    // A tap still chooses a cell. (One that comes at once after a swipe ends the swipe, and is none.)
    await page.waitForTimeout(600);
    await page.touchscreen.tap(cx, cy);
    await page.locator('.cell-lock', { hasText: 'locked' }).waitFor();
  }));

test('with reduced motion a zoom is there at once', () =>
  site.visit({ ...WIDE, reducedMotion: true }, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    const sizes = await page.evaluate(async () => {
      const frame = () => new Promise(requestAnimationFrame);
      const size = () => document.querySelector('.minimap-mark').getBoundingClientRect().width;
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
      await frame();
      await frame();
      const first = size();
      for (let count = 0; count < 20; count += 1) await frame();
      return [first, size()];
    });
    assert.ok(sizes[0] > 0 && sizes[0] === sizes[1], String(sizes));
  }));

/** Asserts that axe-core has nothing to say of the page as it is. */
async function assertAccessible(page) {
  assert.deepEqual(await axeFindings(page), []);
}

test('a billion weights show sampled rows first, say so, and can be stopped and gone on with', () =>
  site.visit({ ...WIDE, path: '#example=synthetic' }, async (page) => {
    const mark = page.locator('.pass');
    await mark.waitFor();
    await page.waitForFunction(() => document.querySelector('.matrix').getAttribute('aria-busy') === 'false');
    assert.match(await mark.innerText(), /Sampled: 1 in 32/);
    assert.match(await page.locator('.matrix > [aria-live]').textContent(), /Sampled: .*one group of eight in 32/);
    assert.ok(await mark.locator('progress').isVisible());
    await mark.getByRole('button', { name: 'Stop' }).click();
    await mark.getByRole('button', { name: 'All rows' }).waitFor();
    assert.ok(await mark.locator('progress').isHidden());
    assert.doesNotMatch(await page.locator('.axis-captions').innerText(), /sums to/, 'not every row is known');
    await assertAccessible(page);
    await screenshot(page, 'microscope-sampled');
    // Of a block between the sampled rows it is said that they were not computed, and the panel offers to go on.
    await page.evaluate(() => document.querySelector('.plot').scrollIntoView());
    const corner = await page.locator('.plot').boundingBox();
    const stopped = page.locator('.cell-about', { hasText: 'These rows were not computed, since that was stopped.' });
    for (let y = 100; y < 300 && (await stopped.count()) === 0; y += 9) {
      await page.mouse.move(corner.x + 1, corner.y + y);
      await page.waitForTimeout(100);
    }
    await stopped.waitFor({ timeout: 2000 });
    const block = (await page.locator('.cell-pair').innerText()).split(/\s+/).join(' ');
    assert.match(block, /^queries \d+–\d+ look at keys 0–\d+$/);
    const column = await page.locator('.profile-column').getAttribute('title');
    assert.ok(column === '' || /^Column of key|not computed/.test(column), column);
    await page.getByRole('button', { name: 'Compute all rows' }).click();
    await mark.getByRole('button', { name: 'Stop' }).waitFor();
    assert.ok(await page.locator('.plot-cursor').evaluate((one) => one === document.activeElement));
    await page.waitForFunction(() => !document.querySelector('[name="cell-offer"]'));
    await mark.getByRole('button', { name: 'Stop' }).click();
    await mark.getByRole('button', { name: 'All rows' }).waitFor();
    // What is looked at closely is exact all the same.
    await page.locator('.plot-cursor').focus();
    await press(page, 'Control+End');
    await press(page, '+', 16);
    assert.ok((await pair(page)).every((item) => item >= 32640));
    assert.ok(await page.locator('.plot-numbers').isVisible());
    await mark.getByRole('button', { name: 'All rows' }).click();
    await mark.getByRole('button', { name: 'Stop' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.pass progress').value > 0.05);
    // Another example does not wait for the pass.
    await page.locator('[name="example"]').selectOption('sentence');
    await page.locator('.plot[aria-colcount="16"]').waitFor({ timeout: 5000 });
    await drawn(page);
    assert.ok(await mark.isHidden());
    assert.match(await page.locator('.axis-captions').innerText(), /each row sums to 1\.000/);
  }));

/** Lets each worker tell of its module's memory. It runs before the page. */
function watchMemories() {
  const watch = `const Made = WebAssembly.Instance;
    WebAssembly.Instance = new Proxy(Made, {
      construct: (target, given) => {
        const instance = new target(...given);
        self.memory = instance.exports.memory;
        return instance;
      },
    });
  `;
  globalThis.Blob = new Proxy(Blob, {
    construct: (target, [parts, options]) => {
      const isSource = options?.type === 'text/javascript';
      return new target(isSource ? [watch, ...parts] : parts, options);
    },
  });
}

test('workers take little more than their copies of what a billion weights are made of', () =>
  site.visit({ ...WIDE, path: '#example=synthetic', before: watchMemories }, async (page) => {
    await page.locator('.pass').waitFor();
    await page.locator('.pass').waitFor({ state: 'hidden', timeout: 120_000 });
    await page.locator('.plot-cursor').focus();
    await press(page, '+', 5);
    const workers = page.workers();
    const all = await Promise.all(workers.map((worker) => worker.evaluate('self.memory.buffer.byteLength')));
    const inputs = 2 * 32768 * 64 * 4;
    const together = all.reduce((sum, bytes) => sum + Number(bytes), 0);
    assert.ok(workers.length >= 1 && together >= workers.length * inputs, `${together} bytes in ${workers.length}`);
    // Each has a copy, packed as far as it was used; two of them 3 times the inputs and 64 MB.
    const most = workers.length * (1.5 * inputs + 2 ** 25);
    assert.ok(together <= most, `${together} bytes in ${workers.length} workers, at most ${most}`);
  }));

test('once every row is known the mark goes, and the column of a key can be had', () =>
  site.visit(WIDE, async (page) => {
    const n = 6000;
    const rows = (seed) => tensor([n, 32], noise(n * 32, seed));
    await openLong(page, { q: rows(1), k: rows(7) });
    await page.locator('.pass').waitFor({ state: 'hidden' });
    await drawn(page);
    assert.match(await page.locator('.axis-captions').innerText(), /each row sums to 1\.000/);
    await page.waitForFunction(() =>
      document.querySelector('.profile-column').getAttribute('aria-label').startsWith('Column of key'),
    );
  }));

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing in a zoomed plot, ${theme}, and nothing moved on the way`, () =>
    site.visit({ ...WIDE, theme }, async (page) => {
      await openLong(page);
      await page.locator('.plot-cursor').focus();
      await page.waitForTimeout(600);
      await page.evaluate(() => {
        globalThis.layoutShift = 0;
        new PerformanceObserver((list) => {
          // @ts-expect-error `value` belongs to layout shifts alone, which the types do not know.
          for (const entry of list.getEntries()) globalThis.layoutShift += entry.hadRecentInput ? 0 : entry.value;
        }).observe({ type: 'layout-shift' });
      });
      const places = () =>
        page.evaluate(() =>
          ['.plot', '.matrix-foot', '.mask', '.profile-row', '.profile-column'].map((part) => {
            const { top, left, width, height } = document.querySelector(part).getBoundingClientRect();
            return [part, top, left, width, height].join(' ');
          }),
        );
      const before = await places();
      await press(page, '+', 8);
      assert.deepEqual(await places(), before);
      assert.ok((await page.evaluate(() => globalThis.layoutShift)) < 0.01);
      await assertAccessible(page);
    }));
}

/** Counts pictures that come from workers and those that are given back. */
function watchPictures() {
  const counts = { made: 0, closed: 0 };
  globalThis['pictures'] = counts;
  const Original = Worker;
  globalThis.Worker = class extends Original {
    constructor(address, options) {
      super(address, options);
      this.addEventListener('message', ({ data }) => (counts.made += Number(data.value instanceof ImageBitmap)));
    }
  };
  const close = ImageBitmap.prototype.close;
  ImageBitmap.prototype.close = function () {
    counts.closed += Number(this.width > 0);
    Reflect.apply(close, this, []);
  };
}

test('pictures of tiles are given back: the oldest as others come, all with the matrix', () =>
  site.visit({ ...WIDE, before: watchPictures }, async (page) => {
    await openLong(page);
    await page.locator('.plot-cursor').focus();
    await press(page, '1');
    await press(page, '+');
    // Across all of it, at half a cell a pixel: 64 tiles of 256 x 256 and more.
    for (const way of ['Control+Home', 'Control+End', 'Home', 'Control+Home']) {
      await press(page, way);
      for (let step = 0; step < 12; step += 1) await press(page, way === 'Home' ? 'Shift+ArrowUp' : 'Shift+ArrowRight');
    }
    const held = () => page.evaluate(() => globalThis['pictures'].made - globalThis['pictures'].closed);
    // 64 MiB of numbers and pixels at 512 KiB a tile.
    assert.ok((await held()) <= 128 + 16, `${await held()} pictures are held`);
    await page.locator('[name="example"]').selectOption('sentence');
    await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-colcount') === '16');
    await drawn(page);
    assert.ok((await held()) <= 4, `${await held()} pictures are held`);
  }));
