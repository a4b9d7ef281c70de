// Names of tokens and layers, which give way in their middle where they do not fit: those of one kind differ at their ends.

import { element } from './dom.ts';

/** What is no longer than this is one piece. */
const SHORT = 8;
/** The last word stays, or where that is longer as much of it. */
const END = 6;

/** A name that is never wider than its room; all of it is there for whoever reads it aloud or copies it. */
export function nameElement(name: string, look = ''): HTMLElement {
  const characters = [...name];
  const word = characters.lastIndexOf(' ');
  const from = Math.max(word, characters.length - END);
  const parts = [characters.slice(0, from), characters.slice(from)].map((part) => element('span', {}, part.join('')));
  return element('bdi', { class: `name ${look}`.trim() }, ...(characters.length > SHORT ? parts : [name]));
}

/** How much room `text` takes, in narrow characters: those of Chinese, Japanese and Korean are wide. */
export function widthOf(text: Iterable<string>): number {
  return [...text].reduce((width, character) => width + (character > '\u2e7f' ? 1.8 : 1), 0);
}

/** `text`, cut in its middle to the width `most` where it is wider. */
export function cutMiddle(text: string, most: number): string {
  const start = [...text];
  if (widthOf(start) <= most) return text;
  const end = start.splice(Math.ceil(start.length / 2));
  while (start.length > 1 && widthOf(start) + 1 + widthOf(end) > most) {
    if (widthOf(start) >= widthOf(end)) start.pop();
    else end.shift();
  }
  return `${start.join('')}…${end.join('')}`;
}
