// The element: script, styles, worker and modules in one file, as an ES module and as a classic script.

import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';

import { replacing } from './single.mjs';
import { at } from './run.mjs';

/** What stands in for modules of the page in a file that has nothing beside it. Paths from www/src, without their ending. */
const REPLACED = { 'engine/index': 'engine/inline', 'page/engine': 'engine/inline' };

/** Style sheets as text: they are bundled as the page's are, and become a sheet of the element's own. */
const sheets = (options) => ({
  name: 'sheets',
  setup(build_) {
    build_.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { outputFiles } = await build({ ...options, entryPoints: [file], minify: true, write: false });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
});

/** In two forms: a module, and a classic script for pages without modules and for those opened as files. */
const FORMS = /** @type {const} */ ([
  { format: 'esm', out: 'element' },
  { format: 'iife', out: 'element.iife' },
]);

/** @param {import('esbuild').BuildOptions} options */
export async function elementFiles(options) {
  const plugins = [...(options.plugins ?? []), replacing(at('www/src'), REPLACED), sheets(options)];
  const built = await Promise.all(
    FORMS.map(({ format, out }) =>
      build({
        ...options,
        entryPoints: [{ in: 'www/src/element/define.ts', out }],
        format,
        minify: true,
        outdir: 'pkg/dist',
        plugins,
        write: false,
      }),
    ),
  );
  return built.flatMap(({ outputFiles }) => outputFiles);
}

/** The types as they are written, beside those of the package. */
export async function elementTypes() {
  return (await readFile(at('www/src/element/public.d.ts'), 'utf8')).replace('../engine/index.ts', './index.js');
}
