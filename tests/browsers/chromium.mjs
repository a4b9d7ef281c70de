// Chromium, by Playwright, as in the other tests of the page.

import path from 'node:path';
import process from 'node:process';

import { chromium as engine } from 'playwright-core';

import { chromium } from '../web/browser.mjs';
import { folder } from './process.mjs';

/** @returns {Promise<import('./page.mjs').Driver>} */
export async function startChromium() {
  const { browser: executablePath } = await chromium();
  // Chromium's sandbox refuses to start as root.
  const browser = await engine.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
  const downloads = await folder('chromium');
  const page = await browser.newPage();
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('download', (download) => download.saveAs(path.join(downloads.at, download.suggestedFilename())));
  return {
    version: `Chromium ${browser.version()}`,
    errors,
    downloads: downloads.at,
    before: (content) => page.addInitScript({ content }),
    goto: (url) => page.goto(url),
    evaluate: (work, argument) => page.evaluate(work, argument),
    async mouse(steps) {
      for (const step of steps) {
        if (step === 'down') await page.mouse.down();
        else if (step === 'up') await page.mouse.up();
        else await page.mouse.move(...step);
      }
    },
    async wheel(at, distance) {
      await page.mouse.move(...at);
      await page.mouse.wheel(0, distance);
    },
    press: (chord) => page.keyboard.press(chord),
    setFiles: (selector, files) => page.setInputFiles(selector, files),
    resize: (width, height) => page.setViewportSize({ width, height }),
    async close() {
      await browser.close();
      await downloads.remove();
    },
  };
}
