// STUDENT of the story: student layers choose teacher layers to learn from, by the same q·k and softmax.

import type { Colormap } from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import { chosenTable, StudentView, type ItemChosen, type StudentScene, type StudentTable } from '../../views/index.ts';
import { element } from '../../views/parts/dom.ts';
import { Latest } from '../../views/parts/latest.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { aboutOf } from '../about.ts';
import { makeField, type Field } from '../field.ts';
import { painter } from '../painter.ts';
import { faultOf } from '../reason.ts';
import { settingsFrom } from '../settings.ts';
import type { Reading } from '../source.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import { layerFeatures, ownFeatures, SAMPLE, sampleFeatures, type Features, type OpenLayer } from './features.ts';
import { OwnFeatures, type Outcome } from './ownfeatures.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';
import { studentOptions, studentTables } from './studentnumbers.ts';
import { readState, SOFT, USUAL, writeState, type StudentState } from './studentstate.ts';
import { studentVerdict } from './studentverdict.ts';

const COLORS: Colormap = 'viridis';

const text = {
  sample: {
    en: 'The sample: one model, all-MiniLM-L6-v2, is student and teacher; each of 16 tokens of a sentence is a problem (a batch item); nothing is distilled. Vectors have length 1, so q·k is a cosine: at soft = 1 no weight is over e² ≈ 7.4 times another of its row, and near 0 each student layer finds itself.',
    zh: '示例：同一模型 all-MiniLM-L6-v2 的各层读一个 16 个词元的句子，每个词元各成一道题，即一个批次项。向量长度均为 1，q·k 就是余弦相似度：soft = 1 时，同一行中任一权重至多是另一权重的 e² ≈ 7.4 倍；soft 接近 0 时，每个学生层都在教师中找到自己。这里并未做过蒸馏训练。',
  },
  low: { en: 'one teacher', zh: '只跟一位' },
  high: { en: 'all alike', zh: '平分' },
  usual: { en: '{soft}, the usual value', zh: '常用值 {soft}' },
} satisfies Record<string, Text>;

/** What the section needs of the page. */
export interface StudentOf {
  /** What is open; undefined: nothing is. */
  openLayer(): OpenLayer | undefined;
  /** Whether there is a sample to begin with, and others to bring; without one it shows what is open, and follows that. */
  readonly hasSample: boolean;
  /** Calls `changed` whenever another layer is open. */
  listen(changed: () => void): void;
}

/** The section, which may take what `of` says is open. */
export function student(of: StudentOf): Section {
  const read = readOnce();
  return {
    ...WORDS.student,
    check: async () => {
      const open = of.openLayer();
      if (open) await read(open);
    },
    mount: (host, story) => new Student(host, story, { of, read }),
  };
}

/** Reads the features of a layer; those of the last one are kept. */
function readOnce(): (open: OpenLayer) => Promise<Features> {
  let last: { open: OpenLayer; features: Promise<Features> } | undefined;
  return (open) => {
    if (last?.open.source === open.source && last.open.layer === open.layer) return last.features;
    const asked = { open, features: layerFeatures(open, NEVER) };
    last = asked;
    // What could not be read is asked for again.
    asked.features.catch(() => last === asked && (last = undefined));
    return asked.features;
  };
}

/** Nobody stops them: whoever asks next may ask for the same. */
const NEVER = new AbortController().signal;

class Student implements Mounted {
  readonly #story: Story;
  readonly #of: StudentOf;
  readonly #layer: (open: OpenLayer) => Promise<Features>;
  readonly #view: StudentView;
  readonly #own: OwnFeatures;
  readonly #knob = element('div', { class: 'student-knob' });
  readonly #about = element('p', { class: 'student-about' });
  readonly #verdict = element('p', { class: 'student-verdict', role: 'status' });
  readonly #fault = element('p', { class: 'field-fault', role: 'status' });
  readonly #reading = new Latest((error) => this.#fail(error));
  readonly #counting = new Latest((error) => this.#fail(error));
  #language: Language;
  #state: StudentState;
  #field: Field | undefined;
  #features: Features | undefined;
  #isSample: boolean;
  /** The numbers, and the soft that they are of: for a moment that is the one before. */
  #counted: { soft: number; tables: StudentTable[] } | undefined;
  #error: unknown;

  constructor(
    host: HTMLElement,
    story: Story,
    { of, read }: { of: StudentOf; read: (open: OpenLayer) => Promise<Features> },
  ) {
    this.#story = story;
    this.#of = of;
    this.#layer = read;
    this.#isSample = of.hasSample;
    this.#language = story.language;
    this.#state = readState(story.state);
    this.#own = new OwnFeatures(story.language, {
      open: (files) => this.#readOwn((reading) => ownFeatures(files, reading)),
      take: () => this.#takeOpen(),
      back: () => this.#readSample(),
    });
    const words = element('div', {}, this.#about, ...(of.hasSample ? [this.#own.element] : []));
    host.append(element('div', { class: 'student-top' }, this.#knob, words), this.#verdict, this.#fault);
    this.#view = new StudentView(host, { paint: painter, colormap: COLORS });
    this.#view.addEventListener('item', (event) => this.#set((event as CustomEvent<ItemChosen>).detail));
    this.#view.addEventListener('state', () => this.#chosen());
    this.#write();
    this.#makeKnob();
    this.#show();
    if (of.hasSample) this.#readSample();
    else {
      this.#takeOpen();
      of.listen(() => this.#takeOpen());
    }
  }

  speak(language: Language): void {
    this.#language = language;
    this.#own.speak(language);
    this.#makeKnob();
    this.#show();
  }

  repaint(): void {
    this.#view.repaint();
  }

  restore(state: string): void {
    this.#state = readState(state);
    this.#write();
    this.#makeKnob();
    this.#show();
    this.#count();
  }

  exported(): Exported {
    const { soft = USUAL, tables = [] } = this.#counted ?? {};
    const [students, teachers] = [this.#features?.students(this.#language), this.#features?.teachers(this.#language)];
    const rows = tables.flatMap(({ weights }, table) => {
      const batch = tables.length > 1 ? (table === 0 ? 'mean' : table - 1) : table;
      return Array.from(weights, (weight, at) => {
        const count = teachers?.length ?? 1;
        const [from, to] = [Math.floor(at / count), at % count];
        return [soft, batch, from, students?.[from] ?? '', to, teachers?.[to] ?? '', weight];
      });
    });
    const columns = ['soft', 'batch', 'student', 'student name', 'teacher', 'teacher name', 'weight'];
    const from = this.#features?.from;
    const about = from && aboutOf({ source: from.source, place: from, settings: settingsFrom(studentOptions(soft)) });
    const name = `student-${this.#state.item ?? 'mean'}`;
    return { name, columns, naming: 6, rows, about, picture: this.#view.picture };
  }

  // ---- what is chosen

  #set(change: Partial<StudentState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    this.#story.remember(writeState(this.#state));
    if (this.#state.soft === before.soft) this.#show();
    else this.#count();
  }

  /** Locks and table are the view's own. */
  #chosen(): void {
    this.#state = { ...this.#state, locks: this.#view.locks, table: this.#view.isTableOpen };
    this.#story.remember(writeState(this.#state));
  }

  /** Tells the view what a link says. */
  #write(): void {
    const { locks, table } = this.#state;
    this.#view.locks = locks;
    this.#view.isTableOpen = table;
    this.#state = { ...this.#state, locks: this.#view.locks };
  }

  #makeKnob(): void {
    const { soft: value } = this.#state;
    const language = this.#language;
    const change = (soft: unknown): void => this.#set({ soft: typeof soft === 'number' ? soft : USUAL });
    this.#field = makeField({ parameter: SOFT, value, language, sizes: undefined, brought: false, change });
    const label = phrase(text.usual, language, { soft: USUAL });
    const usual = element('button', { type: 'button', class: 'student-usual', name: 'student-usual' }, label);
    usual.addEventListener('click', () => {
      this.#set({ soft: USUAL });
      this.#makeKnob();
    });
    const [from, to] = SOFT.slider;
    const mark = (soft: number, words: Text): HTMLElement =>
      element(
        'span',
        { 'aria-hidden': 'true' },
        element('span', {}, String(soft)),
        element('span', {}, words[language]),
      );
    const marks = [mark(from, text.low), usual, mark(to, text.high)];
    this.#field.element.append(element('div', { class: 'student-marks' }, ...marks));
    replaceKeepingFocus(this.#knob, [this.#field.element]);
  }

  // ---- features, and what becomes of them

  #readSample(): void {
    this.#reading.run(async (signal) => {
      const found = await sampleFeatures({ signal, onProgress: () => undefined });
      if (!signal.aborted) this.#take(found, { is: 'sample' });
    }, true);
  }

  #takeOpen(): Text | undefined {
    const open = this.#of.openLayer();
    if (open) this.#readOwn(() => this.#layer(open));
    else this.#own.tell({ is: 'nothing' }, this.#language);
    return open?.source.name;
  }

  #readOwn(read: (reading: Reading) => Promise<Features>): void {
    this.#reading.run(async (signal) => {
      try {
        const found = await read({ signal, onProgress: () => undefined });
        const shapes = { query: shapeOf(found.query.shape), key: shapeOf(found.key.shape) };
        if (!signal.aborted) this.#take(found, { is: 'shown', ...shapes });
      } catch (error) {
        // It is said where they were brought, and what was there stays.
        if (!signal.aborted) this.#own.tell({ is: 'failed', error }, this.#language);
      }
    }, true);
  }

  #take(features: Features, outcome: Outcome): void {
    [this.#features, this.#counted, this.#error] = [features, undefined, undefined];
    this.#isSample = outcome.is === 'sample';
    this.#own.tell(outcome, this.#language);
    this.#show();
    this.#count();
  }

  #count(): void {
    const { soft } = this.#state;
    const features = this.#features;
    if (!features) return;
    this.#counting.run(async (signal) => {
      const tables = await studentTables(features, soft, signal);
      if (signal.aborted || features !== this.#features) return;
      [this.#counted, this.#error] = [{ soft, tables }, undefined];
      this.#field?.fail(null);
      this.#show();
    });
  }

  #fail(error: unknown): void {
    this.#error = error;
    this.#show();
  }

  #show(): void {
    const language = this.#language;
    const scene = this.#scene();
    this.#about.textContent = this.#isSample ? text.sample[language] : '';
    this.#view.show(scene, language);
    this.#view.busy = !this.#counted && this.#error === undefined;
    const table = chosenTable(scene);
    const isMean = scene.item === undefined;
    const at = { soft: this.#counted?.soft ?? USUAL, teachers: scene.teachers.length, isMean };
    const [now, then] = table ? studentVerdict(table, at, language) : ['', ''];
    const said = now === '' ? [] : [element('b', {}, now), ' ', element('span', {}, then)];
    this.#verdict.replaceChildren(...said);
    this.#fault.textContent = this.#error === undefined ? '' : faultOf(this.#error, language);
  }

  /** What is seen; before the sample is there, room for it. */
  #scene(): StudentScene {
    const language = this.#language;
    const { students, teachers, batch } = this.#features ?? EXPECTED;
    const names = batch(language);
    // Of one item there is no mean, and of a number that is too high no item.
    const { item } = this.#state;
    const there = item !== undefined && item < names.length ? item : undefined;
    const shown = names.length === 1 ? 0 : there;
    const [left, right] = [students(language), teachers(language)];
    return { students: left, teachers: right, batch: names, tables: this.#counted?.tables, item: shown };
  }
}

const blank = (count: number) => () => Array<string>(count).fill('');
const EXPECTED = { students: blank(SAMPLE.size[0]), teachers: blank(SAMPLE.size[1]), batch: blank(SAMPLE.batch) };

/** As the visitor knows it: without the one head. */
function shapeOf(shape: readonly number[]): number[] {
  return shape.filter((_, axis) => axis !== 1);
}
