// The element: script, styles, worker and modules in one file, in several forms.

import { build } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { carrying } from './carrying.mjs';
import { at } from './run.mjs';

/** Nothing comes later here, as the engine does in the page. */
const AT_ONCE = carrying({ 'page/engine': 'engine/inline' });

/** Style sheets as text: they are bundled as the page's are, and become a sheet of the element's own. */
const sheets = (options) => ({
  name: 'sheets',
  setup(build_) {
    build_.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { outputFiles } = await build({ ...options, entryPoints: [file], minify: true, write: false });
      return { contents: inOwnRem(outputFiles[0].text), loader: 'text' };
    });
  },
});

/**
 * What is made, of sources from www/src: a module, a classic script for pages without modules and for those opened as files, and a
 * widget of notebooks.
 */
const FORMS = /** @type {const} */ ([
  { file: 'element', entry: 'element/define.ts', format: 'esm' },
  { file: 'element.iife', entry: 'element/define.ts', format: 'iife' },
  { file: 'anywidget', entry: 'anywidget/anywidget.ts', format: 'esm' },
]);

/** How these are imported: as what, and with which types. Frameworks whose types cannot be named where they are missing come apart. */
const ENTRIES = [
  { name: 'element', file: 'element', types: 'element' },
  { name: 'element.iife.js', file: 'element.iife', types: 'element' },
  { name: 'anywidget', file: 'anywidget', types: 'anywidget' },
  { name: 'react', file: 'element', types: 'react' },
  { name: 'vue', file: 'element', types: 'vue' },
];

/** Types that are written by hand, from www/src. */
const TYPES = {
  element: 'element/public.d.ts',
  anywidget: 'anywidget/public.d.ts',
  react: 'frameworks/react.d.ts',
  vue: 'frameworks/vue.d.ts',
};

/** Where the sources that types name are in the package. */
const BESIDE = { '../engine/index.ts': './index.js', '../element/public.d.ts': './element.js' };

/** Sizes are of the figure's own unit: the root of somebody else's page may have letters of any size. */
const inOwnRem = (css) => css.replaceAll(/(?<![\w-])(\d*\.?\d+)rem\b/g, 'calc($1*var(--rem))');

/** @param {import('esbuild').BuildOptions} options */
export async function elementFiles(options) {
  const plugins = [...(options.plugins ?? []), AT_ONCE, sheets(options)];
  const built = await Promise.all(
    FORMS.map(({ entry, file, format }) =>
      build({
        ...options,
        entryPoints: [{ in: `www/src/${entry}`, out: file }],
        format,
        minify: true,
        outdir: 'pkg/dist',
        plugins,
        write: false,
      }),
    ),
  );
  return built.flatMap(({ outputFiles }, index) =>
    FORMS[index].format === 'iife' ? outputFiles.map(inAscii) : outputFiles,
  );
}

/**
 * A page that does not say its encoding reads a classic script in any that it likes: this has letters that all of them share. All
 * others stand in strings and regular expressions, which esbuild's own option leaves as they are.
 */
const inAscii = ({ path: file, text }) => ({
  path: file,
  contents: text.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
});

/** Writes the types, as they stand but for what they import, beside those of the package. */
export async function elementTypes(folder) {
  for (const [name, source] of Object.entries(TYPES)) {
    const text = await readFile(at('www/src', source), 'utf8');
    const moved = text.replace(/(?<=from ')[^']+(?=')/g, (from) => BESIDE[from] ?? from);
    await writeFile(path.join(folder, `${name}.d.ts`), moved);
  }
}

/** How the package offers all of these. */
export const elementExports = () =>
  Object.fromEntries(
    ENTRIES.map(({ name, file, types }) => [
      `./${name}`,
      { types: `./dist/${types}.d.ts`, default: `./dist/${file}.js` },
    ]),
  );

/** To import one is to register the element. */
export const elementEffects = () => FORMS.map(({ file }) => `./dist/${file}.js`);
