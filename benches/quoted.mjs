// What README.md quotes of the figures: tables made of the files that the last whole runs left under results/.

import { readFile } from 'node:fs/promises';

import { at } from '../xtask/run.mjs';
import { parsed } from './csv.mjs';
import { digits } from './table.mjs';

/** The browsers, by their files. */
const BROWSERS = ['chromium', 'firefox'];
const RESULTS = 'benches/results';

/** The columns of times, by contestant; ours first. */
const OURS = ['relaxed', 'simd128'];
const TIMED = [...OURS, 'onnxruntime-web', 'tfjs', 'plain JS'];
/** Who is one of the peers. */
const PEERS = ['onnxruntime-web', 'tfjs', 'plain JS', 'plain wasm'];
/** Who is no call of ours as a page makes it. */
const APART = [...PEERS, 'problem open'];
/** The peer that ratios are to. */
const REFERENCE = 'onnxruntime-web';

/** @returns {Promise<string>} the tables of all browsers, one below the other. */
export async function quoted() {
  const parts = await Promise.all(BROWSERS.map(async (name) => section(await results(name))));
  return parts.join('\n\n');
}

/** The figures of a whole run and what it says of the machine. */
async function results(name) {
  const [figures, about] = await Promise.all(
    ['csv', 'txt'].map((kind) => readFile(at(RESULTS, `${name}.${kind}`), 'utf8')),
  );
  const facts = Object.fromEntries(
    about
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/: (.*)/s)),
  );
  return { rows: parsed(figures), facts };
}

function section({ rows, facts }) {
  const { browser, cpu, cores, date } = facts;
  return [
    `**${browser}** (${cpu}, ${cores} cores, ${date}), medians in ms`,
    times(rows),
    workers(rows),
    [ratios(rows), memory(rows), lost(rows)].join('\n'),
  ].join('\n\n');
}

/** One thread, every contestant. */
function times(rows) {
  const compared = rows.filter(
    ({ case: name, contestant, median_ms }) => contestant === REFERENCE && median_ms && of(rows, name, 'simd128'),
  );
  const lines = compared.map(({ case: name }) => {
    const time = (who) => digits(number(of(rows, name, who)?.median_ms));
    const both = (field, show) => OURS.map((who) => show(number(of(rows, name, who)?.[field]))).filter(Boolean);
    return [name, ...TIMED.map(time), both('times_ort', digits).join(' / '), both('of_peak', percent).join(' / ')];
  });
  return table(['case', ...TIMED, `× ${REFERENCE}`, 'of peak'], lines);
}

/** One worker and two. */
function workers(rows) {
  const two = rows.filter(({ contestant }) => contestant === '2 workers');
  const lines = two.map(({ case: name, median_ms, ratio, times_ort }) => [
    name,
    digits(number(of(rows, name, '1 worker')?.median_ms)),
    digits(number(median_ms)),
    digits(1 / Number(ratio)),
    digits(number(times_ort)),
  ]);
  return table(['case', '1 worker', '2 workers', '× 1 worker', `× ${REFERENCE}, one thread`], lines);
}

/** What belongs to the cases that have a base, in a line for each of these. */
function ratios(rows) {
  const [ours] = OURS.filter((who) => rows.some(({ contestant }) => contestant === who));
  const own = rows.filter(({ contestant, ratio, ratio_to }) => contestant === ours && ratio && ratio_to);
  const bases = [...new Set(own.map(({ ratio_to }) => ratio_to))];
  return bases
    .map((base) => {
      const others = own.filter((row) => row.ratio_to === base && row.case !== base);
      const list = others.map((row) => `${row.case} ${digits(Number(row.ratio))}`).join(', ');
      return `- time over that of *${base}* (${ours}): ${list}`;
    })
    .join('\n');
}

function memory(rows) {
  const list = rows
    .filter(({ memory_bytes }) => memory_bytes)
    .map(
      (row) => `${row.case.replace('memory ', '')} ${row.contestant} ${(row.memory_bytes / 2 ** 20).toFixed(0)} MiB`,
    );
  return `- memory of the module: ${list.join(', ')}`;
}

/** The cases in which peers are ahead of the best of our calls, and which ones. */
function lost(rows) {
  const cases = [...new Set(rows.map((row) => row.case))];
  const list = cases.flatMap((name) => {
    const timed = rows.filter((row) => row.case === name && row.median_ms);
    const ours = Math.min(...timed.filter(({ contestant }) => !APART.includes(contestant)).map(msOf));
    const ahead = timed.filter((row) => PEERS.includes(row.contestant) && msOf(row) < ours);
    if (ahead.length === 0) return [];
    const theirs = ahead.map((row) => `${row.contestant} ${digits(msOf(row))}`).join(', ');
    const open = number(of(rows, name, 'problem open')?.median_ms);
    return `${name} (${digits(ours)}${open === undefined ? '' : `, or ${digits(open)} of a problem opened before`}; ${theirs})`;
  });
  return `- lost: ${list.join('; ') || 'none'}`;
}

const msOf = ({ median_ms }) => Number(median_ms);
const of = (rows, name, who) => rows.find((row) => row.case === name && row.contestant === who);
const number = (cell) => (cell ? Number(cell) : undefined);
const percent = (share) => (share === undefined ? '' : `${Math.round(share * 100)} %`);

function table(head, lines) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at ? '---:' : '---'))), ...lines.map(line)].join('\n');
}
