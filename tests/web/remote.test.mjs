// Files at an address, in a browser: what the page fetches and when, and what a host of another origin lets it see.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { host, whole } from '../package/host.mjs';
import { serving } from '../package/support.mjs';
import { packageSite, VISIT } from './engine.mjs';
import { made, startSite } from './harness.mjs';
import { noise, safetensors, settled, shown, tensor } from './page.mjs';

const [site, bare] = await Promise.all([startSite(), packageSite()]);
after(() => Promise.all([site.close(), bare.close()]));

const FIRST = 65536;
/** What the browser keeps is not fetched: each in a profile of its own. */
const WIDE = { width: 1440, height: 1200, fresh: true };

/** Counts what comes of one file: a line `status range` for each answer, and the bytes that they have. */
function count(page, file) {
  const seen = { answers: [], bytes: 0 };
  page.on('response', async (response) => {
    if (!response.url().endsWith(file)) return;
    seen.answers.push(`${response.status()} ${response.headers()['content-range'] ?? 'all'}`);
    seen.bytes += Number(response.headers()['content-length']);
  });
  return seen;
}

test('the passage: nothing before it is chosen, then its header and the queries and keys of one layer', () =>
  site.visit(WIDE, async (page) => {
    const seen = count(page, 'passage.safetensors');
    await settled(page);
    await page.locator('[data-number="weight"]').waitFor();
    assert.deepEqual(seen.answers, []);
    await page.locator('[name="example"]').selectOption('passage');
    await page.locator('.plot[aria-rowcount="424"]').waitFor();
    await settled(page);
    await page.locator('.cell-place', { hasText: 'query 56 · key 55' }).waitFor();
    await page.waitForFunction(() => document.querySelector('[data-number="weight"]') !== null);
    // By the file in float32, in double precision: 0.9495.
    assert.match(await shown(page, 'weight'), /^0\.9(49|50)/);
    assert.match(await page.locator('.source-about').textContent(), /float16/);
    assert.equal(await page.locator('.source-note').count(), 0);
    const each = 12 * 424 * 32 * 2;
    assert.equal(seen.answers.length, 3, String(seen.answers));
    assert.ok(seen.answers.every((answer) => answer.startsWith('206 bytes ')));
    assert.equal(seen.bytes, FIRST + 2 * each);
    await page.locator('[name="head"]').selectOption('5');
    await settled(page);
    assert.equal(seen.answers.length, 3, 'all heads of the layer are here');
    await page.locator('[name="layer"]').selectOption('4');
    await settled(page);
    await page.waitForFunction(() => location.hash.includes('layer=4'));
    assert.equal(seen.bytes, FIRST + 4 * each);
  }));

test('where the site knows no ranges the page works, and says what it fetched', () =>
  site.visit({ ...WIDE, path: 'nothing.html', html: '<link rel="icon" href="data:,">' }, async (page) => {
    await page.route('**/sentence.safetensors', async (route) => {
      const { range: _, ...headers } = await route.request().allHeaders();
      await route.fulfill({ response: await route.fetch({ headers }) });
    });
    const seen = count(page, 'sentence.safetensors');
    await page.goto(site.url);
    await settled(page);
    assert.equal(await page.locator('.plot').getAttribute('aria-rowcount'), '16');
    assert.deepEqual(seen.answers, ['200 all']);
    assert.match(await page.locator('.source-note').textContent(), /sends files as a whole only/);
    await page.getByText('中文').click();
    await made(page);
    assert.match(await page.locator('.source-note').textContent(), /只能整份发送文件/);
    await page.locator('[name="layer"]').selectOption('5');
    await settled(page);
    assert.equal(seen.answers.length, 1);
  }));

// ---- the package, and a host of another origin

const layers = Array.from({ length: 6 }, (_, layer) => [
  [`layers.${layer}.k`, tensor([4, 100, 32], noise(12800, 2 * layer + 1))],
  [`layers.${layer}.q`, tensor([4, 100, 32], noise(12800, 2 * layer + 2))],
]).flat();
const file = safetensors(Object.fromEntries(layers));
const HEAD = 100 * 32 * 4;

/** What a page gets of the file at this address, with so many workers: whether by ranges, and one head of layer 5. */
const read = (page, address, workers) =>
  page.evaluate(
    async ([address, workers]) => {
      const qk = await import(new URL('index.js', location.origin).href);
      qk.configure({ workers });
      const capture = await qk.openCapture(address);
      const { query } = await capture.layer(5, { head: 2 });
      return { ranged: capture.ranged, query: [...query.data] };
    },
    [address, workers],
  );

const allowed = { 'access-control-allow-origin': '*' };
const exposed = { ...allowed, 'access-control-expose-headers': 'Content-Range, ETag' };
const withHeaders = (extra) => (answer) => ({ headers: { ...answer.headers, ...extra } });

for (const [name, change, ranged, ranges, bytes] of /** @type {[string, any, boolean, number, number][]} */ ([
  ['shows its ranges: they are used', withHeaders(exposed), true, 3, FIRST + 2 * HEAD],
  ['hides its ranges: one more request, for all', withHeaders(allowed), false, 2, FIRST + file.length],
  ['knows no ranges: one request', () => ({ ...whole(file)(), headers: allowed }), false, 1, file.length],
])) {
  for (const workers of [2, 0]) {
    test(`a host of another origin that ${name}, with ${workers || 'no'} workers`, () => {
      const { seen, listener } = host(file, change);
      return serving(listener, (url) =>
        bare.visit({ ...VISIT, fresh: true, foreign: [url] }, async (page) => {
          const found = await read(page, url, workers);
          assert.equal(found.ranged, ranged);
          assert.deepEqual(found.query, [...layers[11][1].data.subarray(2 * 3200, 3 * 3200)]);
          assert.equal(seen.ranges.length, ranges);
          assert.equal(seen.bytes, bytes);
        }),
      );
    });
  }
}

test('a host that lets no other origin read: a typed error, not an endless wait', () => {
  const { seen, listener } = host(file);
  return serving(listener, (url) =>
    bare.visit({ ...VISIT, fresh: true, foreign: [url], expectedErrors: /CORS|Failed to load/ }, async (page) => {
      const found = await page.evaluate(
        async (address) => caught((await import(new URL('index.js', location.origin).href)).openCapture(address)),
        url,
      );
      assert.equal(found.code, 'source');
      assert.match(found.message, /cannot be read/);
      assert.deepEqual(seen.ranges, [[0, FIRST], undefined], 'it may have been the header that was not allowed');
    }),
  );
});

test('a file that is replaced while it is open: the browser’s cache does not mix the two', () => {
  let version = 0;
  const other = Buffer.from(file).fill(0, file.length - HEAD);
  const cached = { ...exposed, 'cache-control': 'max-age=600' };
  const hosts = [file, other].map((bytes, at) => host(bytes, withHeaders({ ...cached, etag: `"${at}"` })));
  return serving(
    (request, response) => {
      // A browser that has parts of a file asks for more of the same version, or all of the next.
      const [condition, own] = [request.headers['if-range'], `"${version}"`];
      if (condition !== undefined && condition !== own) delete request.headers.range;
      hosts[version].listener(request, response);
    },
    (url) =>
      bare.visit({ ...VISIT, fresh: true, foreign: [url] }, async (page) => {
        // With a route there is no cache.
        await page.unrouteAll();
        const found = await page.evaluate(
          async ([address]) => {
            globalThis.qk = await import(new URL('index.js', location.origin).href);
            globalThis.capture = await qk.openCapture(address);
            await globalThis.capture.layer(4);
            return (await globalThis.capture.tensor('layers.5.q')).data.at(-1);
          },
          [url],
        );
        assert.notEqual(found, 0);
        version = 1;
        const after = await page.evaluate(
          async ([address]) => {
            const stale = await caught(globalThis.capture.tensor('layers.3.q'));
            const anew = await qk.openCapture(address);
            return { stale, last: (await anew.tensor('layers.5.q')).data.at(-1) };
          },
          [url],
        );
        assert.equal(after.stale.code, 'changed');
        assert.equal(after.last, 0);
      }),
  );
});
