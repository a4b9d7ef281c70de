// What a view gives away as a table to be read: rows and columns as in its CSV, as many as one reads.

import type { Text } from '../../generated/catalog.ts';
import { element } from '../../views/parts/dom.ts';
import { formatNumber } from '../../views/parts/format.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import type { Entry, Exported } from './section.ts';

const text = {
  all: { en: 'Rows: {rows}; columns: {columns}.', zh: '行：{rows}；列：{columns}。' },
  some: {
    en: 'The first {shownRows} of {rows} rows and {shownColumns} of {columns} columns; the CSV has all.',
    zh: '{rows} 行中的前 {shownRows} 行、{columns} 列中的前 {shownColumns} 列；CSV 中有全部。',
  },
} satisfies Record<string, Text>;

/** No more rows and columns than these: a matrix in sight may have a million numbers. */
const MOST = 64;

/** Whole numbers are places and counts, and stand as they are. */
function written(value: Entry): string {
  return typeof value === 'number' && !Number.isInteger(value) ? formatNumber(value) : String(value ?? '');
}

export function sheetOf({ columns, naming, rows }: Exported, language: Language): HTMLTableElement {
  const [head, body] = [columns.slice(0, naming + MOST), rows.slice(0, MOST)];
  const isAll = head.length === columns.length && body.length === rows.length;
  const counts = {
    rows: rows.length,
    columns: columns.length - naming,
    shownRows: body.length,
    shownColumns: head.length - naming,
  };
  const cell = (value: Entry, column: number): HTMLElement => {
    const words = element('bdi', {}, written(value));
    return column < naming ? element('th', { scope: 'row' }, words) : element('td', {}, words);
  };
  return element(
    'table',
    {},
    element('caption', {}, phrase(isAll ? text.all : text.some, language, counts)),
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, element('bdi', {}, name)))),
    ),
    element('tbody', {}, ...body.map((row) => element('tr', {}, ...row.slice(0, naming + MOST).map(cell)))),
  );
}
