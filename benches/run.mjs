// `npm run bench`: times whole attention, ours and the peers', in the page of a browser. benches/README.md says how to
// read what it prints.

import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { Failure, main } from '../xtask/run.mjs';
import { serve } from '../xtask/server.mjs';
import { findBuilds, peerSizes } from './builds.mjs';
import { packages } from './packages.mjs';
import { openReport } from './report.mjs';

const HELP = `npm run bench -- [options]

  --browser NAME   chromium or firefox; default: both
  --node           our builds in Node alone, without the peers
  --only NAME      cases whose name has NAME in it, and what they are compared with
  --quick          few cases, few rounds
  --help           this text`;

const SETTINGS = { full: { rounds: 25, budget: 3500 }, quick: { rounds: 9, budget: 1500 } };

function read(args) {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    return parseArgs({ args, options: { help: flag, quick: flag, node: flag, browser: text, only: text } }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

/** Cases in their groups, in order. A case brings along the one that its ratio is to. */
export function chosen(cases, { only, quick = false }) {
  const named = cases.filter(({ name, group }) => name === only || group === only);
  const like = (name) => (named.length > 0 ? named.some((entry) => entry.name === name) : name.includes(only));
  const wanted = cases.filter(({ name, quick: short }) => (only === undefined ? !quick || short : like(name)));
  if (wanted.length === 0)
    throw new Failure(`No case is called ${only}; there are:\n${cases.map(({ name }) => `  ${name}`).join('\n')}`);
  const kept = cases.filter((entry) => wanted.includes(entry) || wanted.some(({ base }) => base === entry.name));
  return grouped(kept);
}

function grouped(cases) {
  const groups = new Map();
  for (const entry of cases) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return [...groups.values()];
}

async function run(options) {
  const builds = await findBuilds();
  if (options.node) return runNode(builds, options);
  await packages();
  const { BROWSERS } = await import('./browsers.mjs');
  const names = options.browser ? [options.browser] : Object.keys(BROWSERS);
  if (!(names[0] in BROWSERS))
    throw new Failure(`--browser is ${Object.keys(BROWSERS).join(' or ')}, not ${names[0]}.`);
  const { SITE, layOut } = await import('./site.mjs');
  await layOut(builds);
  const server = await serve(SITE);
  try {
    for (const name of names) await runBrowser(name, BROWSERS[name], server.url, builds, options);
  } finally {
    await server.close();
  }
}

/** A browser that is not there is one sentence; the others go on. */
async function runBrowser(name, start, url, builds, options) {
  let driven;
  try {
    driven = await start(url);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n${name}: ${error.message}`);
    process.exitCode = 1;
    return;
  }
  try {
    await record(name, driven.version, inPage(driven), builds, options);
  } finally {
    await driven.close();
  }
}

/** The benchmark of the page, called from here. A case that watches memory gets a page that has used none. */
const inPage = ({ evaluate, reload }) => ({
  about: async () => JSON.parse(await evaluate(() => globalThis.about())),
  async run(cases, settings) {
    if (cases.some(({ memory }) => memory)) await reload();
    return JSON.parse(await evaluate((work) => globalThis.run(work), JSON.stringify([cases, settings])));
  },
});

async function runNode(builds, options) {
  const { openNode } = await import('./node.mjs');
  await record('node', `Node ${process.versions.node}`, await openNode(builds), builds, options);
}

/** Runs group after group, printing each, and writes it all down at the end. */
async function record(name, version, bench, builds, options) {
  const { cases, builds: able, ...about } = await bench.about();
  const modules = [...builds, ...(options.node ? [] : await peerSizes())];
  const skipped = builds.map((build) => build.name).filter((build) => !able.includes(build));
  const report = openReport({ name, version, modules, skipped, ...about });
  for (const group of chosen(cases, options)) {
    report.add(group, await bench.run(group, SETTINGS[options.quick ? 'quick' : 'full']));
  }
  // What is recorded is whole.
  const folder = options.quick || options.only !== undefined ? 'target/bench' : 'benches/results';
  console.log(`\n${(await report.write(folder)).join('\n')}`);
  if (report.failed() === 0) return;
  console.error(`${name}: ${report.failed()} of the figures are missing, as the table says.`);
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(async () => {
    const options = read(process.argv.slice(2));
    if (options.help) return console.log(HELP);
    await run(options);
  });
}
