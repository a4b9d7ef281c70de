// The words of the page as they are read, from top to bottom: none stands before it is explained, and no paragraph is long.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startSite } from './harness.mjs';
import { settled, showSection } from './page.mjs';
import { loadParts } from './story.mjs';

const site = await startSite();
after(() => site.close());

const { SECTION_IDS, WORDS, UNSHARED } = await loadParts('page/story/section', 'page/story/words');

/** Words of the trade, and what explains them; the first of each is to stand in what explains it. */
const EXPLAINED = {
  en: [
    [/softmax/i, /Softmax turns scores into weights that sum to one/],
    [/sigmoid/i, /Sigmoid judges each key by itself/],
    [/\be[l−]/, /l is the underlined score ÷ temperature, e.≈.2\.718/],
    [/√d/, /√d, where d counts the numbers of a vector|adds up d products/],
    [/σ|standard deviation/, /standard deviation σ, how far from 0 it typically lies/],
    [/entropy/i, /Entropy says how evenly they do: 0 for one key alone, ln.8 for all alike/],
    [/\bnats?\b/, /in nats, by the natural logarithm ln/],
    [/effective keys/i, /so many keys, all alike, have this entropy: the right axis/],
    [/\bsinks?\b/i, /A key that nearly all queries look at is a sink: it takes weight no other wants/],
    [/\binduction\b/i, /induction, looking at what followed the same token before/],
    [/\bbits?\b/, /0 bits, the same shares; 1 bit, no key in common/],
  ],
  zh: [
    [/softmax/i, /softmax 把分数变成总和为 1 的权重/],
    [/sigmoid/i, /sigmoid 单独判断每个键/],
    [/\be[l−]/, /l 是带下划线的分数 ÷ 温度，e.≈.2\.718/],
    [/√d/, /d 是向量中数的个数|d 个乘积之和/],
    [/σ|标准差/, /标准差 σ（通常离 0 多远）/],
    [/熵/, /熵说明分得多均匀：只有一个键时为 0，各键相等时为 ln.8/],
    [/\bnats?\b/, /用自然对数 ln，单位称为 nat/],
    [/有效键数/, /这么多个权重相等的键有同样的熵，即右轴/],
    [/汇聚点/, /几乎所有查询都看的键称为汇聚点：它收下别的键都不要的权重/],
    [/归纳(?!得分)/, /归纳，即看同一词元上次出现之后跟着什么/],
    [/比特/, /0 比特，各键所占份额相同；1 比特，没有一个共同的键/],
  ],
};

async function readAll(page) {
  for (const id of SECTION_IDS) await showSection(page, id);
  await settled(page);
}

/** The words of a part of the page in their order. */
const blocksOf = async (page, part) => (await page.locator(part).innerText()).split(/\n+/);

/** The words of the page from top to bottom, those of the plane as one walks through its steps. */
async function read(page) {
  const [all, plane] = [await blocksOf(page, 'main'), await blocksOf(page, '#plane')];
  const at = all.indexOf(plane[0]);
  assert.ok(at >= 0);
  return [...all.slice(0, at), ...(await walked(page)), ...all.slice(at + plane.length)];
}

/** The words of the plane's steps, one after the other. */
async function walked(page) {
  const steps = await page.locator('[name="plane-preset"]').evaluateAll((all) => all.map((one) => one['value']));
  const blocks = [];
  for (const step of steps) {
    await page.locator(`[name="plane-preset"][value="${step}"]`).check({ force: true });
    await page.waitForFunction(() => document.querySelector('.plane-tables[aria-busy="false"]'));
    blocks.push(...(await blocksOf(page, '#plane')));
    assert.deepEqual(await longOnes(page), [], step);
  }
  return blocks;
}

/** The paragraphs of more than three lines. */
const longOnes = (page) =>
  page.locator('main p').evaluateAll((all) =>
    all.flatMap((one) => {
      const { lineHeight } = getComputedStyle(one);
      // Of the words alone, as some keep room for more; those that are only heard have none.
      const words = document.createRange();
      words.selectNodeContents(one);
      const heights = [words, one].map((part) => part.getBoundingClientRect().height);
      const lines = Math.min(...heights) / parseFloat(lineHeight);
      return lines > 3.1 ? [`${lines.toFixed(1)} lines: ${one.textContent}`] : [];
    }),
  );

for (const language of /** @type {const} */ (['en', 'zh'])) {
  test(`every word of the trade is explained where it first stands, and no paragraph is long, ${language}`, () =>
    site.visit({ path: `#lang=${language}`, width: 1440, height: 900 }, async (page) => {
      await readAll(page);
      const blocks = await read(page);
      for (const [word, explained] of EXPLAINED[language]) {
        const [first, there] = [word, explained].map((form) => blocks.findIndex((block) => form.test(block)));
        assert.ok(there >= 0, `${explained} stands nowhere`);
        // A title, or a name with its number, may stand right above what explains it.
        assert.ok(
          first >= there - 2,
          `${word} stands in “${blocks[first]}”, and is explained ${there - first} blocks below`,
        );
      }
    }));
}

/** What the leads of these say of sums, by the normalizer of what is open. */
const leadOf = (page, id) => page.locator(`#${id} .story-lead`).textContent();

test('what the page says of the sum of weights follows the normalizer that is chosen', () =>
  site.visit({ path: '#lang=en', width: 1440, height: 900 }, async (page) => {
    await showSection(page, 'links');
    const says = async (words, language) => {
      for (const id of ['steps', 'links']) {
        await page.waitForFunction(
          ([id, lead]) => document.querySelector(`#${id} .story-lead`).textContent === lead,
          [id, words[id].lead?.[language] ?? words[id][language]],
        );
      }
    };
    const normalizer = page.locator('[name="normalizer"]');
    await says(WORDS, 'en');
    // By the definitions: these sum to one whatever the logits, the others need not.
    for (const [id, words] of [
      ['sigmoid', UNSHARED],
      ['sparsemax', WORDS],
      ['softmax1', UNSHARED],
      ['topk', WORDS],
      ['relu_n', UNSHARED],
    ]) {
      await normalizer.selectOption(id);
      await says(words, 'en');
    }
    await page.locator('input[name="language"][value="zh"]').check({ force: true });
    await says(UNSHARED, 'zh');
    assert.match(await leadOf(page, 'steps'), /不必为 1/);
  }));

test('the lead follows the normalizer of a link before its section is there', () =>
  site.visit({ path: '#lang=en&normalizer=sigmoid', width: 1440, height: 900 }, async (page) => {
    await settled(page);
    assert.equal(await page.locator('#steps .story-view > *').count(), 0);
    assert.equal(await leadOf(page, 'steps'), UNSHARED.steps.en);
  }));
