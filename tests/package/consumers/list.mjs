// Who uses the package: for each a recipe of docs/, the versions it is tried with, and ways to open what comes out.
//
// To add one: a recipe under a heading of its own, a line here, and `node tests/package/consumers/lock.mjs` where it has tools.

import { FIGURES } from './figures.mjs';
import { nextJs, noWasm, plain, vite } from './plain.mjs';

/**
 * How the outcome is looked at. Each command of the recipe is run once, in its order: those that an opening names when it is
 * looked at, the others before.
 *
 * @typedef {object} Shown what there is to see in a page.
 * @property {number} [outputs] elements with the numbers, one unless there are figures.
 * @property {number} [figures] elements `<qk-scope>`.
 * @property {boolean} [onMainThread] whether workers are forbidden.
 * @property {RegExp} [refused] what is said in place of the numbers and in the figures.
 * @property {[selector: string, value?: string][]} [dark] what makes the site dark: clicks, and values of menus.
 * @property {boolean} [notebook] whether it is a notebook, whose cells are run.
 * @property {string} [cdn] the file that names a CDN: the package is served from another origin as well.
 *
 * @typedef {Shown & { folder: string, browsers?: readonly Browser[], without?: string }} Page a folder of the project, served
 *   with the headers of the recipe, of which `without` is taken away.
 * @typedef {Shown & { file: string, browsers: readonly Browser[] }} File a page that is opened from the disk.
 * @typedef {Shown & { server: string, says: RegExp }} Server a command that serves the page, and where it says its address.
 * @typedef {{ program: string, says?: RegExp }} Program a command whose last line are the numbers, or that says that it has
 *   compared them.
 *
 * @typedef {'chromium' | 'firefox' | 'webKit'} Browser
 *
 * @typedef {object} Consumer
 * @property {string} recipe its heading.
 * @property {boolean} [quick] whether `npm test` tries it: the others are left to `npm run test:consumers`.
 * @property {Record<string, string>} [tools] what it is built with.
 * @property {Record<string, string>} [python] what it is built with, out of Python's packages.
 * @property {Record<string, string>} [crates] what it is built with, out of Rust's.
 * @property {Record<string, string>} [besides] what its tools need of npm, of which no recipe speaks: a newer Node.
 * @property {boolean} [site] whether it has what such a project begins with, in a folder of `sites`.
 * @property {(Page | File | Server | Program)[]} openings
 */

/** @type {Consumer[]} */
export const CONSUMERS = [
  ...FIGURES,
  { recipe: 'A page', quick: true, openings: [plain] },
  { recipe: 'A page, one file', openings: [plain] },
  { recipe: 'A CDN', openings: [{ ...plain, cdn: 'index.html' }] },
  { recipe: 'A CDN, by its hash', openings: [{ ...plain, cdn: 'index.html' }] },
  { recipe: 'A sandboxed frame', openings: [plain] },
  {
    recipe: 'A strict policy',
    openings: [
      plain,
      { ...plain, without: ' blob:', onMainThread: true },
      // WebKit says nothing of a module that fails where it awaits.
      { ...plain, ...noWasm, browsers: ['chromium', 'firefox'] },
    ],
  },
  { recipe: 'Trusted Types', openings: [plain] },
  { recipe: 'Vite', quick: true, tools: { vite: '8.3.8' }, openings: [{ folder: 'dist' }, vite] },
  { recipe: 'Vite 5', tools: { vite: '5.4.21' }, openings: [{ folder: 'dist' }, vite] },
  {
    recipe: 'webpack',
    quick: true,
    tools: { webpack: '5.113.0', 'webpack-cli': '6.0.1' },
    openings: [{ folder: '.' }],
  },
  { recipe: 'esbuild', quick: true, tools: { esbuild: '0.28.2' }, openings: [{ folder: '.' }] },
  {
    recipe: 'Rollup',
    tools: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' },
    openings: [{ folder: '.' }],
  },
  { recipe: 'Node', quick: true, openings: [{ program: 'node main.js' }] },
  { recipe: 'TypeScript', tools: { typescript: '7.0.2' }, openings: [{ program: 'node dist/main.js' }] },
  { recipe: 'Vitest', tools: { vitest: '3.2.4' }, openings: [{ program: 'npx vitest run', says: /1 passed/ }] },
  {
    recipe: 'Jest',
    tools: { jest: '30.5.2' },
    openings: [{ program: 'node --experimental-vm-modules node_modules/jest/bin/jest.js', says: /1 passed/ }],
  },
  {
    recipe: 'Next.js, the pages router',
    tools: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    openings: nextJs({ outputs: 2 }),
  },
  {
    recipe: 'Next.js, the app router',
    site: true,
    tools: {
      ...{ next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
      ...{ typescript: '7.0.2', '@types/node': '20.19.43', '@types/react': '19.3.3' },
    },
    openings: nextJs({ outputs: 1, figures: 1 }),
  },
];

/** What checks the package itself, installed and locked in the same way. */
export const CHECKERS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' };

/** The frameworks that the package has types for. */
export const FRAMEWORKS = {
  react: '19.3.1',
  'react-dom': '19.3.1',
  '@types/react': '19.3.3',
  '@types/react-dom': '19.3.0',
  vue: '3.5.45',
};

/** Everything that is installed, by the name of its folder and of its lock file: `A page, one file` is `a-page-one-file`. */
export const TOOLS = new Map([
  ...CONSUMERS.flatMap(({ recipe, tools, besides }) =>
    tools ? [/** @type {const} */ ([slug(recipe), { ...besides, ...tools }])] : [],
  ),
  ['checkers', CHECKERS],
  ['frameworks', FRAMEWORKS],
]);

/** @param {string} recipe */
export function slug(recipe) {
  return recipe.toLowerCase().replaceAll(/\W+/g, '-');
}
