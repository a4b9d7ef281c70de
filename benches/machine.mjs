// What the figures were taken on: without it they mean little.

import { readFile } from 'node:fs/promises';
import os from 'node:os';
import process from 'node:process';

import { at } from '../xtask/run.mjs';

/** @param {string} browser its name and version */
export async function machine(browser) {
  const [{ model }] = os.cpus();
  const { version } = JSON.parse(await readFile(at('package.json'), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    browser,
    cpu: model.trim(),
    cores: os.cpus().length,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: await system(),
    node: process.versions.node,
    qkscope: version,
    ...(browser.startsWith('Node') ? {} : await peers()),
  };
}

/** The distribution where it says what it is. */
async function system() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const [, name] = release.match(/^PRETTY_NAME="(.*)"$/m) ?? [];
  return [name, `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`].filter(Boolean).join(', ');
}

async function peers() {
  const { dependencies } = JSON.parse(await readFile(at('benches/package.json'), 'utf8'));
  return dependencies;
}

/** One line for each. */
export const listed = (about) =>
  Object.entries(about)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
