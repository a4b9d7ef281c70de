// The head that the page makes itself: its patterns carry the weight that the page says they do, at any size.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { qkscope } from '../package/support.mjs';
import { startSite } from './harness.mjs';
import { settled } from './page.mjs';

const site = await startSite();
after(() => site.close());

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../../www/src/page/synthetic.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  write: false,
});
const { kindOf, makeHead } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`
);

const digest = ({ data }) => new Uint32Array(data.buffer).reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 7);

test('the same seed makes the same bytes, another one others', async () => {
  const [one, again, other] = await Promise.all([makeHead(512, 1), makeHead(512, 1), makeHead(512, 2)]);
  for (const side of ['query', 'key']) {
    assert.deepEqual(one[side].shape, [512, 64]);
    assert.equal(digest(one[side]), digest(again[side]));
    assert.notEqual(digest(one[side]), digest(other[side]));
    assert.ok(one[side].data.every(Number.isFinite));
  }
});

test('it can be stopped', async () => {
  const controller = new AbortController();
  const making = makeHead(1 << 20, 1, controller.signal);
  controller.abort();
  await assert.rejects(making, { name: 'AbortError' });
});

const sum = (weights, when) => weights.reduce((total, weight, key) => (when(key) ? total + weight : total), 0);

/** The shares of a row of weights: on the first key, near, at multiples of the stride, behind the same token. */
function sharesOf(weights, row, { tokens, stride, period }) {
  const phase = (key) => (row - key) % stride;
  return {
    sink: weights[0],
    near: sum(weights, (key) => key > 0 && key <= row && row - key <= 4),
    stride: sum(weights, (key) => key > 0 && key <= row && (phase(key) <= 2 || phase(key) >= stride - 2)),
    induction: sum(weights, (key) => key > 0 && tokens[key - 1] === tokens[row]),
    once: weights[row - period + 1] ?? 0,
  };
}

const KINDS = ['near', 'stride', 'induction'];

/** What a row must have: its own pattern and the sink, and little of the others. */
function check(shares, kind, where) {
  const words = `${where}: ${JSON.stringify(shares)}`;
  assert.ok(shares.sink > 0.1 && shares.sink < 0.52, words);
  assert.ok(shares[KINDS[kind]] > 0.47, words);
  assert.ok(shares.sink + shares[KINDS[kind]] > 0.92, words);
  // A near key is one at the distance 0, which is a multiple of the stride; nothing else is shared but by chance.
  if (kind !== 2) assert.ok(shares.induction < 0.05, words);
  if (kind === 1) assert.ok(shares.near < 0.3, words);
}

test('512 positions: every row has its pattern and the sink', async () => {
  const head = await makeHead(512, 1);
  const { query, key, tokens, stride, period } = head;
  assert.deepEqual([stride, period], [64, 160]);
  const { weights } = await qkscope.attention(query, key, null, { causal: true, needWeights: true });
  const seen = [0, 0, 0];
  for (let row = 8; row < 512; row += 1) {
    const kind = kindOf(row, 512);
    seen[kind] += 1;
    const shares = sharesOf(weights.data.subarray(row * 512, (row + 1) * 512), row, head);
    check(shares, kind, `row ${row}`);
    // In the third quarter a token was there once before, in the last at times twice.
    if (row >= 256 && row < 384) assert.ok(shares.once > 0.47, `row ${row}: ${shares.once}`);
  }
  assert.ok(Math.min(...seen) > 128, String(seen));

  const map = await qkscope.openAttention(query, key, null, { causal: true });
  const { values } = await map.headStatistics({ tokens: [...tokens] });
  assert.ok(values.sinkMass[0] > 0.3 && values.sinkMass[0] < 0.45, `sink ${values.sinkMass[0]}`);
  assert.ok(values.selfMass[0] > 0.12 && values.previousTokenScore[0] > 0.06);
  // The detector knows the keys behind every earlier occurrence: a sixth of all weight is there, in 171 of 512 rows.
  assert.ok(values.inductionMul[0] > 0.15, `induction ${values.inductionMul[0]}`);
  const distinct = await map.headStatistics({ tokens: [...tokens.keys()] });
  assert.equal(distinct.values.inductionMul[0], 0, 'without a token that comes again there is none');
  map.free();
});

test('32,768 positions: the same, among as many keys; and they are made in no time', async () => {
  const before = process.cpuUsage();
  const head = await makeHead(32768, 1);
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < 1000, `${(user + system) / 1000} ms`);
  const map = await qkscope.openAttention(head.query, head.key, null, { causal: true });
  for (const row of [9, 700, 8190, 8192, 12001, 16383, 16384, 20000, 24575, 24576, 28001, 30002, 32765, 32766, 32767]) {
    const { data } = await map.rectangle({ head: 0, rows: [row, row + 1], keys: [0, 32768] });
    check(sharesOf(data, row, head), kindOf(row, 32768), `row ${row}`);
  }
  map.free();
});

test('the page makes it with its own script alone, and can be told to stop', () =>
  site.visit({ width: 1440, height: 1200 }, async (page, seen) => {
    await settled(page);
    const before = seen.requests.length;
    await page.locator('[name="example"]').selectOption('synthetic');
    assert.match(await page.locator('.source-about').textContent(), /no model computed them/);
    await page.locator('.pass').getByRole('button', { name: 'Stop' }).click();
    await settled(page);
    await page.waitForFunction(() => location.hash.includes('example=synthetic'));
    await page.locator('[name="example"]').selectOption('sentence');
    await page.locator('.plot[aria-rowcount="16"]').waitFor();
    const own = seen.requests.slice(before).filter((url) => !/^(blob|data):|favicon/.test(url));
    assert.ok(
      own.every((url) => /(sentence\.safetensors|\/synthetic-\w+\.js)$/.test(url)),
      String(own),
    );
  }));
