// The figures as a table of comma-separated values, one line for each contestant of a case, and read again.

import { PEERS } from './figures.mjs';

const FIELDS = {
  browser: ({ browser }) => browser,
  group: ({ group }) => group,
  case: (row) => row.case,
  ...Object.fromEntries(
    ['heads', 'kvHeads', 'n', 'm', 'd', 'dv'].map((size) => [size, ({ entry }) => entry.shape[size]]),
  ),
  options: ({ entry }) => JSON.stringify(entry.options),
  data: ({ entry }) => entry.data,
  contestant: ({ who }) => who,
  note: ({ note }) => note,
  median_ms: ({ ms }) => ms?.median,
  p10_ms: ({ ms }) => ms?.p10,
  p90_ms: ({ ms }) => ms?.p90,
  samples: ({ ms }) => ms?.samples,
  flops: ({ flops }) => flops,
  gflops: ({ gflops }) => gflops,
  peak_gflops: ({ peak }) => peak,
  of_peak: ({ ofPeak }) => ofPeak,
  ratio_to: ({ entry }) => entry.against ?? entry.base,
  ratio: ({ ratio }) => ratio,
  ...Object.fromEntries(Object.entries(PEERS).map(([peer, name]) => [`times_${name}`, ({ faster }) => faster[peer]])),
  error: ({ error }) => error,
  bound: ({ bound }) => bound,
  memory_bytes: ({ memory }) => memory,
  failed: ({ failed }) => failed,
};

/** Numbers to six digits; text in quotes where it needs them. */
function cell(value) {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** @param {object[]} rows figures, with the `browser` on each */
export const csv = (rows) =>
  [Object.keys(FIELDS), ...rows.map((row) => Object.values(FIELDS).map((field) => cell(field(row))))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

/**
 * What `csv` wrote, a record for each line.
 *
 * @param {string} text
 * @returns {Record<string, string>[]}
 */
export function parsed(text) {
  const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => plain(cell));
  const [names, ...lines] = text.trimEnd().split('\n').map(cells);
  return lines.map((line) => Object.fromEntries(names.map((name, at) => [name, line[at] ?? ''])));
}

const plain = (cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
