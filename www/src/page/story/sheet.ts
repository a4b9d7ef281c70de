// What a view gives away as a table to be read: rows and columns as in its CSV, as many as one reads.

import type { Text } from '../../generated/catalog.ts';
import { element } from '../../views/parts/dom.ts';
import { formatNumber } from '../../views/parts/format.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import type { Exported } from './section.ts';

const text = {
  all: { en: 'Rows: {rows}; columns: {columns}.', zh: '行：{rows}；列：{columns}。' },
  some: {
    en: 'The first {shownRows} of {rows} rows and {shownColumns} of {columns} columns; zoom in for others, or save all as CSV.',
    zh: '{rows} 行中的前 {shownRows} 行、{columns} 列中的前 {shownColumns} 列；其余请放大查看，或另存为 CSV。',
  },
} satisfies Record<string, Text>;

/** No more rows and columns than these: a matrix in sight may have a million numbers. */
const MOST = 64;

export function sheetOf({ columns, rows }: Exported, language: Language): HTMLTableElement {
  const [head, body] = [columns.slice(0, MOST + 1), rows.slice(0, MOST)];
  const isAll = head.length === columns.length && body.length === rows.length;
  // The first column names the rows.
  const counts = {
    rows: rows.length,
    columns: columns.length - 1,
    shownRows: body.length,
    shownColumns: head.length - 1,
  };
  const written = (value: number | string): string => (typeof value === 'number' ? formatNumber(value) : value);
  const cell = (value: number | string, column: number): HTMLElement =>
    column === 0
      ? element('th', { scope: 'row' }, element('bdi', {}, String(value)))
      : element('td', {}, element('bdi', {}, written(value)));
  return element(
    'table',
    {},
    element('caption', {}, phrase(isAll ? text.all : text.some, language, counts)),
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, element('bdi', {}, name)))),
    ),
    element('tbody', {}, ...body.map((row) => element('tr', {}, ...row.slice(0, MOST + 1).map(cell)))),
  );
}
