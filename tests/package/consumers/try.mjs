// The tests of consumers: each lays its project out, builds it by its recipe, and opens what comes out.

import assert from 'node:assert/strict';
import process from 'node:process';
import { after, test } from 'node:test';

import { closeBrowsers, open } from './open.mjs';
import { NEWER_NODE, build } from './project.mjs';
import { recipes } from './recipes.mjs';

const known = await recipes();

/** What is built of source takes minutes, the first time. */
const PATIENCE = 900_000;

/** @param {import('./list.mjs').Consumer[]} consumers */
export function tryConsumers(consumers) {
  after(closeBrowsers);
  for (const consumer of consumers) {
    test(consumer.recipe, { timeout: PATIENCE, skip: missing(consumer) }, async () => {
      const recipe = known.get(consumer.recipe);
      assert.ok(recipe, `no text has a recipe ${consumer.recipe}`);
      await open(consumer, await build(consumer, recipe), recipe);
    });
  }
}

/** Why a consumer cannot be tried on this machine; false where it can. @param {import('./list.mjs').Consumer} consumer */
function missing({ besides = {} }) {
  if (NEWER_NODE in besides && `${process.platform} ${process.arch}` !== 'linux x64')
    return 'its newer Node is one for Linux on x64';
  return false;
}
