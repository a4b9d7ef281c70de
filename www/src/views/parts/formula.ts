// Formulas of the catalogue are plain text; here `x_i` and `x_{ij}` get real subscripts, and `x^{n}` superscripts.

import { element } from './dom.ts';

const INDEX = /_\{([^}]*)\}|_([\p{L}\d]+)|\^\{([^}]*)\}/gu;

/** What each capture of {@link INDEX} becomes, after the text before the match. */
const TAGS = ['', 'sub', 'sub', 'sup'] as const;

/** Of no language: in the letters of Chinese a root is as wide as two digits, and stands apart from what is under it. */
const NO_LANGUAGE = 'zxx';

/** A formula as a span, its indices lowered and raised. */
export function formulaText(formula: string): HTMLElement {
  const span = element('span', { class: 'formula', lang: NO_LANGUAGE });
  // Each match leaves three captures behind the text before it; two of them are undefined.
  formula.split(INDEX).forEach((piece, index) => {
    if (piece === undefined || piece === '') return;
    const tag = TAGS[index % TAGS.length];
    span.append(tag ? element(tag, {}, piece) : piece);
  });
  return span;
}
