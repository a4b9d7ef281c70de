// What a figure of somebody's page has to show: the weights of the numbers that stand in that page, by their definition.

import assert from 'node:assert/strict';

/** What the kernel may be off by: it computes in single precision. */
const TOLERANCE = 1e-6;

/**
 * @typedef {object} Figure as the watch of a page saw it.
 * @property {{ q: number[][], k: number[][] }} given the numbers in the page.
 * @property {boolean} ready and painted, and its reader has looked around.
 * @property {number[]} values of the cells that its reader came to, one after another.
 * @property {string[]} errors
 * @property {string} [alert] what it says where it cannot show anything.
 */

export const figure = {
  /** A figure begins at the largest weight, and a reader's way leads over it. @param {Figure} seen @param {string} where */
  check({ given: { q, k }, values }, where) {
    const [found, expected] = [Math.max(...values), largestWeight(q, k)];
    assert.ok(Math.abs(found - expected) < TOLERANCE, `${where}: the largest cell is ${found}, not ${expected}`);
  },
};

/** The largest of softmax(q · k / sqrt(d)), the sums in double precision as they stand in the books. */
function largestWeight(q, k) {
  const rows = q.map((query) => {
    const logits = k.map(
      (key) => key.reduce((sum, value, dim) => sum + value * query[dim], 0) / Math.sqrt(query.length),
    );
    const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const sum = exponentials.reduce((total, each) => total + each, 0);
    return Math.max(...exponentials.map((each) => each / sum));
  });
  return Math.max(...rows);
}
