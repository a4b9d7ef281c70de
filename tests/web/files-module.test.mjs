// The readers of files are a module of their own: it comes with the first file, to the instances that need it, and its faults are not
// the kernel's.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { packageSite, PAGE, test, VISIT } from './engine.mjs';

const site = await packageSite();
after(() => site.close());

const MODULE = 'qkscope_files_bg.wasm';

/** Defines in the page: `open()` reads a small file, and `sum()` says what its numbers come to. */
const DEFINE = `
  globalThis.qk = await import('/index.js');
  globalThis.open = (options) => qk.openCapture(new Blob(['{"q": [[1, 2]], "k": [[3, 4], [5, 6]]}']), options);
  globalThis.sum = async () => {
    const capture = await open();
    const { query, key } = await capture.layer(0);
    return [...query.data, ...key.data].reduce((a, b) => a + b, 0);
  };
  globalThis.compute = async () => (await qk.attention(tensor([8, 4]), tensor([8, 4]), tensor([8, 4]))).output.data.length;
`;

const inPage = (work, visit = {}) =>
  site.visit({ ...VISIT, ...visit }, async (page, { requests, ...seen }) => {
    await page.evaluate(`(async () => {${DEFINE}})()`);
    const asked = () => requests.filter((url) => url.endsWith(MODULE)).length;
    await work(page, { ...seen, requests, asked });
  });

for (const workers of [0, 1, 2]) {
  test(`${workers} workers: asked for with the first file, and once`, () =>
    inPage(async (page, { asked }) => {
      await page.evaluate(async (size) => {
        qk.configure({ workers: size });
        await compute();
      }, workers);
      assert.equal(asked(), 0);
      const sums = await page.evaluate(() => Promise.all([sum(), sum(), sum(), sum()]));
      assert.deepEqual(sums, [21, 21, 21, 21]);
      assert.equal(await page.evaluate(() => compute()), 32);
      assert.equal(asked(), 1);
    }));
}

test('a file before anything else', () =>
  inPage(async (page, { asked }) => {
    assert.equal(await page.evaluate(() => sum()), 21);
    assert.equal(asked(), 1);
  }));

for (const workers of [0, 1]) {
  test(`${workers} workers: missing, the address and the status; attention goes on; once it is back, files are read`, () =>
    inPage(
      async (page) => {
        await page.route(`**/${MODULE}`, (route) => route.fulfill({ status: 404 }));
        const [error, length] = await page.evaluate(async (size) => {
          qk.configure({ workers: size });
          return Promise.all([caught(open()), compute()]);
        }, workers);
        assert.deepEqual([error.code, length], ['wasm', 32]);
        assert.match(error.message, /qkscope_files_bg\.wasm.*404/);
        await page.unroute(`**/${MODULE}`);
        assert.equal(await page.evaluate(() => sum()), 21);
      },
      { expectedErrors: /404/ },
    ));

  test(`${workers} workers: a module that is another, and one that does not start: refused, and the next one is taken`, () =>
    inPage(async (page) => {
      const found = await page.evaluate(async (size) => {
        qk.configure({ workers: size });
        const errors = [];
        const bytes = new Uint8Array(await (await fetch('/qkscope_files_bg.wasm')).arrayBuffer());
        // An import that the script does not have, of the same length as one that it has.
        const text = new TextDecoder('latin1').decode(bytes);
        const unlinked = bytes.slice();
        unlinked[text.indexOf('__wbindgen_init_externref_table')] ^= 1;
        for (const filesModule of ['/qkscope_bg.wasm', unlinked]) {
          qk.configure({ workers: size, filesModule });
          errors.push(await caught(open()), await compute());
        }
        qk.configure({ workers: size, filesModule: bytes });
        return [errors, await sum()];
      }, workers);
      const [[other, first, unlinked, second], sum] = found;
      assert.deepEqual([other.code, unlinked.code, first, second, sum], ['wasm', 'wasm', 32, 32, 21]);
      for (const { message } of [other, unlinked]) assert.match(message, /reader of files.*another version/);
    }));
}

test('a worker that died is replaced, and gets the module again', () =>
  inPage(async (page, { asked }) => {
    const [tensor, started] = await page.evaluate(async () => {
      qk.configure({ workers: 1 });
      const capture = await open();
      workers[0].dispatchEvent(new ErrorEvent('error', { message: 'hurt', cancelable: true }));
      return [[...(await capture.tensor('k')).data], workers.length];
    });
    assert.deepEqual([tensor, started], [[3, 4, 5, 6], 2]);
    assert.equal(asked(), 1);
  }));

/** Code that makes the `at`-th call of the reader's `need` in this thread trap. */
const trapNeed = (at) => `{
  const { Instance } = WebAssembly;
  let calls = 0;
  WebAssembly.Instance = function (module, imports) {
    const { exports } = new Instance(module, imports);
    const capturereader_need = (...given) => {
      if (++calls === ${at}) throw new WebAssembly.RuntimeError('unreachable');
      return exports.capturereader_need(...given);
    };
    return { exports: 'capturereader_need' in exports ? { ...exports, capturereader_need } : exports };
  };
}`;

test('a trap of the reader in a worker: one more try, in another worker', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async (code) => {
      infect = (index) => (index === 0 ? code : undefined);
      qk.configure({ workers: 1 });
      return [await sum(), await compute(), workers.length];
    }, trapNeed(1));
    assert.deepEqual(found, [21, 32, 2]);
  }));

test('a trap of the reader on the main thread: fresh instances of both modules', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async (code) => {
      (0, eval)(code);
      qk.configure({ workers: 0 });
      return [await compute(), await sum(), await sum(), await compute()];
    }, trapNeed(2));
    assert.deepEqual(found, [32, 21, 21, 32]);
  }));

test('an abort while the module is on its way: the reason at once, and the next file is read', () =>
  inPage(async (page) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route(`**/${MODULE}`, async (route) => {
      await held;
      await route.continue();
    });
    const name = await page.evaluate(async () => {
      const controller = new AbortController();
      const opening = caught(open({ signal: controller.signal }));
      setTimeout(() => controller.abort(), 20);
      return (await opening).name;
    });
    assert.equal(name, 'AbortError');
    release();
    assert.equal(await page.evaluate(() => sum()), 21);
  }));

test('no connections: the inlined entry reads files with the module inside', () =>
  site.visit(
    {
      ...VISIT,
      html: `<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; img-src data:">${PAGE}`,
    },
    async (page, { requests }) => {
      const data = await page.evaluate(async (entry) => {
        const { openCapture } = await import(entry);
        const capture = await openCapture(new Blob(['{"q": [[1, 2]], "k": [[3, 4]]}']));
        return [...(await capture.tensor('k')).data];
      }, '/inline.js');
      assert.deepEqual(data, [3, 4]);
      assert.ok(!requests.some((url) => url.endsWith('.wasm')));
    },
  ));
