// Words in an SVG picture.

import { svg } from './dom.ts';

/** `words` at a point of a picture; `look` is their class, `anchor` which end of them stands there. */
export function lettering(
  words: string,
  at: { x: number; y: number },
  look: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): SVGTextElement {
  const drawn = svg('text', { class: look, x: at.x.toFixed(1), y: at.y.toFixed(1), 'text-anchor': anchor });
  drawn.textContent = words;
  return drawn;
}
