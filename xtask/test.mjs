// `npm test`: every check. `npm test -- web types` runs those whose name has a word given.

import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';

import { build } from './build.mjs';
import { CommandFailed, Failure, at, main, root, run, runNode, timed } from './run.mjs';
import { setup } from './setup.mjs';

const WASI = 'wasm32-wasip1';
const BROWSER = 'wasm32-unknown-unknown';

/** The file of tests whose outcome hangs on time. */
const PACE = 'pace.test.mjs';

/** The file of tests of the package's users that take long. */
const OTHERS = 'others.test.mjs';

/** Files of tests that take longer than others of their size: they take pictures, or look at everything that can be pressed. */
const LONG = ['goldens.test.mjs', 'touch.test.mjs', 'words.test.mjs'];

/** Says that the word after it is a check to run here. */
const ONE = '--one';

/** More failures than this at a time are no accident. */
const MOST_AGAIN = 3;

const ABREAST = { filesAtOnce: availableParallelism() };

/** The checks by name. Each resolves with the number of tests that passed, or throws; a check without tests counts as one. */
const CHECKS = {
  'rust format': () => cargo('fmt', '--all', '--check'),
  'rust clippy': () => cargo('clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'),
  'rust clippy wasm': () => cargo('clippy', '--lib', '--locked', '--target', BROWSER, '--', '-D', 'warnings'),
  'rust tests': () => cargoTest(),
  // The same tests as WebAssembly: only there does the SIMD code run.
  'rust tests wasm': () => cargoTest('--lib', '--tests', '--target', WASI),
  build: () => build(),
  'types www': () => tool('typescript/bin/tsc', '-p', 'tsconfig.json'),
  'types scripts': () => tool('typescript/bin/tsc', '-p', 'tsconfig.scripts.json'),
  'web format': () => tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  'script tests': () => nodeTest('tests/xtask'),
  'package tests': () => nodeTest('tests/package', { wanted: (file) => !file.startsWith('consumers') }),
  // What is built from the packed package, by bundlers and without, and opened.
  consumers: () => consumerTest({ ...ABREAST, wanted: (file) => file !== OTHERS }),
  'every consumer': () => consumerTest(ABREAST),
  // A page waits as often as it computes: as many files at once as there are cores. What measures time goes alone.
  'web tests': () => browserTest('tests/web', ['chromium'], { ...ABREAST, wanted: (file) => file !== PACE }),
  'web pace': () => browserTest('tests/web', ['chromium'], { wanted: (file) => file === PACE }),
  // The same scenarios in each browser.
  browsers: () => browserTest('tests/browsers', ['chromium', 'firefox', 'webKit'], ABREAST),
};

/** What works on the build's output, and so runs it first when asked for alone. */
const NEED_BUILD = [
  'types',
  'script tests',
  'package',
  'consumers',
  'every consumer',
  'web tests',
  'web pace',
  'browsers',
];

/** What runs only where it is asked for by its whole name. */
const ON_REQUEST = ['every consumer'];

/**
 * Rust's checks run beside the build and what reads its output: a compiler leaves a core idle by turns. What is named in neither list
 * goes alone after them: pages have to answer in time, and some tests measure it.
 */
const LANES = [
  Object.keys(CHECKS).filter((name) => name.startsWith('rust')),
  ['build', 'types www', 'types scripts', 'web format', 'script tests'],
];

main(async () => {
  const words = process.argv.slice(2);
  // A check of a lane, in a process of its own.
  if (words[0] === ONE) return void (await check(words[1], false));
  await setup();
  const names = chosen(words);
  const lanes = LANES.map((lane) => names.filter((name) => lane.includes(name))).filter((lane) => lane.length > 0);
  const results = new Map();
  if (lanes.length > 1) await Promise.all(lanes.map((lane) => inLane(lane, results)));
  for (const name of names.filter((name) => !results.has(name))) {
    results.set(name, await check(name, results.get('build')?.failed > 0));
  }
  report(results);
});

/** Runs checks one after another, and shows what each writes once it is over. */
async function inLane(names, results) {
  for (const name of names) {
    if (results.get('build')?.failed > 0 && needsBuild(name)) results.set(name, await check(name, true));
    else results.set(name, await apart(name));
  }
}

/** Runs a check in a process of its own, and shows its output whole. */
function apart(name) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [at('xtask/test.mjs'), ONE, name], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => output.push(part));
    let result = { passed: 0, failed: 1 };
    child.on('message', (counts) => (result = /** @type {typeof result} */ (counts)));
    child.on('error', (error) => output.push(Buffer.from(`${name} could not be started: ${error.message}\n`)));
    child.on('close', () => {
      process.stdout.write(Buffer.concat(output));
      resolve(result);
    });
  });
}

function report(results) {
  const sum = (what) => [...results.values()].reduce((total, result) => total + result[what], 0);
  const broken = [...results].filter(([, { failed }]) => failed > 0).map(([name]) => name);
  const unsteady = [...results].flatMap(([check, { unsteady = [] }]) => unsteady.map((name) => `${check}: ${name}`));
  if (unsteady.length > 0) console.log(`\npassed only when run again:\n  ${unsteady.join('\n  ')}`);
  if (broken.length > 0) console.log(`\nfailed: ${broken.join(', ')}`);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

/** The names of the checks to run: all, or those that contain one of the words. */
function chosen(words) {
  const names = Object.keys(CHECKS);
  const wanted = names.filter((name) => {
    if (ON_REQUEST.includes(name)) return words.includes(name);
    return words.length === 0 || words.some((word) => name.includes(word));
  });
  if (wanted.length === 0)
    throw new Failure(`No check is called ${words.join(' or ')}; there are ${names.join(', ')}.`);
  return names.filter((name) => wanted.includes(name) || (name === 'build' && wanted.some(needsBuild)));
}

const needsBuild = (name) => NEED_BUILD.some((start) => name.startsWith(start));

/** Runs one check under a heading, and says how it ended and how long it took. */
async function check(name, buildBroken) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 76 - name.length))}`);
  const { value: result, seconds } = await timed(() => {
    if (buildBroken && needsBuild(name)) return failure(new Failure('not run: the build failed'));
    return Promise.resolve(CHECKS[name]()).then((counts) => counts ?? { passed: 1, failed: 0 }, failure);
  });
  console.log(`${result.failed > 0 ? 'FAILED' : 'ok'}  ${name}: ${result.passed} passed, ${seconds} s`);
  process.send?.(result);
  return result;
}

/** A command that failed may have counted its tests; it failed once at least. */
function failure(error) {
  console.error(error instanceof Failure ? error.message : error);
  const { passed, failed } = error instanceof CommandFailed ? countTests(error.output) : { passed: 0, failed: 0 };
  return { passed, failed: Math.max(1, failed) };
}

async function cargo(...args) {
  await run('cargo', args, { show: true });
}

async function tool(script, ...args) {
  await runNode(script, args, { show: true });
}

async function cargoTest(...args) {
  return counted(await run('cargo', ['test', '--locked', '--no-fail-fast', ...args], { show: true }));
}

/**
 * @param {string} folder
 * @param {{ filesAtOnce?: number, wanted?: (file: string) => boolean, again?: boolean }} [how] `wanted` gets paths in the folder;
 *   `again`: a few failures are given a second try.
 */
async function nodeTest(folder, { filesAtOnce = 1, wanted = () => true, again = false } = {}) {
  const entries = await readdir(at(folder), { recursive: true });
  const files = entries.filter((name) => /\.test\.m?js$/.test(name) && wanted(name)).sort();
  if (files.length === 0) throw new Failure(`${folder} has no tests`);
  const paths = files.map((name) => path.join(folder, name));
  if (filesAtOnce > 1) await largestFirst(paths);
  const runFiles = (files, abreast) =>
    run(process.execPath, ['--test', '--test-reporter=spec', `--test-concurrency=${abreast}`, ...files], {
      show: true,
    });
  return again ? steadied(paths, runFiles, filesAtOnce) : counted(await runFiles(paths, filesAtOnce));
}

/**
 * Runs files of tests, and those where a few tests failed once more, with nothing beside them: what a busy machine did to a page is
 * told from a fault, which fails again. What passed the second time alone is named in the report.
 *
 * @param {string[]} paths
 * @param {(files: string[], abreast: number) => Promise<string>} runFiles
 * @param {number} filesAtOnce
 */
async function steadied(paths, runFiles, filesAtOnce) {
  try {
    return counted(await runFiles(paths, filesAtOnce));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const { passed, failed } = countTests(error.output);
    const { files, names } = failuresIn(error.output);
    if (failed === 0 || failed > MOST_AGAIN || names.length !== failed) throw error;
    console.log(`\n${failed} failed, and once more:`);
    // A test may stand in a file that others import.
    await runFiles(files.every((file) => paths.includes(file)) ? files : paths, 1);
    return { passed: passed + failed, failed: 0, unsteady: names };
  }
}

/** The files and the names of the tests that Node's list of failures has. */
function failuresIn(output) {
  const list = [...output.matchAll(/^test at (.+?):\d+:\d+\n✖ (.+?) \([\d.]+ms\)$/gm)];
  return { files: [...new Set(list.map(([, file]) => file))], names: list.map(([, , name]) => name) };
}

/** Sorts files so that none that takes long is left for the end, where nothing would run beside it. */
async function largestFirst(paths) {
  const sizeOf = async (name) => (await stat(at(name))).size * (LONG.includes(path.basename(name)) ? 100 : 1);
  const sizes = new Map(await Promise.all(paths.map(async (name) => [name, await sizeOf(name)])));
  paths.sort((one, other) => sizes.get(other) - sizes.get(one));
}

const consumerTest = (how) => browserTest('tests/package/consumers', ['chromium', 'firefox', 'webKit'], how);

/** Finds or installs the browsers and the fonts before the test files start, each in a process of its own. */
async function browserTest(folder, names, how) {
  const browsers = await import('../tests/web/browser.mjs');
  browsers.fonts();
  for (const name of names) console.log(`${name}: ${Object.values(await browsers[name]()).join(', ')}`);
  // A page, its workers and a browser have to answer in time, whatever else the machine does.
  return nodeTest(folder, { ...how, again: true });
}

function counted(output) {
  const counts = countTests(output);
  if (counts.passed === 0) throw new Failure('no test ran');
  return counts;
}

/** Adds up the closing lines of Rust's test harness and of Node's. */
function countTests(output) {
  const sum = (pattern) => [...output.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
  return {
    passed: sum(/^test result: .*?(\d+) passed/gm) + sum(/^ℹ pass (\d+)/gm),
    failed: sum(/^test result: .*?(\d+) failed/gm) + sum(/^ℹ fail (\d+)/gm),
  };
}
