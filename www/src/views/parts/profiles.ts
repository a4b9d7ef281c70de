// The row and the column of one pair along the sides of the plot, read as the pair changes.

import { formatNumber } from './format.ts';
import { Latest } from './latest.ts';
import { Profile } from './profile.ts';
import type { MatrixSource } from './source.ts';
import { phrase, type Language } from './text.ts';
import type { Point, Range, View } from './viewport.ts';

const text = {
  row: { en: 'Row of query {item}: largest {value}', zh: '查询 {item} 的行：最大 {value}' },
  waiting: {
    en: 'The column of key {item} needs all rows. They are not computed.',
    zh: '键 {item} 的列需要全部行，而这些行没有计算。',
  },
  column: { en: 'Column of key {item}: largest {value}', zh: '键 {item} 的列：最大 {value}' },
};

/** A query and a key. */
export interface Pair {
  query: number;
  key: number;
}

type Side = 'row' | 'column';

/** One side: what it shows, and the newest request for it. */
class Strip {
  readonly profile: Profile;
  readonly #side: Side;
  readonly #changed: () => void;
  readonly #jobs = new Latest(() => undefined);
  #of: { item: number; source: MatrixSource } | undefined;

  constructor(side: Side, changed: () => void) {
    this.#side = side;
    this.#changed = changed;
    this.profile = new Profile(side);
  }

  /** Shows an item of a source, once its numbers are there. */
  show(item: number, source: MatrixSource, say: (value?: number) => string): void {
    if (this.#of?.item === item && this.#of.source === source) return;
    const of = { item, source };
    this.#of = of;
    this.#jobs.run(async (signal) => {
      let values: Float32Array | undefined;
      try {
        values = await source[this.#side](item, signal);
      } finally {
        // One that cannot be had, or not yet, is asked for again; until then nothing stands there.
        if (this.#of === of && !values) this.#of = undefined;
        if (!values && !signal.aborted) this.profile.set(undefined, say());
      }
      if (this.#of !== of) return this.#changed();
      this.profile.set(values, say(mostOf(values!)));
      this.#changed();
    });
  }

  clear(): void {
    this.#jobs.cancel();
    this.#of = undefined;
    this.profile.set(undefined, '');
  }
}

/** Both sides. `changed` hears that there is something new to draw. */
export class Profiles {
  language: Language = 'en';
  readonly #row: Strip;
  readonly #column: Strip;

  constructor(changed: () => void) {
    this.#row = new Strip('row', changed);
    this.#column = new Strip('column', changed);
  }

  get elements(): HTMLElement[] {
    return [this.#row.profile.element, this.#column.profile.element];
  }

  /** Shows the row and the column of a pair; `name` says what an item is called. */
  show({ query, key }: Pair, source: MatrixSource, name: (index: number, axis: 'queries' | 'keys') => string): void {
    const say = (side: Side, item: string) => (value?: number) =>
      value === undefined
        ? phrase(text.waiting, this.language, { item })
        : phrase(text[side], this.language, { item, value: formatNumber(value) });
    this.#row.show(query, source, say('row', name(query, 'queries')));
    this.#column.show(key, source, say('column', name(key, 'keys')));
  }

  clear(): void {
    this.#row.clear();
    this.#column.clear();
  }

  /** The size or the colours of the strips are others. */
  refresh(): void {
    this.#row.profile.refresh();
    this.#column.profile.refresh();
  }

  /** Draws what is in sight, and marks the current cell. */
  draw(
    at: { view: View; scale: Point; width: number; height: number },
    cell: { queries: Range; keys: Range } | undefined,
  ): void {
    const { view, scale, width, height } = at;
    this.#row.profile.show({ from: view.left, size: scale.x, pixels: width }, cell?.keys, devicePixelRatio);
    this.#column.profile.show({ from: view.top, size: scale.y, pixels: height }, cell?.queries, devicePixelRatio);
  }
}

/** The finite value of largest magnitude; NaN where there is none. */
function mostOf(values: Float32Array): number {
  let most = NaN;
  for (const value of values) {
    if (Number.isFinite(value) && !(Math.abs(value) <= Math.abs(most))) most = value;
  }
  return most;
}
