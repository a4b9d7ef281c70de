// The recipes of docs/ and the list of consumers are one thing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CONSUMERS } from './list.mjs';
import { recipes } from './recipes.mjs';

const MOST = 10;

const known = await recipes();

test('every recipe is tried, and every consumer has one', () => {
  assert.deepEqual([...known.keys()].sort(), CONSUMERS.map(({ recipe }) => recipe).sort());
});

for (const { recipe, openings, ...built } of CONSUMERS) {
  test(`${recipe}: at most ${MOST} lines to write, for what is tried`, () => {
    const { installs, commands, lines } = known.get(recipe);
    const tools = { ...built.tools, ...built.python, ...built.crates };
    assert.ok(lines <= MOST, `${lines} lines`);
    const own = openings.some((opening) => 'cdn' in opening) ? [] : ['qkscope'];
    // A version stands there where it is not the newest.
    const names = installs.map((name) => name.replace(/(.)@.*/, '$1'));
    assert.deepEqual(names, [...own, ...Object.keys(tools)]);
    for (const [, tool, version] of installs.flatMap((name) => [/(.+)@(.+)/.exec(name) ?? []])) {
      if (tool) assert.ok(tools[tool].startsWith(`${version}.`), tool);
    }
    for (const opening of openings) {
      const line = 'server' in opening ? opening.server : 'program' in opening ? opening.program : undefined;
      if (line) assert.ok(commands.includes(line), line);
    }
  });
}
