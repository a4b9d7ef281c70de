// What two files say must be one thing.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { integrity } from '../../xtask/integrity.mjs';
import { notices } from '../../xtask/notices.mjs';
import { at } from '../../xtask/run.mjs';
import { readme } from '../../xtask/tables.mjs';

const read = (file) => readFile(at(file), 'utf8');

test('THIRD-PARTY.md names every crate in the module, with its licence', async () => {
  assert.equal(await read('THIRD-PARTY.md'), await notices(), 'run `node xtask/notices.mjs`');
});

test('README.md has the tables that the lists make', async () => {
  assert.equal(await read('README.md'), await readme(), 'run `node xtask/tables.mjs`');
});

test('the crate and the package have one version, description and licence', async () => {
  const npm = JSON.parse(await read('package.json'));
  const [, crate] = (await read('Cargo.toml')).match(/^\[package\]\n((?:[^[\n].*\n)+)/m);
  for (const key of ['name', 'version', 'description', 'license']) {
    assert.equal(crate.match(new RegExp(`^${key} = "(.*)"`, 'm'))?.[1], npm[key], key);
  }
});

test('the lock file names no registry', async () => {
  const { packages } = JSON.parse(await read('package-lock.json'));
  for (const [name, entry] of Object.entries(packages)) assert.equal(entry.resolved, undefined, name);
});

test('a release needs no secret, may do one thing, and says where it was built', async () => {
  const release = await read('.github/workflows/release.yml');
  assert.match(release, /npm publish \S+ --provenance/);
  assert.match(release, /^permissions: \{\}$/m);
  assert.doesNotMatch(release, /secrets\.|TOKEN/);
  for (const [, action] of release.matchAll(/uses: (\S+)/g)) assert.match(action, /@[0-9a-f]{40}$/);
  const jobs = release.split(/^ {2}(?=\w+:$)/m).slice(2);
  const granted = jobs.map((job) => [...job.matchAll(/^ +([a-z-]+: (?:read|write))$/gm)].map(([, what]) => what));
  assert.deepEqual(granted, [['contents: read'], ['contents: read'], ['id-token: write']]);
  const [test, build, publish] = jobs;
  assert.match(test, /npm test && npm run test:consumers/);
  assert.match(build, /^ +needs: test$/m);
  assert.match(build, /pkg\/dist\/\* \| sha256sum.*needs\.test\.outputs\.dist/);
  assert.match(publish, /^ +needs: build$/m);
  // What may speak in the project's name runs nothing that anybody else wrote.
  assert.deepEqual(publish.match(/run: .*/g), [
    'run: npm publish ./qkscope-*.tgz --provenance --access public --ignore-scripts',
  ]);
  assert.doesNotMatch(publish, /checkout/);
});

test('the package needs nothing at run time', async () => {
  const npm = JSON.parse(await read('package.json'));
  assert.equal(npm.dependencies, undefined);
});

test('a hash is what `integrity` takes', () => {
  const empty = 'sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb';
  assert.equal(integrity(new Uint8Array()), empty);
});
