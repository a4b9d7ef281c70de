// Who shows figures: the part of the list that has the element `<qk-scope>` in its pages.

import { ALL, noWasm, plain } from './plain.mjs';

const figure = { ...plain, figures: 1 };

/** @type {import('./list.mjs').Consumer[]} */
export const FIGURES = [
  { recipe: 'A figure', quick: true, openings: [figure] },
  { recipe: 'A figure, by a classic script', openings: [figure, { file: 'index.html', browsers: ALL, figures: 1 }] },
  { recipe: 'A figure from a CDN', openings: [{ ...figure, cdn: true }] },
  { recipe: 'A figure in a sandboxed frame', openings: [figure] },
  {
    recipe: 'A figure under a strict policy',
    openings: [figure, { ...figure, ...noWasm }],
  },
  { recipe: 'A figure under Trusted Types', openings: [figure] },
  {
    recipe: 'VitePress',
    quick: true,
    tools: { vitepress: '1.6.4' },
    openings: [
      { folder: 'docs/.vitepress/dist', figures: 1, dark: [['.VPSwitchAppearance']] },
      { server: 'npx vitepress dev docs', says: /(http:\/\/localhost:\d+\/)/, figures: 1 },
    ],
  },
];
