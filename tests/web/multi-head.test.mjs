// The multi-head layer in a real browser: cut into jobs for several workers, it is the same layer.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { packageSite, test, VISIT } from './engine.mjs';

const site = await packageSite();
after(() => site.close());

/** Runs in the page: a layer with appended keys, and two inputs: a few long batch items and many short ones. */
const DEFINE = `
  globalThis.qk = await import('/index.js');
  const scaled = (shape) => {
    const { data } = tensor(shape);
    return { data: data.map((x) => x / 8), shape };
  };
  globalThis.layer = {
    inProjWeight: scaled([192, 64]),
    inProjBias: scaled([192]),
    biasK: scaled([64]),
    biasV: scaled([64]),
    outProjWeight: scaled([64, 64]),
    outProjBias: scaled([64]),
  };
  globalThis.inputs = [tensor([2, 300, 64]), tensor([30, 40, 64])];
`;

const inPage = (work) =>
  site.visit(VISIT, async (page) => {
    await page.evaluate(`(async () => {${DEFINE}})()`);
    await work(page);
  });

test('no worker, one, two and five give the same bits', () =>
  inPage(async (page) => {
    const answers = await page.evaluate(async () => {
      const all = [];
      for (const size of [0, 1, 2, 5]) {
        qk.configure({ workers: size });
        const before = workers.length;
        const digests = [];
        for (const x of inputs) {
          for (const more of [{}, { averageAttnWeights: false }, { needWeights: false }]) {
            const options = { numHeads: 4, addZeroAttn: true, causal: true, ...more };
            const { output, weights } = await qk.multiHeadAttention(x, layer, options);
            digests.push(digest(output), weights && digest(weights), output.shape, weights?.shape);
          }
        }
        all.push({ digests, started: workers.length - before });
      }
      return all;
    });
    assert.deepEqual(
      answers.map(({ started }) => started),
      [0, 1, 2, 5],
    );
    for (const { digests } of answers) assert.deepEqual(digests, answers[0].digests);
  }));

test('a worker that dies on the way is replaced, and the answer is the same', () =>
  inPage(async (page) => {
    const [expected, found, started] = await page.evaluate(async () => {
      qk.configure({ workers: 2 });
      const options = { numHeads: 4 };
      const before = digest((await qk.multiHeadAttention(inputs[0], layer, options)).output);
      const known = workers.length;
      let hurt = false;
      const onProgress = (fraction) => {
        if (hurt || fraction < 0.5) return;
        hurt = true;
        workers[0].dispatchEvent(new ErrorEvent('error', { message: 'hurt', cancelable: true }));
      };
      const { output } = await qk.multiHeadAttention(inputs[0], layer, { ...options, onProgress });
      return [before, digest(output), workers.length - known];
    });
    assert.deepEqual([found, started], [expected, 1]);
  }));
