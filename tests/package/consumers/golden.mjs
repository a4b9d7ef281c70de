// The attention that every consumer computes: one of tests/goldens, whose numbers other implementations have found.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { at } from '../../../xtask/run.mjs';

const NAME = 'score scaled_dot';

const all = JSON.parse(await readFile(at('tests/goldens/goldens.json'), 'utf8'));
const { query, key, value, expected } = all.find(({ name }) => name === NAME);

const written = ([name, { shape, data }]) =>
  `export const ${name} = { shape: [${shape}], data: Float32Array.of(${data}) };\n`;

export const golden = {
  /** A module with the tensors, and `expected`: the numbers of the output. */
  script: () =>
    `${Object.entries({ query, key, value }).map(written).join('')}export const expected = [${expected.output.data}];\n`,

  /** Holds a line of numbers against the output. */
  check(line, where) {
    const found = line.trim().split(/[ ,]+/).map(Number);
    assert.equal(found.length, expected.output.data.length, `${where}: ${line.slice(0, 200)}`);
    found.forEach((number, index) => {
      const off = Math.abs(number - expected.output.data[index]);
      assert.ok(off < 1e-5, `${where}: number ${index} is ${number}, not ${expected.output.data[index]}`);
    });
  },
};
