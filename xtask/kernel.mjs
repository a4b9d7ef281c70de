// Rust → www/src/generated/: the wasm modules, the glue that wasm-bindgen writes for them, and the kernel's own lists.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

import { catalogModule } from './catalog.mjs';
import { Failure, at, run, runNode, targetFolder } from './run.mjs';
import { step } from './stamp.mjs';

export const GENERATED = 'www/src/generated';

/** What decides which version of wasm-bindgen, binaryen and esbuild is at work. */
export const LOCKS = ['Cargo.lock', 'package-lock.json'];

const RUST = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo/config.toml', 'src'];
const WASM_TARGET = 'wasm32-unknown-unknown';

/** All that there is. */
const ALL = ['kernel', 'layers', 'files'];

/** For browsers that multiply and add in one instruction. */
const RELAXED = ['-Ctarget-feature=+relaxed-simd'];

/**
 * The modules that are made of the one source: the kernel, and what answers for whole heads and layers, each for all browsers and
 * with relaxed SIMD, and the readers of files; and all of them in one, for files that carry what they need, where three would hold
 * much of the same code three times. `features` are Cargo's, `glue` the script that starts it.
 */
export const MODULES = [
  { name: 'kernel', file: 'qkscope_bg.wasm', features: ['kernel'], glue: 'qkscope', flags: [] },
  { name: 'kernel-relaxed', file: 'qkscope_relaxed_bg.wasm', features: ['kernel'], glue: 'qkscope', flags: RELAXED },
  { name: 'layers', file: 'qkscope_layers_bg.wasm', features: ['layers'], glue: 'qkscope_layers', flags: [] },
  {
    name: 'layers-relaxed',
    file: 'qkscope_layers_relaxed_bg.wasm',
    features: ['layers'],
    glue: 'qkscope_layers',
    flags: RELAXED,
  },
  { name: 'files', file: 'qkscope_files_bg.wasm', features: ['files'], glue: 'qkscope_files', flags: [] },
  { name: 'whole', file: 'qkscope_whole_bg.wasm', features: ALL, glue: 'qkscope_whole', flags: [] },
  {
    name: 'whole-relaxed',
    file: 'qkscope_whole_relaxed_bg.wasm',
    features: ALL,
    glue: 'qkscope_whole',
    flags: RELAXED,
  },
];

/** Those that scripts fetch of their own accord. */
export const FETCHED = MODULES.filter(({ features }) => features !== ALL);

const GLUES = [...new Set(MODULES.map(({ glue }) => glue))];

/** Builds the modules and writes everything that TypeScript imports from them. */
export async function kernel() {
  await mkdir(at(GENERATED), { recursive: true });
  // The lists come from the same tool as the glue: so it is compiled beside the modules, which wait for it otherwise.
  await Promise.all([catalog(), ...sameFlags().map(compileAll)]);
  for (const name of GLUES) await glue(name);
  await inline();
  await Promise.all(MODULES.map(printSize));
}

/** The modules by their flags, which have folders of Cargo's of their own: so these are built side by side. */
function sameFlags() {
  const groups = new Map();
  for (const module of MODULES) groups.set(`${module.flags}`, [...(groups.get(`${module.flags}`) ?? []), module]);
  return [...groups.values()];
}

async function compileAll(modules) {
  for (const module of modules) await compile(module);
}

/** A module has a folder of its own, so that one does not undo the other. */
async function folders({ name }) {
  const own = path.join(await targetFolder(), name);
  return { compiled: path.join(own, 'qkscope.wasm'), bound: path.join(own, 'bindgen') };
}

async function compile(variant) {
  const { compiled, bound } = await folders(variant);
  await step(`cargo build ${variant.name}`, {
    inputs: RUST,
    outputs: [compiled],
    make: () => cargoBuild(variant, compiled),
  });
  await step(`wasm-bindgen ${variant.name}`, {
    inputs: [compiled, 'Cargo.lock', 'xtask/src'],
    outputs: [bound],
    make: () => xtask('bindgen', compiled, bound, variant.glue),
  });
  const module = path.join(bound, `${variant.glue}_bg.wasm`);
  await step(`wasm-opt ${variant.name}`, {
    inputs: [module, 'package-lock.json', 'xtask/kernel.mjs'],
    outputs: [generated(variant.file)],
    // It reads the features to assume, simd128 among them, from the module itself. The stack lies at the bottom of memory, so
    // no pointer is below 1024, and what is added to one can go into the load: the inner loop loses four instructions of 22.
    make: () =>
      runNode('binaryen/bin/wasm-opt', ['-Oz', '--low-memory-unused', module, '-o', at(generated(variant.file))]),
  });
}

/**
 * Compiles one module. Those with the same flags share a folder of Cargo's, and with it what they depend on. Of the crate itself
 * Cargo keeps one module there, under one name, and takes another one's for it: so that goes first.
 */
async function cargoBuild({ features, flags }, compiled) {
  const target = path.join(await targetFolder(), ['modules', ...flags].join('').replaceAll(/\W+/g, '-'));
  const where = ['--release', '--locked', '--target', WASM_TARGET, '--target-dir', target];
  await run('cargo', ['clean', '--quiet', '--package', 'qkscope', ...where]);
  const part = ['--no-default-features', '--features', features.join()];
  await run('cargo', ['build', '--lib', ...where, ...part, ...rustflags(flags)]);
  await mkdir(path.dirname(compiled), { recursive: true });
  await copyFile(path.join(target, WASM_TARGET, 'release', 'qkscope.wasm'), compiled);
}

/** Messages of panics name source files: shipped ones name no folder of the machine that built them. */
function rustflags(flags) {
  const home = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo');
  const all = [`--remap-path-prefix=${home}=cargo`, ...flags];
  // Cargo joins these to the flags in .cargo/config.toml; the environment's RUSTFLAGS would replace them.
  return ['--config', `target.${WASM_TARGET}.rustflags=${JSON.stringify(all)}`];
}

/** One glue serves all modules of its name, because their borders are the same. */
async function glue(name) {
  const served = MODULES.filter((module) => module.glue === name);
  const bounds = await Promise.all(served.map(async (module) => (await folders(module)).bound));
  const [first] = bounds;
  const files = [`${name}.js`, `${name}.d.ts`, `${name}_bg.wasm.d.ts`];
  await step(`glue ${name}`, {
    inputs: bounds.map((bound) => path.join(bound, files[0])),
    outputs: files.map(generated),
    async make() {
      const texts = await Promise.all(bounds.map((bound) => readFile(path.join(bound, files[0]), 'utf8')));
      if (texts.some((text) => text !== texts[0])) {
        throw new Failure(
          `The glue of ${served.map((module) => module.name).join(' and ')} differs: one cannot serve both.`,
        );
      }
      await Promise.all(files.map((file) => copyFile(path.join(first, file), at(generated(file)))));
    },
  });
}

const catalog = () =>
  step('catalogue', {
    inputs: [...RUST, 'xtask/src', 'xtask/catalog.mjs'],
    outputs: [generated('catalog.ts')],
    async make() {
      const lists = JSON.parse(await xtask('catalog'));
      await writeFile(at(generated('catalog.ts')), catalogModule(lists));
    },
  });

/** The whole as text, for scripts that fetch nothing. Gzip, since base64 of it costs no more to send. */
const inline = () => {
  const { name, file } = MODULES.find(({ features, flags }) => features === ALL && flags.length === 0);
  return step('wasm as text', {
    inputs: [generated(file), 'xtask/kernel.mjs'],
    outputs: [generated('wasm-inline.ts')],
    async make() {
      const packed = gzipSync(await readFile(at(generated(file))), { level: 9 }).toString('base64');
      const doc = `/** \`${file}\`, gzipped, in base64. */`;
      await writeFile(at(generated('wasm-inline.ts')), `${doc}\nexport const ${name} = '${packed}';\n`);
    },
  });
};

/** As it is, and as servers send it: tests/package/size.test.mjs says how much it may be. */
async function printSize({ file }) {
  const bytes = await readFile(at(generated(file)));
  const gzipped = gzipSync(bytes, { level: 9 }).length;
  console.log(`${file.padEnd(24)} ${bytes.length} bytes, ${gzipped} gzipped`);
}

const xtask = (...args) => run('cargo', ['xtask', ...args]);

/** @param {string} name */
function generated(name) {
  return `${GENERATED}/${name}`;
}
