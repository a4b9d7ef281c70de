// How sharply students choose at the current soft, in words and numbers.

import type { Text } from '../../generated/catalog.ts';
import type { StudentTable } from '../../views/index.ts';
import { formatShare } from '../../views/parts/format.ts';
import { phrase, type Language } from '../../views/parts/text.ts';

const text = {
  between: {
    en: 'At soft = {soft}, each student’s largest weight is {low} to {high}: between {equal}, an equal share of {count} teachers, and 1, one teacher alone.',
    zh: 'soft = {soft} 时，各学生的最大权重为 {low} 至 {high}：介于 {equal}（{count} 位教师平分）与 1（只跟一位教师）之间。',
  },
  at: {
    en: 'At soft = {soft}, each student’s largest weight is {high}: between {equal}, an equal share of {count} teachers, and 1, one teacher alone.',
    zh: 'soft = {soft} 时，各学生的最大权重为 {high}：介于 {equal}（{count} 位教师平分）与 1（只跟一位教师）之间。',
  },
  taken: {
    en: 'At soft = {soft}, each student’s largest weight is {high}: as good as one teacher alone.',
    zh: 'soft = {soft} 时，各学生的最大权重为 {high}：几乎只跟一位教师。',
  },
  shared: {
    en: 'At soft = {soft}, each student’s largest weight is {high}: as good as an equal share of {count} teachers.',
    zh: 'soft = {soft} 时，各学生的最大权重为 {high}：几乎是 {count} 位教师平分。',
  },
  alone: { en: 'There is one teacher alone, and it has all the weight.', zh: '只有一位教师，它占全部权重。' },
  turn: {
    en: 'Toward 0 the best teacher takes all (equals share it); toward ∞ each comes to {equal}.',
    zh: 'soft 趋于 0，最匹配的教师独占（并列则平分）；趋于 ∞，各占 {equal}。',
  },
  turnOfMean: {
    en: 'Toward 0 the best teacher of each batch item takes all of it (equals share it); toward ∞ each comes to {equal}.',
    zh: 'soft 趋于 0，每个批次项中最匹配的教师独占（并列则平分）；趋于 ∞，各占 {equal}。',
  },
} satisfies Record<string, Text>;

/** What the numbers come to, and where they go; nothing where no row has an answer. */
export function studentVerdict(
  { largest }: Pick<StudentTable, 'largest'>,
  { soft, teachers: count, isMean }: { soft: number; teachers: number; isMean: boolean },
  language: Language,
): [now: string, then: string] {
  const known = [...largest].filter(Number.isFinite);
  if (known.length === 0) return ['', ''];
  if (count === 1) return [text.alone[language], ''];
  const [low, high] = [formatShare(Math.min(...known)), formatShare(Math.max(...known))];
  const [equal, all] = [formatShare(1 / count), formatShare(1)];
  const ends = low === all ? text.taken : high === equal ? text.shared : undefined;
  const within = low === high ? text.at : text.between;
  return [
    phrase(ends ?? within, language, { soft, low, high, equal, count }),
    phrase(isMean ? text.turnOfMean : text.turn, language, { equal }),
  ];
}
