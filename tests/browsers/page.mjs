// A page in any browser: what each can do, and what follows from it for all of them.

import assert from 'node:assert/strict';
import { readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A place in the window, in CSS pixels, or what the mouse's button does there.
 *
 * @typedef {[number, number] | 'down' | 'up'} MouseStep
 */

/**
 * What each browser can do in its own way. One window, one page.
 *
 * @typedef {object} Driver
 * @property {string} version
 * @property {string[]} errors what it has written to the console as errors, where its protocol says so.
 * @property {string} downloads the folder that it saves to.
 * @property {(script: string) => Promise<unknown>} [before] runs a script in every page to come, before all of its own.
 * @property {(url: string) => Promise<unknown>} goto
 * @property {(work: (argument: any) => any, argument?: any) => Promise<any>} evaluate a function in the page; both
 *   ways goes what JSON can carry.
 * @property {(steps: MouseStep[]) => Promise<unknown>} mouse
 * @property {(at: [number, number], distance: number) => Promise<unknown>} wheel turned down by so many pixels.
 * @property {(chord: string) => Promise<unknown>} press a key, or several: `Control+End`.
 * @property {(selector: string, files: string[]) => Promise<unknown>} setFiles of an input.
 * @property {(width: number, height: number) => Promise<unknown>} resize the window to this room for the page.
 * @property {() => Promise<void>} close
 */

/** How long to wait for what is to come, in milliseconds. */
const PATIENCE = 30_000;

/** A page of the site, in the words that Playwright has for it where it has them. */
export class Page {
  /** @type {Driver} */
  #driver;
  #site;
  #loads = 0;
  #wrongs = [];

  /**
   * @param {Driver} driver
   * @param {{ url: string, folder: string }} site
   */
  constructor(driver, site) {
    this.#driver = driver;
    this.#site = site;
  }

  /** Loads a page of the site anew. */
  async load(address = '') {
    await this.#keepWrongs();
    this.#loads += 1;
    const url = new URL(address, this.#site.url);
    // With another fragment alone the browser would stay where it is.
    url.search = String(this.#loads);
    await this.#driver.goto(url.href);
    // It says what it is before the script behind it is there.
    await this.waitForFunction(() => !document.querySelector('main[aria-busy="true"]'));
  }

  /** Takes the file of the site whose name matches away; returns what puts it back. */
  async lose(pattern) {
    const name = (await readdir(this.#site.folder)).find((name) => pattern.test(name));
    const [file, aside] = [name, `${name}.lost`].map((name) => path.join(this.#site.folder, name));
    await rename(file, aside);
    return () => rename(aside, file);
  }

  /** Follows a link of the page: in the open one, which takes a tenth of the time, where there is one. */
  async follow(hash) {
    const open = await this.evaluate((hash) => {
      // To the address where the page is nothing leads.
      if (!document.querySelector('#explore') || location.hash === hash) return false;
      location.hash = hash;
      scrollTo(0, 0);
      return true;
    }, hash);
    if (!open) await this.load(hash);
  }

  evaluate(work, argument) {
    return this.#driver.evaluate(work, argument);
  }

  /** Waits until `work` finds something in the page, which JSON can carry. */
  async waitForFunction(work, argument) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const found = await this.evaluate(work, argument);
      if (found) return found;
      if (Date.now() > end) throw new Error(`waited ${PATIENCE / 1000} s for ${work} of ${JSON.stringify(argument)}`);
      await sleep(40);
    }
  }

  /** The text of the first element of its kind, once there is one. */
  text(selector) {
    return this.#of(selector, 'textContent');
  }

  /** The value of a control. */
  value(selector) {
    return this.#of(selector, 'value');
  }

  /** Waits until an element's text matches. */
  async says(selector, pattern) {
    const { source, flags } = pattern;
    const said = await this.waitForFunction(
      ([selector, source, flags]) => {
        const text = document.querySelector(selector)?.textContent;
        return new RegExp(source, flags).test(text) && text;
      },
      [selector, source, flags],
    ).catch(async () => assert.match(await this.text(selector), pattern));
    return said;
  }

  async #of(selector, property) {
    const [value] = await this.waitForFunction(
      ([selector, property]) => {
        const found = document.querySelector(selector);
        return found && [found[property]];
      },
      [selector, property],
    );
    return value;
  }

  /** Waits until the address says so: it is written once the view rests. */
  linked(name, value) {
    return this.waitForFunction(
      ([name, value]) => new URLSearchParams(location.hash.slice(1)).get(name) === value,
      [name, value],
    );
  }

  /** Where an element stands in the window, once it is in the middle of it, and still. */
  async box(selector) {
    return this.waitForFunction(async (selector) => {
      const found = document.querySelector(selector);
      if (!found) return undefined;
      const place = () => Object.values(found.getBoundingClientRect().toJSON()).map(Math.round).join();
      found.scrollIntoView({ block: 'center', behavior: 'instant' });
      const before = place();
      await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
      const { x, y, width, height } = found.getBoundingClientRect();
      return width > 0 && place() === before && { x, y, width, height };
    }, selector);
  }

  /** @returns {Promise<[number, number]>} the middle of the box. */
  async middle(selector) {
    const { x, y, width, height } = await this.box(selector);
    return [x + width / 2, y + height / 2];
  }

  /** Clicks the middle of an element, which has to be in sight there. */
  async click(selector) {
    const middle = await this.middle(selector);
    const hit = await this.evaluate(
      ([selector, [x, y]]) => {
        const [target, hit] = [document.querySelector(selector), document.elementFromPoint(x, y)];
        return target.contains(hit) || hit?.closest('label')?.contains(target) || (hit?.outerHTML.slice(0, 200) ?? '');
      },
      [selector, middle],
    );
    assert.equal(hit, true, `something else is where ${selector} should be clicked`);
    await this.#driver.mouse([middle, 'down', 'up']);
  }

  /** Takes hold at a place and moves by so much, in a few steps. */
  async drag([x, y], [dx, dy]) {
    /** @type {MouseStep[]} */
    const way = Array.from({ length: 8 }, (_, step) => [x + (dx * (step + 1)) / 8, y + (dy * (step + 1)) / 8]);
    await this.#driver.mouse([[x, y], 'down', ...way, 'up']);
  }

  wheel(at, distance) {
    return this.#driver.wheel(at, distance);
  }

  async press(...chords) {
    for (const chord of chords) await this.#driver.press(chord);
  }

  focus(selector) {
    return this.evaluate((selector) => document.querySelector(selector).focus(), selector);
  }

  /** Chooses from a menu, which browsers draw outside of the page. */
  async choose(selector, value) {
    await this.#of(selector, 'value');
    await this.evaluate(
      ([selector, value]) => {
        const menu = document.querySelector(selector);
        menu.value = value;
        for (const type of ['input', 'change']) menu.dispatchEvent(new Event(type, { bubbles: true }));
      },
      [selector, value],
    );
  }

  setFiles(selector, ...files) {
    return this.#driver.setFiles(selector, files);
  }

  resize(width, height) {
    return this.#driver.resize(width, height);
  }

  /** The file that a click on an element saves. */
  async save(selector) {
    const { downloads } = this.#driver;
    for (const old of await readdir(downloads)) await rm(path.join(downloads, old));
    await this.click(selector);
    const end = Date.now() + PATIENCE;
    let before = -1;
    for (;;) {
      const [name, ...more] = await readdir(downloads);
      // Some write under another name first, which may be gone by now, all in parts.
      const isItsOwn = more.length === 0 && /^qkscope-[\w@-]+\.(csv|json|svg|png)$/.test(name ?? '');
      const content = isItsOwn ? await readFile(path.join(downloads, name)) : undefined;
      if (content?.length > 0 && content.length === before) return { name, content };
      before = content?.length ?? -1;
      if (Date.now() > end) throw new Error(`${selector} saved nothing but ${[name, ...more]}`);
      await sleep(50);
    }
  }

  async #keepWrongs() {
    const kept = await this.evaluate(() => globalThis['wrongs']?.splice(0) ?? []);
    this.#wrongs.push(...this.#driver.errors.splice(0), ...kept);
  }

  /** What went wrong since the last call, in all pages that were loaded. */
  async wrongs() {
    await this.#keepWrongs();
    return this.#wrongs.splice(0);
  }
}
