// What masks leave of a head, in a line: counted where the line is seen, and never so long that anything waits for it.

import type { Text } from '../generated/catalog.ts';
import { breathe } from '../page/breathe.ts';
import { sayLeft } from '../page/maskleft.ts';
import { element, isLaidOut, onResize } from '../views/parts/dom.ts';
import { Latest } from '../views/parts/latest.ts';
import { countingLeft, type Left, type Rules } from '../views/parts/rules.ts';
import { phrase, type Language } from '../views/parts/text.ts';

/** More pairs than this are not counted one by one: nothing is said of them. */
const MOST_COUNTED = 2 ** 26;

/** After so long, whoever waits has a turn. */
const SLICE_MS = 8;

const text = {
  mask: { en: 'Which keys each query may see: {left}', zh: '每个查询能看到哪些键：{left}' },
} satisfies Record<string, Text>;

export class MaskLine {
  readonly element = element('p', { class: 'mask-left', role: 'status' });
  readonly #jobs = new Latest(() => undefined);
  #rules: Rules | undefined;
  /** The rules that are counted, or have been. */
  #counted: Rules | undefined;
  #left: Left | undefined;
  #language: Language = 'en';

  constructor() {
    // Without words it has a width as well, once it is to be seen.
    onResize(this.element, () => this.#count());
  }

  set language(language: Language) {
    this.#language = language;
    this.#say();
  }

  /** Of what masks leave it speaks; undefined: of nothing. */
  set rules(rules: Rules | undefined) {
    this.#rules = rules;
    this.#counted = this.#left = undefined;
    this.#jobs.cancel();
    this.#count();
    this.#say();
  }

  #count(): void {
    const rules = this.#rules;
    if (!rules || rules === this.#counted || !isLaidOut(this.element)) return;
    this.#counted = rules;
    if (isMarkedByPair(rules) && rules.queries * rules.keys > MOST_COUNTED) return;
    const steps = countingLeft(rules);
    if (this.#proceed(steps)) return;
    this.#jobs.run(async (signal) => {
      do {
        await breathe();
        signal.throwIfAborted();
      } while (!this.#proceed(steps));
    });
  }

  /** Counts for a slice of time; says whether that was all. */
  #proceed(steps: Iterator<undefined, Left>): boolean {
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = steps.next();
      if (!done) continue;
      this.#left = value;
      this.#say();
      return true;
    } while (performance.now() < until);
    return false;
  }

  /** Says how many pairs are left, where some are taken away. */
  #say(): void {
    const [rules, left] = [this.#rules, this.#left];
    const some = rules && left && left.pairs < rules.queries * rules.keys;
    const counted = some && { left: sayLeft(left, rules, this.#language) };
    const words = counted ? phrase(text.mask, this.#language, counted) : '';
    // What is said again is no news to those who hear it.
    if (words !== this.element.textContent) this.element.textContent = words;
  }
}

/** Whether marks are others for each query and each key. */
function isMarkedByPair({ painted, bias }: Rules): boolean {
  return [painted, bias].some((marks) => marks && marks.queries > 1 && marks.keys > 1);
}
