// Names of tokens where they do not fit: what is hidden says so, and nothing is hidden that fits.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { drop, noise, safetensors, settled, showSection, tensor } from './page.mjs';
import { pixelsAt } from './pixels.mjs';
import { excess, loadParts } from './story.mjs';

const { cutMiddle, joinsAt, lettersOf, visibleToken, widthOf } = await loadParts(
  'views/parts/name',
  'views/parts/text',
  'views/parts/letters',
);

const site = await startSite();
after(() => site.close());

const MANY = Array.from({ length: 300 }, (_, at) => `tok${at}`);
const LONG = Array.from({ length: 12 }, (_, at) => `misunderstanding.of.model.encoder.attention.${100 + at}`);
const FAMILY = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}';
const ODD = [
  ...['{{7*7}}${1}', '&amp;&lt;', '<script>alert(1)</script>', 'a', 'misunderstanding', '((((((((((((((((('],
  ...['学生第十一层的特征向量名称', 'المستشفيات الكبيرة', '🇩🇪🇫🇷🇮🇹🇪🇸🇬🇧', FAMILY.repeat(5), 'क्षक्षक्षक्षक्ष', 'WWWWWWWWWWWW'],
];

/** The page with a file of these tokens. */
async function open(page, tokens) {
  await settled(page);
  const [q, k] = [1, 2].map((seed) => tensor([1, tokens.length, 4], noise(4 * tokens.length, seed)));
  const content = safetensors(
    { 'layers.0.q': q, 'layers.0.k': k, 'layers.0.v': k },
    { tokens: JSON.stringify(tokens) },
  );
  await drop(page, { name: 'names.safetensors', content });
  await page.waitForFunction(
    (count) => document.querySelector('.plot').getAttribute('aria-colcount') === count,
    String(tokens.length),
  );
  await settled(page);
}

/** In the page: the names that are not as they should be, of all below `root`. */
function wrongNames(root) {
  const along = (node) => {
    const { width, height } = node.getBoundingClientRect();
    return getComputedStyle(node).writingMode === 'horizontal-tb' ? width : height;
  };
  const inside = (inner) => {
    let outer = inner.parentElement;
    while (getComputedStyle(outer).display.startsWith('inline')) outer = outer.parentElement;
    const [one, other] = [inner, outer].map((node) => node.getBoundingClientRect());
    const over = [other.left - one.left, one.right - other.right, other.top - one.top, one.bottom - other.bottom];
    return Math.max(...over) < 1;
  };
  const isCut = (name) => {
    const [cut, pieces] = ['.name-cut', '.name-pieces'].map((part) => name.querySelector(part));
    if (!cut || getComputedStyle(cut.firstElementChild, '::after').content !== '"…"') return false;
    const [one, other] = [cut, pieces].map((node) => node.getBoundingClientRect());
    return ['left', 'right', 'top', 'bottom'].every((side) => Math.abs(one[side] - other[side]) < 1);
  };
  const seen = [...document.querySelectorAll(`${root} .name`)].filter((one) => one.getClientRects().length > 0);
  const wrong = seen.flatMap((name) => {
    const pieces = name.querySelector('.name-pieces');
    if (!pieces) return inside(name) ? [] : [`${name.textContent}: runs over ${name.parentElement.className}`];
    const plain = document.createElement('span');
    plain.textContent = name.textContent;
    plain.style.cssText = 'position: absolute; white-space: pre';
    name.append(plain);
    const [whole, room] = [plain, pieces].map(along);
    plain.remove();
    const isWhole = whole <= room + 0.1;
    if (isWhole === isCut(name)) return [`${name.textContent}: ${whole} in ${room}`];
    return inside(pieces) ? [] : [`${name.textContent}: runs over ${name.parentElement.className}`];
  });
  return {
    count: seen.length,
    cut: seen.filter(isCut).length,
    wrong,
  };
}

test('a joiner inside a letter is part of it; a lone one is seen', () => {
  const kept = [FAMILY, '❤️\u200d🔥', '\u{1f9d1}\u{1f3fd}\u200d\u{1f680}', 'क्\u200dष', 'ක්\u200dර'];
  for (const whole of kept) {
    assert.equal(visibleToken(whole), whole);
    assert.equal(lettersOf(whole).length, 1, whole);
  }
  const lone = { 'x\u200dy': 'x⟨U+200D⟩y', '\u200d': '⟨U+200D⟩', '👩\u200d': '👩⟨U+200D⟩', '\u200d👩': '⟨U+200D⟩👩' };
  for (const [token, said] of Object.entries(lone)) assert.equal(visibleToken(token), said);
  assert.equal(visibleToken('👩\u200dx\u202e'), '👩⟨U+200D⟩x⟨U+202E⟩');
  assert.ok(joinsAt(FAMILY, 2) && !joinsAt('x\u200dy', 1));
});

test('a flag is one letter, and is not cut in two', () => {
  assert.deepEqual(lettersOf('🇩🇪🇫🇷x🇮🇹🇪'), ['🇩🇪', '🇫🇷', 'x', '🇮🇹', '🇪']);
  assert.deepEqual(lettersOf('🏴󠁧󠁢󠁥󠁮󠁧󠁿!'), ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '!']);
  assert.equal(cutMiddle('🇩🇪🇫🇷🇮🇹🇪🇸🇬🇧', 5), '🇩🇪…🇬🇧');
  assert.equal(widthOf(FAMILY), 1.8, 'what is seen as one takes the room of one');
});

for (const width of [340, 1440]) {
  test(`the labels of 300 tokens have room for number and name, ${width} px`, () =>
    site.visit({ width, height: 900 }, async (page) => {
      await open(page, MANY);
      const labels = await page.locator('.matrix .axis-labels .axis-label').evaluateAll((all) =>
        all.map((label) => {
          const [one, side] = [label, label.closest('.axis')].map((node) => node.getBoundingClientRect());
          const isWhole = label.scrollWidth <= label.clientWidth && label.scrollHeight <= label.clientHeight;
          const isInside = one.left >= side.left - 0.5 || label.closest('.axis-columns') !== null;
          return { text: label.textContent, isWhole: isWhole && isInside };
        }),
      );
      assert.ok(labels.length > 8, `${labels.length}`);
      assert.deepEqual(
        labels.filter(({ text, isWhole }) => !isWhole || !/^(\d+) tok\1$/.test(text)),
        [],
      );
      assert.deepEqual((await page.evaluate(wrongNames, '.matrix')).cut, 0);
    }));

  test(`what does not fit says so wherever names stand, and what fits is whole, ${width} px`, () =>
    site.visit({ width, height: 900 }, async (page) => {
      for (const tokens of [LONG, ODD]) {
        await open(page, tokens);
        await page.locator('.mask-summary').click();
        await page.locator('.mask-cursor').waitFor();
        for (const id of ['steps', 'links', 'compare']) await showSection(page, id);
        await settled(page);
        const { count, cut, wrong } = await page.evaluate(wrongNames, 'main');
        assert.deepEqual(wrong, []);
        assert.ok(count > 100 && cut > (tokens === LONG ? 60 : 0), `${cut} of ${count} are cut`);
        assert.equal(await excess(page), 0);
        await page.locator('.mask-summary').click();
      }
    }));
}

test('names that have no room beside their numbers once the map is closer say so', () =>
  site.visit({ width: 1440, height: 900 }, async (page) => {
    await open(
      page,
      MANY.map((name, at) => (at % 10 === 5 ? `understanding${at}` : name)),
    );
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await settled(page);
    const longer = page.locator('.matrix .axis-rows .axis-label', { hasText: /^\d+ understanding/ });
    await longer.first().waitFor();
    const { cut, wrong } = await page.evaluate(wrongNames, '.matrix');
    assert.deepEqual(wrong, []);
    assert.ok(cut >= (await longer.count()), `${cut}`);
  }));

test('the mark of the current row is inside the figure', () =>
  site.visit({ width: 1440, height: 900 }, async (page) => {
    await open(page, LONG);
    await page.locator('.plot-cursor').focus();
    await page.keyboard.press('Control+Home');
    const [mark, frame] = await Promise.all(
      ['.matrix .axis-rows .axis-current', '.matrix .frame'].map((one) => page.locator(one).boundingBox()),
    );
    assert.ok(mark.x >= frame.x && mark.width > 100, `${mark.x} in ${frame.x}`);
  }));

test('of two names in a line the short one is whole, however long the other is', () =>
  site.visit({ width: 1440, height: 900 }, async (page) => {
    await open(page, ['{{7*7}}${1}', ...LONG]);
    await showSection(page, 'links');
    await page.locator('.links-query .links-token').first().focus();
    const pairs = page.locator('.links-list li[data-link]');
    const cut = await pairs.evaluateAll((all) =>
      all.map((one) =>
        [...one.querySelectorAll('.name-cut')].map(
          (cut) => cut.getBoundingClientRect().top > one.getBoundingClientRect().top,
        ),
      ),
    );
    assert.ok(cut.length > 8);
    assert.ok(
      cut.every(([short]) => !short),
      `${cut}`,
    );
  }));

test('the two ends of a name stand close to the sign between them', () =>
  site.visit({ width: 340, height: 900 }, async (page) => {
    await open(page, ['misunderstanding understanding', 'WWWWWWWWWWWWWWWWWWWWW', ...LONG]);
    await showSection(page, 'links');
    for (const at of [0, 1, 2]) {
      const name = page.locator('.links-key .links-token').nth(at).locator('.name-cut');
      const address = `data:image/png;base64,${(await name.screenshot()).toString('base64')}`;
      const free = await page.context().newPage();
      const { width, height, pixels } = await pixelsAt(free, address);
      await free.close();
      const isInked = Array.from({ length: width }, (_, x) =>
        Array.from({ length: height }, (_, y) => pixels[4 * (y * width + x)]).some((red) => red < 160),
      );
      const inked = isInked.flatMap((is, x) => (is ? [x] : []));
      const gaps = inked.slice(1).map((x, before) => x - (inked[before] ?? 0));
      assert.ok(inked.length > 20 && Math.max(...gaps) < 7, `${gaps}`);
    }
  }));
