// Finds a Chromium for the tests, and installs one where that is a matter of one command.
//
// Test tools download browsers of their own, which firewalls like to refuse; the browser of the machine does as well.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];

const BUNDLES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

const HELP =
  'No Chromium was found: install one (on Debian `apt-get install chromium`, on macOS `brew install --cask chromium`), ' +
  'or put the path of Chromium, Chrome or Edge into the environment variable CHROMIUM.';

/**
 * The path of a Chromium. Root on Debian gets the package `chromium` where there is none.
 *
 * @returns {Promise<string>}
 */
export async function chromium() {
  const found = find() ?? (install() ? find() : undefined);
  if (found === undefined) throw new Error(HELP);
  return found;
}

function find() {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) {
    if (existsSync(CHROMIUM)) return CHROMIUM;
    throw new Error(`The environment variable CHROMIUM names ${CHROMIUM}, and there is no such file.`);
  }
  return NAMES.map(which).find(Boolean) ?? BUNDLES.find((file) => existsSync(file));
}

function which(name) {
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  return folders.map((folder) => `${folder}/${name}`).find((file) => existsSync(file));
}

/** @returns {boolean} whether it was tried and worked. */
function install() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
  return apt('update') && apt('install', '-y', '--no-install-recommends', 'chromium');
}
