// Names of tokens and layers, which give way in their middle where they do not fit: those of one kind differ at their ends.

import { element } from './dom.ts';

/** What is no longer than this is one piece. */
const SHORT = 8;
/** The last word stays, or where that is longer as much of it. */
const END = 6;

/** What goes with the character before it: marks, and what continues a syllable or a picture. */
const BELONGS = /[\p{M}\p{Emoji_Modifier}\u200c\u200d\u1160-\u11ff]/u;
/** What the character after it goes with: joiners, and signs that make one letter of two. */
const HOLDS = /[\u200d\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca]/u;
/** Letters that are written as one line, and the halves of a flag. */
const JOINED = /[\p{scx=Arab}\p{scx=Syrc}\p{scx=Nkoo}\p{scx=Mong}\p{scx=Adlm}\p{scx=Rohg}\p{RI}]/u;

/**
 * A name that is never wider than its room. What is seen are two pieces, drawn from attributes; for whoever reads it aloud, copies it
 * or searches it, it is there once, whole.
 */
export function nameElement(name: string, look = ''): HTMLElement {
  const characters = [...name];
  const whole = element('bdi', { class: `name ${look}`.trim() });
  if (characters.length <= SHORT) {
    whole.textContent = name;
    return whole;
  }
  const from = seamOf(characters);
  const [start, end] = [characters.slice(0, from), characters.slice(from)].map((piece) => piece.join(''));
  const pieces = { 'data-start': from > 0 ? start : name, ...(from > 0 ? { 'data-end': end } : {}) };
  whole.append(
    element('span', { class: 'name-whole' }, name),
    element('span', { class: 'name-pieces', 'aria-hidden': 'true', ...pieces }),
  );
  return whole;
}

/** Where the piece begins that stays: never between letters that are drawn as one. 0: nowhere. */
function seamOf(characters: readonly string[]): number {
  const isOne = (at: number): boolean => {
    const [before = '', after = ''] = [characters[at - 1], characters[at]];
    return isOneLetter(before, after) || (JOINED.test(before) && JOINED.test(after));
  };
  let from = Math.max(characters.lastIndexOf(' '), characters.length - END);
  while (from > 0 && isOne(from)) from -= 1;
  return from;
}

const isOneLetter = (before: string, after: string): boolean => BELONGS.test(after) || HOLDS.test(before);

/** The letters of a text, each with the characters that it is written in. */
function lettersOf(text: string): string[] {
  const letters: string[] = [];
  let before = '';
  for (const character of text) {
    if (letters.length > 0 && isOneLetter(before, character)) letters[letters.length - 1] += character;
    else letters.push(character);
    before = character;
  }
  return letters;
}

/** How much room `text` takes, in narrow characters: those of Chinese, Japanese and Korean are wide. */
export function widthOf(text: Iterable<string>): number {
  return [...text].reduce((width, character) => width + (character > '\u2e7f' ? 1.8 : 1), 0);
}

/** `text`, cut in its middle to the width `most` where it is wider: between letters, not in one. */
export function cutMiddle(text: string, most: number): string {
  const start = lettersOf(text);
  if (widthOf(start) <= most) return text;
  const end = start.splice(Math.ceil(start.length / 2));
  while (start.length > 1 && widthOf(start) + 1 + widthOf(end) > most) {
    if (widthOf(start) >= widthOf(end)) start.pop();
    else end.shift();
  }
  return `${start.join('')}…${end.join('')}`;
}
