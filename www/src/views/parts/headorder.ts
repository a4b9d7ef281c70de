// Which head comes where among small pictures of all of them: pure arithmetic, and what a link says of it.

/** How heads are arranged: as in the model, or by one of their numbers. */
export const ORDERS = ['model', 'high', 'low'] as const;
export type HeadOrder = (typeof ORDERS)[number];

/** What the colours of a picture are of: weights on one scale for all heads, or on each one's own; or the chosen number. */
export const PAINTS = ['weights', 'own', 'number'] as const;
export type HeadPaint = (typeof PAINTS)[number];

/** A head by its layer, counted from 0 among those at hand, and its number there. */
export interface HeadAt {
  layer: number;
  head: number;
}

/** A line of the picture: the heads of one layer, or those that follow each other in an order. */
export interface HeadLine {
  /** The layer that begins here. */
  layer?: number;
  heads: readonly HeadAt[];
}

/** What the visitor has chosen. */
export interface HeadChoices {
  /** The id of a number. */
  number: string;
  order: HeadOrder;
  paint: HeadPaint;
  table: boolean;
}

/** The key of a head in maps. */
export function headKey({ layer, head }: HeadAt): string {
  return `${layer}-${head}`;
}

/** All heads in lines of at most `columns`; `counts` has the heads of each layer. A new layer begins a new line. */
export function linesByLayer(counts: readonly number[], columns: number): HeadLine[] {
  return counts.flatMap((count, layer) =>
    chunks(
      Array.from({ length: count }, (_, head) => ({ layer, head })),
      columns,
    ).map((heads, at) => (at === 0 ? { layer, heads } : { heads })),
  );
}

/**
 * The heads by their number, in lines of at most `columns`: equals stay in the model's order, and those without a number
 * come last either way.
 */
export function linesByNumber(
  counts: readonly number[],
  columns: number,
  order: 'high' | 'low',
  numberOf: (at: HeadAt) => number,
): HeadLine[] {
  const heads = linesByLayer(counts, Infinity).flatMap((line) => line.heads);
  const keyed = heads.map((at) => ({ at, value: numberOf(at) }));
  const sign = order === 'high' ? -1 : 1;
  keyed.sort((a, b) => {
    if (Number.isNaN(a.value) || Number.isNaN(b.value))
      return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
    return sign * (a.value - b.value);
  });
  return chunks(
    keyed.map(({ at }) => at),
    columns,
  ).map((line) => ({ heads: line }));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const step = Math.min(size, Math.max(1, items.length));
  return Array.from({ length: Math.ceil(items.length / step) }, (_, at) => items.slice(at * step, (at + 1) * step));
}

/** How many pictures of at least `least` pixels stand side by side, and how large they are, at most `most`. */
export function tiling(
  width: number,
  wanted: number,
  { least, most, gap }: { least: number; most: number; gap: number },
) {
  const fit = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const columns = Math.max(1, Math.min(wanted, fit));
  // As many lines as it takes, and those as full as each other: 16 heads are 8 + 8 where 12 would fit, not 12 + 4.
  const even = Math.ceil(wanted / Math.ceil(Math.max(1, wanted) / columns));
  const side = Math.floor((width + gap) / Math.max(1, even)) - gap;
  return { columns: Math.max(1, even), side: Math.max(least, Math.min(most, side)) };
}

/** Where a key leads from line `line`, place `place`; undefined: nowhere. */
export function steppedTo(
  pressed: string,
  far: boolean,
  lines: readonly HeadLine[],
  { line, place }: { line: number; place: number },
): { line: number; place: number } | undefined {
  const last = (at: number): number => (lines[at]?.heads.length ?? 1) - 1;
  const on = (to: number): { line: number; place: number } | undefined =>
    to < 0 || to >= lines.length ? undefined : { line: to, place: Math.min(place, last(to)) };
  switch (pressed) {
    case 'ArrowUp':
      return on(line - 1);
    case 'ArrowDown':
      return on(line + 1);
    case 'ArrowLeft':
      return place > 0 ? { line, place: place - 1 } : line > 0 ? { line: line - 1, place: last(line - 1) } : undefined;
    case 'ArrowRight':
      return place < last(line)
        ? { line, place: place + 1 }
        : line + 1 < lines.length
          ? { line: line + 1, place: 0 }
          : undefined;
    case 'Home':
      return { line: far ? 0 : line, place: 0 };
    case 'End': {
      const to = far ? lines.length - 1 : line;
      return { line: to, place: last(to) };
    }
    default:
      return undefined;
  }
}

/** The choices as a link has them; '' for those that the view comes with. */
export function writeChoices(choices: HeadChoices, start: HeadChoices): string {
  const parts = (['number', 'order', 'paint'] as const)
    .filter((name) => choices[name] !== start[name])
    .map((name) => choices[name]);
  return [...parts, ...(choices.table ? ['table'] : [])].join('.');
}

/** Reads what a link says; what is none of the choices is passed over. */
export function readChoices(written: string, start: HeadChoices, numbers: readonly string[]): HeadChoices {
  const choices = { ...start };
  const words = written.split('.', LONGEST_STATE);
  for (const word of words) {
    const [order, paint] = [ORDERS.find((one) => one === word), PAINTS.find((one) => one === word)];
    if (numbers.includes(word)) choices.number = word;
    if (order) choices.order = order;
    if (paint) choices.paint = paint;
    if (word === 'table') choices.table = true;
  }
  return choices;
}

/** More words than this no link of ours has. */
const LONGEST_STATE = 16;
