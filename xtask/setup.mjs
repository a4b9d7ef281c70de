// Makes a fresh machine ready: it needs only rustup, Node and a C toolchain. Everything else is set up here, once.
// Imports nothing that must be installed first, so that it can run before `node_modules` is there.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import process from 'node:process';

import { Failure, at, root, run } from './run.mjs';
import { step } from './stamp.mjs';

const OLDEST_NODE = 20;

/** Checks the machine, then installs what the project can install itself. */
export async function setup() {
  requireNode();
  requireCommand(
    'rustup',
    'Rust is missing: install rustup from https://rustup.rs, open a new terminal and try again.',
  );
  if (process.platform !== 'win32') {
    const help = 'on Debian or Ubuntu `apt-get install build-essential`, on macOS `xcode-select --install`';
    requireCommand('cc', `A C compiler is missing (Rust links programs with it): ${help}.`);
  }
  await rustTargets();
  await npmPackages();
}

function requireNode() {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new Failure(
      `Node ${OLDEST_NODE} or newer is needed, and this is ${process.versions.node}: see https://nodejs.org.`,
    );
  }
}

function requireCommand(command, message) {
  if (spawnSync(command, ['--version'], { cwd: root, stdio: 'ignore' }).status !== 0) throw new Failure(message);
}

/**
 * Adds the targets and components that rust-toolchain.toml names. rustup reads that file by itself only where it
 * installs the whole toolchain: one that is there already is used as it is.
 */
async function rustTargets() {
  const file = await readFile(at('rust-toolchain.toml'), 'utf8');
  await add('target', list(file, 'targets'));
  await add('component', list(file, 'components'));
}

async function add(kind, wanted) {
  const installed = (await run('rustup', [kind, 'list', '--installed'])).split('\n');
  // A component is listed with its host: `clippy-x86_64-unknown-linux-gnu`.
  const missing = wanted.filter((name) => !installed.some((line) => line === name || line.startsWith(`${name}-`)));
  if (missing.length > 0) await run('rustup', [kind, 'add', ...missing], { show: true });
}

function list(toml, key) {
  const [, items] = toml.match(new RegExp(`^${key} *= *\\[([^\\]]*)\\]`, 'm')) ?? [];
  if (items === undefined) throw new Failure(`rust-toolchain.toml has no ${key}.`);
  return [...items.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}

/** Installs exactly what package-lock.json says. No package needs its install script here, so none runs. */
function npmPackages() {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  return step('npm packages', {
    inputs: ['package-lock.json'],
    outputs: ['node_modules/.package-lock.json'],
    make: () => npm(args),
  });
}

/** Under `npm start` npm says where it is; that spares guessing its name, which is another on Windows. */
export function npm(args) {
  const self = process.env.npm_execpath;
  return self?.endsWith('.js') && existsSync(self) ? run(process.execPath, [self, ...args]) : run('npm', args);
}
