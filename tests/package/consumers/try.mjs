// The tests of consumers: each lays its project out, builds it by its recipe, and opens what comes out.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowsers, open } from './open.mjs';
import { build } from './project.mjs';
import { recipes } from './recipes.mjs';

const known = await recipes();

/** @param {import('./list.mjs').Consumer[]} consumers */
export function tryConsumers(consumers) {
  after(closeBrowsers);
  for (const consumer of consumers) {
    test(consumer.recipe, { timeout: 300_000 }, async () => {
      const recipe = known.get(consumer.recipe);
      assert.ok(recipe, `docs/embedding.md has no recipe ${consumer.recipe}`);
      await open(consumer, await build(consumer, recipe), recipe);
    });
  }
}
