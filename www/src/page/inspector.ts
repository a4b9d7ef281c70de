// From a cell of the picture to its numbers: which pair it is, what the kernel says of it, and how that is put.

import type { AttentionMap, Cell, Pool, Score, Stage } from '../engine/index.ts';
import { catalog, type Text } from '../generated/catalog.ts';
import {
  CellView,
  type CellRules,
  type CellSubject,
  type MatrixCell,
  type MatrixView,
  type Pass,
} from '../views/index.ts';
import { formatNumber, formatShare } from '../views/parts/format.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { exportCell, type Taken } from './exports.ts';
import { Latest } from '../views/parts/latest.ts';
import { numbersOf, pairOf } from './problem.ts';
import { forbidden, memberOf, type Settings } from './settings.ts';
import { stageName } from './stagename.ts';
import type { Pair, Place } from './state.ts';
import type { Exported } from './story/section.ts';
import { text } from './text.ts';

/** The scores whose raw value is q·k itself; a scale comes after it. */
const PRODUCTS: readonly string[] = ['dot', 'scaled_dot'] satisfies Score[];

/** The scores that add up a hidden layer (Bahdanau et al. 2015; Luong et al. 2015). */
const HIDDEN: readonly string[] = ['additive', 'concat'] satisfies Score[];

/** What is in the picture, which need not be what is wanted next. */
export interface Context {
  map: AttentionMap;
  place: Place;
  stage: Stage;
  settings: Settings;
  /** How blocks became cells. */
  pool: Pool;
  /** The pass over all rows, as long as some cells stand in for rows that are not computed. */
  pass: Pass | undefined;
}

/** What the panel tells: a cell of the picture, the pair that it stands for, and the numbers of that, as far as there are any. */
interface Told {
  cell: MatrixCell;
  pair: Pair | undefined;
  numbers: Cell | undefined;
  context: Context;
}

/** Fills the panel of one cell. */
export class Inspector {
  #told: Told | undefined;
  #language: Language = 'en';
  readonly #view: CellView;
  readonly #matrix: MatrixView;
  readonly #resume: () => void;
  readonly #found: (pair: Pair | undefined) => void;
  // A cell whose problem was replaced in the meantime is no news: the new picture points again.
  readonly #jobs = new Latest(() => undefined);

  /**
   * `resume` goes on with a pass that was stopped: the button goes with what it offers, and the focus to the picture. `found` hears
   * which pair the current cell stands for, where it is one.
   */
  constructor(
    host: HTMLElement,
    matrix: MatrixView,
    resume: () => void,
    found: (pair: Pair | undefined) => void = () => undefined,
  ) {
    this.#view = new CellView(host);
    this.#matrix = matrix;
    this.#found = found;
    this.#resume = () => {
      resume();
      matrix.focus();
    };
  }

  /** What is told is told anew, without asking for it; what is on its way is told in this language when it is there. */
  set language(language: Language) {
    this.#language = language;
    this.#view.language = language;
    if (this.#told) this.#tell(this.#told);
  }

  /** What is shown, for those who take it along; undefined where it is not one pair. */
  exported(shown: Taken): Exported | undefined {
    const { pair, numbers: cell } = this.#told ?? {};
    if (!pair || !cell) return undefined;
    const names = [this.#matrix.name(pair[0], 'queries'), this.#matrix.name(pair[1], 'keys')] as const;
    return exportCell(this.#view, { pair, names, cell }, shown);
  }

  /** Shows how to choose a cell. */
  clear(): void {
    this.#jobs.cancel();
    this.#told = undefined;
    this.#view.show(undefined, undefined);
  }

  /** Shows the pair under `cell`; under a pooled one, the pair that gave it its value. */
  inspect(cell: MatrixCell, context: Context): void {
    this.#jobs.run(async (signal) => {
      const pair: Pair | undefined = isSingle(cell)
        ? [cell.queries[0], cell.keys[0]]
        : await this.#pairIn(cell, context, signal);
      if (signal.aborted) return;
      this.#matrix.pair = pair;
      this.#found(pair);
      const numbers = pair && (await numbersOf(context.map, context.place, pair, signal));
      if (signal.aborted) return;
      this.#told = { cell, pair, numbers, context };
      this.#tell(this.#told);
      if (pair && numbers) this.#matrix.announce(this.#spoken(pair, numbers, context), cell.byKeyboard);
    });
  }

  #tell({ cell, pair, numbers, context }: Told): void {
    this.#view.show({ ...this.#subject(cell, pair, context), numbers }, rulesFor(numbers, context, this.#language));
  }

  /** The pair that gave a pooled cell its value. A mean is of no pair, unless no key is left or one is no number. */
  async #pairIn(cell: MatrixCell, context: Context, signal: AbortSignal): Promise<Pair | undefined> {
    const { map, place, stage, pool } = context;
    if (pool === 'mean' && Number.isFinite(cell.value)) return undefined;
    return pairOf(map, place, { ...cell, stage }, signal);
  }

  #subject(cell: MatrixCell, pair: Pair | undefined, context: Context): CellSubject {
    const language = this.#language;
    const ranges = { queries: range(cell.queries), keys: range(cell.keys), value: formatNumber(cell.value) };
    const [query, key] = pair ?? [ranges.queries, ranges.keys];
    const block = isSingle(cell) ? undefined : blockText(cell.value, pair !== undefined, context);
    return {
      query: this.#called('queries', query, pair !== undefined, language),
      key: this.#called('keys', key, pair !== undefined, language),
      several: cell.queries[1] - cell.queries[0] > 1 && !pair,
      place: phrase(text.place, language, { query, key }),
      locked: this.#matrix.locked,
      about: block && phrase(block, language, ranges),
      offer: block === text.blockStopped ? { words: text.computeRows[language], press: this.#resume } : undefined,
    };
  }

  /** A token by its name; what has only a number, or is many, says what it is. */
  #called(axis: 'queries' | 'keys', at: number | string, single: boolean, language: Language): string {
    if (typeof at === 'number' && this.#matrix.isNamed(axis)) return this.#matrix.name(at, axis);
    const [one, many] = axis === 'queries' ? [text.queryAt, text.queriesAt] : [text.keyAt, text.keysAt];
    return phrase(single || !String(at).includes('–') ? one : many, language, { at });
  }

  /** The cell as a sentence, for those who hear the page. */
  #spoken([query, key]: Pair, cell: Cell, { stage }: Context): string {
    const language = this.#language;
    const { raw, scaled, capped, biased, logit, weight } = cell;
    const drawn = { raw, scaled, capped, biased, masked: logit, weights: weight };
    return phrase(text.spoken, language, {
      query: this.#matrix.name(query, 'queries'),
      key: this.#matrix.name(key, 'keys'),
      stage: stageName(stage, language),
      value: formatNumber(drawn[stage]),
      product: formatNumber(cell.dot),
      weight: formatShare(weight),
      mass: formatShare(cell.mass),
    });
  }
}

/** What a pooled cell stands for, by the value that it shows. */
function blockText(value: number, found: boolean, { pool, pass }: Context): Text {
  if (Number.isNaN(value)) return text.blockInvalid;
  if (value === -Infinity) return text.blockRemoved;
  if (pool === 'mean') return text.blockMean;
  if (found) return text.block;
  if (!pass) return text.blockLarge;
  return pass.fraction === undefined ? text.blockStopped : text.blockSampled;
}

function isSingle({ queries, keys }: MatrixCell): boolean {
  return queries[1] - queries[0] === 1 && keys[1] - keys[0] === 1;
}

function rulesFor(cell: Cell | undefined, { settings }: Context, language: Language): CellRules {
  const normalizer = memberOf('normalizer', settings.normalizer.id);
  // A normalizer that lets no score be chosen brings its own.
  const own = forbidden(settings).has('score');
  const moved = catalog.positions.some(({ id, changesRows }) => changesRows && id === settings.position.id);
  const score = own ? { ...normalizer, formula: 's' } : memberOf('score', settings.score.id);
  return {
    scoreName: score.label[language],
    scoreFormula: score.formula,
    scoreIsProduct: !own && !moved && PRODUCTS.includes(settings.score.id),
    scoreIsHidden: !own && HIDDEN.includes(settings.score.id),
    normalizerName: normalizer.label[language],
    normalizerFormula: normalizer.formula,
    note: cell && statusNote(cell, language),
  };
}

function statusNote(cell: Cell, language: Language): string | undefined {
  const status = catalog.statuses.find(({ id }) => id === cell.status);
  if (!status || status.id === 'ok') return undefined;
  return phrase(text.rowStatus, language, { label: status.label[language], about: status.about[language] });
}

function range([from, to]: readonly [number, number]): string {
  return to - from > 1 ? `${from}–${to - 1}` : String(from);
}
