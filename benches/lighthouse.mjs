// `npm run lighthouse`: what Lighthouse says of the page as a static host serves it, on a phone and on a desk. The median of
// several runs counts, since a machine is never quite at rest; what is below the mark makes the command fail.

import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from '../xtask/build.mjs';
import { Failure, at, main } from '../xtask/run.mjs';
import { serve } from '../xtask/server.mjs';
import { listed, machine } from './machine.mjs';
import { packages } from './packages.mjs';

const HELP = `npm run lighthouse -- [options]

  --form NAME   mobile or desktop; default: both
  --runs N      so many of each; default: 5. Others than 5 are not written down
  --help        this text`;

const RUNS = 5;
/** What each of the categories that count must reach. */
const MARK = 95;

/** Lighthouse's categories: some count, others are for information. */
const CATEGORIES = { performance: true, accessibility: true, 'best-practices': true, seo: false };

/** What performance is made of, in milliseconds but for the shift. */
const METRICS = {
  'first-contentful-paint': 'fcp_ms',
  'largest-contentful-paint': 'lcp_ms',
  'total-blocking-time': 'tbt_ms',
  'speed-index': 'speed_index_ms',
  'cumulative-layout-shift': 'cls',
};

const FORMS = ['mobile', 'desktop'];

function read(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  try {
    const { values } = parseArgs({ args, options: { form: text, runs: text, help: flag } });
    const { form, runs = String(RUNS), help } = /** @type {Record<string, any>} */ (values);
    if (form !== undefined && !FORMS.includes(form)) throw new Error(`--form is ${FORMS.join(' or ')}, not ${form}`);
    if (!/^[1-9]\d?$/.test(runs)) throw new Error(`--runs is a number from 1 to 99, not ${runs}`);
    return { forms: form === undefined ? FORMS : [form], runs: Number(runs), help };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

async function run({ forms, runs }) {
  await build();
  await packages();
  const server = await serve(at('dist'), { gzip: true });
  const rows = [];
  let versions;
  try {
    for (const form of forms) {
      for (let turn = 1; turn <= runs; turn += 1) {
        const result = await once(server.url, form);
        versions = { lighthouse: result.lighthouseVersion, browser: browserOf(result) };
        rows.push({ form, run: turn, ...numbersOf(result) });
        console.log(line(form, `run ${turn}`, rows.at(-1)));
        if (runs === 1) explain(result);
      }
    }
  } finally {
    await server.close();
  }
  const medians = forms.map((form) => medianOf(rows.filter((row) => row.form === form)));
  console.log('');
  for (const median of medians) console.log(line(median.form, 'median', median));
  if (runs === RUNS && forms === FORMS) await write([...rows, ...medians], versions);
  const short = medians.flatMap((median) => below(median));
  if (short.length > 0) throw new Failure(`below ${MARK}: ${short.join(', ')}`);
}

/** One run, in a browser of its own, as Lighthouse's own command does it. */
async function once(url, form) {
  // Named by variables, since the type check runs where the benchmark's own packages are not installed.
  const names = ['lighthouse', 'chrome-launcher'];
  const [{ default: lighthouse, desktopConfig }, { launch }] = await Promise.all(names.map((name) => import(name)));
  const { chromium } = await import('../tests/web/browser.mjs');
  // Chromium's sandbox refuses to start as root.
  const chromeFlags = ['--headless=new', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const browser = await launch({ chromePath: (await chromium()).browser, chromeFlags, logLevel: 'silent' });
  try {
    const flags = { port: browser.port, logLevel: 'error', onlyCategories: Object.keys(CATEGORIES) };
    const { lhr } = await lighthouse(url, flags, form === 'desktop' ? desktopConfig : undefined);
    if (lhr.runtimeError) throw new Failure(`Lighthouse: ${lhr.runtimeError.message}`);
    return lhr;
  } finally {
    browser.kill();
  }
}

const browserOf = ({ environment }) => environment.hostUserAgent.match(/Chrom\w*\/[\d.]+/)[0].replace('/', ' ');

function numbersOf({ categories, audits }) {
  const scores = Object.keys(CATEGORIES).map((id) => [id, Math.round(categories[id].score * 100)]);
  const metrics = Object.entries(METRICS).map(([id, name]) => [name, Number(audits[id].numericValue.toPrecision(4))]);
  return Object.fromEntries([...scores, ...metrics]);
}

function medianOf(rows) {
  const middle = (name) => rows.map((row) => row[name]).sort((a, b) => a - b)[Math.floor((rows.length - 1) / 2)];
  const names = Object.keys(rows[0]).filter((name) => name !== 'form' && name !== 'run');
  return { form: rows[0].form, run: 'median', ...Object.fromEntries(names.map((name) => [name, middle(name)])) };
}

const below = (row) =>
  Object.entries(CATEGORIES).flatMap(([id, counts]) =>
    counts && row[id] < MARK ? [`${row.form} ${id} ${row[id]}`] : [],
  );

function line(form, run, row) {
  const numbers = Object.entries(row).filter(([name]) => name !== 'form' && name !== 'run');
  return [form.padEnd(8), run.padEnd(7), ...numbers.map(([name, value]) => `${name} ${value}`)].join('  ');
}

/** What costs points, for one run to be looked into. */
function explain({ categories, audits }) {
  for (const id of Object.keys(CATEGORIES)) {
    for (const { id: audit, weight } of categories[id].auditRefs) {
      const { score, title, displayValue = '' } = audits[audit];
      if (score !== null && score < 0.9 && (weight > 0 || id === 'performance')) {
        console.log(`  ${id}: ${score} ${audit}: ${title} ${displayValue}`);
      }
    }
  }
}

async function write(rows, { lighthouse, browser }) {
  const names = Object.keys(rows[0]);
  const csv = [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');
  await mkdir(at('benches/results'), { recursive: true });
  await writeFile(at('benches/results/lighthouse.csv'), csv);
  await writeFile(at('benches/results/lighthouse.txt'), listed({ ...(await machine(browser)), lighthouse }));
  console.log('\nbenches/results/lighthouse.csv\nbenches/results/lighthouse.txt');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(async () => {
    const options = read(process.argv.slice(2));
    if (options.help) return console.log(HELP);
    await run(options);
  });
}
