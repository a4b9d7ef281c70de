// What is said where a part of the page did not arrive, and how to have it after all.

import { element } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { reasonOf } from './reason.ts';
import { text } from './text.ts';

export function excuse(error: unknown, language: Language, again: () => void): HTMLElement[] {
  const reason = reasonOf(error, language);
  const sentence = element('p', { role: 'alert' }, phrase(text.missing, language, { reason }));
  const button = element('button', { type: 'button', class: 'button' }, text.again[language]);
  button.addEventListener('click', again);
  return [sentence, button];
}
