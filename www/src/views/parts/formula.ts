// Formulas of the catalogue are plain text; here `x_i` and `x_{ij}` get real subscripts.

import { element } from './dom.ts';

const SUBSCRIPT = /_(?:\{([^}]*)\}|([\p{L}\d]+))/u;

/** A formula as a span, its indices lowered. */
export function formulaText(formula: string): HTMLElement {
  const pieces = formula.split(new RegExp(SUBSCRIPT, 'gu'));
  const span = element('span', { class: 'formula' });
  // Each match leaves two captures behind the text before it; one of them is undefined.
  pieces.forEach((piece, index) => {
    if (piece === undefined || piece === '') return;
    span.append(index % 3 === 0 ? piece : element('sub', {}, piece));
  });
  return span;
}
