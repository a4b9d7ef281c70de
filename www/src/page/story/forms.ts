// What the states of the sections, and of the matrix, look like in an address. It is known before a section is fetched: what does not
// look like one is no state, so that it is not handed on, and the page says which part of its link means nothing.

import { catalog } from '../../generated/catalog.ts';
import { EXAMPLES } from '../source.ts';
import type { Pair } from '../state.ts';
import { LONGEST_STATE, type SectionId } from './section.ts';

/** The places to start from in the plane, in their order there. */
export const PLANE_STARTS = ['product', 'long', 'itself', 'root', 'temperature', 'sigmoid', 'asymmetric'] as const;
export type PlaneStart = (typeof PLANE_STARTS)[number];
/** What follows the stages of the matrix in the steps, or lies between them. */
const STEPS_ALONE = ['exponentials', 'weighted', 'output'];
/** How the heads are arranged and coloured. */
const HEADS = ['model', 'high', 'low', 'weights', 'own', 'number', 'table'];

/** A number, as a part of what a state looks like. */
export const NUMBER = String.raw`-?\d{1,9}(?:\.\d{1,9})?(?:e[-+]?\d{1,2})?`;
const idsOf = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id);
const one = (...words: readonly string[]): string => `(?:${words.join('|')})`;
/** Any number of words, also none. */
const many = (separator: string, ...words: readonly string[]): RegExp =>
  new RegExp(`^(?:${one(...words)}(?:${separator}(?!$)|$))*$`);
/** Words each in their place, of which any may be empty, and the last ones missing. */
const places = (...words: readonly string[]): RegExp =>
  new RegExp(`^${words.map((word) => `(?:${word})?`).reduceRight((rest, word) => `${word}(?:_${rest})?`)}$`);

const LOCK = String.raw`[qk]\d{1,9}`;
const PIECES = [`k(?:_${NUMBER}){2,}`, 'score_(?:dot|scaled_dot|cosine)', `t_${NUMBER}`, `turn(?:_${NUMBER}){1,2}`];

const FORMS: Record<SectionId | 'matrix', RegExp> = {
  matrix: /^\d{1,9},\d{1,9}$/,
  plane: new RegExp(
    String.raw`^${one(...PLANE_STARTS)}(?:\*${one(...PIECES, `q(?:_${NUMBER}){2}`, String.raw`at(?:_\d+){2}`)})*$`,
  ),
  spread: places('2|16|64|256', String.raw`\d{1,3}`, String.raw`\d{1,5}`),
  steps: places(
    String.raw`\d{1,8}`,
    one(...idsOf(catalog.stages), ...STEPS_ALONE),
    String.raw`\d{1,8}`,
    String.raw`\d{1,8}`,
  ),
  links: many(String.raw`\.`, String.raw`t(?:\d\d?|100)`, String.raw`f\d{1,9}`, LOCK),
  heads: many(String.raw`\.`, ...idsOf(catalog.headStatistics), ...HEADS),
  compare: many(
    String.raw`\*`,
    ...['heads', 'normalizers', 'captures'],
    String.raw`b(?:\.\d{1,6}){2}`,
    String.raw`n\.${one(...idsOf(catalog.normalizers))}`,
    String.raw`p\.${one(...catalog.normalizers.flatMap(({ parameters }) => parameters.map(({ name }) => name)))}\.[^*]+`,
    String.raw`c\.${one(...idsOf(EXAMPLES))}`,
    String.raw`f\.(?:[^*%]|%[\dA-F]{2})+`,
    's.divergence',
    String.raw`l(?:\.\d{1,8}){1,2}`,
  ),
  student: places(String.raw`[\d.e+-]{1,24}`, String.raw`\d{1,6}`, String.raw`${LOCK}(?:\.${LOCK})*`, 't'),
};

/** Whether `state` can be one of the section `id`, or of the matrix; '' is either as it comes. */
export function isState(id: SectionId | 'matrix', state: string): boolean {
  return state === '' || (state.length <= LONGEST_STATE && FORMS[id].test(state));
}

/** The query and the key that a state of the matrix says: those of the locked cell. */
export function pairIn(state: string): Pair | undefined {
  return FORMS.matrix.test(state) ? (state.split(',').map(Number) as [number, number]) : undefined;
}
