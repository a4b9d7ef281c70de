// The plane and its tables as one picture, to be taken along.

import { barOf, COSINES, SHARES, spanOf, type Span } from './barcell.ts';
import { drawPlane } from './arrows.ts';
import { svg } from './dom.ts';
import { spanIn, writtenIn } from './keytable.ts';
import { namesOf } from './pairledger.ts';
import {
  isWeight,
  pairNumbers,
  pairVectors,
  queriesOf,
  type Column,
  type PlaneScene,
  type WeightColumn,
} from './planescene.ts';
import { formatScore } from './ranking.ts';
import { nameOf } from './vectors.ts';

/** The side of the plane, in pixels, and what the tables take. */
const PLANE = 440;
const MARGIN = 16;
const LINE = 40;
/** From one line of the equation below the plane to the next. */
const EQUATION = 20;
const CELL = 84;
const NAME = 56;

/** A table of numbers: columns by name, rows by name, and a cell for each. */
interface Sheet {
  /** What the numbers are; '' where each column says it. */
  title: string;
  columns: readonly string[];
  rows: readonly { name: string; key: number | undefined; chosen: boolean; cells: readonly SheetCell[] }[];
}

interface SheetCell {
  text: string;
  value: number;
  span: Span | undefined;
}

/** What each column is headed with. */
const HEADS: Record<Column, string> = {
  dot: 'q·k',
  scaled: 'q·k/√2',
  cosine: 'cos θ',
  softmax: 'softmax',
  sigmoid: 'sigmoid',
};

/** The sheet of `scene`, whose numbers are known; its looks are those of the page while it stands in the document. */
export function planeSheet(scene: PlaneScene): SVGSVGElement {
  const sheets = scene.query ? [keySheet(scene)] : [askSheet(scene, scene.chosen), askSheet(scene, 'softmax')];
  const width = PLANE + 2 * MARGIN + Math.max(...sheets.map(({ columns }) => NAME + CELL * columns.length));
  const plane = svg('svg', { width: PLANE, height: PLANE });
  drawPlane(plane, scene, PLANE);
  const [product = '', ...rest] = equationOf(scene);
  const equation = [product, rest.join(' ')].map((line, at) => {
    const text = svg('text', { class: 'plane-sheet-text', x: PLANE / 2, y: PLANE + 12 + EQUATION * at });
    text.textContent = line;
    return text;
  });
  const tables = svg('g', { transform: `translate(${PLANE + MARGIN} ${MARGIN})` });
  let top = 0;
  for (const sheet of sheets) {
    tables.append(drawSheet(sheet, top));
    top += LINE * (sheet.rows.length + 1) + MARGIN;
  }
  const viewBox = `0 0 ${width} ${Math.max(PLANE + 12 + 2 * EQUATION, top + 2 * MARGIN)}`;
  return svg('svg', { class: 'plane-picture plane-sheet', viewBox }, plane, ...equation, tables);
}

/** The product of the chosen pair: number by number, in letters, and by lengths and angle. */
export function equationOf(scene: PlaneScene): string[] {
  const { query, key } = namesOf(scene);
  const pair = pairNumbers(scene);
  const [product, letters] = [`${query}·${key}`, `= |${query}| |${key}| cos θ`];
  if (!pair) return [`${product} ${letters}`];
  const terms = productsOf(scene)
    .map(({ factors }) => factors)
    .join(' + ');
  const numbers = [pair.queryNorm, pair.keyNorm, pair.cosine].map(formatScore).join(' × ');
  return [`${product} = ${terms}`, letters, `= ${numbers} = ${formatScore(pair.dot)}`];
}

/** What the chosen pair has in each dimension: two numbers, and their product; nothing before they are known. */
export function productsOf(scene: PlaneScene): { factors: string; product: number }[] {
  const [a, b] = pairVectors(scene) ?? [[], []];
  return a.map((x, at) => {
    const y = b[at] ?? NaN;
    return { factors: `${formatPlace(x)} × ${formatPlace(y)}`, product: x * y };
  });
}

/** A coordinate, with no more digits than it has. */
export function formatPlace(value: number): string {
  return formatScore(value).replace(/\.?0+$/, '');
}

function keySheet(scene: PlaneScene): Sheet {
  const { columns } = scene;
  const weights = columns.filter(isWeight);
  const cell = (column: Column, key: number): SheetCell => {
    const value = scene.numbers?.[column][key] ?? NaN;
    return { text: writtenIn(column, value), value, span: spanIn(column, scene) };
  };
  const rows = scene.keys.map((_, key) => ({
    name: nameOf('k', key),
    key,
    chosen: key === scene.pair.key,
    cells: columns.map((column) => cell(column, key)),
  }));
  const blank = (): SheetCell => ({ text: '', value: NaN, span: undefined });
  const cells = columns.map((column) => (isWeight(column) ? sumCell(scene, column, 0) : blank()));
  const sums = weights.length > 0 ? [{ name: 'Σ', key: undefined, chosen: false, cells }] : [];
  return { title: '', columns: columns.map((column) => HEADS[column]), rows: [...rows, ...sums] };
}

function askSheet(scene: PlaneScene, column: Column): Sheet {
  const count = scene.keys.length;
  const values = scene.numbers?.[column] ?? new Float32Array();
  const span = column === 'softmax' ? SHARES : column === 'cosine' ? COSINES : spanOf(values);
  const rows = Array.from({ length: queriesOf(scene) }, (_, query) => {
    const own = Array.from(values.subarray(query * count, (query + 1) * count));
    const cells = own.map((value): SheetCell => ({ text: writtenIn(column, value), value, span }));
    if (column === 'softmax') cells.push(sumCell(scene, column, query));
    return { name: nameOf('q', query), key: query, chosen: query === scene.pair.query, cells };
  });
  const names = scene.keys.map((_, key) => nameOf('k', key));
  return { title: HEADS[column], columns: column === 'softmax' ? [...names, 'Σ'] : names, rows };
}

function sumCell({ numbers }: PlaneScene, column: WeightColumn, row: number): SheetCell {
  const value = numbers?.sums[column][row] ?? NaN;
  return { text: formatScore(value), value, span: undefined };
}

function drawSheet({ title, columns, rows }: Sheet, top: number): SVGElement {
  const drawn = svg('g', { transform: `translate(0 ${top})` }, word(title, NAME / 2, LINE / 2, 'plane-tick'));
  columns.forEach((name, column) => drawn.append(word(name, NAME + CELL * (column + 0.5), LINE / 2, 'plane-tick')));
  rows.forEach(({ name, key, chosen, cells }, row) => {
    const y = LINE * (row + 1);
    const look = `${key === undefined ? 'plane-sheet-text' : 'plane-name'}${chosen ? ' plane-name-chosen' : ''}`;
    const line = svg('g', { 'data-key': key }, word(name, NAME / 2, y + 16, look));
    cells.forEach((cell, column) => line.append(drawCell(cell, NAME + CELL * column, y)));
    drawn.append(line);
  });
  return drawn;
}

function drawCell({ text, value, span }: SheetCell, x: number, y: number): SVGElement {
  const cell = svg('g', {}, word(text, x + CELL / 2, y + 12, 'plane-sheet-text'));
  if (!span) return cell;
  const room = CELL - 12;
  const { left, width, zero } = barOf(value, span);
  const at = (percent: number): number => x + 6 + (room * percent) / 100;
  cell.append(
    svg('rect', { class: 'plane-sheet-bar', x: at(left), y: y + 24, width: (room * width) / 100, height: 6 }),
    svg('path', { class: 'plane-axis', d: `M${at(zero)} ${y + 22}v10` }),
  );
  return cell;
}

function word(text: string, x: number, y: number, look: string): SVGElement {
  const drawn = svg('text', { class: look, x, y });
  drawn.textContent = text;
  return drawn;
}
