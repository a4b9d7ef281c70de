// Features of student and teacher layers, one problem for each batch item: those of the sample, or the visitor's own.

import type { Tensor } from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import { phrase, visibleToken, type Language } from '../../views/parts/text.ts';
import { PageError } from '../reason.ts';
import { EXAMPLES, openExample, openFiles, type Reading, type Roles, type Source, type Unassigned } from '../source.ts';

/** Both sides of a batch. */
export interface Features {
  /** `[batch, 1, students, size]` */
  query: Tensor;
  /** `[batch, 1, teachers, size]` */
  key: Tensor;
  students: Names;
  teachers: Names;
  batch: Names;
  /** Where they are from. */
  from: OpenLayer;
}

/** A layer of what the page has open. */
export interface OpenLayer {
  source: Source;
  layer: number;
}

/** What each of several things is called. */
type Names = (language: Language) => string[];

/** More than these are neither drawn as lines nor as small maps. */
const MOST = { layers: 64, batch: 128 };

const text = {
  layer: { student: { en: 'student {at}', zh: '学生 {at}' }, teacher: { en: 'teacher {at}', zh: '教师 {at}' } },
  // As the sample has them.
  named: {
    student: { en: 'student layer {at}', zh: '学生第 {at} 层' },
    teacher: { en: 'teacher layer {at}', zh: '教师第 {at} 层' },
  },
  which: {
    en: 'which of {names} are the students and which the teachers is not said: call them query and key, or student and teacher',
    zh: '未说明 {names} 中哪些是学生、哪些是教师：请命名为 query 和 key，或 student 和 teacher',
  },
  shapes: {
    en: 'the students have the shape {query} and the teachers {key}, and batch and features must be the same: batch × layers × features',
    zh: '学生的形状为 {query}，教师为 {key}，两者的批次与特征数须相同：批次 × 层 × 特征',
  },
  axes: {
    en: 'the students have the shape {query} and the teachers {key}; each needs 2 to 4 axes, none of which is 0: batch × layers × features',
    zh: '学生的形状为 {query}，教师为 {key}；各需 2 到 4 个轴，且都不为 0：批次 × 层 × 特征',
  },
  many: {
    en: 'students of the shape {query} and teachers of {key} are too many: at most {layers} layers a side are drawn, and {batch} batch items',
    zh: '形状为 {query} 的学生与 {key} 的教师太多：每侧至多画 {layers} 层，批次至多 {batch} 项',
  },
} satisfies Record<string, Text | Record<'student' | 'teacher', Text>>;

/** The example of the page that has students and teachers. */
export const SAMPLE = EXAMPLES.find(({ id }) => id === 'student-teacher')!;

/** The sample. */
export async function sampleFeatures(reading: Reading): Promise<Features> {
  return featuresOf(await openExample(SAMPLE, reading), 0, reading.signal);
}

/** A layer of a file that is open: its queries as students, its keys as teachers, each of its heads a batch item. */
export function layerFeatures({ source, layer }: OpenLayer, signal: AbortSignal): Promise<Features> {
  return featuresOf(source, layer, signal);
}

/** What the visitor brings: one file with two arrays, or two files. */
export async function ownFeatures(files: readonly File[], reading: Reading): Promise<Features> {
  const opened = await openFiles(files, reading);
  return featuresOf('assign' in opened ? opened.assign(rolesOf(opened)) : opened, 0, reading.signal);
}

/** Which of several tensors are the students' and the teachers'. Nothing is guessed from their order. */
function rolesOf({ candidates, guess }: Unassigned): Roles {
  const find = (word: string): number | undefined => {
    const hits = candidates.flatMap(({ name, supported }, at) =>
      supported && name.toLowerCase().includes(word) ? [at] : [],
    );
    return hits.length === 1 ? hits[0] : undefined;
  };
  const query = guess.query ?? find('student');
  const key = guess.key ?? find('teacher');
  if (query !== undefined && key !== undefined && query !== key) return { query, key, value: undefined };
  const names = candidates.slice(0, 8).map(({ name }) => `“${visibleToken(name)}”`);
  throw new PageError(text.which, { names: names.join(', ') });
}

async function featuresOf(source: Source, layer: number, signal: AbortSignal): Promise<Features> {
  const { query, key } = await source.layer(layer, signal);
  checkShapes(query.shape, key.shape);
  const [students, teachers] = [query, key].map(({ shape }) => shape.at(-2) ?? 0) as [number, number];
  const size = query.shape.at(-1) ?? 0;
  const batch = itemsOf(query.shape);
  return {
    query: { data: query.data, shape: [batch, 1, students, size] },
    key: { data: key.data, shape: [batch, 1, teachers, size] },
    students: namesOf('student', students, source.queryTokens),
    teachers: namesOf('teacher', teachers, source.keyTokens),
    batch: batchNames(batch, source.batchTokens),
    from: { source, layer },
  };
}

function checkShapes(query: readonly number[], key: readonly number[]): void {
  const shapes = { query: query.join(' × '), key: key.join(' × ') };
  const isShape = (shape: readonly number[]): boolean => shape.length >= 2 && shape.length <= 4 && !shape.includes(0);
  if (!isShape(query) || !isShape(key)) throw new PageError(text.axes, shapes);
  if (itemsOf(query) !== itemsOf(key) || query.at(-1) !== key.at(-1)) throw new PageError(text.shapes, shapes);
  const layers = Math.max(query.at(-2) ?? 0, key.at(-2) ?? 0);
  if (layers > MOST.layers || itemsOf(query) > MOST.batch) throw new PageError(text.many, { ...shapes, ...MOST });
}

/** How many problems: whatever stands before layers and features. */
function itemsOf(shape: readonly number[]): number {
  return shape.slice(0, -2).reduce((product, axis) => product * axis, 1);
}

/** The names that the file has, if they fit; the sample's are said in the page's language. */
function namesOf(side: 'student' | 'teacher', count: number, given: readonly string[] | undefined): Names {
  const fitting = given?.length === count ? given : undefined;
  return (language) =>
    Array.from({ length: count }, (_, at) => {
      const name = fitting?.[at];
      if (name === undefined) return phrase(text.layer[side], language, { at });
      const [, kind, number = ''] = /^(student|teacher) layer (\d+)$/.exec(name) ?? [];
      return kind === side ? phrase(text.named[side], language, { at: number }) : visibleToken(name);
    });
}

function batchNames(count: number, given: readonly string[] | undefined): Names {
  const names = Array.from({ length: count }, (_, at) =>
    given?.length === count ? visibleToken(given[at] ?? '') : '',
  );
  return () => names;
}
