// Pages that forbid things, servers that fail, browsers that lack things: the engine works in another way, or says why not.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';

import { packageSite, PAGE, test, VISIT } from './engine.mjs';

const SELF = "default-src 'none'; script-src 'self'";

const site = await packageSite();
after(() => site.close());

/** Runs `work` in a page with this Content Security Policy. */
const under = (policy, work, visit = {}) =>
  site.visit(
    { ...VISIT, html: `<meta http-equiv="content-security-policy" content="${policy}">${PAGE}`, ...visit },
    work,
  );

/**
 * Computes in the page with an entry of the package: the sum of an attention, and how many workers are alive. With the module that
 * gives the same bits everywhere, the only one of the inlined entry.
 */
const compute = (page, entry = '/index.js') =>
  page.evaluate(async (file) => {
    const { attention, configure } = await import(file);
    configure({ deterministic: true });
    const [query, key, value] = [tensor([4, 40, 8], 1), tensor([4, 50, 8], 2), tensor([4, 50, 3], 3)];
    try {
      const { output } = await attention(query, key, value);
      return { digest: digest(output), alive: workers.filter(({ alive }) => alive).length };
    } catch (error) {
      return { name: error.name, code: error.code, message: error.message };
    }
  }, entry);

/** Without any policy: what every other page has to find. */
let expected;
test('a plain page', () =>
  under('', async (page, { requests }) => {
    expected = (await compute(page)).digest;
    assert.equal(typeof expected, 'number');
    assert.ok(
      requests.some((url) => url.endsWith('/qkscope_bg.wasm')),
      'the module is a file of its own',
    );
  }));

test('relaxed SIMD: its own module where the browser has it, and the same numbers but for their last places', () =>
  under('', async (page, { requests }) => {
    const found = await page.evaluate(async () => {
      const { attention, configure } = await import('/index.js');
      const inputs = [tensor([4, 40, 8], 1), tensor([4, 50, 8], 2), tensor([4, 50, 3], 3)];
      const output = async () => [...(await attention(...inputs)).output.data];
      const relaxed = await output();
      configure({ deterministic: true });
      const plain = await output();
      configure({ deterministic: false });
      return { relaxed, plain, again: await output() };
    });
    const modules = requests.filter((url) => url.endsWith('.wasm')).map((url) => url.split('/').at(-1));
    assert.deepEqual([...new Set(modules)], ['qkscope_relaxed_bg.wasm', 'qkscope_bg.wasm']);
    assert.deepEqual(found.again, found.relaxed);
    const off = found.relaxed.map((number, at) => Math.abs(number - found.plain[at]));
    assert.ok(Math.max(...off) > 0 && Math.max(...off) < 2e-6, String(Math.max(...off)));
  }));

test('no relaxed SIMD: the module for all browsers', () =>
  under('', async (page, { requests }) => {
    await page.evaluate(async () => {
      const { validate } = WebAssembly;
      WebAssembly.validate = (bytes) => !new Uint8Array(bytes).includes(133) && validate(bytes);
      const { attention } = await import('/index.js');
      await attention(tensor([8, 4]), tensor([8, 4]), tensor([8, 4]));
    });
    const modules = requests.filter((url) => url.endsWith('.wasm')).map((url) => url.split('/').at(-1));
    assert.deepEqual(modules, ['qkscope_bg.wasm']);
  }));

test('the policy that the documentation asks for', () =>
  under(`${SELF} 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob:; img-src data:`, async (page) => {
    assert.deepEqual(await compute(page), { digest: expected, alive: 1 });
  }));

test('no workers: the main thread computes the same', () =>
  under(
    `${SELF} 'wasm-unsafe-eval'; connect-src 'self'; img-src data:`,
    async (page) => assert.deepEqual(await compute(page), { digest: expected, alive: 0 }),
    { expectedErrors: /Content Security Policy/ },
  ));

test('no WebAssembly: the message says what to allow', () =>
  under(
    `${SELF}; connect-src 'self'; worker-src blob:; img-src data:`,
    async (page) => {
      const { name, code, message } = await compute(page);
      assert.deepEqual([name, code], ['QkscopeError', 'wasm']);
      assert.match(message, /Content Security Policy.*'wasm-unsafe-eval'/);
    },
    { expectedErrors: /Content Security Policy/ },
  ));

test('no connections: the inlined entry needs none', () =>
  under(
    `${SELF} 'wasm-unsafe-eval'; connect-src 'none'; worker-src blob:; img-src data:`,
    async (page, { requests, url }) => {
      assert.deepEqual(await compute(page, '/inline.js'), { digest: expected, alive: 1 });
      const asked = requests.filter((address) => address.startsWith('http'));
      assert.deepEqual(asked, [url, `${url}inline.js`]);
    },
  ));

test('Trusted Types: one policy by the name of qkscope', () =>
  under("require-trusted-types-for 'script'; trusted-types qkscope", async (page) => {
    assert.deepEqual(await compute(page), { digest: expected, alive: 1 });
  }));

test('Trusted Types without that policy: the main thread', () =>
  under(
    "require-trusted-types-for 'script'; trusted-types other",
    async (page) => assert.deepEqual(await compute(page), { digest: expected, alive: 0 }),
    { expectedErrors: /trusted/i },
  ));

test('a sandboxed frame, which has no origin: workers all the same', () =>
  under('', async (page) => {
    // Written into the frame, as a documentation tool would: from no origin Chromium fetches nothing off this machine.
    const entry = await readFile(new URL('../../pkg/dist/inline.js', import.meta.url), 'utf8');
    assert.ok(!entry.includes('</script'), 'it can stand in a page');
    const body = `<script type="module">
      ${entry}
      let workers = 0;
      const Real = Worker;
      globalThis.Worker = class extends Real { constructor(url) { super(url); workers++; } };
      const one = { data: Float32Array.of(1, 2), shape: [2, 1] };
      const answer = await attention(one, one, one).then(({ output }) => output.data, (error) => [error.message]);
      parent.postMessage([origin, workers, ...answer], '*');
    </script>`;
    await page.route('**/frame.html', (route) => route.fulfill({ contentType: 'text/html', body }));
    const [origin, workers, ...output] = await page.evaluate(() => {
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-scripts');
      frame.src = '/frame.html';
      const heard = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
      document.body.append(frame);
      return heard;
    });
    assert.deepEqual([origin, workers, output.length], ['null', 1, 2]);
    assert.ok(Math.abs(output[0] - (1 + 1 / (1 + Math.exp(-1)))) < 1e-6, String(output));
  }));

test('the module is missing: the address and the status; once it is back, it works', () =>
  under(
    '',
    async (page) => {
      await page.route('**/*.wasm', (route) => route.fulfill({ status: 404 }));
      const { code, message } = await compute(page);
      assert.equal(code, 'wasm');
      assert.match(message, /qkscope_bg\.wasm.*404/);
      await page.unroute('**/*.wasm');
      assert.equal((await compute(page)).digest, expected);
    },
    { expectedErrors: /404/ },
  ));

test('the module is out of reach', () =>
  under(
    '',
    async (page) => {
      await page.route('**/*.wasm', (route) => route.abort());
      assert.equal((await compute(page)).code, 'wasm');
    },
    { expectedErrors: /ERR_FAILED/ },
  ));

const BROKEN = {
  'a page in place of the module': { contentType: 'text/html', body: '<!doctype html>' },
  'a page that claims to be wasm': { contentType: 'application/wasm', body: '<!doctype html>' },
  'a cut module': { contentType: 'application/wasm', body: Buffer.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 200]) },
  'another module': { contentType: 'application/wasm', body: Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]) },
};
for (const [name, answer] of Object.entries(BROKEN)) {
  test(`${name}: a readable error, and no worker left behind`, () =>
    under('', async (page) => {
      await page.route('**/*.wasm', (route) => route.fulfill(answer));
      const { name: kind, code, message } = await compute(page);
      assert.deepEqual([kind, code], ['QkscopeError', 'wasm']);
      assert.match(message, /damaged, or of another version/);
      assert.equal(await page.evaluate(() => workers.filter(({ alive }) => alive).length), 0);
    }));
}

test('a server that does not know wasm: it works all the same', () =>
  under('', async (page) => {
    await page.route('**/*.wasm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, contentType: 'application/octet-stream' });
    });
    assert.equal((await compute(page)).digest, expected);
  }));

test('a module of the caller: bytes, compiled, or an address', () =>
  under('', async (page, { requests }) => {
    const found = await page.evaluate(async (file) => {
      const { attention, configure } = await import(file);
      configure({ deterministic: true });
      const bytes = await (await fetch('/qkscope_bg.wasm')).arrayBuffer();
      const inputs = [tensor([4, 40, 8], 1), tensor([4, 50, 8], 2), tensor([4, 50, 3], 3)];
      const all = [];
      for (const module of [bytes, await WebAssembly.compile(bytes), '/qkscope_bg.wasm?mine']) {
        configure({ module });
        all.push(digest((await attention(...inputs)).output));
      }
      return all;
    }, '/index.js');
    assert.deepEqual(found, [expected, expected, expected]);
    assert.equal(requests.filter((url) => url.endsWith('.wasm')).length, 1, 'the default one is not asked for');
  }));

test('no SIMD: the message says so', () =>
  under('', async (page) => {
    await page.evaluate(() => (WebAssembly.validate = () => false));
    const { code, message } = await compute(page);
    assert.equal(code, 'unsupported');
    assert.match(message, /SIMD/);
  }));

test('a worker that never answers: after five seconds the main thread takes over', () =>
  under(
    '',
    async (page) => {
      await page.clock.install();
      await page.evaluate(
        () => (infect = () => 'onmessage = null; Object.defineProperty(self, "onmessage", { set() {} })'),
      );
      const computing = compute(page);
      await page.waitForFunction(() => workers.length > 0);
      await page.clock.runFor(6000);
      assert.deepEqual(await computing, { digest: expected, alive: 0 });
    },
    { fresh: true },
  ));

test('no Worker at all', () =>
  under('', async (page) => {
    await page.evaluate(() => delete globalThis.Worker);
    assert.deepEqual(await compute(page), { digest: expected, alive: 0 });
  }));
