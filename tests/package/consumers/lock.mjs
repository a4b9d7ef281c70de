// `node tests/package/consumers/lock.mjs` writes the lock files of what list.mjs names; words after it choose among their names.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

import { at, main } from '../../../xtask/run.mjs';
import { npm } from '../../../xtask/setup.mjs';
import { CONSUMERS, TOOLS, slug } from './list.mjs';
import { manifest } from './project.mjs';
import { environment } from './python.mjs';

const HOW = ['--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--omit-lockfile-registry-resolved'];

main(async () => {
  const words = process.argv.slice(2);
  const wanted = (name) => words.length === 0 || words.includes(name);
  for (const { recipe, python } of CONSUMERS)
    if (python && wanted(slug(recipe))) await lockPython(slug(recipe), python);
  for (const [name, tools] of [...TOOLS].filter(([name]) => wanted(name))) {
    const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-lock-'));
    await writeFile(path.join(folder, 'package.json'), manifest(tools));
    await npm(['install', '--prefix', folder, ...HOW]);
    const lock = await readFile(path.join(folder, 'package-lock.json'), 'utf8');
    await writeFile(at('tests/package/consumers/locks', `${name}.json`), short(JSON.parse(lock)));
    await rm(folder, { recursive: true });
    console.log(name);
  }
});

/** What npm writes of a package for those who read, and for those who install a part. */
const SPOKEN = ['license', 'funding', 'engines', 'deprecated', 'dev'];

/** Where a package names others. */
const NAMED = ['dependencies', 'optionalDependencies', 'peerDependencies'];

/** A lock without what nobody reads here, one package a line. */
function short({ packages, ...head }) {
  const lines = Object.entries(packages).map(([name, entry]) => {
    // The project itself has no name, and is held against its package.json.
    const kept = name === '' ? entry : spared(entry);
    return `${JSON.stringify(name)}:${JSON.stringify(kept)}`;
  });
  return `${JSON.stringify(head).slice(0, -1)},"packages":{\n${lines.join(',\n')}\n}}\n`;
}

/** What `npm ci` needs of a package: what it is, by its hash, and for whose sake it is there. */
function spared({ peerDependenciesMeta: peers = {}, ...entry }) {
  const needed = ([name, _version]) => !peers[name]?.optional;
  if (entry.peerDependencies) {
    entry.peerDependencies = Object.fromEntries(Object.entries(entry.peerDependencies).filter(needed));
  }
  for (const key of NAMED.filter((key) => key in entry)) entry[key] = unversioned(entry[key]);
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !SPOKEN.includes(key)));
}

/** Names without their versions: the lock has settled them. One that says that it is another package's stays. */
const unversioned = (named) =>
  Object.fromEntries(Object.entries(named).map(([name, version]) => [name, version.startsWith('npm:') ? version : '']));

/** What a fresh environment has once these are in it. */
async function lockPython(name, packages) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-lock-'));
  const pip = await environment(folder);
  await pip('install', '--quiet', ...Object.entries(packages).map((entry) => entry.join('==')));
  await writeFile(at('tests/package/consumers/locks', `${name}.txt`), await pip('freeze'));
  await rm(folder, { recursive: true });
  console.log(name);
}
