// What is asked of whole heads and layers is answered by a module of its own: it comes with the first such question, to the instances that
// need it, with the problem; what the kernel has open stays as it is.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { packageSite, test, VISIT } from './engine.mjs';

const site = await packageSite();
after(() => site.close());

/** Defines in the page a map of two heads, what the kernel says of it, and a question for the other module. */
const DEFINE = `
  globalThis.qk = await import('/index.js');
  globalThis.open = async () => (globalThis.map = await qk.openAttention(tensor([2, 40, 8]), tensor([2, 40, 8], 2), null));
  globalThis.mean = async () => {
    const { data } = await map.rectangle({ head: 1, rows: [0, 40], keys: [0, 40] });
    return data.reduce((sum, weight) => sum + weight) / 40;
  };
  globalThis.heads = async () => [...(await map.headStatistics()).values.confidence];
  globalThis.rolled = async () => (await qk.rollout([{ data: Float32Array.of(1, 0, 0.5, 0.5), shape: [2, 2] }])).data[3];
  globalThis.projected = async () => {
    const weights = { inProjWeight: tensor([12, 4]), outProjWeight: tensor([4, 4]) };
    return (await qk.multiHeadAttention(tensor([3, 4]), weights, { numHeads: 2 })).output.data.length;
  };
`;

const inPage = (work, visit = {}) =>
  site.visit({ ...VISIT, ...visit }, async (page, { requests }) => {
    await page.evaluate(`(async () => {${DEFINE}})()`);
    const asked = () => requests.map((url) => /qkscope_layers\w*\.wasm/.exec(url)?.[0]).filter(Boolean);
    await work(page, asked);
  });

for (const workers of [0, 1, 2]) {
  test(`${workers} workers: asked for with the first question, and once; the same heads, and the map answers as before`, () =>
    inPage(async (page, asked) => {
      const before = await page.evaluate(async (size) => {
        qk.configure({ workers: size, deterministic: true });
        await open();
        return mean();
      }, workers);
      assert.deepEqual(asked(), []);
      const found = await page.evaluate(async () => {
        const all = await Promise.all([heads(), rolled(), heads(), projected(), mean()]);
        const { data } = await map.rectangle({ head: 0, rows: [0, 40], keys: [0, 40] });
        const largest = Array.from({ length: 40 }, (_, row) => Math.max(...data.subarray(row * 40, row * 40 + 40)));
        return [...all, largest.reduce((sum, weight) => sum + weight) / 40];
      });
      const [first, rolled, second, length, after, confidence] = found;
      assert.deepEqual(first, second);
      assert.ok(Math.abs(first[0] - confidence) < 1e-6, `${first[0]} and ${confidence}`);
      assert.deepEqual([rolled, length, after], [0.75, 12, before]);
      assert.deepEqual(asked(), ['qkscope_layers_bg.wasm']);
    }));
}

test('relaxed SIMD: the numbers of heads are those of the weights that the kernel has, bit for bit', () =>
  inPage(async (page, asked) => {
    const [mass, meanMass] = await page.evaluate(async () => {
      await open();
      const { mass } = await map.rowStatistics({ head: 1 });
      const { values } = await map.headStatistics({ head: 1 });
      return [Math.fround(mass.reduce((sum, each) => sum + each, 0) / mass.length), values.meanMass[0]];
    });
    assert.equal(meanMass, mass);
    assert.deepEqual(asked(), ['qkscope_layers_relaxed_bg.wasm']);
  }));

for (const workers of [0, 1]) {
  test(`${workers} workers: missing: the address and the status; the map answers; once it is back, so do its heads`, () =>
    inPage(
      async (page) => {
        await page.route('**/qkscope_layers*', (route) => route.fulfill({ status: 404 }));
        const [error, average] = await page.evaluate(async (size) => {
          qk.configure({ workers: size });
          await open();
          return Promise.all([caught(heads()), mean()]);
        }, workers);
        assert.equal(error.code, 'wasm');
        assert.match(error.message, /qkscope_layers_.*404/);
        assert.ok(Math.abs(average - 1) < 1e-6);
        await page.unroute('**/qkscope_layers*');
        assert.equal((await page.evaluate(() => heads())).length, 2);
      },
      { expectedErrors: /404/ },
    ));
}

test('another module in its place: refused by name', () =>
  inPage(async (page) => {
    const error = await page.evaluate(async () => {
      qk.configure({ layersModule: '/qkscope_bg.wasm' });
      await open();
      return caught(heads());
    });
    assert.equal(error.code, 'wasm');
    assert.match(error.message, /heads and layers.*another version/);
  }));

for (const workers of [0, 1]) {
  test(`${workers} workers: a trap: module and problem come again`, () =>
    inPage(async (page) => {
      const found = await page.evaluate(async (size) => {
        const code = trapAt(7, true);
        infect = (index) => (index === 0 ? code : undefined);
        if (size === 0) (0, eval)(code);
        qk.configure({ workers: size, deterministic: true });
        await open();
        const first = await heads();
        return [first, await heads(), await mean()];
      }, workers);
      assert.deepEqual(found[0], found[1]);
      assert.ok(Math.abs(found[2] - 1) < 1e-6);
    }));
}

test('a map that was freed: both modules have given it back', () =>
  inPage(async (page) => {
    const found = await page.evaluate(async () => {
      let freed = 0;
      const { Instance } = WebAssembly;
      WebAssembly.Instance = function (module, imports) {
        const { exports } = new Instance(module, imports);
        const __wbg_session_free = (...given) => (freed++, exports.__wbg_session_free(...given));
        return { exports: { ...exports, __wbg_session_free } };
      };
      qk.configure({ workers: 0 });
      await open();
      await heads();
      map.free();
      return [freed, await caught(heads())];
    });
    assert.equal(found[0], 2);
    assert.equal(found[1].code, 'freed');
  }));
