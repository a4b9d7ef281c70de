// Firefox, as it is installed, over WebDriver BiDi: it speaks that by itself.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { firefox } from '../web/browser.mjs';
import { keyActions, mouseActions, wheelActions } from './actions.mjs';
import { connect } from './bidi.mjs';
import { call, parse } from './call.mjs';
import { folder, start } from './process.mjs';

/** Firefox turns off what disturbs tests when it is driven; this is what it leaves. */
const QUIET = { 'datareporting.policy.dataSubmissionEnabled': false, 'browser.aboutwelcome.enabled': false };

/**
 * Starts a Firefox with a profile of its own.
 *
 * @param {{ preferences?: Record<string, boolean | number | string> }} [options]
 * @returns {Promise<import('./page.mjs').Driver>}
 */
export async function startFirefox({ preferences = {} } = {}) {
  const { browser: program } = await firefox();
  const profile = await folder('firefox');
  const lines = Object.entries({ ...QUIET, ...preferences }).map((entry) => JSON.stringify(entry).slice(1, -1));
  await writeFile(path.join(profile.at, 'user.js'), lines.map((line) => `user_pref(${line});\n`).join(''));
  const args = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile.at, 'about:blank'];
  const browser = start(program, args);
  const saved = await folder('firefox-saved');
  const stop = async () => {
    await browser.stop();
    await Promise.all([profile.remove(), saved.remove()]);
  };
  try {
    const [, url] = await browser.hear(/WebDriver BiDi listening on (ws:\/\/\S+)/);
    return await drive(`${url}/session`, saved.at, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function drive(url, downloads, stop) {
  const errors = [];
  const { send, version, close } = await connect(url, {
    'log.entryAdded': ({ level, text }) => level === 'error' && errors.push(text),
  });
  const { contexts } = await send('browsingContext.getTree');
  const { context } = contexts[0];
  const downloadBehavior = { type: 'allowed', destinationFolder: downloads };
  await send('browser.setDownloadBehavior', { downloadBehavior });
  return {
    version: `Firefox ${version}`,
    errors,
    downloads,
    goto: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    async evaluate(work, argument) {
      const expression = call(work, argument);
      const answer = await send('script.evaluate', { expression, target: { context }, awaitPromise: true });
      if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
      return parse(answer.result.value);
    },
    mouse: (steps) => send('input.performActions', { context, actions: mouseActions(steps) }),
    wheel: (at, distance) => send('input.performActions', { context, actions: wheelActions(at, distance) }),
    press: (chord) => send('input.performActions', { context, actions: keyActions(chord) }),
    async setFiles(selector, files) {
      const locator = { type: 'css', value: selector };
      const { nodes } = await send('browsingContext.locateNodes', { context, locator });
      await send('input.setFiles', { context, element: { sharedId: nodes[0].sharedId }, files });
    },
    resize: (width, height) => send('browsingContext.setViewport', { context, viewport: { width, height } }),
    async close() {
      await send('browser.close');
      close();
      await stop();
    },
  };
}
