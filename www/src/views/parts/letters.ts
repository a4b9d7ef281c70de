// Letters as a reader counts them: one may be written in several characters.

/** What goes with the character before it: marks, and what continues a syllable or a picture. */
const BELONGS = /[\p{M}\p{Emoji_Modifier}\u200c\u200d\u1160-\u11ff\u{e0020}-\u{e007f}]/u;
/** What the character after it goes with: signs that make one letter of two. */
const HOLDS = /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca]\u200d?$/u;
/** The first half of a flag. */
const HALF = /^\p{RI}$/u;
/** What makes one picture of two, where they stand on its both sides. */
const JOINER = '\u200d';
const PICTURE = /^\p{Extended_Pictographic}/u;
const PICTURE_BEFORE = /\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}]*$/u;
/** Of these each is a letter. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The letters of a text, each with the characters that it is written in. */
export function lettersOf(text: string): string[] {
  if (PLAIN.test(text)) return [...text];
  const letters: string[] = [];
  for (const character of text) {
    const before = letters.at(-1);
    if (before !== undefined && isOneLetter(before, character)) letters[letters.length - 1] += character;
    else letters.push(character);
  }
  return letters;
}

const isOneLetter = (before: string, after: string): boolean =>
  BELONGS.test(after) ||
  HOLDS.test(before) ||
  (HALF.test(before) && HALF.test(after)) ||
  (before.endsWith(JOINER) && joinsAt(before + after, before.length - 1));

/** Whether what stands at `at` is a joiner inside a letter. */
export function joinsAt(text: string, at: number): boolean {
  if (text[at] !== JOINER) return false;
  const before = text.slice(0, at);
  return HOLDS.test(before) || (PICTURE_BEFORE.test(before) && PICTURE.test(text.slice(at + 1)));
}

/** How much room `text` takes, in narrow characters: those of Chinese, Japanese and Korean are wide. */
export function widthOf(text: string): number {
  return widthOfLetters(lettersOf(text));
}

/** The same of letters. */
export const widthOfLetters = (letters: readonly string[]): number =>
  letters.reduce((width, letter) => width + (letter > '\u2e7f' ? 1.8 : 1), 0);
