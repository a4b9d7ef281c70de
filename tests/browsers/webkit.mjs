// WebKitGTK, by the driver that comes with it, over WebDriver, on an X server without a screen.

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { webKit } from '../web/browser.mjs';
import { keyActions, mouseActions, wheelActions } from './actions.mjs';
import { call, parse } from './call.mjs';
import { PATIENCE, folder, start } from './process.mjs';

/** How WebDriver names an element in JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const SCREEN = ['-displayfd', '1', '-screen', '0', '1600x1400x24', '-nolisten', 'tcp'];

/** @returns {Promise<import('./page.mjs').Driver>} */
export async function startWebKit() {
  const { driver, display } = await webKit();
  const home = await folder('webkit');
  const screen = start(display, SCREEN);
  const running = [screen];
  const stop = async () => {
    for (const program of running.reverse()) await program.stop();
    await home.remove();
  };
  try {
    const [, number] = await screen.hear(/^(\d+)\n/m);
    const port = await freePort();
    running.push(start(driver, [`--port=${port}`], await environment(home.at, number)));
    return await drive(await connect(`http://127.0.0.1:${port}`), path.join(home.at, 'downloads'), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A home of its own, in which the browser saves to `downloads`. */
async function environment(home, display) {
  await Promise.all(['config', 'downloads'].map((name) => mkdir(path.join(home, name))));
  await writeFile(path.join(home, 'config/user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${home}/downloads"\n`);
  return {
    ...process.env,
    DISPLAY: `:${display}`,
    GDK_BACKEND: 'x11',
    // Nothing here has a graphics card: what layers would gain, drawing them in software loses twice.
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    // Its sandbox refuses to start as root.
    ...(process.getuid?.() === 0 && { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }),
  };
}

/** The driver says nothing of the port that it has: it is told one. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** Opens a session: a function that sends its commands. */
async function connect(url) {
  const send = async (method, path, body) => {
    const answer = await fetch(url + path, { method, body: body && JSON.stringify(body) });
    const { value } = /** @type {any} */ (await answer.json());
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const end = Date.now() + PATIENCE;
  while (!(await send('GET', '/status').catch(() => false))) {
    if (Date.now() > end) throw new Error('the driver of WebKitGTK does not answer');
    await sleep(50);
  }
  const capabilities = { alwaysMatch: { timeouts: { script: null } } };
  const { sessionId, capabilities: its } = await send('POST', '/session', { capabilities });
  return {
    version: its.browserVersion,
    send: (method, path, body) => send(method, `/session/${sessionId}${path}`, body),
  };
}

function drive({ send, version }, downloads, stop) {
  const resize = (width, height) => send('POST', '/window/rect', { width, height });
  const evaluate = async (work, argument) =>
    parse(await send('POST', '/execute/sync', { script: `return ${call(work, argument)}`, args: [] }));
  return {
    version: `WebKitGTK ${version}`,
    errors: [],
    goto: (url) => send('POST', '/url', { url }),
    evaluate,
    mouse: (steps) => send('POST', '/actions', { actions: mouseActions(steps) }),
    wheel: (at, distance) => send('POST', '/actions', { actions: wheelActions(at, distance) }),
    press: (chord) => send('POST', '/actions', { actions: keyActions(chord) }),
    async setFiles(selector, files) {
      const found = await send('POST', '/element', { using: 'css selector', value: selector });
      await send('POST', `/element/${found[ELEMENT]}/value`, { text: files.join('\n') });
    },
    /** The window has a frame around the page. */
    async resize(width, height) {
      await resize(width, height);
      const [wide, high] = await evaluate(() => [innerWidth, innerHeight]);
      await resize(2 * width - wide, 2 * height - high);
    },
    downloads,
    async close() {
      await send('DELETE', '');
      await stop();
    },
  };
}
