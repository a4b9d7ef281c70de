// How widely each student spreads its weights: the entropy of its row against the most there can be, and its largest weight.

import type { Text } from '../../generated/catalog.ts';
import type { StudentTable } from '../student.ts';
import { element } from './dom.ts';
import { formatNumber, formatShare } from './format.ts';
import { cutMiddle, nameElement } from './name.ts';
import { phrase, type Language } from './text.ts';

const text = {
  caption: { en: 'How widely each student spreads', zh: '每个学生的权重分布有多广' },
  student: { en: 'Student', zh: '学生' },
  entropy: { en: 'Entropy, at most log₂ {count} = {most} bits', zh: '熵，最大为 log₂ {count} = {most} 比特' },
  bits: { en: '{bits} bits', zh: '{bits} 比特' },
  largest: { en: 'Largest weight', zh: '最大权重' },
} satisfies Record<string, Text>;

/** Characters of a name. */
const LONGEST = 24;

/** What is shown; without a table only the names are there. */
export interface StudentRowsScene {
  students: readonly string[];
  teachers: readonly string[];
  table: StudentTable | undefined;
}

export class StudentRows {
  readonly #table = element('table', { class: 'student-rows' });
  readonly element = this.#table;

  show({ students, teachers, table }: StudentRowsScene, language: Language): void {
    const most = Math.log2(teachers.length);
    const said = phrase(text.entropy, language, { count: teachers.length, most: formatNumber(most) });
    const heads = [text.student[language], said, text.largest[language]];
    const head = element('tr', {}, ...heads.map((name) => element('th', { scope: 'col' }, name)));
    const rows = students.map((name, student) => {
      const cells = table ? cellsOf(table, student, { most, teachers, language }) : [element('td'), element('td')];
      return element(
        'tr',
        {},
        element('th', { scope: 'row', title: name }, element('bdi', {}, cutMiddle(name, LONGEST))),
        ...cells,
      );
    });
    const caption = element('caption', { class: 'visually-hidden' }, text.caption[language]);
    this.#table.replaceChildren(caption, element('thead', {}, head), element('tbody', {}, ...rows));
  }
}

function cellsOf(
  { bits, largest, strongest }: StudentTable,
  student: number,
  { most, teachers, language }: { most: number; teachers: readonly string[]; language: Language },
): HTMLElement[] {
  const [entropy, share] = [bits[student] ?? NaN, largest[student] ?? NaN];
  const number = (value: number, format: (value: number) => string): string =>
    Number.isFinite(value) ? format(value) : '–';
  const written = phrase(text.bits, language, { bits: number(entropy, formatShare) });
  const teacher = teachers[strongest[student] ?? -1];
  const to = teacher === undefined ? [] : [' ', nameElement(teacher, 'student-to')];
  return [
    element('td', {}, element('span', { 'data-bits': student }, written), bar(most > 0 ? entropy / most : 0)),
    element('td', {}, element('b', { 'data-largest': student }, number(share, formatShare)), ...to, bar(share)),
  ];
}

/** A bar that fills `share` of its room. */
function bar(share: number): HTMLElement {
  const filled = element('i', {});
  filled.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
  return element('span', { class: 'student-bar', 'aria-hidden': 'true' }, filled);
}
