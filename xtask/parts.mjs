// The page's script in parts: what is read first comes first, the rest when it is near or used.

import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { Failure, at } from './run.mjs';

/**
 * @typedef {import('esbuild').BuildOptions & { entryPoints: { in: string, out: string }[], plugins: import('esbuild').Plugin[],
 *   write: false }} Bundle
 */

/** The page itself, with all that it imports: the first part. What painting waits for, `page.js`, comes before all parts. */
const FIRST = 'www/src/page/page.ts';
const FIRST_OUT = 'first';

/** What is asked for as soon as there is something to be seen, by its source: it is on its way while that is painted. */
const SOON = [FIRST, 'www/src/engine/index.ts', 'www/src/page/story/plane.ts'];

/** The list of views runs nothing: one that is not used is not loaded. Without a word every part would have all of them. */
export const separateViews = (list) => ({
  name: 'separate views',
  setup(build) {
    build.onResolve({ filter: /^\..*\.ts$/ }, ({ path: wanted, importer, resolveDir }) => {
      const found = path.resolve(resolveDir, wanted);
      return found === list || importer === list ? { path: found, sideEffects: false } : undefined;
    });
  },
});

/**
 * Every part says that it comes after the first, which then is one file. Else what is in it would be cut into as many as there are
 * sets of parts that share something with it.
 */
const afterFirst = (parts) => ({
  name: 'after the first',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      if (!parts.includes(file)) return undefined;
      return { contents: `${await readFile(file, 'utf8')}\nimport ${JSON.stringify(at(FIRST))};\n`, loader: 'ts' };
    });
  },
});

/** What runs before the page is there takes it as a file beside it. */
const pageBeside = {
  name: 'page beside',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ path: wanted, resolveDir }) =>
      path.resolve(resolveDir, wanted) === at(FIRST) ? { path: `./${FIRST_OUT}.js`, external: true } : undefined,
    );
  },
};

/**
 * Bundles a page in parts; a part begins where a module is imported when it is used. The script that painting waits for is bundled on
 * its own: else it would wait for what it shares with the others.
 *
 * @param {Bundle} options
 * @param {string} entry the source of that script
 */
export async function inParts(options, entry) {
  const begun = options.entryPoints.filter(({ in: file }) => file === entry);
  const others = options.entryPoints.filter(({ in: file }) => file !== entry);
  const [blocking, later] = await Promise.all([
    build({ ...options, entryPoints: begun, plugins: [...options.plugins, pageBeside] }),
    split({ ...options, entryPoints: [...others, { in: FIRST, out: FIRST_OUT }] }),
  ]);
  return { outputFiles: [...blocking.outputFiles, ...later.outputFiles], metafile: later.metafile };
}

/** @param {Bundle} options */
async function split(options) {
  const whole = /** @type {const} */ ({ ...options, splitting: true, metafile: true });
  const { metafile } = await build(whole);
  const begin = Object.values(metafile.outputs).flatMap(({ entryPoint }) => (entryPoint ? [at(entryPoint)] : []));
  const parts = begin.filter((file) => !options.entryPoints.some((entry) => at(entry.in) === file));
  const { outputFiles, ...made } = await build({ ...whole, plugins: [...options.plugins, afterFirst(parts)] });
  return { ...made, outputFiles: outputFiles.map(arriving) };
}

/** Has every part of a script asked for by `arrive`, which asks anew for one that was lost. */
function arriving(file) {
  if (!file.path.endsWith('.js')) return file;
  const text = file.text.replaceAll(
    /\bimport\(("\.\/[\w-]+\.js")\)/g,
    (_, name) => `arrive(${name},turn=>import(${name}+turn))`,
  );
  return { ...file, contents: Buffer.from(text) };
}

/**
 * Lets the page's HTML name the parts that its script asks for soon: found out by running, each would cost a way to the host and back.
 * What is painted first goes before them.
 *
 * @param {string} html
 * @param {import('esbuild').Metafile} metafile
 */
export function withPreloads(html, { outputs }) {
  const made = (source) => {
    const [found] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [];
    if (found === undefined) throw new Failure(`no part of the page begins with ${source}`);
    return found;
  };
  const parts = new Set();
  const add = (file) => {
    if (parts.has(file)) return;
    parts.add(file);
    for (const { path: needed, kind } of outputs[file].imports) if (kind === 'import-statement') add(needed);
  };
  SOON.map(made).forEach(add);
  const links = [...parts].map(
    (file) => `    <link rel="modulepreload" href="${path.basename(file)}" fetchpriority="low" />\n`,
  );
  return html.replace(/(?<=^.*<script type="module".*<\/script>\n)/m, () => links.join(''));
}
