// Names of tokens and layers, which give way in their middle where they do not fit: those of one kind differ at their ends.

import { element } from './dom.ts';
import { lettersOf, widthOfLetters } from './letters.ts';

/** What is no longer than this is one piece. */
const SHORT = 3;
/** The last word stays, or where that is longer as much of it; never more than half. */
const END = 6;

/** Letters that are written as one line. */
const JOINED = /[\p{scx=Arab}\p{scx=Syrc}\p{scx=Nkoo}\p{scx=Mong}\p{scx=Adlm}\p{scx=Rohg}]/u;
/**
 * A name that is never wider than its room. What is seen is drawn from attributes: all of it, or where that does not fit its two ends
 * with the sign between them, of which the style sheet shows one. For whoever reads it aloud, copies it or searches it, it is there
 * once, whole.
 */
export function nameElement(name: string, look = ''): HTMLElement {
  const letters = lettersOf(name);
  const whole = element('bdi', { class: `name ${look}`.trim() });
  if (letters.length <= SHORT) {
    whole.textContent = name;
    return whole;
  }
  const start = element('span', { class: 'name-start', 'data-name': name });
  const end = letters.slice(seamOf(letters)).join('');
  const cut = element('span', { class: 'name-cut', ...(end === name ? {} : { 'data-end': end }) }, start);
  const lines = element('span', { class: 'name-lines', 'data-name': name }, cut);
  whole.append(
    element('span', { class: 'name-whole' }, name),
    element('span', { class: 'name-pieces', 'aria-hidden': 'true' }, lines),
  );
  return whole;
}

/** Where the end begins that stays: never between letters that are written as one line. 0: nowhere. */
function seamOf(letters: readonly string[]): number {
  const { length } = letters;
  let from = Math.max(letters.lastIndexOf(' '), length - Math.min(END, Math.floor(length / 2)));
  while (from > 0 && [from - 1, from].every((at) => JOINED.test(letters[at] ?? ''))) from -= 1;
  return from;
}

/** `text`, cut in its middle to the width `most` where it is wider: between letters, not in one. */
export function cutMiddle(text: string, most: number): string {
  const start = lettersOf(text);
  if (widthOfLetters(start) <= most) return text;
  const end = start.splice(Math.ceil(start.length / 2));
  while (start.length + end.length > 2 && widthOfLetters(start) + 1 + widthOfLetters(end) > most) {
    if (widthOfLetters(start) >= widthOfLetters(end)) start.pop();
    else end.shift();
  }
  return `${start.join('')}…${end.join('')}`;
}
