// The table on the terminal: one line for each contestant of a case.

import { PEERS } from './figures.mjs';

const COLUMNS = [
  ['', -16],
  ['ms', 9],
  ['p10 – p90', 19],
  ['GFLOP/s', 8],
  ['peak', 6],
  ['ratio', 7],
  ...Object.values(PEERS).map((peer) => /** @type {const} */ ([`×${peer}`, 7])),
  ['error', 9],
  ['bound', 8],
];

const line = (cells) =>
  cells
    .map((cell, at) => pad(cell, COLUMNS[at]?.[1] ?? 0))
    .join(' ')
    .trimEnd();
const pad = (text, width) => (width < 0 ? text.padEnd(-width) : text.padStart(width));

/** A number to three digits, without an exponent. */
export const digits = (value) => {
  if (value === undefined) return '';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
};
const percent = (value) => (value === undefined ? '' : `${Math.round(value * 100)} %`);
const power = (value) => value?.toExponential(1) ?? '';

export const heading = () => line(COLUMNS.map(([name]) => name));

/** The lines of one group. @param {import('./figures.mjs').Figure[]} rows */
export function lines(rows) {
  const named = new Set();
  return rows.flatMap((row) => {
    const head = named.has(row.case) ? [] : ['', title(row)];
    named.add(row.case);
    return [...head, row.failed === undefined ? numbers(row) : `${pad(row.who, -16)} ${row.failed}`];
  });
}

/** @param {import('./figures.mjs').Figure} row */
function title({ entry: { name, why, base, against } }) {
  const other = against ?? (base === name ? undefined : base);
  return `${name}: ${why}${other ? ` (ratio to ${other})` : ''}`;
}

/** @param {import('./figures.mjs').Figure} row */
function numbers({ who, note = '', ms, gflops, ofPeak, ratio, faster, error, bound, memory }) {
  const where = ms ? `${digits(ms.p10)} – ${digits(ms.p90)}` : '';
  const peers = Object.keys(PEERS).map((peer) => digits(faster[peer]));
  const size = memory === undefined ? '' : `${(memory / 2 ** 20).toFixed(1)} MiB`;
  const cells = [who, digits(ms?.median), where, digits(gflops), percent(ofPeak), digits(ratio), ...peers];
  return line([...cells, power(error), power(bound), note, size]);
}
