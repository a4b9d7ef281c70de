// The package as it is published: what is in the tarball and what it asks of whoever installs it, and what the tools say of it
// that those who publish go by.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { DOCUMENTS, ELEMENTS } from '../../xtask/bundle.mjs';
import { at } from '../../xtask/run.mjs';
import { complete, install } from './consumers/project.mjs';
import { TARBALL, pack } from './pack.mjs';

/** What `npm pack` left, by path in the package. @type {Map<string, Buffer>} */
let files;
let manifest;
before(async () => {
  await pack();
  files = untar(gunzipSync(await readFile(at(TARBALL))));
  manifest = JSON.parse(String(files.get('package.json')));
});

test('the tarball has what is exported, the types of it, and who it is; nothing else', () => {
  const wanted = new Set(['package.json', 'README.md', ELEMENTS, ...DOCUMENTS]);
  const add = (file) => {
    if (wanted.has(file)) return;
    wanted.add(file);
    if (!file.endsWith('.d.ts')) return;
    for (const [, other] of String(files.get(file)).matchAll(/from ['"](\.[^'"]+?)(?:\.[jt]s)?['"]/g)) {
      add(`${path.posix.join(path.posix.dirname(file), other)}.d.ts`);
    }
  };
  targets(manifest.exports).forEach((file) => add(path.posix.normalize(file)));
  assert.deepEqual([...files.keys()].sort(), [...wanted].sort());
});

/** The files that conditions lead to. */
const targets = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets));

test('whoever installs it gets nothing else, and nothing runs', () => {
  const keys = ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies', 'scripts', 'bin'];
  for (const key of keys) assert.equal(manifest[key], undefined, key);
});

test('it says what it is, and names every file that it publishes', () => {
  for (const key of ['name', 'version', 'description', 'license', 'engines', 'keywords']) assert.ok(manifest[key], key);
  assert.ok(manifest.files.length > 0);
  for (const name of files.keys()) {
    const named = ['package.json', 'README.md', ...manifest.files];
    assert.ok(
      named.some((line) => name === line || name.startsWith(`${line}/`)),
      `${name} is in no line of "files"`,
    );
  }
});

/** What turns text into markup or code, and what reaches a parser of either. */
const FORBIDDEN =
  /\.(?:inner|outer)HTML\b|insertAdjacentHTML|srcdoc|document\.write|\beval\(|new Function\b|javascript:|DOMParser/;

test('no script of it turns text into markup or code', () => {
  const scripts = [...files].filter(([name]) => name.endsWith('.js'));
  assert.ok(scripts.length >= 2);
  for (const [name, bytes] of scripts) assert.doesNotMatch(String(bytes), FORBIDDEN, name);
});

test('types come before what runs, and "default" comes last', () => {
  for (const [name, entry] of Object.entries(manifest.exports).filter(([, entry]) => typeof entry === 'object')) {
    const conditions = Object.keys(entry);
    assert.deepEqual([conditions[0], conditions.at(-1)], ['types', 'default'], name);
  }
});

const CHECKERS = {
  publint: `npx publint ${at(TARBALL)} --strict`,
  'are the types wrong': `npx attw ${at(TARBALL)} --profile esm-only --no-emoji`,
};

for (const [name, line] of Object.entries(CHECKERS)) {
  test(`${name}: nothing to say`, async () => {
    await complete(await install('checkers'), line);
  });
}

/** The files of a tar archive, without the folder that npm puts around them (POSIX.1-1988, ustar). */
function untar(bytes) {
  const found = new Map();
  const text = (from, length) => bytes.toString('utf8', from, from + length).split('\0', 1)[0];
  for (let head = 0; text(head, 100) !== '';) {
    const size = Number.parseInt(text(head + 124, 12), 8);
    found.set(text(head, 100).replace(/^package\//, ''), bytes.subarray(head + 512, head + 512 + size));
    head += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}
