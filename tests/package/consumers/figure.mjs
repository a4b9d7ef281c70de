// What a figure of somebody's page has to show: the weights of the numbers that stand in that page, by their definition.

import assert from 'node:assert/strict';

/** What the kernel may be off by: it computes in single precision. */
const TOLERANCE = 1e-6;

/**
 * @typedef {object} Figure as the watch of a page saw it.
 * @property {{ q: number[][], k: number[][] }} given the numbers in the page.
 * @property {boolean} ready and painted.
 * @property {number[]} values of the cells that were current, one after another.
 * @property {string[]} errors
 * @property {string} [alert] what it says where it cannot show anything.
 */

export const figure = {
  /** The cell that is current first is the largest weight. @param {Figure} seen @param {string} where */
  check({ given: { q, k }, values }, where) {
    const expected = largestWeight(q, k);
    assert.ok(Math.abs(values[0] - expected) < TOLERANCE, `${where}: the first cell is ${values[0]}, not ${expected}`);
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
