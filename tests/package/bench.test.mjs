// The benches time what the lists hold, and time it right: each case runs once, on a small problem.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BASE, members } from '../../benches/cases.mjs';
import { problem, time } from '../../benches/run.mjs';
import { qkscope } from './support.mjs';

test('every member of the lists has its case, and each case runs', async () => {
  const { attention, catalog } = qkscope;
  const cases = members(catalog);
  const names = cases.map(({ name }) => name);
  for (const [list, key] of [
    ['scores', 'score'],
    ['normalizers', 'normalizer'],
    ['positions', 'position'],
  ]) {
    for (const { id } of catalog[list]) assert.ok(names.includes(`${key} ${id}`), id);
  }
  const medians = await time(attention, cases, problem(24, 8), 1);
  assert.equal(medians.size, cases.length);
  assert.ok(medians.get(BASE) > 0);
});
