// STUDENT: which teacher layers each student layer learns from, for a batch: one item as lines and numbers, all as small maps.

import type { Text } from '../generated/catalog.ts';
import { LinksView, type LinksSetup, type LinkToken } from './links.ts';
import { BatchTiles } from './parts/batchtiles.ts';
import { element } from './parts/dom.ts';
import { highestOf, linksOf } from './parts/linkset.ts';
import { StudentRows } from './parts/studentrows.ts';
import type { Painter } from './parts/palette.ts';
import { phrase, type Language } from './parts/text.ts';
import { WeightTable } from './parts/weighttable.ts';

/** What students give to teachers: a row for each student. */
export interface StudentTable {
  /** `students * teachers` weights, row by row. */
  weights: Float32Array;
  /** What each row sums to. */
  sums: Float32Array;
  /** The entropy of each row, in bits. */
  bits: Float32Array;
  /** The largest share of each row, and whose it is; -1: nobody's. */
  largest: Float32Array;
  strongest: Int32Array;
}

/** What is seen. */
export interface StudentScene {
  students: readonly string[];
  teachers: readonly string[];
  /** What the batch items are called. */
  batch: readonly string[];
  /** For each item one table, and before them that of their mean; undefined: not known yet. */
  tables: readonly StudentTable[] | undefined;
  /** The batch item that is drawn large; undefined: the mean. */
  item: number | undefined;
}

/** Which batch item is to be drawn large; undefined: the mean. */
export interface ItemChosen {
  item: number | undefined;
}

/** The table that is drawn large. */
export function chosenTable(scene: StudentScene): StudentTable | undefined {
  return scene.tables?.[placeOf(scene)];
}

/** Its place among the tables: of one item there is no mean before it. */
function placeOf({ batch, item }: StudentScene): number {
  return item === undefined ? 0 : item + meansOf(batch);
}

function meansOf(batch: readonly string[]): number {
  return batch.length > 1 ? 1 : 0;
}

/** What the view is made with. */
export interface StudentSetup {
  paint: Painter;
  colormap: string;
}

const text = {
  mean: { en: 'Mean', zh: '平均' },
  titleMean: { en: 'Mean over {count} batch items', zh: '{count} 个批次项的平均' },
  title: { en: 'Batch item {item}', zh: '批次项 {item}' },
  invalid: { en: 'Weights that are not numbers have no lines: {count}.', zh: '{count} 个权重为非数值，没有连线。' },
} satisfies Record<string, Text>;

/** A line thinner than a thousandth would be seen where there is as good as nothing. */
const LEAST = 1e-3;

/** Links are between students and teachers here. */
const WORDS: NonNullable<LinksSetup['words']> = {
  queries: { en: 'Students, the queries', zh: '学生（查询）' },
  keys: { en: 'Teachers, the keys', zh: '教师（键）' },
  queryGroup: {
    en: 'Students. Up and down move, right goes to the strongest teacher, Enter locks.',
    zh: '学生。上下键移动，右键到权重最大的教师，回车锁定。',
  },
  keyGroup: {
    en: 'Teachers. Up and down move, left goes to the strongest student, Enter locks.',
    zh: '教师。上下键移动，左键到权重最大的学生，回车锁定。',
  },
  query: { en: '{name}. Learns most from {other}: {weight}', zh: '{name}。最多向 {other} 学习：{weight}' },
  key: { en: '{name}. Counts most for {other}: {weight}', zh: '{name}。对 {other} 最重要：{weight}' },
  aloneQuery: { en: '{name}. No weight of 0.001 or more', zh: '{name}。没有不小于 0.001 的权重' },
  aloneKey: { en: '{name}. No weight of 0.001 or more', zh: '{name}。没有不小于 0.001 的权重' },
  strongest: { en: 'The largest weights', zh: '最大的权重' },
  ofQuery: { en: '“{name}” learns from', zh: '“{name}” 向谁学习' },
  ofKey: { en: 'Who learns from “{name}”', zh: '谁向 “{name}” 学习' },
  ofSeveral: { en: 'Weights of {count} layers', zh: '{count} 个层的权重' },
  sum: { en: 'The weights of a student add up to {sum}.', zh: '一个学生的全部权重之和为 {sum}。' },
  more: { en: 'and {count} smaller ones', zh: '以及 {count} 个更小的权重' },
  none: { en: 'There is none.', zh: '没有。' },
  hint: { en: 'Point at a layer to see its weights; click to lock it.', zh: '指向一层可看其权重；点击可锁定。' },
  hintTouch: { en: 'Tap a layer to see its weights and to lock it.', zh: '轻触一层可看其权重，并将其锁定。' },
};

/** The picture and its numbers. Events: `item` (ItemChosen), `state` (locks or the table are others). */
export class StudentView extends EventTarget {
  readonly #links: LinksView;
  readonly #tiles: BatchTiles;
  readonly #rows = new StudentRows();
  readonly #table: WeightTable;
  #scene: StudentScene | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement, { paint, colormap }: StudentSetup) {
    super();
    const graph = element('div', { class: 'student-graph' });
    this.#links = new LinksView(graph, { words: WORDS, cut: false, listed: 7 });
    this.#links.addEventListener('state', () => this.dispatchEvent(new CustomEvent('state')));
    this.#tiles = new BatchTiles(paint, colormap, (tile) => {
      const means = meansOf(this.#scene?.batch ?? []);
      const item = tile < means ? undefined : tile - means;
      this.dispatchEvent(new CustomEvent<ItemChosen>('item', { detail: { item } }));
    });
    this.#table = new WeightTable(() => this.dispatchEvent(new CustomEvent('state')));
    const main = element('div', { class: 'student-main' }, graph, this.#rows.element);
    const room = element('div', { class: 'student-room' }, main, this.#tiles.element);
    host.append(element('div', { class: 'student' }, room, this.#table.element));
  }

  /** Draws `scene` from here on. */
  show(scene: StudentScene, language: Language): void {
    [this.#scene, this.#language] = [scene, language];
    const names = scene.batch.map((_, item) => this.#nameOf(item));
    this.#tiles.show({
      names: [...(meansOf(scene.batch) > 0 ? [text.mean[language]] : []), ...names],
      rows: scene.students.length,
      columns: scene.teachers.length,
      weights: scene.tables?.map(({ weights }) => weights),
      chosen: placeOf(scene),
      language,
    });
    this.#draw(scene, chosenTable(scene));
  }

  /** The numbers are about to come, or are there. */
  set busy(busy: boolean) {
    this.#links.busy = busy;
  }

  /** The locks, as a link has them. */
  get locks(): string {
    return this.#links.written;
  }

  set locks(written: string) {
    this.#links.written = written;
  }

  /** Whether all numbers are shown as a table. */
  get isTableOpen(): boolean {
    return this.#table.isOpen;
  }

  set isTableOpen(open: boolean) {
    this.#table.isOpen = open;
  }

  repaint(): void {
    this.#tiles.repaint();
  }

  /** The lines that are in sight, and their names, as a picture of its own. */
  get picture(): SVGSVGElement {
    return this.#links.picture;
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  #nameOf(item: number): string {
    const name = this.#scene?.batch[item] ?? '';
    return name === '' ? String(item) : `${item} ${name}`;
  }

  #draw({ students, teachers, batch, item }: StudentScene, table: StudentTable | undefined): void {
    const language = this.#language;
    this.#links.language = language;
    const title = item === undefined ? this.#say('titleMean', { count: batch.length }) : '';
    const said = title || this.#say('title', { item: this.#nameOf(item ?? 0) });
    const invalid = table?.weights.reduce((count, weight) => count + Number(!Number.isFinite(weight)), 0) ?? 0;
    const note = invalid > 0 ? this.#say('invalid', { count: invalid }) : '';
    const links = linksOf(table?.weights ?? [], teachers.length).filter(({ weight }) => weight >= LEAST);
    this.#links.show({
      queries: tokensOf(students),
      keys: tokensOf(teachers),
      links,
      // A line is as thick as its weight says, however the others are; sums beyond 1 are rounding.
      high: Math.max(1, highestOf(links)),
      sumOf: (student) => table?.sums[student],
      title: { en: said, zh: said },
      note: { en: note, zh: note },
    });
    this.#rows.show({ students, teachers, table }, language);
    this.#table.show({ rows: students, columns: teachers, weights: table?.weights, title: said }, language);
  }
}

function tokensOf(names: readonly string[]): LinkToken[] {
  return names.map((name, index) => ({ index, name }));
}
