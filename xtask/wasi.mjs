// Runs a WASI program in Node: cargo's runner for `cargo test --target wasm32-wasip1` (.cargo/config.toml).
//
//     node --no-warnings xtask/wasi.mjs <program.wasm> [arguments…]
//
// The tests run as WebAssembly because native tests never touch the SIMD code. They see one folder, the package's, under
// both names by which tests open files: relative (cargo runs tests in the package's root) and the absolute path that
// `env!("CARGO_MANIFEST_DIR")` held when they were compiled.

import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { WASI } from 'node:wasi';

/** What Rust's test harness exits with when a test fails; under WASI a panic is a trap instead. */
const FAILED = 101;

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node xtask/wasi.mjs <program.wasm> [arguments]');
  process.exit(2);
}

const root = process.cwd();
// A trap ends the program before the harness prints what it captured, so a failing test's message must not be captured.
const env = { ...process.env, RUST_TEST_NOCAPTURE: '1' };
const wasi = new WASI({
  version: 'preview1',
  args: [program, ...rest],
  env,
  preopens: { '.': root, [root]: root },
  returnOnExit: true,
});

const module = await WebAssembly.compile(await readFile(program));
const imports = /** @type {WebAssembly.Imports} */ (wasi.getImportObject());
const instance = await WebAssembly.instantiate(module, imports);
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  console.error(`${program}: ${error.message}`);
  process.exitCode = FAILED;
}
