// www/ → pkg/ and dist/, by esbuild, the one bundler of the project.

import { build } from 'esbuild';
import { copyFile, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { carrying } from './carrying.mjs';
import { declarations } from './declarations.mjs';
import { elementEffects, elementExports, elementFiles, elementTypes } from './element.mjs';
import { FETCHED, GENERATED, LOCKS, MODULES } from './kernel.mjs';
import { described, elementsManifest, tagTypes } from './manifest.mjs';
import { inParts, separateViews, withPreloads } from './parts.mjs';
import { packagedReadme } from './readme.mjs';
import { at } from './run.mjs';
import { singleFile } from './single.mjs';
import { step } from './stamp.mjs';

const ENGINE = 'www/src/engine';
export const LICENSES = ['LICENSE-MIT', 'LICENSE-APACHE', 'THIRD-PARTY.md'];

/** What the package carries for those who read. */
export const DOCUMENTS = [...LICENSES, 'docs/embedding.md', 'docs/notebooks.md'];

/** Where the element says what it offers, in the package. */
export const ELEMENTS = 'custom-elements.json';

/** Everything is an ES module for engines that have wasm SIMD (2021 and later). */
const OPTIONS = /** @type {const} */ ({
  bundle: true,
  target: 'es2022',
  charset: 'utf8',
  logLevel: 'error',
  absWorkingDir: at(),
});

/** Bundles whatever changed. The workers come first: the package and the page carry their source inside. */
export async function bundle() {
  await Promise.all(WORKERS.map(worker));
  await npmPackage();
  await page();
}

/** The worker of all, and that of files that carry what they need. */
const WORKERS = [
  { name: 'worker-source', plugins: [] },
  { name: 'worker-source-whole', plugins: [carrying()] },
];

/** A classic worker in a string: from a Blob it starts in sandboxed frames and from a CDN, where a file does not. */
const worker = ({ name, plugins }) =>
  step(name, {
    inputs: [
      ENGINE,
      ...MODULES.map(({ glue }) => `${GENERATED}/${glue}.js`),
      `${GENERATED}/catalog.ts`,
      'xtask/bundle.mjs',
      'xtask/carrying.mjs',
      ...LOCKS,
    ],
    outputs: [`${GENERATED}/${name}.ts`],
    async make() {
      const options = { ...OPTIONS, entryPoints: [`${ENGINE}/worker.ts`], plugins };
      const { outputFiles } = await build({ ...options, format: 'iife', minify: true, write: false });
      const doc = '/** The worker, bundled as a classic script. */';
      const source = `${doc}\nexport default ${JSON.stringify(outputFiles[0].text)};\n`;
      await writeFile(at(GENERATED, `${name}.ts`), source);
    },
  });

/** What the package runs, of the engine: the module that fetches what it needs, and the one that carries it. */
const ENTRIES = [
  { name: 'index', plugins: [] },
  { name: 'inline', plugins: [carrying()] },
];

const npmPackage = () =>
  step('pkg/', {
    inputs: [
      'www/src',
      'xtask/bundle.mjs',
      'xtask/carrying.mjs',
      'xtask/declarations.mjs',
      'xtask/element.mjs',
      'xtask/manifest.mjs',
      'xtask/parts.mjs',
      'xtask/readme.mjs',
      'package.json',
      'tsconfig.json',
      'README.md',
      ...DOCUMENTS,
      ...LOCKS,
    ],
    outputs: ['pkg'],
    async make() {
      // Not minified: whoever installs it reads it, and bundles it with settings of their own.
      const entries = await Promise.all(
        ENTRIES.map(({ name, plugins }) =>
          build({
            ...OPTIONS,
            entryPoints: [`${ENGINE}/${name}.ts`],
            plugins,
            format: 'esm',
            outdir: 'pkg/dist',
            write: false,
          }),
        ),
      );
      const element = await elementFiles({ ...OPTIONS, plugins: [VIEWS] });
      await rm(at('pkg'), { recursive: true, force: true });
      await write([...entries.flatMap(({ outputFiles }) => outputFiles), ...element]);
      await elementTypes(at('pkg/dist'));
      await declarations(`${ENGINE}/index.ts`, at('pkg/dist'));
      await copyModules(MODULES, 'pkg/dist');
      await Promise.all(
        MODULES.map(({ file, glue }) =>
          copyFile(at(GENERATED, `${glue}_bg.wasm.d.ts`), at('pkg/dist', `${file}.d.ts`)),
        ),
      );
      await Promise.all(DOCUMENTS.map((name) => cp(at(name), at('pkg', name))));
      await readme();
      const lists = await described(OPTIONS);
      await writeJson(at('pkg', ELEMENTS), elementsManifest(lists));
      await writeFile(at('pkg/dist/tag.d.ts'), tagTypes(lists));
      await writeJson(at('pkg/package.json'), await manifest());
    },
  });

const writeJson = (file, value) => writeFile(file, `${JSON.stringify(value, null, 2)}\n`);

async function readme() {
  const built = (await readdir(at('pkg/dist'))).map((name) => `dist/${name}`);
  const text = packagedReadme(await readFile(at('README.md'), 'utf8'), new Set([...built, ...DOCUMENTS]));
  await writeFile(at('pkg/README.md'), text);
}

/**
 * The published package.json: who it is from the project's own, and what it offers. It names no address of the project, which
 * has none yet.
 */
async function manifest() {
  const { name, version, description, license, type, engines } = JSON.parse(await readFile(at('package.json'), 'utf8'));
  const types = './dist/index.d.ts';
  return {
    name,
    version,
    description,
    keywords: ['attention', 'transformer', 'wasm', 'simd', 'visualization'],
    license,
    type,
    engines,
    sideEffects: elementEffects(),
    exports: {
      '.': { types, node: './dist/inline.js', default: './dist/index.js' },
      './inline': { types, default: './dist/inline.js' },
      ...elementExports(),
      ...Object.fromEntries(
        MODULES.map(({ file }) => [`./${file}`, { types: `./dist/${file}.d.ts`, default: `./dist/${file}` }]),
      ),
      './package.json': './package.json',
    },
    customElements: ELEMENTS,
    files: ['dist', ELEMENTS, ...DOCUMENTS],
  };
}

const VIEWS = separateViews(at('www/src/views/index.ts'));

const PAGE_ENTRY = 'www/src/page/main.ts';

/**
 * The page's script and its styles.
 *
 * @type {import('./parts.mjs').Bundle}
 */
const PAGE = {
  ...OPTIONS,
  entryPoints: [
    { in: PAGE_ENTRY, out: 'page' },
    { in: 'www/src/style.css', out: 'style' },
  ],
  format: 'esm',
  minify: true,
  outdir: 'dist',
  write: false,
  plugins: [VIEWS],
};

const page = () =>
  step('dist/', {
    inputs: [
      'www',
      'xtask/bundle.mjs',
      'xtask/carrying.mjs',
      'xtask/parts.mjs',
      'xtask/single.mjs',
      ...LICENSES,
      ...LOCKS,
    ],
    outputs: ['dist'],
    async make() {
      const { outputFiles, metafile } = await inParts({ ...PAGE, sourcemap: true }, PAGE_ENTRY);
      await rm(at('dist'), { recursive: true, force: true });
      await write(outputFiles);
      await copyStatic();
      const html = withPreloads(await readFile(at('www/index.html'), 'utf8'), metafile);
      await writeFile(at('dist/index.html'), html);
      await copyModules(FETCHED, 'dist');
      await Promise.all(LICENSES.map((name) => copyFile(at(name), at('dist', name))));
      await writeFile(at('dist/qkscope.html'), await single());
    },
  });

/** Nothing is beside the page: its samples and wasm are read from what is inside. */
const SAMPLES_INSIDE = carrying({ 'page/files': 'page/carried' });

/** The page in one file: the same sources, bundled for a page that has nothing beside it. */
async function single() {
  const { outputFiles } = await build({ ...PAGE, plugins: [...PAGE.plugins, SAMPLES_INSIDE] });
  const bundled = (ending) => outputFiles.find(({ path: file }) => file.endsWith(ending)).text;
  const beside = (await readdir(at('www'))).map((name) => at('www', name));
  return singleFile(await readFile(at('www/index.html'), 'utf8'), {
    script: bundled('.js'),
    style: bundled('.css'),
    icon: await readFile(at('www/favicon.svg'), 'utf8'),
    data: beside.filter((file) => /\.(safetensors|json)$/.test(file)),
    notices: [at('www/NOTICE'), ...LICENSES.map((name) => at(name))],
  });
}

/** Everything of www/ but its sources: the page, the sample files and their notice. */
async function copyStatic() {
  const names = (await readdir(at('www'))).filter((name) => name !== 'src');
  await Promise.all(names.map((name) => cp(at('www', name), at('dist', name), { recursive: true })));
}

/** Modules, beside the script that fetches them. */
const copyModules = (modules, folder) =>
  Promise.all(modules.map(({ file }) => copyFile(at(GENERATED, file), at(folder, file))));

async function write(outputFiles) {
  for (const file of outputFiles) {
    await mkdir(path.dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
  }
}
