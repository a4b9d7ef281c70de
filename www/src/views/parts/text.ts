// Text in the page's languages, and how it is filled in.

import type { Text } from '../../generated/catalog.ts';
import { joinsAt } from './letters.ts';

/** The languages of the interface. */
export type Language = 'en' | 'zh';

/** `text` in `language`, each `{name}` replaced by its value. Values are inserted once and never interpreted again. */
export function phrase(text: Text, language: Language, values: Record<string, string | number> = {}): string {
  return text[language].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The same in every language; what is a text itself is put in by its language. */
export function filled(text: Text, values: Record<string, string | number | Text>): Text {
  const of = (language: Language): string => {
    const said = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' ? value[language] : value,
    ]);
    return phrase(text, language, Object.fromEntries(said) as Record<string, string | number>);
  };
  return { en: of('en'), zh: of('zh') };
}

/** Sentences one after the other. */
export function inARow(sentences: readonly Text[]): Text {
  return { en: sentences.map(({ en }) => en).join(' '), zh: sentences.map(({ zh }) => zh).join('') };
}

/** `text`, cut to `most` characters where it is longer: what comes from a file can be as long as the file. */
export function clip(text: string, most: number): string {
  // Half of a pair is no character, and does not come back from an address.
  return text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : text;
}

/** Characters of a token that are shown; the longest file names fit. */
const LONGEST_TOKEN = 255;

// Characters that have no shape of their own, or that reorder the text around them.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
/** A token as text that can be seen: outer spaces and line ends by symbols, other invisible characters by number, but in a letter. */
export function visibleToken(token: string): string {
  if (token === '') return '∅';
  return clip(token, LONGEST_TOKEN)
    .replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length))
    .replace(/\n/g, '↵')
    .replace(/\t/g, '⇥')
    .replace(INVISIBLE, (character, at: number, all: string) =>
      joinsAt(all, at) ? character : `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
    );
}
