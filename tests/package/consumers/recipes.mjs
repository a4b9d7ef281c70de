// The recipes of docs/ as data: what each has of files, commands and headers.

import { readFile } from 'node:fs/promises';

import { at } from '../../../xtask/run.mjs';

/**
 * @typedef {object} Recipe
 * @property {Record<string, string>} files by their path in the project, those that all recipes share among them.
 * @property {string[]} installs what `npm install` and its like are given, in the order of the text.
 * @property {string[]} commands the other lines for a shell.
 * @property {Record<string, string>} headers that the page is served with.
 * @property {number} lines of its own to write: what commands there are does not count.
 */

const TEXTS = ['docs/embedding.md', 'docs/notebooks.md'];

/** The text that all the others build on. */
const SHARED = 'The program';

/** @returns {Promise<Map<string, Recipe>>} by heading. */
export async function recipes() {
  const texts = await Promise.all(TEXTS.map((text) => readFile(at(text), 'utf8')));
  const sections = texts
    .flatMap((text) => text.split(/^##+ /m).slice(1))
    .filter((section) => section.includes('\n```'));
  const found = new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), parse(section)]));
  const shared = found.get(SHARED)?.files;
  found.delete(SHARED);
  for (const recipe of found.values()) recipe.files = { ...shared, ...recipe.files };
  return found;
}

/** @returns {Recipe} */
function parse(section) {
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code }));
  const of = (language) =>
    blocks.filter((block) => block.language === language).flatMap(({ code }) => code.trim().split('\n'));
  const install = /^(?:npm install (?:--save-dev )?|pip install |cargo install )/;
  const written = blocks.filter(({ language }) => language !== 'sh');
  const files = written.filter(({ language }) => language !== 'http').map(({ code }) => named(code));
  return {
    files: Object.fromEntries(files),
    installs: of('sh').flatMap((line) => (install.test(line) ? line.replace(install, '').split(' ') : [])),
    commands: of('sh').filter((line) => !install.test(line)),
    headers: Object.fromEntries(of('http').map((line) => line.split(/: (.*)/, 2))),
    lines: written.flatMap(({ code }) => code.split('\n')).filter((line) => line.trim() && !NAME.test(line)).length,
  };
}

/** The first line of a file says its name. */
const NAME = /^(?:\/\/|<!--|#) ([\w./-]+\.\w+)(?: -->)?$/;

function named(code) {
  const [, name] = NAME.exec(code.split('\n', 1)[0]) ?? [];
  if (name === undefined) throw new Error(`a file of a recipe without a name:\n${code}`);
  return [name, code.slice(code.indexOf('\n') + 1)];
}
