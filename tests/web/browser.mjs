// Finds the browsers for the tests, and installs one where that is a matter of one command.
//
// Test tools download browsers of their own, which firewalls like to refuse; the browsers of the machine do as well.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/**
 * A program by the names it goes by: of commands, and of files.
 *
 * @typedef {{ variable?: string, names: string[], files?: string[] }} Program
 */

/** @type {Record<string, Program>} */
const PROGRAMS = {
  chromium: {
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'],
    files: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    ],
  },
  firefox: {
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    files: ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'],
  },
  webKitDriver: { names: ['WebKitWebDriver'] },
  display: { names: ['Xvfb'] },
};

const HELP = {
  chromium:
    'No Chromium was found: install one (on Debian `apt-get install chromium`, on macOS `brew install --cask chromium`), ' +
    'or put the path of Chromium, Chrome or Edge into the environment variable CHROMIUM.',
  firefox:
    'No Firefox was found: install one (on Debian `apt-get install firefox-esr`, on macOS `brew install --cask firefox`), ' +
    'or put its path into the environment variable FIREFOX.',
  webKit:
    'No WebKitGTK with its driver was found, or no Xvfb to show it on: install them ' +
    '(on Debian `apt-get install webkit2gtk-driver xvfb`; there are none for other systems than Linux).',
};

/**
 * A Chromium, by its path. Root on Debian gets the package where there is none, here and below.
 *
 * @returns {Promise<{ browser: string }>}
 */
export async function chromium() {
  const [browser] = await need(['chromium'], ['chromium'], HELP.chromium);
  return { browser };
}

/**
 * A Firefox.
 *
 * @returns {Promise<{ browser: string }>}
 */
export async function firefox() {
  const [browser] = await need(['firefox'], ['firefox-esr'], HELP.firefox);
  return { browser };
}

/**
 * The driver of WebKitGTK, which finds the browser itself, and an X server without a screen.
 *
 * @returns {Promise<{ driver: string, display: string }>}
 */
export async function webKit() {
  const [driver, display] = await need(['webKitDriver', 'display'], ['webkit2gtk-driver', 'xvfb'], HELP.webKit);
  return { driver, display };
}

/** The packages of Debian that bring the fonts of the pictures that tests compare, and a file of each. */
export const FONT_PACKAGES = {
  'fonts-dejavu-core': '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  'fonts-liberation': '/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf',
  'fonts-droid-fallback': '/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf',
};

/** Root on Debian gets those that are missing, before any page is laid out; the test of the pictures says what others need. */
export function fonts() {
  const missing = Object.entries(FONT_PACKAGES).filter(([, file]) => !existsSync(file));
  if (missing.length > 0) install(missing.map(([name]) => name));
}

/** All of `programs`, of which the Debian `packages` bring those that are missing. */
async function need(programs, packages, help) {
  const look = () => programs.map((program) => find(PROGRAMS[program]));
  let found = look();
  if (!found.every(Boolean) && install(packages)) found = look();
  if (!found.every(Boolean)) throw new Error(help);
  return found;
}

/** @param {Program} program */
function find({ variable, names, files = [] }) {
  const named = variable && process.env[variable];
  if (named && !existsSync(named)) {
    throw new Error(`The environment variable ${variable} names ${named}, and there is no such file.`);
  }
  return named || (names.map(which).find(Boolean) ?? files.find((file) => existsSync(file)));
}

function which(name) {
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  return folders.map((folder) => `${folder}/${name}`).find((file) => existsSync(file));
}

/** Installs packages where root on Debian asks. @param {string[]} packages @returns {boolean} whether it was tried and worked. */
export function install(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
  return apt('update') && apt('install', '-y', '--no-install-recommends', ...packages);
}
