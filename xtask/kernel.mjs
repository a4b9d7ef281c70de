// Rust → www/src/generated/: the wasm module, the glue that wasm-bindgen writes for it, and the kernel's own lists.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

import { catalogModule } from './catalog.mjs';
import { at, run, runNode, targetFolder } from './run.mjs';
import { step } from './stamp.mjs';

export const GENERATED = 'www/src/generated';

/** What decides which version of wasm-bindgen, binaryen and esbuild is at work. */
export const LOCKS = ['Cargo.lock', 'package-lock.json'];

const RUST = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo/config.toml', 'src'];
const WASM_TARGET = 'wasm32-unknown-unknown';

/** Builds the kernel and writes everything that TypeScript imports from it. */
export async function kernel() {
  await mkdir(at(GENERATED), { recursive: true });
  const target = await targetFolder();
  const compiled = path.join(target, WASM_TARGET, 'release', 'qkscope.wasm');
  const bound = path.join(target, 'bindgen');
  await compile(compiled);
  await bind(compiled, bound);
  await optimise(path.join(bound, 'qkscope_bg.wasm'));
  await catalog();
  await inline();
}

const compile = (compiled) =>
  step('cargo build (wasm)', {
    inputs: RUST,
    outputs: [compiled],
    make: () => run('cargo', ['build', '--lib', '--release', '--locked', '--target', WASM_TARGET, ...nameless()]),
  });

/** Messages of panics name source files: shipped ones name no folder of the machine that built them. */
function nameless() {
  const home = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo');
  const flag = JSON.stringify(`--remap-path-prefix=${home}=cargo`);
  // Cargo joins this to the flags in .cargo/config.toml; the environment's RUSTFLAGS would replace them.
  return ['--config', `target.${WASM_TARGET}.rustflags=[${flag}]`];
}

const GLUE = ['qkscope.js', 'qkscope.d.ts', 'qkscope_bg.wasm.d.ts'];

const bind = (compiled, bound) =>
  step('wasm-bindgen', {
    inputs: [compiled, 'Cargo.lock', 'xtask/src'],
    outputs: [bound, ...GLUE.map(generated)],
    async make() {
      await xtask('bindgen', compiled, bound);
      await Promise.all(GLUE.map((name) => copyFile(path.join(bound, name), at(generated(name)))));
    },
  });

const optimise = (module) =>
  step('wasm-opt', {
    inputs: [module, 'package-lock.json'],
    outputs: [generated('qkscope_bg.wasm')],
    // It reads the features to assume, simd128 among them, from the module itself.
    make: () => runNode('binaryen/bin/wasm-opt', ['-O3', module, '-o', at(generated('qkscope_bg.wasm'))]),
  });

const catalog = () =>
  step('catalogue', {
    inputs: [...RUST, 'xtask/src', 'xtask/catalog.mjs'],
    outputs: [generated('catalog.ts')],
    async make() {
      const lists = JSON.parse(await xtask('catalog'));
      await writeFile(at(generated('catalog.ts')), catalogModule(lists));
    },
  });

/** The module as text, for the build of the package that fetches nothing. Gzip, since base64 of it costs no more to send. */
const inline = () =>
  step('wasm as text', {
    inputs: [generated('qkscope_bg.wasm')],
    outputs: [generated('wasm-inline.ts')],
    async make() {
      const packed = gzipSync(await readFile(at(generated('qkscope_bg.wasm'))), { level: 9 });
      const doc = '/** `qkscope_bg.wasm`, gzipped, in base64. */';
      await writeFile(at(generated('wasm-inline.ts')), `${doc}\nexport default '${packed.toString('base64')}';\n`);
    },
  });

const xtask = (...args) => run('cargo', ['xtask', ...args]);

/** @param {string} name */
function generated(name) {
  return `${GENERATED}/${name}`;
}
