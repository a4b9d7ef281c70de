// What the explorer gives away: the part of the matrix in sight, and one cell, each as numbers and as a picture.

import type { AttentionMap, Cell, Pool, Stage } from '../engine/index.ts';
import type { CellView, MatrixView } from '../views/index.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import type { Range } from '../views/parts/viewport.ts';
import { aboutOf } from './about.ts';
import { inFileName, openHeadName } from './headname.ts';
import type { Settings } from './settings.ts';
import type { Source } from './source.ts';
import { stageName } from './stagename.ts';
import type { Place } from './state.ts';
import type { Exported } from './story/section.ts';
import { text } from './text.ts';

/** What is in the picture, of which something is given away. */
export interface Taken {
  source: Source;
  map: AttentionMap;
  place: Place;
  stage: Stage;
  pool: Pool;
  settings: Settings;
  /** Of what a picture is called. */
  language: Language;
}

/** The matrix as it is seen: a row for each query or block of queries, a column for each key or block of keys. */
export function exportMatrix(matrix: MatrixView, shown: Taken): Exported | undefined {
  const seen = matrix.seen;
  if (!seen) return undefined;
  const { queries, keys, cell } = seen;
  // A removed key is marked by the picture. Its weight is 0; only as a logit it is minus infinity.
  const valueOf = (value: number): number => (shown.stage === 'weights' && value === -Infinity ? 0 : value);
  const values = seen.values.map(valueOf);
  const rows = queries.map((query, row) => [
    nameOf(matrix, query, 'queries'),
    ...values.subarray(row * keys.length, (row + 1) * keys.length),
  ]);
  const { queries: down, keys: across } = matrix.blocks;
  const pooled = down > 1 || across > 1 ? { pooled: `${shown.pool} of up to ${down} × ${across}` } : {};
  const selected = cell && {
    query: endsOf(cell.queries),
    key: endsOf(cell.keys),
    value: valueOf(cell.value),
    locked: matrix.locked,
  };
  return {
    name: `matrix-${placeOf(shown)}-${shown.stage}`,
    columns: ['query', ...keys.map((key) => nameOf(matrix, key, 'keys'))],
    naming: 1,
    rows,
    about: { ...aboutOf(shown), stage: shown.stage, ...pooled, selected },
    picture: () =>
      matrix.picture(titleOf(shown), [text.rows, text.columns].map((at) => at[shown.language]).join('   ')),
  };
}

/** One pair: what each dimension adds to its score; the numbers that follow from it are told about it. */
export function exportCell(
  view: CellView,
  of: { pair: readonly [query: number, key: number]; names: readonly [query: string, key: string]; cell: Cell },
  shown: Taken,
): Exported {
  const { pair, names, cell } = of;
  const { products, partners, ...numbers } = cell;
  const turned = partners.some((partner) => partner >= 0);
  const rows = Array.from(products, (product, at) => (turned ? [at, product, partners[at] ?? -1] : [at, product]));
  return {
    name: `cell-${placeOf(shown)}-query-${pair[0]}-key-${pair[1]}`,
    columns: turned ? ['dimension', 'product', 'partner'] : ['dimension', 'product'],
    naming: 1,
    rows,
    about: {
      ...aboutOf(shown),
      stage: shown.stage,
      query: pair[0],
      queryName: names[0],
      key: pair[1],
      keyName: names[1],
      ...numbers,
    },
    picture: () => view.picture(titleOf(shown)),
  };
}

function titleOf(shown: Taken): string {
  const { stage, language } = shown;
  return phrase(text.pictureTitle, language, {
    stage: stageName(stage, language),
    head: openHeadName(shown)[language],
  });
}

function placeOf(shown: Taken): string {
  return inFileName(openHeadName(shown));
}

/** A query or key by number and name, a block by its ends. */
function nameOf(matrix: MatrixView, range: Range, axis: 'queries' | 'keys'): string {
  const number = spanOf(range);
  return range[1] - range[0] > 1 || !matrix.isNamed(axis) ? number : `${number} ${matrix.name(range[0], axis)}`;
}

/** A query or key, or the first and last of a block, as numbers. */
function endsOf([from, to]: Range): number | [number, number] {
  return to - from > 1 ? [from, to - 1] : from;
}

function spanOf([from, to]: Range): string {
  return to - from > 1 ? `${from}–${to - 1}` : String(from);
}
